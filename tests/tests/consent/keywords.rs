//! What the customer writes: `SAIR`, `VOLTAR`, and what only sounds like them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use recado_testing::meta::EventKind;
use recado_tests::{Bank, ago, alert, fresh_number, now, queued, settled, shared};
use serde_json::{Value, json};

use crate::{agreed, aurora, event, export, history, lookup, message, record, state, token, until};

/// Counts what Meta takes from us for a phone that is no notification: the confirmations.
struct Confirmations(Arc<Mutex<usize>>);

impl Confirmations {
    fn of(to: &str) -> Self {
        let (count, to) = (Arc::new(Mutex::new(0)), to.to_owned());
        let (counted, mut events) = (Arc::clone(&count), shared().sim.events());
        tokio::spawn(async move {
            while let Ok(event) = events.recv().await {
                let ours = event.phone.as_deref() == Some(&to) && event.notification.is_none();
                if ours && matches!(event.kind, EventKind::Accepted { .. }) {
                    *counted.lock().expect("a count") += 1;
                }
            }
        });
        Self(count)
    }

    fn count(&self) -> usize {
        *self.0.lock().expect("a count")
    }
}

/// The customer writes a word, which Meta delivers as often as told; returns once each delivery has had
/// its effect.
async fn writes(bank: &Bank, to: &str, recipient: &str, word: &str, times: usize) -> Result<()> {
    let before = queued(shared(), recipient)?.len();
    bank.reply(to, json!({ "text": word, "times": times }))
        .await?;
    // Each delivery asks for the answer; the sender gives it once.
    until(async || Ok(queued(shared(), recipient)?.len() == before + times)).await?;
    settled(shared(), recipient).await
}

/// The texts of a phone that are no notifications.
async fn answers(bank: &Bank, to: &str) -> Result<Vec<String>> {
    let inbox = bank.inbox(to).await?;
    let plain = inbox
        .iter()
        .filter(|arrival| arrival["notification"].is_null() && arrival["channel"] == "whatsapp");
    Ok(plain
        .filter_map(|arrival| arrival["text"].as_str().map(str::to_owned))
        .collect())
}

/// What became of a notice, an offer and an alert.
async fn three(bank: &Bank, to: &str) -> Result<[String; 3]> {
    let outcome = async |request: Value| -> Result<String> {
        let id = bank.send(&request).await?;
        let ended = bank
            .until(&id, |item| {
                item["status"] == "read" || item["status"] == "suppressed"
            })
            .await?;
        let word = ended["reason"].as_str().or(ended["status"].as_str());
        Ok(word.context("no status")?.to_owned())
    };
    let (notice, offer) = (message("test_notice", to), message("test_offer", to));
    let all = tokio::try_join!(outcome(notice), outcome(offer), outcome(alert(to)))?;
    Ok(all.into())
}

const OUT: [&str; 3] = ["opted_out", "opted_out", "read"];

#[tokio::test]
async fn sair_ends_notices_and_offers_before_the_next_send_and_is_confirmed_once() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let recipient = agreed(&bank, &to).await?;
    let confirmations = Confirmations::of(&to);
    writes(&bank, &to, &recipient, "SAIR", 3).await?;

    let now = lookup(&bank, &to).await?;
    for (purpose, expected) in [
        ("marketing", "revoked by whatsapp_reply"),
        ("servicing", "revoked by whatsapp_reply"),
        ("transactional", "granted by app"),
        ("security", "granted by app"),
        ("authentication", "granted by app"),
    ] {
        assert_eq!(
            state(&now, "whatsapp", purpose).as_deref(),
            Some(expected),
            "{purpose}"
        );
    }
    assert_eq!(three(&bank, &to).await?, OUT);

    until(async || Ok(answers(&bank, &to).await?.len() == 1)).await?;
    assert_eq!(
        confirmations.count(),
        1,
        "delivered three times, confirmed once"
    );
    let confirmation = answers(&bank, &to).await?.concat();
    for part in [
        "Banco Aurora",
        "Alertas de transações",
        "segurança",
        "códigos de acesso",
        "VOLTAR",
    ] {
        assert!(
            confirmation.contains(part),
            "{part} is missing: {confirmation}"
        );
    }
    assert_eq!(
        history(&bank, &recipient).await?.len(),
        2,
        "the grant and one revocation"
    );
    assert_eq!(
        export(&bank, &recipient).await?.body["conversation"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    Ok(())
}

#[tokio::test]
async fn sair_counts_from_a_number_that_meta_knows_without_its_ninth_digit() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let recipient = agreed(&bank, &to).await?;
    bank.phone(&to, json!({ "drops_ninth_digit": true }))
        .await?;
    writes(&bank, &to, &recipient, "sair", 1).await?;
    assert_eq!(three(&bank, &to).await?, OUT);
    until(async || Ok(answers(&bank, &to).await?.len() == 1)).await
}

#[tokio::test]
async fn sair_counts_from_somebody_known_by_a_user_id_alone() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let recipient = agreed(&bank, &to).await?;
    // The first message that arrives tells whose user id it is.
    assert_eq!(three(&bank, &to).await?, ["read", "read", "read"]);
    bank.phone(&to, json!({ "username_only": true })).await?;
    let confirmations = Confirmations::of(&to);
    writes(&bank, &to, &recipient, "Parar!", 3).await?;
    assert_eq!(three(&bank, &to).await?, OUT);
    until(async || Ok(answers(&bank, &to).await?.len() == 1)).await?;
    assert_eq!(confirmations.count(), 1);
    Ok(())
}

