//! The API as a bank's backend meets it, on the whole stack. Every answer is held against
//! `docs/openapi.yaml` besides what its test says.

mod accept;
mod cancel;
mod cases;
mod find;
mod gateway;
mod preview;
mod refuse;

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use recado_local::stack::Stack;
use recado_tests::contract::{Answer, ask};
use recado_tests::{Bank, queued, shared};
use serde_json::{Value, json};

/// Banco Aurora's backend.
async fn aurora() -> Result<Bank> {
    Bank::of(shared(), 0).await
}

/// Banco Boreal's backend.
async fn boreal() -> Result<Bank> {
    Bank::of(shared(), 1).await
}

/// Sends a notification under a key; answers whatever comes.
async fn send(bank: &Bank, key: &str, body: &Value) -> Result<Answer> {
    ask(bank, "POST /v1/notifications", "", |request| {
        request.header("idempotency-key", key).json(body)
    })
    .await
}

/// Looks a notification up by its key.
async fn find(bank: &Bank, key: &str) -> Result<Answer> {
    ask(bank, "GET /v1/notifications", "", |request| {
        request.header("idempotency-key", key)
    })
    .await
}

/// The token under which a bank knows a number.
async fn token_of(bank: &Bank, to: &str) -> Result<String> {
    let found = ask(bank, "POST /v1/consents/lookup", "", |request| {
        request.json(&json!({ "to": to }))
    })
    .await?;
    Ok(found.body["recipient"]
        .as_str()
        .context("no token")?
        .to_owned())
}

/// What an API may show of a fresh number.
fn masked(to: &str) -> String {
    format!("+55 (11) *****-{}", &to[to.len() - 4..])
}

/// Fails if anything is kept of a person whom nothing was ever accepted for, or if a queue was given a
/// notification that is not stored.
fn nothing_came_of_it(stack: &Stack, recipient: &str) -> Result<()> {
    let mut announced = BTreeSet::new();
    for body in queued(stack, "\"n\":\"ntf_")? {
        let job: Value = serde_json::from_str(&body)?;
        let fields = job
            .as_object()
            .and_then(|job| job.values().next())
            .context("a job")?;
        announced.insert(
            fields["n"]
                .as_str()
                .context("a job's notification")?
                .to_owned(),
        );
    }
    // Read after the queues: what is queued was stored before (I1).
    let items = stack.aws.dump_table()?;
    let stored: BTreeSet<&str> = items
        .iter()
        .filter_map(|item| item["pk"]["S"].as_str()?.strip_prefix("NTF#"))
        .collect();
    let lost: Vec<&String> = announced
        .iter()
        .filter(|id| !stored.contains(id.as_str()))
        .collect();
    ensure!(lost.is_empty(), "queued without being stored: {lost:?}");
    let kept = items
        .iter()
        .find(|item| item.to_string().contains(recipient));
    ensure!(
        kept.is_none(),
        "kept of somebody to whom nothing was sent: {kept:?}"
    );
    Ok(())
}
