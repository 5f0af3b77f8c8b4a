//! What lies in the table and in the queues while one release gives way to the next: what the one wrote the
//! other reads.
//!
//! `tests/fixtures/shapes/<release>` holds one of everything as that release wrote it. Today's code must
//! read every release there, and write what the current one has, attribute by attribute. The current
//! release's fixtures are made by
//!
//! ```text
//! UPDATE_DOCS=1 cargo test -p recado-tests --test shapes
//! ```

mod queued;
mod sealed;
mod specimens;
mod stored;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use recado_tests::documents::updating;
use serde_json::Value;

/// The workspace's version: the release that today's code becomes.
const RELEASE: &str = env!("CARGO_PKG_VERSION");

const WHAT_TO_DO: &str = "\
A stored or queued shape has changed. While a release is shifted in, both versions read what either writes:
  - add the new part as optional first: read it, and write it only in the release after;
  - what cannot be added gets a new version (attribute `v`, another variant as SendV2), which this release
    reads and the next one writes;
  - keep the last release's fixtures one release longer, then
    UPDATE_DOCS=1 cargo test -p recado-tests --test shapes
    makes those of the release in Cargo.toml.";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/shapes")
}

/// The releases that have fixtures, the current one among them; none while they are being made.
fn releases() -> Result<Vec<String>> {
    let mut releases = Vec::new();
    if updating() {
        return Ok(releases);
    }
    for entry in std::fs::read_dir(folder())? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            releases.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    releases.sort();
    ensure!(
        releases.iter().any(|release| release == RELEASE),
        "there are no fixtures of release {RELEASE}: {WHAT_TO_DO}"
    );
    Ok(releases)
}

type Fixtures = BTreeMap<String, Value>;

fn fixtures(release: &str, file: &str) -> Result<Fixtures> {
    let path = folder().join(release).join(file);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("no fixtures in {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))
}

/// Holds what today's code writes against the current release's fixtures; with `UPDATE_DOCS=1` makes them.
fn hold(file: &str, written: &Fixtures) -> Result<()> {
    if updating() {
        let path = folder().join(RELEASE);
        std::fs::create_dir_all(&path)?;
        let text = format!("{}\n", serde_json::to_string_pretty(written)?);
        return Ok(std::fs::write(path.join(file), text)?);
    }
    let held = fixtures(RELEASE, file)?;
    let mut wrong = Vec::new();
    for name in held
        .keys()
        .chain(written.keys().filter(|name| !held.contains_key(*name)))
    {
        let (before, now) = (held.get(name), written.get(name));
        if before != now {
            let shown = |value: Option<&Value>| value.map_or("nothing".into(), Value::to_string);
            wrong.push(format!(
                "{name}\n  was written as {}\n  is written as  {}",
                shown(before),
                shown(now)
            ));
        }
    }
    ensure!(wrong.is_empty(), "{}\n\n{WHAT_TO_DO}", wrong.join("\n"));
    Ok(())
}
