//! What a consent event may say: one by one or line by line, the same rules.

use std::time::Duration;

use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Action, LegalBasis, PurposeConsent, Source, sha256};
use recado_domain::delivery::plus;
use recado_domain::fault::Fault;
use recado_domain::locale::Locale;
use recado_domain::phone::E164;
use serde_json::{Value, json};

use crate::reader::{Reader, phone, sorted};

/// How far a bank's clock may run ahead of ours.
const CLOCK_SKEW: Duration = Duration::from_secs(300);
const TIME: &str = "must be a time in RFC 3339, as 2026-11-21T15:04:05Z";

/// The fields of an event beside its evidence.
pub(crate) const FIELDS: [&str; 6] = [
    "to",
    "channel",
    "purposes",
    "action",
    "expires_at",
    "legal_basis",
];
/// The fields of its evidence.
pub(crate) const EVIDENCE: [&str; 13] = [
    "source",
    "captured_at",
    "double_opt_in_at",
    "wording_id",
    "wording_version",
    "wording",
    "wording_sha256",
    "locale",
    "actor",
    "ip",
    "user_agent",
    "source_ref",
    "evidence_ref",
];
/// Texts of the evidence and how long they may be, in characters.
const TEXTS: [(&str, usize); 7] = [
    ("wording_id", 64),
    ("wording_version", 64),
    ("wording", 2_000),
    ("actor", 64),
    ("user_agent", 512),
    ("source_ref", 512),
    ("evidence_ref", 512),
];

/// An event that keeps every rule.
pub(crate) struct EventRequest {
    pub(crate) to: E164,
    pub(crate) channel: Channel,
    pub(crate) purposes: Vec<Class>,
    pub(crate) consent: PurposeConsent,
    /// The evidence as it is sealed.
    pub(crate) evidence: String,
    /// What makes two events the same.
    pub(crate) canonical: String,
}

/// Reads an event.
pub(crate) fn event(value: Value, now: Timestamp) -> Result<EventRequest, Vec<Fault>> {
    let known: Vec<&str> = FIELDS.into_iter().chain(["evidence"]).collect();
    let mut outer = Reader::new(Some(value), "", &known);
    let to = phone(&mut outer);
    let channel = outer.required(
        "channel",
        "must be one of whatsapp, sms, voice",
        Channel::parse,
    );
    let action = outer.required(
        "action",
        "must be one of grant, confirm, refresh, revoke",
        // Whether a grant waits for its confirmation is the bank's policy, not its word.
        |text| Action::parse(text).filter(|action| *action != Action::GrantUnconfirmed),
    );
    let purposes = purposes(&mut outer);
    let expires_at = outer.optional("expires_at", TIME, |text| text.parse().ok());
    let names = LegalBasis::ALL.map(LegalBasis::name).join(", ");
    let basis_rule = format!("must be one of {names}");
    let basis = outer.optional("legal_basis", &basis_rule, LegalBasis::parse);

    let mut inner = Reader::new(outer.fields.remove("evidence"), "evidence.", &EVIDENCE);
    let said = said(&mut inner, now);
    if let (Some(action), Some((_, captured_at, _))) = (action, said) {
        only_where_it_means_something(&mut outer, &mut inner, action);
        if expires_at.is_some_and(|end: Timestamp| end <= captured_at) {
            let _none: Option<()> = outer.fault("expires_at", "must lie after captured_at");
        }
    }
    evidence(&mut inner);
    let mut faults = outer.faults;
    faults.append(&mut inner.faults);
    match (to, channel, action, purposes, said) {
        (
            Some(to),
            Some(channel),
            Some(action),
            Some(purposes),
            Some((source, since, double_opt_in_at)),
        ) if faults.is_empty() => {
            let evidence = Value::Object(inner.fields).to_string();
            let names: Vec<&str> = purposes.iter().map(|purpose| purpose.name()).collect();
            let consent = PurposeConsent {
                action,
                since,
                source,
                expires_at,
                double_opt_in_at,
                basis,
            };
            let canonical = format!(
                "{channel} {} {} {} {} {evidence}",
                action.name(),
                names.join(","),
                expires_at.map(|end| end.to_string()).unwrap_or_default(),
                basis.map_or("", LegalBasis::name),
            );
            Ok(EventRequest {
                to,
                channel,
                purposes,
                consent,
                evidence,
                canonical,
            })
        }
        _ => Err(sorted(faults)),
    }
}

