//! A secret in Secrets Manager, written only in the place of the version that was read.
//!
//! Secrets Manager has no conditional write. But a staging label moves only from the version that it is said
//! to be on (`UpdateSecretVersionStage`): a new text is put under a label of ours, which nobody reads, and
//! becomes the current one only where the one that was read still is.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};

use crate::errors::OperatorError;
use crate::secret_text::{Refusal, Text};

/// The label of the version that everybody reads.
const CURRENT: &str = "AWSCURRENT";
/// The label of a version that waits for its turn.
const NEXT: &str = "RECADO_NEXT";

/// A secret's place.
pub(crate) struct Vault {
    client: Client,
    id: String,
    /// Its name for people.
    what: &'static str,
}

/// What a secret holds.
pub(crate) enum Held {
    /// It was created without a value and has none yet.
    Nothing,
    /// A text, and the version that it is.
    Value {
        /// The text as JSON.
        text: Text,
        /// The version.
        version: String,
    },
    /// A text that cannot be used, for this reason.
    Unusable(Refusal),
}

impl Vault {
    pub(crate) fn new(client: Client, id: String, what: &'static str) -> Self {
        Self { client, id, what }
    }

    /// Its name for people.
    pub(crate) fn what(&self) -> &'static str {
        self.what
    }

    /// Reads the current version.
    pub(crate) async fn read(&self) -> Result<Held, OperatorError> {
        let answer = self.client.get_secret_value().secret_id(&self.id).send();
        let answer = match answer.await {
            Ok(answer) => answer,
            Err(error) if code(&error) == Some("ResourceNotFoundException") => {
                // No such secret, or one without a value: only the description tells them apart.
                let described = self.client.describe_secret().secret_id(&self.id).send();
                described.await.map_err(|error| self.failed(&error))?;
                return Ok(Held::Nothing);
            }
            Err(error) => return Err(self.failed(&error)),
        };
        let (Some(text), Some(version)) = (answer.secret_string, answer.version_id) else {
            return Ok(Held::Unusable(Refusal("it holds no text".to_owned())));
        };
        Ok(match Text::parse(&text) {
            Ok(text) => Held::Value { text, version },
            Err(refusal) => Held::Unusable(refusal),
        })
    }

    /// Writes a text as the version after this one; none: as the first one. When somebody has written
    /// meanwhile, everybody goes on reading theirs.
    pub(crate) async fn write(
        &self,
        text: &Text,
        after: Option<&str>,
    ) -> Result<(), OperatorError> {
        let put = self
            .client
            .put_secret_value()
            .secret_id(&self.id)
            .secret_string(text.text())
            .version_stages(NEXT);
        let put = put.send().await.map_err(|error| self.failed(&error))?;
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
                Err(OperatorError::Secret {
                    what: self.what,
                    why: "somebody changed it meanwhile, and that stays: run this again".to_owned(),
                })
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// The raw answer is dropped: it can hold the secret.
    fn failed<E: ProvideErrorMetadata, R>(&self, error: &SdkError<E, R>) -> OperatorError {
        let why = match code(error) {
            Some("ResourceNotFoundException") => "there is no such secret".to_owned(),
            Some(code) => code.to_owned(),
            None => "Secrets Manager does not answer".to_owned(),
        };
        OperatorError::Secret {
            what: self.what,
            why,
        }
    }
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<&str> {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
}
