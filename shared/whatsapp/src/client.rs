//! The client of Meta's Cloud API.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Uri};
use recado_domain::carried::Carried;
use recado_domain::delivery::PostOutcome;
use recado_domain::file::FileType;
use recado_domain::ids::{MediaId, PhoneNumberId};
use recado_domain::message::{Addressee, Outgoing};
use recado_http::{Http, HttpError};
use thiserror::Error;

use crate::answer::{self, Answer};
use crate::errors::UploadError;
use crate::token::AccessToken;
use crate::webhook::MessageId;
use crate::wire;

/// How long Meta keeps what was uploaded, and its id is good for.
pub const MEDIA_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Larger than any answer of Meta's; what is longer is not one.
const MAX_ANSWER: usize = 64 * 1024;

/// Why an address is not one of the API. Never echoes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an http or https address without query, as in https://graph.facebook.com/v25.0")]
pub struct BaseUrlError;

/// Sends messages, each once. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
    base: String,
    post_timeout: Duration,
}

impl Client {
    /// `base_url` holds host and version (`https://graph.facebook.com/v25.0`). `post_timeout` bounds
    /// a request from connecting to the answer's last byte; above [`recado_http::CONNECT_TIMEOUT`], so
    /// that an address that does not answer is known as one ([`PostOutcome::NotSent`]).
    pub fn new(http: Http, base_url: String, post_timeout: Duration) -> Result<Self, BaseUrlError> {
        let url: Uri = base_url.parse().map_err(|_| BaseUrlError)?;
        let plain = !base_url.contains(['?', '#']) && url.host().is_some_and(|it| !it.is_empty());
        if !plain || !matches!(url.scheme_str(), Some("http" | "https")) {
            return Err(BaseUrlError);
        }
        let base = base_url.trim_end_matches('/').to_owned();
        Ok(Self {
            http,
            base,
            post_timeout,
        })
    }

    /// Sends one message and says what is known of it. Never tries twice: Meta has no idempotency
    /// key, so repeating is for the caller, and only after [`PostOutcome::NotSent`].
    pub async fn send(
        &self,
        from: &PhoneNumberId,
        token: &AccessToken,
        to: &Addressee,
        message: &Outgoing,
        carried: &Carried,
    ) -> PostOutcome {
        self.post(from, token, wire::message(to, message, carried))
            .await
    }

    /// Shows the customer that an inbound message, and those before it, were read. Repeating it
    /// does no harm.
    pub async fn mark_read(
        &self,
        from: &PhoneNumberId,
        token: &AccessToken,
        message: &MessageId,
    ) -> PostOutcome {
        self.post(from, token, wire::read_mark(message)).await
    }

    /// Uploads a file for the headers of a number's messages. Meta keeps it [`MEDIA_KEPT`], for this
    /// number alone; uploading it again does no harm.
    pub async fn upload_media(
        &self,
        from: &PhoneNumberId,
        token: &AccessToken,
        kind: FileType,
        file: &[u8],
    ) -> Result<MediaId, UploadError> {
        let (media_type, body) = wire::upload(kind, file);
        let (status, body) = self
            .ask(&format!("{from}/media"), token, &media_type, body)
            .await
            .map_err(UploadError::of)?;
        answer::media_id(status, &body).map_err(|answer| UploadError::of(known(status, answer)))
    }

    /// Opens a connection before the first message needs it. That it cannot be opened shows with
    /// the first message.
    pub async fn warm_up(&self) {
        if let Err(error) = self.http.warm_up(&self.base).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "could not connect to Meta ahead of time"
            );
        }
    }

    /// A request about something else than a message.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        authorization: HeaderValue,
    ) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}/{path}", self.base))
            .header(AUTHORIZATION, authorization)
    }

    /// Asks it; the answer's status and its body, of at most `most` bytes.
    pub(crate) async fn exchange(
        &self,
        request: http::request::Builder,
        body: Vec<u8>,
        most: usize,
    ) -> Result<(u16, Bytes), HttpError> {
        let answer = self
            .http
            .ask(request, body, self.post_timeout, most)
            .await?;
        Ok((answer.status().as_u16(), answer.into_body()))
    }

    async fn post(&self, from: &PhoneNumberId, token: &AccessToken, body: Vec<u8>) -> PostOutcome {
        let path = format!("{from}/messages");
        match self.ask(&path, token, "application/json", body).await {
            Ok((status, body)) => known(status, answer::read(status, &body)),
            Err(outcome) => outcome,
        }
    }

    /// One request; without a whole answer, what is known of it.
    async fn ask(
        &self,
        path: &str,
        token: &AccessToken,
        media_type: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Bytes), PostOutcome> {
        let request = self
            .request(Method::POST, path, token.header())
            .header(CONTENT_TYPE, media_type);
        let answer = self.exchange(request, body, MAX_ANSWER).await;
        answer.map_err(|error| answer::without_answer(&error))
    }
}

/// An answer's outcome. Meta's support asks for its trace; the failure itself is logged by whoever
/// handles it.
fn known(status: u16, answer: Answer) -> PostOutcome {
    if let Some(trace) = answer.trace {
        tracing::info!(http.status = status, meta.trace = %trace, "Meta refused a request");
    }
    answer.outcome
}
