use std::time::Duration;

use recado_domain::class::{Class, Lane};
use recado_domain::consent::Keyword;
use recado_domain::delivery::{Fact, LegFact, Limits, Value};
use recado_domain::ids::{ClaimToken, PhoneNumberId, RecipientToken};
use recado_domain::switches::Gates;
use recado_sqs::{encode_job, encode_timer};

use super::*;
use crate::specimen::{
    at, claim, closed, failed, id, notification, suppressed, tenant, when, with,
};

type Facts = Vec<(Fact, Value)>;

fn context(seconds: i64) -> Context {
    Context {
        now: at(seconds),
        token: ClaimToken::from_random([9; 16]),
        limits: Limits {
            post_timeout: Duration::ZERO,
            retry_window: Duration::ZERO,
            lease: Duration::ZERO,
        },
        gates: Gates::default(),
    }
}

fn job() -> Letter {
    Letter::Job {
        tenant: tenant(),
        notification: id('a'),
        attempt: 1,
    }
}

fn timer(kind: TimerKind) -> Letter {
    Letter::Timer(TimerMessage {
        tenant: tenant(),
        notification: id('a'),
        leg: 1,
        kind,
        at: at(31),
    })
}

fn reply() -> Reply {
    Reply {
        tenant: tenant(),
        recipient: RecipientToken::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap(),
        entry: format!("{:015}#digest", at(0).as_millisecond()),
        from: PhoneNumberId::parse("106012345678901").unwrap(),
        keyword: Keyword::OptOut,
    }
}

fn sealed(facts: &[Facts]) -> Notification {
    with(notification(Class::Transactional), facts.iter().cloned())
}

fn ended(facts: &[Facts]) -> Notification {
    let mut item = sealed(facts);
    item.content = None;
    item
}

/// The verdict on a job and on a timer for leg 1, at a moment (valid for 600 s).
fn check(item: &Notification, now: i64, on_job: Verdict, on_timer: Verdict) {
    let subject = Subject::Found(Box::new(item.clone()));
    let of = |letter| verdict(&letter, &subject, &context(now));
    assert_eq!(of(job()), on_job, "job at {now}: {:?}", item.facts);
    let timers = [timer(TimerKind::Open), timer(TimerKind::Guard)];
    assert_eq!(
        of(timers[0].clone()),
        on_timer,
        "timer at {now}: {:?}",
        item.facts
    );
    // A guard never loses what its timer would keep.
    if matches!(on_timer, Verdict::Send(SendBecause::Open)) {
        assert_eq!(
            of(timers[1].clone()),
            on_timer,
            "guard at {now}: {:?}",
            item.facts
        );
    }
}

const OPEN: Verdict = Verdict::Send(SendBecause::Open);
const RECORDS: Verdict = Verdict::Send(SendBecause::RecordsTheEnd);

fn dropped(status: Status) -> Verdict {
    Verdict::Drop(DropBecause::Ended(status))
}

#[test]
fn what_has_not_ended_is_sent_again_whatever_its_facts() {
    let sent = vec![when(0, LegFact::Submitted, 1)];
    for facts in [
        vec![],
        vec![closed(0, 1)],
        vec![claim(0, 1)],
        vec![claim(0, 1), sent.clone()],
        vec![claim(0, 1), failed(0, 2)],
        vec![claim(0, 1), vec![when(0, LegFact::Uncertain, 9)]],
        vec![claim(0, 1), sent, claim(1, 31)],
    ] {
        check(&sealed(&facts), 599, OPEN, OPEN);
    }
}

#[test]
fn what_has_ended_and_is_written_down_is_dropped() {
    let sent = |leg, seconds| vec![when(leg, LegFact::Submitted, seconds)];
    let check_all = |facts: &[Facts], status| {
        for now in [100, 600, 90_000] {
            check(&ended(facts), now, dropped(status), dropped(status));
        }
    };
    check_all(
        &[
            claim(0, 1),
            sent(0, 1),
            vec![when(0, LegFact::Delivered, 2)],
        ],
        Status::Delivered,
    );
    check_all(
        &[claim(0, 1), vec![when(0, LegFact::Read, 2)]],
        Status::Read,
    );
    check_all(&[suppressed(1)], Status::Suppressed);
    check_all(&[vec![(Fact::Cancelled, at(1).into())]], Status::Cancelled);
    check_all(&[closed(0, 1), closed(1, 2)], Status::Failed);
    let both = [claim(0, 1), sent(0, 1), claim(1, 31), sent(1, 31)];
    check_all(&both, Status::FallbackSent);
    check(
        &ended(&[]),
        600,
        dropped(Status::Expired),
        dropped(Status::Expired),
    );
    let silent = [claim(0, 1), sent(0, 1)];
    check(
        &ended(&silent),
        600,
        dropped(Status::Unknown),
        dropped(Status::Unknown),
    );
}

