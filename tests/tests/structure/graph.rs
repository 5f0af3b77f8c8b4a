//! The packages of the workspace and what they link, as `cargo metadata` tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(arguments)
        .output()
        .unwrap();
    let (text, errors) = (output.stdout, output.stderr);
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {}",
        String::from_utf8_lossy(&errors)
    );
    String::from_utf8(text).unwrap()
}

/// A kind of dependency, as Cargo writes it; a normal one has none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

impl Kind {
    fn of(value: &Value) -> Self {
        match value.as_str() {
            Some("dev") => Self::Dev,
            Some("build") => Self::Build,
            Some(other) => panic!("a dependency of kind {other}"),
            None => Self::Normal,
        }
    }
}

/// A package.
pub(crate) struct Package {
    pub(crate) name: String,
    /// An SPDX expression.
    pub(crate) licence: Option<String>,
    /// The manifest's folder, from the workspace's root on; none for what is not a member.
    pub(crate) folder: Option<String>,
    dependencies: Vec<(String, Vec<Kind>)>,
}

/// What is linked on the machine that runs the tests: packages by id.
pub(crate) struct Graph(pub(crate) BTreeMap<String, Package>);

impl Graph {
    pub(crate) fn read() -> &'static Self {
        static GRAPH: OnceLock<Graph> = OnceLock::new();
        GRAPH.get_or_init(|| {
            // Without a platform Cargo would ask for the sources of every system's crates.
            let version = cargo(&["-vV"]);
            let host = version
                .lines()
                .find_map(|line| line.strip_prefix("host: "))
                .unwrap();
            let text = cargo(&[
                "metadata",
                "--locked",
                "--format-version",
                "1",
                "--filter-platform",
                host,
            ]);
            Self::of(&serde_json::from_str(&text).unwrap())
        })
    }

    fn of(metadata: &Value) -> Self {
        let texts = |value: &Value| -> BTreeSet<String> {
            value
                .as_array()
                .unwrap()
                .iter()
                .map(|id| id.as_str().unwrap().to_owned())
                .collect()
        };
        let members = texts(&metadata["workspace_members"]);
        let root = format!("{}/", metadata["workspace_root"].as_str().unwrap());
        let mut packages = BTreeMap::new();
        for package in metadata["packages"].as_array().unwrap() {
            let id = package["id"].as_str().unwrap();
            let manifest = package["manifest_path"].as_str().unwrap();
            let folder = manifest
                .strip_prefix(&root)
                .and_then(|path| path.strip_suffix("/Cargo.toml"));
            packages.insert(
                id.to_owned(),
                Package {
                    name: package["name"].as_str().unwrap().to_owned(),
                    licence: package["license"].as_str().map(str::to_owned),
                    folder: folder.filter(|_| members.contains(id)).map(str::to_owned),
                    dependencies: Vec::new(),
                },
            );
        }
        for node in metadata["resolve"]["nodes"].as_array().unwrap() {
            let dependencies = node["deps"].as_array().unwrap().iter().map(|dependency| {
                let kinds = dependency["dep_kinds"].as_array().unwrap();
                let kinds = kinds.iter().map(|kind| Kind::of(&kind["kind"])).collect();
                (dependency["pkg"].as_str().unwrap().to_owned(), kinds)
            });
            packages
                .get_mut(node["id"].as_str().unwrap())
                .unwrap()
                .dependencies = dependencies.collect();
        }
        Self(packages)
    }

    /// The workspace's own packages in a folder: `functions/` has five.
    pub(crate) fn members(&self, folder: &str) -> Vec<&Package> {
        let inside = |package: &&Package| {
            package
                .folder
                .as_ref()
                .is_some_and(|path| path.starts_with(folder))
        };
        let found: Vec<&Package> = self.0.values().filter(inside).collect();
        assert!(!found.is_empty(), "no package in {folder}");
        found
    }

    pub(crate) fn member(&self, name: &str) -> &Package {
        let mut found = self
            .members("")
            .into_iter()
            .filter(|package| package.name == name);
        found.next().unwrap_or_else(|| panic!("no package {name}"))
    }

    /// What a package names itself, by one of these kinds.
    pub(crate) fn direct(&self, package: &Package, kinds: &[Kind]) -> BTreeSet<&str> {
        self.edges(package, kinds)
            .map(|id| self.0[id].name.as_str())
            .collect()
    }

    /// The same, of the workspace's own packages only.
    pub(crate) fn direct_members(&self, package: &Package, kinds: &[Kind]) -> BTreeSet<&str> {
        let members = self
            .edges(package, kinds)
            .map(|id| &self.0[id])
            .filter(|found| found.folder.is_some());
        members.map(|found| found.name.as_str()).collect()
    }

    fn edges<'a>(
        &'a self,
        package: &'a Package,
        kinds: &'a [Kind],
    ) -> impl Iterator<Item = &'a str> {
        let wanted =
            |(_, found): &&(String, Vec<Kind>)| found.iter().any(|kind| kinds.contains(kind));
        package
            .dependencies
            .iter()
            .filter(wanted)
            .map(|(id, _)| id.as_str())
    }

    /// Everything that a binary of this package consists of, the package itself included.
    pub(crate) fn linked(&self, package: &Package) -> Vec<&Package> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let mut left: Vec<&str> = self
            .0
            .iter()
            .filter(|(_, other)| std::ptr::eq(*other, package))
            .map(|(id, _)| id.as_str())
            .collect();
        while let Some(id) = left.pop() {
            if seen.insert(id) {
                found.push(&self.0[id]);
                left.extend(self.edges(&self.0[id], &[Kind::Normal]));
            }
        }
        found
    }
}
