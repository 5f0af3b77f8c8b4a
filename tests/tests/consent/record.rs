//! `POST /v1/consents`, `POST /v1/consents/lookup`, `GET /v1/consents/{recipient}`.

use std::time::Duration;

use anyhow::Result;
use recado_tests::{ago, fresh_number};
use reqwest::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{agreed, aurora, event, history, lookup, masked, record, show, state, token};

/// A grant with all the evidence there can be.
fn whole_grant(to: &str) -> serde_json::Value {
    json!({
        "to": to, "channel": "whatsapp", "purposes": ["transactional", "security"], "action": "grant",
        "evidence": {
            "source": "app", "wording_version": "2026-03", "actor": "customer", "ip": "203.0.113.7",
            "wording": "Quero receber avisos da minha conta pelo WhatsApp", "captured_at": "2026-03-04T10:11:12.131Z",
        },
    })
}

#[tokio::test]
async fn a_grant_and_a_revocation_are_answered_with_what_holds_now() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let granted = record(&bank, &whole_grant(&to)).await?;
    let recipient = token(&granted)?;
    let consent = |purpose: &str, state: &str, since: &str, source: &str| json!({ "channel": "whatsapp", "purpose": purpose, "state": state, "since": since, "source": source, "legal_basis": "contract" });
    let first = "2026-03-04T10:11:12.131Z";
    assert_eq!(granted.status, StatusCode::OK);
    let expected = json!({ "recipient": recipient, "to": masked(&to), "consents": [
        consent("security", "granted", first, "app"), consent("transactional", "granted", first, "app"),
    ] });
    assert_eq!(granted.body, expected);

    let mut revocation = event(
        &to,
        "whatsapp",
        &["security"],
        "revoke",
        "2026-03-05T00:00:00Z",
    );
    revocation["evidence"]["source"] = json!("branch");
    let revoked = record(&bank, &revocation).await?;
    let expected = json!({ "recipient": recipient, "to": masked(&to), "consents": [
        consent("security", "revoked", "2026-03-05T00:00:00.000Z", "branch"),
        consent("transactional", "granted", first, "app"),
    ] });
    assert_eq!(revoked.body, expected);
    assert_eq!(lookup(&bank, &to).await?.body, expected);
    assert_eq!(show(&bank, &recipient).await?.body, expected);
    Ok(())
}

#[tokio::test]
async fn channels_are_consented_to_apart() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    agreed(&bank, &to).await?;
    let answer = record(
        &bank,
        &event(
            &to,
            "sms",
            &["transactional"],
            "revoke",
            &ago(Duration::ZERO),
        ),
    )
    .await?;
    assert_eq!(
        state(&answer, "whatsapp", "transactional").as_deref(),
        Some("granted by app")
    );
    assert_eq!(
        state(&answer, "sms", "transactional").as_deref(),
        Some("revoked by app")
    );
    assert_eq!(state(&answer, "sms", "servicing"), None);
    Ok(())
}

#[tokio::test]
async fn somebody_unknown_is_looked_up_without_being_remembered() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let found = lookup(&bank, &to).await?;
    assert_eq!(found.body["to"], json!(masked(&to)));
    assert_eq!(found.body["consents"], json!([]));
    assert_eq!(show(&bank, &token(&found)?).await?.problem(), "not-found");
    Ok(())
}

#[tokio::test]
async fn a_mobile_without_its_ninth_digit_is_the_same_person() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let without = format!("{}{}", &to[..5], &to[6..]);
    let recipient = agreed(&bank, &to).await?;
    let found = lookup(&bank, &without).await?;
    assert_eq!(token(&found)?, recipient);
    assert_eq!(
        state(&found, "whatsapp", "marketing").as_deref(),
        Some("granted by app")
    );
    Ok(())
}

#[tokio::test]
async fn the_same_event_again_changes_nothing_even_at_once() -> Result<()> {
    let bank = aurora().await?;
    let grant = whole_grant(&fresh_number());
    let mut reordered = grant.clone();
    reordered["purposes"] = json!(["security", "transactional"]);
    let mut requests = JoinSet::new();
    for which in 0..10 {
        let (bank, grant) = (
            bank.clone(),
            if which % 2 == 0 {
                grant.clone()
            } else {
                reordered.clone()
            },
        );
        requests.spawn(async move { record(&bank, &grant).await });
    }
    let answers = requests
        .join_all()
        .await
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, answers[0].body);
    }
    assert_eq!(history(&bank, &token(&answers[0])?).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn the_newest_event_counts_in_whatever_order_they_come() -> Result<()> {
    let bank = aurora().await?;
    let at = |day: u32| format!("2026-03-{day:02}T12:00:00.000Z");
    // What comes, in its order, and what must hold after it.
    let steps = [
        ("grant", 4, "granted", 4),
        ("revoke", 6, "revoked", 6),
        ("grant", 5, "revoked", 6),
        ("revoke", 3, "revoked", 6),
        ("grant", 6, "revoked", 6),
        ("grant", 7, "granted", 7),
        ("revoke", 7, "revoked", 7),
        ("grant", 7, "revoked", 7),
    ];
    let to = fresh_number();
    let mut last = None;
    for (place, (action, day, state, since)) in steps.into_iter().enumerate() {
        let answer = record(
            &bank,
            &event(&to, "whatsapp", &["marketing"], action, &at(day)),
        )
        .await?;
        let consent = &answer.body["consents"][0];
        assert_eq!(
            (&consent["state"], &consent["since"]),
            (&json!(state), &json!(at(since))),
            "step {place}"
        );
        last = Some(token(&answer)?);
    }
    // The two grants of the 7th are one event.
    let kept = history(&bank, &last.unwrap_or_default()).await?;
    let kept: Vec<(&str, &str)> = kept
        .iter()
        .filter_map(|event| {
            Some((
                event["action"].as_str()?,
                event["evidence"]["captured_at"].as_str()?,
            ))
        })
        .collect();
    let times: Vec<&str> = kept.iter().map(|(_, at)| *at).collect();
    assert!(times.is_sorted(), "oldest first: {kept:?}");
    assert_eq!(
        kept.len(),
        7,
        "what is outdone is history all the same: {kept:?}"
    );
    Ok(())
}
