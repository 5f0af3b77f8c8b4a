//! Events and look-ups against their rules.

use anyhow::Result;
use recado_tests::contract::ask;
use recado_tests::{fresh_number, shared};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{aurora, lookup, token};

/// A change of a sound event, and the fields that the answer must name, in order.
struct Case(&'static str, fn(&mut Value), &'static [&'static str]);

const CASES: &[Case] = &[
    Case(
        "an unknown field",
        |e| e["reason"] = json!("because"),
        &["reason"],
    ),
    Case(
        "an unknown field of the evidence",
        |e| e["evidence"]["reason"] = json!("because"),
        &["evidence.reason"],
    ),
    Case("no number", |e| remove(e, "to"), &["to"]),
    Case(
        "a number without +",
        |e| e["to"] = json!("5511987650001"),
        &["to"],
    ),
    Case(
        "a number that is a number",
        |e| e["to"] = json!(5_511_987_650_001_i64),
        &["to"],
    ),
    Case("no channel", |e| remove(e, "channel"), &["channel"]),
    Case(
        "an unknown channel",
        |e| e["channel"] = json!("pigeon"),
        &["channel"],
    ),
    Case("no purposes", |e| remove(e, "purposes"), &["purposes"]),
    Case(
        "an empty list of purposes",
        |e| e["purposes"] = json!([]),
        &["purposes"],
    ),
    Case(
        "purposes that are a text",
        |e| e["purposes"] = json!("marketing"),
        &["purposes"],
    ),
    Case(
        "an unknown purpose",
        |e| e["purposes"] = json!(["marketing", "gossip"]),
        &["purposes[1]"],
    ),
    Case(
        "a purpose twice",
        |e| e["purposes"] = json!(["marketing", "marketing"]),
        &["purposes[1]"],
    ),
    Case("no action", |e| remove(e, "action"), &["action"]),
    Case(
        "an unknown action",
        |e| e["action"] = json!("forget"),
        &["action"],
    ),
    Case("no evidence", |e| remove(e, "evidence"), &["evidence"]),
    Case(
        "evidence that is a text",
        |e| e["evidence"] = json!("trust me"),
        &["evidence"],
    ),
    Case(
        "evidence without anything",
        |e| e["evidence"] = json!({}),
        &["evidence.captured_at", "evidence.source"],
    ),
    Case(
        "an unknown source",
        |e| e["evidence"]["source"] = json!("rumour"),
        &["evidence.source"],
    ),
    Case(
        "no time",
        |e| remove(&mut e["evidence"], "captured_at"),
        &["evidence.captured_at"],
    ),
    Case(
        "a time that is none",
        |e| e["evidence"]["captured_at"] = json!("yesterday"),
        &["evidence.captured_at"],
    ),
    Case(
        "a time to come",
        |e| e["evidence"]["captured_at"] = json!("2090-02-03T04:05:06Z"),
        &["evidence.captured_at"],
    ),
    Case(
        "an empty wording",
        |e| e["evidence"]["wording"] = json!(""),
        &["evidence.wording"],
    ),
    Case(
        "a wording too long",
        |e| e["evidence"]["wording"] = json!("ç".repeat(2_001)),
        &["evidence.wording"],
    ),
    Case(
        "a version too long",
        |e| e["evidence"]["wording_version"] = json!("v".repeat(65)),
        &["evidence.wording_version"],
    ),
    Case(
        "an actor of two lines",
        |e| e["evidence"]["actor"] = json!("clerk\n4711"),
        &["evidence.actor"],
    ),
    Case(
        "a second word to come",
        |e| e["evidence"]["double_opt_in_at"] = json!("2090-02-03T04:05:06Z"),
        &["evidence.double_opt_in_at"],
    ),
    Case(
        "a second word before the first",
        |e| e["evidence"]["double_opt_in_at"] = json!("2001-02-03T04:05:06Z"),
        &["evidence.double_opt_in_at"],
    ),
    Case(
        "an end before the beginning",
        |e| e["expires_at"] = json!("2001-02-03T04:05:06Z"),
        &["expires_at"],
    ),
    Case(
        "an unknown basis",
        |e| e["legal_basis"] = json!("because"),
        &["legal_basis"],
    ),
    Case(
        "a grant that says itself that it waits",
        |e| e["action"] = json!("grant_unconfirmed"),
        &["action"],
    ),
    Case(
        "a revocation with an end, a basis and a second word",
        |e| {
            e["action"] = json!("revoke");
            e["expires_at"] = json!("2090-02-03T04:05:06Z");
            e["legal_basis"] = json!("consent");
            e["evidence"]["double_opt_in_at"] = e["evidence"]["captured_at"].clone();
        },
        &["evidence.double_opt_in_at", "expires_at", "legal_basis"],
    ),
    Case(
        "a digest of other words",
        |e| {
            e["evidence"]["wording"] = json!("abc");
            e["evidence"]["wording_sha256"] = json!("0".repeat(64));
        },
        &["evidence.wording_sha256"],
    ),
    Case(
        "a digest that is none",
        |e| e["evidence"]["wording_sha256"] = json!("abc"),
        &["evidence.wording_sha256"],
    ),
    Case(
        "an unknown language",
        |e| e["evidence"]["locale"] = json!("tlh"),
        &["evidence.locale"],
    ),
    Case(
        "an address that is none",
        |e| e["evidence"]["ip"] = json!("at home"),
        &["evidence.ip"],
    ),
    Case(
        "everything at once",
        |e| {
            *e = json!({
                "to": "11987650001", "channel": "pigeon", "purposes": ["gossip"], "action": "forget", "extra": "more",
                "evidence": {
                    "source": "rumour", "captured_at": "yesterday", "wording": "", "wording_version": "",
                    "actor": "clerk\n4711", "ip": "at home", "extra": "more",
                },
            });
        },
        &[
            "action",
            "channel",
            "evidence.actor",
            "evidence.captured_at",
            "evidence.extra",
            "evidence.ip",
            "evidence.source",
            "evidence.wording",
            "evidence.wording_version",
            "extra",
            "purposes[0]",
            "to",
        ],
    ),
];

fn remove(object: &mut Value, field: &str) {
    object
        .as_object_mut()
        .and_then(|object| object.remove(field))
        .expect("the sound event has it");
}

fn sound(to: &str) -> Value {
    json!({
        "to": to, "channel": "whatsapp", "purposes": ["marketing"], "action": "grant",
        "evidence": {
            "source": "app", "wording_version": "2026-03", "wording": "Quero receber ofertas", "actor": "customer",
            "captured_at": "2026-03-04T10:11:12.131Z", "ip": "203.0.113.7",
        },
    })
}

#[tokio::test]
async fn an_event_against_its_rules_is_refused_with_every_field_that_breaks_one() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    for Case(what, change, fields) in CASES {
        let mut event = sound(&to);
        change(&mut event);
        let answer = crate::record(&bank, &event).await?;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{what}: {}",
            answer.body
        );
        assert_eq!(answer.problem(), "invalid-content", "{what}");
        assert_eq!(&answer.faulty_fields(), fields, "{what}");
        for value in [
            "1198765",
            "pigeon",
            "gossip",
            "forget",
            "rumour",
            "yesterday",
            "clerk",
            "at home",
            "because",
        ] {
            assert!(
                !answer.body.to_string().contains(value),
                "{what}: {value} came back in {}",
                answer.body
            );
        }
    }
    remembered(&bank, &to, false).await
}

