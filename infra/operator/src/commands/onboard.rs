//! `onboard`: sets a bank up, step by step. A step finds out how things stand and changes only what differs,
//! so that a second run completes what a first one could not, and a third one changes nothing.

mod api_client;
mod at_meta;
mod steps;

use recado_domain::switches::{Turn, Turned};
use recado_ports::{Chance, OwnerError, Registry, Switches, Switchgear};
use recado_runtime::Env;
use serde_json::json;

use crate::arguments::{Course, Onboarding, SecretFrom};
use crate::bank::Bank;
use crate::commands::secrets::{ACCESS_TOKEN, secret};
use crate::commands::{check, templates};
use crate::connection::{Clients, Services};
use crate::errors::OperatorError;
use crate::findings::findings;
use crate::output::{Answer, Fits};
use crate::secret_text::{Refusal, checked};
use crate::vault::Held;
use steps::Steps;

/// Why the bank's rate is what it is, in the switch's history.
const WHY: &str = "onboarding";

/// What every step works with.
struct Scene<'a, C> {
    clients: &'a Clients<'a, C>,
    services: &'a Services,
    onboarding: &'a Onboarding,
    bank: Bank,
    /// The access token that was given; else the secret's is used.
    token: Option<String>,
    env: &'a dyn Env,
}

pub(crate) async fn run<C: Chance + Clone + 'static>(
    clients: &Clients<'_, C>,
    services: &Services,
    onboarding: &Onboarding,
    env: &dyn Env,
) -> Result<Answer, OperatorError> {
    let path = &onboarding.bank;
    let text = std::fs::read_to_string(path).map_err(|source| OperatorError::File {
        path: path.display().to_string(),
        source,
    })?;
    let bank = Bank::parse(&text)?;
    // Everything that can be wrong with what was given, before anything is changed.
    let own = templates::read_for(&onboarding.templates, &bank.config.hosts)?;
    let token = given_token(onboarding.token, env)?;
    services.keys()?.read().await?;
    services.whatsapp()?.read().await?;
    let scene = Scene {
        clients,
        services,
        onboarding,
        bank,
        token,
        env,
    };
    scene.takes_nothing_over().await?;
    let mut steps = Steps::new(onboarding.course);
    scene.pepper(&mut steps).await?;
    scene.registry(&mut steps).await?;
    scene.api_client(&mut steps).await?;
    scene.rate(&mut steps).await?;
    scene.at_meta(&own, &mut steps).await?;
    let tenant = &scene.bank.tenant;
    let facts = check::gather(clients, services, tenant).await?;
    let found = findings(&facts);
    let after = match onboarding.course {
        Course::Apply => "",
        Course::DryRun => {
            "A dry run: nothing was changed, --apply carries it out. As it stands now:\n\n"
        }
    };
    let ends_well = steps.all_as_they_should_be() && !check::lacks(&found);
    let stands = check::stands(&facts);
    Ok(Answer {
        text: format!("{}\n{after}{stands}\n{}", steps.text(), check::told(&found)),
        json: json!({
            "tenant": tenant, "applied": onboarding.course == Course::Apply, "steps": steps.json(),
            "findings": check::to_json(&found),
        }),
        verdict: Fits::when(ends_well),
    })
}

impl<C: Chance + Clone + 'static> Scene<'_, C> {
    /// A number, an account or a client of another bank stays that bank's, and nothing is begun.
    async fn takes_nothing_over(&self) -> Result<(), OperatorError> {
        let (store, config) = (&self.clients.store, &self.bank.config);
        let number = store.number(&config.phone_number_id).await?;
        let account = store.account(&config.business_account_id).await?;
        let client = match self.named_client() {
            Some(client) => store.client(client).await?,
            None => None,
        };
        for (field, owner) in [
            ("phone_number_id", number),
            ("waba_id", account),
            ("--client-id", client),
        ] {
            if let Some(owner) = owner.filter(|owner| *owner != self.bank.tenant) {
                return Err(OperatorError::Usage(format!(
                    "{field} belongs to {owner}; nothing was changed"
                )));
            }
        }
        Ok(())
    }