#[tokio::test]
async fn what_a_nameless_person_revoked_holds_once_the_number_is_known() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    agreed(&bank, &to).await?;
    bank.phone(&to, json!({ "username_only": true })).await?;
    bank.reply(&to, json!({ "text": "SAIR" })).await?;
    // Nobody knows yet who it was; the answer reaches them all the same.
    until(async || Ok(answers(&bank, &to).await?.len() == 1)).await?;
    let id = bank.send(&alert(&to)).await?;
    bank.until_status(&id, "read").await?;
    // The receipt that made it `read` tells whose user id it is, and is still being worked on.
    let revoked = "revoked by whatsapp_reply";
    until(async || {
        Ok(state(&lookup(&bank, &to).await?, "whatsapp", "servicing").as_deref() == Some(revoked))
    })
    .await?;
    assert_eq!(three(&bank, &to).await?, OUT);
    Ok(())
}

#[tokio::test]
async fn sair_outdoes_a_grant_of_the_same_second() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    // Meta tells whole seconds only: the word may seem older than a grant that came before it.
    bank.agrees(&to).await?;
    let recipient = token(&lookup(&bank, &to).await?)?;
    writes(&bank, &to, &recipient, "SAIR", 1).await?;
    assert_eq!(three(&bank, &to).await?, OUT);
    Ok(())
}

#[tokio::test]
async fn voltar_brings_back_what_the_word_took_and_nothing_else() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let recipient = agreed(&bank, &to).await?;
    // In the app the customer wants no offers and no account alerts on WhatsApp.
    let earlier = ago(Duration::from_secs(3600));
    record(
        &bank,
        &event(
            &to,
            "whatsapp",
            &["marketing", "transactional"],
            "revoke",
            &earlier,
        ),
    )
    .await?;
    writes(&bank, &to, &recipient, "SAIR", 1).await?;
    next_second().await;
    let confirmations = Confirmations::of(&to);
    writes(&bank, &to, &recipient, "VOLTAR", 3).await?;

    let now = lookup(&bank, &to).await?;
    assert_eq!(
        state(&now, "whatsapp", "servicing").as_deref(),
        Some("granted by whatsapp_reply")
    );
    assert_eq!(
        state(&now, "whatsapp", "transactional").as_deref(),
        Some("revoked by app")
    );
    let offers = state(&now, "whatsapp", "marketing").context("no state")?;
    assert!(
        offers.starts_with("revoked"),
        "offers were refused in the app: {offers}"
    );
    assert_eq!(
        state(&now, "whatsapp", "security").as_deref(),
        Some("granted by app")
    );
    until(async || Ok(answers(&bank, &to).await?.len() == 2)).await?;
    assert_eq!(
        confirmations.count(),
        1,
        "delivered three times, confirmed once"
    );
    let again = answers(&bank, &to).await?;
    assert!(
        again.iter().any(|text| text.contains("SAIR")),
        "it says how to stop again: {again:?}"
    );

    let id = bank.send(&message("test_notice", &to)).await?;
    bank.until_status(&id, "read").await?;
    let id = bank.send(&message("test_offer", &to)).await?;
    assert_eq!(
        bank.until_status(&id, "suppressed").await?["reason"],
        "opted_out"
    );
    Ok(())
}

#[tokio::test]
async fn voltar_without_a_sair_before_it_grants_nothing() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let earlier = ago(Duration::from_secs(3600));
    let recipient = token(
        &record(
            &bank,
            &event(&to, "whatsapp", &["security"], "grant", &earlier),
        )
        .await?,
    )?;
    writes(&bank, &to, &recipient, "VOLTAR", 1).await?;
    let now = lookup(&bank, &to).await?;
    assert_eq!(
        now.body["consents"].as_array().map(Vec::len),
        Some(1),
        "{}",
        now.body
    );
    Ok(())
}

#[tokio::test]
async fn voltar_grants_nothing_that_was_never_granted() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let earlier = ago(Duration::from_secs(3600));
    let grant = event(&to, "whatsapp", &["servicing"], "grant", &earlier);
    let recipient = token(&record(&bank, &grant).await?)?;
    writes(&bank, &to, &recipient, "SAIR", 1).await?;
    next_second().await;
    writes(&bank, &to, &recipient, "VOLTAR", 1).await?;
    let now = lookup(&bank, &to).await?;
    let servicing = state(&now, "whatsapp", "servicing");
    assert_eq!(servicing.as_deref(), Some("granted by whatsapp_reply"));
    let marketing = state(&now, "whatsapp", "marketing");
    assert_eq!(marketing.as_deref(), Some("revoked by whatsapp_reply"));
    Ok(())
}

#[tokio::test]
async fn what_only_sounds_like_a_word_is_conversation() -> Result<()> {
    let bank = aurora().await?;
    let to = fresh_number();
    let recipient = agreed(&bank, &to).await?;
    let sentences = [
        "cancelar cartão",
        "quero sair do limite",
        "não pare",
        "SAIR agora",
    ];
    for text in sentences {
        bank.reply(&to, json!({ "text": text })).await?;
    }
    until(async || {
        Ok(export(&bank, &recipient).await?.body["conversation"]
            .as_array()
            .map(Vec::len)
            == Some(4))
    })
    .await?;
    assert_eq!(history(&bank, &recipient).await?.len(), 1);
    assert_eq!(
        queued(shared(), &recipient)?,
        Vec::<String>::new(),
        "nobody answers"
    );
    assert_eq!(three(&bank, &to).await?, ["read", "read", "read"]);
    assert_eq!(answers(&bank, &to).await?, Vec::<String>::new());
    Ok(())
}

/// Returns once Meta's clock, which tells whole seconds, has moved on.
async fn next_second() {
    let second = |time: &str| time[..19].to_owned();
    let begun = second(&now());
    while second(&now()) == begun {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
