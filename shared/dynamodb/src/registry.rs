//! The registry of banks, remembered for a while: it changes rarely and every message asks for it.

use std::sync::Arc;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use jiff::SignedDuration;
use recado_domain::catalogue;
use recado_domain::ids::{BusinessAccountId, PhoneNumberId, TemplateName, TenantId};
use recado_domain::switches::{Counter, Switchboard};
use recado_domain::template::Template;
use recado_ports::{ConfigError, OwnerError, Registry, StoreError, TenantConfig};

use crate::attributes::{Item, text};
use crate::cache::{Cache, Life};
use crate::errors::{exhausted, unavailable};
use crate::keys::{Key, OWN_CLIENT, SK, VERSION, template_partition, tenant_partition};
use crate::registry_item::{OWNER, owner, owner_item, template, tenant_config, tenant_item};
use crate::store::Store;

/// How long an entry of a bank, a client or a number is believed. What is not there is asked for again.
const ENTRY: Life = Life::For(SignedDuration::from_secs(60));
/// How long the newest version of a template, or that a bank has none of its own, is believed.
const NEWEST: Life = Life::For(SignedDuration::from_secs(30));

type OwnTemplate = Option<Arc<Template>>;

/// What the process remembers.
#[derive(Debug, Default)]
pub(crate) struct Known {
    tenants: Cache<TenantId, TenantConfig>,
    clients: Cache<String, TenantId>,
    numbers: Cache<PhoneNumberId, TenantId>,
    accounts: Cache<BusinessAccountId, TenantId>,
    /// By version; without one, the newest.
    pub(crate) templates: Cache<(TenantId, TemplateName, Option<u32>), OwnTemplate>,
    pub(crate) switches: Cache<(), Arc<Switchboard>>,
    /// Counters whose limit is reached, until their window is over.
    pub(crate) used_up: Cache<(Counter, u32), ()>,
}

impl Registry for Store {
    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantConfig>, StoreError> {
        let (known, key) = (&self.known().tenants, Key::tenant(tenant));
        self.remembered(known, tenant.clone(), "read a tenant", &key, tenant_config)
            .await
    }

    async fn client(&self, client_id: &str) -> Result<Option<TenantId>, StoreError> {
        let (known, key) = (&self.known().clients, Key::client(client_id));
        self.remembered(known, client_id.to_owned(), "read a client", &key, owner)
            .await
    }

    async fn number(&self, number: &PhoneNumberId) -> Result<Option<TenantId>, StoreError> {
        let (known, key) = (&self.known().numbers, Key::number(number));
        self.remembered(known, number.clone(), "read a number", &key, owner)
            .await
    }

    async fn account(&self, account: &BusinessAccountId) -> Result<Option<TenantId>, StoreError> {
        let (known, key) = (&self.known().accounts, Key::account(account));
        self.remembered(known, account.clone(), "read an account", &key, owner)
            .await
    }

    async fn template(
        &self,
        tenant: &TenantId,
        name: &TemplateName,
        version: Option<u32>,
    ) -> Result<Option<Arc<Template>>, StoreError> {
        let own = self.own_template(tenant, name, version).await?;
        Ok(own.or_else(|| catalogue::find(name, version)))
    }
}

impl Store {
    async fn remembered<K: Eq + std::hash::Hash, V: Clone>(
        &self,
        known: &Cache<K, V>,
        name: K,
        operation: &str,
        key: &Key,
        read: impl Fn(&Item) -> Result<V, StoreError>,
    ) -> Result<Option<V>, StoreError> {
        let now = self.now();
        if let Some(value) = known.get(&name, now) {
            return Ok(Some(value));
        }
        let Some(item) = self.get(operation, key).await? else {
            return Ok(None);
        };
        let value = read(&item)?;
        known.put(name, value.clone(), now, ENTRY);
        Ok(Some(value))
    }

    /// The bank's own version, or its own newest one.
    async fn own_template(
        &self,
        tenant: &TenantId,
        name: &TemplateName,
        version: Option<u32>,
    ) -> Result<OwnTemplate, StoreError> {
        let known = &self.known().templates;
        let (now, asked) = (self.now(), (tenant.clone(), name.clone(), version));
        if let Some(own) = known.get(&asked, now) {
            return Ok(own);
        }
        let found = match version {
            Some(version) => {
                let key = Key::template(tenant, name, version);
                self.get("read a template", &key).await?
            }
            None => self.newest(tenant, name).await?,
        };
        let own = found.as_ref().map(template).transpose()?.map(Arc::new);
        let life = if own.is_some() && version.is_some() {
            Life::Forever
        } else {
            NEWEST
        };
        known.put(asked, own.clone(), now, life);
        Ok(own)
    }

