//! `POST /v1/notifications`: accepted once, however often it is asked for.

use std::time::Duration;

use anyhow::{Context, Result};
use recado_tests::{ago, alert, fresh_key, fresh_number, now, settled, shared};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{aurora, find, masked, send};

#[tokio::test]
async fn an_accepted_request_is_answered_with_its_id_and_a_masked_number() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let mut request = alert(&to);
    request["reference"] = json!("core-tx-778");
    let before = now();
    let answer = send(&bank, &fresh_key(), &request).await?;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert!(!answer.headers.contains_key("idempotency-replayed"));
    let (id, at) = (
        answer.body["id"].clone(),
        answer.body["accepted_at"].clone(),
    );
    assert!(
        (before.as_str()..=now().as_str()).contains(&at.as_str().unwrap_or_default()),
        "{at}"
    );
    let expected = json!({
        "id": id, "status": "accepted", "template": "test_alert", "template_version": 1, "locale": "pt_BR",
        "to": masked(&to), "reference": "core-tx-778", "accepted_at": at,
    });
    assert_eq!(answer.body, expected);
    Ok(())
}

#[tokio::test]
async fn without_a_locale_the_banks_own_is_taken_and_without_a_reference_none_is_shown()
-> Result<()> {
    let bank = aurora().await?;
    let mut request = alert(&fresh_number());
    request
        .as_object_mut()
        .context("an object")?
        .remove("locale");
    let answer = send(&bank, &fresh_key(), &request).await?;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.body["locale"], "pt_BR");
    assert_eq!(answer.body.get("reference"), None);
    Ok(())
}

#[tokio::test]
async fn a_repetition_gets_the_first_answer_again_and_sends_nothing() -> Result<()> {
    let bank = aurora().await?;
    let (to, key) = (fresh_number(), fresh_key());
    bank.agrees(&to).await?;
    let first = send(&bank, &key, &alert(&to)).await?;
    let id = first.body["id"].as_str().context("no id")?;
    let mut repeated = vec![send(&bank, &key, &alert(&to)).await?];
    bank.until_status(id, "read").await?;
    // Later, when the answer would no longer be the same if it told how things stand; and in another
    // order of fields, which is no other content.
    let reordered = r#"{"to":"TO","params":{"amount":{"currency":"BRL","minor":7654321},"name":"Benedita Fagundes"},
        "locale":"pt_BR","template":"test_alert"}"#;
    repeated.push(
        send(
            &bank,
            &key,
            &serde_json::from_str(&reordered.replace("TO", &to))?,
        )
        .await?,
    );
    for repetition in repeated {
        assert_eq!(repetition.status, StatusCode::ACCEPTED);
        assert_eq!(repetition.headers["idempotency-replayed"], "true");
        assert_eq!(repetition.body, first.body);
    }
    settled(shared(), id).await?;
    assert_eq!(bank.channels(&to).await?, ["whatsapp"]);
    Ok(())
}

#[tokio::test]
async fn fifty_identical_requests_at_once_are_one_notification_and_one_message() -> Result<()> {
    let bank = aurora().await?;
    let (to, key) = (fresh_number(), fresh_key());
    bank.agrees(&to).await?;
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let (bank, key, request) = (bank.clone(), key.clone(), alert(&to));
        requests.spawn(async move { send(&bank, &key, &request).await });
    }
    let answers = requests
        .join_all()
        .await
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    let first: Vec<_> = answers
        .iter()
        .filter(|answer| !answer.headers.contains_key("idempotency-replayed"))
        .collect();
    assert_eq!(first.len(), 1, "exactly one is not a repetition");
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        assert_eq!(answer.body, first[0].body);
    }
    let id = first[0].body["id"].as_str().context("no id")?;
    bank.until_status(id, "read").await?;
    settled(shared(), id).await?;
    assert_eq!(bank.channels(&to).await?, ["whatsapp"]);
    Ok(())
}

#[tokio::test]
async fn a_key_with_other_content_is_refused_whatever_differs() -> Result<()> {
    let bank = aurora().await?;
    let (to, key) = (fresh_number(), fresh_key());
    let first = send(&bank, &key, &alert(&to)).await?;
    let differing: [(&str, &str, Value); 7] = [
        ("the number", "/to", json!(fresh_number())),
        ("a parameter", "/params/name", json!("Benedita Lima")),
        ("the amount", "/params/amount/minor", json!(7_654_322)),
        ("the language", "/locale", json!("en")),
        ("the reference", "/reference", json!("core-tx-779")),
        ("the fallback", "/fallback", json!({ "channels": [] })),
        (
            "the validity",
            "/valid_until",
            json!(later(Duration::from_secs(60))),
        ),
    ];
    for (what, pointer, value) in differing {
        let mut request = alert(&to);
        match request.pointer_mut(pointer) {
            Some(field) => *field = value,
            None => request[&pointer[1..]] = value,
        }
        let answer = send(&bank, &key, &request).await?;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
        assert_eq!(answer.problem(), "idempotency-mismatch", "{what}");
        assert!(
            !answer.headers.contains_key("idempotency-replayed"),
            "{what}"
        );
    }
    assert_eq!(find(&bank, &key).await?.body["id"], first.body["id"]);
    Ok(())
}

#[tokio::test]
async fn a_repetition_is_answered_even_after_the_validity_has_passed() -> Result<()> {
    let bank = aurora().await?;
    let (to, key) = (fresh_number(), fresh_key());
    bank.agrees(&to).await?;
    bank.phone(&to, json!({ "online": false })).await?;
    let mut request = alert(&to);
    request["valid_until"] = json!(later(Duration::from_secs(2)));
    let first = send(&bank, &key, &request).await?;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    let id = first.body["id"].as_str().context("no id")?;
    bank.until(id, |item| {
        item["status"] == "unknown" || item["status"] == "expired"
    })
    .await?;

    let repetition = send(&bank, &key, &request).await?;
    assert_eq!(repetition.status, StatusCode::ACCEPTED);
    assert_eq!(repetition.headers["idempotency-replayed"], "true");
    assert_eq!(repetition.body, first.body);

    let mut other = request.clone();
    other["params"]["name"] = json!("Benedita Lima");
    assert_eq!(
        send(&bank, &key, &other).await?.problem(),
        "idempotency-mismatch"
    );

    let unheard_of = send(&bank, &fresh_key(), &request).await?;
    assert_eq!(unheard_of.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(unheard_of.faulty_fields(), ["valid_until"]);

    settled(shared(), id).await?;
    assert!(
        bank.inbox(&to).await?.is_empty(),
        "nothing leaves once the validity is over"
    );
    Ok(())
}

/// A time ahead.
fn later(ahead: Duration) -> String {
    let now: jiff::Timestamp = ago(Duration::ZERO).parse().expect("a time");
    format!("{:.3}", now + ahead)
}
