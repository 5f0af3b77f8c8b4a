//! Services of AWS for which an SDK of their own would weigh more than it helps: a POST of JSON, signed.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::request::Builder;
use http::{Request, StatusCode};
use serde::Deserialize;
use thiserror::Error;

use crate::{Http, HttpError};

/// AWS's JSON protocol, version 1.1 (Smithy: "AWS JSON 1.1 protocol").
const MEDIA_TYPE: &str = "application/x-amz-json-1.1";
/// Who may ask again after these, with AWS's answer in hand (AWS SDKs' "retry behavior").
const THROTTLED: [&str; 3] = [
    "LimitExceededException",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// A service that speaks AWS's JSON protocol.
#[derive(Clone, Debug)]
pub struct JsonService {
    http: Http,
    name: &'static str,
    region: String,
    credentials: Credentials,
    url: String,
}

/// Why a service did not do what it was asked. Never holds what was asked or answered.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// There is no whole answer.
    #[error(transparent)]
    Unanswered(#[from] HttpError),
    /// The service refuses, by the name of its refusal.
    #[error("refused: {code} ({status})")]
    Refused {
        /// The answer's status.
        status: u16,
        /// The refusal's name.
        code: String,
    },
}

impl ServiceError {
    /// Whether asking again may help.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Unanswered(HttpError::Unbuilt(_)) => false,
            Self::Unanswered(_) => true,
            Self::Refused { status, code } => {
                *status == 429 || *status >= 500 || THROTTLED.contains(&code.as_str())
            }
        }
    }
}

impl JsonService {
    /// `name`: as in its address and its signatures. `endpoint`: another address than AWS's own.
    #[must_use]
    pub fn new(
        http: Http,
        name: &'static str,
        region: &str,
        credentials: Credentials,
        endpoint: Option<&str>,
    ) -> Self {
        let own = || format!("https://{name}.{region}.amazonaws.com/");
        Self {
            http,
            name,
            region: region.to_owned(),
            credentials,
            url: endpoint.map_or_else(own, str::to_owned),
        }
    }

    /// Asks for an operation once, by its whole name (`secretsmanager.GetSecretValue`), within `time`; the
    /// answer's JSON, of at most `most` bytes.
    ///
    /// # Errors
    /// When the service does not answer in time, or refuses.
    pub async fn ask(
        &self,
        operation: &str,
        body: String,
        now: SystemTime,
        time: Duration,
        most: usize,
    ) -> Result<Bytes, ServiceError> {
        let request = self.signed(operation, body.as_bytes(), now);
        let request = request.map_err(HttpError::Unbuilt)?;
        let answer = self.http.ask(request, body, time, most).await?;
        match answer.status() {
            status if status.is_success() => Ok(answer.into_body()),
            status => Err(refusal(status, answer.body())),
        }
    }

    /// With the headers that sign it (Signature Version 4).
    fn signed(
        &self,
        operation: &str,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Builder, Box<dyn Error + Send + Sync>> {
        let identity = self.credentials.clone().into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.name)
            .time(now)
            .settings(SigningSettings::default())
            .build()?
            .into();
        let own = [("content-type", MEDIA_TYPE), ("x-amz-target", operation)];
        let signable = SignableBody::Bytes(body);
        let signable = SignableRequest::new("POST", &self.url, own.into_iter(), signable)?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        let headers = own.into_iter().chain(instructions.headers());
        let request = Request::post(&self.url);
        Ok(headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        }))
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> ServiceError {
    #[derive(Deserialize)]
    struct Wire {
        #[serde(rename = "__type")]
        kind: Option<String>,
    }
    // The name of the refusal alone: its text may repeat the request.
    let wire = serde_json::from_slice(body).ok();
    let kind = wire.and_then(|Wire { kind }| kind);
    let code = kind.as_deref().and_then(|kind| kind.rsplit('#').next());
    ServiceError::Refused {
        status: status.as_u16(),
        code: code.unwrap_or("no reason").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_signed_for_the_service_its_day_and_its_region() {
        let credentials = Credentials::new(
            "AKID",
            "secret",
            Some("session".to_owned()),
            None,
            "environment",
        );
        let service = JsonService::new(Http::new(), "cognito-idp", "sa-east-1", credentials, None);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_793_400_000);
        let headers = |body: &str| {
            let request = service.signed("Service.Operation", body.as_bytes(), now);
            request.expect("signed").body(()).expect("a request")
        };
        let signed = headers("{}");
        assert_eq!(signed.uri(), "https://cognito-idp.sa-east-1.amazonaws.com/");
        let value = |name: &str| signed.headers()[name].to_str().expect("text");
        let authorization = value("authorization");
        assert!(
            authorization.starts_with(
                "AWS4-HMAC-SHA256 Credential=AKID/20261030/sa-east-1/cognito-idp/aws4_request"
            ),
            "{authorization}"
        );
        assert!(authorization.contains("x-amz-target"), "{authorization}");
        assert_eq!(value("x-amz-security-token"), "session");
        assert!(!format!("{signed:?}").contains("secret\""));
        assert_ne!(
            headers("{ }").headers()["authorization"],
            authorization,
            "the body is signed"
        );
    }

    #[test]
    fn a_refusal_is_known_by_its_name_and_only_what_passes_is_asked_again() {
        let check = |status: u16, body: &str, expected: &str, passes: bool| {
            let status = StatusCode::from_u16(status).expect("a status");
            let error = refusal(status, body.as_bytes());
            assert_eq!(error.to_string(), format!("refused: {expected}"), "{body}");
            assert_eq!(error.passes(), passes, "{body}");
        };
        let named = |name: &str| format!(r#"{{"__type":"com.amazonaws#{name}","message":"m"}}"#);
        check(
            400,
            &named("AccessDeniedException"),
            "AccessDeniedException (400)",
            false,
        );
        check(
            400,
            &named("ThrottlingException"),
            "ThrottlingException (400)",
            true,
        );
        check(400, r#"{"__type":"X"}"#, "X (400)", false);
        check(429, "", "no reason (429)", true);
        check(500, "<html>", "no reason (500)", true);
    }
}
