//! Who exists on a fresh local stack: two banks, their clients, a few customers.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use data_encoding::{BASE64, HEXLOWER};
use recado_domain::catalogue;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Action, ConsentEvent, ConsentPolicy, PurposeConsent, Source};
use recado_domain::hours::Hours;
use recado_domain::ids::{BusinessAccountId, PhoneNumberId, TenantId};
use recado_domain::locale::Locale;
use recado_domain::phone::E164;
use recado_dynamodb::Store;
use recado_ports::{Profile, ProfileUpdate, Recipients, TenantConfig};
use recado_runtime::{Keys, SecretText};
use recado_testing::meta::{Account, BusinessNumber, settings};
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::ids;

/// A bank of the local stack.
pub struct Bank {
    /// Its tenant id.
    pub tenant: &'static str,
    /// The name customers know.
    pub name: &'static str,
    /// Its WhatsApp Business Account.
    pub waba_id: &'static str,
    /// Its number at Meta.
    pub phone_number_id: &'static str,
    number: &'static str,
    client_id: &'static str,
}

/// The banks: two, so that isolation can be tried.
pub const BANKS: [Bank; 2] = [
    Bank {
        tenant: "banco-aurora",
        name: "Banco Aurora",
        waba_id: "800000000000001",
        phone_number_id: "700000000000001",
        number: "+551140000001",
        client_id: "aurora-core",
    },
    Bank {
        tenant: "banco-boreal",
        name: "Banco Boreal",
        waba_id: "800000000000002",
        phone_number_id: "700000000000002",
        number: "+551140000002",
        client_id: "boreal-core",
    },
];

/// The customers of the page and the demonstration, who agreed to everything on WhatsApp.
pub const CUSTOMERS: [(&str, &str); 3] = [
    ("Maria Souza", "+5511987654321"),
    ("João Lima", "+5521998765432"),
    ("Ana Castro", "+5531987651234"),
];

/// The reserved recipients `+55 11 90000-0001` to `-0012`.
pub fn reserved() -> impl Iterator<Item = String> {
    (1..=12).map(|last| format!("+55119000000{last:02}"))
}

/// The secrets of one stack. Kept with its data, so that a second run opens what the first one sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secrets {
    keys: String,
    app_secret: String,
    verify_token: String,
    /// By tenant.
    access_tokens: BTreeMap<String, String>,
    /// By client id.
    client_secrets: BTreeMap<String, String>,
}

impl Secrets {
    /// Reads the secrets of a data directory, or makes new ones and keeps them there.
    pub fn open(directory: Option<&Path>) -> Result<Self> {
        let path = directory.map(|directory| directory.join("secrets.json"));
        if let Some(path) = path.as_ref().filter(|path| path.exists()) {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            return serde_json::from_str(&text)
                .with_context(|| format!("{} is damaged", path.display()));
        }
        let secrets = Self::fresh();
        if let Some(path) = path {
            std::fs::write(&path, serde_json::to_string_pretty(&secrets)?)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(secrets)
    }

    fn fresh() -> Self {
        let hex = || HEXLOWER.encode(&ids::random::<16>());
        let keys = json!({
            "sealing": { "current": "k1", "keys": { "k1": BASE64.encode(&ids::random::<32>()) } },
            "pepper": { "version": "1", "secret": BASE64.encode(&ids::random::<32>()) },
        });
        Self {
            keys: keys.to_string(),
            app_secret: hex(),
            verify_token: hex(),
            access_tokens: BANKS
                .iter()
                .map(|bank| (bank.tenant.to_owned(), format!("EAAG{}", hex())))
                .collect(),
            client_secrets: BANKS
                .iter()
                .map(|bank| (bank.client_id.to_owned(), hex()))
                .collect(),
        }
    }

    /// The key of `X-Hub-Signature-256`.
    #[must_use]
    pub fn app_secret(&self) -> &str {
        &self.app_secret
    }

    /// What Meta repeats when it verifies the webhook.
    #[must_use]
    pub fn verify_token(&self) -> &str {
        &self.verify_token
    }

    /// The secret of a bank's API client, with the client's id.
    #[must_use]
    pub fn client(&self, bank: &Bank) -> (String, String) {
        (
            bank.client_id.to_owned(),
            self.client_secrets
                .get(bank.client_id)
                .cloned()
                .unwrap_or_default(),
        )
    }

    /// The secret of a client that is no bank's of these: the same as long as the other secrets are.
    #[must_use]
    pub fn other_client(&self, client_id: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.keys.as_bytes());
        let digest = hmac::sign(&key, format!("client {client_id}").as_bytes());
        HEXLOWER.encode(&digest.as_ref()[..16])
    }

