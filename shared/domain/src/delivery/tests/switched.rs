//! What the switches hold back, line by line.

use super::*;
use crate::switches::{Breaker, Gates, Reach, SmsBudget, Spending};

/// The effects under these gates. What hops on is told without its jitter: which message, and whether
/// between the shortest and the longest hop.
fn under(gates: &Gates, item: &Notification, event: &Event, ms: u64) -> Vec<String> {
    let context = Context {
        gates: gates.clone(),
        ..context(ms)
    };
    let hops = |after: i128| {
        let (shortest, longest) = (12_000, 90_000);
        assert!((shortest..longest).contains(&after), "a hop of {after} ms");
        "hops"
    };
    let effects = step(item, event, &context);
    effects
        .iter()
        .map(|effect| match effect {
            Effect::HandOff(Handoff::Enqueue { attempt, after }) => {
                let after = i128::try_from(after.as_millis()).expect("small");
                format!("job {attempt} {}", hops(after))
            }
            Effect::HandOff(Handoff::Arm { leg, kind, at: due })
                if *due >= at(ms + 10_000) && effects.len() == 1 =>
            {
                format!(
                    "{kind:?} {leg} {}",
                    hops(due.duration_since(at(ms)).as_millis())
                )
            }
            Effect::Spend { leg, .. } => format!("spend {leg}"),
            Effect::HandOff(_)
            | Effect::Record(_)
            | Effect::Require(_)
            | Effect::Claim { .. }
            | Effect::Pace { .. }
            | Effect::Count { .. }
            | Effect::GiveBack { .. }
            | Effect::AskConsent { .. }
            | Effect::Post { .. }
            | Effect::Nap(_) => word(effect),
        })
        .collect()
}

fn off() -> Gates {
    Gates {
        off_since: Some(at(0)),
        ..Gates::default()
    }
}

fn breaker() -> Gates {
    Gates {
        breaker: Breaker::Open,
        ..Gates::default()
    }
}

fn budget() -> Gates {
    let budget = SmsBudget {
        per_minute: Some(1),
        per_day: None,
    };
    Gates {
        budgets: vec![(Reach::Everywhere, budget)],
        ..Gates::default()
    }
}

#[test]
fn off_lets_jobs_guards_and_timers_hop_on() {
    let granted = job(Permission::Granted);
    assert_eq!(under(&off(), &pix(), &granted, 100), ["job 1 hops"]);
    let again = Event::Job {
        attempt: 3,
        permission: Permission::Granted,
        known_user: None,
    };
    assert_eq!(under(&off(), &pix(), &again, 100), ["job 3 hops"]);
    let no_whatsapp = job(Permission::NotThisLeg(CloseReason::NoWhatsappConsent));
    assert_eq!(under(&off(), &pix(), &no_whatsapp, 100), ["job 1 hops"]);
    assert_eq!(
        under(&off(), &code(), &timer(TimerKind::Guard), 10_000),
        ["Guard 1 hops"]
    );
    let open = timer(TimerKind::Open);
    assert_eq!(
        under(&off(), &submitted(&pix(), 100), &open, 31_000),
        ["Open 1 hops"]
    );
    assert_eq!(
        under(&off(), &failed(&submitted(&pix(), 100), 200), &open, 300),
        ["Open 1 hops"]
    );
    let codes_sms = sms_claimed(&submitted(&code(), 100), 31_000, 1);
    assert_eq!(
        under(&off(), &codes_sms, &open, 91_000),
        ["Open 1 hops"],
        "nor is it repeated"
    );
}

#[test]
fn off_keeps_nothing_from_ending() {
    let granted = job(Permission::Granted);
    let over = 3_600_000;
    assert_eq!(under(&off(), &pix(), &granted, over), ["record drop"]);
    let open = timer(TimerKind::Open);
    assert_eq!(
        under(&off(), &submitted(&pix(), 100), &open, over),
        ["record drop"]
    );
    let delivered = after(
        &submitted(&pix(), 100),
        &change::receipts(
            &pix().tenant,
            &Receipts {
                delivered: true,
                ..Receipts::default()
            },
            at(200),
        )
        .expect("a change"),
    );
    assert!(under(&off(), &delivered, &open, 31_000).is_empty());
    let mut late_is_never = pix();
    late_is_never.when_queue_wait_exceeded = WhenQueueWaitExceeded::Expire;
    assert_eq!(
        under(&off(), &late_is_never, &granted, 300_000),
        ["require drop"]
    );
}

#[test]
fn what_was_held_back_goes_by_whatsapp_when_it_is_on_again() {
    let on = Gates {
        on_since: Some(at(600_000)),
        ..Gates::default()
    };
    let granted = job(Permission::Granted);
    assert_eq!(under(&on, &pix(), &granted, 610_000), ["pace"]);
    assert_eq!(
        under(&Gates::default(), &pix(), &granted, 610_000),
        ["require l0k l0b", "arm 1 Open 610000"],
        "without a switch it would have waited too long"
    );
    let guard = timer(TimerKind::Guard);
    assert_eq!(under(&on, &code(), &guard, 610_000), ["Guard 1 hops"]);
    assert_eq!(
        under(&on, &code(), &guard, 638_000)[0],
        "require l0k l0b",
        "28 s and the queue wait"
    );
}

