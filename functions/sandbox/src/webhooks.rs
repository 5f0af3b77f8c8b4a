//! The webhooks that follow a message: as they wait in the queue, and as they leave.

use std::time::Duration;

use http::Request;
use http::header::CONTENT_TYPE;
use recado_http::Http;
use recado_ports::Chance;
use recado_runtime::{Handled, Process};
use recado_testing::meta::webhooks::sign;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How long one POST may take; Meta, too, gives up after seconds.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How often a webhook is posted before it waits for its next turn in the queue.
const TRIES: u32 = 3;
/// Larger than any answer of the callback.
const MAX_ANSWER: usize = 64 * 1024;
/// Between two of them.
const PAUSE: Duration = Duration::from_secs(1);

/// A message of the queue. It carries no signature: who reads a queue must not learn to sign.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Waiting {
    /// A webhook's body, whose exact characters are signed.
    PostV1(String),
}

/// A queue's message that is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the message is of no known kind and version")]
pub struct NotWaiting;

impl Waiting {
    /// What lies in the queue; `None` for a body that is not UTF-8, which the simulated Meta never makes.
    #[must_use]
    pub fn encode(body: Vec<u8>) -> Option<String> {
        let waiting = Self::PostV1(String::from_utf8(body).ok()?);
        serde_json::to_string(&waiting).ok()
    }

    /// Reads a message of the queue.
    pub fn decode(text: &str) -> Result<Self, NotWaiting> {
        serde_json::from_str(text).map_err(|_| NotWaiting)
    }
}

/// Why a webhook comes back to the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the webhook was not answered with 200 in {TRIES} tries")]
pub struct NotTaken;

/// Posts webhooks to the stack's own callback.
pub struct Postman {
    /// For the POSTs.
    pub http: Http,
    /// The callback's address.
    pub url: String,
}

impl Postman {
    /// Signs a webhook with the app's secret and posts it, again where it is not answered with 200.
    pub async fn post(
        &self,
        Waiting::PostV1(body): Waiting,
        app_secret: &str,
    ) -> Result<Handled, NotTaken> {
        let signature = sign(app_secret, body.as_bytes());
        for attempt in 1..=TRIES {
            let request = Request::post(&self.url)
                .header(CONTENT_TYPE, "application/json")
                .header("x-hub-signature-256", &signature);
            let answer = self
                .http
                .ask(request, body.clone(), TIMEOUT, MAX_ANSWER)
                .await;
            let status = answer.map(|answer| answer.status().as_u16());
            tracing::debug!(
                http.status = status.as_ref().ok(),
                attempt,
                "webhook posted"
            );
            match status {
                Ok(200) => return Ok(Handled::Acknowledge),
                Ok(_) | Err(_) if attempt < TRIES => Process::default().rest(PAUSE).await,
                Ok(_) | Err(_) => {}
            }
        }
        Err(NotTaken)
    }
}
