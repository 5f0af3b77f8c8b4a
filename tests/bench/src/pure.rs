//! The pure parts, as criterion measures them (`tests/pure`).

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use recado_local::functions::workspace_root;
use serde::Serialize;
use serde_json::Value;
use tokio::process::Command;

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Part {
    /// Its name.
    pub(crate) name: String,
    /// Microseconds: the median.
    pub(crate) median_us: f64,
    /// Between these lies the median with 95 % confidence, microseconds.
    pub(crate) interval_us: [f64; 2],
    /// Elements or bytes that one of them handles, and which.
    pub(crate) handles: Option<(u64, String)>,
}

/// Runs criterion and reads what it wrote.
///
/// # Errors
/// When a benchmark fails.
pub(crate) async fn measure() -> Result<Vec<Part>> {
    let home = workspace_root().join("target/bench/criterion");
    if home.exists() {
        std::fs::remove_dir_all(&home)?;
    }
    let status = Command::new("cargo")
        .args(["bench", "--locked", "--package", "recado-pure"])
        .current_dir(workspace_root())
        .env("CRITERION_HOME", &home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .await?;
    ensure!(status.success(), "cargo bench -p recado-pure: {status}");
    let mut parts = Vec::new();
    read(&home, &mut parts)?;
    parts.sort_by(|a: &Part, b| a.name.cmp(&b.name));
    Ok(parts)
}

/// Every `new/estimates.json` below a folder, with the `benchmark.json` beside it.
fn read(folder: &Path, parts: &mut Vec<Part>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let (estimates, described) = (path.join("estimates.json"), path.join("benchmark.json"));
        if path.ends_with("new") && estimates.exists() {
            let of = |path: &Path| -> Result<Value> {
                Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
            };
            parts.push(part(&of(&estimates)?, &of(&described)?)?);
        } else {
            read(&path, parts)?;
        }
    }
    Ok(())
}

fn part(estimates: &Value, described: &Value) -> Result<Part> {
    let micros = |path: &str| -> Result<f64> {
        let nanos = estimates.pointer(path).and_then(Value::as_f64);
        Ok(nanos.with_context(|| format!("no {path}"))? / 1_000.0)
    };
    let handles = described["throughput"].as_object().and_then(|of| {
        let (unit, count) = of.iter().next()?;
        Some((count.as_u64()?, unit.to_lowercase()))
    });
    Ok(Part {
        name: described["full_id"].as_str().context("no name")?.to_owned(),
        median_us: micros("/median/point_estimate")?,
        interval_us: [
            micros("/median/confidence_interval/lower_bound")?,
            micros("/median/confidence_interval/upper_bound")?,
        ],
        handles,
    })
}
