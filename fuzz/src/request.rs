//! A bank's request: every fault named at once and none quoted; what is accepted can be sent.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use recado_domain::catalogue;
use recado_domain::fault::Fault;
use recado_domain::locale::Locale;
use recado_domain::phone::E164;
use recado_domain::request::{Draft, Request, read_content};
use recado_domain::seal::Pepper;
use recado_domain::template::Template;
use serde_json::{Map, Value};

use crate::quoting::{digits, quotes};
use crate::template::rendered;

/// A template with every type of parameter, for requests that name none of the catalogue's.
static EVERY_TYPE: LazyLock<Arc<Template>> = LazyLock::new(|| {
    let text = include_str!("../corpus/template_file/every_type");
    Arc::new(toml::from_str(text).expect("the file is a template"))
});

/// The body of `POST /v1/notifications`.
pub fn request_body(data: &[u8]) {
    let fields: Option<Map<String, Value>> = serde_json::from_slice(data).ok();
    let draft = Draft::parse(data).ok();
    assert_eq!(
        draft.is_some(),
        fields.is_some(),
        "a JSON object and nothing else is read"
    );
    let (Some(draft), Some(fields)) = (draft, fields) else {
        return;
    };
    let pepper = Pepper::new("1", &[7; 32]).expect("the pepper is long enough");
    digested_alike(&draft, &fields, &pepper);

    let known = draft
        .template()
        .and_then(|name| catalogue::find(name, None));
    let every = draft
        .template()
        .filter(|name| **name == EVERY_TYPE.name)
        .map(|_| Arc::clone(&EVERY_TYPE));
    let template = known.or(every);
    match draft.complete(template.as_deref(), &Locale::ALL, now()) {
        Err(faults) => named_and_not_quoted(&faults, &fields),
        Ok(request) => {
            let Some(template) = template else {
                panic!("a request without a template is taken");
            };
            kept(&request, &template, &fields);
            depends_on_its_content(&fields, &pepper);
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_269_600).expect("the time is within range")
}

fn body(fields: &Map<String, Value>) -> Vec<u8> {
    Value::from(fields.clone()).to_string().into_bytes()
}

fn digest(fields: &Map<String, Value>, pepper: &Pepper) -> String {
    let Ok(draft) = Draft::parse(&body(fields)) else {
        panic!("what was an object is one");
    };
    draft.digest(pepper)
}

/// The same content in another order and with other blanks is the same request.
fn digested_alike(draft: &Draft, fields: &Map<String, Value>, pepper: &Pepper) {
    // A number that no integer holds may read differently once it is written again. None is ever taken.
    if serde_json::from_slice(&body(fields)).ok().as_ref() != Some(fields) {
        return;
    }
    assert_eq!(draft.digest(pepper), digest(fields, pepper));
}

/// Another number, label or parameter is another request.
fn depends_on_its_content(fields: &Map<String, Value>, pepper: &Pepper) {
    let whole = digest(fields, pepper);
    let mut changes = vec![
        ("to", Value::from("+12025550123")),
        ("reference", Value::from("another label")),
        ("valid_until", Value::from("2026-11-21T14:00:01Z")),
    ];
    if let Some(Value::Object(params)) = fields.get("params") {
        let mut params = params.clone();
        params.insert("z".to_owned(), Value::Null);
        changes.push(("params", params.into()));
    }
    for (name, value) in changes {
        if fields.get(name) == Some(&value) {
            continue;
        }
        let mut other = fields.clone();
        other.insert(name.to_owned(), value);
        assert_ne!(digest(&other, pepper), whole, "{name} does not count");
    }
}

/// Each fault names a field and its rule; no value of the request stands in them.
fn named_and_not_quoted(faults: &[Fault], fields: &Map<String, Value>) {
    assert!(!faults.is_empty(), "refused without a reason");
    assert!(faults.is_sorted() && faults.windows(2).all(|two| two[0] != two[1]));
    let mut values = Vec::new();
    let mut count = 0;
    fields
        .values()
        .for_each(|value| texts(value, &mut values, &mut count));
    assert!(
        faults.len() <= 48 + 16 * (fields.len() + count),
        "{} faults",
        faults.len()
    );
    for fault in faults {
        assert!(
            (!fault.field.is_empty() || fields.contains_key("")) && !fault.rule.is_empty(),
            "{fault:?}"
        );
        for value in &values {
            assert!(!quotes(&fault.rule, value), "a rule quotes: {fault:?}");
        }
    }
}

/// Every text inside, and how many values there are.
fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>, count: &mut usize) {
    *count += 1;
    match value {
        Value::String(text) => found.push(text),
        Value::Array(all) => all.iter().for_each(|value| texts(value, found, count)),
        Value::Object(all) => all.values().for_each(|value| texts(value, found, count)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What is accepted keeps its template's bounds, comes back out of its seal, and can be sent.
#[allow(
    clippy::disallowed_methods,
    reason = "the number is compared with what was given"
)]
fn kept(request: &Request, template: &Template, fields: &Map<String, Value>) {
    assert_eq!(
        fields.get("to").and_then(Value::as_str),
        Some(request.to.expose())
    );
    let again: Option<Map<String, Value>> = serde_json::from_slice(&body(fields)).ok();
    assert_eq!(
        again.as_ref(),
        Some(fields),
        "a number is taken that no integer holds"
    );
    assert!(template.locales.contains_key(&request.locale));
    let longest = recado_domain::delivery::plus(now(), template.validity);
    assert!(now() < request.valid_until && request.valid_until <= longest);
    assert_eq!(request.ladder.first(), template.ladder.first());
    let mut rungs = template.ladder.iter();
    assert!(
        request
            .ladder
            .iter()
            .all(|rung| rungs.any(|known| known == rung)),
        "a channel that the template does not have, or in another order"
    );
    let (to, params): (E164, _) =
        read_content(&request.content(), template).expect("what was sealed is read");
    assert!(to == request.to && params == request.params);
    rendered(template, request.locale, &params, "accepted values");
    // Whatever is kept of it, nothing that names a person or an account stands there whole.
    for (name, shown) in params.masked(request.locale) {
        let given = fields.get("params").and_then(|params| params.get(&name));
        if let Some(given) = given.and_then(Value::as_str) {
            assert!(
                digits(given) < 9 || !shown.contains(given),
                "params.{name} is shown whole"
            );
        }
    }
}
