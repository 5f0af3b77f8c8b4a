//! Pages of `docs/` that are written by a command and held by the gate.

use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The variable that has a test write its page instead of holding the page against what it found.
const UPDATE: &str = "UPDATE_DOCS";

/// Whether pages are to be written.
#[must_use]
#[allow(
    clippy::disallowed_methods,
    reason = "whoever wants the pages written says so in the environment"
)]
pub fn updating() -> bool {
    std::env::var(UPDATE).is_ok_and(|value| value == "1")
}

/// Holds a page, named from the workspace's root, against its text; with `UPDATE_DOCS=1` writes it.
///
/// # Errors
/// When it is not there or another, naming the first line that differs and the command that writes it.
pub fn hold(page: &str, text: &str, command: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
    if updating() {
        return std::fs::write(&path, text).with_context(|| format!("cannot write {page}"));
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    let mut lines = held.lines().zip(text.lines());
    let differing = lines.find(|(held, new)| held != new);
    ensure!(
        held == text,
        "{page} is out of date{}\nWrite it anew: {command}",
        differing.map_or_else(String::new, |(held, new)| format!(
            ":\n  it says {held}\n  now it is {new}"
        ))
    );
    Ok(())
}
