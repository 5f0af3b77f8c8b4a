//! What a bank still lacks, from what was found: each line says what, and what to do about it.

mod at_meta;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use recado_domain::ids::{AppId, TenantId};
use recado_domain::standing::{Edition, Reason, Review};
use recado_ports::TenantConfig;
use recado_whatsapp::{AppSubscription, ManageError, NumberAtMeta, TokenAtMeta};

/// What a new AWS account may spend on SMS in a month, in USD (SNS): a few dozen of them.
const NEW_ACCOUNTS_LIMIT: f64 = 1.0;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// Messages do not arrive, or nobody learns of it.
    Missing,
    /// Good to know.
    Note,
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) weight: Weight,
    /// What it concerns, in a word.
    pub(crate) about: &'static str,
    pub(crate) what: String,
    pub(crate) todo: String,
}

/// The state of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretState {
    Usable,
    Empty,
    /// For this reason.
    Unusable(String),
}

/// What was found of a bank.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) tenant: TenantId,
    pub(crate) now: Timestamp,
    pub(crate) config: Option<TenantConfig>,
    /// Whose its number and its account are.
    pub(crate) number_owner: Option<TenantId>,
    pub(crate) account_owner: Option<TenantId>,
    /// The API clients that the registry knows as its own.
    pub(crate) clients: Vec<String>,
    pub(crate) keys: SecretState,
    pub(crate) whatsapp: SecretState,
    /// None without a token to ask with.
    pub(crate) meta: Option<MetaFacts>,
    pub(crate) sms: SmsFacts,
}

/// What Meta answered.
#[derive(Clone, Debug)]
pub(crate) struct MetaFacts {
    pub(crate) app: AppId,
    pub(crate) token: Result<TokenAtMeta, ManageError>,
    pub(crate) number: Result<NumberAtMeta, ManageError>,
    /// Whether the number is one of the account's.
    pub(crate) in_account: Result<bool, ManageError>,
    pub(crate) region: Result<Option<String>, ManageError>,
    pub(crate) subscribed: Result<BTreeSet<AppId>, ManageError>,
    pub(crate) callback: Result<Option<AppSubscription>, ManageError>,
    /// How each language of a template stands.
    pub(crate) templates: Result<BTreeMap<Edition, (Option<Review>, Reason)>, ManageError>,
    /// What the bank may send by WhatsApp.
    pub(crate) wanted: Vec<Edition>,
    /// The catalogue's templates that lead to other hosts than the bank's, or name another app.
    pub(crate) foreign: Vec<String>,
}

/// What AWS says of SMS; none where it was not told.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct SmsFacts {
    pub(crate) sandbox: Option<bool>,
    /// USD a month.
    pub(crate) spend_limit: Option<f64>,
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        weight: Weight,
        about: &'static str,
        what: impl Into<String>,
        todo: impl Into<String>,
    ) {
        self.0.push(Finding {
            weight,
            about,
            what: what.into(),
            todo: todo.into(),
        });
    }

    fn missing(&mut self, about: &'static str, what: impl Into<String>, todo: impl Into<String>) {
        self.add(Weight::Missing, about, what, todo);
    }

    fn note(&mut self, about: &'static str, what: impl Into<String>, todo: impl Into<String>) {
        self.add(Weight::Note, about, what, todo);
    }
}

const ONBOARD: &str = "run `onboard` with the bank's file and --apply";

/// What is missing first, then what is good to know.
#[must_use]
pub(crate) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Findings(Vec::new());
    registry(facts, &mut found);
    let token = format!(
        "RECADO_ACCESS_TOKEN=… recado-operator secrets set-token {} --apply",
        facts.tenant
    );
    secrets(facts, &mut found);
    match &facts.meta {
        None if facts.whatsapp == SecretState::Usable && facts.config.is_some() => {
            found.missing(
                "token",
                "the secret holds no access token of this bank",
                token,
            );
        }
        None => {}
        Some(meta) => {
            at_meta::find(facts, meta, &token, &mut found);
        }
    }
    sms(facts, &mut found);
    found.0.sort_by_key(|finding| finding.weight);
    found.0
}

fn registry(facts: &Facts, found: &mut Findings) {
    if facts.config.is_none() {
        found.missing("registry", "the bank has no entry", ONBOARD);
        return;
    }
    for (what, owner) in [
        ("number", &facts.number_owner),
        ("account", &facts.account_owner),
    ] {
        match owner {
            Some(owner) if *owner == facts.tenant => {}
            Some(owner) => found.missing(
                "registry",
                format!("its {what} belongs to {owner}: its receipts go there"),
                "correct the bank's file; a number or an account has one bank",
            ),
            None => found.missing(
                "registry",
                format!(
                    "its {what} belongs to nobody: its receipts and its customers' words are lost"
                ),
                ONBOARD,
            ),
        }
    }
    if facts.clients.is_empty() {
        found.missing(
            "client",
            "no API client is the bank's: it cannot call the API",
            "run `onboard` with --user-pool-id or --client-id",
        );
    }
}

fn secrets(facts: &Facts, found: &mut Findings) {
    for (about, state, init) in [
        ("keys", &facts.keys, "recado-operator secrets init --apply"),
        (
            "whatsapp secret",
            &facts.whatsapp,
            "RECADO_APP_SECRET=… recado-operator secrets init --app-id APP --apply",
        ),
    ] {
        match state {
            SecretState::Usable => {}
            SecretState::Empty => {
                found.missing(about, "the secret has no value yet: functions do not start", init);
            }
            SecretState::Unusable(why) => found.missing(
                about,
                format!("the secret cannot be used: {why}"),
                "put its version before back (AWSPREVIOUS), or write it as the template describes it",
            ),
        }
    }
}

fn sms(facts: &Facts, found: &mut Findings) {
    let request = "ask AWS for it in the SNS console, \"Text messaging (SMS)\"";
    if facts.sms.sandbox == Some(true) {
        let what = "the AWS account is in SNS's sandbox: SMS reach verified numbers only";
        found.missing("sms", what, format!("leave the sandbox: {request}"));
    }
    if let Some(limit) = facts
        .sms
        .spend_limit
        .filter(|limit| *limit <= NEW_ACCOUNTS_LIMIT)
    {
        let what = format!(
            "the AWS account may spend {limit} USD a month on SMS, and sends none after it"
        );
        found.missing("sms", what, format!("raise the spend limit: {request}"));
    }
    if facts.sms == SmsFacts::default() {
        let what = "not checked: SNS does not tell sandbox and spend limit";
        found.note(
            "sms",
            what,
            "allow sns:GetSMSSandboxAccountStatus and sns:GetSMSAttributes",
        );
    }
    let sender = facts
        .config
        .as_ref()
        .and_then(|config| config.sms_sender_id.as_ref());
    if facts.config.is_some() && sender.is_none() {
        found.note(
            "sms",
            "no sender id: SMS come from the carrier's number",
            "none, in Brazil: carriers there show a short code",
        );
    }
}

/// Meta's refusal in our words.
pub(crate) fn told(error: &ManageError) -> String {
    match error {
        ManageError::Refused(failure) => {
            let code = failure
                .code
                .map_or_else(String::new, |code| format!(" ({code})"));
            format!("{}{code}", failure.title)
        }
        ManageError::Missing => "no such object, or not for this token".to_owned(),
        ManageError::Exists
        | ManageError::NameLocked
        | ManageError::Throttled(_)
        | ManageError::Unavailable => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
