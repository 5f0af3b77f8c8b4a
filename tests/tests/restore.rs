//! The drill: a table is restored to a moment in the past, and functions are started on it while the queues
//! have gone on. What `docs/RESTORE.md` promises of every kind of notification is seen here.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use recado_local::aws::Outgoing;
use recado_local::stack::{Options, Stack};
use recado_tests::{Bank, alert, drained, fresh_number, leg, sealed_notifications, settled};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Result<Self> {
        let name = format!("recado-restore-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

async fn stack_in(folder: &Path) -> Result<Stack> {
    Stack::start(Options {
        data_dir: Some(folder.to_owned()),
        templates: vec![PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/catalogue"
        ))],
        seed: 7,
        ..Options::default()
    })
    .await
}

/// An alert whose SMS waits for ten seconds.
fn patient(to: &str) -> Value {
    let mut alert = alert(to);
    alert["template"] = json!("test_patient");
    alert
}

/// A message that Meta has and no phone shows: its content is sealed, its timer runs.
async fn pending(bank: &Bank, key: &str) -> Result<(String, String)> {
    let to = fresh_number();
    bank.agrees(&to).await?;
    bank.phone(&to, json!({ "online": false })).await?;
    let request = patient(&to);
    let answer = bank.post("/v1/notifications", Some(key), &request);
    let accepted: Value = answer.await?.error_for_status()?.json().await?;
    let id = accepted["id"].as_str().context("no id")?.to_owned();
    bank.until_status(&id, "submitted").await?;
    Ok((id, to))
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_go_on_with_a_restored_table_and_the_queues_that_outlived_it() -> Result<()> {
    let (before, after) = (Folder::new("before")?, Folder::new("after")?);
    let stack = stack_in(&before.0).await?;
    let bank = Bank::of(&stack, 0).await?;
    let to = fresh_number();
    bank.agrees(&to).await?;
    let ended = bank.send(&patient(&to)).await?;
    settled(&stack, &ended).await?;
    let (open, waits) = pending(&bank, "open").await?;

    // The moment to which the table is restored; what follows it is lost.
    stack.aws.restore_into(&after.0)?;
    let (lost, unknown) = pending(&bank, "lost").await?;
    let queues = stack.aws.queues();
    let mut left = Vec::new();
    for name in queues.names() {
        for body in queues.all_bodies(name)? {
            left.push((name.to_owned(), body.to_string()));
        }
    }
    ensure!(!left.is_empty(), "no timer waits");
    stack.shutdown().await;
    std::fs::copy(before.0.join("secrets.json"), after.0.join("secrets.json"))?;

    let stack = stack_in(&after.0).await?;
    let bank = Bank::of(&stack, 0).await?;
    let sealed = sealed_notifications(&stack)?;
    assert_eq!(sealed.len(), 1, "the content of the open one");
    for (queue, body) in left {
        stack.aws.queues().send(&queue, Outgoing::new(body))?;
    }
    // What had ended reads as it did.
    let read = bank.notification(&ended).await?;
    assert_eq!(leg(&read, "whatsapp")["status"], "read", "{read}");
    // What was open goes on: its content opens, its SMS goes at its time.
    let sent = bank.until(&open, |it| !leg(it, "sms")["submitted_at"].is_null());
    sent.await?;
    assert_eq!(bank.channels(&waits).await?, ["sms"]);
    // What was accepted later is unknown: its timer ends without a word to the customer, and the bank's
    // repetition is accepted under the same id.
    settled(&stack, &lost).await?;
    let gone = bank.get(&format!("/v1/notifications/{lost}")).await?;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    assert_eq!(bank.channels(&unknown).await?, Vec::<String>::new());
    bank.agrees(&unknown).await?;
    let request = patient(&unknown);
    let again = bank.post("/v1/notifications", Some("lost"), &request);
    let again = again.await?;
    assert_eq!(again.status(), StatusCode::ACCEPTED);
    assert_eq!(again.json::<Value>().await?["id"], lost.as_str());
    settled(&stack, &lost).await?;
    assert_eq!(bank.channels(&unknown).await?, ["whatsapp"]);
    assert!(sealed_notifications(&stack)?.is_empty());
    drained(&stack).await?;
    stack.shutdown().await;
    Ok(())
}
