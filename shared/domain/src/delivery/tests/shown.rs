//! What a bank reads of a notification: words, reasons, legs, and when the next one opens.

use super::super::change::{close, release, suppress, uncertain};
use super::*;

fn cancelled(item: &Notification, ms: u64) -> Notification {
    after(item, &change::cancel(item, at(ms)))
}

fn closed(item: &Notification, leg: u8, reason: CloseReason) -> Notification {
    after(item, &close(item, leg, reason, at(1), None))
}

fn delivered(item: &Notification, ms: u64) -> Notification {
    let told = Receipts {
        delivered: true,
        ..Receipts::default()
    };
    after(
        item,
        &change::receipts(&item.tenant, &told, at(ms)).expect("facts"),
    )
}

#[test]
fn the_words_of_the_api_are_these() {
    let words: Vec<&str> = Status::ALL.into_iter().map(Status::name).collect();
    assert_eq!(
        words,
        [
            "accepted",
            "submitted",
            "delivered",
            "read",
            "fallback_sent",
            "suppressed",
            "expired",
            "cancelled",
            "failed",
            "unknown",
        ]
    );
    let legs = [
        (LegStatus::Pending, "pending"),
        (LegStatus::Submitted, "submitted"),
        (LegStatus::Uncertain, "uncertain"),
        (LegStatus::Sent, "sent"),
        (LegStatus::Delivered, "delivered"),
        (LegStatus::Read, "read"),
        (LegStatus::Failed, "failed"),
        (LegStatus::Skipped, "skipped"),
    ];
    for (leg, word) in legs {
        assert_eq!(leg.name(), word);
    }
    let kinds = [
        (FailureKind::Permanent, "permanent"),
        (FailureKind::Temporary, "temporary"),
        (FailureKind::Technical, "technical"),
    ];
    for (kind, word) in kinds {
        assert_eq!(kind.name(), word);
        assert_eq!(FailureKind::parse(word), Some(kind));
    }
    assert_eq!(FailureKind::parse("someone_elses"), None);
}

#[test]
fn only_what_may_still_be_sent_has_not_ended() {
    let going_on: Vec<Status> = Status::ALL
        .into_iter()
        .filter(|status| !status.has_ended())
        .collect();
    assert_eq!(going_on, [Status::Accepted, Status::Submitted]);
}

#[test]
fn an_answer_of_the_carrier_is_counted_under_its_word_and_code() {
    let check = |outcome: PostOutcome, word: &str, code: Option<u32>| {
        assert_eq!((outcome.label(), outcome.code()), (word, code));
    };
    let accepted = PostOutcome::Accepted { provider_id: None };
    check(accepted, "accepted", None);
    check(PostOutcome::Held, "held", None);
    check(
        PostOutcome::Rejected(failure()),
        "rejected",
        Some(failure().code.expect("a code")),
    );
    let throttled = PostOutcome::NotSent {
        failure: Failure {
            kind: FailureKind::Temporary,
            code: Some(130_429),
            title: "throttled".into(),
        },
        retry_after: Duration::from_secs(1),
    };
    check(throttled, "not_sent", Some(130_429));
    check(PostOutcome::Unknown, "unknown", None);
}

#[test]
fn the_reason_says_why_nothing_arrived() {
    let check = |item: &Notification, expected: Option<&str>| {
        assert_eq!(item.reason(at(500)).as_deref(), expected);
    };
    check(&pix(), None);
    check(&submitted(&pix(), 100), None);
    let nobody_agreed = suppress(&pix(), SuppressReason::NoConsent, at(5), None);
    check(&after(&pix(), &nobody_agreed), Some("no_consent"));
    // Of several legs the last one says it.
    let refused = failed(&claimed(&pix(), 100), 200);
    check(&refused, None);
    check(
        &closed(&refused, 1, CloseReason::ChannelUnavailable),
        Some("channel_unavailable"),
    );
    let around = closed(&pix(), 0, CloseReason::NoWhatsappConsent);
    let sms = sms_claimed(&around, 300, 1);
    let sms = after(
        &sms,
        &change::failed(1, 1, &failure(), at(400), Content::Drop),
    );
    check(&sms, Some("undeliverable"));
}

