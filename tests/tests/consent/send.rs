//! What consent means for a message: read at the moment of each leg.

use anyhow::{Context, Result};
use recado_tests::{Bank, alert, fresh_number, settled, shared};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{agreed, aurora, message};

fn code(to: &str) -> Value {
    json!({ "template": "test_code", "locale": "pt_BR", "to": to, "params": { "code": "739106" } })
}

/// Sends and waits for the end; answers the status with its reason, if it has one.
async fn outcome(bank: &Bank, request: &Value) -> Result<String> {
    let id = bank.send(request).await?;
    let ends = ["read", "fallback_sent", "suppressed", "failed"];
    let ended = bank
        .until(&id, |item| ends.iter().any(|end| item["status"] == *end))
        .await?;
    settled(shared(), &id).await?;
    let (status, reason) = (
        ended["status"].as_str().context("no status")?,
        ended["reason"].as_str(),
    );
    Ok(reason.map_or_else(|| status.to_owned(), |reason| format!("{status}: {reason}")))
}

/// Whether the customer never said anything, or said no.
#[derive(Clone, Copy, Debug)]
enum Grant {
    Never,
    Revoked,
}

/// The SMS leaves at once, and alone.
async fn goes_around(bank: &Bank, request: &Value, grant: Grant) -> Result<()> {
    let to = request["to"].as_str().context("no number")?;
    match grant {
        Grant::Never => {}
        Grant::Revoked => {
            bank.consent(
                to,
                "whatsapp",
                &["transactional", "authentication"],
                "revoke",
            )
            .await?;
        }
    }
    let id = bank.send(request).await?;
    let sent = bank.until_status(&id, "fallback_sent").await?;
    let legs = sent["legs"].as_array().context("no legs")?;
    let shown: Vec<_> = legs
        .iter()
        .map(|leg| [&leg["channel"], &leg["status"], &leg["opened_because"]])
        .collect();
    let expected = [
        ["whatsapp", "skipped", "first"],
        ["sms", "sent", "no_whatsapp_consent"],
    ];
    assert_eq!(shown, expected, "{grant:?}");
    assert_eq!(legs[0]["reason"], "no_whatsapp_consent");
    // The template's wait, which counts from a message that was sent, does not apply.
    let time = |value: &Value| {
        value
            .as_str()
            .unwrap_or_default()
            .parse::<jiff::Timestamp>()
    };
    let waited = time(&legs[1]["submitted_at"])?.duration_since(time(&sent["accepted_at"])?);
    assert!(waited.as_millis() < 2_000, "the SMS waited {waited:?}");
    settled(shared(), &id).await?;
    assert_eq!(bank.channels(to).await?, ["sms"]);
    Ok(())
}

#[tokio::test]
async fn without_a_grant_what_must_arrive_goes_by_sms_at_once() -> Result<()> {
    let bank = aurora().await?;
    let requests = [
        alert(&fresh_number()),
        alert(&fresh_number()),
        code(&fresh_number()),
        code(&fresh_number()),
    ];
    tokio::try_join!(
        goes_around(&bank, &requests[0], Grant::Never),
        goes_around(&bank, &requests[1], Grant::Revoked),
        goes_around(&bank, &requests[2], Grant::Never),
        goes_around(&bank, &requests[3], Grant::Revoked),
    )?;
    Ok(())
}

/// Asked for, granted, revoked: only what was granted is sent.
async fn needs_a_grant(bank: &Bank, template: &str, purpose: &str) -> Result<()> {
    let to = fresh_number();
    assert_eq!(
        outcome(bank, &message(template, &to)).await?,
        "suppressed: no_consent"
    );
    // Another purpose's grant is no grant.
    bank.consent(&to, "whatsapp", &["transactional"], "grant")
        .await?;
    assert_eq!(
        outcome(bank, &message(template, &to)).await?,
        "suppressed: no_consent"
    );
    bank.consent(&to, "whatsapp", &[purpose], "grant").await?;
    assert_eq!(outcome(bank, &message(template, &to)).await?, "read");
    bank.consent(&to, "whatsapp", &[purpose], "revoke").await?;
    assert_eq!(
        outcome(bank, &message(template, &to)).await?,
        "suppressed: opted_out"
    );
    assert_eq!(bank.channels(&to).await?, ["whatsapp"], "{template}");
    Ok(())
}

#[tokio::test]
async fn notices_and_offers_are_suppressed_without_a_grant_and_after_a_revocation() -> Result<()> {
    let bank = aurora().await?;
    tokio::try_join!(
        needs_a_grant(&bank, "test_notice", "servicing"),
        needs_a_grant(&bank, "test_offer", "marketing"),
    )?;
    Ok(())
}

