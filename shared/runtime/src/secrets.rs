//! Secrets: the sealing keys and the pepper; what belongs to Meta.

use std::collections::BTreeMap;
use std::fmt;

use data_encoding::BASE64;
use recado_domain::ids::{AppId, TenantId};
use recado_domain::seal::{Keyring, Pepper, SealError};
use serde::Deserialize;
use thiserror::Error;

/// Why a secret cannot be used. Never holds its content.
#[derive(Debug, Error)]
pub enum SecretError {
    /// Secrets Manager did not give it.
    #[error("secret unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Not the JSON it should be.
    #[error("secret unreadable: {0}")]
    Unreadable(&'static str),
    /// Keys of the wrong length.
    #[error(transparent)]
    Keys(#[from] SealError),
}

/// The sealing keys and the pepper.
#[derive(Debug)]
pub struct Keys {
    /// Seals and opens personal data.
    pub ring: Keyring,
    /// Makes pseudonyms.
    pub pepper: Pepper,
}

#[derive(Deserialize)]
struct KeysWire {
    sealing: SealingWire,
    pepper: PepperWire,
}

#[derive(Deserialize)]
struct SealingWire {
    current: String,
    keys: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct PepperWire {
    version: String,
    secret: String,
}

impl Keys {
    /// Reads `{"sealing":{"current":"k1","keys":{"k1":"<base64 of 32 bytes>"}},"pepper":{"version":"1","secret":"<base64>"}}`.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let wire: KeysWire = serde_json::from_str(text).map_err(|_| {
            SecretError::Unreadable("the keys must be JSON with sealing and pepper")
        })?;
        let decode = |text: &str| {
            BASE64
                .decode(text.as_bytes())
                .map_err(|_| SecretError::Unreadable("the keys must be base64"))
        };
        let mut keys = BTreeMap::new();
        for (id, key) in wire.sealing.keys {
            keys.insert(id, decode(&key)?);
        }
        Ok(Self {
            ring: Keyring::new(&wire.sealing.current, keys)?,
            pepper: Pepper::new(&wire.pepper.version, &decode(&wire.pepper.secret)?)?,
        })
    }

    /// Fetches and reads the secret.
    pub async fn fetch(
        client: &aws_sdk_secretsmanager::Client,
        id: &str,
    ) -> Result<Self, SecretError> {
        Self::parse(&fetch(client, id).await?)
    }
}

/// What belongs to Meta.
#[derive(Clone, Deserialize)]
pub struct WhatsappSecret {
    /// The app that the access tokens are of: samples for a template's review are uploaded to it.
    pub app_id: AppId,
    /// The app's secrets: during a change both the old and the new one.
    pub app_secrets: Vec<String>,
    /// What Meta repeats when it verifies the webhook.
    pub verify_token: String,
    /// The system user's access token, by tenant.
    pub access_tokens: BTreeMap<TenantId, String>,
}

impl fmt::Debug for WhatsappSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "WhatsappSecret({} app secrets, {} tokens)",
            self.app_secrets.len(),
            self.access_tokens.len()
        )
    }
}

impl WhatsappSecret {
    /// Fetches and reads the secret.
    pub async fn fetch(
        client: &aws_sdk_secretsmanager::Client,
        id: &str,
    ) -> Result<Self, SecretError> {
        let text = fetch(client, id).await?;
        let secret: Self = serde_json::from_str(&text).map_err(|_| {
            SecretError::Unreadable(
                "must be JSON with app_id, app_secrets, verify_token and access_tokens",
            )
        })?;
        if secret.app_secrets.iter().all(String::is_empty) {
            return Err(SecretError::Unreadable(
                "app_secrets must hold at least one secret",
            ));
        }
        Ok(secret)
    }
}

pub(crate) async fn fetch(
    client: &aws_sdk_secretsmanager::Client,
    id: &str,
) -> Result<String, SecretError> {
    let answer = client
        .get_secret_value()
        .secret_id(id)
        .send()
        .await
        .map_err(|error| SecretError::Unavailable(error.into()))?;
    answer
        .secret_string
        .ok_or(SecretError::Unreadable("must be a text"))
}
