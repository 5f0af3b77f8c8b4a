//! What is known of the banks themselves.

use recado_domain::consent::ConsentPolicy;
use recado_domain::hours::Hours;
use recado_domain::ids::{BusinessAccountId, PhoneNumberId, TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::template::Template;

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
