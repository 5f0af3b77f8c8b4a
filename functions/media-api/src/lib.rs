//! Takes a bank's file for a message's header and hands it to Meta, so that a statement needs no public
//! address. Of the file nothing is kept or logged here.
//!
//! Uploading sends nothing, so it needs no `Idempotency-Key`: whoever asks twice has two ids, of which
//! Meta forgets the unused one by itself.

mod config;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use data_encoding::HEXLOWER;
use recado_domain::fault::Fault;
use recado_domain::file::{self, FileType};
use recado_domain::ids::{MediaId, TenantId};
use recado_ports::{Chance, Registry, TenantConfig};
use recado_runtime::problem::Problem;
use recado_runtime::{Tokens, tenant};
use recado_whatsapp::errors::UploadError;
use recado_whatsapp::{AccessToken, Client, MEDIA_KEPT};
use ring::digest;
use serde::Serialize;

pub use config::Config;

/// What the handler needs.
pub struct Deps<S, C> {
    /// The registry of banks.
    pub store: S,
    /// Time.
    pub chance: C,
    /// Meta.
    pub whatsapp: Client,
    /// Each bank's key to it.
    pub tokens: Tokens<AccessToken>,
}

/// The route of this function.
pub fn router<S, C>(deps: Arc<Deps<S, C>>) -> Router
where
    S: Registry + 'static,
    C: Chance + 'static,
{
    Router::new()
        .route("/v1/media", post(upload::<S, C>))
        // The handler has the limit, and a problem document for what is over it.
        .layer(DefaultBodyLimit::disable())
        .with_state(deps)
}

/// A file that Meta has.
#[derive(Serialize)]
struct Uploaded {
    /// For the `media_id` of a parameter.
    media_id: String,
    /// The type of parameter that takes it.
    kind: &'static str,
    bytes: usize,
    /// Of the file as it came, in hexadecimal.
    sha256: String,
    /// From then on Meta knows the id no more.
    expires_at: String,
}

async fn upload<S, C>(
    State(deps): State<Arc<Deps<S, C>>>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem>
where
    S: Registry,
    C: Chance,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    let declared = declared(&headers).ok_or(Problem::FileMediaType)?;
    if body.len() > file::LARGEST {
        let limit = file::LARGEST;
        return Err(Problem::TooLarge { limit });
    }
    file::check(declared, &body).map_err(|fault| Problem::Invalid(vec![fault]))?;
    let config = deps.store.tenant(&tenant).await?;
    // Before the upload: a promise that Meta's clock keeps.
    let begun = deps.chance.now();
    let uploaded = match config {
        Some(config) => deps.upload(&tenant, &config, declared, &body).await,
        None => None,
    };
    let Some(uploaded) = uploaded else {
        tracing::error!(tenant.id = %tenant, "tenant without configuration");
        return Err(Problem::Internal);
    };
    let media_id = uploaded.map_err(|error| problem(&tenant, &error))?;
    let (kind, bytes) = (declared.parameter(), body.len());
    tracing::info!(tenant.id = %tenant, kind, bytes, "file uploaded");
    let sha256 = digest::digest(&digest::SHA256, &body);
    let answer = Uploaded {
        media_id: media_id.to_string(),
        kind,
        bytes,
        sha256: HEXLOWER.encode(sha256.as_ref()),
        expires_at: format!("{:.3}", begun + MEDIA_KEPT),
    };
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

impl<S, C> Deps<S, C> {
    /// None for a bank without an access token.
    async fn upload(
        &self,
        tenant: &TenantId,
        config: &TenantConfig,
        kind: FileType,
        file: &[u8],
    ) -> Option<Result<MediaId, UploadError>> {
        let from = &config.phone_number_id;
        let upload = async |token: AccessToken| {
            let uploaded = self.whatsapp.upload_media(from, &token, kind, file);
            uploaded.await
        };
        let refused = |answer: &Result<_, UploadError>| {
            answer.as_ref().is_err_and(UploadError::refuses_token)
        };
        self.tokens.ask(tenant, upload, refused).await
    }
}

/// The type that the header names; only the content says whether it is one.
fn declared(headers: &HeaderMap) -> Option<FileType> {
    let named = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    FileType::of_media_type(named)
}

fn problem(tenant: &TenantId, error: &UploadError) -> Problem {
    let code = error.code();
    match error {
        UploadError::File(_) => {
            tracing::warn!(tenant.id = %tenant, code, error = error as &dyn std::error::Error, "file not uploaded");
            let rule = "must be a file that Meta can process";
            Problem::Invalid(vec![Fault::new("body", rule)])
        }
        UploadError::Away { retry_after, .. } => {
            tracing::warn!(tenant.id = %tenant, code, error = error as &dyn std::error::Error, "file not uploaded");
            Problem::MetaAway {
                retry_after: retry_after.as_secs().max(1),
            }
        }
        UploadError::Refused(_) => {
            tracing::error!(tenant.id = %tenant, code, error = error as &dyn std::error::Error, "upload refused");
            Problem::Internal
        }
    }
}
