//! One function's process: its start, its work once it is warm, what it needs for both.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use recado_local::lambda::Function;
use serde::Serialize;
use tokio::process::Command;
use tokio::time::Instant;

use crate::ground::Ground;
use crate::process;

/// Longer than callgrind takes to write what it has counted.
const WRITING: Duration = Duration::from_secs(60);

/// Rounds of warm invocations, so that one figure has a spread.
const ROUNDS: usize = 10;

/// Something that can be started in a function's place.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// What the tables call it.
    pub(crate) name: String,
    /// Whose variables and rights it has: a function's logical id.
    pub(crate) id: &'static str,
    /// The program.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
}

/// One cold start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cold {
    /// From the process' start to its first request for an invocation.
    pub(crate) init: Duration,
    /// The first invocation, from the event to its answer.
    pub(crate) first: Duration,
    /// The most memory resident, in bytes.
    pub(crate) memory: u64,
    /// Time on a core, of both.
    pub(crate) cpu: Duration,
}

/// Warm invocations.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Warm {
    /// How many were measured.
    pub(crate) invocations: usize,
    /// Of an invocation, from the event to its answer: median, milliseconds.
    pub(crate) wall_ms: f64,
    /// Time on a core per invocation, milliseconds: median of [`ROUNDS`].
    pub(crate) cpu_ms: f64,
    /// Half of what lies between the second and the last but one of them.
    pub(crate) cpu_spread_ms: f64,
    /// The most memory resident after all of them, in bytes.
    pub(crate) peak_memory: u64,
}

async fn invoke(function: &Function, event: Bytes) -> Result<Duration> {
    let begun = Instant::now();
    let answer = function.invoke(event).await?;
    let took = begun.elapsed();
    let text = String::from_utf8_lossy(&answer);
    let is_fine = !text.contains("itemIdentifier")
        && !text.contains("\"statusCode\":4")
        && !text.contains("\"statusCode\":5");
    ensure!(is_fine, "{} answered {text}", function.name());
    Ok(took)
}

impl Candidate {
    fn start(&self, ground: &Ground) -> Result<Function> {
        ground.function(self.id, self.program.clone(), self.arguments.clone())
    }

    /// Starts a process for this one event, and ends it.
    ///
    /// # Errors
    /// When it does not start or the event fails.
    pub(crate) async fn cold(&self, ground: &Ground, event: Bytes) -> Result<Cold> {
        let function = self.start(ground)?;
        let took = invoke(&function, event)
            .await
            .with_context(|| self.name.clone())?;
        let (instance, process) = instance(&function)?;
        let init = instance.1.context("it answered and never asked")?;
        let cold = Cold {
            init,
            first: took.saturating_sub(init),
            memory: process::peak_memory(process)?,
            cpu: process::cpu(process)?,
        };
        function.kill_instance(&instance.0).await;
        Ok(cold)
    }

    /// Invokes one process again and again; the first `settling` are not counted.
    ///
    /// # Errors
    /// When an event fails.
    pub(crate) async fn warm(
        &self,
        ground: &Ground,
        mut events: impl Iterator<Item = Bytes>,
        settling: usize,
    ) -> Result<Warm> {
        let function = self.start(ground)?;
        for event in events.by_ref().take(settling) {
            invoke(&function, event)
                .await
                .with_context(|| self.name.clone())?;
        }
        let (instance, process) = instance(&function)?;
        let (mut walls, mut cpus) = (Vec::new(), Vec::new());
        let events: Vec<Bytes> = events.collect();
        for round in events.chunks_exact(events.len() / ROUNDS) {
            let before = process::cpu(process)?;
            for event in round {
                walls.push(invoke(&function, event.clone()).await?);
            }
            let cpu = process::cpu(process)?.saturating_sub(before);
            cpus.push(cpu / u32::try_from(round.len())?);
        }
        let cpu = median(&mut cpus);
        let spread = cpus[cpus.len() - 2].saturating_sub(cpus[1]) / 2;
        let peak_memory = process::peak_memory(process)?;
        function.kill_instance(&instance.0).await;
        Ok(Warm {
            invocations: walls.len(),
            wall_ms: millis(median(&mut walls)),
            cpu_ms: millis(cpu),
            cpu_spread_ms: millis(spread),
            peak_memory,
        })
    }

    /// Instructions of a warm invocation, as callgrind counts them: those of a run with more invocations less
    /// those of one with fewer.
    ///
    /// # Errors
    /// When valgrind is not there, or an event fails.
    pub(crate) async fn instructions(
        &self,
        ground: &Ground,
        events: &[Bytes],
        folder: &Path,
    ) -> Result<u64> {
        let fewer = events.len() / 5;
        let few = self.counted(ground, &events[..fewer], folder).await?;
        let many = self.counted(ground, &events[fewer..], folder).await?;
        let more = u64::try_from(events.len() - 2 * fewer)?;
        Ok(many.saturating_sub(few) / more)
    }

    async fn counted(&self, ground: &Ground, events: &[Bytes], folder: &Path) -> Result<u64> {
        std::fs::create_dir_all(folder)?;
        let file = folder.join(format!("{}.{}", self.name, events.len()));
        if file.exists() {
            std::fs::remove_file(&file)?;
        }
        let mut arguments = vec![
            "--tool=callgrind".to_owned(),
            "--quiet".to_owned(),
            format!("--callgrind-out-file={}", file.display()),
            self.program.display().to_string(),
        ];
        arguments.extend(self.arguments.clone());
        let function = ground.function(self.id, process::program("valgrind")?, arguments)?;
        for event in events {
            invoke(&function, event.clone()).await?;
        }
        let (_, process) = instance(&function)?;
        // Not killed: it writes its counts when it is asked to end.
        Command::new("kill")
            .args(["-TERM", &process.to_string()])
            .status()
            .await?;
        let end = Instant::now() + WRITING;
        loop {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let total = text
                .lines()
                .find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
            if let Some(total) = total {
                return Ok(total);
            }
            if Instant::now() > end {
                bail!("callgrind wrote nothing of {}", self.name);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

type Started = (String, Option<Duration>);

fn instance(function: &Function) -> Result<(Started, u32)> {
    let instance = function.instances().into_iter().next();
    let instance = instance.with_context(|| format!("{} has no process", function.name()))?;
    let process = instance.process.context("a process without an id")?;
    Ok(((instance.id, instance.init), process))
}

/// Milliseconds.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// The one in the middle; zero of none.
pub(crate) fn median(durations: &mut [Duration]) -> Duration {
    durations.sort();
    durations
        .get(durations.len() / 2)
        .copied()
        .unwrap_or_default()
}
