//! Many seeds over several processes: each runs in one thread, and what the handlers print as metrics
//! goes nowhere.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::report::Report;

/// Seeds that one process runs before it hands its report over.
const AT_ONCE: u64 = 250;

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// The first seed.
    pub from: u64,
    /// How many.
    pub seeds: u64,
    /// In how many processes.
    pub jobs: usize,
}

/// Runs seeds with `program`, the binary `simulate`; `progress` hears how many are done.
pub fn run(program: &OsStr, range: Range, progress: impl Fn(u64) + Sync) -> Result<Report> {
    let end = range.from + range.seeds;
    let state = Mutex::new((range.from, Report::default()));
    let worker = || -> Result<()> {
        loop {
            let (from, seeds) = {
                let mut state = lock(&state);
                let from = state.0;
                let seeds = AT_ONCE.min(end - from);
                if seeds == 0 {
                    return Ok(());
                }
                state.0 += seeds;
                (from, seeds)
            };
            let report = work(program, from, seeds)?;
            let mut state = lock(&state);
            state.1.add(report);
            progress(state.1.counts.get("runs").copied().unwrap_or(0));
        }
    };
    thread::scope(|scope| -> Result<()> {
        let workers: Vec<_> = (0..range.jobs.max(1))
            .map(|_| scope.spawn(worker))
            .collect();
        for worker in workers {
            match worker.join() {
                Ok(outcome) => outcome?,
                Err(_) => bail!("a thread that waits for a worker panicked"),
            }
        }
        Ok(())
    })?;
    let (_, mut report) = state.into_inner().unwrap_or_else(|it| it.into_inner());
    report.broken.sort_by_key(|broken| broken.seed);
    Ok(report)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|it| it.into_inner())
}

fn work(program: &OsStr, from: u64, seeds: u64) -> Result<Report> {
    let output = Command::new(program)
        .args(["--worker", "--from", &from.to_string()])
        .args(["--seeds", &seeds.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .context("cannot start a worker")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or_default();
    let report = serde_json::from_str(last).ok();
    let report = report.as_ref().and_then(Report::from_json);
    report.with_context(|| {
        format!("the worker of the seeds from {from} ended without a report:\n{said}")
    })
}
