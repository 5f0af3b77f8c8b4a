//! `docs/SCALE.md`: the figures between its marks.

use anyhow::{Context, Result, ensure};

use crate::page::{self, Run};
use crate::settings::{Settings, root};
use crate::{run_all, scenarios};

const PAGE: &str = "docs/SCALE.md";
const BEGIN: &str = "<!-- figures: written by the simulation -->\n";
const END: &str = "<!-- end of figures -->";
/// What writes the figures.
pub const COMMAND: &str = "cargo run --release -p recado-payday -- --docs";

/// Runs every scenario and writes what comes of it.
///
/// # Errors
/// When a scenario cannot be run.
pub fn figures() -> Result<String> {
    let settings = Settings::of_template()?;
    let mut parts = [scenarios::defaults, scenarios::steps, scenarios::troubles]
        .map(|of| of(&settings))
        .into_iter();
    let lengths: Vec<usize> = parts.clone().map(|planned| planned.len()).collect();
    let scenarios: Vec<_> = parts
        .by_ref()
        .flatten()
        .map(|planned| planned.scaled())
        .collect();
    let outcomes = run_all(&scenarios)?;
    let mut runs: Vec<Run> = scenarios.into_iter().zip(outcomes).collect();
    let steps: Vec<Run> = runs.drain(lengths[0]..lengths[0] + lengths[1]).collect();
    let mut page = String::new();
    page::limits(&mut page, &settings)?;
    page::steps(&mut page, &steps)?;
    page::tables(&mut page, &runs)?;
    let recommended = runs.get(lengths[0]).context("nothing is recommended")?;
    page::minutes(&mut page, recommended)?;
    Ok(page)
}

/// Puts the figures in the place of those before.
///
/// # Errors
/// When the page lacks its marks.
pub fn write() -> Result<()> {
    let (page, figures) = (text()?, figures()?);
    let (head, _, tail) = parts(&page)?;
    let page = format!("{head}{BEGIN}\n{}\n\n{END}{tail}", figures.trim());
    std::fs::write(root().join(PAGE), page).with_context(|| format!("cannot write {PAGE}"))
}

/// Holds the page against these figures.
///
/// # Errors
/// When it says other ones, naming the first line that differs.
pub fn hold(figures: &str) -> Result<()> {
    let page = text()?;
    let (_, held, _) = parts(&page)?;
    let (held, figures) = (held.trim(), figures.trim());
    let mut lines = held.lines().zip(figures.lines());
    let differing = lines.find(|(held, new)| held != new);
    ensure!(
        held == figures,
        "{PAGE} is out of date{}\nWrite it anew: {COMMAND}",
        differing.map_or_else(String::new, |(held, new)| format!(
            ":\n  it says {held}\n  now it is {new}"
        ))
    );
    Ok(())
}

/// The page.
///
/// # Errors
/// When it is not there.
pub fn text() -> Result<String> {
    std::fs::read_to_string(root().join(PAGE)).with_context(|| format!("cannot read {PAGE}"))
}

fn parts(page: &str) -> Result<(&str, &str, &str)> {
    let marks = page.split_once(BEGIN).and_then(|(head, rest)| {
        let (figures, tail) = rest.split_once(END)?;
        Some((head, figures, tail))
    });
    marks.with_context(|| format!("no marks in {PAGE}"))
}
