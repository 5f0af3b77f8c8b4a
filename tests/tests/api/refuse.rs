//! What is refused: everything that is wrong at once, nothing echoed, nothing stored, nothing queued.

use anyhow::Result;
use recado_tests::contract::{Answer, ask};
use recado_tests::{Bank, ago, alert, fresh_key, fresh_number, shared};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{aurora, find, nothing_came_of_it, token_of};

const JSON: &str = "application/json";
/// The largest body, in bytes.
const LARGEST: usize = 64 * 1024;

/// A change of a sound request, and the fields that the answer must name, in order.
struct Case(&'static str, fn(&mut Value), &'static [&'static str]);

const CASES: &[Case] = &[
    Case("an unknown field", |r| r["priority"] = json!("highest"), &["priority"]),
    Case("a misspelt field", |r| r["valid_untill"] = json!("2030-01-01T00:00:00Z"), &["valid_untill"]),
    Case("no template", |r| drop(remove(r, "template")), &["template"]),
    Case("no number", |r| drop(remove(r, "to")), &["to"]),
    Case("nothing at all", |r| *r = json!({}), &["template", "to"]),
    Case("an unknown template", |r| r["template"] = json!("nobody_knows_it"), &["template"]),
    Case("a template's name that cannot be one", |r| r["template"] = json!("Pix Received"), &["template"]),
    Case("a template that is no text", |r| r["template"] = json!(12_345), &["template"]),
    Case("a language that the template lacks", |r| r["locale"] = json!("fr"), &["locale"]),
    Case("an unknown language", |r| r["locale"] = json!("pt_PT"), &["locale"]),
    Case("a language as webhooks write it", |r| r["locale"] = json!("pt-BR"), &["locale"]),
    Case("a language that is none", |r| r["locale"] = json!(null), &["locale"]),
    Case("a number without +", |r| r["to"] = json!("5511987650001"), &["to"]),
    Case("a number too short", |r| r["to"] = json!("+5511987"), &["to"]),
    Case("a number too long", |r| r["to"] = json!("+5511987650001234"), &["to"]),
    Case("a number with letters", |r| r["to"] = json!("+55119876500ab"), &["to"]),
    Case("a number with spaces", |r| r["to"] = json!("+55 11 98765-0001"), &["to"]),
    Case("a number of no area", |r| r["to"] = json!("+5510987650001"), &["to"]),
    Case("a number that is a number", |r| r["to"] = json!(5_511_987_650_001_i64), &["to"]),
    Case("no parameters", |r| drop(remove(r, "params")), &["params.amount", "params.name"]),
    Case("a parameter missing", |r| drop(remove(&mut r["params"], "name")), &["params.name"]),
    Case("a parameter too many", |r| r["params"]["balance"] = json!("1234,56"), &["params.balance"]),
    Case("a parameter of another type", |r| r["params"]["name"] = json!(987_654), &["params.name"]),
    Case("a parameter that is null", |r| r["params"]["name"] = json!(null), &["params.name"]),
    Case("an empty parameter", |r| r["params"]["name"] = json!(""), &["params.name"]),
    Case("a blank parameter", |r| r["params"]["name"] = json!("   "), &["params.name"]),
    Case("a parameter with a newline", |r| r["params"]["name"] = json!("Benedita\nLima"), &["params.name"]),
    Case("a parameter with a tab", |r| r["params"]["name"] = json!("Benedita\tLima"), &["params.name"]),
    Case("a card number in a text", |r| r["params"]["name"] = json!("4111 1111 1111 1111"), &["params.name"]),
    Case("a parameter too long", |r| r["params"]["name"] = json!("Benedita".repeat(100)), &["params.name"]),
    Case("an amount that is a text", |r| r["params"]["amount"] = json!("76.543,21"), &["params.amount"]),
    Case("an amount without currency", |r| r["params"]["amount"] = json!({ "minor": 1 }), &["params.amount.currency"]),
    Case("an unknown currency", |r| r["params"]["amount"]["currency"] = json!("DOGE"), &["params.amount.currency"]),
    Case("a currency in small letters", |r| r["params"]["amount"]["currency"] = json!("brl"), &["params.amount.currency"]),
    Case("an amount with 13 digits", |r| r["params"]["amount"]["minor"] = json!(1_000_000_000_000_i64), &["params.amount.minor"]),
    Case("an amount beyond integers", |r| r["params"]["amount"]["minor"] = json!(u64::MAX), &["params.amount.minor"]),
    Case("an amount that is a fraction", |r| r["params"]["amount"]["minor"] = json!(7654.25), &["params.amount.minor"]),
    Case("an amount with more in it", |r| r["params"]["amount"]["scale"] = json!(12_345), &["params.amount.scale"]),
    Case("a reference of 101 characters", |r| r["reference"] = json!("ç".repeat(101)), &["reference"]),
    Case("an empty reference", |r| r["reference"] = json!(""), &["reference"]),
    Case("a reference of two lines", |r| r["reference"] = json!("core\ntx-778"), &["reference"]),
    Case("a reference that is a number", |r| r["reference"] = json!(778_778), &["reference"]),
    Case("a validity that is over", |r| r["valid_until"] = json!("2020-02-03T04:05:06Z"), &["valid_until"]),
    Case("a validity too far ahead", |r| r["valid_until"] = json!("2090-02-03T04:05:06Z"), &["valid_until"]),
    Case("a validity that is no time", |r| r["valid_until"] = json!("tomorrow"), &["valid_until"]),
    Case("a validity without a zone", |r| r["valid_until"] = json!("2026-02-03T04:05:06"), &["valid_until"]),
    Case("a validity that is a number", |r| r["valid_until"] = json!(1_795_269_846), &["valid_until"]),
    Case("a fallback that is a list", |r| r["fallback"] = json!(["sms"]), &["fallback"]),
    Case("another wait", |r| r["fallback"] = json!({ "after_seconds": 4321 }), &["fallback.after_seconds"]),
    Case("a wait that is a fraction", |r| r["fallback"] = json!({ "after_seconds": 2.5 }), &["fallback.after_seconds"]),
    Case("an unknown channel", |r| r["fallback"] = json!({ "channels": ["pigeon"] }), &["fallback.channels[0]"]),
    Case("a channel the template lacks", |r| r["fallback"] = json!({ "channels": ["voice"] }), &["fallback.channels"]),
    Case("a channel twice", |r| r["fallback"] = json!({ "channels": ["sms", "sms"] }), &["fallback.channels"]),
    Case("channels that are a text", |r| r["fallback"] = json!({ "channels": "pigeon" }), &["fallback.channels"]),
    Case("a fallback with more in it", |r| r["fallback"] = json!({ "before": "dawn" }), &["fallback.before"]),
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
        "everything at once, of an unknown template",
        |r| {
            *r = json!({
                "template": "nobody_knows_it", "to": "11987650001", "locale": "klingon", "priority": "highest",
                "reference": "", "valid_until": "2020-02-03T04:05:06Z", "fallback": { "channels": ["pigeon"] },
            });
        },
        &["fallback.channels[0]", "locale", "priority", "reference", "template", "to", "valid_until"],
    ),
];

fn remove(object: &mut Value, field: &str) -> Option<Value> {
    object.as_object_mut().and_then(|object| object.remove(field))
}

#[tokio::test]
async fn content_against_its_rules_is_refused_with_every_field_that_breaks_one() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    for Case(what, change, fields) in CASES {
        let mut request = alert(&to);
        change(&mut request);
        let key = fresh_key();
        let sent = crate::send(&bank, &key, &request).await?;
        let previewed = ask(&bank, "POST /v1/notifications/preview", "", |r| r.json(&request)).await?;
        for answer in [sent, previewed] {
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {}", answer.body);
            assert_eq!(answer.problem(), "invalid-content", "{what}");
            assert_eq!(&answer.faulty_fields(), fields, "{what}");
            let echoed: Vec<String> = values(&request).into_iter().filter(|value| answer.body.to_string().contains(value)).collect();
            assert!(echoed.is_empty(), "{what}: {echoed:?} came back in {}", answer.body);
        }
        assert_eq!(find(&bank, &key).await?.status, StatusCode::NOT_FOUND, "{what} was stored");
    }
    nothing_came_of_it(shared(), &token_of(&bank, &to).await?)?;
    assert!(bank.inbox(&to).await?.is_empty());
    Ok(())
}

