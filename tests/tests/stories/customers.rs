//! Customers who are away, who press buttons, who wait for a code, who get offers.

use anyhow::Result;
use recado_tests::{alert, find_anywhere, leg, now, queued, settled, time};
use serde_json::{Value, json};

use crate::{META, World, actions, button};

fn code(template: &str, to: &str, code: &str) -> Value {
    json!({ "template": template, "locale": "pt_BR", "to": to, "params": { "code": code } })
}

fn offer(to: &str) -> Value {
    json!({ "template": "test_offer", "locale": "pt_BR", "to": to, "params": { "name": "Benedita Fagundes" } })
}

#[tokio::test]
async fn a_phone_that_comes_back_after_the_sms_never_gets_the_whatsapp() -> Result<()> {
    let world = World::open().await?;
    let together = META.read().await;
    let to = world.customer(json!({ "online": false })).await?;
    let id = world.bank.send(&alert(&to)).await?;
    world.bank.until_status(&id, "fallback_sent").await?;
    world.bank.phone(&to, json!({ "online": true })).await?;
    // A later message arrives, so the earlier one would have.
    let later = world.bank.send(&alert(&to)).await?;
    world.bank.until_status(&later, "read").await?;
    drop(together);
    let end = world.ended(&id, &to).await?;
    assert_eq!(end["status"], "fallback_sent", "{end}");
    assert_eq!(leg(&end, "whatsapp")["status"], "submitted", "{end}");
    assert_eq!(end["delivered_twice"], false, "{end}");
    assert_eq!(world.bank.channels(&to).await?, ["sms", "whatsapp"]);
    assert_eq!(world.bank.inbox(&to).await?[1]["notification"], later);
    assert_eq!(world.ended(&later, &to).await?["status"], "read");
    Ok(())
}

#[tokio::test]
async fn a_press_shows_once_however_often_meta_tells_it() -> Result<()> {
    let world = World::open().await?;
    let together = META.read().await;
    let to = world.customer(json!({ "read_receipts": false })).await?;
    let id = world.bank.send(&alert(&to)).await?;
    let message = world.whatsapp(&to, &id).await?;
    let pressed = time(&json!(now()))?;
    world
        .bank
        .reply(
            &to,
            json!({ "button": button(&message, "dispute")?, "times": 3 }),
        )
        .await?;
    let shown = world
        .bank
        .until(&id, |notification| !actions(notification).is_empty())
        .await?;
    let took = time(&shown["responses"][0]["at"])?.duration_since(pressed);
    println!("a press was stored after {} ms", took.as_millis());
    drop(together);
    let end = world.ended(&id, &to).await?;
    assert_eq!(actions(&end), ["dispute"], "{end}");
    assert_eq!(end["status"], "read", "who answers has read: {end}");
    assert_eq!(world.bank.channels(&to).await?, ["whatsapp"]);
    Ok(())
}

#[tokio::test]
async fn a_code_goes_by_the_critical_lane_under_guard_and_can_be_copied() -> Result<()> {
    let world = World::open().await?;
    let together = META.read().await;
    let to = world.customer(json!({})).await?;
    let id = world.bank.send(&code("test_code", &to, "90417263")).await?;
    let message = world.whatsapp(&to, &id).await?;
    let buttons = message["buttons"].as_array().cloned().unwrap_or_default();
    assert_eq!(buttons.len(), 1, "{message}");
    assert_eq!(
        (&buttons[0]["kind"], &buttons[0]["code"]),
        (&json!("copy_code"), &json!("90417263")),
        "{message}"
    );
    world.bank.until_status(&id, "read").await?;
    drop(together);
    let end = world.ended(&id, &to).await?;
    assert_eq!(end["class"], "authentication", "{end}");
    assert_eq!(world.bank.channels(&to).await?, ["whatsapp"]);
    let critical = world.stack.aws.queues().history("recado-critical")?;
    assert_eq!(critical.iter().filter(|job| job.contains(&id)).count(), 1);
    let guards = queued(world.stack, &id)?
        .into_iter()
        .filter(|body| body.contains("GuardV1"))
        .count();
    assert_eq!(guards, 1);
    assert_eq!(find_anywhere(world.stack, &["90417263"])?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn a_code_that_whatsapp_does_not_take_in_time_goes_by_sms_through_its_guard() -> Result<()> {
    let world = World::open().await?;
    let together = META.read().await;
    // Throttled at 0 s and at 4 s, accepted at 8 s; the guard looks after 6 s.
    let to = "+5511900000006";
    let id = world.bank.send(&code("test_guard", to, "61820475")).await?;
    world.bank.until_status(&id, "fallback_sent").await?;
    drop(together);
    let end = world.ended(&id, to).await?;
    let (whatsapp, sms) = (leg(&end, "whatsapp"), leg(&end, "sms"));
    assert_eq!(end["status"], "fallback_sent", "{end}");
    assert_eq!(
        (&whatsapp["status"], &whatsapp["reason"]),
        (&json!("skipped"), &json!("guard")),
        "{end}"
    );
    assert_eq!(
        (&sms["status"], &sms["opened_because"]),
        (&json!("sent"), &json!("guard")),
        "{end}"
    );
    let inbox = world.bank.inbox(to).await?;
    let mine = inbox
        .iter()
        .filter(|message| message.to_string().contains("61820475"));
    assert_eq!(
        mine.map(|message| &message["channel"]).collect::<Vec<_>>(),
        ["sms"]
    );
    assert_eq!(find_anywhere(world.stack, &["61820475"])?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn an_offer_is_never_followed_by_an_sms() -> Result<()> {
    let world = World::open().await?;
    let together = META.read().await;
    let nowhere = world.customer(json!({ "on_whatsapp": false })).await?;
    let away = world.customer(json!({ "online": false })).await?;
    let failed = world.bank.send(&offer(&nowhere)).await?;
    let waiting = world.bank.send(&offer(&away)).await?;
    world.bank.until_status(&failed, "failed").await?;
    world.bank.until_status(&waiting, "submitted").await?;
    drop(together);
    for (id, to, status) in [
        (&failed, &nowhere, "failed"),
        (&waiting, &away, "submitted"),
    ] {
        // Nothing is queued any more, and no timer ever was: there is nobody left to send an SMS.
        let end = world.ended(id, to).await?;
        assert_eq!(end["status"], status, "{end}");
        assert_eq!(end["legs"].as_array().map(Vec::len), Some(1), "{end}");
        assert!(leg(&end, "whatsapp")["opens_next_at"].is_null(), "{end}");
        let jobs = queued(world.stack, id)?;
        assert!(jobs.iter().all(|body| body.contains("SendV1")), "{jobs:?}");
        assert_eq!(world.bank.channels(to).await?, [""; 0]);
    }
    // It is not lost either: once the phone is back, the offer is there.
    let _together = META.read().await;
    world.bank.phone(&away, json!({ "online": true })).await?;
    world.bank.until_status(&waiting, "read").await?;
    settled(world.stack, &waiting).await?;
    assert_eq!(world.bank.channels(&away).await?, ["whatsapp"]);
    Ok(())
}
