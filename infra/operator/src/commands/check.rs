//! `check`: gathers what a bank has, from the registry, the secrets, Meta and SNS; [`findings`] says what it
//! lacks.

use std::collections::BTreeMap;
use std::sync::Arc;

use recado_domain::catalogue;
use recado_domain::ids::{AppId, TenantId};
use recado_domain::standing::Edition;
use recado_domain::template::{Button, Template};
use recado_ports::{Chance, OwnTemplates, Registry, TenantConfig};
use recado_whatsapp::{AccessToken, Client};
use serde_json::{Value, json};

use crate::arguments::Checking;
use crate::connection::{Clients, Services};
use crate::errors::OperatorError;
use crate::findings::{Facts, Finding, MetaFacts, SecretState, Weight, findings};
use crate::output::{Answer, Fits};
use crate::secret_text::{Refusal, Text};
use crate::vault::Held;

/// What is asked of Meta for one bank, and with what.
pub(crate) struct AtMeta {
    pub(crate) client: Client,
    pub(crate) app: AppId,
    pub(crate) app_token: AccessToken,
    pub(crate) verify_token: String,
    /// The bank's own token.
    pub(crate) token: AccessToken,
}

impl AtMeta {
    /// From the secret's text; `token` outdoes the one in it. None without a token.
    pub(crate) fn new(
        client: Client,
        text: &Text,
        tenant: &TenantId,
        token: Option<&str>,
    ) -> Result<Option<Self>, Refusal> {
        let secret = text.whatsapp()?;
        let Some(token) = token.or_else(|| secret.access_tokens.get(tenant).map(String::as_str))
        else {
            return Ok(None);
        };
        let broken = |_| Refusal("it holds a token that breaks the rules of one".to_owned());
        let app_secret = secret.app_secrets.iter().find(|secret| !secret.is_empty());
        let app_secret = app_secret.map(String::as_str).unwrap_or_default();
        Ok(Some(Self {
            client,
            app_token: AccessToken::of_app(&secret.app_id, app_secret).map_err(broken)?,
            token: AccessToken::parse(token).map_err(broken)?,
            app: secret.app_id,
            verify_token: secret.verify_token,
        }))
    }
}

/// The newest version of everything that a bank may send by WhatsApp.
pub(crate) struct Wanted {
    pub(crate) templates: Vec<Arc<Template>>,
    /// The names of the catalogue's that are not for this bank.
    pub(crate) foreign: Vec<String>,
}

impl Wanted {
    pub(crate) fn editions(&self) -> Vec<Edition> {
        let templates = self.templates.iter();
        templates.flat_map(|it| Edition::each_of(it)).collect()
    }
}

/// What a bank with these hosts may send. The catalogue's own that lead elsewhere, or fill a code into an app,
/// are those of the bank that it plays.
pub(crate) async fn wanted<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    tenant: &TenantId,
    hosts: &[String],
) -> Result<Wanted, OperatorError> {
    let mut names = catalogue::names();
    names.extend(clients.store.own_names(tenant).await?);
    names.sort();
    names.dedup();
    let mut wanted = Wanted {
        templates: Vec::new(),
        foreign: Vec::new(),
    };
    for name in &names {
        let Some(template) = clients.store.template(tenant, name, None).await? else {
            continue;
        };
        if Edition::each_of(&template).next().is_none() {
            continue;
        }
        let catalogues = catalogue::find(name, Some(template.version));
        let catalogues = catalogues.is_some_and(|known| *known == *template);
        if catalogues && !is_for(&template, hosts) {
            wanted.foreign.push(name.to_string());
        } else {
            wanted.templates.push(template);
        }
    }
    Ok(wanted)
}

fn is_for(template: &Template, hosts: &[String]) -> bool {
    let named = |button: &Button| {
        matches!(
            button,
            Button::OneTimeCode {
                autofill: Some(_),
                ..
            }
        )
    };
    let leads = template.hosts();
    leads.iter().all(|(_, host)| hosts.contains(host)) && !template.buttons.iter().any(named)
}

pub(crate) async fn run<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    services: &Services,
    checking: &Checking,
) -> Result<Answer, OperatorError> {
    let facts = gather(clients, services, &checking.tenant).await?;
    let found = findings(&facts);
    Ok(Answer {
        text: format!("{}\n{}", stands(&facts), told(&found)),
        json: json!({ "tenant": checking.tenant, "findings": to_json(&found) }),
        verdict: Fits::when(!lacks(&found)),
    })
}

