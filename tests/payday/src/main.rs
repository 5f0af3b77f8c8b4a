//! Simulates a payday and prints what came of it.
//!
//! ```text
//! cargo run --release -p recado-payday                                          every scenario of the page
//! cargo run --release -p recado-payday -- --scenario "as recommended" --scale 1 one, all five million
//! cargo run --release -p recado-payday -- --docs                                the figures of docs/SCALE.md
//! ```

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use lexopt::prelude::*;
use recado_payday::scenario::{Scenario, Stretch};
use recado_payday::scenarios::{self, Planned};
use recado_payday::settings::{Settings, span};
use recado_payday::{document, page, run_all};

const USAGE: &str = "\
cargo run --release -p recado-payday -- [options]
  --scenario NAME    this one alone
  --scale N          every number that counts divided by N; 1 is five million (the page's own)
  --seed N           of all chance (1)
  --json FILE        the outcomes, for programs
  --docs             writes the figures of docs/SCALE.md, and takes no other option
a limit, in full size, whatever the scale:
  --notifications N  --seconds N  --numbers N  --rate N (messages per second of a number)
  --pair-seconds N  --pair-burst N   Meta's limit of one sender and one recipient
  --critical N  --standard N  --bulk N  --timers N   the concurrency parameters
  --bank-rate N  --webhook-rate N  --gateway N       requests per second
  --concurrency N  --first-copies N  --copies-per-minute N   Lambda's quota, an event source's growth
  --warm-writes N  --warm-reads N  --partition-reads N       DynamoDB's units per second
  --sms N            SMS per second that SNS allows
  --budget N         SMS per minute that the operator allows
  --off N            phones that are off, of a thousand
  --late 5m          receipts come so late, from minute 20 to 35";

#[derive(Default)]
struct Options {
    scenario: Option<String>,
    scale: Option<u32>,
    seed: Option<u64>,
    json: Option<PathBuf>,
    docs: Option<()>,
    limits: Vec<(String, u32)>,
}

fn options() -> Result<Options> {
    let mut options = Options::default();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("scenario") => options.scenario = Some(arguments.value()?.string()?),
            Long("scale") => options.scale = Some(arguments.value()?.parse()?),
            Long("seed") => options.seed = Some(arguments.value()?.parse()?),
            Long("json") => options.json = Some(arguments.value()?.into()),
            Long("docs") => options.docs = Some(()),
            Long("late") => {
                let late = span(&arguments.value()?.string()?)?;
                let seconds = u32::try_from(late.as_secs())?;
                options.limits.push(("late".to_owned(), seconds));
            }
            Long("help") | Short('h') => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            Long(name) => {
                let name = name.to_owned();
                let value = arguments.value()?.parse()?;
                options.limits.push((name, value));
            }
            Short(_) | Value(_) => bail!("{}\n{USAGE}", argument.unexpected()),
        }
    }
    ensure!(options.scale != Some(0), "--scale begins at 1");
    Ok(options)
}

/// Sets a limit by its option's name.
fn set(scenario: &mut Scenario, name: &str, value: u32) -> Result<()> {
    let (settings, account) = (&mut scenario.settings, &mut scenario.account);
    let limit = match name {
        "notifications" => &mut scenario.notifications,
        "seconds" => &mut scenario.seconds,
        "numbers" => &mut scenario.numbers,
        "rate" => &mut scenario.rate,
        "pair-seconds" => &mut scenario.meta.pair.0,
        "pair-burst" => &mut scenario.meta.pair.1,
        "critical" => &mut settings.lanes[0],
        "standard" => &mut settings.lanes[1],
        "bulk" => &mut settings.lanes[2],
        "timers" => &mut settings.timers,
        "bank-rate" => &mut settings.bank_rate,
        "webhook-rate" => &mut settings.webhook_rate,
        "gateway" => &mut account.gateway,
        "concurrency" => &mut account.concurrency,
        "first-copies" => &mut account.copies.0,
        "copies-per-minute" => &mut account.copies.1,
        "warm-writes" => &mut settings.warm_writes,
        "warm-reads" => &mut settings.warm_reads,
        "partition-reads" => &mut account.partition_reads,
        "sms" => &mut account.sms,
        "off" => &mut scenario.customers.off,
        "budget" => {
            scenario.turns.push((0, scenarios::budget(value)));
            return Ok(());
        }
        "late" => {
            let stretch = Stretch {
                from: 20 * 60,
                seconds: 15 * 60,
            };
            scenario.meta.late = Some((stretch, value));
            return Ok(());
        }
        other => bail!("no option --{other}\n{USAGE}"),
    };
    ensure!(value > 0, "--{name} begins at 1");
    *limit = value;
    Ok(())
}

fn main() -> Result<()> {
    let options = options()?;
    if options.docs.is_some() {
        return document::write();
    }
    let mut planned = scenarios::all(&Settings::of_template()?);
    if let Some(name) = &options.scenario {
        let names: Vec<String> = planned.iter().map(|it| it.scenario.name.clone()).collect();
        planned.retain(|it| it.scenario.name == *name);
        ensure!(
            !planned.is_empty(),
            "no such scenario: {}",
            names.join("; ")
        );
    }
    for Planned { scenario, scale } in &mut planned {
        for (name, value) in &options.limits {
            set(scenario, name, *value)?;
        }
        scenario.seed = options.seed.unwrap_or(scenario.seed);
        *scale = options.scale.unwrap_or(*scale);
    }
    let scenarios: Vec<Scenario> = planned.iter().map(Planned::scaled).collect();
    let outcomes = run_all(&scenarios)?;
    let runs: Vec<page::Run> = scenarios.into_iter().zip(outcomes).collect();
    let mut text = String::new();
    page::tables(&mut text, &runs)?;
    for run in &runs {
        page::minutes(&mut text, run)?;
    }
    println!("{text}");
    if let Some(file) = options.json {
        let outcomes: Vec<_> = runs.iter().map(|(_, outcome)| outcome).collect();
        let text = serde_json::to_string_pretty(&outcomes)?;
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
