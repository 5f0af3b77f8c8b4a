//! The release binaries of the functions, and their sizes.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use recado_local::functions;
use serde::Serialize;

/// The package of the function that does nothing.
pub(crate) const EMPTY: &str = "recado-empty";

/// How large a binary is.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Size {
    /// On disk, stripped, in bytes.
    pub(crate) stripped: u64,
    /// In the archive that is deployed, in bytes: deflate at its usual level, without the archive's own
    /// hundred bytes.
    pub(crate) zipped: u64,
}

/// Builds these packages for release; the executables by package.
///
/// # Errors
/// When the build fails.
pub(crate) async fn build(packages: &[String]) -> Result<BTreeMap<String, PathBuf>> {
    functions::build(packages).await
}

/// Measures one.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn size(binary: &Path) -> Result<Size> {
    let bytes =
        std::fs::read(binary).with_context(|| format!("cannot read {}", binary.display()))?;
    let mut zipped = DeflateEncoder::new(Vec::new(), Compression::default());
    zipped.write_all(&bytes)?;
    let zipped = zipped.finish()?;
    Ok(Size {
        stripped: u64::try_from(bytes.len())?,
        zipped: u64::try_from(zipped.len())?,
    })
}
