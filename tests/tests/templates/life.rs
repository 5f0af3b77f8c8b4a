//! What Meta does to a template in the middle of traffic.

use anyhow::Result;
use recado_tests::{Bank, fresh_key, leg as leg_of};
use serde_json::{Value, json};

use crate::own::message;
use crate::{World, leg, second};

/// The tests' alert: transactional, by WhatsApp, else by SMS.
fn alert(to: &str, locale: &str) -> Value {
    let mut alert = recado_tests::alert(to);
    alert["locale"] = json!(locale);
    alert
}

/// Sends and waits until it left by the one way or the other.
async fn sent(bank: &Bank, body: &Value) -> Result<Value> {
    let id = bank.send(body).await?;
    bank.until(&id, |item| {
        let whatsapp = leg_of(item, "whatsapp");
        item["status"] == "fallback_sent"
            || item["status"] == "suppressed"
            || !whatsapp["submitted_at"].is_null()
    })
    .await
}

#[tokio::test]
async fn recategorised_in_the_middle_of_traffic_the_first_send_after_the_200_obeys_marketing()
-> Result<()> {
    let world = World::of(0).await?;
    let all = [
        "transactional",
        "servicing",
        "security",
        "authentication",
        "marketing",
    ];
    let careful = world.customer(&["transactional"]).await?;
    let fond = world.customer(&all).await?;
    let before = sent(&world.bank, &alert(&careful, "pt_BR")).await?;
    assert!(
        !leg_of(&before, "whatsapp")["submitted_at"].is_null(),
        "{before}"
    );

    // Traffic that goes on while the webhook comes.
    let traffic = {
        let (bank, to) = (world.bank.clone(), careful.clone());
        tokio::spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..30 {
                ids.push(bank.send(&alert(&to, "pt_BR")).await?);
            }
            anyhow::Ok(ids)
        })
    };
    world
        .category(second(0)?, "test_alert", "pt_BR", "UTILITY", "MARKETING")
        .await?;
    for _ in 0..20 {
        let after = sent(&world.bank, &alert(&careful, "pt_BR")).await?;
        assert_eq!(
            (leg(&after, "whatsapp"), leg(&after, "sms")),
            (
                "skipped template_recategorised".to_owned(),
                "sent template_unavailable".to_owned()
            ),
            "{after}"
        );
    }
    // Whatever was accepted before the 200 left by one way or the other.
    for id in traffic.await?? {
        world
            .bank
            .until(&id, |item| {
                item["status"] == "fallback_sent"
                    || !leg_of(item, "whatsapp")["submitted_at"].is_null()
            })
            .await?;
    }

    // Who agreed to marketing gets it, as often as marketing may come in a day.
    let mut ways = Vec::new();
    for _ in 0..4 {
        let notification = sent(&world.bank, &alert(&fond, "pt_BR")).await?;
        let whatsapp = leg_of(&notification, "whatsapp");
        ways.push(match whatsapp["submitted_at"].is_null() {
            true => leg(&notification, "whatsapp"),
            false => "whatsapp".to_owned(),
        });
    }
    assert_eq!(
        ways,
        ["whatsapp", "whatsapp", "whatsapp", "skipped frequency_cap"]
    );

    let meta = world.at_meta("test_alert", 1, "pt_BR").await?;
    assert_eq!(meta["category"], "MARKETING", "{meta}");
    world
        .category(second(5)?, "test_alert", "pt_BR", "MARKETING", "UTILITY")
        .await?;
    let again = sent(&world.bank, &alert(&careful, "pt_BR")).await?;
    assert!(
        !leg_of(&again, "whatsapp")["submitted_at"].is_null(),
        "{again}"
    );
    Ok(())
}

