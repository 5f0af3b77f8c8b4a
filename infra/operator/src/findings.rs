//! What a bank still lacks, from what was found: each line says what, and what to do about it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use recado_domain::ids::{AppId, TenantId};
use recado_domain::standing::{Edition, Reason, Review};
use recado_ports::TenantConfig;
use recado_whatsapp::webhook::FIELDS;
use recado_whatsapp::{AppSubscription, ManageError, NumberAtMeta, TokenAtMeta};

/// Below this a token's end is told, so that it is exchanged in time.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);
/// What an app needs to send, and to hand templates in.
const PERMISSIONS: [&str; 2] = [
    "whatsapp_business_management",
    "whatsapp_business_messaging",
];
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
            token_stands(facts, meta, &token, &mut found);
            number(facts, meta, &mut found);
            subscriptions(meta, &mut found);
            templates(meta, &mut found);
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

fn token_stands(facts: &Facts, meta: &MetaFacts, set: &str, found: &mut Findings) {
    let token = match &meta.token {
        Ok(token) => token,
        Err(error) => {
            let todo = "is app_id the app's, and its first app_secret the current one? `secrets` shows which";
            found.missing(
                "app",
                format!("Meta does not take the app's own token: {}", told(error)),
                todo,
            );
            return;
        }
    };
    if !token.valid {
        found.missing("token", "Meta does not accept the access token", set);
        return;
    }
    if token.app.as_ref().is_some_and(|app| *app != meta.app) {
        let what = "the access token is of another app than app_id: its webhooks go elsewhere";
        found.missing(
            "token",
            what,
            format!("make one for app {}, then {set}", meta.app),
        );
    }
    for needed in PERMISSIONS {
        if !token.permissions.contains(needed) {
            let what = format!("the access token lacks {needed}");
            found.missing("token", what, format!("make one that has it, then {set}"));
        }
    }
    if let Some(end) = token.expires {
        let what = format!("the access token ends at {end:.0}");
        let weight = if end.duration_since(facts.now) < SOON {
            Weight::Missing
        } else {
            Weight::Note
        };
        found.add(
            weight,
            "token",
            what,
            format!("make one that does not end, then {set}"),
        );
    }
}

fn number(facts: &Facts, meta: &MetaFacts, found: &mut Findings) {
    let manager = "look at the number in WhatsApp Manager";
    let node = match &meta.number {
        Ok(node) => node,
        Err(error) => {
            let what = format!("Meta does not show the number: {}", told(error));
            found.missing(
                "number",
                what,
                "are phone_number_id and token of the same account?",
            );
            return;
        }
    };
    match node.status.as_deref() {
        Some("CONNECTED") => {}
        status => {
            let what = format!(
                "the number is {}: only CONNECTED sends",
                status.unwrap_or("without a status")
            );
            let todo =
                "register it with its PIN (POST /PHONE_NUMBER_ID/register), then check again";
            found.missing("number", what, todo);
        }
    }
    match &meta.in_account {
        Ok(true) => {}
        Ok(false) => found.missing(
            "number",
            "the number is of another account than waba_id: templates and receipts are not its own",
            "correct waba_id or phone_number_id in the bank's file",
        ),
        Err(error) => found.missing(
            "number",
            format!("Meta does not list the account's numbers: {}", told(error)),
            "is waba_id right, and the token the account's?",
        ),
    }
    match node.name.as_deref() {
        Some("APPROVED" | "AVAILABLE_WITHOUT_REVIEW") | None => {}
        Some(name) => found.note("number", format!("its displayed name is {name}"), manager),
    }
    if let Some(quality @ ("YELLOW" | "RED")) = node.quality.as_deref() {
        let todo = "customers block or report it: look at what it sends before Meta limits it";
        found.note("number", format!("its quality is {quality}"), todo);
    }
    if let Some(config) = &facts.config {
        let allowed = match node.throughput.as_deref() {
            Some("STANDARD") => 80,
            Some(_) | None => 1_000,
        };
        if config.messages_per_second > allowed {
            let what = format!(
                "messages_per_second is {}, and Meta lets the number send {allowed}",
                config.messages_per_second
            );
            found.missing(
                "number",
                what,
                "correct it in the bank's file and run `onboard` again",
            );
        }
    }
    if let Some(limit) = node
        .limit
        .as_deref()
        .filter(|limit| *limit != "TIER_UNLIMITED")
    {
        let what = format!("Meta lets it write to {limit} people a day first");
        found.note(
            "number",
            what,
            "the limit grows with use; Meta's business verification lifts it",
        );
    }
    match &meta.region {
        Ok(Some(_)) => {}
        Ok(None) => found.note(
            "number",
            "Meta keeps its messages wherever it likes (no local storage)",
            "before it is registered: POST /PHONE_NUMBER_ID/settings with data_localization_region BR",
        ),
        Err(error) => found.note("number", format!("Meta does not show its settings: {}", told(error)), manager),
    }
}