    /// By which pepper the table's people are known, from the first bank on: a function with another one does
    /// not start, instead of taking everybody for somebody new.
    async fn pepper(&self, steps: &mut Steps) -> Result<(), OperatorError> {
        let keys = match self.services.keys()?.read().await? {
            Held::Value { text, .. } => text.keys(),
            // The check says what is missing, and how to mend it.
            Held::Nothing | Held::Unusable(_) => return Ok(()),
        };
        let Ok(keys) = keys else { return Ok(()) };
        let own = keys.pepper.fingerprint();
        let store = &self.clients.store;
        let mut held = store.pepper().await?;
        if held.is_none() {
            if !steps.change("pepper", "the table is bound to it".to_owned()) {
                return Ok(());
            }
            held = Some(store.bind_pepper(&own).await?);
        } else if held.as_ref() == Some(&own) {
            steps.same("pepper", "the table's".to_owned());
        }
        // Also where somebody else has bound the table meanwhile.
        if held != Some(own) {
            steps.failed(
                "pepper",
                "another one than the table's people are known by: put the former one back"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// The number and the account before the entry: a function that finds the entry finds these, too.
    async fn registry(&self, steps: &mut Steps) -> Result<(), OperatorError> {
        let (store, tenant) = (&self.clients.store, &self.bank.tenant);
        let config = &self.bank.config;
        let (number, account) = (&config.phone_number_id, &config.business_account_id);
        if store.number(number).await?.is_some() {
            steps.same("number", format!("{number} is the bank's"));
        } else if steps.change("number", format!("{number} is the bank's")) {
            store.put_number(number, tenant).await.map_err(owned)?;
        }
        if store.account(account).await?.is_some() {
            steps.same("account", format!("{account} is the bank's"));
        } else if steps.change("account", format!("{account} is the bank's")) {
            store.put_account(account, tenant).await.map_err(owned)?;
        }
        match store.tenant(tenant).await? {
            Some(known) if known == *config => steps.same("entry", tenant.to_string()),
            known => {
                let what = if known.is_some() { "replaced" } else { "new" };
                if steps.change("entry", format!("{tenant}: {what}")) {
                    let put = store.put_tenant(tenant, config).await;
                    put.map_err(|error| OperatorError::Usage(error.to_string()))?;
                }
            }
        }
        Ok(())
    }

    async fn rate(&self, steps: &mut Steps) -> Result<(), OperatorError> {
        let Some(rate) = self.bank.requests_per_second else {
            return Ok(());
        };
        let (store, tenant) = (&self.clients.store, &self.bank.tenant);
        let what = format!("{rate} requests a second");
        let known = store.switchboard().await?.rate(tenant);
        match known {
            Some(known) if known == rate => steps.same("rate", what),
            // Somebody has turned it since for a reason of their own.
            Some(known) => steps.same(
                "rate",
                format!("{known} requests a second stay; `switches rate set` makes them {rate}"),
            ),
            None => {
                let user = || self.env.get("USER").or_else(|| self.env.get("LOGNAME"));
                let who = self.onboarding.who.clone().or_else(user);
                let who = who.filter(|who| !who.trim().is_empty());
                let by = who.ok_or_else(|| OperatorError::Usage("--who is missing".to_owned()))?;
                if steps.change("rate", what) {
                    let turned = Turned {
                        turn: Turn::Rate(tenant.clone(), Some(rate)),
                        at: self.clients.chance.now(),
                        by,
                        why: WHY.to_owned(),
                    };
                    store.turn(&turned).await?;
                }
            }
        }
        Ok(())
    }
}

fn given_token(from: SecretFrom, env: &dyn Env) -> Result<Option<String>, OperatorError> {
    let token = match (from, secret(env, ACCESS_TOKEN, from)) {
        (_, Ok(token)) => token,
        (SecretFrom::Variable, Err(_)) => return Ok(None),
        (SecretFrom::StandardInput, Err(error)) => return Err(error),
    };
    let token = checked(&token);
    let broken = |Refusal(why)| OperatorError::Usage(format!("the access token: {why}"));
    token.map(Some).map_err(broken)
}

fn owned(error: OwnerError) -> OperatorError {
    match error {
        OwnerError::Store(error) => OperatorError::Store(error),
        OwnerError::Taken(owner) => {
            OperatorError::Usage(format!("it belongs to {owner} since a moment ago"))
        }
    }
}
