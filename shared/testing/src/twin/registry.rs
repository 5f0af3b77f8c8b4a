//! The registry of banks.

use std::collections::BTreeMap;
use std::sync::Arc;

use recado_domain::catalogue;
use recado_domain::ids::{BusinessAccountId, PhoneNumberId, TemplateName, TenantId};
use recado_domain::template::Template;
use recado_ports::{ConfigFault, Kept, Registry, StoreError, TenantConfig};

use super::store::{Store, StoreCall};

impl Registry for Store {
    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantConfig>, StoreError> {
        self.call(StoreCall::Tenant, |state| {
            state.tenants.get(tenant).cloned()
        })
        .await
    }

    async fn client(&self, client_id: &str) -> Result<Option<TenantId>, StoreError> {
        self.call(StoreCall::Client, |state| {
            state.clients.get(client_id).cloned()
        })
        .await
    }

    async fn number(&self, number: &PhoneNumberId) -> Result<Option<TenantId>, StoreError> {
        self.call(StoreCall::Number, |state| {
            state.numbers.get(number).cloned()
        })
        .await
    }

    async fn account(&self, account: &BusinessAccountId) -> Result<Option<TenantId>, StoreError> {
        self.call(StoreCall::Account, |state| {
            state.accounts.get(account).cloned()
        })
        .await
    }

    async fn template(
        &self,
        tenant: &TenantId,
        name: &TemplateName,
        version: Option<u32>,
    ) -> Result<Option<Arc<Template>>, StoreError> {
        self.call(StoreCall::Template, |state| {
            let key = |version| (tenant.clone(), name.clone(), version);
            let (from, to) = version.map_or((0, u32::MAX), |version| (version, version));
            let own = state.templates.range(key(from)..=key(to)).next_back();
            own.map(|(_, own)| Arc::clone(own))
                .or_else(|| catalogue::find(name, version))
        })
        .await
    }
}

impl Store {
    /// Every bank's entry.
    #[must_use]
    pub fn banks(&self) -> BTreeMap<TenantId, TenantConfig> {
        self.lock().tenants.clone()
    }

    /// Writes a bank's entry, replacing it; one that breaks a rule is not written.
    pub fn put_tenant(&self, tenant: &TenantId, config: &TenantConfig) -> Result<(), ConfigFault> {
        config.check()?;
        self.lock().tenants.insert(tenant.clone(), config.clone());
        Ok(())
    }

    /// Says whose an OAuth2 client is.
    pub fn put_client(&self, client_id: &str, tenant: &TenantId) {
        self.lock()
            .clients
            .insert(client_id.to_owned(), tenant.clone());
    }

    /// Says whose a number at Meta is.
    pub fn put_number(&self, number: &PhoneNumberId, tenant: &TenantId) {
        self.lock().numbers.insert(number.clone(), tenant.clone());
    }

    /// Says whose a business account at Meta is.
    pub fn put_account(&self, account: &BusinessAccountId, tenant: &TenantId) {
        self.lock().accounts.insert(account.clone(), tenant.clone());
    }

    /// Stores a bank's own template version.
    pub fn put_template(&self, tenant: &TenantId, template: &Template) -> Kept {
        self.lock().keep(tenant, template)
    }
}
