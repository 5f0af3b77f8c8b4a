//! What is known of the banks themselves.

use recado_domain::consent::ConsentPolicy;
use recado_domain::hours::Hours;
use recado_domain::ids::{BusinessAccountId, PhoneNumberId, TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::sms;
use recado_domain::template::Template;
use thiserror::Error;

use std::sync::Arc;

use crate::store::StoreError;

/// A bank's entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantConfig {
    /// The name customers know it by, ≤ 20 characters; first word of every SMS.
    pub name: String,
    /// Its number at Meta.
    pub phone_number_id: PhoneNumberId,
    /// Its business account at Meta, to which its templates belong.
    pub business_account_id: BusinessAccountId,
    /// Messages per second that Meta allows the number (80, or 1,000 after an upgrade).
    pub messages_per_second: u32,
    /// The SMS sender id, where the country allows one.
    pub sms_sender_id: Option<String>,
    /// The language of a customer of whom nothing else is known.
    pub locale: Locale,
    /// The zone in which its days are counted, as in `America/Sao_Paulo`.
    pub time_zone: String,
    /// When what can wait may leave.
    pub hours: Hours,
    /// The hosts that its templates may lead to, without their subdomains.
    pub hosts: Vec<String>,
    /// What it asks of a grant beyond the grant.
    pub consent: ConsentPolicy,
}

impl TenantConfig {
    /// Checks what would otherwise show only when a message is rendered.
    ///
    /// # Errors
    /// Names the field and its rule.
    pub fn check(&self) -> Result<(), ConfigFault> {
        if sms::fits_as_bank_name(&self.name) {
            Ok(())
        } else {
            Err(ConfigFault::Name)
        }
    }
}

/// What is wrong with a bank's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConfigFault {
    /// No SMS would render with it.
    #[error(
        "name: must be 1 to {} characters as an SMS has them",
        sms::BANK_NAME_MAX
    )]
    Name,
}

/// Why a bank's entry was not written.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// It breaks a rule: nothing was written.
    #[error("a bank's entry: {0}")]
    Fault(#[from] ConfigFault),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why nobody was written down as the owner of something.
#[derive(Debug, Error)]
pub enum OwnerError {
    /// It is another bank's, and stays so.
    #[error("belongs to {0}")]
    Taken(TenantId),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The registry of banks: changes rarely, may be cached for a minute.
pub trait Registry: Send + Sync {
    /// The bank's entry.
    fn tenant(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Option<TenantConfig>, StoreError>> + Send;

    /// Whose OAuth2 client it is.
    fn client(
        &self,
        client_id: &str,
    ) -> impl Future<Output = Result<Option<TenantId>, StoreError>> + Send;

    /// Whose number it is.
    fn number(
        &self,
        number: &PhoneNumberId,
    ) -> impl Future<Output = Result<Option<TenantId>, StoreError>> + Send;

    /// Whose business account it is.
    fn account(
        &self,
        account: &BusinessAccountId,
    ) -> impl Future<Output = Result<Option<TenantId>, StoreError>> + Send;

    /// A template: the bank's own before the catalogue's; the newest version unless one is named.
    /// Versions are immutable.
    fn template(
        &self,
        tenant: &TenantId,
        name: &TemplateName,
        version: Option<u32>,
    ) -> impl Future<Output = Result<Option<Arc<Template>>, StoreError>> + Send;
}
