//! What a bank lacks at Meta.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use recado_domain::standing::{Reason, Review};
use recado_whatsapp::webhook::FIELDS;

use super::{Facts, Findings, MetaFacts, ONBOARD, Weight, told};

/// Below this a token's end is told, so that it is exchanged in time.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);
/// What an app needs to send, and to hand templates in.
pub(super) const PERMISSIONS: [&str; 2] = [
    "whatsapp_business_management",
    "whatsapp_business_messaging",
];

/// `set`: the command that sets a token.
pub(super) fn find(facts: &Facts, meta: &MetaFacts, set: &str, found: &mut Findings) {
    token_stands(facts, meta, set, found);
    number(facts, meta, found);
    subscriptions(meta, found);
    templates(meta, found);
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
