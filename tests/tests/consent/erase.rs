//! `POST /v1/consents/{recipient}/erase`: the person's data goes, the facts and the suppression stay.

use std::time::Duration;

use anyhow::Result;
use recado_tests::contract::{Answer, ask};
use recado_tests::{Bank, ago, fresh_number, shared};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    ALL, agreed, aurora, event, export, history, lookup, message, record, show, state, until,
};

async fn erase(bank: &Bank, token: &str) -> Result<Answer> {
    ask(
        bank,
        "POST /v1/consents/{recipient}/erase",
        token,
        |request| request,
    )
    .await
}

#[tokio::test]
async fn after_an_erasure_only_the_facts_and_the_suppression_are_left() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let mut grant = event(
        &to,
        "whatsapp",
        &ALL,
        "grant",
        &ago(Duration::from_secs(3600)),
    );
    for (field, text) in [
        ("wording", "Quero receber avisos"),
        ("actor", "customer"),
        ("ip", "203.0.113.7"),
    ] {
        grant["evidence"][field] = json!(text);
    }
    grant["evidence"]["wording_version"] = json!("2026-03");
    let recipient = crate::token(&record(&bank, &grant).await?)?;
    // A message teaches the customer's WhatsApp id; a word of the customer's makes a conversation.
    let id = bank.send(&message("test_notice", &to)).await?;
    bank.until_status(&id, "read").await?;
    bank.reply(&to, json!({ "text": "quem fala é Benedita" }))
        .await?;
    until(async || Ok(export(&bank, &recipient).await?.body["conversation"] != json!([]))).await?;
    let before = history(&bank, &recipient).await?;
    assert!(
        !sealed_of(&recipient)?.is_empty() && !led_by_alias(&recipient)?.is_empty(),
        "there is something to erase"
    );

    let erased = erase(&bank, &recipient).await?;
    assert_eq!(erased.status, StatusCode::OK);
    assert_eq!(erased.body["recipient"], json!(recipient));

    let shown = show(&bank, &recipient).await?;
    assert_eq!(shown.body.get("to"), None);
    assert_eq!(shown.body["erased_at"], erased.body["erased_at"]);
    for channel in ["whatsapp", "sms", "voice"] {
        for purpose in ALL {
            assert_eq!(
                state(&shown, channel, purpose).as_deref(),
                Some("revoked by app"),
                "{channel}, {purpose}"
            );
        }
    }
    let looked_up = lookup(&bank, &to).await?;
    assert_eq!(
        looked_up.body, shown.body,
        "looking the number up brings nothing back"
    );

    let exported = export(&bank, &recipient).await?.body;
    assert_eq!(exported.get("to"), None);
    assert_eq!(exported["conversation"], json!([]));
    let after = history(&bank, &recipient).await?;
    assert_eq!(exported["history"], json!(after));
    // The evidence is gone; that nothing else is can still be told.
    for chain in exported["chains"].as_array().into_iter().flatten() {
        assert_eq!(chain["holds"], true, "{chain}");
    }
    let whatsapp = &exported["chains"][0];
    let told = (&whatsapp["length"], &whatsapp["without_evidence"]);
    assert_eq!(told, (&json!(2), &json!(1)));
    for event in &before {
        let mut fact = event.clone();
        let evidence = event["evidence"].clone();
        fact["evidence"] =
            json!({ "source": evidence["source"], "captured_at": evidence["captured_at"] });
        assert!(after.contains(&fact), "{fact} is no longer in {after:?}");
    }
    assert_eq!(sealed_of(&recipient)?, Vec::<Value>::new());
    assert_eq!(led_by_alias(&recipient)?, Vec::<Value>::new());

    let id = bank.send(&message("test_notice", &to)).await?;
    assert_eq!(
        bank.until_status(&id, "suppressed").await?["reason"],
        "opted_out"
    );
    Ok(())
}

#[tokio::test]
async fn an_erasure_can_be_repeated() -> Result<()> {
    let bank = aurora().await?;
    let recipient = agreed(&bank, &fresh_number()).await?;
    let first = erase(&bank, &recipient).await?;
    let events = history(&bank, &recipient).await?;
    for _ in 0..2 {
        let again = erase(&bank, &recipient).await?;
        assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
        assert_eq!(
            show(&bank, &recipient).await?.body["erased_at"],
            first.body["erased_at"]
        );
        assert_eq!(history(&bank, &recipient).await?, events);
    }
    Ok(())
}

