//! Runs seeds: a million of them, or one with its whole history.
//!
//! ```text
//! cargo run --profile simulator -p recado-simulator -- --seeds 1000000 [--from N] [--jobs N]
//! cargo run -p recado-simulator -- --seed N [--trace]
//! ```

use std::process::{Command, ExitCode, Stdio};
use std::thread::available_parallelism;

use anyhow::{Result, bail};
use lexopt::prelude::*;
use recado_simulator::audit::{Evidence, audit};
use recado_simulator::fleet::{self, Range};
use recado_simulator::report::Report;
use recado_simulator::story;

#[derive(Default)]
struct Options {
    from: u64,
    seeds: Option<u64>,
    jobs: Option<usize>,
    seed: Option<u64>,
    mode: Mode,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Report,
    Trace,
    /// The process that runs seeds for another.
    Worker,
    /// The process that prints a run for another.
    Tracer,
}

fn options() -> Result<Options> {
    let mut options = Options::default();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("from") => options.from = arguments.value()?.parse()?,
            Long("seeds") => options.seeds = Some(arguments.value()?.parse()?),
            Long("jobs") => options.jobs = Some(arguments.value()?.parse()?),
            Long("seed") => options.seed = Some(arguments.value()?.parse()?),
            Long("trace") => options.mode = Mode::Trace,
            Long("worker") => options.mode = Mode::Worker,
            Long("tracer") => options.mode = Mode::Tracer,
            Short(_) | Long(_) | Value(_) => bail!("{}", argument.unexpected()),
        }
    }
    Ok(options)
}

fn main() -> Result<ExitCode> {
    let options = options()?;
    let from = options.seed.unwrap_or(options.from);
    let seeds = match options.seed {
        Some(_) => 1,
        None => options.seeds.unwrap_or(1_000),
    };
    match options.mode {
        Mode::Tracer => return Ok(trace(from)),
        Mode::Worker => {
            let mut report = Report::default();
            for seed in from..from + seeds {
                report.add(Report::of_seed(seed));
            }
            eprintln!("{}", report.to_json());
            return Ok(ExitCode::SUCCESS);
        }
        Mode::Report | Mode::Trace => {}
    }
    let program = std::env::current_exe()?;
    if options.mode == Mode::Trace {
        // Its standard output is where the handlers' metrics go: to nowhere.
        let traced = Command::new(program)
            .args(["--tracer", "--seed", &from.to_string()])
            .stdout(Stdio::null())
            .status()?;
        return Ok(match traced.success() {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        });
    }
    let range = Range {
        from,
        seeds,
        jobs: match options.jobs {
            Some(jobs) => jobs,
            None => available_parallelism()?.get(),
        },
    };
    let progress = |done| eprint!("\r{done} of {seeds}");
    let report = fleet::run(program.as_os_str(), range, progress)?;
    eprintln!();
    println!("{report}");
    Ok(match report.broken.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Prints everything that happened in a seed's run, and what the auditor says of it.
fn trace(seed: u64) -> ExitCode {
    let evidence = Evidence::of(&story::tell(seed));
    eprintln!("seed {seed}: {:?}\n{}", evidence.climate, evidence.history);
    eprintln!("fingerprint {:016x}", evidence.history.fingerprint());
    let findings = audit(&evidence);
    for violation in &findings.violations {
        eprintln!("{violation:?}");
    }
    match findings.violations.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
