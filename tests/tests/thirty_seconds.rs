//! The promise in real time: no SMS before 30 seconds after Meta took the message over, and not much later.

use anyhow::Result;
use jiff::SignedDuration;
use recado_tests::{Bank, drained, fresh_number, leg, sealed_notifications, shared, time};
use serde_json::json;

#[tokio::test]
async fn an_sms_leaves_thirty_seconds_after_whatsapp_took_the_message_over() -> Result<()> {
    let stack = shared();
    let bank = Bank::of(stack, 0).await?;
    let mut sent = Vec::new();
    for _ in 0..5 {
        let to = fresh_number();
        bank.agrees(&to).await?;
        bank.phone(&to, json!({ "online": false })).await?;
        let id = bank
            .send(&json!({
                "template": "pix_received", "locale": "pt_BR", "to": to,
                "params": {
                    "name": "Benedita Fagundes", "amount": { "minor": 20_000, "currency": "BRL" },
                    "payer": "Carlos Pereira", "balance": { "minor": 150_000, "currency": "BRL" },
                },
            }))
            .await?;
        sent.push((to, id));
    }
    let mut waits = Vec::new();
    for (to, id) in &sent {
        let end = bank.until_status(id, "fallback_sent").await?;
        let (whatsapp, sms) = (leg(&end, "whatsapp"), leg(&end, "sms"));
        assert_eq!(sms["opened_because"], "not_delivered_in_time", "{end}");
        let wait = time(&sms["submitted_at"])?.duration_since(time(&whatsapp["submitted_at"])?);
        assert!(
            wait >= SignedDuration::from_secs(30),
            "after {wait:#}: {end}"
        );
        assert_eq!(bank.channels(to).await?, ["sms"]);
        waits.push(format!("{:.3} s", wait.as_secs_f64()));
    }
    println!("SMS after WhatsApp: {}", waits.join(", "));
    drained(stack).await?;
    assert!(sealed_notifications(stack)?.is_empty());
    Ok(())
}
