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
/// A page of history has at most this many events.
pub(crate) const LARGEST_PAGE: u32 = 100;
const USUAL_PAGE: u32 = 50;

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

/// Which page of a history is asked for.
pub(crate) struct Page {
    /// The entry before it, by its sort key.
    pub(crate) after: Option<String>,
    pub(crate) limit: u32,
}

/// A sort key as it may stand in an address as it is: there, a `#` would end the query.
pub(crate) fn cursor(sort_key: &str) -> String {
    sort_key.replacen('#', ".", 1)
}

fn sort_key(cursor: &str) -> Option<String> {
    let (at, digest) = cursor.split_once('.')?;
    let digest_fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let fits = at.parse::<i64>().is_ok() && !digest.is_empty() && digest.bytes().all(digest_fits);
    fits.then(|| format!("{at}#{digest}"))
}

/// Reads the query of a history.
pub(crate) fn page(query: &[(String, String)]) -> Result<Page, Problem> {
    let mut faults = Vec::new();
    let mut given = |name: &str| {
        let mut values = query.iter().filter(|(field, _)| field == name);
        let first = values.next();
        if values.next().is_some() {
            faults.push(Fault::new(name, "must not be named twice"));
        }
        first.map(|(_, value)| value.as_str())
    };
    let (asked_after, asked_limit) = (given("cursor"), given("limit"));
    let after = asked_after.and_then(sort_key);
    if asked_after.is_some() && after.is_none() {
        faults.push(Fault::new("cursor", "must be the next of the page before"));
    }
    let limit = match asked_limit.map(str::parse) {
        None => USUAL_PAGE,
        Some(Ok(limit)) if (1..=LARGEST_PAGE).contains(&limit) => limit,
        Some(Ok(_) | Err(_)) => {
            let rule = format!("must be a whole number from 1 to {LARGEST_PAGE}");
            faults.push(Fault::new("limit", rule));
            USUAL_PAGE
        }
    };
    if faults.is_empty() {
        Ok(Page { after, limit })
    } else {
        Err(Problem::Invalid(sorted(faults)))
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
