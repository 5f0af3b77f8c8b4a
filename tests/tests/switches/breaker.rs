//! The breaker, while Meta delivers and its receipts do not come.

use std::time::Duration;

use anyhow::Result;
use recado_testing::phones::Channel;
use recado_tests::leg;
use serde_json::json;

use crate::world::{AURORA, Cell, Handset, View, alert_of, code_of, turn, turned};

static DEAF: Cell = Cell::new();

/// The first bank's breaker is open; no webhook of Meta's reaches us.
async fn deaf(which: usize) -> Result<View> {
    let view = View::of(turned(&DEAF, &[&["breaker", "open", AURORA]]), which).await?;
    let drops = json!({ "webhooks": { "drop": 1.0 } });
    view.bank.faults(drops).await?;
    Ok(view)
}

#[tokio::test]
async fn an_open_breaker_holds_the_sms_that_only_lacks_a_receipt_until_it_is_closed() -> Result<()>
{
    let (view, other) = (deaf(0).await?, deaf(1).await?);
    let to = view.customer(Handset::On).await?;
    let id = view.sends(&alert_of("test_alert", &to)).await?;
    // A bank whose breaker is closed pays for a second message.
    let twice = other.customer(Handset::On).await?;
    other.sends(&alert_of("test_alert", &twice)).await?;
    other
        .shows(&twice, &[Channel::Whatsapp, Channel::Sms])
        .await?;
    view.bank.until_status(&id, "submitted").await?;
    view.sms_is_held(&id, Duration::from_secs(2)).await?;
    let held = view.bank.notification(&id).await?;
    assert_eq!(held["status"], "submitted", "{held}");
    assert_eq!(view.channels(&to), [Channel::Whatsapp]);

    turn(view.stack, &["breaker", "close", AURORA]).await?;
    view.shows(&to, &[Channel::Whatsapp, Channel::Sms]).await?;
    let end = view.bank.until_status(&id, "fallback_sent").await?;
    assert_eq!(
        leg(&end, "sms")["opened_because"],
        "not_delivered_in_time",
        "{end}"
    );
    Ok(())
}

#[tokio::test]
async fn an_open_breaker_lets_codes_through_and_the_sms_of_what_meta_refuses() -> Result<()> {
    let view = deaf(0).await?;
    let to = view.customer(Handset::Off).await?;
    let code = view.sends(&code_of("test_code", &to)).await?;
    // Meta answers 132015 for this recipient, at once; the SMS would be due in half a minute.
    let refused_to = "+5511900000005";
    let refused = view
        .sends(&alert_of("test_outage_alert", refused_to))
        .await?;
    for (id, to, because) in [
        (&refused, refused_to, "previous_failed"),
        (&code, to.as_str(), "not_delivered_in_time"),
    ] {
        view.shows(to, &[Channel::Sms]).await?;
        let end = view.bank.until_status(id, "fallback_sent").await?;
        assert_eq!(leg(&end, "sms")["opened_because"], because, "{end}");
    }
    Ok(())
}
