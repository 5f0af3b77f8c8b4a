//! The same send path in Python and in Node (`tests/bench/peers`).

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use recado_local::functions::workspace_root;
use tokio::process::Command;

use crate::process;

/// A program that can stand in outbound-sender's place.
pub(crate) struct Peer {
    /// What the tables call it.
    pub(crate) name: &'static str,
    /// The interpreter.
    pub(crate) program: PathBuf,
    /// The script.
    pub(crate) arguments: Vec<String>,
}

/// Installs what they need into `target/bench/peers`, once.
///
/// # Errors
/// Where there is no Python or Node, or no package can be had.
pub(crate) async fn install() -> Result<Vec<Peer>> {
    let sources = workspace_root().join("tests/bench/peers");
    let status = Command::new(sources.join("install"))
        .status()
        .await
        .context("tests/bench/peers/install")?;
    ensure!(status.success(), "tests/bench/peers/install: {status}");
    let installed = workspace_root().join("target/bench/peers");
    let script = |path: &str| vec![sources.join(path).display().to_string()];
    Ok(vec![
        Peer {
            name: "Python, boto3",
            program: installed.join("python/bin/python"),
            arguments: script("python/peer.py"),
        },
        Peer {
            name: "Node, SDK v3",
            program: process::program("node")?,
            arguments: vec![installed.join("node/peer.mjs").display().to_string()],
        },
    ])
}
