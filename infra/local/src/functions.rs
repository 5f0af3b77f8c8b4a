//! Builds the function binaries with cargo.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::process::Command;
use tokio::sync::Mutex;

/// What this process has built so far: executables by the name of their binary.
static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::const_new(BTreeMap::new());

/// Builds the binaries of these packages, by binary name.
///
/// They are built once per process; the profile is the one this program was built with. For the release
/// profile they are built without the features that only the tests and the local stack ask for, as they are
/// deployed.
/// Cargo's progress goes to standard error. Several processes may build at the same
/// time: cargo's own lock makes them wait for each other.
pub async fn build<S: AsRef<str>>(packages: &[S]) -> Result<BTreeMap<String, PathBuf>> {
    // Held while cargo runs, so that whoever asks meanwhile gets its result.
    let mut built = BUILT.lock().await;
    if packages
        .iter()
        .any(|name| !built.contains_key(name.as_ref()))
    {
        let names: Vec<&str> = packages.iter().map(AsRef::as_ref).collect();
        built.extend(cargo_build(&names).await?);
    }
    packages
        .iter()
        .map(|name| {
            let name = name.as_ref();
            let path = built
                .get(name)
                .with_context(|| format!("the package {name} has no binary of its name"))?;
            Ok((name.to_owned(), path.clone()))
        })
        .collect()
}

/// The root of the workspace that this program was built from.
#[must_use]
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("this crate lies two levels below the workspace's root")
}

async fn cargo_build(packages: &[&str]) -> Result<BTreeMap<String, PathBuf>> {
    let mut command = Command::new(cargo());
    command
        .current_dir(workspace_root())
        .args(["build", "--locked", "--bins"])
        .arg("--message-format=json-render-diagnostics");
    if cfg!(debug_assertions) {
        // The whole workspace, so that its dependencies have the features they have in
        // any other build of it, and are not compiled a second time.
        command.arg("--workspace");
    } else {
        command.arg("--release");
        command.args(packages.iter().flat_map(|name| ["--package", *name]));
    }
    // Cargo describes the package that runs to its process. Build scripts that watch
    // these variables would run again, and all that depends on them be built again,
    // each time they differ between a build from here and one from a shell.
    for name in inherited().filter(|name| describes_a_package(name)) {
        command.env_remove(name);
    }
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start cargo, which builds the functions")?
        .wait_with_output()
        .await
        .context("cargo build")?;
    if !output.status.success() {
        bail!("cargo build of the functions failed ({})", output.status);
    }
    executables(&String::from_utf8_lossy(&output.stdout))
}

/// The cargo that built this program, if it is still there.
fn cargo() -> &'static Path {
    let own = Path::new(env!("CARGO"));
    if own.exists() {
        own
    } else {
        Path::new("cargo")
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "only the names are looked at, to keep some from cargo; they are no settings of ours"
)]
fn inherited() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

fn describes_a_package(variable: &str) -> bool {
    variable == "OUT_DIR"
        || [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
            "CARGO_PRIMARY_",
        ]
        .iter()
        .any(|prefix| variable.starts_with(prefix))
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// The binaries among cargo's JSON messages.
fn executables(messages: &str) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for line in messages.lines().filter(|line| line.starts_with('{')) {
        let message: Message =
            serde_json::from_str(line).context("a message of cargo build cannot be read")?;
        if message.reason != "compiler-artifact" {
            continue;
        }
        if let (Some(target), Some(executable)) = (message.target, message.executable)
            && target.kind.iter().any(|kind| kind == "bin")
        {
            found.insert(target.name, executable);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_root_holds_the_functions() {
        assert!(workspace_root().join("functions").is_dir());
        assert!(workspace_root().join("Cargo.toml").is_file());
    }

    #[test]
    fn only_binaries_are_taken_from_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"serde","kind":["lib"]},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"build-script-build","kind":["custom-build"]},"executable":"/t/b"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"notification-api","kind":["bin"]},"executable":"/t/debug/notification-api"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        let expected = (
            "notification-api".into(),
            "/t/debug/notification-api".into(),
        );
        assert_eq!(executables(messages).unwrap(), BTreeMap::from([expected]));
    }

    #[test]
    fn cargos_own_settings_reach_the_build_and_its_description_of_us_does_not() {
        for kept in ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_BUILD_JOBS", "PATH"] {
            assert!(!describes_a_package(kept), "{kept}");
        }
        for removed in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "OUT_DIR"] {
            assert!(describes_a_package(removed), "{removed}");
        }
    }

    #[tokio::test]
    async fn asking_for_no_package_builds_none() {
        assert_eq!(build::<&str>(&[]).await.unwrap(), BTreeMap::new());
    }
}
