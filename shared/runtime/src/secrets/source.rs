//! Where secrets are read.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::future::BoxFuture;
use jiff::Timestamp;
use recado_http::{JsonService, ServiceError};
use recado_ports::Chance;
use serde::Deserialize;
use serde_json::json;

use crate::chance::Process;

use super::{SecretError, SecretText, Watched};

/// Gives a secret's present text: Secrets Manager, or a test's script.
pub trait Source: Send + Sync + 'static {
    /// Reads the secret of this name or ARN.
    fn read<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<String, SecretError>>;
}

/// AWS Secrets Manager.
#[derive(Clone)]
pub struct SecretsManager(JsonService);

/// How long a request may take.
const ATTEMPT: Duration = Duration::from_secs(2);
/// After how long what failed and may pass is asked again.
const RESTS: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(200)];
/// Larger than an answer with the longest secret (64 KiB, quotas of Secrets Manager), escaped.
const MAX_ANSWER: usize = 512 * 1024;

impl SecretsManager {
    pub(crate) fn new(service: JsonService) -> Self {
        Self(service)
    }

    async fn value(&self, id: &str) -> Result<Bytes, ServiceError> {
        let mut rests = RESTS.into_iter();
        loop {
            let body = json!({ "SecretId": id }).to_string();
            let now = SystemTime::from(Process::default().now());
            let operation = "secretsmanager.GetSecretValue";
            let answer = self.0.ask(operation, body, now, ATTEMPT, MAX_ANSWER).await;
            match (answer, rests.next()) {
                (Err(error), Some(rest)) if error.passes() => tokio::time::sleep(rest).await,
                (answer, _) => return answer,
            }
        }
    }
}

impl Source for SecretsManager {
    fn read<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<String, SecretError>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Wire {
            secret_string: Option<String>,
        }
        Box::pin(async move {
            let answer = self.value(id).await;
            let answer = answer.map_err(|error| SecretError::Unavailable(error.into()))?;
            let wire: Option<Wire> = serde_json::from_slice(&answer).ok();
            wire.and_then(|wire| wire.secret_string)
                .ok_or(SecretError::Unreadable("must be a text"))
        })
    }
}

/// Tells the time: the process' clock, or a test's.
pub(super) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A source and a clock: what watching a secret needs.
#[derive(Clone)]
pub struct Secrets {
    pub(super) source: Arc<dyn Source>,
    pub(super) clock: Clock,
}

impl Secrets {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(source: impl Source, clock: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self {
            source: Arc::new(source),
            clock,
        }
    }

    /// Reads a secret for the first time: without it a function does not start.
    pub async fn watch<T: SecretText>(&self, id: &str) -> Result<Arc<Watched<T>>, SecretError> {
        let text = self.source.read(id).await?;
        Ok(Arc::new(Watched::new(self.clone(), id, text)?))
    }
}
