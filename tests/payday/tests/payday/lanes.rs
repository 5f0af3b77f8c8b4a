//! A campaign never delays a code.

use recado_payday::count::Limit;
use recado_payday::scenario::Scenario;

use crate::{fiftieth, prepared};

/// One number; a hundred thousand codes in the hour, and a campaign of so many beside them.
fn codes_beside(campaign: u32) -> Scenario {
    let mut scenario = prepared("codes and a campaign");
    let codes = 100_000;
    scenario.numbers = 1;
    scenario.seconds = 65 * 60;
    scenario.notifications = codes + campaign;
    let share = codes * 1_000 / scenario.notifications;
    scenario.mix = vec![
        ("one_time_code", share * 3 / 5),
        ("transaction_approval", share - share * 3 / 5),
        ("autopay_offered", 1_000 - share),
    ];
    scenario
}

#[test]
fn a_campaign_does_not_delay_a_code() {
    let alone = fiftieth(&codes_beside(0));
    let beside = fiftieth(&codes_beside(4_900_000));
    assert!(
        beside.met(Limit::Share),
        "no campaign at the limit: {beside:?}"
    );
    let waits = beside.accept_to_submit["bulk"];
    assert!(waits.p95 > 60.0, "no campaign that waits: {beside:?}");
    let (alone, beside) = (&alone.accept_to_submit, &beside.accept_to_submit);
    let (alone, beside) = (alone["critical"], beside["critical"]);
    // Two thousand draws each: within a twentieth of a second at the middle, a fifth at the edges.
    assert!(
        (beside.p50 - alone.p50).abs() <= 0.05,
        "{alone:?} {beside:?}"
    );
    assert!(
        (beside.p95 - alone.p95).abs() <= 0.2,
        "{alone:?} {beside:?}"
    );
    // One POST in a hundred takes Meta a second and a half more, so that this one is the luck of the draw.
    assert!(
        beside.p99 <= alone.p99.max(2.0) + 0.2,
        "{alone:?} {beside:?}"
    );
}

#[test]
fn where_the_banks_api_lets_everything_in_nobody_waits_outside() {
    let outcome = fiftieth(&codes_beside(4_900_000));
    assert_eq!(outcome.refused, 0, "{outcome:?}");
    assert!(outcome.ask_to_accept.values().all(|wait| wait.p99 <= 0.0));
}
