//! The tables of what came of a payday.

use std::fmt::Write as _;

use anyhow::Result;
use recado_domain::delivery::Status;

use crate::outcome::Outcome;
use crate::scenario::Scenario;

/// Unless told otherwise, one in so many is simulated, with every limit divided by the same.
pub const SCALE: u32 = 10;

/// What came of each scenario, what stood in its way, and when. Counts are those of the whole payday: what
/// was simulated, times the scale.
///
/// # Errors
/// When a figure cannot be written.
pub fn tables(scenarios: &[Scenario], outcomes: &[Outcome]) -> Result<String> {
    let mut page = String::new();
    sums(&mut page, scenarios, outcomes)?;
    bounds(&mut page, outcomes)?;
    for (scenario, outcome) in scenarios.iter().zip(outcomes) {
        minutes(&mut page, scenario, outcome)?;
    }
    Ok(page)
}

fn thousands(count: u64, scale: u32) -> String {
    let count = count * u64::from(scale);
    let thousands = u32::try_from(count / 100).map_or(f64::MAX, f64::from) / 10.0;
    format!("{thousands:.1}")
}

fn minute(second: u32) -> String {
    format!("{}:{:02}", second / 60, second % 60)
}

fn sums(page: &mut String, scenarios: &[Scenario], outcomes: &[Outcome]) -> Result<()> {
    page.push_str(
        "### What came of it\n\nNotifications in thousands, as they stand at the end of what is simulated. Seconds: 50 / 95 / 99 of a \
         hundred, from acceptance to Meta's answer.\n\n\
         | | delivered or read | SMS sent | delivered twice | submitted, no word | expired, failed, unknown | open | \
         last submitted | critical, s | standard, s | bulk, s | AWS, USD | SMS, USD |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for (scenario, outcome) in scenarios.iter().zip(outcomes) {
        let of = |statuses: &[Status]| {
            let sum = statuses
                .iter()
                .map(|status| outcome.ended_as(*status))
                .sum();
            thousands(sum, scenario.scale)
        };
        let lane = |name: &str| {
            let spread = outcome.accept_to_submit.get(name);
            spread.map_or(String::new(), |spread| {
                format!("{:.1} / {:.1} / {:.1}", spread.p50, spread.p95, spread.p99)
            })
        };
        let scale = f64::from(scenario.scale);
        writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.0} | {:.0} |",
            outcome.name,
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

fn bounds(page: &mut String, outcomes: &[Outcome]) -> Result<()> {
    page.push_str(
        "### What stood in the way\n\nThe first limit first, with the minutes of its first and last time. A share or \
         copies count where a backlog waited for them.\n\n| | first | then |\n|---|---|---|\n",
    );
    for outcome in outcomes {
        let mut named = outcome.bounds.iter().map(|bound| {
            format!(
                "{} ({}–{})",
                bound.limit,
                minute(bound.first),
                minute(bound.last)
            )
        });
        let first = named.next().unwrap_or_else(|| "nothing".to_owned());
        let rest: Vec<String> = named.collect();
        writeln!(page, "| {} | {first} | {} |", outcome.name, rest.join("; "))?;
    }
    page.push('\n');
    Ok(())
}

fn minutes(page: &mut String, scenario: &Scenario, outcome: &Outcome) -> Result<()> {
    writeln!(
        page,
        "### {}, by ten minutes\n\nThousands.\n\n| from minute | accepted | submitted | delivered | SMS |\n\
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
