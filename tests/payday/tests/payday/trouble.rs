//! What goes wrong: a cold table, Meta away.

use recado_domain::delivery::Status;
use recado_domain::switches::Sending;
use recado_payday::count::Limit;
use recado_payday::scenario::Stretch;
use recado_payday::scenarios::lanes;
use recado_payday::settings::NEW_TABLE;

use crate::{fiftieth, prepared};

#[test]
fn a_cold_table_throttles_and_a_warm_one_does_not() {
    let mut scenario = prepared("a table");
    scenario.seconds = 20 * 60;
    let warm = fiftieth(&scenario);
    (scenario.settings.warm_writes, scenario.settings.warm_reads) = NEW_TABLE;
    let cold = fiftieth(&scenario);
    assert!(
        !warm.met(Limit::TableWrites) && !warm.met(Limit::TableReads),
        "{warm:?}"
    );
    assert!(cold.met(Limit::TableWrites), "{cold:?}");
    assert_eq!((warm.refused, warm.delivered_twice), (0, 0), "{warm:?}");
    assert!(cold.refused > 0 && cold.delivered_twice > 0, "{cold:?}");
}

#[test]
fn meta_away_for_ten_minutes_loses_nothing() {
    let mut scenario = prepared("Meta");
    scenario.turns.clear();
    let well = fiftieth(&scenario);
    scenario.meta.down = Some(Stretch {
        from: 20 * 60,
        seconds: 10 * 60,
    });
    let down = fiftieth(&scenario);
    scenario.turns.extend(lanes(22, Sending::Off));
    scenario.turns.extend(lanes(30, Sending::On));
    let held = fiftieth(&scenario);
    let gone = |outcome: &recado_payday::outcome::Outcome| {
        let lost = [Status::Expired, Status::Failed, Status::Unknown];
        lost.map(|status| outcome.ended_as(status))
            .iter()
            .sum::<u64>()
    };
    for outcome in [&down, &held] {
        assert_eq!(outcome.accepted, well.accepted);
        assert_eq!(outcome.ended_as(Status::Accepted), 0, "{outcome:?}");
        assert_eq!(gone(outcome), gone(&well), "{outcome:?}");
        assert!(outcome.ended_as(Status::FallbackSent) > well.ended_as(Status::FallbackSent));
    }
    // Held back, a payment waits for WhatsApp instead of leaving by SMS.
    assert!(held.sms * 2 < down.sms, "{held:?}");
}
