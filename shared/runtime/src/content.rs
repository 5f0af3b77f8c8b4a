//! Opens what a notification's item holds sealed, with everything that sending it needs.

use std::sync::Arc;
use std::time::Duration;

use recado_domain::delivery::{Failure, FailureKind, Notification, PostOutcome};
use recado_domain::params::Params;
use recado_domain::phone::E164;
use recado_domain::request;
use recado_domain::seal::SealError;
use recado_domain::template::Template;
use recado_ports::drive::Unready;
use recado_ports::{Registry, TenantConfig};

use crate::secrets::Keys;

/// A notification's content, open.
pub struct Opened {
    /// The bank.
    pub config: TenantConfig,
    /// The template in the notification's version.
    pub template: Arc<Template>,
    /// To whom.
    pub to: E164,
    /// The parameters.
    pub params: Params,
}

/// Opens a notification's content. What cannot be opened is a fault of ours: it fails the leg, so that
/// the next one opens; a store that does not answer is worth another try.
pub async fn open_content<S: Registry>(
    store: &S,
    keys: &Keys,
    item: &Notification,
) -> Result<Opened, Unready> {
    let config = store.tenant(&item.tenant).await?;
    let config = config.ok_or_else(|| broken("tenant not configured"))?;
    let template = store
        .template(&item.tenant, &item.template, Some(item.template_version))
        .await?
        .ok_or_else(|| broken("template version gone"))?;
    let sealed = item
        .content
        .as_ref()
        .ok_or_else(|| broken("content gone"))?;
    let plain = keys
        .open(&item.associated(), sealed)
        .await
        .map_err(|error| match error {
            // Newer than the secret just read, or than one that could not be: a later try has it.
            SealError::UnknownKey(_) => Unready::Outcome(later("sealing key not known yet")),
            SealError::Refused | SealError::BadKeys(_) => broken("content does not open"),
        })?;
    let (to, params) =
        request::read_content(&plain, &template).map_err(|_| broken("content does not read"))?;
    Ok(Opened {
        config,
        template,
        to,
        params,
    })
}

/// A definite failure that is nobody's fault but ours.
#[must_use]
pub fn broken(title: &str) -> Unready {
    Unready::Outcome(PostOutcome::Rejected(Failure {
        kind: FailureKind::Technical,
        code: None,
        title: title.to_owned(),
    }))
}

fn later(title: &str) -> PostOutcome {
    PostOutcome::NotSent {
        failure: Failure {
            kind: FailureKind::Technical,
            code: None,
            title: title.to_owned(),
        },
        retry_after: Duration::from_secs(1),
    }
}
