//! Who may depend on whom, over `cargo metadata`: what `cargo deny` would say, without its three minutes,
//! and the directions of the code map. Bans and licences are read from `deny.toml`.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot read what it judges has failed"
)]

mod graph;
mod licences;

use std::collections::BTreeSet;

use graph::{Graph, Kind, root};
use licences::is_met;

/// Longer than a main of tracing, configuration, clients, warm-up and run needs to be.
const LONGEST_MAIN: usize = 60;

/// What an adapter may know of the workspace besides these is nothing.
const BELOW_ADAPTERS: [&str; 3] = ["recado-domain", "recado-http", "recado-ports"];

/// The crates that speak AWS's or anybody's protocol, or run on a runtime.
const OUTSIDE_WORLD: [&str; 8] = [
    "aws-", "axum", "hyper", "lambda", "reqwest", "rustls", "tokio", "tower",
];

fn deny() -> toml::Table {
    std::fs::read_to_string(root().join("deny.toml"))
        .unwrap()
        .parse()
        .unwrap()
}

/// The bans: a package's name, and who may depend on it all the same.
fn bans() -> Vec<(String, BTreeSet<String>)> {
    let texts = |value: &toml::Value| -> BTreeSet<String> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    let deny = deny();
    let bans: Vec<_> = deny["bans"]["deny"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ban| {
            (
                ban["name"].as_str().unwrap().to_owned(),
                ban.get("wrappers").map(texts).unwrap_or_default(),
            )
        })
        .collect();
    assert!(!bans.is_empty());
    bans
}

#[test]
fn each_sdk_is_named_only_by_its_adapter_and_the_runtime() {
    let graph = Graph::read();
    for (banned, wrappers) in bans() {
        for package in graph.0.values() {
            let direct = graph.direct(package, &[Kind::Normal, Kind::Build, Kind::Dev]);
            assert!(
                !direct.contains(banned.as_str()) || wrappers.contains(&package.name),
                "{} depends on {banned}",
                package.name
            );
        }
    }
    let sdks: BTreeSet<&str> = graph
        .0
        .values()
        .map(|package| package.name.as_str())
        .filter(|name| name.starts_with("aws-sdk-"))
        .collect();
    let bans = bans();
    let ruled: BTreeSet<&str> = bans.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        !sdks.is_empty() && sdks.is_subset(&ruled),
        "an SDK without a rule in deny.toml: {sdks:?}"
    );
}

#[test]
fn there_is_one_tls_stack_and_one_crypto_provider_on_every_platform() {
    let lock: toml::Table = std::fs::read_to_string(root().join("Cargo.lock"))
        .unwrap()
        .parse()
        .unwrap();
    let locked: BTreeSet<&str> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| package["name"].as_str().unwrap())
        .collect();
    assert!(locked.contains("ring") && locked.contains("rustls"));
    for other in [
        "aws-lc-fips-sys",
        "aws-lc-rs",
        "aws-lc-sys",
        "boring",
        "boring-sys",
        "mbedtls",
        "native-tls",
        "openssl",
        "openssl-sys",
        "rustls-openssl",
        "s2n-tls",
    ] {
        assert!(!locked.contains(other), "{other} is in Cargo.lock");
    }
}

#[test]
fn a_function_carries_one_connector_and_no_provider_chain() {
    let graph = Graph::read();
    for function in graph.members("functions/") {
        for package in graph.linked(function) {
            let name = package.name.as_str();
            assert!(
                ![
                    "aws-config",
                    "aws-smithy-http-client",
                    "hyper-tls",
                    "reqwest",
                    "ureq",
                    "isahc"
                ]
                .contains(&name),
                "{} links {name}",
                function.name
            );
        }
    }
}

#[test]
fn the_domain_does_no_input_and_no_output() {
    let graph = Graph::read();
    for pure in ["recado-domain", "recado-ports"] {
        let linked = graph.linked(graph.member(pure));
        assert!(linked.len() > 5, "{pure} links {}", linked.len());
        for package in linked {
            let outside = OUTSIDE_WORLD
                .iter()
                .find(|prefix| package.name.starts_with(**prefix));
            assert_eq!(outside, None, "{pure} links {}", package.name);
        }
    }
}

