//! The words after `templates`.

use std::path::PathBuf;

use recado_domain::channel::Channel;
use recado_domain::ids::TemplateName;
use recado_domain::locale::Locale;

use super::{Given, usage};
use crate::errors::OperatorError;

/// What is asked about the templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Inspecting {
    /// Which there are.
    List,
    /// Whether they follow the rules.
    Lint {
        /// Files and folders; the catalogue where none is named.
        paths: Vec<PathBuf>,
        /// The bank's hosts; those of the catalogue's examples where none is named.
        hosts: Vec<String>,
    },
    /// What one shows.
    Render {
        /// Its name in the catalogue.
        name: TemplateName,
        /// In one language; else in all.
        locale: Option<Locale>,
        /// On one channel; else on all.
        channel: Option<Channel>,
    },
}

pub(super) fn inspecting(given: &Given) -> Result<Inspecting, OperatorError> {
    let words: Vec<&str> = given.words.iter().map(String::as_str).collect();
    let asked = match words.as_slice() {
        [] => Inspecting::List,
        ["lint", paths @ ..] => Inspecting::Lint {
            paths: paths.iter().map(PathBuf::from).collect(),
            hosts: given.hosts.clone(),
        },
        ["render", name] => match TemplateName::parse(name) {
            Ok(name) => Inspecting::Render {
                name,
                locale: given.locale,
                channel: given.channel,
            },
            Err(_) => return usage("that is no template's name"),
        },
        _ => return usage("templates does not know these words; --help has them"),
    };
    let (linting, rendering) = match asked {
        Inspecting::List => (false, false),
        Inspecting::Lint { .. } => (true, false),
        Inspecting::Render { .. } => (false, true),
    };
    if !given.hosts.is_empty() && !linting {
        return usage("--host belongs to `templates lint`");
    }
    if (given.locale.is_some() || given.channel.is_some()) && !rendering {
        return usage("--locale and --channel belong to `templates render`");
    }
    Ok(asked)
}
