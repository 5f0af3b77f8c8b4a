//! What a bank reads of consents.

use std::collections::BTreeMap;

use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::consent::{ConsentEvent, HistoryEntry, LegalBasis, MetaPreference, Verdict};
use recado_domain::ids::{RecipientToken, TenantId};
use recado_domain::phone::E164;
use recado_ports::{ChatEntry, Recipient};
use recado_runtime::Keys;
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
pub(crate) struct Consents {
    recipient: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_at: Option<String>,
    consents: Vec<Consent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta_preference: Option<Value>,
}

#[derive(Serialize)]
struct Consent {
    channel: &'static str,
    purpose: &'static str,
    state: &'static str,
    since: String,
    source: &'static str,
    legal_basis: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    double_opt_in_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct History<'a> {
    pub(crate) recipient: &'a str,
    pub(crate) events: Vec<Value>,
    pub(crate) chains: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Erasure<'a> {
    pub(crate) recipient: &'a str,
    pub(crate) erased_at: String,
}

fn list(recipient: &Recipient, now: Timestamp) -> Vec<Consent> {
    let channels = recipient.consents.0.iter();
    channels
        .flat_map(|(channel, consents)| {
            consents.purposes.iter().map(|(purpose, consent)| Consent {
                channel: channel.name(),
                purpose: purpose.name(),
                state: consent.state(now).name(),
                since: time(consent.since),
                source: consent.source.name(),
                legal_basis: consent.basis.unwrap_or(LegalBasis::of(*purpose)).name(),
                double_opt_in_at: consent.double_opt_in_at.map(time),
                expires_at: consent.expires_at.map(time),
            })
        })
        .collect()
}

fn meta_preference(recipient: &Recipient) -> Option<Value> {
    let (preference, since) = recipient
        .consents
        .0
        .values()
        .find_map(|consents| consents.meta)?;
    let word = match preference {
        MetaPreference::Stop => "stop",
        MetaPreference::Resume => "resume",
    };
    Some(json!({ "preference": word, "since": time(since) }))
}

/// When the person was erased; none if never, or if a later event brought a number again.
pub(crate) fn erased_at(recipient: &Recipient) -> Option<Timestamp> {
    let profile = recipient.profile.as_ref()?;
    profile.erased_at.filter(|_| profile.phone.is_none())
}

/// The current consents. `to` is masked; once erased, no number is shown, not even a looked-up one.
pub(crate) fn consents(
    token: &RecipientToken,
    to: Option<&E164>,
    recipient: &Recipient,
    now: Timestamp,
) -> Consents {
    let erased_at = erased_at(recipient);
    Consents {
        recipient: token.to_string(),
        to: to.filter(|_| erased_at.is_none()).map(E164::masked),
        erased_at: erased_at.map(time),
        consents: list(recipient, now),
        meta_preference: meta_preference(recipient),
    }
}

/// One event of the history with its evidence, as far as it is still there, and its place in the chain.
pub(crate) async fn event(
    tenant: &TenantId,
    token: &RecipientToken,
    entry: &HistoryEntry,
    keys: &Keys,
) -> Value {
    let (event, link) = (&entry.event, &entry.link);
    let associated = ConsentEvent::associated(tenant, token, &entry.sort_key());
    let opened = match &event.evidence {
        Some(sealed) => keys.open(&associated, sealed).await.ok(),
        None => None,
    };
    let mut evidence = opened
        .and_then(|plain| serde_json::from_slice::<Value>(&plain).ok())
        .unwrap_or_else(|| json!({}));
    evidence["source"] = json!(event.consent.source.name());
    evidence["captured_at"] = json!(time(event.consent.since));
    if let Some(at) = event.consent.double_opt_in_at {
        evidence["double_opt_in_at"] = json!(time(at));
    }
    let purposes: Vec<&str> = event
        .purposes
        .iter()
        .map(|purpose| purpose.name())
        .collect();
    let after = link.after.iter();
    let after: BTreeMap<&str, &str> = after
        .map(|(purpose, state)| (purpose.name(), state.name()))
        .collect();
    let mut shown = json!({
        "id": event.digest,
        "at": time(event.received_at),
        "channel": event.channel.name(),
        "purposes": purposes,
        "action": event.consent.action.name(),
        "status_after": after,
        "evidence": evidence,
        "number": link.number,
        "prev_hash": link.previous,
        "hash": link.hash,
    });
    if let Some(digest) = &link.evidence {
        shown["evidence_sha256"] = json!(digest);
    }
    if let Some(basis) = event.consent.basis {
        shown["legal_basis"] = json!(basis.name());
    }
    if let Some(end) = event.consent.expires_at {
        shown["expires_at"] = json!(time(end));
    }
    shown
}

/// Whether each channel's chain holds.
pub(crate) fn chains(
    tenant: &TenantId,
    token: &RecipientToken,
    verdicts: &BTreeMap<Channel, Verdict>,
) -> Vec<Value> {
    let mut chains = Vec::new();
    for (channel, verdict) in verdicts {
        let mut chain = json!({
            "channel": channel.name(),
            "length": verdict.head.length,
            "head": verdict.head.hash,
            "holds": verdict.holds.is_ok(),
            "without_evidence": verdict.without_evidence,
        });
        if let Err(broken) = verdict.holds {
            tracing::error!(tenant.id = %tenant, recipient = %token, %channel, %broken, "a consent's history was tampered with");
            chain["broken_at"] = json!(broken.number());
            chain["because"] = json!(broken.to_string());
        }
        chains.push(chain);
    }
    chains
}

/// One line of the conversation: the person's own words, masked as they are kept.
pub(crate) async fn line(
    tenant: &TenantId,
    token: &RecipientToken,
    entry: &ChatEntry,
    keys: &Keys,
) -> Value {
    let associated = ChatEntry::associated(tenant, token, &entry.sort_key);
    let opened = keys.open(&associated, &entry.content).await.ok();
    let plain: Option<Value> = opened.and_then(|plain| serde_json::from_slice(&plain).ok());
    let text = plain
        .as_ref()
        .and_then(|plain| plain.get("masked"))
        .and_then(Value::as_str);
    let at = entry
        .sort_key
        .split_once('#')
        .and_then(|(ms, _)| ms.parse().ok());
    let mut line = json!({
        "at": at.and_then(|ms| Timestamp::from_millisecond(ms).ok()).map(time),
        "kind": entry.kind,
    });
    if let Some(text) = text {
        line["text"] = json!(text);
    }
    line
}

/// The whole export.
pub(crate) fn export(
    token: &RecipientToken,
    phone: Option<&str>,
    recipient: &Recipient,
    now: Timestamp,
    history: Vec<Value>,
    chains: Vec<Value>,
    conversation: Vec<Value>,
) -> Value {
    let mut export = json!({
        "recipient": token.as_str(),
        "exported_at": time(now),
        "consents": list(recipient, now),
        "history": history,
        "chains": chains,
        "conversation": conversation,
    });
    let locale = recipient
        .profile
        .as_ref()
        .and_then(|profile| profile.locale);
    if let Some(phone) = phone {
        export["to"] = json!(phone);
    }
    if let Some(locale) = locale {
        export["locale"] = json!(locale.code());
    }
    if let Some(preference) = meta_preference(recipient) {
        export["meta_preference"] = preference;
    }
    export
}

/// RFC 3339 in UTC with milliseconds.
pub(crate) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
