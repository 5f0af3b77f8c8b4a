//! Looking up: one's own, and nobody else's.

use anyhow::{Context, Result};
use recado_tests::contract::ask;
use recado_tests::{alert, fresh_key, fresh_number};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{aurora, boreal, find, send, token_of};

#[tokio::test]
async fn a_notification_is_found_by_its_id_and_by_its_key_alike() -> Result<()> {
    let bank = aurora().await?;
    let (to, key) = (fresh_number(), fresh_key());
    bank.agrees(&to).await?;
    let mut request = alert(&to);
    request["reference"] = json!("core-tx-778");
    let accepted = send(&bank, &key, &request).await?.body;
    let id = accepted["id"].as_str().context("no id")?;
    bank.until_status(id, "read").await?;
    let by_id = ask(&bank, "GET /v1/notifications/{id}", id, |request| request).await?;
    let by_key = find(&bank, &key).await?;
    assert_eq!(
        (by_id.status, by_key.status),
        (StatusCode::OK, StatusCode::OK)
    );
    assert_eq!(by_id.body, by_key.body);
    for (field, value) in accepted.as_object().context("an object")? {
        if field != "status" {
            assert_eq!(&by_id.body[field], value, "{field}");
        }
    }
    assert_eq!(by_id.body["class"], "transactional");
    assert_eq!(by_id.body["delivered_twice"], false);
    assert_eq!(by_id.body["legs"][0]["channel"], "whatsapp");
    assert_eq!(by_id.body["legs"][0]["opened_because"], "first");
    let text = by_id.body["text"].as_str().context("no text")?;
    assert!(text.contains("Este é um aviso de teste"), "{text}");
    for hidden in ["Fagundes", "76.543", "76543"] {
        assert!(
            !by_id.body.to_string().contains(hidden),
            "{hidden} is shown: {text}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_answer_of_the_customer_stands_beside_the_notification() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    bank.agrees(&to).await?;
    let id = bank.send(&alert(&to)).await?;
    bank.until_status(&id, "read").await?;
    let inbox = bank.inbox(&to).await?;
    bank.reply(&to, json!({ "button": inbox[0]["buttons"][0]["payload"] }))
        .await?;
    bank.until(&id, |item| item["responses"] != json!([]))
        .await?;
    let shown = ask(&bank, "GET /v1/notifications/{id}", &id, |request| request).await?;
    let responses = shown.body["responses"].as_array().context("a list")?;
    assert_eq!(responses.len(), 1);
    assert_eq!(responses[0]["action"], "dispute");
    Ok(())
}

#[tokio::test]
async fn what_is_unknown_malformed_or_anothers_is_the_same_404() -> Result<()> {
    let (bank, other) = (aurora().await?, boreal().await?);
    let key = fresh_key();
    let anothers = send(&other, &key, &alert(&fresh_number())).await?.body;
    let anothers = anothers["id"].as_str().context("no id")?;
    let unknown = format!("ntf_{}", "a".repeat(26));
    let upper = anothers.to_uppercase();
    let longer = format!("{anothers}a");
    let places = [
        ("unknown", unknown.as_str()),
        ("another bank's", anothers),
        ("in capitals", &upper),
        ("too long", &longer),
        ("too short", "ntf_"),
        ("another kind", "rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa"),
        ("a word", "x"),
        ("a number", "%2B5511987654321"),
        ("with a space", "ntf%20x"),
        ("with a letter beyond ASCII", "%C3%A9"),
        ("not UTF-8", "%FF"),
        ("with a slash", "ntf%2Fcancel"),
        ("with a question mark", "ntf%3Fx"),
    ];
    let mut answers: Vec<(String, StatusCode, Value)> = Vec::new();
    for (what, id) in places {
        for operation in [
            "GET /v1/notifications/{id}",
            "POST /v1/notifications/{id}/cancel",
        ] {
            let answer = ask(&bank, operation, id, |request| request)
                .await
                .with_context(|| format!("{what}: {id}"))?;
            answers.push((format!("{operation}, {what}"), answer.status, answer.body));
        }
    }
    for (what, key) in [("another bank's key", key), ("an unknown key", fresh_key())] {
        let answer = find(&bank, &key).await?;
        answers.push((what.to_owned(), answer.status, answer.body));
    }
    let (_, _, first) = &answers[0];
    assert_eq!(first["type"], "urn:recado:problem:not-found");
    for (what, status, body) in &answers {
        assert_eq!((status, body), (&StatusCode::NOT_FOUND, first), "{what}");
    }
    Ok(())
}

#[tokio::test]
async fn two_banks_with_the_same_customer_and_the_same_key_share_nothing() -> Result<()> {
    let (aurora, boreal) = (aurora().await?, boreal().await?);
    let (to, key) = (fresh_number(), fresh_key());
    aurora.agrees(&to).await?;
    let mut ids = Vec::new();
    for (bank, channel) in [(&aurora, "whatsapp"), (&boreal, "sms")] {
        let answer = send(bank, &key, &alert(&to)).await?;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        assert!(!answer.headers.contains_key("idempotency-replayed"));
        let id = answer.body["id"].as_str().context("no id")?.to_owned();
        assert_eq!(find(bank, &key).await?.body["id"], json!(id));
        // The customer agreed to WhatsApp with the one bank alone.
        let ended = bank
            .until(&id, |item| {
                ["read", "fallback_sent"]
                    .iter()
                    .any(|end| item["status"] == *end)
            })
            .await?;
        let last = ended["legs"]
            .as_array()
            .and_then(|legs| legs.last())
            .context("no leg")?;
        assert_eq!(last["channel"], channel);
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1]);

    let (ours, theirs) = (token_of(&aurora, &to).await?, token_of(&boreal, &to).await?);
    assert_ne!(ours, theirs);
    let reads = [
        "GET /v1/consents/{recipient}",
        "GET /v1/consents/{recipient}/history",
        "GET /v1/consents/{recipient}/export",
        "POST /v1/consents/{recipient}/erase",
    ];
    for operation in reads {
        let answer = ask(&boreal, operation, &ours, |request| request).await?;
        assert_eq!(
            (answer.status, answer.problem()),
            (StatusCode::NOT_FOUND, "not-found"),
            "{operation}"
        );
    }
    let ours = ask(&aurora, "GET /v1/consents/{recipient}", &ours, |request| {
        request
    })
    .await?;
    assert_eq!(
        ours.body["consents"].as_array().map(Vec::len),
        Some(5),
        "the other bank's try changed nothing"
    );
    Ok(())
}
