//! A sound request, broken in every way: what each breaks, and the fields that the answer must name.

use serde_json::{Value, json};

/// A change of a sound request, and the fields that the answer must name, in order.
pub(crate) struct Case(
    pub(crate) &'static str,
    pub(crate) fn(&mut Value),
    pub(crate) &'static [&'static str],
);

/// Every rule of a request, broken.
pub(crate) const CASES: &[Case] = &[
    Case(
        "an unknown field",
        |r| r["priority"] = json!("highest"),
        &["priority"],
    ),
    Case(
        "a misspelt field",
        |r| r["valid_untill"] = json!("2030-01-01T00:00:00Z"),
        &["valid_untill"],
    ),
    Case(
        "no template",
        |r| drop(remove(r, "template")),
        &["template"],
    ),
    Case("no number", |r| drop(remove(r, "to")), &["to"]),
    Case("nothing at all", |r| *r = json!({}), &["template", "to"]),
    Case(
        "an unknown template",
        |r| r["template"] = json!("nobody_knows_it"),
        &["template"],
    ),
    Case(
        "a template's name that cannot be one",
        |r| r["template"] = json!("Pix Received"),
        &["template"],
    ),
    Case(
        "a template that is no text",
        |r| r["template"] = json!(12_345),
        &["template"],
    ),
    Case(
        "a language that the template lacks",
        |r| r["locale"] = json!("fr"),
        &["locale"],
    ),
    Case(
        "an unknown language",
        |r| r["locale"] = json!("pt_PT"),
        &["locale"],
    ),
    Case(
        "a language as webhooks write it",
        |r| r["locale"] = json!("pt-BR"),
        &["locale"],
    ),
    Case(
        "a language that is none",
        |r| r["locale"] = json!(null),
        &["locale"],
    ),
    Case(
        "a number without +",
        |r| r["to"] = json!("5511987650001"),
        &["to"],
    ),
    Case(
        "a number too short",
        |r| r["to"] = json!("+5511987"),
        &["to"],
    ),
    Case(
        "a number too long",
        |r| r["to"] = json!("+5511987650001234"),
        &["to"],
    ),
    Case(
        "a number with letters",
        |r| r["to"] = json!("+55119876500ab"),
        &["to"],
    ),
    Case(
        "a number with spaces",
        |r| r["to"] = json!("+55 11 98765-0001"),
        &["to"],
    ),
    Case(
        "a number of no area",
        |r| r["to"] = json!("+5510987650001"),
        &["to"],
    ),
    Case(
        "a number that is a number",
        |r| r["to"] = json!(5_511_987_650_001_i64),
        &["to"],
    ),
    Case(
        "no parameters",
        |r| drop(remove(r, "params")),
        &["params.amount", "params.name"],
    ),
    Case(
        "a parameter missing",
        |r| drop(remove(&mut r["params"], "name")),
        &["params.name"],
    ),
    Case(
        "a parameter too many",
        |r| r["params"]["balance"] = json!("1234,56"),
        &["params.balance"],
    ),
    Case(
        "a parameter of another type",
        |r| r["params"]["name"] = json!(987_654),
        &["params.name"],
    ),
    Case(
        "a parameter that is null",
        |r| r["params"]["name"] = json!(null),
        &["params.name"],
    ),
    Case(
        "an empty parameter",
        |r| r["params"]["name"] = json!(""),
        &["params.name"],
    ),
    Case(
        "a blank parameter",
        |r| r["params"]["name"] = json!("   "),
        &["params.name"],
    ),
    Case(
        "a parameter with a newline",
        |r| r["params"]["name"] = json!("Benedita\nLima"),
        &["params.name"],
    ),
    Case(
        "a parameter with a tab",
        |r| r["params"]["name"] = json!("Benedita\tLima"),
        &["params.name"],
    ),
    Case(
        "a card number in a text",
        |r| r["params"]["name"] = json!("4111 1111 1111 1111"),
        &["params.name"],
    ),
    Case(
        "a parameter too long",
        |r| r["params"]["name"] = json!("Benedita".repeat(100)),
        &["params.name"],
    ),
    Case(
        "an amount that is a text",
        |r| r["params"]["amount"] = json!("76.543,21"),
        &["params.amount"],
    ),
    Case(
        "an amount without currency",
        |r| r["params"]["amount"] = json!({ "minor": 1 }),
        &["params.amount.currency"],
    ),
    Case(
        "an unknown currency",
        |r| r["params"]["amount"]["currency"] = json!("DOGE"),
        &["params.amount.currency"],
    ),
    Case(
        "a currency in small letters",
        |r| r["params"]["amount"]["currency"] = json!("brl"),
        &["params.amount.currency"],
    ),
    Case(
        "an amount with 13 digits",
        |r| r["params"]["amount"]["minor"] = json!(1_000_000_000_000_i64),
        &["params.amount.minor"],
    ),
    Case(
        "an amount beyond integers",
        |r| r["params"]["amount"]["minor"] = json!(u64::MAX),
        &["params.amount.minor"],
    ),
    Case(
        "an amount that is a fraction",
        |r| r["params"]["amount"]["minor"] = json!(7654.25),
        &["params.amount.minor"],
    ),
    Case(
        "an amount with more in it",
        |r| r["params"]["amount"]["scale"] = json!(12_345),
        &["params.amount.scale"],
    ),
    Case(
        "a reference of 101 characters",
        |r| r["reference"] = json!("ç".repeat(101)),
        &["reference"],
    ),
    Case(
        "an empty reference",
        |r| r["reference"] = json!(""),
        &["reference"],
    ),
    Case(
        "a reference of two lines",
        |r| r["reference"] = json!("core\ntx-778"),
        &["reference"],
    ),
    Case(
        "a reference that is a number",
        |r| r["reference"] = json!(778_778),
        &["reference"],
    ),
    Case(
        "a validity that is over",
        |r| r["valid_until"] = json!("2020-02-03T04:05:06Z"),
        &["valid_until"],
    ),
    Case(
        "a validity too far ahead",
        |r| r["valid_until"] = json!("2090-02-03T04:05:06Z"),
        &["valid_until"],
    ),
    Case(
        "a validity that is no time",
        |r| r["valid_until"] = json!("tomorrow"),
        &["valid_until"],
    ),
    Case(
        "a validity without a zone",
        |r| r["valid_until"] = json!("2026-02-03T04:05:06"),
        &["valid_until"],
    ),
    Case(
        "a validity that is a number",
        |r| r["valid_until"] = json!(1_795_269_846),
        &["valid_until"],
    ),
    Case(
        "a fallback that is a list",
        |r| r["fallback"] = json!(["sms"]),
        &["fallback"],
    ),
    Case(
        "another wait",
        |r| r["fallback"] = json!({ "after_seconds": 4321 }),
        &["fallback.after_seconds"],
    ),
    Case(
        "a wait that is a fraction",
        |r| r["fallback"] = json!({ "after_seconds": 2.5 }),
        &["fallback.after_seconds"],
    ),
    Case(
        "an unknown channel",
        |r| r["fallback"] = json!({ "channels": ["pigeon"] }),
        &["fallback.channels[0]"],
    ),
    Case(
        "a channel the template lacks",
        |r| r["fallback"] = json!({ "channels": ["voice"] }),
        &["fallback.channels"],
    ),
    Case(
        "a channel twice",
        |r| r["fallback"] = json!({ "channels": ["sms", "sms"] }),
        &["fallback.channels"],
    ),
    Case(
        "channels that are a text",
        |r| r["fallback"] = json!({ "channels": "pigeon" }),
        &["fallback.channels"],
    ),
    Case(
        "a fallback with more in it",
        |r| r["fallback"] = json!({ "before": "dawn" }),
        &["fallback.before"],
    ),
    Case(
        "everything at once",
        |r| {
            *r = json!({
                "template": "test_alert", "to": "11987650001", "locale": "klingon", "priority": "highest",
                "params": { "name": "Benedita\nLima", "amount": { "minor": 7654.25, "currency": "DOGE" }, "payer": "Fagundes" },
                "reference": "", "valid_until": "2020-02-03T04:05:06Z",
                "fallback": { "after_seconds": 4321, "channels": ["pigeon"] },
            });
        },
        &[
            "fallback.after_seconds",
            "fallback.channels[0]",
            "locale",
            "params.amount.currency",
            "params.amount.minor",
            "params.name",
            "params.payer",
            "priority",
            "reference",
            "to",
            "valid_until",
        ],
    ),
    Case(
        "a document at a host of nobody's",
        |r| {
            r["template"] = json!("statement_ready");
            r["params"] = json!({
                "name": "Maria Souza", "period": "outubro de 2026",
                "statement": { "url": "https://golpe.example/a.pdf", "filename": "extrato.pdf" },
            });
        },
        &["params.statement.url"],
    ),
    Case(
        "everything at once, of an unknown template",
        |r| {
            *r = json!({
                "template": "nobody_knows_it", "to": "11987650001", "locale": "klingon", "priority": "highest",
                "reference": "", "valid_until": "2020-02-03T04:05:06Z", "fallback": { "channels": ["pigeon"] },
            });
        },
        &[
            "fallback.channels[0]",
            "locale",
            "priority",
            "reference",
            "template",
            "to",
            "valid_until",
        ],
    ),
];

fn remove(object: &mut Value, field: &str) -> Option<Value> {
    object
        .as_object_mut()
        .and_then(|object| object.remove(field))
}
