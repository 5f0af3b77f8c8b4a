use std::time::Duration;

use super::super::change::{self, Change};
use super::super::{
    CapVerdict, CloseReason, Content, Effect, Event, Failure, FailureKind, Handoff, LegStatus,
    Notification, OpenedBecause, Permission, PostOutcome, Receipts, Status, SuppressReason,
    TimerKind, WhenQueueWaitExceeded, accepted, receipt_failed, step,
};
use super::{at, claim, context, notification};
use crate::channel::Channel::{Sms, Voice, Whatsapp};
use crate::class::Class;

fn pix() -> Notification {
    notification(Class::Transactional, &[Whatsapp, Sms])
}

fn code() -> Notification {
    notification(Class::Authentication, &[Whatsapp, Sms])
}

fn after(item: &Notification, change: &Change) -> Notification {
    assert!(change.permits(item), "{change:?}");
    change.apply(item.clone())
}

fn claimed(item: &Notification, ms: u64) -> Notification {
    after(item, &change::claim_first(item, &claim(ms, ms + 10_000, 1)))
}

fn submitted(item: &Notification, ms: u64) -> Notification {
    let item = claimed(item, ms);
    after(&item, &change::submitted(&item, 0, at(ms), None))
}

fn failure() -> Failure {
    Failure {
        kind: FailureKind::Permanent,
        code: Some(131_026),
        title: "undeliverable".into(),
    }
}

fn failed(item: &Notification, ms: u64) -> Notification {
    after(
        item,
        &change::failed(0, 1, &failure(), at(ms), Content::Keep),
    )
}

fn job(permission: Permission) -> Event {
    Event::Job {
        attempt: 1,
        permission,
        known_user: None,
    }
}

fn timer(kind: TimerKind) -> Event {
    Event::Timer { leg: 1, kind }
}

/// The effects in short: what a reader of the protocol would say.
fn say(item: &Notification, event: &Event, ms: u64) -> Vec<String> {
    step(item, event, &context(ms)).iter().map(word).collect()
}

fn word(effect: &Effect) -> String {
    match effect {
        Effect::HandOff(Handoff::Arm { leg, kind, at: due }) => {
            format!(
                "arm {leg} {kind:?} {}",
                due.duration_since(at(0)).as_millis()
            )
        }
        Effect::HandOff(Handoff::Enqueue { attempt, after }) => {
            format!("enqueue {attempt} {}", after.as_millis())
        }
        Effect::Record(change) => format!("record {}", fact(change)),
        Effect::Require(change) => format!("require {}", fact(change)),
        Effect::Claim { leg, claim, .. } => {
            format!(
                "claim {leg} until {}",
                claim.until.duration_since(at(0)).as_millis()
            )
        }
        Effect::Pace { .. } => "pace".into(),
        Effect::Count { .. } => "count".into(),
        Effect::AskConsent { leg, .. } => format!("ask {leg}"),
        Effect::Post { leg, pause, .. } => format!("post {leg} after {}", pause.as_millis()),
        Effect::Nap(rest) => format!("nap {}", rest.as_millis()),
        Effect::Leave => "leave".into(),
    }
}

fn fact(change: &Change) -> String {
    let mut names: Vec<String> = change
        .set
        .iter()
        .map(|(fact, _)| fact.attribute())
        .collect();
    names.extend(
        change
            .remove
            .iter()
            .take(1)
            .map(|fact| format!("-{}", fact.attribute())),
    );
    if change.content == Content::Drop {
        names.push("drop".into());
    }
    names.join(" ")
}

#[test]
fn guard_before_job_and_only_on_the_critical_lane() {
    let hand = |item: &Notification| -> Vec<String> {
        accepted(item)
            .into_iter()
            .map(|handoff| word(&Effect::HandOff(handoff)))
            .collect()
    };
    assert_eq!(hand(&pix()), ["enqueue 1 0"]);
    assert_eq!(hand(&code()), ["arm 1 Guard 10000", "enqueue 1 0"]);
    assert_eq!(
        hand(&notification(Class::Security, &[Whatsapp])),
        ["enqueue 1 0"]
    );
}

