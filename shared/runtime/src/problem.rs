//! Problem documents (RFC 9457): what a caller reads. What we log is another text.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use recado_domain::fault::Fault;
use serde::Serialize;

/// A problem with a stable type `urn:recado:problem:<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The body is not JSON.
    NotJson,
    /// The `Idempotency-Key` header is missing or not 1–255 printable ASCII characters.
    IdempotencyKey,
    /// No such resource, or another tenant's.
    NotFound,
    /// It has ended and can no longer be cancelled.
    NotCancellable,
    /// The template's version exists with other content.
    VersionExists,
    /// The body is over its limit in bytes.
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The body's media type is not JSON's.
    MediaType,
    /// The body's media type is not that of a file that is taken.
    FileMediaType,
    /// The content breaks its rules: all faults at once.
    Invalid(Vec<Fault>),
    /// The key was used with other content.
    IdempotencyMismatch,
    /// Over the tenant's rate.
    RateExceeded {
        /// Whole seconds until the next request is taken.
        retry_after: u64,
    },
    /// Store or queue unavailable; safe to repeat with the same key.
    Unavailable,
    /// Meta is away or busy; nothing was kept.
    MetaAway {
        /// Whole seconds until it is worth asking again.
        retry_after: u64,
    },
    /// The token's client is no tenant's.
    UnknownClient,
    /// The webhook's signature is missing or wrong.
    Signature,
    /// The webhook's verify token is wrong.
    VerifyToken,
    /// Our fault.
    Internal,
}

#[derive(Serialize)]
struct Document {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
}

impl Problem {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotJson | Self::IdempotencyKey => StatusCode::BAD_REQUEST,
            Self::Signature => StatusCode::UNAUTHORIZED,
            Self::UnknownClient | Self::VerifyToken => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotCancellable | Self::VersionExists => StatusCode::CONFLICT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType | Self::FileMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) | Self::IdempotencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateExceeded { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable | Self::MetaAway { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::NotJson => "malformed-json",
            Self::IdempotencyKey => "idempotency-key",
            Self::NotFound => "not-found",
            Self::NotCancellable => "already-ended",
            Self::VersionExists => "version-exists",
            Self::TooLarge { .. } => "body-too-large",
            Self::MediaType | Self::FileMediaType => "unsupported-media-type",
            Self::Invalid(_) => "invalid-content",
            Self::IdempotencyMismatch => "idempotency-mismatch",
            Self::RateExceeded { .. } => "rate-exceeded",
            Self::Unavailable => "unavailable",
            Self::MetaAway { .. } => "meta-unavailable",
            Self::UnknownClient => "unknown-client",
            Self::Signature => "signature",
            Self::VerifyToken => "verify-token",
            Self::Internal => "internal",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NotJson => "The body is not JSON",
            Self::IdempotencyKey => "No usable Idempotency-Key",
            Self::NotFound => "Not found",
            Self::NotCancellable => "Cannot be cancelled any more",
            Self::VersionExists => "The version exists with other content",
            Self::TooLarge { .. } => "The body is too large",
            Self::MediaType => "The media type is not one that this request takes",
            Self::FileMediaType => "The media type is not one that is taken",
            Self::Invalid(_) => "The content breaks its rules",
            Self::IdempotencyMismatch => "The key was used with other content",
            Self::RateExceeded { .. } => "Too many requests",
            Self::Unavailable => "Unavailable for the moment",
            Self::MetaAway { .. } => "WhatsApp does not answer for the moment",
            Self::UnknownClient => "The client is not registered",
            Self::Signature => "The signature does not match",
            Self::VerifyToken => "The verify token does not match",
            Self::Internal => "Our fault",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NotJson => "Send one JSON object in UTF-8.".to_owned(),
            Self::IdempotencyKey => {
                "Send the header Idempotency-Key with 1 to 255 printable ASCII characters."
                    .to_owned()
            }
            Self::NotFound => "There is nothing of yours under this name.".to_owned(),
            Self::NotCancellable => "The notification has already ended otherwise.".to_owned(),
            Self::VersionExists => {
                "A version is immutable once stored: give the changed template the next version."
                    .to_owned()
            }
            Self::TooLarge { limit } => format!("A body may have at most {limit} bytes."),
            Self::MediaType => "Send Content-Type: application/json; for an import text/csv or application/x-ndjson.".to_owned(),
            Self::FileMediaType => {
                "Send Content-Type: application/pdf, image/jpeg or image/png.".to_owned()
            }
            Self::Invalid(faults) => format!("{} of its rules broken; see errors.", faults.len()),
            Self::IdempotencyMismatch => {
                "This Idempotency-Key already stands for a request with other content.".to_owned()
            }
            Self::RateExceeded { .. } => "Over the rate agreed for this tenant.".to_owned(),
            Self::Unavailable => {
                "Nothing is lost: repeat the request with the same key.".to_owned()
            }
            Self::MetaAway { .. } => {
                "Nothing was kept: repeat the request after the time in Retry-After.".to_owned()
            }
            Self::UnknownClient => {
                "The token is valid, but its client belongs to no tenant.".to_owned()
            }
            Self::Signature => {
                "X-Hub-Signature-256 must be made with the app secret over the body's bytes."
                    .to_owned()
            }
            Self::VerifyToken => {
                "hub.mode must be subscribe and hub.verify_token the configured one.".to_owned()
            }
            Self::Internal => {
                "The request failed for a reason of ours; repeating it with the same key is safe."
                    .to_owned()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = Document {
            r#type: format!("urn:recado:problem:{}", self.name()),
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.detail(),
            errors: match &self {
                Self::Invalid(faults) => faults.clone(),
                Self::NotJson
                | Self::IdempotencyKey
                | Self::NotFound
                | Self::NotCancellable
                | Self::VersionExists
                | Self::TooLarge { .. }
                | Self::MediaType
                | Self::FileMediaType
                | Self::MetaAway { .. }
                | Self::IdempotencyMismatch
                | Self::RateExceeded { .. }
                | Self::Unavailable
                | Self::UnknownClient
                | Self::Signature
                | Self::VerifyToken
                | Self::Internal => Vec::new(),
            },
        };
        let mut response = (self.status(), Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        let retry_after =
            if let Self::RateExceeded { retry_after } | Self::MetaAway { retry_after } = &self {
                *retry_after
            } else {
                u64::from(self == Self::Unavailable)
            };
        if let seconds @ 1.. = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<recado_ports::StoreError> for Problem {
    fn from(error: recado_ports::StoreError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "store");
        match error {
            recado_ports::StoreError::Unavailable(..) | recado_ports::StoreError::Refused(..) => {
                Self::Unavailable
            }
            recado_ports::StoreError::Unreadable(_) => Self::Internal,
        }
    }
}

impl From<recado_ports::QueueError> for Problem {
    fn from(error: recado_ports::QueueError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "queue");
        Self::Unavailable
    }
}

/// The largest body of the banks' API, in bytes.
pub const LARGEST_BODY: usize = 64 * 1024;

/// Checks a request's media type and size before anything reads it.
pub fn check_body(headers: &axum::http::HeaderMap, body: &[u8]) -> Result<(), Problem> {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::MediaType);
    }
    if body.len() > LARGEST_BODY {
        return Err(Problem::TooLarge {
            limit: LARGEST_BODY,
        });
    }
    Ok(())
}
