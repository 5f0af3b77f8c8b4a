//! `POST /v1/notifications/{id}/cancel`: no leg is claimed after it.

use anyhow::Result;
use recado_tests::contract::{Answer, ask};
use recado_tests::{Bank, alert, fresh_number, settled, shared};
use reqwest::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{aurora, boreal};

async fn cancel(bank: &Bank, id: &str) -> Result<Answer> {
    ask(bank, "POST /v1/notifications/{id}/cancel", id, |request| {
        request
    })
    .await
}

#[tokio::test]
async fn after_a_cancellation_the_fallback_does_not_leave() -> Result<()> {
    let (bank, other) = (aurora().await?, boreal().await?);
    let to = fresh_number();
    bank.agrees(&to).await?;
    bank.phone(&to, json!({ "online": false })).await?;
    let id = bank.send(&alert(&to)).await?;
    let submitted = bank.until_status(&id, "submitted").await?;
    assert!(submitted["legs"][0]["opens_next_at"].is_string());

    let refused = cancel(&other, &id).await?;
    assert_eq!(
        (refused.status, refused.problem()),
        (StatusCode::NOT_FOUND, "not-found")
    );
    assert_eq!(
        bank.notification(&id).await?.get("cancelled_at"),
        None,
        "another bank cancels nothing"
    );

    let cancelled = cancel(&bank, &id).await?;
    assert_eq!(cancelled.status, StatusCode::OK);
    assert_eq!(cancelled.body["id"], json!(id));
    assert!(cancelled.body["cancelled_at"].is_string());
    assert_eq!(
        cancelled.body["status"], "submitted",
        "what has left has left"
    );
    assert_eq!(cancelled.body["legs"][0].get("opens_next_at"), None);
    let again = cancel(&bank, &id).await?;
    assert_eq!(
        (again.status, &again.body),
        (StatusCode::OK, &cancelled.body)
    );

    settled(shared(), &id).await?;
    assert!(bank.inbox(&to).await?.is_empty());
    assert_eq!(
        bank.notification(&id).await?["legs"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    Ok(())
}

#[tokio::test]
async fn a_cancellation_right_behind_the_request_holds_wherever_the_message_is() -> Result<()> {
    let bank = aurora().await?;
    let mut races = JoinSet::new();
    for _ in 0..6 {
        let bank = bank.clone();
        races.spawn(async move {
            let to = fresh_number();
            bank.agrees(&to).await?;
            bank.phone(&to, json!({ "online": false })).await?;
            let id = bank.send(&alert(&to)).await?;
            let cancelled = cancel(&bank, &id).await?;
            assert_eq!(cancelled.status, StatusCode::OK);
            settled(shared(), &id).await?;
            let ended = bank.notification(&id).await?;
            let waiting = shared().sim.with(|meta, _| meta.waiting_for(&to));
            match ended["status"].as_str() {
                Some("cancelled") => assert_eq!(waiting, 0, "cancelled, and yet with Meta"),
                Some("submitted") => assert_eq!(waiting, 1, "submitted, and yet not with Meta"),
                other => panic!("{other:?}"),
            }
            assert!(bank.inbox(&to).await?.is_empty(), "the SMS came");
            anyhow::Ok(())
        });
    }
    races.join_all().await.into_iter().collect()
}

#[tokio::test]
async fn what_has_ended_otherwise_cannot_be_cancelled() -> Result<()> {
    let bank = aurora().await?;
    let (delivered, suppressed) = (fresh_number(), fresh_number());
    bank.agrees(&delivered).await?;
    let offer = json!({ "template": "test_offer", "to": suppressed, "params": { "name": "Benedita Fagundes" } });
    for (request, status) in [(alert(&delivered), "read"), (offer, "suppressed")] {
        let id = bank.send(&request).await?;
        let before = bank.until_status(&id, status).await?;
        let refused = cancel(&bank, &id).await?;
        assert_eq!(
            (refused.status, refused.problem()),
            (StatusCode::CONFLICT, "already-ended"),
            "{status}"
        );
        assert_eq!(bank.notification(&id).await?, before, "{status}");
    }
    Ok(())
}
