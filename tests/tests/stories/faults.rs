//! Meta is down, slow, or tells too much or too little. Told one at a time.

use anyhow::{Result, ensure};
use jiff::SignedDuration;
use recado_tests::{GLANCE, PATIENCE, alert, leg, shared, time};
use serde_json::{Value, json};

use crate::{META, World, actions, button};

/// An alert whose wait outlasts every delay of a webhook.
fn patient_alert(to: &str) -> Value {
    let mut alert = alert(to);
    alert["template"] = json!("test_patient");
    alert
}

/// The webhooks' ways, as without faults.
async fn heal(world: &World) -> Result<()> {
    world.bank.faults(json!({ "webhooks": {} })).await
}

/// How often the functions have counted something, by the embedded metrics in their logs.
fn counted(metric: &str) -> u64 {
    let lines = shared().logs.lines();
    lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(&line[line.find('{')?..]).ok())
        .filter(|line| line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"] == metric)
        .filter_map(|line| line[metric].as_u64())
        .sum()
}

/// Waits until something was counted once more than before.
async fn until_counted(metric: &str, before: u64) -> Result<()> {
    let end = tokio::time::Instant::now() + PATIENCE;
    while counted(metric) <= before {
        ensure!(
            tokio::time::Instant::now() < end,
            "{metric} was never counted"
        );
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}

#[tokio::test]
async fn meta_down_leaves_whatsapp_open_and_the_sms_goes_after_its_wait() -> Result<()> {
    let world = World::open().await?;
    let alone = META.write().await;
    let to = world.customer(json!({})).await?;
    world
        .bank
        .faults(json!({ "next": [{ "status": 500 }] }))
        .await?;
    let in_doubt = counted("UncertainWhatsapp");
    let id = world.bank.send(&alert(&to)).await?;
    world
        .bank
        .until(&id, |notification| {
            leg(notification, "whatsapp")["status"] == "uncertain"
        })
        .await?;
    until_counted("UncertainWhatsapp", in_doubt).await?;
    drop(alone);
    let by_sms = counted("FallbackSent");
    world.bank.until_status(&id, "fallback_sent").await?;
    until_counted("FallbackSent", by_sms).await?;
    let end = world.ended(&id, &to).await?;
    let (whatsapp, sms) = (leg(&end, "whatsapp"), leg(&end, "sms"));
    assert_eq!(whatsapp["status"], "uncertain", "{end}");
    assert_eq!(
        (&sms["status"], &sms["opened_because"]),
        (&json!("sent"), &json!("not_delivered_in_time")),
        "{end}"
    );
    let waited = time(&sms["submitted_at"])?.duration_since(time(&end["accepted_at"])?);
    assert!(waited >= SignedDuration::from_secs(2), "{end}");
    assert_eq!(world.bank.channels(&to).await?, ["sms"]);
    Ok(())
}

#[tokio::test]
async fn an_expired_token_is_a_technical_failure_and_the_sms_goes_at_once() -> Result<()> {
    let world = World::open().await?;
    let alone = META.write().await;
    let to = world.customer(json!({})).await?;
    world
        .bank
        .faults(json!({ "next": [{ "error_code": 190 }] }))
        .await?;
    let id = world.bank.send(&patient_alert(&to)).await?;
    world
        .bank
        .until(&id, |notification| {
            leg(notification, "whatsapp")["status"] == "failed"
        })
        .await?;
    drop(alone);
    world.bank.until_status(&id, "fallback_sent").await?;
    let end = world.ended(&id, &to).await?;
    let (whatsapp, sms) = (leg(&end, "whatsapp"), leg(&end, "sms"));
    let failure = &whatsapp["failure"];
    assert_eq!(
        (&failure["kind"], &failure["code"]),
        (&json!("technical"), &json!(190)),
        "{end}"
    );
    assert_eq!(
        (&sms["status"], &sms["opened_because"]),
        (&json!("sent"), &json!("previous_failed")),
        "{end}"
    );
    let waited = time(&sms["submitted_at"])?.duration_since(time(&whatsapp["failed_at"])?);
    assert!(
        waited < SignedDuration::from_secs(10),
        "there was nothing to wait for: {end}"
    );
    assert_eq!(world.bank.channels(&to).await?, ["sms"]);
    Ok(())
}

#[tokio::test]
async fn webhooks_that_come_twice_and_in_any_order_change_nothing() -> Result<()> {
    let world = World::open().await?;
    let alone = META.write().await;
    world
        .bank
        .faults(json!({ "webhooks": { "duplicate": 1.0, "shuffle": true } }))
        .await?;
    let mut stories = Vec::new();
    for _ in 0..8 {
        let to = world.customer(json!({ "reads_after_ms": 50 })).await?;
        let id = world.bank.send(&patient_alert(&to)).await?;
        stories.push((to, id));
    }
    for (to, id) in &stories {
        let message = world.whatsapp(to, id).await?;
        world
            .bank
            .reply(to, json!({ "button": button(&message, "dispute")? }))
            .await?;
    }
    for (_, id) in &stories {
        let everything = |notification: &Value| {
            let whatsapp = leg(notification, "whatsapp");
            !whatsapp["read_at"].is_null() && !actions(notification).is_empty()
        };
        world.bank.until(id, everything).await?;
    }
    heal(&world).await?;
    drop(alone);
    for (to, id) in &stories {
        let end = world.ended(id, to).await?;
        let whatsapp = leg(&end, "whatsapp");
        assert_eq!(end["status"], "read", "{end}");
        assert_eq!(actions(&end), ["dispute"], "{end}");
        assert!(
            !whatsapp["submitted_at"].is_null() && !whatsapp["delivered_at"].is_null(),
            "{end}"
        );
        assert_eq!(
            (
                &end["legs"].as_array().map(Vec::len),
                &end["delivered_twice"]
            ),
            (&Some(1), &json!(false)),
            "{end}"
        );
        assert_eq!(world.bank.channels(to).await?, ["whatsapp"]);
    }
    Ok(())
}

#[tokio::test]
async fn receipts_that_never_come_cost_a_second_message_and_the_facts_say_so() -> Result<()> {
    let world = World::open().await?;
    let alone = META.write().await;
    let to = world.customer(json!({})).await?;
    world
        .bank
        .faults(json!({ "webhooks": { "drop": 1.0 } }))
        .await?;
    let id = world.bank.send(&alert(&to)).await?;
    world.whatsapp(&to, &id).await?;
    world.bank.until_status(&id, "fallback_sent").await?;
    heal(&world).await?;
    drop(alone);
    let end = world.ended(&id, &to).await?;
    assert_eq!(leg(&end, "whatsapp")["status"], "submitted", "{end}");
    assert_eq!(
        leg(&end, "sms")["opened_because"],
        "not_delivered_in_time",
        "{end}"
    );
    assert_eq!(end["delivered_twice"], false, "nobody has said so: {end}");
    assert_eq!(world.bank.channels(&to).await?, ["whatsapp", "sms"]);
    Ok(())
}

#[tokio::test]
async fn a_press_stops_the_sms_although_every_receipt_was_lost() -> Result<()> {
    let world = World::open().await?;
    let alone = META.write().await;
    let to = world
        .customer(json!({ "reads_after_ms": null, "read_receipts": false }))
        .await?;
    world
        .bank
        .faults(json!({ "webhooks": { "drop": 1.0 } }))
        .await?;
    let id = world.bank.send(&patient_alert(&to)).await?;
    let message = world.whatsapp(&to, &id).await?;
    heal(&world).await?;
    let submitted = world.bank.notification(&id).await?;
    assert_eq!(submitted["status"], "submitted", "{submitted}");
    world
        .bank
        .reply(&to, json!({ "button": button(&message, "dispute")? }))
        .await?;
    world
        .bank
        .until(&id, |notification| actions(notification) == ["dispute"])
        .await?;
    drop(alone);
    let end = world.ended(&id, &to).await?;
    assert_eq!(end["status"], "read", "{end}");
    assert!(leg(&end, "sms").is_null(), "{end}");
    assert_eq!(world.bank.channels(&to).await?, ["whatsapp"]);
    Ok(())
}
