//! SMS: what the breaker and the budget keep back.

use recado_domain::delivery::Status;
use recado_domain::switches::Breaker;
use recado_payday::count::Limit;
use recado_payday::scenario::{Scenario, Stretch};
use recado_payday::scenarios::{breaker, budget};

use crate::{fiftieth, prepared, share};

/// Payments and statements; codes are exempt from breaker and budget.
fn no_codes(name: &str) -> Scenario {
    let mut scenario = prepared(name);
    scenario.turns.clear();
    scenario.mix = vec![
        ("pix_received", 600),
        ("deposit_received", 250),
        ("transaction_approval", 50),
        ("statement_ready", 100),
    ];
    scenario
}

/// Receipts come five minutes late for a quarter of an hour.
fn late(turns: Vec<(u32, recado_domain::switches::Turn)>) -> Scenario {
    let mut scenario = no_codes("late");
    let stretch = Stretch {
        from: 20 * 60,
        seconds: 15 * 60,
    };
    scenario.meta.late = Some((stretch, 5 * 60));
    scenario.turns = turns;
    scenario
}

#[test]
fn an_open_breaker_keeps_the_stampede_back_while_receipts_are_late() {
    let without = fiftieth(&late(Vec::new()));
    assert!(
        share(without.delivered_twice, &without) > 0.05,
        "{without:?}"
    );
    let open_in_time = vec![breaker(20, Breaker::Open), breaker(42, Breaker::Closed)];
    let with = fiftieth(&late(open_in_time));
    assert!(
        with.delivered_twice * 100 < without.delivered_twice,
        "{with:?}"
    );
    assert!(with.sms * 2 < without.sms, "{with:?}");
    // Whose phone is off gets the SMS all the same, once it is closed again.
    let reached = share(with.ended_as(Status::FallbackSent), &with);
    let before = share(without.ended_as(Status::FallbackSent), &without);
    assert!((reached - before).abs() < 0.001, "{with:?}");
}

#[test]
fn a_breaker_that_opens_late_leaves_what_had_left() {
    let early = fiftieth(&late(vec![breaker(20, Breaker::Open)]));
    let later = fiftieth(&late(vec![breaker(24, Breaker::Open)]));
    assert!(later.delivered_twice > early.delivered_twice, "{later:?}");
}

#[test]
fn a_budget_bounds_the_sms_of_every_minute() {
    let mut scenario = no_codes("a third of the phones off");
    scenario.customers.off = 300;
    // So that SNS refuses nothing: what it refuses has been counted, and is not given back in every case.
    scenario.account.sms = 50_000;
    scenario.turns = vec![(0, budget(9_000))];
    let outcome = fiftieth(&scenario);
    let budget = 9_000 / 50;
    assert!(
        outcome.met(Limit::Budget) && !outcome.met(Limit::Sns),
        "{outcome:?}"
    );
    let mut left = 0;
    for (minute, sms) in (1..).zip(&outcome.sms_by_minute) {
        left += sms;
        // Counted before midnight of its minute, an SMS may leave after it: so the sum is what is exact.
        assert!(left <= minute * budget, "{left} in {minute} minutes");
        assert!(*sms <= budget + budget / 20, "{sms} in minute {minute}");
    }
    let full = outcome.sms_by_minute.iter().filter(|sms| **sms == budget);
    assert!(full.count() > 30, "the budget is used: {outcome:?}");
}

#[test]
fn what_sns_refuses_does_not_use_the_budget_up() {
    let mut scenario = no_codes("a backlog, and SNS at its limit");
    scenario.customers.off = 300;
    scenario.account.sms = 300;
    scenario.turns = vec![(0, budget(9_000))];
    let outcome = fiftieth(&scenario);
    let budget = 9_000 / 50;
    assert!(
        outcome.met(Limit::Budget) && outcome.met(Limit::Sns),
        "{outcome:?}"
    );
    // Not all of it: what is refused in a minute's first seconds is not given back.
    let backlog = &outcome.sms_by_minute[20..60];
    let sent: u32 = backlog.iter().sum();
    assert!(sent > 40 * budget * 2 / 3, "{backlog:?}");
}
