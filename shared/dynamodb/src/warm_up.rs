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
        let read = async {
            let Some(item) = self
                .get("read the pepper's fingerprint", &Key::pepper())
                .await?
            else {
                return Ok(None);
            };
            let held = item.get(FINGERPRINT).and_then(|held| held.as_s().ok());
            let held = held.ok_or_else(|| StoreError::Unreadable(FINGERPRINT.to_owned()))?;
            Ok(Some(held.clone()))
        };
        KnownPepper(read.await)
    }

    /// Refuses a pepper that is not the table's. While the store is away, and while nobody has bound the
    /// table, the pepper is believed: whoever starts later asks again.
    pub fn hold_to(&self, known: KnownPepper, fingerprint: &str) -> Result<(), AnotherPepper> {
        match known.0 {
            Ok(Some(held)) if held == fingerprint => Ok(()),
            Ok(Some(_)) => {
                tracing::error!("pepper refused");
                Err(AnotherPepper)
            }
            Ok(None) => Ok(()),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "pepper not compared");
                Ok(())
            }
        }
    }

    /// The same by the one function that binds a table which knows no pepper yet.
    pub async fn bind_to(
        &self,
        known: KnownPepper,
        fingerprint: &str,
    ) -> Result<(), AnotherPepper> {
        let known = match known.0 {
            Ok(None) => KnownPepper(self.bind(fingerprint).await.map(Some)),
            known => KnownPepper(known),
        };
        self.hold_to(known, fingerprint)
    }

    /// The first one binds; answers whose it was.
    async fn bind(&self, fingerprint: &str) -> Result<String, StoreError> {
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
