//! A first request ahead of the first real one, so that its connection is open by then; and what it asks.

use recado_domain::ids::TenantId;
use recado_ports::{Registry, StoreError};
use thiserror::Error;

use crate::attributes::{CURRENT, VERSION, number, text};
use crate::errors::unavailable;
use crate::keys::Key;
use crate::store::Store;

/// The pepper's fingerprint.
const FINGERPRINT: &str = "f";

/// A process has another pepper than that by which the table's people are known: it would find nobody, and
/// give everybody a second identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the pepper is another one than that which the table's people are known by")]
pub struct AnotherPepper;

/// What the table knows of its pepper.
#[derive(Debug)]
pub struct KnownPepper(Result<Option<String>, StoreError>);

impl Store {
    /// Reads a bank that is not there, since every function may read the banks. What comes of it does not
    /// matter: the first real request meets the same trouble and says so.
    pub async fn warm_up(&self) {
        if let Ok(nobody) = TenantId::parse("warm-up") {
            self.tenant(&nobody).await.ok();
        }
    }

    /// Reads by which pepper the table's people are known: the first request of a function that makes
    /// pseudonyms. Nobody waits for it who does not have its answer to [`Store::hold_to`].
    pub async fn known_pepper(&self) -> KnownPepper {
        KnownPepper(self.pepper().await)
    }

    /// By the fingerprint of which pepper the table's people are known, if it is bound to one.
    ///
    /// # Errors
    /// Where the store does not answer, or the item does not read.
    pub async fn pepper(&self) -> Result<Option<String>, StoreError> {
        let key = Key::pepper();
        let Some(item) = self.get("read the pepper's fingerprint", &key).await? else {
            return Ok(None);
        };
        let held = item.get(FINGERPRINT).and_then(|held| held.as_s().ok());
        let held = held.ok_or_else(|| StoreError::Unreadable(FINGERPRINT.to_owned()))?;
        Ok(Some(held.clone()))
    }

    /// Refuses a pepper that is not the table's. Before anybody bound one ([`Store::bind_pepper`], with the
    /// first bank) there is nobody whom another one could lose. While the store is away the pepper is
    /// believed: whoever comes later asks again.
    pub fn hold_to(&self, known: KnownPepper, fingerprint: &str) -> Result<(), AnotherPepper> {
        match known.0 {
            Ok(Some(held)) if held != fingerprint => {
                tracing::error!("pepper refused");
                Err(AnotherPepper)
            }
            Ok(_) => Ok(()),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "pepper not compared");
                Ok(())
            }
        }
    }

    /// Binds the table to a pepper unless it is bound; answers by which one its people are known.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn bind_pepper(&self, fingerprint: &str) -> Result<String, StoreError> {
        let answer = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(Key::pepper().item()))
            .update_expression("SET #f = if_not_exists(#f, :f), #v = :v")
            .expression_attribute_names("#f", FINGERPRINT)
            .expression_attribute_names("#v", VERSION)
            .expression_attribute_values(":f", text(fingerprint))
            .expression_attribute_values(":v", number(CURRENT))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
            .send()
            .await
            .map_err(|error| unavailable("bind the pepper", error))?;
        let item = answer.attributes.unwrap_or_default();
        let held = item.get(FINGERPRINT).and_then(|held| held.as_s().ok());
        held.cloned()
            .ok_or_else(|| StoreError::Unreadable(FINGERPRINT.to_owned()))
    }
}
