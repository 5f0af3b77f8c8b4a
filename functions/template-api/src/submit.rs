//! Hands every language of a version in for Meta's review. Repeating it reads what Meta has.

use axum::extract::{Path, State};
use axum::http::Extensions;
use axum::response::{IntoResponse, Response};
use futures::future::join_all;
use recado_domain::fault::Fault;
use recado_domain::ids::{TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::standing::Edition;
use recado_domain::template::Template;
use recado_ports::{OwnTemplates, Registry, Standings, StoreError};
use recado_runtime::problem::Problem;
use recado_runtime::tenant;
use recado_whatsapp::{AtMeta, ManageError};

use crate::meta::HandingIn;
use crate::{Deps, Shared, answer};

/// What became of one language.
enum Outcome {
    Stands,
    Fault(Fault),
    Failed(Problem),
}

pub(crate) async fn submit<S>(
    State(deps): Shared<S>,
    extensions: Extensions,
    Path((name, version)): Path<(String, String)>,
) -> Result<Response, Problem>
where
    S: Registry + Standings + OwnTemplates,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    let name = TemplateName::parse(&name).map_err(|_| Problem::NotFound)?;
    let version: u32 = version.parse().map_err(|_| Problem::NotFound)?;
    let found = deps.find(&tenant, &name).await?;
    let (_, template) = found.versions.get(&version).ok_or(Problem::NotFound)?;
    let config = deps.store.tenant(&tenant).await?;
    let reviewer = config
        .as_ref()
        .and_then(|config| deps.meta.reviewer(&tenant, &config.business_account_id));
    let Some(reviewer) = reviewer else {
        tracing::error!(tenant.id = %tenant, "bank without an entry or an access token");
        return Err(Problem::Internal);
    };
    // Every language, whatever becomes of the others.
    let mut each = Vec::new();
    for edition in Edition::each_of(template) {
        each.push(deps.submit_one(&tenant, &reviewer, template, edition));
    }
    let mut faults = Vec::new();
    let mut failed = None;
    for outcome in join_all(each).await {
        match outcome {
            Outcome::Stands => {}
            Outcome::Fault(fault) => faults.push(fault),
            Outcome::Failed(problem) => failed = Some(problem),
        }
    }
    if let Some(problem) = failed {
        return Err(problem);
    }
    if !faults.is_empty() {
        return Err(Problem::Invalid(faults));
    }
    let found = deps.find(&tenant, &name).await?;
    let shown = answer::version(&found, version)?.ok_or(Problem::NotFound)?;
    Ok(axum::Json(shown).into_response())
}

impl<S> Deps<S>
where
    S: Registry + Standings + OwnTemplates,
{
    async fn submit_one(
        &self,
        tenant: &TenantId,
        reviewer: &HandingIn<'_>,
        template: &Template,
        edition: Edition,
    ) -> Outcome {
        let answer = reviewer.hand_in(template, &edition).await;
        let language = edition.locale.code();
        let at_meta = match answer {
            Ok(at_meta) => at_meta,
            Err(error) => {
                tracing::warn!(
                    tenant.id = %tenant, template = %edition.name, version = edition.version, language,
                    error = &error as &dyn std::error::Error, "template not handed in"
                );
                return refused(edition.locale, error);
            }
        };
        match self.note_answer(tenant, &edition, &at_meta).await {
            Ok(()) => Outcome::Stands,
            Err(error) => Outcome::Failed(error.into()),
        }
    }

    async fn note_answer(
        &self,
        tenant: &TenantId,
        edition: &Edition,
        at_meta: &AtMeta,
    ) -> Result<(), StoreError> {
        for note in at_meta.notes() {
            let _changed = self.store.note(tenant, edition, &note).await?;
        }
        Ok(())
    }
}

fn refused(locale: Locale, error: ManageError) -> Outcome {
    let fault = |rule: String| Outcome::Fault(Fault::new(place(locale), rule));
    match error {
        ManageError::Refused(failure) => {
            let code = failure
                .code
                .map_or_else(String::new, |code| format!(" ({code})"));
            fault(format!("is refused by Meta: {}{code}", failure.title))
        }
        ManageError::NameLocked => {
            fault("has the name of a template that was deleted less than 30 days ago".to_owned())
        }
        ManageError::Throttled(after) => Outcome::Failed(Problem::RateExceeded {
            retry_after: after.as_secs().max(1),
        }),
        // Found a moment ago, and gone: the next try sees what Meta has by then.
        ManageError::Exists | ManageError::Missing | ManageError::Unavailable => {
            Outcome::Failed(Problem::Unavailable)
        }
    }
}

fn place(locale: Locale) -> String {
    format!("locales.{locale}")
}
