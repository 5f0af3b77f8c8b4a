//! What is refused: everything that is wrong at once, nothing echoed, nothing stored, nothing queued.

use anyhow::Result;
use recado_tests::contract::{Answer, ask};
use recado_tests::{Bank, ago, alert, fresh_key, fresh_number, shared};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::cases::{CASES, Case};
use crate::{aurora, find, nothing_came_of_it, token_of};

const JSON: &str = "application/json";
/// The largest body, in bytes.
const LARGEST: usize = 64 * 1024;

#[tokio::test]
async fn content_against_its_rules_is_refused_with_every_field_that_breaks_one() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    for Case(what, change, fields) in CASES {
        let mut request = alert(&to);
        change(&mut request);
        let key = fresh_key();
        let sent = crate::send(&bank, &key, &request).await?;
        let previewed = ask(&bank, "POST /v1/notifications/preview", "", |r| {
            r.json(&request)
        })
        .await?;
        for answer in [sent, previewed] {
            assert_eq!(
                answer.status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{what}: {}",
                answer.body
            );
            assert_eq!(answer.problem(), "invalid-content", "{what}");
            assert_eq!(&answer.faulty_fields(), fields, "{what}");
            let echoed: Vec<String> = values(&request)
                .into_iter()
                .filter(|value| answer.body.to_string().contains(value))
                .collect();
            assert!(
                echoed.is_empty(),
                "{what}: {echoed:?} came back in {}",
                answer.body
            );
        }
        assert_eq!(
            find(&bank, &key).await?.status,
            StatusCode::NOT_FOUND,
            "{what} was stored"
        );
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
        Value::String(text) => Some(text.clone())
            .filter(|text| text.trim().len() >= 4)
            .into_iter()
            .collect(),
        Value::Number(number) => Some(number.to_string())
            .filter(|text| text.len() >= 4)
            .into_iter()
            .collect(),
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
    assert_eq!(
        accepted,
        previewed.status == StatusCode::OK,
        "the preview answers {}",
        previewed.status
    );
    assert_eq!(
        accepted,
        find(bank, &key).await?.status == StatusCode::OK,
        "stored, if and only if accepted"
    );
    if !accepted {
        assert_eq!(
            (answer.status, &answer.body),
            (previewed.status, &previewed.body)
        );
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
        (
            "something behind the object",
            &[whole.as_bytes(), b"}"].concat(),
        ),
        ("a form", b"template=test_alert&to=%2B5511987650001"),
        ("a list", b"[]"),
        ("a text", b"\"test_alert\""),
        ("null", b"null"),
        ("not UTF-8", b"{\"template\":\"\xff\"}"),
        ("brackets without end", deep.as_bytes()),
    ];
    for (what, body) in bodies {
        let answer = send_bytes(&bank, Some(JSON), body).await?;
        assert_eq!(
            (answer.status, answer.problem()),
            (StatusCode::BAD_REQUEST, "malformed-json"),
            "{what}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn only_jsons_own_media_type_is_read() -> Result<()> {
    let bank = aurora().await?;
    let whole = alert(&fresh_number()).to_string();
    let refused = [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonp"),
    ];
    for media_type in refused.into_iter().chain([
        Some(""),
        Some("text/json"),
        Some("application/problem+json"),
    ]) {
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
    assert_eq!(
        send_bytes(&bank, Some(JSON), &padded(LARGEST))
            .await?
            .status,
        StatusCode::ACCEPTED
    );
    // The last is beyond what a web framework takes unasked.
    for size in [LARGEST + 1, 3 * 1024 * 1024] {
        let answer = send_bytes(&bank, Some(JSON), &padded(size)).await?;
        assert_eq!(
            (answer.status, answer.problem()),
            (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large"),
            "{size}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_key_is_1_to_255_printable_ascii_characters() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let with = |key: Option<&[u8]>| {
        let key =
            key.map(|key| reqwest::header::HeaderValue::from_bytes(key).expect("a header's value"));
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
        let answer = ask(
            &bank,
            "POST /v1/notifications",
            "",
            with(Some(key.as_bytes())),
        )
        .await?;
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
        (
            "fallback",
            json!({ "after_seconds": 2, "channels": ["sms"] }),
        ),
        ("fallback", json!({ "channels": [] })),
        ("fallback", json!({})),
        ("valid_until", json!(soon.to_string())),
        (
            "valid_until",
            json!(soon.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()),
        ),
        ("reference", json!("ç".repeat(100))),
        ("locale", json!("en")),
    ];
    for (field, value) in changes {
        let mut request = alert(&fresh_number());
        request[field] = value;
        let answer = crate::send(&bank, &fresh_key(), &request).await?;
        assert_eq!(
            answer.status,
            StatusCode::ACCEPTED,
            "{field}: {}",
            answer.body
        );
    }
    Ok(())
}