#[test]
fn nothing_that_is_linked_asks_for_more_than_a_notice() {
    let deny = deny();
    let allowed: BTreeSet<&str> = deny["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|licence| licence.as_str().unwrap())
        .collect();
    let graph = Graph::read();
    for package in graph.0.values() {
        let licence = package.licence.as_deref().unwrap_or("");
        assert!(!licence.is_empty(), "{} names no licence", package.name);
        assert!(
            is_met(licence, &allowed),
            "{} is under {licence}",
            package.name
        );
    }
}

#[test]
fn dependencies_point_from_functions_to_shared_crates_to_the_domain() {
    let graph = Graph::read();
    let shipped = [Kind::Normal, Kind::Build];
    let names = |folder: &str| -> BTreeSet<&str> {
        graph
            .members(folder)
            .iter()
            .map(|package| package.name.as_str())
            .collect()
    };
    let core = BTreeSet::from([
        "recado-domain",
        "recado-http",
        "recado-ports",
        "recado-runtime",
        "recado-testing",
    ]);
    let adapters: BTreeSet<&str> = names("shared/").difference(&core).copied().collect();
    let below: BTreeSet<&str> = BELOW_ADAPTERS.into();

    assert_eq!(
        graph.direct_members(graph.member("recado-domain"), &shipped),
        BTreeSet::new()
    );
    assert_eq!(
        graph.direct_members(graph.member("recado-http"), &shipped),
        BTreeSet::new()
    );
    let ports = graph.direct_members(graph.member("recado-ports"), &shipped);
    assert_eq!(ports, BTreeSet::from(["recado-domain"]));
    for name in ["recado-runtime", "recado-testing"] {
        let used = graph.direct_members(graph.member(name), &shipped);
        assert!(used.is_subset(&below), "{name} depends on {used:?}");
    }
    for adapter in &adapters {
        // No adapter knows another, in its tests either.
        let used = graph.direct_members(
            graph.member(adapter),
            &[Kind::Normal, Kind::Build, Kind::Dev],
        );
        let known: BTreeSet<&str> = used.intersection(&adapters).copied().collect();
        assert_eq!(known, BTreeSet::new(), "{adapter} knows another adapter");
        let used = graph.direct_members(graph.member(adapter), &shipped);
        assert!(used.is_subset(&below), "{adapter} depends on {used:?}");
    }
    let mut ships = adapters.clone();
    ships.extend([
        "recado-domain",
        "recado-http",
        "recado-ports",
        "recado-runtime",
    ]);
    // Writes secrets and makes clients: for the operator.
    assert!(ships.remove("recado-setup"));
    for function in graph.members("functions/") {
        let mut used = graph.direct_members(function, &shipped);
        // The sandbox is the simulated Meta, deployed; nothing else ships what tests are made of.
        if function.name == "sandbox" {
            used.remove("recado-testing");
        }
        assert!(
            used.is_subset(&ships),
            "{} depends on {used:?}",
            function.name
        );
    }
}

#[test]
fn the_operator_reaches_the_world_through_the_adapters_alone() {
    let graph = Graph::read();
    let operator = graph.member("recado-operator");
    let every = [Kind::Normal, Kind::Build, Kind::Dev];
    for name in graph.direct(operator, &every) {
        let outside = OUTSIDE_WORLD.iter().any(|prefix| name.starts_with(*prefix));
        assert!(!outside || name == "tokio", "the operator names {name}");
    }
    for package in graph.members("") {
        let knows = graph.direct(package, &every).contains("recado-operator");
        assert!(!knows || package.name == "recado-tests", "{}", package.name);
    }
}

#[test]
fn only_a_main_names_the_store() {
    for function in Graph::read().members("functions/") {
        let folder = function.folder.as_deref().unwrap();
        let mut named_in = Vec::new();
        for file in std::fs::read_dir(root().join(folder).join("src")).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                if text.contains("recado_dynamodb") {
                    named_in.push(path.file_name().unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        let stores = function.name != "sandbox";
        let expected: &[&str] = if stores { &["main.rs"] } else { &[] };
        assert_eq!(named_in, expected, "{folder}");
    }
}

#[test]
fn a_functions_main_wires_and_nothing_else() {
    for function in Graph::read().members("functions/") {
        let folder = function.folder.as_deref().unwrap();
        let text = std::fs::read_to_string(root().join(folder).join("src/main.rs")).unwrap();
        let lines = text.lines().count();
        assert!(
            lines <= LONGEST_MAIN,
            "{folder}/src/main.rs has {lines} lines"
        );
    }
}

/// What each breaks is shown by `tests/breakages/run`, which takes too long to be run every time; that it
/// still can be broken so is not.
#[test]
fn every_breakage_still_applies_and_names_its_promise_and_its_test() {
    let mut patches: Vec<_> = std::fs::read_dir(root().join("tests/breakages"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "patch"))
        .collect();
    patches.sort();
    assert!(patches.len() >= 12);
    for patch in patches {
        let text = std::fs::read_to_string(&patch).unwrap();
        let mut lines = text.lines();
        let (promise, test) = (lines.next().unwrap(), lines.next().unwrap());
        assert!(promise.starts_with('I'), "{}: {promise}", patch.display());
        assert!(
            test.starts_with("Red: cargo test ") && test.contains(" -- --exact "),
            "{}: {test}",
            patch.display()
        );
        let applies = std::process::Command::new("git")
            .args(["apply", "--check"])
            .arg(&patch)
            .current_dir(root())
            .status()
            .unwrap();
        assert!(applies.success(), "{} does not apply", patch.display());
    }
}
