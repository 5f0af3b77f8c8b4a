//! Sending off, for a bank, a template, a lane: nothing leaves, nothing is lost, the others go on.

use std::time::Duration;

use anyhow::Result;
use recado_local::stack::Stack;
use recado_sqs::decode_job;
use recado_testing::phones::Channel;
use recado_tests::{leg, sealed_notifications, settled};
use serde_json::json;

use crate::world::{AURORA, BOREAL, Cell, Handset, View, alert_of, code_of, turn, turned};

static OFF: Cell = Cell::new();

/// What is off from the start. Each test has a switch of its own; no two tests wait for the same.
const BANK: &[&str] = &["off", "tenant", BOREAL];
const TEMPLATE: &[&str] = &["off", "template", AURORA, "pix_sent"];
const LANE: &[&str] = &["off", "lane", "critical"];
/// Never turned on again.
const FOR_GOOD: &[&str] = &["off", "template", AURORA, "test_outage_alert"];

pub(crate) fn stack() -> &'static Stack {
    turned(&OFF, &[BANK, TEMPLATE, LANE, FOR_GOOD])
}

/// The same switch the other way.
async fn turn_on(off: &[&str]) -> Result<()> {
    let line = [&["on"], &off[1..]].concat();
    turn(stack(), &line).await
}

#[tokio::test]
async fn a_bank_that_is_off_sends_nothing_and_all_of_it_when_it_is_on_again() -> Result<()> {
    let view = View::of(stack(), 1).await?;
    let (to, leaver) = (
        view.customer(Handset::On).await?,
        view.customer(Handset::On).await?,
    );
    // The other bank's template of this name stays off; it is not this one.
    let id = view.sends(&alert_of("test_outage_alert", &to)).await?;
    view.bank.reply(&leaver, json!({ "text": "SAIR" })).await?;
    View::of(stack(), 0).await?.goes_on().await?;
    view.job_is_held(&id, 2).await?;
    let confirms = |body: &str| {
        let job = decode_job(body);
        job.is_ok_and(|job| matches!(job, recado_ports::Job::Reply(_)))
    };
    view.until("the confirmation was put back", || {
        Ok(view.messages(&confirms)? > 1)
    })
    .await?;
    view.is_unseen(&id, &to, "accepted").await?;
    assert_eq!(view.channels(&leaver), []);

    turn_on(BANK).await?;
    view.arrives_by_whatsapp(&id, &to).await?;
    view.shows(&leaver, &[Channel::Whatsapp]).await
}

#[tokio::test]
async fn a_template_that_is_off_waits_and_the_bank_s_others_go_on() -> Result<()> {
    let view = View::of(stack(), 0).await?;
    let to = view.customer(Handset::On).await?;
    let sent = json!({
        "template": "pix_sent", "locale": "pt_BR", "to": to,
        "params": {
            "name": "Benedita Fagundes", "amount": { "minor": 35_000, "currency": "BRL" },
            "payee": "Carlos Pereira", "date": "2026-11-21", "time": "14:05",
        },
    });
    let id = view.sends(&sent).await?;
    view.goes_on().await?;
    view.job_is_held(&id, 2).await?;
    view.is_unseen(&id, &to, "accepted").await?;

    turn_on(TEMPLATE).await?;
    view.arrives_by_whatsapp(&id, &to).await
}

#[tokio::test]
async fn a_lane_that_is_off_holds_its_guards_too_and_what_waited_still_goes_by_whatsapp()
-> Result<()> {
    let view = View::of(stack(), 0).await?;
    let to = view.customer(Handset::On).await?;
    // It may wait ten seconds for WhatsApp: less than it is held back.
    let id = view.sends(&code_of("test_outage_code", &to)).await?;
    view.goes_on().await?;
    view.job_is_held(&id, 2).await?;
    view.guard_is_held(&id).await?;
    view.is_unseen(&id, &to, "accepted").await?;

    turn_on(LANE).await?;
    view.arrives_by_whatsapp(&id, &to).await
}

#[tokio::test]
async fn turned_off_after_whatsapp_took_a_message_over_its_sms_waits_until_it_is_on_again()
-> Result<()> {
    let view = View::of(stack(), 0).await?;
    let to = view.customer(Handset::Off).await?;
    let control = view.customer(Handset::Off).await?;
    let id = view.sends(&alert_of("test_load", &to)).await?;
    view.bank.until_status(&id, "submitted").await?;
    let off: &[&str] = &["off", "template", AURORA, "test_load"];
    turn(stack(), off).await?;

    let other = view.sends(&alert_of("test_alert", &control)).await?;
    view.shows(&control, &[Channel::Sms]).await?;
    view.bank.until_status(&other, "fallback_sent").await?;
    view.sms_is_held(&id, Duration::from_secs(20)).await?;
    view.is_unseen(&id, &to, "submitted").await?;

    turn_on(off).await?;
    view.shows(&to, &[Channel::Sms]).await?;
    let end = view.bank.until_status(&id, "fallback_sent").await?;
    assert_eq!(
        leg(&end, "sms")["opened_because"],
        "not_delivered_in_time",
        "{end}"
    );
    Ok(())
}

#[tokio::test]
async fn what_is_held_past_its_validity_expires_and_never_leaves() -> Result<()> {
    let view = View::of(stack(), 0).await?;
    let to = view.customer(Handset::On).await?;
    let mut body = alert_of("test_outage_alert", &to);
    body["valid_until"] = json!(format!("{:.3}", view.now() + Duration::from_secs(15)));
    let id = view.sends(&body).await?;
    view.job_is_held(&id, 1).await?;
    view.is_unseen(&id, &to, "accepted").await?;

    settled(view.stack, &id).await?;
    view.is_unseen(&id, &to, "expired").await?;
    let key = json!(format!("NTF#{id}"));
    let sealed = sealed_notifications(view.stack)?;
    assert!(sealed.iter().all(|item| item["pk"]["S"] != key));
    Ok(())
}