#[test]
fn each_leg_tells_what_it_has_come_to() {
    let check = |item: &Notification, expected: [LegStatus; 2]| {
        assert_eq!([item.leg_status(0), item.leg_status(1)], expected);
    };
    use LegStatus::{Delivered, Failed, Pending, Read, Sent, Skipped, Submitted, Uncertain};
    check(&pix(), [Pending, Pending]);
    let held = claimed(&pix(), 100);
    check(&held, [Pending, Pending]);
    check(&submitted(&pix(), 100), [Submitted, Pending]);
    check(
        &after(&held, &uncertain(&held, 0, at(300))),
        [Uncertain, Pending],
    );
    check(&failed(&held, 200), [Failed, Pending]);
    let around = closed(&pix(), 0, CloseReason::NoWhatsappConsent);
    check(&around, [Skipped, Pending]);
    let sms = sms_claimed(&submitted(&pix(), 100), 30_100, 1);
    let sms = after(&sms, &change::submitted(&sms, 1, at(30_200), None));
    check(&sms, [Submitted, Sent]);
    check(&delivered(&sms, 40_000), [Delivered, Sent]);
    // A press says that the customer has read the WhatsApp message, and nothing of the SMS.
    let press = change::respond(&sms.tenant, "abc", "dispute", at(41_000));
    check(&after(&sms, &press), [Read, Sent]);
    // What was taken back before it left is skipped; what had left is not.
    check(&cancelled(&pix(), 5), [Skipped, Skipped]);
    check(&cancelled(&held, 200), [Pending, Skipped]);
    check(
        &cancelled(&submitted(&pix(), 100), 200),
        [Submitted, Skipped],
    );
    let nobody_agreed = suppress(&pix(), SuppressReason::NoConsent, at(5), None);
    check(&after(&pix(), &nobody_agreed), [Skipped, Skipped]);
}

#[test]
fn a_later_leg_shows_once_something_happened_on_it() {
    assert!(pix().leg_shows(0) && !pix().leg_shows(1));
    let sent = submitted(&code(), 500);
    assert!(!sent.leg_shows(1));
    let sms = sms_claimed(&sent, 30_500, 1);
    assert!(sms.leg_shows(1));
    assert!(closed(&sent, 1, CloseReason::OptedOut).leg_shows(1));
    // The first holder's answer comes after a second one has given the claim back.
    let second = sms_claimed(&sms, 90_500, 2);
    let given_back = after(&second, &release(1, &token(90_500)));
    assert!(!given_back.leg_shows(1));
    let answer = change::submitted(&given_back, 1, at(90_600), Some("m1"));
    assert!(after(&given_back, &answer).leg_shows(1));
}

#[test]
fn the_next_leg_is_announced_while_it_lies_ahead() {
    let check = |item: &Notification, expected: Option<u64>| {
        assert_eq!(item.opens_next_at(0, at(600)), expected.map(at));
    };
    check(&pix(), None);
    let sent = submitted(&pix(), 500);
    check(&sent, Some(30_500));
    assert_eq!(sent.opens_next_at(1, at(600)), None, "the ladder ends here");
    check(&delivered(&sent, 550), None);
    check(&cancelled(&sent, 550), None);
    check(&sms_claimed(&failed(&sent, 550), 560, 1), None);
    // What would open when the validity is over does not open.
    let mut short = sent.clone();
    short.valid_until = at(30_501);
    check(&short, Some(30_500));
    short.valid_until = at(30_500);
    check(&short, None);
}

#[test]
fn a_leg_opens_for_the_reason_that_the_one_before_gives() {
    let check = |item: &Notification, expected: OpenedBecause| {
        assert_eq!(item.opening_reason(1), expected);
    };
    let sent = submitted(&pix(), 500);
    check(&sent, OpenedBecause::NotDeliveredInTime);
    check(&failed(&sent, 600), OpenedBecause::PreviousFailed);
    let around = closed(&pix(), 0, CloseReason::NoWhatsappConsent);
    check(&around, OpenedBecause::NoWhatsappConsent);
}

#[test]
fn what_waits_too_long_for_whatsapp_expires_where_the_template_says_so() {
    let check = |item: &Notification, ms, expected| assert_eq!(item.status(at(ms)), expected);
    let mut late = pix();
    late.when_queue_wait_exceeded = WhenQueueWaitExceeded::Expire;
    check(&late, 299_999, Status::Accepted);
    check(&late, 300_000, Status::Expired);
    check(&pix(), 300_000, Status::Accepted);
    // The critical lane's guard opens the next leg instead: its whole validity counts.
    let mut urgent = code();
    urgent.when_queue_wait_exceeded = WhenQueueWaitExceeded::Expire;
    check(&urgent, 10_000, Status::Accepted);
    check(&urgent, 3_600_000, Status::Expired);
}
