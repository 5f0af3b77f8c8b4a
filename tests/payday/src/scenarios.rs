//! The paydays that `docs/SCALE.md` tells of.

use recado_domain::class::Lane;
use recado_domain::switches::{Breaker, Reach, Scope, Sending, SmsBudget, Turn};

use crate::scenario::{MINUTE, Routing, Scenario, Stretch};
use crate::settings::Settings;

/// A scenario, and the part of it that is simulated for the page.
#[derive(Clone, Debug)]
pub struct Planned {
    /// As it is in full.
    pub scenario: Scenario,
    /// Everything that counts is divided by this.
    pub scale: u32,
}

impl Planned {
    /// What is simulated.
    #[must_use]
    pub fn scaled(&self) -> Scenario {
        self.scenario.scaled(self.scale)
    }
}

/// What it takes for five million in an hour: the settings that `docs/SCALE.md` recommends.
#[must_use]
pub fn recommended(name: &str, settings: &Settings) -> Scenario {
    let mut scenario = Scenario::new(name, settings);
    scenario.numbers = 7;
    scenario.settings.lanes = [50, 300, 25];
    scenario.settings.bank_rate = 5_000;
    scenario.settings.webhook_rate = 10_000;
    scenario.settings.warm_writes = 30_000;
    scenario.settings.warm_reads = 30_000;
    scenario.account.gateway = 20_000;
    scenario.account.concurrency = 3_000;
    scenario.account.sms = 300;
    scenario.turns = vec![(0, budget(9_000))];
    scenario
}

/// So many SMS a minute, of every bank together.
#[must_use]
pub fn budget(per_minute: u32) -> Turn {
    let budget = SmsBudget {
        per_minute: Some(per_minute),
        per_day: None,
    };
    Turn::SmsBudget(Reach::Everywhere, Some(budget))
}

/// What one in so many is simulated of: as the template has it, and as recommended. Each divides every limit.
const SCALES: (u32, u32) = (5, 25);

/// Every scenario of the page.
#[must_use]
pub fn all(settings: &Settings) -> Vec<Planned> {
    let mut all = defaults(settings);
    all.extend(steps(settings));
    all.extend(troubles(settings));
    all
}

/// As the template has it: half an hour shows what there is to see.
pub(crate) fn defaults(settings: &Settings) -> Vec<Planned> {
    let planned = |name: &str, rate| {
        let mut scenario = Scenario::new(name, settings);
        (scenario.rate, scenario.seconds) = (rate, 30 * MINUTE);
        Planned {
            scenario,
            scale: SCALES.0,
        }
    };
    vec![
        planned("defaults, one number at 80", 80),
        planned("defaults, one number at 1000", 1_000),
    ]
}

/// What lifts a limit.
type Lift<'a> = (&'a str, u32, &'a dyn Fn(&mut Scenario));

/// From the defaults to what is recommended: each step lifts one limit more and keeps what was lifted
/// before. A quarter of an hour of each, with the worst of the hour in it.
pub(crate) fn steps(settings: &Settings) -> Vec<Planned> {
    let aim = recommended("", settings);
    let mut scenario = Scenario::new("", settings);
    scenario.seconds = 15 * MINUTE;
    let lifts: [Lift<'_>; 8] = [
        ("defaults, one number at 1000", SCALES.0, &|_| {}),
        ("+ BankApiRateLimit", SCALES.0, &|it| {
            it.settings.bank_rate = aim.settings.bank_rate;
        }),
        ("+ TableWarmWrites, TableWarmReads", SCALES.0, &|it| {
            it.settings.warm_writes = aim.settings.warm_writes;
            it.settings.warm_reads = aim.settings.warm_reads;
        }),
        ("+ SNS's SMS per second", SCALES.0, &|it| {
            it.account.sms = aim.account.sms;
        }),
        ("+ the lanes' concurrency", SCALES.1, &|it| {
            it.settings.lanes = aim.settings.lanes;
        }),
        ("+ numbers", SCALES.1, &|it| it.numbers = aim.numbers),
        ("+ Lambda's quota", SCALES.1, &|it| {
            it.account.concurrency = aim.account.concurrency;
        }),
        (
            "+ WebhookApiRateLimit, API Gateway's quota",
            SCALES.1,
            &|it| {
                it.settings.webhook_rate = aim.settings.webhook_rate;
                it.account.gateway = aim.account.gateway;
            },
        ),
    ];
    let step = |(name, scale, lift): Lift<'_>| {
        lift(&mut scenario);
        name.clone_into(&mut scenario.name);
        Planned {
            scenario: scenario.clone(),
            scale,
        }
    };
    lifts.into_iter().map(step).collect()
}

