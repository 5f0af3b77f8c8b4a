//! The templates that come with the product, embedded at build time and parsed on first use.

use std::sync::{Arc, OnceLock};

use crate::ids::TemplateName;
use crate::template::Template;

/// The hosts that the catalogue's own examples lead to: those of the bank that the local stack plays.
pub const HOSTS: [&str; 3] = [
    "app.bancoaurora.example",
    "arquivos.bancoaurora.example",
    "conta.bancoaurora.example",
];

/// One version of a template.
struct Embedded {
    name: &'static str,
    version: u32,
    json: &'static str,
    parsed: OnceLock<Arc<Template>>,
}

impl Embedded {
    const fn new(name: &'static str, version: u32, json: &'static str) -> Self {
        Self {
            name,
            version,
            json,
            parsed: OnceLock::new(),
        }
    }

    fn template(&self) -> Arc<Template> {
        let parse = || {
            Arc::new(
                Template::from_json(self.json)
                    .expect("the build script wrote this template's JSON"),
            )
        };
        Arc::clone(self.parsed.get_or_init(parse))
    }
}

// `EMBEDDED`, by name and version, ascending: written by the build script out of `catalogue/*.toml`.
include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// Every template's name, each once, in alphabetical order.
#[must_use]
pub fn names() -> Vec<TemplateName> {
    let mut names: Vec<&str> = EMBEDDED.iter().map(|embedded| embedded.name).collect();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| TemplateName::parse(name).ok())
        .collect()
}

/// A version of a template; without a number the highest.
#[must_use]
pub fn find(name: &TemplateName, version: Option<u32>) -> Option<Arc<Template>> {
    let matches = |embedded: &&Embedded| {
        embedded.name == name.as_str() && version.is_none_or(|version| embedded.version == version)
    };
    EMBEDDED.iter().rfind(matches).map(Embedded::template)
}

#[cfg(test)]
mod tests;
