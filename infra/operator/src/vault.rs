//! A secret by its name for people, with its text read as JSON.

use recado_setup::{Secret, SecretError};

use crate::errors::OperatorError;
use crate::secret_text::{Refusal, Text};

/// A secret and its name for people.
pub(crate) struct Vault {
    secret: Secret,
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
    pub(crate) fn new(secret: Secret, what: &'static str) -> Self {
        Self { secret, what }
    }

    /// Its name for people.
    pub(crate) fn what(&self) -> &'static str {
        self.what
    }

    /// Reads the current version.
    pub(crate) async fn read(&self) -> Result<Held, OperatorError> {
        let held = self
            .secret
            .read()
            .await
            .map_err(|error| self.failed(&error))?;
        Ok(match held {
            recado_setup::Held::Nothing => Held::Nothing,
            recado_setup::Held::NoText => Held::Unusable(Refusal("it holds no text".to_owned())),
            recado_setup::Held::Value { text, version } => match Text::parse(&text) {
                Ok(text) => Held::Value { text, version },
                Err(refusal) => Held::Unusable(refusal),
            },
        })
    }

    /// Writes a text in the place of this version; none: of nothing.
    pub(crate) async fn write(
        &self,
        text: &Text,
        after: Option<&str>,
    ) -> Result<(), OperatorError> {
        let written = self.secret.write(&text.text(), after).await;
        written.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &SecretError) -> OperatorError {
        OperatorError::Secret {
            what: self.what,
            why: error.to_string(),
        }
    }
}