fn subscriptions(meta: &MetaFacts, found: &mut Findings) {
    match &meta.subscribed {
        Ok(apps) if apps.contains(&meta.app) => {}
        Ok(_) => found.missing(
            "webhook",
            "the app does not get the account's webhooks: no receipt arrives, every message is followed by its SMS",
            ONBOARD,
        ),
        Err(error) => found.missing("webhook", format!("Meta does not show the account's apps: {}", told(error)), "is waba_id right, and the token the account's?"),
    }
    let callback = match &meta.callback {
        Ok(callback) => callback,
        // The token's own finding has said it.
        Err(_) => return,
    };
    let set = "run `onboard` with --webhook-url (the stack's output WebhookUrl) and --apply";
    let Some(callback) = callback else {
        found.missing("webhook", "the app's webhooks go nowhere", set);
        return;
    };
    if callback.callback.is_none() {
        found.missing("webhook", "the app's webhooks have no address", set);
    }
    let absent: Vec<&str> = FIELDS
        .into_iter()
        .filter(|field| !callback.fields.contains(*field))
        .collect();
    if !absent.is_empty() {
        found.missing(
            "webhook",
            format!("not subscribed: {}", absent.join(", ")),
            set,
        );
    }
}

fn templates(meta: &MetaFacts, found: &mut Findings) {
    let at_meta = match &meta.templates {
        Ok(at_meta) => at_meta,
        Err(error) => {
            let what = format!(
                "Meta does not list the account's templates: {}",
                told(error)
            );
            found.missing(
                "template",
                what,
                "is waba_id right, and the token the account's?",
            );
            return;
        }
    };
    let mut states: BTreeMap<(String, &'static str, &'static str), Vec<&str>> = BTreeMap::new();
    for edition in &meta.wanted {
        let (state, reason) = match at_meta.get(edition) {
            None => ("not handed in", ""),
            Some((None, _)) => ("in a state that nobody here knows", ""),
            Some((Some(review), _)) if review.closes().is_none() => continue,
            Some((Some(review), why)) => (review.name(), reason(*why)),
        };
        let languages = states
            .entry((edition.meta_name(), state, reason))
            .or_default();
        languages.push(edition.locale.code());
    }
    for ((name, state, reason), languages) in states {
        let what = format!("{name} ({}): {state}{reason}", languages.join(", "));
        let waits = [Review::Pending.name(), Review::InAppeal.name()];
        let todo = match state {
            "not handed in" => ONBOARD,
            state if waits.contains(&state) => {
                "wait: Meta decides within a day; its webhook tells the functions"
            }
            _ => "see why in WhatsApp Manager; a corrected text is a new version of the bank's own",
        };
        found.missing("template", what, todo);
    }
    if !meta.foreign.is_empty() {
        let what = format!(
            "left out, since they lead to hosts or apps that are not the bank's: {}",
            meta.foreign.join(", ")
        );
        found.note(
            "template",
            what,
            "for each that is wanted: a version of the bank's own (`onboard --templates FILE`)",
        );
    }
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::None => "",
        Reason::IncorrectCategory => ", incorrect_category",
        Reason::InvalidFormat => ", invalid_format",
        Reason::AbusiveContent => ", abusive_content",
        Reason::Scam => ", scam",
        Reason::Promotional => ", promotional",
        Reason::TagContentMismatch => ", tag_content_mismatch",
        Reason::Other => ", for a reason that nobody here knows",
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