/// The texts and numbers of a request, as far as they are long enough to be told from an answer's own.
fn values(request: &Value) -> Vec<String> {
    match request {
        Value::Object(fields) => fields.values().flat_map(values).collect(),
        Value::Array(items) => items.iter().flat_map(values).collect(),
        Value::String(text) => Some(text.clone()).filter(|text| text.trim().len() >= 4).into_iter().collect(),
        Value::Number(number) => Some(number.to_string()).filter(|text| text.len() >= 4).into_iter().collect(),
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

/// Sends bytes; answers what comes, checked not to be stored under the key.
async fn send_bytes(bank: &Bank, media_type: Option<&str>, body: &[u8]) -> Result<Answer> {
    let key = fresh_key();
    let with = |request: RequestBuilder| {
        let request = request.header("idempotency-key", &key).body(body.to_vec());
        match media_type {
            Some(media_type) => request.header("content-type", media_type),
            None => request,
        }
    };
    let answer = ask(bank, "POST /v1/notifications", "", with).await?;
    let previewed = ask(bank, "POST /v1/notifications/preview", "", with).await?;
    let accepted = answer.status == StatusCode::ACCEPTED;
    assert_eq!(accepted, previewed.status == StatusCode::OK, "the preview answers {}", previewed.status);
    assert_eq!(accepted, find(bank, &key).await?.status == StatusCode::OK, "stored, if and only if accepted");
    if !accepted {
        assert_eq!((answer.status, &answer.body), (previewed.status, &previewed.body));
    }
    Ok(answer)
}

#[tokio::test]
async fn what_is_not_one_json_object_is_refused() -> Result<()> {
    let bank = aurora().await?;
    let whole = alert(&fresh_number()).to_string();
    let deep = "[".repeat(10_000);
    let bodies: [(&str, &[u8]); 11] = [
        ("nothing", b""),
        ("spaces", b"   "),
        ("a word", b"hello"),
        ("half an object", &whole.as_bytes()[..whole.len() - 1]),
        ("something behind the object", &[whole.as_bytes(), b"}"].concat()),
        ("a form", b"template=test_alert&to=%2B5511987650001"),
        ("a list", b"[]"),
        ("a text", b"\"test_alert\""),
        ("null", b"null"),
        ("not UTF-8", b"{\"template\":\"\xff\"}"),
        ("brackets without end", deep.as_bytes()),
    ];
    for (what, body) in bodies {
        let answer = send_bytes(&bank, Some(JSON), body).await?;
        assert_eq!((answer.status, answer.problem()), (StatusCode::BAD_REQUEST, "malformed-json"), "{what}");
    }
    Ok(())
}

#[tokio::test]
async fn only_jsons_own_media_type_is_read() -> Result<()> {
    let bank = aurora().await?;
    let whole = alert(&fresh_number()).to_string();
    let refused = [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonp")];
    for media_type in refused.into_iter().chain([Some(""), Some("text/json"), Some("application/problem+json")]) {
        let answer = send_bytes(&bank, media_type, whole.as_bytes()).await?;
        assert_eq!(
            (answer.status, answer.problem()),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type"),
            "{media_type:?}"
        );
    }
    for media_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let answer = send_bytes(&bank, Some(media_type), whole.as_bytes()).await?;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{media_type}");
    }
    Ok(())
}

#[tokio::test]
async fn a_body_of_64_kb_is_read_and_not_a_byte_more() -> Result<()> {
    let bank = aurora().await?;
    let padded = |size: usize| {
        let mut body = alert(&fresh_number()).to_string().into_bytes();
        body.resize(size, b' ');
        body
    };
    assert_eq!(send_bytes(&bank, Some(JSON), &padded(LARGEST)).await?.status, StatusCode::ACCEPTED);
    // The last is beyond what a web framework takes unasked.
    for size in [LARGEST + 1, 3 * 1024 * 1024] {
        let answer = send_bytes(&bank, Some(JSON), &padded(size)).await?;
        assert_eq!((answer.status, answer.problem()), (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large"), "{size}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_is_1_to_255_printable_ascii_characters() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let with = |key: Option<&[u8]>| {
        let key = key.map(|key| reqwest::header::HeaderValue::from_bytes(key).expect("a header's value"));
        let body = alert(&to);
        move |request: RequestBuilder| match &key {
            Some(key) => request.header("idempotency-key", key).json(&body),
            None => request.json(&body),
        }
    };
    let long = "k".repeat(256);
    let refused: [(&str, Option<&[u8]>); 5] = [
        ("none", None),
        ("an empty one", Some(b"")),
        ("256 characters", Some(long.as_bytes())),
        ("beyond ASCII", Some("pedido-nº-7".as_bytes())),
        ("a tab", Some(b"order\t7")),
    ];
    for (what, key) in refused {
        for operation in ["POST /v1/notifications", "GET /v1/notifications"] {
            let answer = ask(&bank, operation, "", with(key)).await?;
            assert_eq!(
                (answer.status, answer.problem()),
                (StatusCode::BAD_REQUEST, "idempotency-key"),
                "{operation}: {what}"
            );
        }
    }
    nothing_came_of_it(shared(), &token_of(&bank, &to).await?)?;
    for key in [&long[1..], "order 7/1 (second) ~"] {
        let answer = ask(&bank, "POST /v1/notifications", "", with(Some(key.as_bytes()))).await?;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{key}");
        assert_eq!(find(&bank, key).await?.body["id"], answer.body["id"]);
    }
    Ok(())
}

#[tokio::test]
async fn what_only_tightens_the_template_is_accepted() -> Result<()> {
    let bank = aurora().await?;
    let now: jiff::Timestamp = ago(std::time::Duration::ZERO).parse()?;
    let soon = now + std::time::Duration::from_secs(300);
    let changes = [
        ("fallback", json!({ "after_seconds": 2, "channels": ["sms"] })),
        ("fallback", json!({ "channels": [] })),
        ("fallback", json!({})),
        ("valid_until", json!(soon.to_string())),
        ("valid_until", json!(soon.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string())),
        ("reference", json!("ç".repeat(100))),
        ("locale", json!("en")),
    ];
    for (field, value) in changes {
        let mut request = alert(&fresh_number());
        request[field] = value;
        let answer = crate::send(&bank, &fresh_key(), &request).await?;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{field}: {}", answer.body);
    }
    Ok(())
}
