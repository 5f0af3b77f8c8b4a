//! What the kernel knows of a process.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// The most memory that a process has had resident so far, in bytes.
///
/// # Errors
/// When the process is gone, or this is no Linux.
pub(crate) fn peak_memory(process: u32) -> Result<u64> {
    let path = PathBuf::from(format!("/proc/{process}/status"));
    let text = std::fs::read_to_string(&path).context("no such process")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB"));
    let kib: u64 = kib.context("no VmHWM")?.trim().parse()?;
    Ok(kib * 1024)
}

/// The time that the threads of a process have had on a core so far.
///
/// # Errors
/// When the process is gone, or this is no Linux.
pub(crate) fn cpu(process: u32) -> Result<Duration> {
    let mut nanos = 0;
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        let own: u64 = text
            .split_whitespace()
            .next()
            .context("no schedstat")?
            .parse()?;
        nanos += own;
    }
    Ok(Duration::from_nanos(nanos))
}

/// Where a program of this machine is.
///
/// # Errors
/// When it is in no folder of `PATH`.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let output = std::process::Command::new("which").arg(name).output()?;
    let path = String::from_utf8(output.stdout)?;
    let path = path.trim();
    ensure!(!path.is_empty(), "{name} is not installed");
    Ok(PathBuf::from(path))
}

/// The machine: its processor, cores and memory.
#[must_use]
pub(crate) fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("an unknown processor", |line| {
            line.trim_matches([' ', '\t', ':'])
        });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = read("/proc/meminfo");
    let kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok())
        .unwrap_or_default();
    let gib = kib.div_ceil(1024 * 1024);
    format!(
        "{model}, {cores} cores, {gib} GiB, {}",
        std::env::consts::ARCH
    )
}
