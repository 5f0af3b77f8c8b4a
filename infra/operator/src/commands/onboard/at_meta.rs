//! What is done at Meta: the token, the subscriptions, the templates.

use std::collections::{BTreeMap, BTreeSet};

use recado_domain::consent::Changed;
use recado_domain::standing::{Aspect, Edition, Note, Reason, Review, Said, Standing};
use recado_domain::template::Template;
use recado_ports::{Chance, Kept, OwnTemplates, Standings};
use recado_whatsapp::webhook::FIELDS;
use recado_whatsapp::{AppSubscription, AtMeta as TemplateAtMeta, ManageError, Reviewer};

use super::Scene;
use super::steps::Steps;
use crate::commands::check::{AtMeta, wanted};
use crate::commands::secrets::{ACCESS_TOKEN, refused};
use crate::errors::OperatorError;
use crate::findings::told;
use crate::secret_text::fingerprint;
use crate::vault::Held;

impl<C: Chance + Clone + 'static> Scene<'_, C> {
    pub(super) async fn at_meta(
        &self,
        own: &[Template],
        steps: &mut Steps,
    ) -> Result<(), OperatorError> {
        self.keep_own(own, steps).await?;
        let vault = self.services.whatsapp()?;
        let (mut text, version) = match vault.read().await? {
            Held::Value { text, version } => (text, version),
            Held::Nothing => {
                steps.failed(
                    "token",
                    "the WhatsApp secret has no value yet: `secrets init`".to_owned(),
                );
                return Ok(());
            }
            Held::Unusable(refusal) => return Err(refused(&vault, refusal)),
        };
        let given = self.token.as_deref();
        let client = self.services.meta()?;
        let at_meta = AtMeta::new(client, &text, &self.bank.tenant, given);
        let Some(at_meta) = at_meta.map_err(|refusal| refused(&vault, refusal))? else {
            let lacks = format!("no access token: {ACCESS_TOKEN}, or --stdin");
            steps.failed("token", lacks);
            return Ok(());
        };
        if let Err(why) = self.opens_the_number(&at_meta).await {
            // Whatever is in the secret stays: this one is no better.
            steps.failed("token", why);
            return Ok(());
        }
        let token = given.unwrap_or_default();
        let tenant = &self.bank.tenant;
        let new = !token.is_empty()
            && text
                .set_token(tenant, token)
                .map_err(|refusal| refused(&vault, refusal))?;
        if !new {
            steps.same("token", "in the secret, and Meta takes it".to_owned());
        } else if steps.change(
            "token",
            format!("{} goes into the secret; Meta takes it", fingerprint(token)),
        ) {
            vault.write(&text, Some(&version)).await?;
        }
        self.account_webhooks(&at_meta, steps).await;
        self.app_webhooks(&at_meta, steps).await;
        self.hand_in(&at_meta, steps).await
    }

    /// The token reads the number, and it is the number that the bank's file names.
    async fn opens_the_number(&self, at_meta: &AtMeta) -> Result<(), String> {
        let id = &self.bank.config.phone_number_id;
        let number = at_meta.client.number(id, &at_meta.token).await;
        let number =
            number.map_err(|error| format!("Meta does not show number {id}: {}", told(&error)))?;
        match number.digits {
            Some(digits) if digits == self.bank.digits => Ok(()),
            Some(_) | None => Err(format!(
                "Meta has another number under {id} than display_number"
            )),
        }
    }

    async fn account_webhooks(&self, at_meta: &AtMeta, steps: &mut Steps) {
        let account = &self.bank.config.business_account_id;
        let (client, token) = (&at_meta.client, &at_meta.token);
        let what = format!("the app gets the webhooks of account {account}");
        match client.subscribed_apps(account, token).await {
            Ok(apps) if apps.contains(&at_meta.app) => steps.same("subscription", what),
            Ok(_) if !steps.applies() => {
                steps.change("subscription", what);
            }
            Ok(_) => match client.subscribe_app(account, token).await {
                Ok(()) => {
                    steps.change("subscription", what);
                }
                Err(error) => steps.failed("subscription", told(&error)),
            },
            Err(error) => steps.failed("subscription", told(&error)),
        }
    }

    async fn app_webhooks(&self, at_meta: &AtMeta, steps: &mut Steps) {
        let Some(url) = &self.onboarding.webhook_url else {
            return;
        };
        let AtMeta {
            client,
            app,
            app_token,
            verify_token,
            ..
        } = at_meta;
        let known = match client.app_subscription(app, app_token).await {
            Ok(known) => known.unwrap_or_default(),
            Err(error) => return steps.failed("webhook", told(&error)),
        };
        // What somebody else subscribed the app to stays subscribed.
        let fields: BTreeSet<String> = FIELDS.into_iter().map(str::to_owned).collect();
        let fields = &known.fields | &fields;
        let what = format!("{url}, {} fields", fields.len());
        let wished = AppSubscription {
            callback: Some(url.clone()),
            fields,
        };
        if known == wished {
            return steps.same("webhook", what);
        }
        if !steps.applies() {
            steps.change("webhook", what);
            return;
        }
        let set = client.set_app_subscription(app, app_token, url, verify_token, &wished.fields);
        match set.await {
            Ok(()) => {
                steps.change("webhook", what);
            }
            Err(error) => {
                let why = "does the address answer Meta's question with the secret's verify token?";
                steps.failed("webhook", format!("{}; {why}", told(&error)));
            }
        }
    }