#[test]
fn an_open_breaker_holds_back_what_only_lacks_a_receipt() {
    let open = timer(TimerKind::Open);
    let waits = submitted(&pix(), 100);
    assert_eq!(under(&breaker(), &waits, &open, 31_000), ["Open 1 hops"]);
    let held = claimed(&pix(), 100);
    let unknown = after(&held, &change::uncertain(&held, 0, at(200)));
    assert_eq!(under(&breaker(), &unknown, &open, 31_000), ["Open 1 hops"]);
    let refused = failed(&waits, 200);
    assert_eq!(
        under(&breaker(), &refused, &open, 300)[0],
        "claim 1 until 60300"
    );
    let code = submitted(&code(), 100);
    assert_eq!(
        under(&breaker(), &code, &open, 31_000)[0],
        "claim 1 until 91000"
    );
    let fraud = submitted(&notification(Class::Security, &[Whatsapp, Sms]), 100);
    assert_eq!(under(&breaker(), &fraud, &open, 31_000), ["Open 1 hops"]);
    assert_eq!(
        under(&breaker(), &pix(), &job(Permission::Granted), 100),
        ["pace"]
    );
    let closed = Gates::default();
    assert_eq!(
        under(&closed, &waits, &open, 31_000)[0],
        "claim 1 until 91000"
    );
}

#[test]
fn an_sms_is_counted_before_it_is_claimed_and_waits_for_the_next_minute() {
    let open = timer(TimerKind::Open);
    let waits = submitted(&pix(), 100);
    assert_eq!(under(&budget(), &waits, &open, 31_000), ["spend 1"]);
    let spent = |spending| Event::Spent {
        leg: 1,
        attempt: 1,
        because: OpenedBecause::NotDeliveredInTime,
        spending,
    };
    assert_eq!(
        under(&budget(), &waits, &spent(Spending::Within), 31_000),
        ["claim 1 until 91000"]
    );
    assert_eq!(
        under(&budget(), &waits, &spent(Spending::Exceeded), 31_000),
        ["Open 1 hops"]
    );
    let code = submitted(&code(), 100);
    assert_eq!(under(&budget(), &code, &open, 31_000), ["spend 1"]);
    assert_eq!(
        under(&budget(), &code, &spent(Spending::Exceeded), 31_000),
        ["claim 1 until 91000"]
    );
    let by_voice = submitted(&notification(Class::Transactional, &[Whatsapp, Voice]), 100);
    assert_eq!(
        under(&budget(), &by_voice, &open, 31_000),
        ["claim 1 until 91000"]
    );
    let around = under(&budget(), &super::code(), &timer(TimerKind::Guard), 10_000);
    assert_eq!(around, ["spend 1"]);
}

#[test]
fn whatsapp_stays_open_as_long_as_the_budget_keeps_the_sms_back() {
    let fraud = notification(Class::Security, &[Whatsapp, Sms]);
    let spent = |because, spending| Event::Spent {
        leg: 1,
        attempt: 1,
        because,
        spending,
    };
    let guard = OpenedBecause::Guard;
    assert_eq!(
        under(&budget(), &fraud, &spent(guard, Spending::Exceeded), 10_000),
        ["Guard 1 hops"]
    );
    assert_eq!(
        under(&budget(), &fraud, &spent(guard, Spending::Within), 10_000),
        ["require l0k l0b", "claim 1 until 70000"]
    );
    let waited = OpenedBecause::QueueWaitExceeded;
    assert_eq!(
        under(&budget(), &fraud, &spent(waited, Spending::Within), 31_000),
        ["require l0k l0b", "claim 1 until 91000"]
    );
}

#[test]
fn an_sms_that_did_not_leave_gives_back_what_it_was_counted_for() {
    let sms = sms_claimed(&submitted(&pix(), 100), 31_000, 1);
    let held = claim(31_000, 91_000, 1);
    let throttled = Event::Posted {
        leg: 1,
        claim: held.clone(),
        outcome: PostOutcome::NotSent {
            failure: failure(),
            retry_after: Duration::from_secs(2),
        },
    };
    let revoked = Event::Permitted {
        leg: 1,
        claim: held,
        permission: Permission::NotThisLeg(CloseReason::OptedOut),
    };
    let given = |gates: &Gates, event| {
        let effects = under(gates, &sms, event, 31_500);
        effects
            .iter()
            .filter(|effect| *effect == "give back")
            .count()
    };
    for event in [&throttled, &revoked] {
        assert_eq!(given(&budget(), event), 1, "{event:?}");
        assert_eq!(given(&Gates::default(), event), 0, "{event:?}");
    }
}
