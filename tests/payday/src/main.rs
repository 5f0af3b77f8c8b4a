//! Simulates a payday and prints what came of it.
//!
//! ```text
//! cargo run --release -p recado-payday                                          every scenario, one in ten
//! cargo run --release -p recado-payday -- --scenario "three at 1000" --scale 1  one, all five million
//! ```

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;
use recado_payday::scenario::{Scenario, Stretch};
use recado_payday::settings::{Settings, span};
use recado_payday::{page, run};

const USAGE: &str = "\
cargo run --release -p recado-payday -- [options]
  --scenario NAME    this one alone
  --scale N          every number that counts divided by N (10); 1 is five million
  --numbers N        WhatsApp numbers, each a bank's
  --rate N           messages per second that Meta allows each
  --off N            phones that are off, of a thousand
  --late 5m          receipts come so late, from minute 20 to 35
  --sms N            SMS per second that SNS allows
  --warm N           write and read units per second that the table is warm for
  --seed N           of all chance (1)
  --json FILE        the outcomes, for programs";

struct Options {
    scenario: Option<String>,
    scale: u32,
    numbers: Option<u32>,
    rate: Option<u32>,
    off: Option<u32>,
    late: Option<u32>,
    sms: Option<u32>,
    warm: Option<u32>,
    seed: u64,
    json: Option<PathBuf>,
}

fn options() -> Result<Options> {
    let mut options = Options {
        scenario: None,
        scale: page::SCALE,
        numbers: None,
        rate: None,
        off: None,
        late: None,
        sms: None,
        warm: None,
        seed: 1,
        json: None,
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("scenario") => options.scenario = Some(arguments.value()?.string()?),
            Long("scale") => options.scale = arguments.value()?.parse()?,
            Long("numbers") => options.numbers = Some(arguments.value()?.parse()?),
            Long("rate") => options.rate = Some(arguments.value()?.parse()?),
            Long("off") => options.off = Some(arguments.value()?.parse()?),
            Long("late") => {
                let late = span(&arguments.value()?.string()?)?;
                options.late = Some(u32::try_from(late.as_secs())?);
            }
            Long("sms") => options.sms = Some(arguments.value()?.parse()?),
            Long("warm") => options.warm = Some(arguments.value()?.parse()?),
            Long("seed") => options.seed = arguments.value()?.parse()?,
            Long("json") => options.json = Some(arguments.value()?.into()),
            Long("help") | Short('h') => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            Short(_) | Long(_) | Value(_) => bail!("{}\n{USAGE}", argument.unexpected()),
        }
    }
    if options.scale == 0 || options.numbers == Some(0) {
        bail!("--scale and --numbers begin at 1");
    }
    Ok(options)
}

impl Options {
    fn change(&self, scenario: &Scenario) -> Scenario {
        let mut changed = scenario.clone();
        changed.seed = self.seed;
        changed.numbers = self.numbers.unwrap_or(changed.numbers);
        changed.rate = self.rate.unwrap_or(changed.rate);
        changed.customers.off = self.off.unwrap_or(changed.customers.off);
        changed.account.sms = self.sms.unwrap_or(changed.account.sms);
        if let Some(warm) = self.warm {
            (changed.settings.warm_writes, changed.settings.warm_reads) = (warm, warm);
        }
        if let Some(late) = self.late {
            let stretch = Stretch {
                from: 20 * 60,
                seconds: 15 * 60,
            };
            changed.meta.late = Some((stretch, late));
        }
        changed.scaled(self.scale)
    }
}

fn main() -> Result<()> {
    let options = options()?;
    let all = Scenario::all(&Settings::of_template()?);
    let chosen = |scenario: &&Scenario| {
        let name = options.scenario.as_ref();
        name.is_none_or(|name| *name == scenario.name)
    };
    let scenarios: Vec<Scenario> = all
        .iter()
        .filter(chosen)
        .map(|scenario| options.change(scenario))
        .collect();
    if scenarios.is_empty() {
        let names: Vec<&str> = all.iter().map(|scenario| scenario.name.as_str()).collect();
        bail!("no such scenario: {}", names.join(", "));
    }
    let mut outcomes = Vec::new();
    for scenario in &scenarios {
        eprintln!("{}", scenario.name);
        outcomes.push(run(scenario)?);
    }
    println!("{}", page::tables(&scenarios, &outcomes)?);
    if let Some(file) = options.json {
        let text = serde_json::to_string_pretty(&outcomes)?;
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
