//! Where secrets are read.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::{SecretError, SecretText, Watched};

/// Gives a secret's present text: Secrets Manager, or a test's script.
pub trait Source: Send + Sync + 'static {
    /// Reads the secret of this name or ARN.
    fn read<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<String, SecretError>>;
}

impl Source for aws_sdk_secretsmanager::Client {
    fn read<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<String, SecretError>> {
        Box::pin(async move {
            let answer = self
                .get_secret_value()
                .secret_id(id)
                .send()
                .await
                .map_err(|error| SecretError::Unavailable(error.into()))?;
            answer
                .secret_string
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
