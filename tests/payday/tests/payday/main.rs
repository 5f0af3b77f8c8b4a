//! What the simulation promises, each promise able to fail.

mod balance;
mod lanes;
mod pace;
mod page;
mod sameness;
mod sms;
mod trouble;

use recado_payday::outcome::Outcome;
use recado_payday::scenario::Scenario;
use recado_payday::scenarios::recommended;
use recado_payday::settings::Settings;

/// What is recommended, with copies that one in fifty leaves whole.
fn prepared(name: &str) -> Scenario {
    let settings = Settings::of_template().expect("the template's settings");
    let mut scenario = recommended(name, &settings);
    scenario.settings.lanes[2] = 50;
    scenario
}

/// Runs one in fifty of it.
fn fiftieth(scenario: &Scenario) -> Outcome {
    recado_payday::run(&scenario.scaled(50)).expect("a run")
}

/// Such a share of what was accepted.
fn share(count: u64, outcome: &Outcome) -> f64 {
    let number = |count: u64| f64::from(u32::try_from(count).expect("a small number"));
    number(count) / number(outcome.accepted)
}
