//! The registry of banks.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use recado_domain::catalogue;
use recado_domain::ids::{PhoneNumberId, TemplateName, TenantId};
use recado_domain::template::Template;
use recado_ports::{Registry, StoreError, TenantConfig};
use thiserror::Error;

use super::store::{Store, StoreCall};

/// The version exists with other content: versions are immutable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this version exists with other content")]
pub struct TemplateExists;

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

    /// Writes a bank's entry, replacing it.
    pub fn put_tenant(&self, tenant: &TenantId, config: &TenantConfig) {
        self.lock().tenants.insert(tenant.clone(), config.clone());
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

    /// Stores a bank's own template version; the same content again is accepted.
    pub fn put_template(
        &self,
        tenant: &TenantId,
        template: &Template,
    ) -> Result<(), TemplateExists> {
        let (name, version) = (template.name.clone(), template.version);
        if catalogue::find(&name, Some(version)).is_some_and(|known| *known != *template) {
            return Err(TemplateExists);
        }
        match self.lock().templates.entry((tenant.clone(), name, version)) {
            Entry::Occupied(held) if **held.get() != *template => Err(TemplateExists),
            Entry::Occupied(_) => Ok(()),
            Entry::Vacant(free) => {
                free.insert(Arc::new(template.clone()));
                Ok(())
            }
        }
    }
}
