//! `GET /v1/consents/{recipient}/history` and `…/export`.

use std::time::Duration;

use anyhow::{Context, Result};
use recado_tests::contract::ask;
use recado_tests::{ago, alert, fresh_number};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{agreed, aurora, event, export, history, record, show, token};

/// Five events, a minute apart; answers the token.
async fn five_events(bank: &recado_tests::Bank, to: &str) -> Result<String> {
    let mut last = String::new();
    for minutes in (1..=5).rev() {
        let action = if minutes % 2 == 0 { "revoke" } else { "grant" };
        let at = ago(Duration::from_secs(60 * minutes));
        last = token(&record(bank, &event(to, "whatsapp", &["marketing"], action, &at)).await?)?;
    }
    Ok(last)
}

#[tokio::test]
async fn an_event_is_kept_with_its_whole_evidence() -> Result<()> {
    let bank = aurora().await?;
    let evidence = json!({
        "source": "web", "wording_version": "2026-03", "wording": "Quero receber ofertas", "actor": "customer",
        "captured_at": "2026-03-04T10:11:12.131Z", "ip": "2001:db8::7",
    });
    let mut grant = event(
        &fresh_number(),
        "whatsapp",
        &["marketing", "servicing"],
        "grant",
        "",
    );
    grant["evidence"] = evidence.clone();
    let before = recado_tests::now();
    let recipient = token(&record(&bank, &grant).await?)?;
    let events = history(&bank, &recipient).await?;
    let at = events[0]["at"].clone();
    assert!(
        (before.as_str()..=recado_tests::now().as_str()).contains(&at.as_str().unwrap_or_default()),
        "{at}"
    );
    let expected = json!([{
        "at": at, "channel": "whatsapp", "purposes": ["servicing", "marketing"], "action": "grant",
        "evidence": evidence,
    }]);
    assert_eq!(json!(events), expected);
    Ok(())
}

#[tokio::test]
async fn a_history_is_read_page_by_page_oldest_first() -> Result<()> {
    let bank = aurora().await?;
    let recipient = five_events(&bank, &fresh_number()).await?;
    let whole = history(&bank, &recipient).await?;
    let times: Vec<&str> = whole
        .iter()
        .filter_map(|event| event["evidence"]["captured_at"].as_str())
        .collect();
    assert!(times.len() == 5 && times.is_sorted(), "{times:?}");
    for (limit, sizes) in [
        (2, vec![2, 2, 1]),
        (5, vec![5]),
        (1, vec![1; 5]),
        (100, vec![5]),
    ] {
        let (mut read, mut pages, mut cursor): (Vec<Value>, Vec<usize>, String) =
            Default::default();
        loop {
            // The cursor as it is: whoever pastes it into an address must not need to escape it.
            let operation = format!("GET /v1/consents/{{recipient}}/history?limit={limit}{cursor}");
            let page = ask(&bank, &operation, &recipient, |request| request).await?;
            let events = page.body["events"].as_array().context("no events")?;
            pages.push(events.len());
            read.extend(events.clone());
            match page.body["next"].as_str() {
                Some(next) if pages.len() < 9 => cursor = format!("&cursor={next}"),
                _ => break,
            }
        }
        assert_eq!((&read, &pages), (&whole, &sizes), "pages of {limit}");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() -> Result<()> {
    let bank = aurora().await?;
    let recipient = agreed(&bank, &fresh_number()).await?;
    let queries = [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=yesterday", "cursor"),
        ("cursor=", "cursor"),
    ];
    for (query, field) in queries {
        let operation = format!("GET /v1/consents/{{recipient}}/history?{query}");
        let answer = ask(&bank, &operation, &recipient, |request| request).await?;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{query}: {}",
            answer.body
        );
        assert_eq!(answer.faulty_fields(), [field], "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn an_export_holds_everything_in_clear() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let mut grant = event(
        &to,
        "whatsapp",
        &["transactional", "servicing"],
        "grant",
        &ago(Duration::from_secs(3600)),
    );
    grant["evidence"]["wording"] = json!("Quero receber avisos da minha conta");
    grant["evidence"]["ip"] = json!("203.0.113.7");
    let recipient = token(&record(&bank, &grant).await?)?;
    let id = bank.send(&alert(&to)).await?;
    bank.until_status(&id, "read").await?;
    let words = [
        "Meu cartão 4111 1111 1111 1111 sumiu",
        "quem fala é Benedita",
    ];
    for (place, text) in words.into_iter().enumerate() {
        bank.reply(&to, json!({ "text": text })).await?;
        lines(&bank, &recipient, place + 1).await?;
    }
    let exported = export(&bank, &recipient).await?.body;
    assert_eq!(exported["recipient"], json!(recipient));
    assert_eq!(exported["to"], json!(to));
    assert_eq!(
        exported["consents"],
        show(&bank, &recipient).await?.body["consents"]
    );
    assert_eq!(
        exported["history"],
        json!(history(&bank, &recipient).await?)
    );
    assert_eq!(
        exported["history"][0]["evidence"]["wording"],
        "Quero receber avisos da minha conta"
    );
    assert_eq!(exported["history"][0]["evidence"]["ip"], "203.0.113.7");
    let mut said: Vec<&str> = exported["conversation"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|line| line["text"].as_str())
        .collect();
    // Meta tells whole seconds: two words of one second stand in any order.
    said.sort_unstable();
    assert_eq!(said, words);
    Ok(())
}

/// Waits until a conversation has this many lines.
async fn lines(bank: &recado_tests::Bank, recipient: &str, how_many: usize) -> Result<()> {
    crate::until(async || {
        Ok(export(bank, recipient).await?.body["conversation"]
            .as_array()
            .map(Vec::len)
            == Some(how_many))
    })
    .await
}
