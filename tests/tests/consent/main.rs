//! Consent from its recording to its effects, on the whole stack. Every answer is held against
//! `docs/openapi.yaml` besides what its test says.

mod erase;
mod history;
mod keywords;
mod record;
mod refuse;
mod send;

use std::time::Duration;

use anyhow::{Context, Result};
use recado_tests::contract::{Answer, ask};
use recado_tests::{Bank, ago, shared};
use serde_json::{Value, json};

const ALL: [&str; 5] = [
    "authentication",
    "security",
    "transactional",
    "servicing",
    "marketing",
];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Banco Aurora's backend.
async fn aurora() -> Result<Bank> {
    Bank::of(shared(), 0).await
}

/// An event in the app, with the least evidence.
fn event(to: &str, channel: &str, purposes: &[&str], action: &str, captured_at: &str) -> Value {
    json!({
        "to": to, "channel": channel, "purposes": purposes, "action": action,
        "evidence": { "source": "app", "captured_at": captured_at },
    })
}

async fn record(bank: &Bank, event: &Value) -> Result<Answer> {
    ask(bank, "POST /v1/consents", "", |request| request.json(event)).await
}

async fn lookup(bank: &Bank, to: &str) -> Result<Answer> {
    ask(bank, "POST /v1/consents/lookup", "", |request| {
        request.json(&json!({ "to": to }))
    })
    .await
}

async fn show(bank: &Bank, token: &str) -> Result<Answer> {
    ask(bank, "GET /v1/consents/{recipient}", token, |request| {
        request
    })
    .await
}

async fn export(bank: &Bank, token: &str) -> Result<Answer> {
    ask(
        bank,
        "GET /v1/consents/{recipient}/export",
        token,
        |request| request,
    )
    .await
}

/// The first page of a history.
async fn history(bank: &Bank, token: &str) -> Result<Vec<Value>> {
    let page = ask(
        bank,
        "GET /v1/consents/{recipient}/history",
        token,
        |request| request,
    )
    .await?;
    Ok(page.body["events"].as_array().context("no events")?.clone())
}

/// The customer agreed to everything on WhatsApp a day ago; answers the customer's token.
async fn agreed(bank: &Bank, to: &str) -> Result<String> {
    let answer = record(bank, &event(to, "whatsapp", &ALL, "grant", &ago(DAY))).await?;
    token(&answer)
}

fn token(answer: &Answer) -> Result<String> {
    Ok(answer.body["recipient"]
        .as_str()
        .context("no token")?
        .to_owned())
}

/// The state of one purpose, and where it comes from: `granted by app`.
fn state(answer: &Answer, channel: &str, purpose: &str) -> Option<String> {
    let consents = answer.body["consents"].as_array()?;
    let consent = consents
        .iter()
        .find(|one| one["channel"] == channel && one["purpose"] == purpose)?;
    Some(format!(
        "{} by {}",
        consent["state"].as_str()?,
        consent["source"].as_str()?
    ))
}

/// The tests' message of a class that needs a grant.
fn message(template: &str, to: &str) -> Value {
    json!({ "template": template, "locale": "pt_BR", "to": to, "params": { "name": "Benedita Fagundes" } })
}

/// What an API may show of a fresh number.
fn masked(to: &str) -> String {
    format!("+55 (11) *****-{}", &to[to.len() - 4..])
}

/// Waits until something holds.
async fn until(holds: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let end = tokio::time::Instant::now() + recado_tests::PATIENCE;
    while !holds().await? {
        anyhow::ensure!(tokio::time::Instant::now() < end, "it never came to hold");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
