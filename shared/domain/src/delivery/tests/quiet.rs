//! What quiet hours do, leg by leg.

use super::*;
use crate::hours::Quiet;

/// Quiet from and until these milliseconds; awake again since `ended`.
fn night(from: u64, until: u64, ended: Option<u64>) -> Gates {
    Gates {
        quiet: Some(Quiet {
            from: at(from),
            until: at(until),
            ended: ended.map(at),
        }),
        ..Gates::default()
    }
}

fn under(gates: &Gates, item: &Notification, event: &Event, ms: u64) -> Vec<String> {
    let context = Context {
        gates: gates.clone(),
        ..context(ms)
    };
    step(item, event, &context).iter().map(word).collect()
}

fn reminder(quiet_hours: QuietHours) -> Notification {
    Notification {
        quiet_hours,
        ..notification(Class::Servicing, &[Whatsapp, Sms])
    }
}

const MINUTE: u64 = 60_000;

#[test]
fn a_message_waits_for_the_first_permitted_moment() {
    let gates = night(0, 20 * MINUTE, None);
    let item = reminder(QuietHours::Deferred);
    let granted = job(Permission::Granted);
    assert_eq!(under(&gates, &item, &granted, 100), ["enqueue 1 1199900"]);
    assert_eq!(
        under(&gates, &item, &granted, 20 * MINUTE - 1),
        ["enqueue 1 1"]
    );
    let around = job(Permission::NotThisLeg(CloseReason::NoWhatsappConsent));
    assert_eq!(under(&gates, &item, &around, 100), ["enqueue 1 1199900"]);
    // In the morning it has not waited for WhatsApp yet, whatever the clock says.
    let morning = night(60 * MINUTE, 61 * MINUTE, Some(20 * MINUTE));
    assert_eq!(under(&morning, &item, &granted, 20 * MINUTE), ["pace"]);
    assert_eq!(
        under(&morning, &item, &granted, 25 * MINUTE)[0],
        "require l0k l0b",
        "five minutes later it has"
    );
}

#[test]
fn who_may_not_be_messaged_at_all_is_not_waited_for() {
    let gates = night(0, 20 * MINUTE, None);
    let item = reminder(QuietHours::Deferred);
    let refused = job(Permission::NotAtAll(SuppressReason::NoConsent));
    assert_eq!(under(&gates, &item, &refused, 100), ["require su sb drop"]);
}

#[test]
fn what_would_be_too_late_in_the_morning_is_not_sent() {
    let granted = job(Permission::Granted);
    let suppressed = |quiet_hours, until| {
        let item = reminder(quiet_hours);
        let context = Context {
            gates: night(0, until, None),
            ..context(100)
        };
        let effects = step(&item, &granted, &context);
        let Some(Effect::Require(change)) = effects.first() else {
            return None;
        };
        after(&item, change).suppressed_because()
    };
    let because = Some(SuppressReason::QuietHours);
    // Valid for an hour.
    assert_eq!(suppressed(QuietHours::Deferred, 60 * MINUTE - 1), None);
    assert_eq!(suppressed(QuietHours::Deferred, 60 * MINUTE), because);
    assert_eq!(suppressed(QuietHours::Suppressed, 20 * MINUTE), because);
    assert_eq!(suppressed(QuietHours::Ignored, 20 * MINUTE), None);
}

#[test]
fn an_sms_that_falls_due_in_the_night_waits_or_is_closed() {
    let gates = night(20_000, 20 * MINUTE, None);
    let open = timer(TimerKind::Open);
    let deferred = submitted(&reminder(QuietHours::Deferred), 0);
    assert_eq!(
        under(&gates, &deferred, &open, 31_000),
        ["arm 1 Open 1200000"]
    );
    let useless = submitted(&reminder(QuietHours::Suppressed), 0);
    assert_eq!(
        under(&gates, &useless, &open, 31_000),
        ["require l1k l1b drop"]
    );
    let morning = night(40 * MINUTE, 50 * MINUTE, Some(20 * MINUTE));
    assert_eq!(
        under(&morning, &deferred, &open, 20 * MINUTE),
        ["claim 1 until 1260000"]
    );
    let ignoring = submitted(&reminder(QuietHours::Ignored), 0);
    assert_eq!(
        under(&gates, &ignoring, &open, 31_000),
        ["claim 1 until 91000"]
    );
}

#[test]
fn where_nothing_went_and_nothing_may_go_it_says_so() {
    let item = reminder(QuietHours::Suppressed);
    let around = change::close(&item, 0, CloseReason::QueueWaitExceeded, at(0), None);
    let item = after(&item, &around);
    let gates = night(0, 20 * MINUTE, None);
    assert_eq!(
        under(&gates, &item, &timer(TimerKind::Open), 100),
        ["require su sb drop"]
    );
}

#[test]
fn no_post_starts_into_the_night() {
    let item = claimed(&reminder(QuietHours::Deferred), 0);
    let event = Event::Counted {
        leg: 0,
        claim: claim(0, 10_000, 1),
        verdict: CapVerdict::Within,
    };
    let latest = |from: u64, ms: u64| {
        let context = Context {
            gates: night(from, 20 * MINUTE, None),
            ..context(ms)
        };
        let effects = step(&item, &event, &context);
        let Some(Effect::Post { not_after, .. }) = effects.first() else {
            panic!("{effects:?}");
        };
        *not_after
    };
    assert_eq!(latest(1_500, 0), at(500), "a second before it is quiet");
    assert_eq!(latest(5 * MINUTE, 0), at(2_000), "the claim's own end");
}

#[test]
fn an_offer_that_waits_for_the_morning_is_not_expired_by_its_queue_wait() {
    let offer = |quiet_hours| Notification {
        quiet_hours,
        when_queue_wait_exceeded: WhenQueueWaitExceeded::Expire,
        ..notification(Class::Marketing, &[Whatsapp])
    };
    let waiting = offer(QuietHours::Deferred);
    assert_eq!(waiting.sendable_until(), waiting.valid_until);
    assert_eq!(
        offer(QuietHours::Suppressed).sendable_until(),
        at(5 * MINUTE)
    );
}
