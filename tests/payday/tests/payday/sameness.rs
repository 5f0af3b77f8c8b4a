//! The same again, and the same in small.

use recado_domain::delivery::Status;
use recado_payday::outcome::Outcome;
use recado_payday::scenario::Stretch;

use crate::{fiftieth, prepared, share};

#[test]
fn the_same_seed_has_the_same_outcome_and_another_one_another() {
    let mut scenario = prepared("seeds");
    scenario.seconds = 20 * 60;
    let first = fiftieth(&scenario);
    assert_eq!(fiftieth(&scenario), first);
    scenario.seed = 2;
    let other = fiftieth(&scenario);
    assert_ne!(other, first);
    // Another one by chance alone: half a percent is five times what the draws of 50,000 leave open.
    near(&first, &other, 0.005);
}

#[test]
fn one_in_fifty_and_one_in_twenty_five_agree() {
    let mut scenario = prepared("scales");
    near(&fiftieth(&scenario), &half(&scenario), 0.002);
    let stretch = Stretch {
        from: 20 * 60,
        seconds: 15 * 60,
    };
    scenario.meta.late = Some((stretch, 5 * 60));
    scenario.turns.clear();
    near(&fiftieth(&scenario), &half(&scenario), 0.005);
}

/// Runs one in twenty-five of it.
fn half(scenario: &recado_payday::scenario::Scenario) -> Outcome {
    recado_payday::run(&scenario.scaled(25)).expect("a run")
}

/// Shares of what was accepted within `bound`; waits within a tenth of themselves, or three tenths of a
/// second: fifty copies that are one leave a message more often waiting for it.
fn near(one: &Outcome, other: &Outcome, bound: f64) {
    let shares = |outcome: &Outcome| {
        let arrived = outcome.ended_as(Status::Delivered) + outcome.ended_as(Status::Read);
        [
            share(arrived, outcome),
            share(outcome.sms, outcome),
            share(outcome.delivered_twice, outcome),
            share(outcome.ended_as(Status::Accepted), outcome),
        ]
    };
    for (one, other) in shares(one).into_iter().zip(shares(other)) {
        assert!((one - other).abs() <= bound, "{one} and {other}");
    }
    for lane in ["critical", "standard"] {
        let (one, other) = (one.accept_to_submit[lane], other.accept_to_submit[lane]);
        for (one, other) in [(one.p50, other.p50), (one.p95, other.p95)] {
            assert!(
                (one - other).abs() <= 0.3_f64.max(one / 10.0),
                "{lane}: {one} and {other}"
            );
        }
    }
}