#[tokio::test]
async fn a_grant_after_an_erasure_begins_anew() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let recipient = agreed(&bank, &to).await?;
    erase(&bank, &recipient).await?;
    let granted = record(
        &bank,
        &event(
            &to,
            "whatsapp",
            &["servicing"],
            "grant",
            &recado_tests::now(),
        ),
    )
    .await?;
    assert_eq!(granted.body.get("erased_at"), None);
    assert_eq!(
        state(&granted, "whatsapp", "servicing").as_deref(),
        Some("granted by app")
    );
    assert_eq!(
        state(&granted, "whatsapp", "marketing").as_deref(),
        Some("revoked by app")
    );
    assert_eq!(export(&bank, &recipient).await?.body["to"], json!(to));
    let id = bank.send(&message("test_notice", &to)).await?;
    bank.until_status(&id, "read").await?;
    Ok(())
}

#[tokio::test]
async fn an_old_event_that_comes_again_brings_no_erased_number_back() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let grant = event(&to, "whatsapp", &ALL, "grant", &ago(crate::DAY));
    let recipient = crate::token(&record(&bank, &grant).await?)?;
    let erased = erase(&bank, &recipient).await?;
    let mut older = event(&to, "whatsapp", &ALL, "grant", &ago(crate::DAY * 2));
    older["evidence"]["source"] = json!("import");
    for old in [&grant, &older] {
        let answer = record(&bank, old).await?;
        assert_eq!(answer.body["erased_at"], erased.body["erased_at"]);
        let marketing = state(&answer, "whatsapp", "marketing");
        assert_eq!(marketing.as_deref(), Some("revoked by app"));
        assert_eq!(export(&bank, &recipient).await?.body.get("to"), None);
    }
    Ok(())
}

#[tokio::test]
async fn nobody_is_shown_or_erased_who_is_not_known() -> Result<()> {
    let bank = aurora().await?;
    let operations = [
        "GET /v1/consents/{recipient}",
        "GET /v1/consents/{recipient}/history",
        "GET /v1/consents/{recipient}/export",
        "POST /v1/consents/{recipient}/erase",
    ];
    let unknown = format!("rcp_1_{}", "a".repeat(26));
    let anothers = crate::token(&lookup(&Bank::of(shared(), 1).await?, "+5511987654321").await?)?;
    let places = [
        unknown.as_str(),
        &anothers,
        "rcp_1_",
        "rcp_",
        "x",
        "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "%2B5511987654321",
        "%C3%A9%20",
        "rcp%2Fhistory",
    ];
    let mut answers = Vec::new();
    for place in places {
        for operation in operations {
            let answer = ask(&bank, operation, place, |request| request).await?;
            answers.push((operation, place, answer.status, answer.body));
        }
    }
    let (.., first) = &answers[0];
    assert_eq!(first["type"], "urn:recado:problem:not-found");
    for (operation, place, status, body) in &answers {
        assert_eq!(
            (*status, body),
            (StatusCode::NOT_FOUND, first),
            "{operation} of {place}"
        );
    }
    Ok(())
}

/// The items in a person's partitions that hold something sealed.
fn sealed_of(recipient: &str) -> Result<Vec<Value>> {
    let mut items = shared().aws.dump_table()?;
    items.retain(|item| {
        let own = item["pk"]["S"]
            .as_str()
            .is_some_and(|pk| pk.ends_with(recipient));
        own && item.to_string().contains("\"B\":")
    });
    Ok(items)
}

/// The WhatsApp ids that lead to a person.
fn led_by_alias(recipient: &str) -> Result<Vec<Value>> {
    let mut items = shared().aws.dump_table()?;
    items.retain(|item| {
        let alias = item["pk"]["S"]
            .as_str()
            .is_some_and(|pk| pk.starts_with("ALIAS#"));
        alias && item.to_string().contains(recipient)
    });
    Ok(items)
}
