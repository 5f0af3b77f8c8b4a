//! The page's tables of requests and units.

use std::fmt::Write as _;

use anyhow::Result;
use recado_local::cost::{Counted, Prices};
use recado_tests::counted::TEN;

use crate::budget::{Budget, Measured};
use crate::units::{Weighed, Weights};

/// The budgets, and what they were measured at.
pub(crate) fn budgets(page: &mut String, budgets: &[Budget]) -> Result<()> {
    writeln!(
        page,
        "## Budgets\n\nOf one notification. The gate fails when one is exceeded; they stand in \
         `tests/tests/cost/budget.rs`.\n\n| | measured | at most |\n|---|---:|---:|"
    )?;
    for budget in budgets {
        let Budget {
            what,
            most,
            measured,
        } = budget;
        writeln!(page, "| {what} | {measured} | {most} |")?;
    }
    page.push('\n');
    Ok(())
}

const QUEUES: &str = "\
## Requests to the queues

*Alone*: each message is sent, received and deleted by itself. *Of ten*: ten jobs lie in the lane and one
receive takes them; their timers go by one request, and are due and taken together. The bank's ten requests
put one job each. A one-time code has a guard beside it, which is sent, received and deleted too.

| per notification | happy, alone | a one-time code, alone | happy, of ten |
|---|---:|---:|---:|
";

/// Sent, received, deleted.
pub(crate) fn queues(page: &mut String, prices: &Prices, measured: &Measured) -> Result<()> {
    page.push_str(QUEUES);
    let columns = [
        (&measured.happy, 1),
        (&measured.code, 1),
        (&measured.ten, TEN),
    ];
    let mut row = |name: &str, count: fn(&Counted) -> u64, factor: f64| {
        let [alone, code, ten] = columns.map(|(counted, of)| {
            let count = u32::try_from(count(counted)).map_or(f64::MAX, f64::from);
            count * factor / f64::from(of)
        });
        writeln!(page, "| {name} | {alone:.1} | {code:.1} | {ten:.1} |")
    };
    row("requests that send", |counted| counted.sends, 1.0)?;
    row("requests that receive", |counted| counted.receives, 1.0)?;
    row("requests that delete", |counted| counted.deletes, 1.0)?;
    row("together", Counted::queue_requests, 1.0)?;
    let usd = prices.usd("sqs_requests")?;
    row(
        "USD per million notifications",
        Counted::queue_requests,
        usd,
    )?;
    page.push('\n');
    Ok(())
}

const UNITS: &str = "\
## Write units by template

DynamoDB bills a write by the whole item, 1,024 bytes a unit. Each template of the catalogue with its own
example parameters, in the language in which its item is largest, with a reference of 36 characters, to a
recipient whose WhatsApp user id is known; bytes at the item's largest moment. *Happy*: accepted, claimed,
submitted, delivered, read. *Fallback*: accepted, claimed, submitted, then each later leg claimed and sent.
Servicing and marketing count against the day's cap by a write of a unit more.

| template | class | language | bytes | of them sealed | masked | units, happy | bytes with the fallback | units, fallback |
|---|---|---|---:|---:|---:|---|---:|---|
";

/// A line for each template, and a word on what takes more than a unit.
pub(crate) fn units(page: &mut String, all: &[Weighed]) -> Result<()> {
    page.push_str(UNITS);
    let mut larger = String::new();
    for weighed in all {
        let Weighed {
            template,
            locale,
            sealed,
            masked,
            happy,
            fallback,
        } = weighed;
        let (bytes, fallen) = match fallback {
            Some(way) => (way.bytes()?.to_string(), each(way)),
            None => ("–".to_owned(), "–".to_owned()),
        };
        writeln!(
            page,
            "| {} | {} | {} | {} | {sealed} | {masked} | {} | {bytes} | {fallen} |",
            template.name,
            template.class.name(),
            locale.code(),
            happy.bytes()?,
            each(happy)
        )?;
        if !happy.is_one_each() || !fallback.as_ref().is_none_or(Weights::is_one_each) {
            writeln!(
                larger,
                "- `{}` takes more than a unit at some writes: of {bytes} bytes with the facts of its later legs, {} \
                 are its {} parameters, sealed for the channels and masked for whoever looks.",
                template.name,
                sealed + masked,
                template.params.len(),
            )?;
        }
    }
    page.push('\n');
    if !larger.is_empty() {
        writeln!(page, "{larger}")?;
    }
    Ok(())
}

fn each(way: &Weights) -> String {
    let units: Vec<String> = way.units.iter().map(f64::to_string).collect();
    units.join(" ")
}
