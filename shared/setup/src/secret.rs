//! A secret in Secrets Manager, written only in the place of the version that was read.
//!
//! Secrets Manager has no conditional write. But a staging label moves only from the version that it is said
//! to be on (`UpdateSecretVersionStage`): a new text is put under a label of ours, which nobody reads, and
//! becomes the current one only where the one that was read still is.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use thiserror::Error;

/// The label of the version that everybody reads.
const CURRENT: &str = "AWSCURRENT";
/// The label of a version that waits for its turn.
const NEXT: &str = "RECADO_NEXT";

/// Why a secret is not read or written. Never holds its content.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SecretError {
    /// There is no secret of this id.
    #[error("there is no such secret")]
    Missing,
    /// Somebody has written meanwhile; theirs stays.
    #[error("somebody changed it meanwhile, and that stays: run this again")]
    Changed,
    /// The service does not do it, by the name of its refusal.
    #[error("{0}")]
    Refused(String),
    /// The service does not answer.
    #[error("Secrets Manager does not answer")]
    Unavailable,
}

/// A secret's place.
pub struct Secret {
    client: Client,
    id: String,
}

/// What a secret holds.
pub enum Held {
    /// It was created without a value and has none yet.
    Nothing,
    /// A text.
    Value {
        /// The text.
        text: String,
        /// The version that it is.
        version: String,
    },
    /// Something else than a text.
    NoText,
}

impl Secret {
    /// By its name or ARN.
    #[must_use]
    pub fn new(client: Client, id: String) -> Self {
        Self { client, id }
    }

    /// Reads the current version.
    pub async fn read(&self) -> Result<Held, SecretError> {
        let answer = self.client.get_secret_value().secret_id(&self.id).send();
        let answer = match answer.await {
            Ok(answer) => answer,
            Err(error) if code(&error) == Some("ResourceNotFoundException") => {
                // No such secret, or one without a value: only the description tells them apart.
                let described = self.client.describe_secret().secret_id(&self.id).send();
                described.await.map_err(|error| failed(&error))?;
                return Ok(Held::Nothing);
            }
            Err(error) => return Err(failed(&error)),
        };
        Ok(match (answer.secret_string, answer.version_id) {
            (Some(text), Some(version)) => Held::Value { text, version },
            (None, _) | (_, None) => Held::NoText,
        })
    }

    /// Writes a text as the version after this one; none: as the first one. When somebody has written
    /// meanwhile, everybody goes on reading theirs.
    pub async fn write(&self, text: &str, after: Option<&str>) -> Result<(), SecretError> {
        let put = self
            .client
            .put_secret_value()
            .secret_id(&self.id)
            .secret_string(text)
            .version_stages(NEXT);
        let put = put.send().await.map_err(|error| failed(&error))?;
        let version = put.version_id.unwrap_or_default();
        // The first version is the current one without being asked.
        if put
            .version_stages
            .unwrap_or_default()
            .iter()
            .any(|stage| stage == CURRENT)
        {
            return Ok(());
        }
        let current = self
            .client
            .update_secret_version_stage()
            .secret_id(&self.id)
            .version_stage(CURRENT)
            .move_to_version_id(version)
            .set_remove_from_version_id(after.map(str::to_owned));
        match current.send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == Some("InvalidParameterException") => {
                Err(SecretError::Changed)
            }
            Err(error) => Err(failed(&error)),
        }
    }
}

/// The raw answer is dropped: it can hold the secret.
fn failed<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> SecretError {
    match code(error) {
        Some("ResourceNotFoundException") => SecretError::Missing,
        Some(code) => SecretError::Refused(code.to_owned()),
        None => SecretError::Unavailable,
    }
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
}
