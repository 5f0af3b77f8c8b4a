//! The client of Meta's Cloud API.

use std::time::Duration;

use recado_domain::carried::Carried;
use recado_domain::delivery::PostOutcome;
use recado_domain::file::FileType;
use recado_domain::ids::{MediaId, PhoneNumberId};
use recado_domain::message::{Addressee, Outgoing};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, redirect};
use thiserror::Error;

use crate::answer::{self, Answer};
use crate::errors::UploadError;
use crate::token::AccessToken;
use crate::webhook::MessageId;
use crate::wire;

/// Longer than this no start waits for a connection.
const WARM_UP: Duration = Duration::from_secs(1);

/// A connection (name, TCP and TLS) stands within this long, or nothing was sent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Shorter than what Meta and the gateways on the way keep a silent connection for: a request on a
/// connection that is already dead has an unknown outcome.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// How long Meta keeps what was uploaded, and its id is good for.
pub const MEDIA_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Larger than any answer of Meta's; what is longer is not one.
const MAX_ANSWER: usize = 64 * 1024;

/// The transport as it must be for a POST that may not be repeated: HTTP/1.1 (a stalled HTTP/2
/// connection would stall every message on it), no retry, no redirect, no proxy (behind which a
/// failed connection would prove nothing). The caller adds its TLS
/// (`tls_backend_preconfigured`) and builds it.
pub fn transport() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .http1_only()
        .retry(reqwest::retry::never())
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .no_proxy()
}

/// Why an address is not one of the API. Never echoes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an http or https address without query, as in https://graph.facebook.com/v25.0")]
pub struct BaseUrlError;

/// Sends messages, each once. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    post_timeout: Duration,
}

impl Client {
    /// Makes a client out of a [`transport`].
    ///
    /// `base_url` holds host and version (`https://graph.facebook.com/v25.0`). `post_timeout` bounds
    /// a request from connecting to the answer's last byte; above 2 s, so that an address that does
    /// not answer is known as one ([`PostOutcome::NotSent`]).
    pub fn new(
        http: reqwest::Client,
        base_url: String,
        post_timeout: Duration,
    ) -> Result<Self, BaseUrlError> {
        let url = reqwest::Url::parse(&base_url).map_err(|_| BaseUrlError)?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.has_host();
        if !plain || !matches!(url.scheme(), "http" | "https") {
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
        let url = format!("{}/{from}/media", self.base);
        let (status, body) = self
            .ask(url, token, &media_type, body)
            .await
            .map_err(UploadError::of)?;
        answer::media_id(status, &body).map_err(|answer| UploadError::of(known(status, answer)))
    }

    /// Opens a connection before the first message needs it. That it cannot be opened shows with
    /// the first message.
    pub async fn warm_up(&self) {
        let request = self.http.head(&self.base).timeout(WARM_UP);
        if let Err(error) = request.send().await {
            tracing::debug!(error = %error.without_url(), "could not connect to Meta ahead of time");
        }
    }

    /// A request about something else than a message.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        authorization: HeaderValue,
    ) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}/{path}", self.base))
            .timeout(self.post_timeout)
            .header(AUTHORIZATION, authorization)
    }

    async fn post(&self, from: &PhoneNumberId, token: &AccessToken, body: Vec<u8>) -> PostOutcome {
        let url = format!("{}/{from}/messages", self.base);
        match self.ask(url, token, "application/json", body).await {
            Ok((status, body)) => known(status, answer::read(status, &body)),
            Err(outcome) => outcome,
        }
    }

    /// One request; without a whole answer, what is known of it.
    async fn ask(
        &self,
        url: String,
        token: &AccessToken,
        media_type: &str,
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), PostOutcome> {
        let request = self
            .http
            .post(url)
            .timeout(self.post_timeout)
            .header(AUTHORIZATION, token.header())
            .header(CONTENT_TYPE, media_type)
            .body(body);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Err(answer::without_answer(&error)),
        };
        let status = response.status().as_u16();
        // Meta answered, so it had the request; what it decided did not arrive.
        let body = whole(response, MAX_ANSWER).await;
        body.map(|body| (status, body)).ok_or(PostOutcome::Unknown)
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

/// An answer's body, unless it breaks off or is longer than any of Meta's.
pub(crate) async fn whole(mut response: reqwest::Response, most: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= most => body.extend_from_slice(&chunk),
            Ok(None) => return Some(body),
            Ok(Some(_)) | Err(_) => return None,
        }
    }
}
