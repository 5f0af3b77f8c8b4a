//! Holders that never told what became of their claim, and notifications that nobody claimed in time.

use super::*;

fn late_is_never() -> Notification {
    Notification {
        when_queue_wait_exceeded: WhenQueueWaitExceeded::Expire,
        ..pix()
    }
}

fn paced() -> Event {
    Event::Paced {
        attempt: 1,
        known_user: None,
    }
}

#[test]
fn who_looks_next_tells_that_nobody_knows() {
    let open = timer(TimerKind::Open);
    let first = claimed(&pix(), 500);
    assert_eq!(
        say(&first, &open, 40_500),
        ["record l0x", "claim 1 until 100500"]
    );
    let sms = sms_claimed(&submitted(&pix(), 500), 30_500, 1);
    assert_eq!(say(&sms, &open, 90_500), ["record l1x drop"]);
    let delivered = Receipts {
        delivered: true,
        ..Receipts::default()
    };
    let change = change::receipts(&sms.tenant, &delivered, at(31_000)).expect("a change");
    let reached = after(&sms, &change);
    assert_eq!(
        say(&reached, &open, 90_000),
        ["arm 1 Open 90500"],
        "it may yet be told by its holder"
    );
    assert_eq!(say(&reached, &open, 90_500), ["record l1x drop"]);
}

#[test]
fn a_cancellation_leaves_no_claim_untold() {
    let (granted, open) = (job(Permission::Granted), timer(TimerKind::Open));
    let cancel = |item: &Notification, ms| after(item, &change::cancel(item, at(ms)));
    let first = cancel(&claimed(&pix(), 500), 600);
    assert_eq!(say(&first, &granted, 700), ["enqueue 1 9800"]);
    assert_eq!(say(&first, &granted, 10_500), ["record l0x"]);
    assert_eq!(say(&first, &open, 700), ["arm 1 Open 10500"]);
    assert_eq!(say(&first, &open, 40_500), ["record l0x"]);
    let told = after(&first, &change::uncertain(&first, 0, at(10_500)));
    assert!(say(&told, &granted, 10_500).is_empty());
    assert!(say(&told, &open, 40_500).is_empty());
    assert_eq!(told.status(at(3_700_000)), Status::Unknown);
    let unclaimed = cancel(&pix(), 600);
    assert!(say(&unclaimed, &granted, 700).is_empty());
    let sms = cancel(&sms_claimed(&submitted(&pix(), 500), 30_500, 1), 31_000);
    assert_eq!(say(&sms, &open, 32_000), ["arm 1 Open 90500"]);
    assert_eq!(say(&sms, &open, 90_500), ["record l1x drop"]);
}

#[test]
fn what_was_tried_twice_may_have_left_the_first_time() {
    let second = |item: &Notification| sms_claimed(item, 91_000, 2);
    let twice = second(&sms_claimed(&failed(&claimed(&code(), 500), 600), 700, 1));
    let refused = after(
        &twice,
        &change::failed(1, 2, &failure(), at(92_000), Content::Drop),
    );
    assert_eq!(refused.leg_status(1), LegStatus::Uncertain);
    assert_eq!(refused.status(at(92_000)), Status::Unknown);
    let token = claim(91_000, 151_000, 2).token;
    let left_out = change::close(&twice, 1, CloseReason::OptedOut, at(92_000), Some(&token));
    let left_out = after(&twice, &left_out);
    assert_eq!(left_out.leg_status(1), LegStatus::Uncertain);
    assert_eq!(left_out.status(at(92_000)), Status::Unknown);
}

#[test]
fn the_end_of_the_validity_waits_for_the_last_holder() {
    let open = timer(TimerKind::Open);
    let sms = sms_claimed(&submitted(&code(), 500), 3_590_000, 1);
    assert_eq!(say(&sms, &open, 3_600_000), ["arm 1 Open 3650000"]);
    assert_eq!(say(&sms, &open, 3_650_000), ["record l1x", "record drop"]);
    let told = after(&sms, &change::uncertain(&sms, 1, at(3_650_000)));
    assert_eq!(say(&told, &open, 3_650_000), ["record drop"]);
    let first = claimed(&pix(), 3_580_000);
    assert_eq!(say(&first, &open, 3_600_000), ["record l0x", "record drop"]);
}

#[test]
fn a_message_that_waited_too_long_does_not_expire_under_who_claimed_it() {
    let item = late_is_never();
    assert_eq!(
        say(&item, &job(Permission::Granted), 300_000),
        ["require drop"]
    );
    let meanwhile = claimed(&item, 299_900);
    assert!(!change::expire_waiting(&item).permits(&meanwhile));
    let closed = after(
        &item,
        &change::close(&item, 0, CloseReason::NoWhatsappConsent, at(1), None),
    );
    assert!(!change::expire_waiting(&item).permits(&closed));
}

#[test]
fn what_has_expired_while_it_waited_is_claimed_no_more() {
    let item = late_is_never();
    assert_eq!(say(&item, &paced(), 300_000), ["require drop"]);
    assert_eq!(say(&item, &paced(), 299_999)[0], "arm 1 Open 330999");
    let expired = after(&item, &change::expire_waiting(&item));
    assert_eq!(expired.status(at(300_000)), Status::Expired);
    let claim = claim(299_999, 309_999, 1);
    assert!(change::claim_first(&item, &claim).permits(&item));
    assert!(!change::claim_first(&item, &claim).permits(&expired));
    let refused = failed(&claimed(&item, 100), 200);
    let emptied = Notification {
        content: None,
        ..refused.clone()
    };
    let later = |item| change::claim_later(item, 1, &claim, OpenedBecause::PreviousFailed);
    assert!(later(&refused).permits(&refused));
    assert!(!later(&emptied).permits(&emptied));
}
