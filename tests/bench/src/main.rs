//! Measures Recado on this machine: what a function needs to start and to work, beside the empty function and
//! peers in Python and Node; what a notification takes; how many the whole stack delivers.
//!
//! ```text
//! cargo run --release -p recado-bench            everything; the table, and target/bench/result.json
//! cargo run --release -p recado-bench -- --docs  the same, and the figures on the pages
//! ```

mod binaries;
mod counts;
mod events;
mod functions;
mod ground;
mod load;
mod measure;
mod pages;
mod peers;
mod process;
mod pure;
mod report;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use functions::Effort;
use lexopt::prelude::*;
use recado_local::functions::workspace_root;
use recado_tests::now;
use report::Report;

const USAGE: &str = "\
cargo run --release -p recado-bench -- [options]
  --only PART,…          functions, load, pure, counts (all of them)
  --functions NAME,…     these alone, without the peers
  --cold N               cold processes of each (25)
  --warm N               warm invocations of each that are measured (250)
  --notifications N      of the load (20000)
  --docs                 puts the figures on docs/BENCHMARK.md and the README
  --json FILE            where the figures go (target/bench/result.json)";

struct Options {
    only: BTreeSet<String>,
    effort: Effort,
    notifications: usize,
    json: PathBuf,
    docs: Docs,
}

/// Whether the pages get the figures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Docs {
    Write,
    Leave,
}

fn options() -> Result<Options> {
    let parts = ["functions", "load", "pure", "counts"];
    let mut options = Options {
        only: parts.map(str::to_owned).into(),
        effort: Effort {
            functions: Vec::new(),
            cold: 25,
            warm: 250,
            settling: 100,
            counted: 30,
        },
        notifications: 20_000,
        json: workspace_root().join("target/bench/result.json"),
        docs: Docs::Leave,
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("only") => {
                let list = arguments.value()?.string()?;
                options.only = list.split(',').map(|part| part.trim().to_owned()).collect();
                let unknown = options
                    .only
                    .iter()
                    .find(|part| !parts.contains(&part.as_str()));
                if let Some(unknown) = unknown {
                    bail!("--only {unknown}: one of {}", parts.join(", "));
                }
            }
            Long("functions") => {
                let list = arguments.value()?.string()?;
                options.effort.functions = list.split(',').map(str::to_owned).collect();
            }
            Long("cold") => options.effort.cold = arguments.value()?.parse()?,
            Long("warm") => options.effort.warm = arguments.value()?.parse()?,
            Long("notifications") => options.notifications = arguments.value()?.parse()?,
            Long("docs") => options.docs = Docs::Write,
            Long("json") => options.json = arguments.value()?.into(),
            Long("help") | Short('h') => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            other @ (Short(_) | Long(_) | Value(_)) => {
                return Err(other.unexpected()).context(USAGE);
            }
        }
    }
    let Effort { cold, warm, .. } = options.effort;
    ensure!(
        cold >= 5 && warm >= 50,
        "at least 5 cold processes and 50 warm invocations"
    );
    Ok(options)
}

#[tokio::main]
async fn main() -> Result<()> {
    ensure!(
        !cfg!(debug_assertions),
        "only the release profile says anything: cargo run --release -p recado-bench"
    );
    let options = options()?;
    let folder = workspace_root().join("target/bench");
    std::fs::create_dir_all(&folder)?;
    let mut report = Report {
        machine: process::machine(),
        date: now(),
        rustc: rustc()?,
        ..Report::default()
    };
    let wants = |part: &str| options.only.contains(part);
    if wants("pure") {
        report.pure = Some(pure::measure().await?);
    }
    if wants("functions") {
        let folder = folder.join("callgrind");
        report.functions = Some(functions::measure(&options.effort, &folder).await?);
    }
    if wants("counts") {
        report.counts = Some(counts::measure().await?);
    }
    if wants("load") {
        report.load = Some(load::run(options.notifications).await?);
    }
    std::fs::write(&options.json, serde_json::to_string_pretty(&report)?)?;
    let figures = report.markdown()?;
    println!("{figures}");
    if options.docs == Docs::Write {
        pages::put("docs/BENCHMARK.md", &figures)?;
        pages::put("README.md", &report.summary()?)?;
    }
    Ok(())
}

fn rustc() -> Result<String> {
    let output = std::process::Command::new("rustc")
        .arg("--version")
        .output()?;
    let version = String::from_utf8(output.stdout)?;
    Ok(version.split(" (").next().unwrap_or_default().to_owned())
}
