//! A POST as large as Meta makes them: a thousand updates, in no order, a third of them twice.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use recado_tests::{PATIENCE, leg};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::{META, Poster, SILENT, pix, status};

/// How many notifications the large POST tells of, and of how many that they were read, and failed.
const TOLD: usize = 350;
const READ: usize = 300;
const FAILED: usize = 20;
/// Meta's limit for one POST.
const UPDATES: usize = 1_000;

/// A thousand updates in no order: everything told, a third of it again, and two entries that do not read.
fn large(ids: &[String]) -> Vec<Value> {
    let (reached, failed) = ids.split_at(TOLD - FAILED);
    let mut all: Vec<Value> = reached
        .iter()
        .map(|id| status(id, 1, "delivered"))
        .collect();
    all.extend(reached.iter().take(READ).map(|id| status(id, 1, "read")));
    all.extend(failed.iter().map(|id| status(id, 1, "failed")));
    let mut nameless = status(&ids[0], 1, "delivered");
    nameless["status"].take();
    all.extend([nameless, status(&ids[1], 1, "teleported")]);
    // From the end, so that every failure comes twice.
    let again: Vec<Value> = all
        .iter()
        .rev()
        .take(UPDATES - all.len())
        .cloned()
        .collect();
    all.extend(again);
    // 7,919 and 1,000 have no common divisor: every place is taken once.
    (0..all.len())
        .map(|place| all[place * 7_919 % all.len()].clone())
        .collect()
}

#[tokio::test]
async fn a_thousand_updates_in_one_post_are_each_applied_once() -> Result<()> {
    let poster = Arc::new(Poster::open().await?);
    let together = META.read().await;
    let ids = send_all(&poster).await?;
    drop(together);
    let updates = large(&ids);
    assert_eq!(updates.len(), UPDATES);
    let body = poster.of(updates);
    let begun = Instant::now();
    poster.post(&body).await?;
    println!(
        "{UPDATES} updates stored in {:.2} s",
        begun.elapsed().as_secs_f64()
    );

    let (reached, failed) = ids.split_at(TOLD - FAILED);
    let mut before = Vec::new();
    for (place, id) in reached.iter().enumerate() {
        let shown = poster.bank.notification(id).await?;
        assert_eq!(
            shown["status"],
            if place < READ { "read" } else { "delivered" },
            "{shown}"
        );
        before.push(shown);
    }
    for id in failed {
        let end = poster.bank.until_status(id, "fallback_sent").await?;
        assert_eq!(leg(&end, "whatsapp")["failure"]["code"], 131_049, "{end}");
        before.push(end);
    }
    // Meta repeats a POST whose answer it did not see.
    poster.post(&body).await?;
    for (id, before) in ids.iter().zip(&before) {
        assert_eq!(poster.bank.notification(id).await?, *before);
    }
    opened(&poster, failed).await?;
    let inbox = poster.bank.inbox(SILENT).await?;
    let mine = inbox
        .iter()
        .filter(|message| message.to_string().contains("Valdomiro"));
    assert_eq!(mine.count(), FAILED, "one SMS for each failure");
    Ok(())
}

/// A hundred people write, and as many receipts come, in one POST: none of them waits for the others'
/// words longer than Meta and the function do.
#[tokio::test]
async fn a_post_of_words_and_receipts_is_stored_whole() -> Result<()> {
    const PEOPLE: usize = 100;
    let poster = Arc::new(Poster::open().await?);
    let together = META.read().await;
    let id = poster.silent(&pix("Valdomira Pereira")).await?;
    drop(together);
    let receipts = vec![status(&id, 1, "delivered"); PEOPLE];
    let mut body = poster.of(receipts);
    let words = (0..PEOPLE).map(|number| {
        json!({
            "id": format!("wamid.WORDS{number}"), "from": format!("55119611{number:05}"),
            "timestamp": "1795252237", "type": "text", "text": { "body": "Oi, tudo bem?" },
        })
    });
    body["entry"][0]["changes"][0]["value"]["messages"] = words.collect();
    let before = chats(&poster)?;
    let begun = Instant::now();
    poster.post(&body).await?;
    println!(
        "{PEOPLE} words and as many receipts stored in {:.2} s",
        begun.elapsed().as_secs_f64()
    );
    let end = poster.bank.notification(&id).await?;
    assert_eq!(end["status"], "delivered", "{end}");
    assert!(chats(&poster)? >= before + PEOPLE);
    Ok(())
}

/// How many words are stored.
fn chats(poster: &Poster) -> Result<usize> {
    let table = poster.stack.aws.dump_table()?;
    let is_chat = |item: &&Value| item.to_string().contains("CHAT#");
    Ok(table.iter().filter(is_chat).count())
}

async fn send_all(poster: &Arc<Poster>) -> Result<Vec<String>> {
    let slots = Arc::new(Semaphore::new(32));
    let mut tasks = JoinSet::new();
    for _ in 0..TOLD {
        let (slots, poster) = (Arc::clone(&slots), Arc::clone(poster));
        tasks.spawn(async move {
            let _slot = slots.acquire().await?;
            poster.silent(&pix("Valdomiro Pereira")).await
        });
    }
    tasks.join_all().await.into_iter().collect()
}

/// Waits until every timer that a failure sent has been handled: the first one, for 30 s later, is left.
async fn opened(poster: &Poster, ids: &[String]) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let bodies = poster.stack.aws.queues().all_bodies("recado-fallback")?;
        let held = bodies
            .iter()
            .filter(|body| ids.iter().any(|id| body.contains(id)))
            .count();
        if held <= ids.len() {
            return Ok(());
        }
        anyhow::ensure!(Instant::now() < end, "{held} timers are still queued");
        sleep(Duration::from_millis(50)).await;
    }
}