/// As recommended, and what goes wrong then.
pub(crate) fn troubles(settings: &Settings) -> Vec<Planned> {
    let with = |name: &str, change: &dyn Fn(&mut Scenario)| {
        let mut scenario = recommended(name, settings);
        change(&mut scenario);
        Planned {
            scenario,
            scale: SCALES.1,
        }
    };
    let late = |scenario: &mut Scenario| {
        let stretch = Stretch {
            from: 20 * MINUTE,
            seconds: 15 * MINUTE,
        };
        scenario.meta.late = Some((stretch, 5 * MINUTE));
    };
    let down = |scenario: &mut Scenario| {
        scenario.meta.down = Some(Stretch {
            from: 20 * MINUTE,
            seconds: 10 * MINUTE,
        });
    };
    vec![
        with("as recommended", &|_| {}),
        with("any idle copy", &|scenario| scenario.routing = Routing::Any),
        with("a cold table", &|scenario| {
            let new = crate::settings::NEW_TABLE;
            (scenario.settings.warm_writes, scenario.settings.warm_reads) = new;
        }),
        with("Lambda's quota as at first", &|scenario| {
            scenario.account.concurrency = Scenario::new("", settings).account.concurrency;
        }),
        with("webhooks late 5 minutes", &|scenario| {
            late(scenario);
            scenario.turns.clear();
        }),
        with("webhooks late 5 minutes, budget", &late),
        with("webhooks late 5 minutes, budget, breaker", &|scenario| {
            late(scenario);
            // WebhookSilence looks for three minutes, and somebody has to read it.
            let turns = [breaker(24, Breaker::Open), breaker(42, Breaker::Closed)];
            scenario.turns.extend(turns);
        }),
        with("Meta down 10 minutes", &|scenario| {
            down(scenario);
            scenario.turns.clear();
        }),
        with("Meta down 10 minutes, budget", &down),
        with("Meta down 10 minutes, budget, lanes held", &|scenario| {
            down(scenario);
            scenario.turns.extend(lanes(22, Sending::Off));
            scenario.turns.extend(lanes(30, Sending::On));
        }),
        with("5 % phones off", &|scenario| scenario.customers.off = 50),
    ]
}

/// The operator turns the breaker for everybody.
#[must_use]
pub fn breaker(minute: u32, breaker: Breaker) -> (u32, Turn) {
    (minute * MINUTE, Turn::Breaker(Reach::Everywhere, breaker))
}

/// The operator holds standard and bulk back, or lets them go.
#[must_use]
pub fn lanes(minute: u32, sending: Sending) -> [(u32, Turn); 2] {
    [Lane::Standard, Lane::Bulk]
        .map(|lane| (minute * MINUTE, Turn::Sending(Scope::Lane(lane), sending)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_divides_every_limit_of_its_scenario() {
        let settings = Settings::of_template().expect("settings");
        for Planned { scenario, scale } in all(&settings) {
            let back = scenario.scaled(scale);
            let whole = |of: &Scenario| {
                let (settings, account) = (of.settings.clone(), of.account);
                let mut all = settings.lanes.to_vec();
                all.extend([settings.timers, settings.bank_rate, settings.webhook_rate]);
                all.extend([settings.warm_writes, settings.warm_reads, of.rate]);
                all.extend([account.gateway, account.concurrency, account.sms]);
                all.extend([
                    account.partition_reads,
                    of.notifications,
                    of.customers.count,
                ]);
                all
            };
            let multiplied: Vec<u32> = whole(&back).iter().map(|number| number * scale).collect();
            assert_eq!(multiplied, whole(&scenario), "{}", scenario.name);
        }
    }

    #[test]
    fn the_last_step_is_what_is_recommended_but_for_the_budget() {
        let settings = Settings::of_template().expect("settings");
        let last = steps(&settings).pop().expect("a step").scenario;
        let aim = recommended(&last.name, &settings);
        let reached = Scenario {
            seconds: aim.seconds,
            turns: aim.turns.clone(),
            ..last
        };
        assert_eq!(reached, aim);
    }
}