    /// Versions of the bank's own, into the store: until Meta has them nothing of them leaves by WhatsApp.
    async fn keep_own(&self, own: &[Template], steps: &mut Steps) -> Result<(), OperatorError> {
        let (store, tenant) = (&self.clients.store, &self.bank.tenant);
        for template in own {
            let name = format!("{} v{}", template.name, template.version);
            let shelf = store.shelf(tenant, &template.name).await?;
            match shelf.own.get(&template.version) {
                Some(known) if **known == *template => {
                    steps.same("own template", name);
                    continue;
                }
                Some(_) => {
                    steps.failed(
                        "own template",
                        format!("{name} is stored with other content: raise its version"),
                    );
                    continue;
                }
                None => {}
            }
            if !steps.applies() {
                steps.change("own template", name);
                continue;
            }
            match store.keep(tenant, template).await? {
                Kept::New | Kept::Same => {
                    steps.change("own template", name);
                    let note = Note {
                        aspect: Aspect::Review(Review::NotSubmitted, Reason::None),
                        said: Said::Assumed,
                    };
                    for edition in Edition::each_of(template) {
                        let _: Changed = store.note(tenant, &edition, &note).await?;
                    }
                }
                Kept::Other => {
                    steps.failed(
                        "own template",
                        format!("{name} exists with other content: raise its version"),
                    );
                }
            }
        }
        Ok(())
    }

    /// Hands in what Meta does not have, and notes how everything stands.
    async fn hand_in(&self, at_meta: &AtMeta, steps: &mut Steps) -> Result<(), OperatorError> {
        let AtMeta {
            client, app, token, ..
        } = at_meta;
        let account = &self.bank.config.business_account_id;
        let known = match client.list_templates(account, token).await {
            Ok(known) => known,
            Err(error) => {
                steps.failed("templates", told(&error));
                return Ok(());
            }
        };
        let wanted = wanted(self.clients, &self.bank.tenant, &self.bank.config.hosts).await?;
        let reviewer = Reviewer::new(client, app, account);
        let mut lines = Lines::default();
        // Meta takes no more for now, or does not answer: the next run goes on.
        let mut stopped = None;
        for template in &wanted.templates {
            for edition in Edition::each_of(template) {
                if let Some(at_meta) = known.get(&edition) {
                    if steps.applies() {
                        self.note(&edition, at_meta).await?;
                    }
                    lines.add(&edition, Line::Known(word(at_meta)));
                    continue;
                }
                if !steps.applies() {
                    lines.add(&edition, Line::Planned);
                    continue;
                }
                if stopped.is_some() {
                    lines.add(&edition, Line::Left);
                    continue;
                }
                match reviewer.create(token, template, &edition).await {
                    Ok(at_meta) => {
                        self.note(&edition, &at_meta).await?;
                        lines.add(&edition, Line::HandedIn(word(&at_meta)));
                    }
                    Err(error) => {
                        lines.add(&edition, Line::Refused(told(&error)));
                        if matches!(error, ManageError::Throttled(_) | ManageError::Unavailable) {
                            stopped = Some(error);
                        }
                    }
                }
            }
        }
        lines.tell(steps);
        if let Some(error) = stopped {
            let why = format!(
                "{}: run this again later (Meta takes 100 new ones an hour)",
                told(&error)
            );
            steps.failed("templates", why);
        }
        Ok(())
    }

    /// Notes what Meta answered, where something else is held.
    async fn note(&self, edition: &Edition, at_meta: &TemplateAtMeta) -> Result<(), OperatorError> {
        let (store, tenant) = (&self.clients.store, &self.bank.tenant);
        let held = store.standing(tenant, edition).await?;
        for note in at_meta.notes() {
            if !holds(&held, note.aspect) {
                let _: Changed = store.note(tenant, edition, &note).await?;
            }
        }
        Ok(())
    }
}

fn holds(held: &Standing, aspect: Aspect) -> bool {
    match aspect {
        Aspect::Review(review, reason) => held
            .review
            .is_some_and(|held| held.value == (review, reason)),
        Aspect::Category(category) => held.category.is_some_and(|held| held.value == category),
        Aspect::Quality(quality) => held.quality.is_some_and(|held| held.value == quality),
        Aspect::Impending(_) | Aspect::Edited => false,
    }
}

fn word(at_meta: &TemplateAtMeta) -> &'static str {
    at_meta
        .review
        .map_or("in a state that nobody here knows", Review::name)
}

/// What became of one language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Known(&'static str),
    HandedIn(&'static str),
    Planned,
    Left,
    Refused(String),
}

/// What became of every language, those of one template that ended alike together.
#[derive(Default)]
struct Lines(BTreeMap<(String, Line), Vec<&'static str>>);

impl Lines {
    fn add(&mut self, edition: &Edition, line: Line) {
        let languages = self.0.entry((edition.meta_name(), line)).or_default();
        languages.push(edition.locale.code());
    }

    fn tell(self, steps: &mut Steps) {
        for ((name, line), languages) in self.0 {
            let name = format!("{name} ({})", languages.join(", "));
            match line {
                Line::Known(state) => steps.same("template", format!("{name}: {state}")),
                Line::HandedIn(state) => {
                    steps.change("template", format!("{name}: handed in, {state}"));
                }
                Line::Planned => {
                    steps.change("template", format!("{name}: handed in"));
                }
                Line::Left => steps.failed("template", format!("{name}: not handed in yet")),
                Line::Refused(why) => steps.failed("template", format!("{name}: {why}")),
            }
        }
    }
}