    async fn newest(
        &self,
        tenant: &TenantId,
        name: &TemplateName,
    ) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client()
            .query()
            .table_name(self.table())
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :version)")
            .expression_attribute_values(":pk", text(template_partition(tenant, name)))
            .expression_attribute_values(":version", text(VERSION))
            .scan_index_forward(false)
            .limit(1)
            .send()
            .await
            .map_err(|error| unavailable("read the newest template", error))?;
        Ok(answer.items.unwrap_or_default().into_iter().next())
    }

    /// Writes a bank's entry, replacing it; one that breaks a rule is not written.
    pub async fn put_tenant(
        &self,
        tenant: &TenantId,
        config: &TenantConfig,
    ) -> Result<(), ConfigError> {
        config.check()?;
        self.replace(tenant_item(&Key::tenant(tenant), config))
            .await?;
        self.known().tenants.forget(|known| known == tenant);
        Ok(())
    }

    /// Says whose an OAuth2 client is. Another bank's stays that bank's.
    ///
    /// # Errors
    /// Names the owner that it has; nothing was changed then.
    pub async fn put_client(&self, client_id: &str, tenant: &TenantId) -> Result<(), OwnerError> {
        self.claim(&Key::client(client_id), tenant).await?;
        let own = Key::own_client(tenant, client_id);
        self.replace(owner_item(&own, tenant)).await?;
        self.known().clients.forget(|known| known == client_id);
        Ok(())
    }

    /// The OAuth2 clients of a bank, in alphabetical order.
    pub async fn clients_of(&self, tenant: &TenantId) -> Result<Vec<String>, StoreError> {
        let operation = "read a bank's clients";
        let items = self.partition(operation, tenant_partition(tenant), Some(OWN_CLIENT));
        let client = |item: &Item| {
            let sort_key = item.get(SK)?.as_s().ok()?;
            sort_key.strip_prefix(OWN_CLIENT).map(str::to_owned)
        };
        Ok(items.await?.iter().filter_map(client).collect())
    }

    /// Says whose a number at Meta is. Another bank's stays that bank's.
    ///
    /// # Errors
    /// Names the owner that it has; nothing was changed then.
    pub async fn put_number(
        &self,
        number: &PhoneNumberId,
        tenant: &TenantId,
    ) -> Result<(), OwnerError> {
        self.claim(&Key::number(number), tenant).await?;
        self.known().numbers.forget(|known| known == number);
        Ok(())
    }

    /// Says whose a business account at Meta is. Another bank's stays that bank's.
    ///
    /// # Errors
    /// Names the owner that it has; nothing was changed then.
    pub async fn put_account(
        &self,
        account: &BusinessAccountId,
        tenant: &TenantId,
    ) -> Result<(), OwnerError> {
        self.claim(&Key::account(account), tenant).await?;
        self.known().accounts.forget(|known| known == account);
        Ok(())
    }

    /// Writes an owner down where there is none but this one.
    async fn claim(&self, key: &Key, tenant: &TenantId) -> Result<(), OwnerError> {
        let answer = self
            .client()
            .put_item()
            .table_name(self.table())
            .set_item(Some(owner_item(key, tenant)))
            .condition_expression("attribute_not_exists(pk) OR #owner = :tenant")
            .expression_attribute_names("#owner", OWNER)
            .expression_attribute_values(":tenant", text(tenant.as_str()))
            .send()
            .await;
        let error = match answer {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(_)) => {}
            Some(_) | None => return Err(unavailable("write the registry", error).into()),
        }
        let held = self.get("read an owner", key).await?;
        match held.as_ref().map(owner).transpose()? {
            Some(other) => Err(OwnerError::Taken(other)),
            // Gone since: whoever asks again will find out.
            None => Err(exhausted("write the registry", "it changed meanwhile").into()),
        }
    }

    pub(crate) async fn replace(&self, item: Item) -> Result<(), StoreError> {
        self.client()
            .put_item()
            .table_name(self.table())
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| unavailable("write the registry", error))?;
        Ok(())
    }
}