#[test]
fn what_is_over_and_not_written_down_gets_its_end() {
    check(&sealed(&[]), 600, RECORDS, RECORDS);
    check(&sealed(&[closed(0, 1)]), 600, RECORDS, RECORDS);
    check(&sealed(&[claim(0, 1)]), 600, RECORDS, RECORDS);
    let silent = [claim(0, 1), vec![when(0, LegFact::Submitted, 1)]];
    // The job has nothing to do any more; the timer writes the end.
    check(&sealed(&silent), 600, dropped(Status::Unknown), RECORDS);
    // The content is gone, but nobody noted that the outcome is unknown: whichever comes does.
    check(&ended(&[claim(0, 1)]), 600, RECORDS, RECORDS);
}

#[test]
fn what_the_bank_cancelled_is_not_sent_again() {
    let under_way = [claim(0, 1), vec![(Fact::Cancelled, at(2).into())]];
    let cancelled = Verdict::Drop(DropBecause::Cancelled);
    check(&ended(&under_way), 5, cancelled.clone(), cancelled);
}

#[test]
fn a_letter_without_a_notification_that_reads_stays() {
    let check = |letter: &Letter, subject: Subject, because: KeepBecause| {
        assert_eq!(
            verdict(letter, &subject, &context(5)),
            Verdict::Keep(because)
        );
    };
    for letter in [job(), timer(TimerKind::Open)] {
        check(&letter, Subject::Missing, KeepBecause::NotificationMissing);
        let reason = "a notification of version 9".to_owned();
        check(
            &letter,
            Subject::Unreadable(reason.clone()),
            KeepBecause::NotificationUnreadable(reason),
        );
        let mut other = sealed(&[]);
        other.tenant = TenantId::parse("banco-boreal").unwrap();
        check(
            &letter,
            Subject::Found(Box::new(other)),
            KeepBecause::OtherBank,
        );
    }
    let strange = Letter::Unreadable(DecodeError::NotJson);
    check(&strange, Subject::None, KeepBecause::Unreadable);
}

#[test]
fn a_customer_is_answered_within_a_day_or_not_at_all() {
    let check = |reply: Reply, seconds: i64, expected: Verdict| {
        let letter = Letter::Reply(reply);
        assert_eq!(
            verdict(&letter, &Subject::None, &context(seconds)),
            expected
        );
    };
    let day = 24 * 60 * 60;
    check(reply(), day - 1, Verdict::Send(SendBecause::AnswersInTime));
    check(reply(), day, Verdict::Drop(DropBecause::WindowOver));
    let strange = Reply {
        entry: "no time".to_owned(),
        ..reply()
    };
    check(strange, 0, Verdict::Keep(KeepBecause::Unreadable));
}

#[test]
fn a_body_is_read_as_what_it_is() {
    let send = Job::Send {
        tenant: tenant(),
        notification: id('a'),
        lane: Lane::Bulk,
        attempt: 1,
    };
    assert_eq!(Letter::read(&encode_job(&send)), job());
    assert_eq!(
        Letter::read(&encode_job(&Job::Reply(reply()))),
        Letter::Reply(reply())
    );
    let open = timer(TimerKind::Open);
    let Letter::Timer(message) = &open else {
        panic!("a timer");
    };
    assert_eq!(Letter::read(&encode_timer(message)), open);
    assert_eq!(
        Letter::read("not a message"),
        Letter::Unreadable(DecodeError::NotJson)
    );
    let later = encode_job(&send).replace("SendV1", "SendV9");
    assert_eq!(
        Letter::read(&later),
        Letter::Unreadable(DecodeError::Unknown)
    );
}
