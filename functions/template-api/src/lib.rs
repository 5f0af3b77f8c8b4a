//! Shows templates and where they stand with Meta, takes a bank's own in, hands them in for review.

mod answer;
mod config;
mod meta;
mod submit;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::stream::{self, StreamExt, TryStreamExt};
use recado_domain::catalogue;
use recado_domain::fault::Fault;
use recado_domain::ids::{TemplateName, TenantId};
use recado_domain::standing::{Aspect, Edition, Note, Reason, Review, Said};
use recado_domain::template::Template;
use recado_ports::{Kept, OwnTemplates, Registry, Shelf, Standings, StoreError};
use recado_runtime::problem::{Problem, check_body};
use recado_runtime::tenant;

pub use config::Config;
pub use meta::{ASK_TIMEOUT, Meta};

/// How many templates are read at once.
const AT_ONCE: usize = 16;

/// What the handlers need.
pub struct Deps<S> {
    /// Templates and what Meta says of them.
    pub store: S,
    /// Meta's template management.
    pub meta: Meta,
}

type Shared<S> = State<Arc<Deps<S>>>;

/// The routes of this function.
pub fn router<S>(deps: Arc<Deps<S>>) -> Router
where
    S: Registry + Standings + OwnTemplates + 'static,
{
    Router::new()
        .route("/v1/templates", get(list::<S>).post(create::<S>))
        .route("/v1/templates/{name}", get(show::<S>))
        .route(
            "/v1/templates/{name}/versions/{version}/submit",
            post(submit::submit::<S>),
        )
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        // `check_body` has the limit, and a problem document for what is over it.
        .layer(DefaultBodyLimit::disable())
        .with_state(deps)
}

/// The gateway hands a path on decoded: a name with an encoded slash in it is no route here.
async fn nothing_here() -> Problem {
    Problem::NotFound
}

/// Where a version comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The catalogue.
    Catalogue,
    /// The bank itself.
    Own,
}

/// A name's versions, the bank's own before the catalogue's, and what Meta says of them.
pub(crate) struct Found {
    pub(crate) versions: BTreeMap<u32, (Origin, Arc<Template>)>,
    pub(crate) shelf: Shelf,
}

impl<S> Deps<S>
where
    S: Registry + Standings + OwnTemplates,
{
    pub(crate) async fn find(
        &self,
        tenant: &TenantId,
        name: &TemplateName,
    ) -> Result<Found, Problem> {
        let shelf = self.store.shelf(tenant, name).await?;
        let newest = catalogue::find(name, None).map_or(0, |template| template.version);
        let embedded = (1..=newest).filter_map(|version| catalogue::find(name, Some(version)));
        let mut versions: BTreeMap<_, _> = embedded
            .map(|template| (template.version, (Origin::Catalogue, template)))
            .collect();
        for (version, template) in &shelf.own {
            versions.insert(*version, (Origin::Own, Arc::clone(template)));
        }
        if versions.is_empty() {
            return Err(Problem::NotFound);
        }
        Ok(Found { versions, shelf })
    }

    /// Until it is handed in, nothing of it leaves by WhatsApp: known without asking Meta.
    async fn note_not_submitted(
        &self,
        tenant: &TenantId,
        template: &Template,
    ) -> Result<(), StoreError> {
        let note = Note {
            aspect: Aspect::Review(Review::NotSubmitted, Reason::None),
            said: Said::Assumed,
        };
        for edition in Edition::each_of(template) {
            let _changed = self.store.note(tenant, &edition, &note).await?;
        }
        Ok(())
    }
}

/// Every name once, in its newest version.
async fn list<S>(State(deps): Shared<S>, extensions: Extensions) -> Result<Response, Problem>
where
    S: Registry + Standings + OwnTemplates,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    let own = deps.store.own_names(&tenant).await?;
    let mut names = catalogue::names();
    names.extend(own);
    names.sort();
    names.dedup();
    let mut reads = Vec::new();
    for name in &names {
        reads.push(deps.store.template(&tenant, name, None));
    }
    let newest = stream::iter(reads)
        .buffered(AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?;
    // A name whose first version was never stored has none.
    let templates = newest.iter().flatten().map(|newest| answer::brief(newest));
    Ok(axum::Json(answer::List {
        templates: templates.collect(),
    })
    .into_response())
}

async fn show<S>(
    State(deps): Shared<S>,
    extensions: Extensions,
    Path(name): Path<String>,
) -> Result<Response, Problem>
where
    S: Registry + Standings + OwnTemplates,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    let name = TemplateName::parse(&name).map_err(|_| Problem::NotFound)?;
    let found = deps.find(&tenant, &name).await?;
    Ok(axum::Json(answer::shown(&name, &found)?).into_response())
}

/// A version of the bank's own. The same again is answered alike; other content is a conflict.
async fn create<S>(
    State(deps): Shared<S>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem>
where
    S: Registry + Standings + OwnTemplates,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    check_body(&headers, &body)?;
    let config = deps.store.tenant(&tenant).await?;
    let hosts = config.map(|config| config.hosts).unwrap_or_default();
    let template = read(&body, &hosts)?;
    let status = match deps.store.keep(&tenant, &template).await? {
        Kept::New => StatusCode::CREATED,
        Kept::Same => StatusCode::OK,
        Kept::Other => return Err(Problem::VersionExists),
    };
    // The catalogue's own version, given as the bank's, stands where it stood.
    if catalogue::find(&template.name, Some(template.version)).is_none() {
        deps.note_not_submitted(&tenant, &template).await?;
    }
    tracing::info!(tenant.id = %tenant, template = %template.name, version = template.version, "template stored");
    let found = deps.find(&tenant, &template.name).await?;
    let shown = answer::version(&found, template.version)?.ok_or(Problem::NotFound)?;
    Ok((status, axum::Json(shown)).into_response())
}

fn read(body: &[u8], hosts: &[String]) -> Result<Template, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::NotJson)?;
    let template = Template::from_json(text).map_err(|error| match error.classify() {
        // The text of the error may quote a value; the place does not.
        serde_json::error::Category::Data => {
            let (line, column) = (error.line(), error.column());
            let rule = format!(
                "must have the fields of a template and no others, each of its type: not so at line {line}, column {column}"
            );
            Problem::Invalid(vec![Fault::new("template", rule)])
        }
        serde_json::error::Category::Io
        | serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof => Problem::NotJson,
    })?;
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let mut faults = template.validate().err().unwrap_or_default();
    faults.extend(template.foreign_hosts(&hosts));
    if faults.is_empty() {
        return Ok(template);
    }
    let faults = faults
        .into_iter()
        .map(|fault| Fault::new(fault.place, fault.rule));
    Err(Problem::Invalid(faults.collect()))
}