    /// Sealing keys and pepper as the functions read them.
    pub fn keys(&self) -> Result<Keys> {
        Ok(Keys::parse(&self.keys)?)
    }

    /// The two secrets as Secrets Manager holds them: keys, then Meta's.
    #[must_use]
    pub fn texts(&self) -> (String, String) {
        let whatsapp = json!({
            "app_id": settings::APP_ID,
            "app_secrets": [self.app_secret],
            "verify_token": self.verify_token,
            "access_tokens": self.access_tokens,
        });
        (self.keys.clone(), whatsapp.to_string())
    }

    /// The banks as the simulated Meta knows them.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        let account = |bank: &Bank| Account {
            waba_id: bank.waba_id.to_owned(),
            token: self
                .access_tokens
                .get(bank.tenant)
                .cloned()
                .unwrap_or_default(),
            numbers: vec![BusinessNumber {
                id: bank.phone_number_id.to_owned(),
                number: bank.number.to_owned(),
                name: bank.name.to_owned(),
            }],
        };
        BANKS.iter().map(account).collect()
    }
}

/// Registers the banks, and what their customers and the reserved recipients agreed to.
pub async fn register(store: &Store, secrets: &Secrets, now: jiff::Timestamp) -> Result<()> {
    let keys = secrets.keys()?;
    store.bind_pepper(&keys.pepper.fingerprint()).await?;
    for bank in &BANKS {
        let tenant = TenantId::parse(bank.tenant)?;
        let number = PhoneNumberId::parse(bank.phone_number_id)?;
        let account = BusinessAccountId::parse(bank.waba_id)?;
        let config = TenantConfig {
            name: bank.name.to_owned(),
            phone_number_id: number.clone(),
            business_account_id: account.clone(),
            messages_per_second: 1_000,
            sms_sender_id: None,
            locale: Locale::PtBr,
            time_zone: "America/Sao_Paulo".to_owned(),
            // What is tried out at night is to be seen at night.
            hours: Hours::around_the_clock(),
            hosts: catalogue::HOSTS.map(str::to_owned).to_vec(),
            consent: ConsentPolicy::default(),
        };
        store.put_tenant(&tenant, &config).await?;
        store.put_client(bank.client_id, &tenant).await?;
        store.put_number(&number, &tenant).await?;
        store.put_account(&account, &tenant).await?;
        let customers = CUSTOMERS.iter().map(|(_, phone)| (*phone).to_owned());
        for phone in customers.chain(reserved()) {
            agree(store, &keys, &tenant, &E164::parse(&phone)?, now).await?;
        }
    }
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "the number is sealed right away")]
async fn agree(
    store: &Store,
    keys: &Keys,
    tenant: &TenantId,
    phone: &E164,
    now: jiff::Timestamp,
) -> Result<()> {
    let token = keys.pepper.recipient(tenant, phone);
    let known = store.recipient(tenant, &token).await?;
    if known.profile.is_some() {
        return Ok(());
    }
    let event = ConsentEvent {
        channel: Channel::Whatsapp,
        purposes: Class::ALL.to_vec(),
        consent: PurposeConsent::new(Action::Grant, now, Source::Import),
        digest: keys
            .pepper
            .digest_of("seed", &[tenant.as_str(), token.as_str()]),
        received_at: now,
        evidence: None,
    };
    store.consent(tenant, &token, &event).await?;
    let sealed = keys.ring.seal(
        &Profile::associated(tenant, &token),
        phone.expose().as_bytes(),
        ids::random(),
    )?;
    let update = ProfileUpdate {
        phone: Some(sealed),
        ..ProfileUpdate::default()
    };
    store.update_profile(tenant, &token, &update).await?;
    Ok(())
}