#[tokio::test]
async fn a_look_up_names_one_number_and_nothing_else() -> Result<()> {
    let bank = aurora().await?;
    let cases = [
        (json!({}), vec!["to"]),
        (json!({ "to": "5511987650001" }), vec!["to"]),
        (json!({ "to": 5_511_987_650_001_i64 }), vec!["to"]),
        (
            json!({ "to": fresh_number(), "tenant": "banco-boreal" }),
            vec!["tenant"],
        ),
        (
            json!({ "to": "+55 11 98765-0001", "tenant": "banco-boreal" }),
            vec!["tenant", "to"],
        ),
    ];
    for (body, fields) in cases {
        let answer = ask(&bank, "POST /v1/consents/lookup", "", |request| {
            request.json(&body)
        })
        .await?;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(answer.faulty_fields(), fields, "{body}");
        assert!(
            !answer.body.to_string().contains("98765"),
            "{}",
            answer.body
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_is_not_json_or_too_much_of_it_is_refused() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let whole = sound(&to).to_string();
    let padded = |size: usize| {
        let mut body = whole.clone().into_bytes();
        body.resize(size, b' ');
        body
    };
    let (json, limit) = ("application/json", 64 * 1024);
    let cases = [
        ("nothing", json, Vec::new(), 400, "malformed-json"),
        ("a list", json, b"[]".to_vec(), 400, "malformed-json"),
        (
            "half of it",
            json,
            whole.as_bytes()[..40].to_vec(),
            400,
            "malformed-json",
        ),
        (
            "not UTF-8",
            json,
            b"{\"to\":\"\xff\"}".to_vec(),
            400,
            "malformed-json",
        ),
        (
            "a form",
            "application/x-www-form-urlencoded",
            b"to=x".to_vec(),
            415,
            "unsupported-media-type",
        ),
        (
            "a text",
            "text/plain",
            whole.clone().into_bytes(),
            415,
            "unsupported-media-type",
        ),
        (
            "a byte too many",
            json,
            padded(limit + 1),
            413,
            "body-too-large",
        ),
        ("3 MB", json, padded(3 * 1024 * 1024), 413, "body-too-large"),
    ];
    for (what, media_type, body, status, problem) in cases {
        for operation in ["POST /v1/consents", "POST /v1/consents/lookup"] {
            let with = |request: RequestBuilder| {
                request
                    .header("content-type", media_type)
                    .body(body.clone())
            };
            let answer = ask(&bank, operation, "", with).await?;
            assert_eq!(
                (answer.status.as_u16(), answer.problem()),
                (status, problem),
                "{operation}: {what}"
            );
        }
    }
    remembered(&bank, &to, false).await?;
    let with = |request: RequestBuilder| request.header("content-type", json).body(padded(limit));
    assert_eq!(
        ask(&bank, "POST /v1/consents", "", with).await?.status,
        StatusCode::OK
    );
    remembered(&bank, &to, true).await
}

/// Whether anything in the table mentions a person.
async fn remembered(bank: &recado_tests::Bank, to: &str, expected: bool) -> Result<()> {
    let recipient = token(&lookup(bank, to).await?)?;
    let items = shared().aws.dump_table()?;
    assert_eq!(
        items
            .iter()
            .any(|item| item.to_string().contains(&recipient)),
        expected
    );
    Ok(())
}