#[test]
fn the_sender_paces_then_arms_then_claims_then_posts() {
    assert_eq!(say(&pix(), &job(Permission::Granted), 100), ["pace"]);
    let paced = Event::Paced {
        attempt: 1,
        known_user: None,
    };
    assert_eq!(
        say(&pix(), &paced, 200),
        ["arm 1 Open 31200", "claim 0 until 10200"]
    );
    let held = claim(200, 10_200, 1);
    assert_eq!(
        say(
            &pix(),
            &Event::Claimed {
                leg: 0,
                claim: held.clone()
            },
            200
        ),
        ["post 0 after 0"]
    );
    let offer = notification(Class::Marketing, &[Whatsapp]);
    assert_eq!(say(&offer, &paced, 200), ["claim 0 until 10200"]);
    assert_eq!(
        say(
            &offer,
            &Event::Claimed {
                leg: 0,
                claim: held.clone()
            },
            200
        ),
        ["count"]
    );
    let counted = |verdict| Event::Counted {
        claim: held.clone(),
        verdict,
    };
    assert_eq!(
        say(&offer, &counted(CapVerdict::Within), 200),
        ["post 0 after 0"]
    );
    assert_eq!(
        say(&offer, &counted(CapVerdict::Exceeded), 200),
        ["record su sb -l0t drop"]
    );
}

