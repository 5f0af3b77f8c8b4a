//! Sums: nothing is lost and nothing is counted twice.

use recado_domain::delivery::Status;
use recado_payday::count::Limit;
use recado_payday::scenario::Scenario;
use recado_payday::scenarios::{Planned, all};
use recado_payday::settings::Settings;

#[test]
fn every_notification_is_counted_once_whatever_happens() {
    let settings = Settings::of_template().expect("settings");
    for Planned { scenario, .. } in all(&settings) {
        // The sums hold for any part, whole copies or not.
        let scenario: Scenario = scenario.scaled(500);
        let outcome = recado_payday::run(&scenario).expect("a run");
        let name = &outcome.name;
        let stages = &outcome.by_ten_minutes;

        let (seconds, hour) = (scenario.seconds, scenario.asked_in);
        if seconds >= hour {
            assert_eq!(outcome.asked, u64::from(scenario.notifications), "{name}");
        }
        assert!(outcome.accepted <= outcome.asked, "{name}");
        let waits_outside = outcome.asked > outcome.accepted;
        assert!(
            !waits_outside || outcome.refused > 0,
            "{name}: refused by nobody"
        );

        let ended: u64 = outcome.ended.values().sum();
        assert_eq!(ended, outcome.accepted, "{name}: how they stand");
        let accepted: u64 = stages.iter().map(|stage| stage.accepted).sum();
        assert_eq!(accepted, outcome.accepted, "{name}: by ten minutes");

        let sms: u64 = stages.iter().map(|stage| stage.sms).sum();
        let by_minute: u64 = outcome.sms_by_minute.iter().copied().map(u64::from).sum();
        assert_eq!((sms, by_minute), (outcome.sms, outcome.sms), "{name}");
        // Who got an SMS. A second one goes only where the table had no room to store that the first one left.
        let reached = outcome.ended_as(Status::FallbackSent) + outcome.delivered_twice;
        assert!(reached <= outcome.sms, "{name}: {reached} by SMS");
        let throttled = outcome.met(Limit::TableWrites);
        assert!(
            throttled || reached == outcome.sms,
            "{name}: {reached} by SMS"
        );

        let submitted: u64 = stages.iter().map(|stage| stage.submitted).sum();
        let delivered: u64 = stages.iter().map(|stage| stage.delivered).sum();
        let arrived = outcome.ended_as(Status::Delivered) + outcome.ended_as(Status::Read);
        assert_eq!(delivered, arrived, "{name}: delivered");
        assert!(delivered <= submitted && submitted <= accepted, "{name}");
    }
}