/// Everything that is known of a bank now.
pub(crate) async fn gather<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    services: &Services,
    tenant: &TenantId,
) -> Result<Facts, OperatorError> {
    let store = &clients.store;
    let config = store.tenant(tenant).await?;
    let (number_owner, account_owner) = match &config {
        Some(config) => (
            store.number(&config.phone_number_id).await?,
            store.account(&config.business_account_id).await?,
        ),
        None => (None, None),
    };
    let mut known = Vec::new();
    for client in store.clients_of(tenant).await? {
        if store.client(&client).await?.as_ref() == Some(tenant) {
            known.push(client);
        }
    }
    let keys = state(services.keys()?.read().await?, |text| text.keys().map(drop));
    let held = services.whatsapp()?.read().await?;
    let mut meta = None;
    if let (Held::Value { text, .. }, Some(config)) = (&held, &config) {
        let at_meta = AtMeta::new(services.meta()?, text, tenant, None)
            .ok()
            .flatten();
        if let Some(at_meta) = at_meta {
            let wanted = wanted(clients, tenant, &config.hosts).await?;
            meta = Some(ask(&at_meta, config, wanted).await);
        }
    }
    Ok(Facts {
        tenant: tenant.clone(),
        now: clients.chance.now(),
        config,
        number_owner,
        account_owner,
        clients: known,
        keys,
        whatsapp: state(held, |text| text.whatsapp().map(drop)),
        meta,
        sms: services.sms().await,
    })
}

fn state(held: Held, read: impl FnOnce(&Text) -> Result<(), Refusal>) -> SecretState {
    match held {
        Held::Nothing => SecretState::Empty,
        Held::Unusable(Refusal(why)) => SecretState::Unusable(why),
        Held::Value { text, .. } => match read(&text) {
            Ok(()) => SecretState::Usable,
            Err(Refusal(why)) => SecretState::Unusable(why),
        },
    }
}

async fn ask(at_meta: &AtMeta, config: &TenantConfig, wanted: Wanted) -> MetaFacts {
    let AtMeta {
        client,
        app,
        app_token,
        token,
        ..
    } = at_meta;
    let (number, account) = (&config.phone_number_id, &config.business_account_id);
    let (inspected, node, numbers, region, subscribed, callback, templates) = tokio::join!(
        client.inspect_token(app_token, token),
        client.number(number, token),
        client.account_numbers(account, token),
        client.storage_region(number, token),
        client.subscribed_apps(account, token),
        client.app_subscription(app, app_token),
        client.list_templates(account, token),
    );
    let standing = |known: BTreeMap<Edition, recado_whatsapp::AtMeta>| {
        let pair =
            |(edition, it): (Edition, recado_whatsapp::AtMeta)| (edition, (it.review, it.reason));
        known.into_iter().map(pair).collect()
    };
    MetaFacts {
        app: app.clone(),
        token: inspected,
        number: node,
        in_account: numbers.map(|numbers| numbers.contains(number)),
        region,
        subscribed,
        callback,
        templates: templates.map(standing),
        wanted: wanted.editions(),
        foreign: wanted.foreign,
    }
}

/// Whether something is missing.
pub(crate) fn lacks(found: &[Finding]) -> bool {
    found
        .iter()
        .any(|finding| finding.weight == Weight::Missing)
}

/// The number as Meta knows it, in a line.
pub(crate) fn stands(facts: &Facts) -> String {
    let tenant = &facts.tenant;
    let Some(Ok(number)) = facts.meta.as_ref().map(|meta| &meta.number) else {
        return format!("{tenant}\n");
    };
    let word = |word: &Option<String>| word.clone().unwrap_or_else(|| "-".to_owned());
    let callback = facts
        .meta
        .as_ref()
        .and_then(|meta| meta.callback.as_ref().ok());
    let callback = callback.and_then(|callback| callback.as_ref()?.callback.clone());
    format!(
        "{tenant}: number {}, quality {}, name {}, throughput {}, limit {}; webhooks to {}\n",
        word(&number.status),
        word(&number.quality),
        word(&number.name),
        word(&number.throughput),
        word(&number.limit),
        word(&callback),
    )
}

/// The findings for people: what is missing, then the rest.
pub(crate) fn told(found: &[Finding]) -> String {
    if found.is_empty() {
        return "nothing is missing\n".to_owned();
    }
    let line = |finding: &Finding| {
        let Finding {
            about, what, todo, ..
        } = finding;
        format!("{:<8} {about}: {what} -> {todo}\n", weight(finding))
    };
    let lines: String = found.iter().map(line).collect();
    let missing = found.iter().filter(|it| it.weight == Weight::Missing);
    match missing.count() {
        0 => format!("{lines}\nnothing is missing\n"),
        missing => format!("{lines}\n{missing} missing\n"),
    }
}

pub(crate) fn to_json(found: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        json!({
            "weight": weight(finding), "about": finding.about, "what": finding.what,
            "todo": finding.todo,
        })
    };
    found.iter().map(one).collect()
}

fn weight(finding: &Finding) -> &'static str {
    match finding.weight {
        Weight::Missing => "missing",
        Weight::Note => "note",
    }
}