#[tokio::test]
async fn paused_it_goes_by_sms_at_once_and_approved_again_by_whatsapp() -> Result<()> {
    let world = World::of(0).await?;
    let to = world.customer(&["transactional"]).await?;
    let meta = |status: &str| {
        let body = json!({
            "name": "pix_received", "language": "en", "status": status, "waba_id": world.account,
        });
        let address = format!("{}/_templates", recado_tests::shared().ready.meta);
        let request = world.bank.http.post(address).json(&body);
        async move { anyhow::Ok(request.send().await?.error_for_status()?) }
    };
    let pix = |to: &str| {
        let mut message = message("pix_received", to);
        message["locale"] = json!("en");
        message
    };
    // The simulated Meta pauses it and says so by its own webhook.
    meta("PAUSED").await?;
    let shown = world.until("pix_received", 1, "en", "paused").await?;
    assert_eq!(
        (&shown["sendable"], shown["since"].is_null()),
        (&json!(false), false),
        "{shown}"
    );
    let notification = sent(&world.bank, &pix(&to)).await?;
    assert_eq!(
        (leg(&notification, "whatsapp"), leg(&notification, "sms")),
        (
            "skipped template_paused".to_owned(),
            "sent template_unavailable".to_owned()
        ),
        "{notification}"
    );
    let waited = recado_tests::time(&leg_of(&notification, "sms")["submitted_at"])?
        .duration_since(recado_tests::time(&notification["accepted_at"])?);
    assert!(
        waited.as_secs() < 25,
        "the SMS waited for WhatsApp: {waited}"
    );
    // The other language of the same template, and the other bank's, are what they were.
    let other = World::of(1).await?;
    let elsewhere = other.customer(&["transactional"]).await?;
    let theirs = sent(&other.bank, &pix(&elsewhere)).await?;
    assert!(
        !leg_of(&theirs, "whatsapp")["submitted_at"].is_null(),
        "{theirs}"
    );

    meta("APPROVED").await?;
    // The same second as the pause tells nothing: Meta's pauses last hours.
    world
        .status(second(5)?, "pix_received", "en", "APPROVED", "NONE")
        .await?;
    let again = sent(&world.bank, &pix(&to)).await?;
    assert!(
        !leg_of(&again, "whatsapp")["submitted_at"].is_null(),
        "{again}"
    );

    // Late, and twice: what is older than what is held changes nothing.
    for _ in 0..2 {
        world
            .status(second(-3_600)?, "pix_received", "en", "DISABLED", "NONE")
            .await?;
    }
    let still = sent(&world.bank, &pix(&to)).await?;
    assert!(
        !leg_of(&still, "whatsapp")["submitted_at"].is_null(),
        "{still}"
    );
    Ok(())
}

#[tokio::test]
async fn each_refusal_of_metas_is_the_reason_of_what_it_keeps_back() -> Result<()> {
    let world = World::of(1).await?;
    let to = world.customer(&["marketing", "transactional"]).await?;
    // By WhatsApp alone: nothing else is left of it.
    let offer = json!({
        "template": "test_offer", "locale": "pt_BR", "to": to, "params": { "name": "Benedita Fagundes" },
    });
    let events = [
        ("REJECTED", "PROMOTIONAL", "template_rejected"),
        ("DISABLED", "NONE", "template_disabled"),
        ("PAUSED", "NONE", "template_paused"),
        ("IN_APPEAL", "NONE", "template_pending"),
        ("PENDING_DELETION", "NONE", "template_unavailable"),
        ("LIMIT_EXCEEDED", "NONE", "template_unavailable"),
    ];
    for (turn, (event, reason, expected)) in (1..).zip(events) {
        world
            .status(second(turn * 10)?, "test_offer", "pt_BR", event, reason)
            .await?;
        let id = world.bank.send(&offer).await?;
        let ended = world.bank.until_status(&id, "suppressed").await?;
        assert_eq!(ended["reason"], expected, "{event}: {ended}");
        if event == "REJECTED" {
            let shown = world.at_meta("test_offer", 1, "pt_BR").await?;
            assert_eq!(
                (&shown["status"], &shown["reason"]),
                (&json!("rejected"), &json!("promotional"))
            );
        }
        let preview = world
            .bank
            .post("/v1/notifications/preview", Some(&fresh_key()), &offer)
            .await?;
        let preview: Value = preview.error_for_status()?.json().await?;
        assert_eq!(preview["decision"]["suppressed"], expected, "{preview}");
    }
    assert_eq!(world.bank.inbox(&to).await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn what_meta_tells_besides_is_shown_and_stops_nothing() -> Result<()> {
    let world = World::of(1).await?;
    let to = world.customer(&["transactional"]).await?;
    let impending = json!({ "new_category": "UTILITY", "correct_category": "MARKETING" });
    world
        .told(
            second(1)?,
            "template_category_update",
            "test_alert",
            "pt_BR",
            impending,
        )
        .await?;
    let quality = json!({ "previous_quality_score": "GREEN", "new_quality_score": "RED" });
    world
        .told(
            second(2)?,
            "message_template_quality_update",
            "test_alert",
            "pt_BR",
            quality,
        )
        .await?;
    let edited = json!({ "message_template_element": "Another text." });
    world
        .told(
            second(3)?,
            "message_template_components_update",
            "test_alert",
            "pt_BR",
            edited,
        )
        .await?;
    let shown = world.at_meta("test_alert", 1, "pt_BR").await?;
    assert_eq!(
        (
            &shown["status"],
            &shown["category_announced"],
            &shown["quality"],
            shown["edited_at"].is_null(),
            &shown["sendable"],
        ),
        (
            &json!("unknown"),
            &json!("MARKETING"),
            &json!("red"),
            false,
            &json!(true)
        ),
        "{shown}"
    );
    let notification = sent(&world.bank, &alert(&to, "pt_BR")).await?;
    assert!(
        !leg_of(&notification, "whatsapp")["submitted_at"].is_null(),
        "{notification}"
    );
    let lines = recado_tests::shared().logs.lines();
    for metric in ["TemplateRecategorised", "TemplateQualityLow"] {
        let counted = lines.iter().any(|line| line.contains(metric));
        assert!(counted, "{metric} was not counted");
    }
    Ok(())
}
