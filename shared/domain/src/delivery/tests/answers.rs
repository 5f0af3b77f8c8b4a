//! What an answer, a timer or a receipt leads to where the ladder's rules meet.

use super::super::ends_unsent;
use super::*;
use crate::switches::Spending;

#[test]
fn a_timer_for_no_later_leg_of_the_ladder_is_acknowledged() {
    let item = failed(&claimed(&pix(), 100), 200);
    for leg in [0, 2, 9] {
        let kind = TimerKind::Open;
        assert!(say(&item, &Event::Timer { leg, kind }, 31_000).is_empty());
    }
}

#[test]
fn a_failure_opens_the_next_leg_only_once_it_is_stored() {
    let sent = submitted(&pix(), 500);
    assert!(receipt_failed(&sent, 1, at(900)).is_empty());
    let refused = failed(&sent, 800);
    let next = Handoff::Arm {
        leg: 1,
        kind: TimerKind::Open,
        at: at(900),
    };
    assert_eq!(receipt_failed(&refused, 1, at(900)), [next]);
    assert!(receipt_failed(&refused, 2, at(900)).is_empty());
}

#[test]
fn the_call_waits_while_the_sms_before_it_waits() {
    let item = notification(Class::Security, &[Whatsapp, Sms, Voice]);
    let call = Event::Timer {
        leg: 2,
        kind: TimerKind::Open,
    };
    let sent = submitted(&item, 500);
    assert_eq!(say(&sent, &call, 31_000), ["arm 2 Open 91000"]);
}

#[test]
fn an_unknown_end_is_looked_at_again_only_where_an_sms_may_be_repeated() {
    let unknown = |leg, claim| Event::Posted {
        leg,
        claim,
        outcome: PostOutcome::Unknown,
    };
    let first = claim(500, 10_500, 1);
    assert_eq!(
        say(&claimed(&code(), 500), &unknown(0, first), 8_500),
        ["record l0x"]
    );
    let lease = claim(30_500, 90_500, 1);
    let sms = |item: &Notification| sms_claimed(&submitted(item, 500), 30_500, 1);
    assert_eq!(
        say(&sms(&code()), &unknown(1, lease.clone()), 35_500),
        ["record l1x", "arm 1 Open 90500"]
    );
    assert_eq!(
        say(&sms(&pix()), &unknown(1, lease), 35_500),
        ["record l1x drop"]
    );
}

#[test]
fn a_message_is_not_tried_again_when_its_validity_ends_before() {
    let mut item = claimed(&pix(), 200);
    let throttled = Event::Posted {
        leg: 0,
        claim: claim(200, 10_200, 1),
        outcome: PostOutcome::NotSent {
            failure: failure(),
            retry_after: Duration::from_secs(1),
        },
    };
    item.valid_until = at(1_301);
    assert_eq!(say(&item, &throttled, 300), ["post 0 after 1000"]);
    item.valid_until = at(1_300);
    assert_eq!(
        say(&item, &throttled, 300),
        ["record -l0t", "enqueue 2 1000"]
    );
}

#[test]
fn an_sms_that_does_not_leave_is_tried_less_often_the_longer_it_lasts() {
    let throttled = |ms| Event::Posted {
        leg: 1,
        claim: claim(ms, ms + 60_000, 1),
        outcome: PostOutcome::NotSent {
            failure: failure(),
            retry_after: Duration::from_secs(2),
        },
    };
    let check = |ms, again: &str| {
        let item = sms_claimed(&submitted(&pix(), 500), ms, 1);
        assert_eq!(say(&item, &throttled(ms), ms), ["record -l1t", again]);
    };
    // Due at 30.5 s: a quarter of what has passed since, 30 s at most.
    check(30_500, "arm 1 Open 32500");
    check(130_500, "arm 1 Open 155500");
    check(630_500, "arm 1 Open 660500");
}

#[test]
fn what_the_budget_holds_back_stays_the_guards_only_while_whatsapp_is_unclaimed() {
    let kind = |item: &Notification, because| {
        let spent = Event::Spent {
            leg: 1,
            attempt: 1,
            because,
            spending: Spending::Exceeded,
        };
        let effects = step(item, &spent, &context(10_000));
        let [Effect::HandOff(Handoff::Arm { leg: 1, kind, .. })] = effects[..] else {
            panic!("{effects:?}")
        };
        kind
    };
    let fraud = notification(Class::Security, &[Whatsapp, Sms]);
    assert_eq!(kind(&fraud, OpenedBecause::Guard), TimerKind::Guard);
    let late = OpenedBecause::QueueWaitExceeded;
    assert_eq!(kind(&fraud, late), TimerKind::Open);
    let closed = change::close(&fraud, 0, CloseReason::Guard, at(10_000), None);
    let closed = after(&fraud, &closed);
    assert_eq!(kind(&closed, OpenedBecause::Guard), TimerKind::Open);
}

#[test]
fn what_nobody_ever_queued_ends_with_its_validity() {
    let over = at(3_600_000);
    let item = pix();
    assert!(ends_unsent(&item, at(3_599_999)).is_none());
    let ended = after(&item, &ends_unsent(&item, over).expect("an end"));
    assert!(ended.content.is_none());
    assert_eq!(ended.status(over), Status::Expired);
    assert!(ends_unsent(&ended, over).is_none(), "it has ended already");
    let sent = submitted(&item, 500);
    assert!(ends_unsent(&sent, over).is_none(), "it has left");
    // Where late is worse than never, the wait for WhatsApp ends it before its validity does.
    let mut late = pix();
    late.when_queue_wait_exceeded = WhenQueueWaitExceeded::Expire;
    assert!(ends_unsent(&late, at(299_999)).is_none());
    let end = ends_unsent(&late, at(300_000)).expect("an end");
    let sent = claimed(&late, 299_999);
    assert!(!end.permits(&sent), "who claims it meanwhile keeps it");
    let ended = after(&late, &end);
    assert_eq!(ended.status(at(300_000)), Status::Expired);
}
