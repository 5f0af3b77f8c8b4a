//! The 24-hour window as Meta sees it: where it says closed, we hold it closed until the customer writes
//! again.

use anyhow::{Context, Result, ensure};
use recado_tests::{PATIENCE, now, time};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{GLANCE, META, World};

/// The recipient's profile, once it is as it should be.
async fn profile(world: &World, to: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
    let lookup = world
        .bank
        .post("/v1/consents/lookup", None, &json!({ "to": to }))
        .await?;
    let known: Value = lookup.error_for_status()?.json().await?;
    let token = known["recipient"].as_str().context("no recipient")?;
    let key = json!(format!("RCP#banco-aurora#{token}"));
    let end = Instant::now() + PATIENCE;
    loop {
        let items = world.stack.aws.dump_table()?;
        let profile = items
            .into_iter()
            .find(|item| item["pk"]["S"] == key && item["sk"]["S"] == "PROFILE");
        if let Some(profile) = profile.filter(|profile| holds(profile)) {
            return Ok(profile);
        }
        ensure!(Instant::now() < end, "the profile never came to that");
        sleep(GLANCE).await;
    }
}

fn millis(profile: &Value, attribute: &str) -> Result<i64> {
    let text = profile[attribute]["N"].as_str();
    text.and_then(|text| text.parse().ok())
        .with_context(|| format!("no {attribute}"))
}

#[tokio::test]
async fn a_reply_that_meta_refuses_closes_the_window_until_the_customer_writes_again() -> Result<()>
{
    let world = World::open().await?;
    let alone = META.write().await;
    let to = world.customer(json!({})).await?;
    world
        .bank
        .faults(json!({ "next": [{ "then_failed": 131_047 }] }))
        .await?;
    world.bank.reply(&to, json!({ "text": "SAIR" })).await?;
    let closed = profile(&world, &to, |profile| !profile["wr"].is_null()).await?;
    assert_eq!(millis(&closed, "wr")?, millis(&closed, "wu")?);
    assert_eq!(world.bank.channels(&to).await?, [""; 0]);

    // Meta's clock has seconds: what is written in a later one is a later message.
    let written = millis(&closed, "wu")? - 24 * 60 * 60 * 1_000;
    while time(&json!(now()))?.as_millisecond() < written + 1_000 {
        sleep(GLANCE).await;
    }
    world.bank.reply(&to, json!({ "text": "VOLTAR" })).await?;
    let end = Instant::now() + PATIENCE;
    while world.bank.channels(&to).await?.is_empty() {
        ensure!(Instant::now() < end, "the window stayed closed");
        sleep(GLANCE).await;
    }
    drop(alone);
    let opened = profile(&world, &to, |_| true).await?;
    assert!(millis(&opened, "wr")? < millis(&opened, "wu")?);
    Ok(())
}
