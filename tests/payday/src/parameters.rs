//! What a payday depends on, by its name: as it is at first, and as it is recommended.

use recado_domain::switches::Turn;

use crate::scenario::Scenario;
use crate::scenarios::recommended;
use crate::settings::Settings;

/// Who sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A parameter of `infra/template.yaml`.
    Template,
    /// A switch of `recado-operator switches`.
    Switch,
    /// A quota of the AWS account.
    Quota,
    /// AWS alone.
    Aws,
    /// Meta, by number.
    Meta,
}

impl Whose {
    fn name(self) -> &'static str {
        match self {
            Self::Template => "`infra/template.yaml`",
            Self::Switch => "`recado-operator switches`",
            Self::Quota => "AWS: a quota of the account",
            Self::Aws => "AWS: fixed",
            Self::Meta => "Meta",
        }
    }
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, of the template's own where it is the template's.
    pub name: &'static str,
    /// As the template, a new account and a new number have it.
    pub first: String,
    /// As it is recommended.
    pub recommended: String,
    /// Who sets it.
    pub whose: Whose,
}

impl Parameter {
    pub(crate) fn row(&self) -> String {
        let name = match self.whose {
            Whose::Template | Whose::Switch => format!("`{}`", self.name),
            Whose::Quota | Whose::Aws | Whose::Meta => self.name.to_owned(),
        };
        let (first, recommended, whose) = (&self.first, &self.recommended, self.whose.name());
        if first == recommended {
            format!("| {name} | {first} | {recommended} | {whose} |")
        } else {
            format!("| {name} | {first} | **{recommended}** | {whose} |")
        }
    }
}

/// How a value is read out of a scenario.
type Read = fn(&Scenario) -> String;

/// Every limit that the simulation knows.
#[must_use]
pub fn parameters(settings: &Settings) -> Vec<Parameter> {
    let mut first = Scenario::new("", settings);
    first.rate = 80;
    let aim = recommended("", settings);
    let rows: [(&'static str, Whose, Read); 20] = [
        ("BankApiRateLimit", Whose::Template, |it| {
            it.settings.bank_rate.to_string()
        }),
        ("CriticalConcurrency", Whose::Template, |it| {
            it.settings.lanes[0].to_string()
        }),
        ("StandardConcurrency", Whose::Template, |it| {
            it.settings.lanes[1].to_string()
        }),
        ("BulkConcurrency", Whose::Template, |it| {
            it.settings.lanes[2].to_string()
        }),
        ("FallbackConcurrency", Whose::Template, |it| {
            it.settings.timers.to_string()
        }),
        ("WebhookApiRateLimit", Whose::Template, |it| {
            it.settings.webhook_rate.to_string()
        }),
        ("TableWarmWrites", Whose::Template, |it| {
            it.settings.warm_writes.to_string()
        }),
        ("TableWarmReads", Whose::Template, |it| {
            it.settings.warm_reads.to_string()
        }),
        ("PostTimeout", Whose::Template, |it| {
            format!("{:?}", it.settings.limits.post_timeout)
        }),
        ("RetryWindow", Whose::Template, |it| {
            format!("{:?}", it.settings.limits.retry_window)
        }),
        ("sms-budget", Whose::Switch, budget),
        (
            "API Gateway, requests per second of all APIs",
            Whose::Quota,
            |it| it.account.gateway.to_string(),
        ),
        (
            "Lambda, invocations at once; ten times as many per second",
            Whose::Quota,
            |it| it.account.concurrency.to_string(),
        ),
        ("SNS, SMS per second", Whose::Quota, |it| {
            it.account.sms.to_string()
        }),
        (
            "an event source's copies at first, and more a minute",
            Whose::Aws,
            |it| format!("{} + {}", it.account.copies.0, it.account.copies.1),
        ),
        (
            "DynamoDB, read units per second of a partition",
            Whose::Aws,
            |it| it.account.partition_reads.to_string(),
        ),
        ("numbers", Whose::Meta, |it| it.numbers.to_string()),
        ("messages per second of a number", Whose::Meta, |it| {
            it.rate.to_string()
        }),
        (
            "messages to one person: one in so many seconds",
            Whose::Meta,
            |it| it.meta.pair.0.to_string(),
        ),
        ("messages to one person: at once", Whose::Meta, |it| {
            it.meta.pair.1.to_string()
        }),
    ];
    let parameter = |(name, whose, read): (&'static str, Whose, Read)| Parameter {
        name,
        first: read(&first),
        recommended: read(&aim),
        whose,
    };
    rows.into_iter().map(parameter).collect()
}

/// The budget that stands from the beginning.
fn budget(scenario: &Scenario) -> String {
    let mut budgets = scenario.turns.iter().filter_map(|(at, turn)| match turn {
        Turn::SmsBudget(_, Some(budget)) if *at == 0 => budget.per_minute,
        Turn::SmsBudget(..) | Turn::Sending(..) | Turn::Breaker(..) | Turn::Rate(..) => None,
    });
    budgets.next_back().map_or("none".to_owned(), |per_minute| {
        format!("{per_minute} a minute")
    })
}
