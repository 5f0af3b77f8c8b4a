//! `POST /v1/notifications/preview`: everything but the sending.

use anyhow::{Context, Result};
use recado_tests::contract::{Answer, ask};
use recado_tests::{Bank, alert, fresh_number, shared};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{aurora, masked, nothing_came_of_it, token_of};

async fn preview(bank: &Bank, body: &Value) -> Result<Answer> {
    ask(bank, "POST /v1/notifications/preview", "", |request| {
        request.json(body)
    })
    .await
}

#[tokio::test]
async fn a_preview_shows_each_channels_text_and_leaves_no_trace() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let answer = preview(&bank, &alert(&to)).await?;
    assert_eq!(answer.status, StatusCode::OK);
    let expected = json!({
        "template": "test_alert", "template_version": 1, "locale": "pt_BR", "class": "transactional",
        "to": masked(&to),
        "channels": [
            {
                "channel": "whatsapp",
                "text": "Olá, Benedita Fagundes. Este é um aviso de teste no valor de R$ 76.543,21 na sua conta.",
                "buttons": ["Não fui eu"],
            },
            {
                "channel": "sms",
                "text": "Banco Aurora: aviso de teste para Benedita, valor R$ 76.543,21.",
                "encoding": "gsm7", "parts": 1,
            },
        ],
        "decision": { "legs": [
            { "channel": "whatsapp", "skipped_because": "no_whatsapp_consent" },
            { "channel": "sms" },
        ] },
    });
    assert_eq!(without_hard_spaces(&answer.body)?, expected);
    nothing_came_of_it(shared(), &token_of(&bank, &to).await?)?;
    assert!(bank.inbox(&to).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_masked_preview_shows_what_a_log_may_hold() -> Result<()> {
    let bank = aurora().await?;
    for (masked, hidden) in [("true", true), ("false", false)] {
        let operation = format!("POST /v1/notifications/preview?masked={masked}");
        let answer = ask(&bank, &operation, "", |request| {
            request.json(&alert(&fresh_number()))
        })
        .await?;
        let shown = answer.body["channels"].to_string();
        assert_eq!(
            !shown.contains("Fagundes") && !shown.contains("76.543"),
            hidden,
            "{shown}"
        );
        assert!(shown.contains("aviso de teste"), "{shown}");
    }
    Ok(())
}

#[tokio::test]
async fn a_preview_tells_what_would_be_decided() -> Result<()> {
    let bank = aurora().await?;
    let (agreed, stranger, left) = (fresh_number(), fresh_number(), fresh_number());
    bank.agrees(&agreed).await?;
    bank.consent(
        &left,
        "whatsapp",
        &["marketing", "servicing", "transactional"],
        "revoke",
    )
    .await?;
    bank.consent(&left, "sms", &["transactional"], "revoke")
        .await?;
    let of = |template: &str, to: &str| json!({ "template": template, "to": to, "params": { "name": "Benedita" } });
    let code =
        |to: &str| json!({ "template": "test_code", "to": to, "params": { "code": "739106" } });
    let only_whatsapp = |to: &str| {
        let mut request = alert(to);
        request["fallback"] = json!({ "channels": [] });
        request
    };
    let (whatsapp, sms) = (
        json!({ "channel": "whatsapp" }),
        json!({ "channel": "sms" }),
    );
    let around = json!({ "channel": "whatsapp", "skipped_because": "no_whatsapp_consent" });
    let suppressed = |reason: &str| json!({ "suppressed": reason, "legs": [] });
    let cases = [
        (alert(&agreed), json!({ "legs": [whatsapp, sms] })),
        (only_whatsapp(&agreed), json!({ "legs": [whatsapp] })),
        (
            of("test_notice", &agreed),
            json!({ "legs": [whatsapp, sms] }),
        ),
        (of("test_offer", &agreed), json!({ "legs": [whatsapp] })),
        (code(&stranger), json!({ "legs": [around, sms] })),
        (only_whatsapp(&stranger), suppressed("no_consent")),
        (of("test_notice", &stranger), suppressed("no_consent")),
        (of("test_offer", &stranger), suppressed("no_consent")),
        (of("test_notice", &left), suppressed("opted_out")),
        (of("test_offer", &left), suppressed("opted_out")),
        (alert(&left), suppressed("opted_out")),
        (code(&left), json!({ "legs": [around, sms] })),
    ];
    for (request, expected) in cases {
        let answer = preview(&bank, &request).await?;
        assert_eq!(answer.body["decision"], expected, "{request}");
    }
    Ok(())
}

#[tokio::test]
async fn sms_parts_are_counted_as_the_carrier_does() -> Result<()> {
    let bank = aurora().await?;
    let request = json!({
        "template": "one_time_code", "locale": "pt_BR", "to": fresh_number(), "params": { "code": "739106" },
    });
    let answer = preview(&bank, &request).await?;
    let sms = &answer.body["channels"][1];
    let text = sms["text"].as_str().context("no text")?;
    assert!(
        text.contains("739106") && text.is_ascii(),
        "folded to plain letters: {text}"
    );
    assert_eq!(
        (&sms["encoding"], &sms["parts"]),
        (&json!("gsm7"), &json!(1))
    );
    assert!(text.len() <= 160, "one part has at most 160 characters");
    Ok(())
}

/// An amount's space does not break the line; here it would only make the expectation unreadable.
fn without_hard_spaces(body: &Value) -> Result<Value> {
    Ok(serde_json::from_str(
        &body.to_string().replace('\u{a0}', " "),
    )?)
}
