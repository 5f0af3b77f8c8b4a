//! The figures on the pages: between two marks that stay where they are.

use anyhow::{Context, Result};
use recado_local::functions::workspace_root;

const BEGIN: &str = "<!-- figures: written by the benchmark -->\n";
const END: &str = "<!-- end of figures -->";

/// Puts these figures in the place of those before.
///
/// # Errors
/// When the page lacks its marks.
pub(crate) fn put(page: &str, figures: &str) -> Result<()> {
    let path = workspace_root().join(page);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {page}"))?;
    let marks = text.split_once(BEGIN).and_then(|(head, rest)| {
        let (_, tail) = rest.split_once(END)?;
        Some((head, tail))
    });
    let (head, tail) = marks.with_context(|| format!("no marks in {page}"))?;
    let figures = figures.trim();
    std::fs::write(path, format!("{head}{BEGIN}\n{figures}\n\n{END}{tail}"))?;
    Ok(())
}
