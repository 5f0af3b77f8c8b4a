//! The bodies of this API: parsed strictly, all faults named at once, nothing echoed.

use std::time::Duration;

use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Action, PurposeConsent, Source};
use recado_domain::delivery::plus;
use recado_domain::fault::Fault;
use recado_domain::phone::E164;
use recado_runtime::problem::Problem;
use serde_json::{Map, Value};

/// How far a bank's clock may run ahead of ours.
const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// A grant or revoke that keeps every rule.
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

struct Reader {
    fields: Map<String, Value>,
    prefix: &'static str,
    faults: Vec<Fault>,
}

impl Reader {
    fn new(value: Option<Value>, prefix: &'static str, known: &[&str]) -> Self {
        let mut reader = Self {
            fields: Map::new(),
            prefix,
            faults: Vec::new(),
        };
        match value {
            Some(Value::Object(fields)) => {
                for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
                    reader.faults.push(Fault::new(
                        format!("{prefix}{name}"),
                        "is not a field of this request",
                    ));
                }
                reader.fields = fields;
            }
            Some(_) => reader.faults.push(Fault::new(
                prefix.trim_end_matches('.'),
                "must be an object",
            )),
            None => reader
                .faults
                .push(Fault::new(prefix.trim_end_matches('.'), "is required")),
        }
        reader
    }

    fn fault<T>(&mut self, field: &str, rule: impl Into<String>) -> Option<T> {
        let whole = self.prefix.trim_end_matches('.');
        // Where the object itself is missing, its fields are not faults of their own.
        if !self
            .faults
            .iter()
            .any(|fault| fault.field == whole && !whole.is_empty())
        {
            self.faults
                .push(Fault::new(format!("{}{field}", self.prefix), rule));
        }
        None
    }

    fn required<T>(
        &mut self,
        field: &str,
        rule: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        match self.fields.get(field) {
            None => self.fault(field, "is required"),
            Some(value) => match value.as_str().and_then(read) {
                Some(value) => Some(value),
                None => self.fault(field, rule),
            },
        }
    }

    fn optional_text(&mut self, field: &str, longest: usize) {
        let Some(value) = self.fields.get(field) else {
            return;
        };
        let fits = value.as_str().is_some_and(|text| {
            !text.is_empty()
                && text.chars().count() <= longest
                && !text.chars().any(char::is_control)
        });
        if !fits {
            let _none: Option<()> = self.fault(
                field,
                format!("must be one line of 1 to {longest} characters"),
            );
        }
    }
}

fn object(body: &[u8]) -> Result<Value, Problem> {
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) | Err(_) => Err(Problem::NotJson),
    }
}

fn phone(reader: &mut Reader) -> Option<E164> {
    match reader
        .fields
        .get("to")
        .map(|value| value.as_str().map(E164::parse))
    {
        None => reader.fault("to", "is required"),
        Some(None) => reader.fault("to", "must be a text in E.164"),
        Some(Some(Err(error))) => reader.fault("to", error.to_string()),
        Some(Some(Ok(to))) => Some(to),
    }
}

/// Reads the body of a lookup.
pub(crate) fn lookup(body: &[u8]) -> Result<E164, Problem> {
    let mut reader = Reader::new(Some(object(body)?), "", &["to"]);
    let to = phone(&mut reader);
    match to {
        Some(to) if reader.faults.is_empty() => Ok(to),
        _ => Err(Problem::Invalid(sorted(reader.faults))),
    }
}

/// Reads the body of a grant or revoke.
pub(crate) fn event(body: &[u8], now: Timestamp) -> Result<EventRequest, Problem> {
    let mut outer = Reader::new(
        Some(object(body)?),
        "",
        &["to", "channel", "purposes", "action", "evidence"],
    );
    let to = phone(&mut outer);
    let channel = outer.required(
        "channel",
        "must be one of whatsapp, sms, voice",
        Channel::parse,
    );
    let action = outer.required(
        "action",
        "must be one of grant, revoke",
        |text| match text {
            "grant" => Some(Action::Grant),
            "revoke" => Some(Action::Revoke),
            _ => None,
        },
    );
    let purposes = purposes(&mut outer);
    let known = [
        "source",
        "wording_version",
        "wording",
        "captured_at",
        "actor",
        "ip",
    ];
    let mut inner = Reader::new(outer.fields.remove("evidence"), "evidence.", &known);
    let source = inner.required(
        "source",
        "must be one of app, web, branch, call, whatsapp_reply, import",
        |text| Source::ALL.into_iter().find(|source| source.name() == text),
    );
    let captured_at: Option<Timestamp> = inner.required(
        "captured_at",
        "must be a time in RFC 3339, as 2026-11-21T15:04:05Z",
        |text| text.parse().ok(),
    );
    if captured_at.is_some_and(|at| at > plus(now, CLOCK_SKEW)) {
        let _none: Option<()> = inner.fault("captured_at", "must not lie in the future");
    }
    for (field, longest) in [("wording_version", 64), ("wording", 2_000), ("actor", 64)] {
        inner.optional_text(field, longest);
    }
    if inner.fields.contains_key("ip") {
        let _ip = inner.required("ip", "must be an IP address", |text| {
            text.parse::<std::net::IpAddr>().ok()
        });
    }
    let mut faults = outer.faults;
    faults.append(&mut inner.faults);
    match (to, channel, action, purposes, source, captured_at) {
        (Some(to), Some(channel), Some(action), Some(purposes), Some(source), Some(since))
            if faults.is_empty() =>
        {
            let evidence = Value::Object(inner.fields).to_string();
            let names: Vec<&str> = purposes.iter().map(|purpose| purpose.name()).collect();
            let canonical = format!(
                "{channel} {} {} {evidence}",
                action.state(),
                names.join(",")
            );
            let consent = PurposeConsent {
                action,
                since,
                source,
            };
            Ok(EventRequest {
                to,
                channel,
                purposes,
                consent,
                evidence,
                canonical,
            })
        }
        _ => Err(Problem::Invalid(sorted(faults))),
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

fn sorted(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort();
    faults.dedup();
    faults
}