/// Where and when it was captured, and when the customer said it a second time.
fn said(inner: &mut Reader, now: Timestamp) -> Option<(Source, Timestamp, Option<Timestamp>)> {
    let source = inner.required(
        "source",
        "must be one of app, web, branch, call, whatsapp_reply, wrong_person, import",
        Source::parse,
    );
    let captured_at = inner.required("captured_at", TIME, |text| text.parse::<Timestamp>().ok());
    let second: Option<Timestamp> =
        inner.optional("double_opt_in_at", TIME, |text| text.parse().ok());
    for (field, at) in [("captured_at", captured_at), ("double_opt_in_at", second)] {
        if at.is_some_and(|at| at > plus(now, CLOCK_SKEW)) {
            let _none: Option<()> = inner.fault(field, "must not lie in the future");
        }
    }
    if second
        .zip(captured_at)
        .is_some_and(|(second, first)| second < first)
    {
        let _none: Option<()> = inner.fault("double_opt_in_at", "must not lie before captured_at");
    }
    Some((source?, captured_at?, second))
}

fn only_where_it_means_something(outer: &mut Reader, inner: &mut Reader, action: Action) {
    let fields = match action {
        Action::Grant | Action::GrantUnconfirmed => [None, None, None],
        Action::Confirm | Action::Refresh => [None, Some("legal_basis"), Some("double_opt_in_at")],
        Action::Revoke => [
            Some("expires_at"),
            Some("legal_basis"),
            Some("double_opt_in_at"),
        ],
    };
    for field in fields.into_iter().flatten() {
        let rule = format!("does not go with {}", action.name());
        let reader = if FIELDS.contains(&field) {
            &mut *outer
        } else {
            &mut *inner
        };
        if reader.fields.contains_key(field) {
            let _none: Option<()> = reader.fault(field, rule);
        }
    }
}

/// The rest of the evidence; a wording's digest is added where it is missing.
fn evidence(inner: &mut Reader) {
    for (field, longest) in TEXTS {
        inner.optional_text(field, longest);
    }
    let _locale = inner.optional("locale", "must be one of pt_BR, en, fr, de", Locale::parse);
    let _ip = inner.optional("ip", "must be an IP address", |text| {
        text.parse::<std::net::IpAddr>().ok()
    });
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let told = inner.optional("wording_sha256", "must be 64 hexadecimal digits", |text| {
        (text.len() == 64 && text.bytes().all(hex)).then(|| text.to_owned())
    });
    let made = inner.fields.get("wording").and_then(Value::as_str);
    let Some(made) = made.map(sha256) else { return };
    match told {
        Some(told) if told != made => {
            let _none: Option<()> = inner.fault("wording_sha256", "must be that of the wording");
        }
        Some(_) => {}
        None if inner.fields.contains_key("wording_sha256") => {}
        None => {
            inner
                .fields
                .insert("wording_sha256".to_owned(), json!(made));
        }
    }
}

fn purposes(reader: &mut Reader) -> Option<Vec<Class>> {
    let names: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
    let rule = format!("must be one of {}", names.join(", "));
    match reader.fields.get("purposes").cloned() {
        None => reader.fault("purposes", "is required"),
        Some(Value::Array(list)) if !list.is_empty() => {
            let mut all = Vec::new();
            for (place, value) in list.iter().enumerate() {
                match value.as_str().and_then(Class::parse) {
                    Some(class) if all.contains(&class) => {
                        let _none: Option<()> =
                            reader.fault(&format!("purposes[{place}]"), "must not be named twice");
                    }
                    Some(class) => all.push(class),
                    None => {
                        let _none: Option<()> =
                            reader.fault(&format!("purposes[{place}]"), rule.clone());
                    }
                }
            }
            all.sort();
            Some(all)
        }
        Some(_) => reader.fault("purposes", "must be a list of at least one purpose"),
    }
}