#[test]
fn a_post_never_starts_so_late_that_it_could_end_after_its_claim() {
    let held = claim(200, 10_200, 1);
    let effects = step(
        &pix(),
        &Event::Claimed {
            leg: 0,
            claim: held,
        },
        &context(200),
    );
    let [Effect::Post { not_after, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(*not_after, at(2_200));
}

#[test]
fn every_way_around_whatsapp_closes_it_first() {
    let around = Permission::NotThisLeg(CloseReason::NoWhatsappConsent);
    assert_eq!(
        say(&pix(), &job(around), 100),
        ["require l0k l0b", "arm 1 Open 100"]
    );
    assert_eq!(
        say(&code(), &job(Permission::Granted), 10_000),
        ["require l0k l0b", "arm 1 Open 10000"]
    );
    let never = Permission::NotAtAll(SuppressReason::NoConsent);
    assert_eq!(say(&pix(), &job(never), 100), ["require su sb drop"]);
    assert_eq!(
        say(
            &notification(Class::Transactional, &[Whatsapp]),
            &job(around),
            100
        ),
        ["require su sb drop"]
    );
}

#[test]
fn a_job_that_comes_again_sends_nothing_again() {
    let granted = job(Permission::Granted);
    assert!(say(&submitted(&pix(), 100), &granted, 500).is_empty());
    assert!(say(&claimed(&pix(), 100), &granted, 500).is_empty());
    assert_eq!(say(&claimed(&pix(), 100), &granted, 10_100), ["record l0x"]);
    // Without a later leg no timer looks after the claim: the message must come back.
    let offer = notification(Class::Marketing, &[Whatsapp]);
    assert_eq!(say(&claimed(&offer, 100), &granted, 500), ["leave"]);
    assert_eq!(
        say(&claimed(&offer, 100), &granted, 10_100),
        ["record l0x drop"]
    );
    // The function died between closing, or failing, and opening the next leg.
    let closed = after(
        &pix(),
        &change::close(&pix(), 0, CloseReason::NoWhatsappConsent, at(1), None),
    );
    assert_eq!(say(&closed, &granted, 500), ["arm 1 Open 500"]);
    assert_eq!(
        say(&failed(&claimed(&pix(), 100), 200), &granted, 500),
        ["arm 1 Open 500"]
    );
    let over = say(&pix(), &granted, 3_600_000);
    assert_eq!(over, ["record drop"]);
}

#[test]
fn the_four_ends_of_a_post() {
    let item = claimed(&pix(), 200);
    let posted = |outcome| Event::Posted {
        leg: 0,
        claim: claim(200, 10_200, 1),
        outcome,
    };
    let not_sent = |seconds| PostOutcome::NotSent {
        failure: failure(),
        retry_after: Duration::from_secs(seconds),
    };
    let check =
        |outcome, ms, expected: &[&str]| assert_eq!(say(&item, &posted(outcome), ms), expected);
    check(
        PostOutcome::Accepted { provider_id: None },
        300,
        &["record l0s"],
    );
    check(
        PostOutcome::Held,
        300,
        &["record l0f l0g", "arm 1 Open 300"],
    );
    check(
        PostOutcome::Rejected(failure()),
        300,
        &["record l0f l0g", "arm 1 Open 300"],
    );
    check(PostOutcome::Unknown, 8_300, &["record l0x"]);
    check(not_sent(1), 300, &["post 0 after 1000"]);
    check(not_sent(1), 1_300, &["record -l0t", "enqueue 2 1000"]);
    check(not_sent(4), 300, &["record -l0t", "enqueue 2 4000"]);
    let last = notification(Class::Marketing, &[Whatsapp]);
    assert_eq!(
        say(&last, &posted(PostOutcome::Rejected(failure())), 300),
        ["record l0f l0g drop"]
    );
    assert_eq!(
        say(
            &last,
            &posted(PostOutcome::Accepted { provider_id: None }),
            300
        ),
        ["record l0s drop"]
    );
}

#[test]
fn the_timers_table() {
    let open = timer(TimerKind::Open);
    let guard = timer(TimerKind::Guard);
    let receipt = |read: bool| Receipts {
        delivered: !read,
        read,
        failed: None,
    };
    let told = |item: &Notification, read| {
        after(
            item,
            &change::receipts(&item.tenant, &receipt(read), at(900)).expect("facts"),
        )
    };
    // Delivered or read; cancelled; suppressed; this leg done: nothing.
    for read in [false, true] {
        assert!(say(&told(&submitted(&pix(), 500), read), &open, 31_000).is_empty());
    }
    let item = submitted(&pix(), 500);
    assert!(
        say(
            &after(&item, &change::cancel(&item, at(600))),
            &open,
            31_000
        )
        .is_empty()
    );
    let suppressed = after(
        &pix(),
        &change::suppress(&pix(), SuppressReason::NoConsent, at(5), None),
    );
    assert!(say(&suppressed, &open, 31_000).is_empty());
    // Failed, closed: now.
    assert_eq!(
        say(&failed(&claimed(&pix(), 100), 200), &open, 300),
        ["claim 1 until 60300"]
    );
    let closed = after(
        &pix(),
        &change::close(&pix(), 0, CloseReason::NoWhatsappConsent, at(1), None),
    );
    assert_eq!(say(&closed, &open, 300), ["claim 1 until 60300"]);
    // Submitted: at submitted + wait, a short rest slept, a longer one a new timer.
    let item = submitted(&pix(), 500);
    assert_eq!(say(&item, &open, 20_000), ["arm 1 Open 30500"]);
    assert_eq!(say(&item, &open, 30_100), ["nap 400"]);
    assert_eq!(say(&item, &open, 30_500), ["claim 1 until 90500"]);
    // Claimed without outcome: at until + wait. Uncertain: when that was found out + wait.
    let item = claimed(&pix(), 500);
    assert_eq!(say(&item, &open, 31_000), ["arm 1 Open 40500"]);
    assert_eq!(say(&item, &open, 40_500), ["claim 1 until 100500"]);
    let item = after(&item, &change::uncertain(&item, 0, at(8_500)));
    assert_eq!(say(&item, &open, 31_000), ["arm 1 Open 38500"]);
    assert_eq!(say(&item, &open, 38_500), ["claim 1 until 98500"]);
    // Unclaimed, critical: closed and opened, the guard at the queue wait's end.
    assert_eq!(say(&code(), &guard, 9_500), ["nap 500"]);
    assert_eq!(
        say(&code(), &guard, 10_000),
        ["require l0k l0b", "claim 1 until 70000"]
    );
    assert_eq!(
        say(&code(), &open, 5_000),
        ["require l0k l0b", "claim 1 until 65000"]
    );
    assert!(say(&claimed(&code(), 500), &guard, 10_000).is_empty());
    // Unclaimed, other lanes: looks again, then as the template says.
    assert_eq!(say(&pix(), &open, 31_000), ["arm 1 Open 91000"]);
    assert_eq!(say(&pix(), &open, 290_000), ["arm 1 Open 300000"]);
    assert_eq!(
        say(&pix(), &open, 300_000),
        ["require l0k l0b", "claim 1 until 360000"]
    );
    let mut late = pix();
    late.when_queue_wait_exceeded = WhenQueueWaitExceeded::Expire;
    assert_eq!(say(&late, &open, 300_000), ["record drop"]);
    // Validity over: nothing opens any more.
    assert_eq!(
        say(&submitted(&pix(), 500), &open, 3_600_000),
        ["record drop"]
    );
}

fn sms_claimed(item: &Notification, ms: u64, attempt: u32) -> Notification {
    let lease = claim(ms, ms + 60_000, attempt);
    after(
        item,
        &change::claim_later(item, 1, &lease, OpenedBecause::NotDeliveredInTime),
    )
}

#[test]
fn a_later_leg_asks_for_consent_after_its_claim_and_is_sent_once() {
    let item = sms_claimed(&submitted(&pix(), 500), 30_500, 1);
    let lease = claim(30_500, 90_500, 1);
    assert_eq!(
        say(
            &item,
            &Event::Claimed {
                leg: 1,
                claim: lease.clone()
            },
            30_500
        ),
        ["ask 1"]
    );
    let asked = |permission| Event::Permitted {
        leg: 1,
        claim: lease.clone(),
        permission,
    };
    assert_eq!(
        say(&item, &asked(Permission::Granted), 30_500),
        ["post 1 after 0"]
    );
    let refused = Permission::NotThisLeg(CloseReason::OptedOut);
    assert_eq!(
        say(&item, &asked(refused), 30_500),
        ["record l1k l1b -l1t drop"]
    );
    let posted = |outcome| Event::Posted {
        leg: 1,
        claim: lease.clone(),
        outcome,
    };
    let accepted = PostOutcome::Accepted {
        provider_id: Some("m1".into()),
    };
    assert_eq!(
        say(&item, &posted(accepted), 30_600),
        ["record l1s l1p drop"]
    );
    assert_eq!(
        say(&item, &posted(PostOutcome::Rejected(failure())), 30_600),
        ["record l1f l1g drop"]
    );
    assert_eq!(
        say(&item, &posted(PostOutcome::Unknown), 35_600),
        ["record l1x drop"]
    );
    let throttled = PostOutcome::NotSent {
        failure: failure(),
        retry_after: Duration::from_secs(2),
    };
    assert_eq!(
        say(&item, &posted(throttled), 30_600),
        ["record -l1t", "arm 1 Open 32600"]
    );
}

#[test]
fn nobody_who_revoked_everything_counts_as_failed() {
    let closed = after(
        &pix(),
        &change::close(&pix(), 0, CloseReason::NoWhatsappConsent, at(1), None),
    );
    let item = sms_claimed(&closed, 100, 1);
    let refused = Event::Permitted {
        leg: 1,
        claim: claim(100, 60_100, 1),
        permission: Permission::NotThisLeg(CloseReason::OptedOut),
    };
    assert_eq!(say(&item, &refused, 200), ["record su sb -l1t drop"]);
}

#[test]
fn an_unknown_sms_is_repeated_once_or_left_by_class() {
    let open = timer(TimerKind::Open);
    let late = |item: &Notification| sms_claimed(&submitted(item, 500), 30_500, 1);
    // A holder that died: succeeded after its lease for a code, reported for the rest.
    assert_eq!(say(&late(&code()), &open, 40_000), ["arm 1 Open 90500"]);
    assert_eq!(say(&late(&code()), &open, 90_500), ["claim 1 until 150500"]);
    assert_eq!(say(&late(&pix()), &open, 40_000), ["arm 1 Open 90500"]);
    assert_eq!(say(&late(&pix()), &open, 90_500), ["record l1x drop"]);
    // An answer that was lost.
    let lost =
        |item: &Notification| after(&late(item), &change::uncertain(&late(item), 1, at(35_000)));
    assert_eq!(say(&lost(&code()), &open, 40_000), ["arm 1 Open 90500"]);
    assert_eq!(say(&lost(&code()), &open, 90_500), ["claim 1 until 150500"]);
    assert!(say(&lost(&pix()), &open, 90_500).is_empty());
    assert!(lost(&code()).content.is_some() && lost(&pix()).content.is_none());
    // Once only.
    let twice = sms_claimed(&lost(&code()), 90_500, 2);
    assert_eq!(say(&twice, &open, 150_500), ["record l1x drop"]);
    let third = change::claim_later(
        &twice,
        1,
        &claim(150_500, 200_000, 3),
        OpenedBecause::NotDeliveredInTime,
    );
    assert!(
        third.permits(&twice),
        "the store alone would allow it: the step must not ask"
    );
    let unasked = change::claim_later(
        &late(&pix()),
        1,
        &claim(90_500, 150_000, 2),
        OpenedBecause::NotDeliveredInTime,
    );
    assert!(!unasked.permits(&late(&pix())));
}

#[test]
fn a_voice_leg_follows_the_sms_by_the_same_rules() {
    let item = notification(Class::Security, &[Whatsapp, Sms, Voice]);
    let item = sms_claimed(&submitted(&item, 500), 30_500, 1);
    let asked = Event::Permitted {
        leg: 1,
        claim: claim(30_500, 90_500, 1),
        permission: Permission::Granted,
    };
    assert_eq!(
        say(&item, &asked, 30_500),
        ["arm 2 Open 61500", "post 1 after 0"]
    );
    let sent = after(&item, &change::submitted(&item, 1, at(30_600), Some("m1")));
    assert!(sent.content.is_some());
    let open = Event::Timer {
        leg: 2,
        kind: TimerKind::Open,
    };
    assert_eq!(say(&sent, &open, 50_000), ["arm 2 Open 60600"]);
    assert_eq!(say(&sent, &open, 60_600), ["claim 2 until 120600"]);
    assert_eq!(
        say(&sent, &timer(TimerKind::Open), 31_000),
        ["arm 2 Open 60600"]
    );
}

#[test]
fn a_later_leg_is_never_claimed_too_early_or_after_a_receipt() {
    let early = |item: &Notification, ms| {
        change::claim_later(
            item,
            1,
            &claim(ms, ms + 60_000, 1),
            OpenedBecause::NotDeliveredInTime,
        )
        .permits(item)
    };
    assert!(!early(&pix(), 100_000), "nothing was claimed before it");
    let item = submitted(&pix(), 500);
    assert!(!early(&item, 30_499));
    assert!(early(&item, 30_500));
    let held = claimed(&pix(), 500);
    assert!(!early(&held, 40_499));
    assert!(early(&held, 40_500));
    for receipts in [
        Receipts {
            delivered: true,
            ..Receipts::default()
        },
        Receipts {
            read: true,
            ..Receipts::default()
        },
    ] {
        let told = after(
            &item,
            &change::receipts(&item.tenant, &receipts, at(900)).expect("facts"),
        );
        assert!(!early(&told, 60_000));
        assert!(told.content.is_none());
    }
    let pressed = after(
        &item,
        &change::respond(&item.tenant, "abc", "dispute", at(900)),
    );
    assert!(!early(&pressed, 60_000));
    let over = change::claim_later(
        &item,
        1,
        &claim(3_600_000, 3_700_000, 1),
        OpenedBecause::NotDeliveredInTime,
    );
    assert!(!over.permits(&item));
}

#[test]
fn whatsapp_is_claimed_once_and_released_only_by_its_holder() {
    let again = |item: &Notification| change::claim_first(item, &claim(9, 99, 2)).permits(item);
    let item = claimed(&pix(), 500);
    assert!(!again(&item));
    assert!(!change::release(0, &super::token(1)).permits(&item));
    let free = after(&item, &change::release(0, &super::token(500)));
    assert!(again(&free));
    assert!(!again(&after(
        &pix(),
        &change::close(&pix(), 0, CloseReason::Guard, at(1), None)
    )));
    assert!(!again(&after(&pix(), &change::cancel(&pix(), at(1)))));
    assert!(!change::close(&item, 0, CloseReason::Guard, at(1), None).permits(&item));
    assert!(!change::release(0, &super::token(500)).permits(&submitted(&pix(), 500)));
    assert!(change::claim_first(&item, &claim(500, 10_500, 1)).already_won(&item));
    assert!(!change::claim_first(&item, &claim(501, 10_500, 1)).already_won(&item));
}

#[test]
fn a_failure_of_an_older_attempt_opens_nothing() {
    let released = after(
        &claimed(&pix(), 500),
        &change::release(0, &super::token(500)),
    );
    let second = after(
        &released,
        &change::claim_first(&released, &claim(5_000, 15_000, 2)),
    );
    assert!(!change::failed(0, 1, &failure(), at(6_000), Content::Keep).permits(&second));
    assert!(receipt_failed(&second, 1, at(6_000)).is_empty());
    let now = after(
        &second,
        &change::failed(0, 2, &failure(), at(6_000), Content::Keep),
    );
    assert_eq!(receipt_failed(&now, 2, at(6_000)).len(), 1);
    let sent = sms_claimed(&now, 7_000, 1);
    let sent = after(&sent, &change::submitted(&sent, 1, at(7_100), None));
    assert!(receipt_failed(&sent, 2, at(8_000)).is_empty());
}

#[test]
fn the_status_is_the_first_line_that_holds() {
    let check = |item: &Notification, ms, expected| assert_eq!(item.status(at(ms)), expected);
    check(&pix(), 100, Status::Accepted);
    check(&claimed(&pix(), 100), 200, Status::Accepted);
    check(&submitted(&pix(), 100), 200, Status::Submitted);
    check(&submitted(&pix(), 100), 3_600_000, Status::Unknown);
    check(&pix(), 3_600_000, Status::Expired);
    check(
        &after(&pix(), &change::cancel(&pix(), at(5))),
        200,
        Status::Cancelled,
    );
    let item = submitted(&pix(), 100);
    check(
        &after(&item, &change::cancel(&item, at(200))),
        300,
        Status::Submitted,
    );
    check(
        &after(
            &pix(),
            &change::suppress(&pix(), SuppressReason::NoConsent, at(5), None),
        ),
        200,
        Status::Suppressed,
    );
    let both = sms_claimed(&item, 30_100, 1);
    let both = after(&both, &change::submitted(&both, 1, at(30_200), Some("m1")));
    check(&both, 30_300, Status::FallbackSent);
    assert_eq!(both.leg_status(1), LegStatus::Sent);
    let read = Receipts {
        read: true,
        ..Receipts::default()
    };
    let late = after(
        &both,
        &change::receipts(&both.tenant, &read, at(40_000)).expect("facts"),
    );
    check(&late, 40_000, Status::Read);
    assert!(late.delivered_twice() && !both.delivered_twice());
    assert_eq!(
        late.leg(0).delivered_at(),
        Some(at(40_000)),
        "read implies delivered"
    );
    let refused = failed(&claimed(&pix(), 100), 200);
    check(&refused, 300, Status::Accepted);
    let sms = sms_claimed(&refused, 300, 1);
    let none = after(
        &sms,
        &change::failed(1, 1, &failure(), at(400), Content::Drop),
    );
    check(&none, 500, Status::Failed);
    let told = Receipts {
        delivered: true,
        ..Receipts::default()
    };
    let told = after(
        &refused,
        &change::receipts(&refused.tenant, &told, at(400)).expect("facts"),
    );
    check(&told, 500, Status::Delivered);
    assert_eq!(told.leg_status(0), LegStatus::Delivered);
}

#[test]
fn cancelling_is_refused_once_it_has_ended_otherwise() {
    let item = submitted(&pix(), 500);
    let read = Receipts {
        read: true,
        ..Receipts::default()
    };
    let read = after(
        &item,
        &change::receipts(&item.tenant, &read, at(900)).expect("facts"),
    );
    assert!(!change::cancel(&read, at(1_000)).permits(&read));
    let sent = sms_claimed(&item, 30_500, 1);
    let sent = after(&sent, &change::submitted(&sent, 1, at(30_600), None));
    assert!(!change::cancel(&sent, at(40_000)).permits(&sent));
    assert!(change::cancel(&item, at(1_000)).permits(&item));
}

#[test]
fn another_tenants_receipt_or_press_changes_nothing() {
    let item = submitted(&pix(), 500);
    let other = crate::ids::TenantId::parse("banco-boreal").expect("tenant");
    let read = Receipts {
        read: true,
        ..Receipts::default()
    };
    assert!(
        !change::receipts(&other, &read, at(900))
            .expect("facts")
            .permits(&item)
    );
    assert!(!change::respond(&other, "abc", "dispute", at(900)).permits(&item));
}

#[test]
fn a_press_is_stored_once_however_often_it_comes() {
    let item = submitted(&pix(), 500);
    let press = change::respond(&item.tenant, "abc", "dispute", at(900));
    let item = after(&item, &press);
    assert!(!press.permits(&item));
    let item = after(
        &item,
        &change::respond(&item.tenant, "def", "call_me", at(950)),
    );
    let actions: Vec<String> = item
        .responses()
        .into_iter()
        .map(|response| response.action)
        .collect();
    assert_eq!(actions, ["dispute", "call_me"]);
    assert_eq!(item.status(at(1_000)), Status::Read);
}
