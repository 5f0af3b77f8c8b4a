//! Where a later leg to a recipient that needs no phone goes: the sandbox, which stands in for the carrier.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, header};
use recado_domain::delivery::{Failure, FailureKind, PostOutcome};
use recado_domain::phone::E164;
use recado_http::{Http, HttpError};
use recado_ports::SmsChannel;
use recado_runtime::{Bearer, SecretError, Secrets, Watched};
use serde::{Deserialize, Serialize};

/// How long the sandbox is left alone after no connection came about.
const AFTER_NO_CONNECTION: Duration = Duration::from_secs(1);

/// Larger than any answer of the sandbox.
const MAX_ANSWER: usize = 4 * 1024;

/// The SMS channel: a carrier, and the sandbox for reserved recipients where there is one.
#[derive(Clone)]
pub struct Carrier<M> {
    carrier: M,
    sandbox: Option<Sandbox>,
}

impl<M> Carrier<M> {
    /// Without a sandbox the reserved recipients are the carrier's like any other.
    #[must_use]
    pub fn new(carrier: M, sandbox: Option<Sandbox>) -> Self {
        Self { carrier, sandbox }
    }
}

impl<M: SmsChannel> SmsChannel for Carrier<M> {
    async fn send(&self, to: &E164, text: &str, sender_id: Option<&str>) -> PostOutcome {
        match &self.sandbox {
            Some(sandbox) if to.is_reserved() => sandbox.send(to).await,
            Some(_) | None => self.carrier.send(to, text, sender_id).await,
        }
    }
}

/// The sandbox's word on an SMS. It is not told the text: only the number decides.
#[derive(Clone)]
pub struct Sandbox {
    http: Http,
    url: String,
    token: Arc<Watched<Bearer>>,
    timeout: Duration,
}

#[derive(Serialize)]
struct Asked<'a> {
    to: &'a str,
}

#[derive(Deserialize)]
struct Taken {
    message_id: String,
}

impl Sandbox {
    /// The sandbox of these settings, where they have one: its address without a slash at its end, and the
    /// secret with the token that opens it. `timeout`: of one request.
    pub async fn open(
        settings: Option<(String, String)>,
        secrets: &Secrets,
        http: Http,
        timeout: Duration,
    ) -> Result<Option<Self>, SecretError> {
        let Some((base, secret)) = settings else {
            return Ok(None);
        };
        Ok(Some(Self {
            http,
            url: format!("{base}/sms"),
            token: secrets.watch(&secret).await?,
            timeout,
        }))
    }

    async fn send(&self, to: &E164) -> PostOutcome {
        #[allow(
            clippy::disallowed_methods,
            reason = "the sandbox is told the number, which is nobody's"
        )]
        let asked = Asked { to: to.expose() };
        let shown = self.token.current().header();
        let request = Request::post(&self.url)
            .header(header::AUTHORIZATION, shown.clone())
            .header(header::CONTENT_TYPE, "application/json");
        let asked = serde_json::to_vec(&asked).unwrap_or_default();
        let answer = match self
            .http
            .ask(request, asked, self.timeout, MAX_ANSWER)
            .await
        {
            Ok(answer) => answer,
            Err(HttpError::Unbuilt(_) | HttpError::NoConnection(_) | HttpError::ConnectTimeout) => {
                return PostOutcome::NotSent {
                    failure: failure(FailureKind::Technical, "no connection to the sandbox"),
                    retry_after: AFTER_NO_CONNECTION,
                };
            }
            Err(HttpError::Timeout | HttpError::Ended(_)) => return PostOutcome::Unknown,
        };
        match answer.status().as_u16() {
            200 => match serde_json::from_slice::<Taken>(answer.body()) {
                Ok(taken) => PostOutcome::Accepted {
                    provider_id: Some(taken.message_id),
                },
                Err(_) => PostOutcome::Unknown,
            },
            422 => PostOutcome::Rejected(failure(
                FailureKind::Permanent,
                "the sandbox takes no SMS for this number",
            )),
            // The token was exchanged meanwhile.
            401 if self.token.again().await.header() != shown => PostOutcome::NotSent {
                failure: failure(FailureKind::Technical, "the sandbox's token has changed"),
                retry_after: Duration::ZERO,
            },
            400..500 => PostOutcome::Rejected(failure(
                FailureKind::Technical,
                "the sandbox does not take the request",
            )),
            _ => PostOutcome::Unknown,
        }
    }
}

fn failure(kind: FailureKind, title: &str) -> Failure {
    Failure {
        kind,
        code: None,
        title: title.to_owned(),
    }
}
