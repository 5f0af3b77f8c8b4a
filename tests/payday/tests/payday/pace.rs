//! Meta's rate, and what more numbers are good for.

use recado_domain::delivery::Status;
use recado_payday::count::Limit;
use recado_payday::scenario::Scenario;

use crate::{fiftieth, prepared};

/// What the pacers of all copies together let through to a number beyond its rate, once: standard and bulk
/// may run one second of their four fifths ahead, and one message leaves each copy in any case; ten codes
/// may leave an idle copy at once.
fn ahead(scenario: &Scenario) -> u32 {
    let [critical, standard, bulk] = scenario.settings.lanes;
    scenario.rate * 4 / 5 + standard + bulk + critical * 10
}

#[test]
fn no_number_gets_more_than_its_rate_and_what_may_leave_at_once() {
    for (numbers, rate) in [(1, 500), (1, 1_000), (7, 1_000)] {
        let mut scenario = prepared("pace");
        (scenario.numbers, scenario.rate) = (numbers, rate);
        scenario.seconds = 20 * 60;
        let scenario = scenario.scaled(50);
        let outcome = recado_payday::run(&scenario).expect("a run");
        let most = |seconds: u32| seconds * scenario.rate + ahead(&scenario);
        assert!(outcome.busiest_second <= most(1), "{outcome:?}");
        assert!(outcome.busiest_minute <= most(60), "{outcome:?}");
        // A number that is the bound is used: nine tenths of what standard and bulk may.
        let used = outcome.busiest_minute >= 60 * scenario.rate * 4 / 5 * 9 / 10;
        assert!(used || numbers == 7, "{outcome:?}");
    }
}

#[test]
fn more_numbers_are_never_later_and_never_deliver_less() {
    let outcomes = [1, 2, 4, 7].map(|numbers| {
        let mut scenario = prepared("numbers");
        (scenario.numbers, scenario.seconds) = (numbers, 30 * 60);
        fiftieth(&scenario)
    });
    for pair in outcomes.windows(2) {
        let [fewer, more] = pair else { continue };
        let arrived = |outcome: &recado_payday::outcome::Outcome| {
            outcome.ended_as(Status::Delivered) + outcome.ended_as(Status::Read)
        };
        assert!(arrived(more) > arrived(fewer), "{more:?}");
        for lane in ["critical", "standard"] {
            let late = |outcome: &recado_payday::outcome::Outcome| outcome.accept_to_submit[lane];
            // A tenth of a second: what the draws of one in fifty leave open.
            assert!(late(more).p95 <= late(fewer).p95 + 0.1, "{lane}: {more:?}");
        }
    }
    let [one, .., seven] = &outcomes;
    assert!(one.met(Limit::Share), "one number is the bound");
    assert!(seven.accept_to_submit["standard"].p99 < 120.0, "{seven:?}");
}
