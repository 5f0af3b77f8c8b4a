//! A payday: what comes, through which limits, and what goes wrong meanwhile.

use recado_domain::switches::Turn;

use crate::settings::Settings;

/// How the notifications come over the hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Evenly.
    Flat,
    /// A quarter in the first five minutes, a quarter and more in the ten after, the rest evenly.
    Payday,
}

/// Which of a function's idle copies gets the next batch. AWS does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// The one that was busy last.
    Latest,
    /// Any of them.
    Any,
}

/// A stretch of the simulated time, in seconds from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// From then on.
    pub from: u32,
    /// For so long.
    pub seconds: u32,
}

impl Stretch {
    pub(crate) fn holds(self, second: u32) -> bool {
        (self.from..self.from + self.seconds).contains(&second)
    }
}

/// What AWS allows the account, beside the deployment's own parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// API Gateway: requests per second of all APIs together.
    pub gateway: u32,
    /// Lambda: invocations at once. Its rate is ten times as many per second.
    pub concurrency: u32,
    /// SNS: SMS per second.
    pub sms: u32,
    /// DynamoDB: read units per second of one partition.
    pub partition_reads: u32,
    /// Lambda: copies that an event source begins with, and that it adds in a minute.
    pub copies: (u32, u32),
}

/// What happens at Meta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// One message in so many seconds to the same person, and so many at once.
    pub pair: (u32, u32),
    /// Receipts of this stretch come so many seconds late.
    pub late: Option<(Stretch, u32)>,
    /// No connection comes about.
    pub down: Option<Stretch>,
}

/// The customers, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Customers {
    /// How many of them there are.
    pub count: u32,
    /// Whose phone is off for the whole time.
    pub off: u32,
    /// Who has no WhatsApp: Meta says so by a receipt.
    pub without: u32,
}

/// One simulated payday.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// How many notifications.
    pub notifications: u32,
    /// In how many seconds the bank asks for them.
    pub asked_in: u32,
    /// Seconds that are simulated. What has not ended by then is open.
    pub seconds: u32,
    /// How they come.
    pub profile: Profile,
    /// Templates of the catalogue and their shares, in thousandths.
    pub mix: Vec<(&'static str, u32)>,
    /// The numbers. A bank has one, so that each is a bank of its own to the code.
    pub numbers: u32,
    /// What Meta allows each, and what its bank's entry says: messages per second.
    pub rate: u32,
    /// What is deployed.
    pub settings: Settings,
    /// What the account may.
    pub account: Account,
    /// Meta.
    pub meta: Meta,
    /// The customers.
    pub customers: Customers,
    /// What the operator turns, by the second.
    pub turns: Vec<(u32, Turn)>,
    /// Which copy gets a batch.
    pub routing: Routing,
    /// Of all chance.
    pub seed: u64,
    /// Everything that counts is divided by this.
    pub scale: u32,
}

/// Seconds of a minute.
pub(crate) const MINUTE: u32 = 60;

impl Scenario {
    /// Five million in an hour, three quarters of them payments: everything as the template has it, the
    /// account as AWS gives it, one number at 1,000 messages per second.
    #[must_use]
    pub fn new(name: &str, settings: &Settings) -> Self {
        Self {
            name: name.to_owned(),
            notifications: 5_000_000,
            asked_in: 60 * MINUTE,
            seconds: 90 * MINUTE,
            profile: Profile::Payday,
            mix: vec![
                ("one_time_code", 30),
                ("transaction_approval", 20),
                ("pix_received", 500),
                ("deposit_received", 250),
                ("card_purchase", 100),
                ("statement_ready", 60),
                ("autopay_offered", 40),
            ],
            numbers: 1,
            rate: 1_000,
            settings: settings.clone(),
            account: Account {
                gateway: 10_000,
                concurrency: 1_000,
                sms: 20,
                partition_reads: 3_000,
                copies: (5, 300),
            },
            meta: Meta {
                pair: (6, 45),
                late: None,
                down: None,
            },
            customers: Customers {
                count: 4_000_000,
                off: 20,
                without: 10,
            },
            turns: Vec::new(),
            routing: Routing::Latest,
            seed: 1,
            scale: 1,
        }
    }

    /// The same with a part of everything that counts: notifications, customers, rates, copies, budgets. Times stay.
    #[must_use]
    pub fn scaled(&self, by: u32) -> Self {
        let part = |number: u32| Self::part(number, by);
        let mut scaled = self.clone();
        let scenario = &mut scaled;
        for number in [
            &mut scenario.notifications,
            &mut scenario.rate,
            &mut scenario.customers.count,
            &mut scenario.account.gateway,
            &mut scenario.account.concurrency,
            &mut scenario.account.sms,
            &mut scenario.account.partition_reads,
            &mut scenario.settings.timers,
            &mut scenario.settings.bank_rate,
            &mut scenario.settings.webhook_rate,
            &mut scenario.settings.warm_writes,
            &mut scenario.settings.warm_reads,
        ] {
            *number = part(*number);
        }
        scenario.settings.lanes = scenario.settings.lanes.map(part);
        for (_, turn) in &mut scenario.turns {
            if let Turn::SmsBudget(_, Some(budget)) = turn {
                budget.per_minute = budget.per_minute.map(part);
                budget.per_day = budget.per_day.map(part);
            }
        }
        scenario.scale *= by;
        scaled
    }

    /// A part of a number, and one where there is less.
    pub(crate) fn part(number: u32, by: u32) -> u32 {
        (number / by).max(1)
    }

    /// How many notifications the bank has asked for by the beginning of that second.
    pub(crate) fn asked_by(&self, second: u32) -> u32 {
        let weight = |second: u32| -> u64 {
            let second = u64::from(second.min(self.asked_in));
            let hour = u64::from(self.asked_in);
            match self.profile {
                Profile::Flat => second * 1_000,
                Profile::Payday => {
                    let (first, then) = (hour / 12, hour / 4);
                    let rest =
                        (hour * 1_000 - first * 3_000 - (then - first) * 1_600) / (hour - then);
                    second.min(first) * 3_000
                        + second.clamp(first, then).saturating_sub(first) * 1_600
                        + second.max(then).saturating_sub(then) * rest
                }
            }
        };
        if second >= self.asked_in {
            return self.notifications;
        }
        let asked = u64::from(self.notifications) * weight(second) / weight(self.asked_in);
        u32::try_from(asked).unwrap_or(self.notifications)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_asked_for_within_the_hour_and_on_payday_most_of_it_early() {
        let settings = Settings::of_template().expect("settings");
        for profile in [Profile::Flat, Profile::Payday] {
            let scenario = Scenario {
                profile,
                ..Scenario::new("a payday", &settings)
            };
            let by: Vec<u32> = (0..=3_600)
                .map(|second| scenario.asked_by(second))
                .collect();
            assert!(by.is_sorted());
            assert_eq!((by[0], by[3_600]), (0, 5_000_000));
            let early = f64::from(by[300]) / 5_000_000.0;
            match profile {
                Profile::Flat => assert!((0.08..0.09).contains(&early), "{early}"),
                Profile::Payday => assert!((0.24..0.26).contains(&early), "{early}"),
            }
        }
    }

    #[test]
    fn the_mix_is_whole() {
        let settings = Settings::of_template().expect("settings");
        let mix = Scenario::new("a payday", &settings).mix;
        assert_eq!(mix.iter().map(|(_, share)| share).sum::<u32>(), 1_000);
    }
}
