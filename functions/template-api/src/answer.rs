//! What a bank reads of templates.

use jiff::Timestamp;
use recado_domain::ids::TemplateName;
use recado_domain::standing::{Edition, Standing};
use recado_domain::template::Template;
use recado_runtime::problem::Problem;
use serde::Serialize;
use serde_json::Value;

use crate::{Found, Origin};

#[derive(Serialize)]
pub(crate) struct List {
    pub(crate) templates: Vec<Brief>,
}

/// A template in its newest version.
#[derive(Serialize)]
pub(crate) struct Brief {
    name: String,
    version: u32,
    class: &'static str,
    category: &'static str,
    channels: Vec<&'static str>,
    locales: Vec<&'static str>,
}

#[derive(Serialize)]
pub(crate) struct Shown {
    name: String,
    versions: Vec<Version>,
}

#[derive(Serialize)]
pub(crate) struct Version {
    version: u32,
    origin: &'static str,
    /// The model, as `POST /v1/templates` takes it.
    template: Value,
    locales: Vec<Language>,
}

/// One language, and what Meta says of it; nothing where it does not leave by WhatsApp.
#[derive(Serialize)]
struct Language {
    locale: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<AtMeta>,
}

#[derive(Serialize)]
struct AtMeta {
    name: String,
    status: &'static str,
    sendable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category_announced: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<String>,
}

pub(crate) fn brief(template: &Template) -> Brief {
    Brief {
        name: template.name.to_string(),
        version: template.version,
        class: template.class.name(),
        category: template.category.name(),
        channels: template
            .ladder
            .iter()
            .map(|rung| rung.channel.name())
            .collect(),
        locales: template
            .locales
            .keys()
            .map(|locale| locale.code())
            .collect(),
    }
}

pub(crate) fn shown(name: &TemplateName, found: &Found) -> Result<Shown, Problem> {
    let mut versions = Vec::new();
    for version in found.versions.keys() {
        versions.extend(self::version(found, *version)?);
    }
    Ok(Shown {
        name: name.to_string(),
        versions,
    })
}

/// One version; none where there is no such one.
pub(crate) fn version(found: &Found, version: u32) -> Result<Option<Version>, Problem> {
    let Some((origin, template)) = found.versions.get(&version) else {
        return Ok(None);
    };
    let model = serde_json::to_value(&**template).map_err(|_| Problem::Internal)?;
    let at_meta: Vec<Edition> = Edition::each_of(template).collect();
    let language = |locale: &recado_domain::locale::Locale| Language {
        locale: locale.code(),
        meta: at_meta
            .iter()
            .find(|edition| edition.locale == *locale)
            .map(|edition| meta(edition, found.shelf.standings.get(edition))),
    };
    Ok(Some(Version {
        version,
        origin: match origin {
            Origin::Catalogue => "catalogue",
            Origin::Own => "own",
        },
        template: model,
        locales: template.locales.keys().map(language).collect(),
    }))
}

fn meta(edition: &Edition, standing: Option<&Standing>) -> AtMeta {
    let none = Standing::default();
    let standing = standing.unwrap_or(&none);
    let review = standing.review;
    AtMeta {
        name: edition.meta_name(),
        status: review.map_or("unknown", |held| held.value.0.name()),
        sendable: standing.closed_because().is_none(),
        since: review.and_then(|held| held.since()).map(time),
        reason: review
            .map(|held| held.value.1)
            .filter(|reason| *reason != recado_domain::standing::Reason::None)
            .map(|reason| reason.name()),
        category: standing.category.map(|held| held.value.name()),
        category_announced: standing.announced().map(|held| held.value.name()),
        quality: standing.quality.map(|held| held.value.name()),
        edited_at: standing.edited.and_then(|held| held.since()).map(time),
    }
}

/// RFC 3339 in UTC with milliseconds.
fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