/// The phone is off, and the customer revokes SMS after the WhatsApp message and before the SMS.
async fn revoked_in_between(bank: &Bank, request: &Value, purpose: &str) -> Result<()> {
    let to = request["to"].as_str().context("no number")?;
    agreed(bank, to).await?;
    bank.phone(to, json!({ "online": false })).await?;
    let id = bank.send(request).await?;
    bank.until_status(&id, "submitted").await?;
    bank.consent(to, "sms", &[purpose], "revoke").await?;
    settled(shared(), &id).await?;
    let ended = bank.notification(&id).await?;
    assert_eq!(ended["status"], "submitted", "{purpose}");
    let sms = &ended["legs"][1];
    assert_eq!(
        (&sms["channel"], &sms["status"], &sms["reason"]),
        (&json!("sms"), &json!("skipped"), &json!("opted_out"))
    );
    assert!(bank.inbox(to).await?.is_empty(), "{purpose}: the SMS came");
    Ok(())
}

#[tokio::test]
async fn a_revocation_between_the_message_and_the_sms_stops_the_sms() -> Result<()> {
    let bank = aurora().await?;
    let (alert, notice) = (
        alert(&fresh_number()),
        message("test_notice", &fresh_number()),
    );
    tokio::try_join!(
        revoked_in_between(&bank, &alert, "transactional"),
        revoked_in_between(&bank, &notice, "servicing"),
    )?;
    Ok(())
}

#[tokio::test]
async fn a_revocation_of_another_purpose_does_not_stop_the_sms() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    agreed(&bank, &to).await?;
    bank.consent(&to, "sms", &["servicing", "marketing"], "revoke")
        .await?;
    bank.phone(&to, json!({ "online": false })).await?;
    assert_eq!(outcome(&bank, &alert(&to)).await?, "fallback_sent");
    assert_eq!(bank.channels(&to).await?, ["sms"]);
    Ok(())
}

#[tokio::test]
async fn what_was_revoked_everywhere_is_suppressed_but_a_code_comes_all_the_same() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let everything = [
        "authentication",
        "security",
        "transactional",
        "servicing",
        "marketing",
    ];
    bank.consent(&to, "whatsapp", &everything, "revoke").await?;
    bank.consent(&to, "sms", &everything, "revoke").await?;
    assert_eq!(outcome(&bank, &alert(&to)).await?, "suppressed: opted_out");
    let id = bank.send(&code(&to)).await?;
    bank.until_status(&id, "fallback_sent").await?;
    assert_eq!(bank.channels(&to).await?, ["sms"], "the code alone");
    Ok(())
}

/// Six at once and one after them: three arrive.
async fn is_capped(bank: &Bank, template: &str) -> Result<()> {
    loop {
        let (day, to) = (today()?, fresh_number());
        agreed(bank, &to).await?;
        let mut sends = JoinSet::new();
        for _ in 0..6 {
            let (bank, request) = (bank.clone(), message(template, &to));
            sends.spawn(async move { outcome(&bank, &request).await });
        }
        let mut outcomes = sends
            .join_all()
            .await
            .into_iter()
            .collect::<Result<Vec<_>>>()?;
        outcomes.push(outcome(bank, &message(template, &to)).await?);
        if today()? != day {
            // A day's share begins anew at midnight; so does this.
            continue;
        }
        outcomes.sort_unstable();
        assert_eq!(outcomes[..3], ["read", "read", "read"], "{template}");
        assert_eq!(
            outcomes[3..],
            vec!["suppressed: frequency_cap"; 4],
            "{template}"
        );
        assert_eq!(
            bank.channels(&to).await?,
            ["whatsapp", "whatsapp", "whatsapp"],
            "{template}"
        );
        // What happened on the account is told as often as it happens.
        assert_eq!(outcome(bank, &alert(&to)).await?, "read");
        return Ok(());
    }
}

#[tokio::test]
async fn the_fourth_notice_or_offer_of_a_day_is_suppressed() -> Result<()> {
    let bank = aurora().await?;
    tokio::try_join!(
        is_capped(&bank, "test_notice"),
        is_capped(&bank, "test_offer")
    )?;
    Ok(())
}

/// The day at the bank.
fn today() -> Result<String> {
    let now: jiff::Timestamp = recado_tests::now().parse()?;
    Ok(now.in_tz("America/Sao_Paulo")?.date().to_string())
}
