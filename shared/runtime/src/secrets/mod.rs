//! What Secrets Manager holds, and how a process follows its changes.

mod source;
mod tokens;
mod watched;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use data_encoding::BASE64;
use recado_domain::ids::{AppId, TenantId};
use recado_domain::seal::{Keyring, Pepper, SealError, Sealed};
use serde::Deserialize;
use thiserror::Error;

pub use source::{Secrets, SecretsManager, Source};
pub use tokens::Tokens;
pub use watched::{Changing, SecretText, Watched};

/// Why a secret cannot be used. Never holds its content.
#[derive(Debug, Error)]
pub enum SecretError {
    /// Secrets Manager did not give it.
    #[error("secret unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Not what it should be.
    #[error("secret unreadable: {0}")]
    Unreadable(&'static str),
    /// Keys of the wrong length.
    #[error(transparent)]
    Keys(#[from] SealError),
    /// Everybody would get a second identity, without their consents.
    #[error("the pepper is another one than that which people are known by")]
    AnotherPepper,
}

/// The sealing keys and the pepper.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Seals personal data, and opens it with the keys that were there when these were read.
    pub ring: Keyring,
    /// Makes pseudonyms.
    pub pepper: Pepper,
    newer: Option<Arc<Watched<Keys>>>,
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
    /// Keys that stay as they are.
    #[must_use]
    pub fn new(ring: Keyring, pepper: Pepper) -> Self {
        Self {
            ring,
            pepper,
            newer: None,
        }
    }

    /// The keys as the secret holds them now, with the way to newer ones.
    #[must_use]
    pub fn of(secret: &Arc<Watched<Self>>) -> Self {
        Self {
            newer: Some(Arc::clone(secret)),
            ..secret.current().as_ref().clone()
        }
    }

    /// Opens what was sealed for the item named by `associated`. A key that is not known here may be
    /// newer than this copy of the secret, which is then read again.
    pub async fn open(&self, associated: &str, sealed: &Sealed) -> Result<Vec<u8>, SealError> {
        match (self.ring.open(associated, sealed), &self.newer) {
            (Err(SealError::UnknownKey(_)), Some(secret)) => {
                secret.again().await.ring.open(associated, sealed)
            }
            (outcome, _) => outcome,
        }
    }
}

impl SecretText for Keys {
    const NAME: &'static str = "keys";

    /// Reads `{"sealing":{"current":"k1","keys":{"k1":"<base64 of 32 bytes>"}},"pepper":{"version":"1","secret":"<base64>"}}`.
    fn parse(text: &str) -> Result<Self, SecretError> {
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
        Ok(Self::new(
            Keyring::new(&wire.sealing.current, keys)?,
            Pepper::new(&wire.pepper.version, &decode(&wire.pepper.secret)?)?,
        ))
    }

    fn may_follow(&self, old: &Self) -> Result<(), SecretError> {
        if self.pepper.fingerprint() == old.pepper.fingerprint() {
            Ok(())
        } else {
            Err(SecretError::AnotherPepper)
        }
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

impl SecretText for WhatsappSecret {
    const NAME: &'static str = "whatsapp";

    fn parse(text: &str) -> Result<Self, SecretError> {
        let secret: Self = serde_json::from_str(text).map_err(|_| {
            SecretError::Unreadable(
                "must be JSON with app_id, app_secrets, verify_token and access_tokens",
            )
        })?;
        if secret.app_secrets.is_empty() || !secret.app_secrets.iter().all(|it| is_word(it)) {
            return Err(SecretError::Unreadable(
                "app_secrets must hold at least one secret, and no empty one",
            ));
        }
        if !is_word(&secret.verify_token) {
            return Err(SecretError::Unreadable("verify_token must not be empty"));
        }
        if !secret.access_tokens.values().all(|token| is_word(token)) {
            return Err(SecretError::Unreadable(
                "each access token must be 1 to 1,024 visible ASCII characters",
            ));
        }
        Ok(secret)
    }

    /// All of it may change.
    fn may_follow(&self, _old: &Self) -> Result<(), SecretError> {
        Ok(())
    }
}

/// What can stand in a header, white space around it aside.
fn is_word(text: &str) -> bool {
    let text = text.trim();
    (1..=1024).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
pub(crate) mod tests;
