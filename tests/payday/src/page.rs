//! The tables of what came of a payday.

use std::fmt::Write as _;

use anyhow::Result;
use recado_domain::delivery::Status;

use crate::outcome::{Bound, Outcome, Spread};
use crate::parameters::parameters;
use crate::scenario::Scenario;
use crate::settings::Settings;

/// What was simulated and what came of it.
pub type Run = (Scenario, Outcome);

/// Every limit, as it is at first and as it is recommended.
///
/// # Errors
/// When a figure cannot be written.
pub fn limits(page: &mut String, settings: &Settings) -> Result<()> {
    writeln!(
        page,
        "### The limits\n\nIn bold what is recommended and differs.\n\n\
         | limit | at first | recommended | who sets it |\n|---|---:|---:|---|"
    )?;
    for parameter in parameters(settings) {
        writeln!(page, "{}", parameter.row())?;
    }
    page.push('\n');
    Ok(())
}

/// What came of each, what stood in its way, and when. Counts are those of the whole payday: what was
/// simulated, times the scale.
///
/// # Errors
/// When a figure cannot be written.
pub fn tables(page: &mut String, runs: &[Run]) -> Result<()> {
    sums(page, runs)?;
    bounds(page, runs)?;
    sms(page, runs)
}

fn thousands(count: u64, scale: u32) -> String {
    let count = count * u64::from(scale);
    let thousands = u32::try_from(count / 100).map_or(f64::MAX, f64::from) / 10.0;
    format!("{thousands:.1}")
}

fn minute(second: u32) -> String {
    format!("{}:{:02}", second / 60, second % 60)
}

fn seconds(spread: Option<&Spread>) -> String {
    spread.map_or(String::new(), |spread| {
        format!("{:.1} / {:.1} / {:.1}", spread.p50, spread.p95, spread.p99)
    })
}

fn sums(page: &mut String, runs: &[Run]) -> Result<()> {
    page.push_str(
        "### What came of it\n\nIn thousands, as they stand at the end of what is simulated. Seconds: 50 / 95 / 99 of a hundred, \
         from acceptance to Meta's answer. USD: AWS without the SMS, and the SMS; Meta's own price is in neither.\n\n\
         | | minutes | one in | accepted | delivered or read | SMS | both | submitted, no word | expired, failed, unknown | \
         open | last submitted | critical, s | standard, s | bulk, s | AWS | SMS, USD |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for (scenario, outcome) in runs {
        let of = |statuses: &[Status]| {
            let counts = statuses.iter().map(|status| outcome.ended_as(*status));
            thousands(counts.sum(), scenario.scale)
        };
        let lane = |name: &str| seconds(outcome.accept_to_submit.get(name));
        let scale = f64::from(scenario.scale);
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.0} | {:.0} |",
            outcome.name,
            scenario.seconds / 60,
            scenario.scale,
            thousands(outcome.accepted, scenario.scale),
            of(&[Status::Delivered, Status::Read]),
            thousands(outcome.sms, scenario.scale),
            thousands(outcome.delivered_twice, scenario.scale),
            of(&[Status::Submitted]),
            of(&[Status::Expired, Status::Failed, Status::Unknown]),
            of(&[Status::Accepted]),
            minute(outcome.last_submitted),
            lane("critical"),
            lane("standard"),
            lane("bulk"),
            outcome.usd_aws * scale,
            outcome.usd_sms * scale
        )?;
    }
    page.push('\n');
    Ok(())
}

fn named(bound: &Bound) -> String {
    let (first, last) = (minute(bound.first), minute(bound.last));
    format!("{} ({first}–{last})", bound.limit)
}

fn bounds(page: &mut String, runs: &[Run]) -> Result<()> {
    page.push_str(
        "### What stood in the way\n\nThe first limit first, with the minutes of its first and last time. A share or \
         copies count where a backlog waited for them.\n\n| | first | then |\n|---|---|---|\n",
    );
    for (_, outcome) in runs {
        let mut bounds = outcome.bounds.iter().map(named);
        let first = bounds.next().unwrap_or_else(|| "nothing".to_owned());
        let rest: Vec<String> = bounds.collect();
        writeln!(page, "| {} | {first} | {} |", outcome.name, rest.join("; "))?;
    }
    page.push('\n');
    Ok(())
}

/// From the template's defaults to what is recommended, one limit after the other.
///
/// # Errors
/// When a figure cannot be written.
pub fn steps(page: &mut String, runs: &[Run]) -> Result<()> {
    page.push_str(
        "### What throttles first, and what then\n\nThe first quarter of an hour, in which the bank asks for half of the \
         five million. Each line lifts a limit to what is recommended and keeps what was lifted before. In \
         thousands.\n\n| lifted | accepted | submitted | SMS | first in the way | then |\n|---|---:|---:|---:|---|---|\n",
    );
    for (scenario, outcome) in runs {
        let submitted: u64 = outcome.by_ten_minutes.iter().map(|it| it.submitted).sum();
        let mut bounds = outcome.bounds.iter().map(named);
        let first = bounds.next().unwrap_or_else(|| "nothing".to_owned());
        let rest: Vec<String> = bounds.take(3).collect();
        writeln!(
            page,
            "| {} | {} | {} | {} | {first} | {} |",
            outcome.name,
            thousands(outcome.accepted, scenario.scale),
            thousands(submitted, scenario.scale),
            thousands(outcome.sms, scenario.scale),
            rest.join("; ")
        )?;
    }
    page.push('\n');
    Ok(())
}

/// A payday by ten minutes.
///
/// # Errors
/// When a figure cannot be written.
pub fn minutes(page: &mut String, (scenario, outcome): &Run) -> Result<()> {
    writeln!(
        page,
        "### {}, by ten minutes\n\nIn thousands.\n\n| from minute | accepted | submitted | delivered | SMS |\n\
         |---:|---:|---:|---:|---:|",
        outcome.name
    )?;
    for stage in &outcome.by_ten_minutes {
        let of = |count| thousands(count, scenario.scale);
        writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            stage.minute,
            of(stage.accepted),
            of(stage.submitted),
            of(stage.delivered),
            of(stage.sms)
        )?;
    }
    page.push('\n');
    Ok(())
}

/// When the SMS left.
fn sms(page: &mut String, runs: &[Run]) -> Result<()> {
    let longest = runs.iter().map(|(_, outcome)| outcome.by_ten_minutes.len());
    let columns = longest.max().unwrap_or_default();
    page.push_str("### SMS by ten minutes\n\nIn thousands, from minute\n\n| |");
    for place in 0..columns {
        write!(page, " {} |", place * 10)?;
    }
    writeln!(page, "\n|---|{}", "---:|".repeat(columns))?;
    for (scenario, outcome) in runs {
        write!(page, "| {} |", outcome.name)?;
        for place in 0..columns {
            let stage = outcome.by_ten_minutes.get(place);
            let sms = stage.map_or(String::new(), |stage| thousands(stage.sms, scenario.scale));
            write!(page, " {sms} |")?;
        }
        page.push('\n');
    }
    page.push('\n');
    Ok(())
}
