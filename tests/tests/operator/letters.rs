//! `redrive`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use recado_domain::delivery::{Notification, TimerKind};
use recado_domain::ids::NotificationId;
use recado_local::aws::{Outgoing, Service, Verdict};
use recado_ports::{Job, Notifications, TimerMessage};
use recado_sqs::{encode_job, encode_timer};
use recado_tests::{Bank, alert, drained, fresh_key, fresh_number};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::days::notification;
use crate::{DEAD_LETTERS, Operator, QUEUE, Shelf};

fn job(id: &str) -> Result<String> {
    Ok(encode_job(&Job::Send {
        tenant: "banco-aurora".parse()?,
        notification: NotificationId::parse(id)?,
        lane: recado_domain::class::Lane::Standard,
        attempt: 1,
    }))
}

fn timer(item: &Notification) -> String {
    encode_timer(&TimerMessage {
        tenant: item.tenant.clone(),
        notification: item.id.clone(),
        leg: 1,
        kind: TimerKind::Open,
        at: item.accepted_at,
    })
}

/// The verdicts, in whichever order the letters came.
fn verdicts(answer: &Value) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for letter in answer["letters"].as_array().into_iter().flatten() {
        let word = |name: &str| letter[name].as_str().unwrap_or("-").to_owned();
        let line = format!("{} {}: {}", word("kind"), word("status"), word("verdict"));
        *all.entry(line).or_default() += 1;
    }
    all
}

fn expected(lines: &[(&str, usize)]) -> BTreeMap<String, usize> {
    let own = lines
        .iter()
        .map(|(line, count)| ((*line).to_owned(), *count));
    own.collect()
}

struct Desk {
    shelf: Shelf,
    from: String,
    to: String,
}

impl Desk {
    async fn open() -> Result<Self> {
        let shelf = Shelf::open().await?;
        let queues = shelf.aws.queues();
        let (from, to) = (queues.url(DEAD_LETTERS)?, queues.url(QUEUE)?);
        Ok(Self { shelf, from, to })
    }

    fn line<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        [
            &["redrive", "--from", &self.from, "--to", &self.to][..],
            more,
        ]
        .concat()
    }

    fn die(&self, body: &str) -> Result<()> {
        let queues = self.shelf.aws.queues();
        queues.send(DEAD_LETTERS, Outgoing::new(body))?;
        Ok(())
    }

    /// How many letters show, and that none is hidden; how many messages are at work.
    fn shows(&self) -> Result<(usize, usize)> {
        let queues = self.shelf.aws.queues();
        let dead = queues.depth(DEAD_LETTERS)?;
        ensure!(dead.in_flight == 0, "{dead:?}");
        Ok((
            queues.all_bodies(DEAD_LETTERS)?.len(),
            queues.all_bodies(QUEUE)?.len(),
        ))
    }
}

/// A notification that is valid for a century and one whose time was over long ago.
async fn two(desk: &Desk) -> Result<(Notification, Notification)> {
    let open = notification(1, 0)?;
    let mut over = notification(2, 0)?;
    over.accepted_at = "2126-01-01T00:00:00Z".parse()?;
    over.valid_until = "2026-01-01T00:10:00Z".parse()?;
    desk.shelf.store.create(&open).await?;
    desk.shelf.store.create(&over).await?;
    Ok((open, over))
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_hides_nothing() -> Result<()> {
    let desk = Desk::open().await?;
    let (open, over) = two(&desk).await?;
    let mut done = over.clone();
    done.id = NotificationId::parse("ntf_dddddddddddddddddddddddddd")?;
    done.content = None;
    desk.shelf.store.create(&done).await?;
    let gone = "ntf_zzzzzzzzzzzzzzzzzzzzzzzzzz";
    // More than one receive takes, and a body that must not be told.
    for _ in 0..9 {
        desk.die(&job(open.id.as_str())?)?;
    }
    desk.die(&timer(&over))?;
    desk.die(&job(done.id.as_str())?)?;
    desk.die(&job(gone)?)?;
    desk.die("+5511987654321")?;
    desk.die(&job(gone)?.replace("SendV1", "SendV9"))?;
    let all = expected(&[
        ("job accepted: send", 9),
        ("timer expired: send", 1),
        ("job expired: drop", 1),
        ("job -: keep", 1),
        ("unreadable -: keep", 2),
    ]);
    for _ in 0..2 {
        let (code, text, answer) = desk.shelf.operator.asks(&desk.line(&[])).await?;
        assert_eq!(code, 1, "{text}");
        assert_eq!(verdicts(&answer), all, "{text}");
        assert!(
            text.contains(open.id.as_str()) && text.contains("nothing was changed"),
            "{text}"
        );
        assert!(!text.contains("98765") && !answer.to_string().contains("98765"));
        assert_eq!(desk.shows()?, (14, 0));
    }
    let (_, answer) = desk
        .shelf
        .operator
        .reads(&desk.line(&["--limit", "3"]))
        .await?;
    assert_eq!(
        answer["letters"].as_array().map(Vec::len),
        Some(3),
        "{answer}"
    );
    assert_eq!(desk.shows()?, (14, 0));
    Ok(())
}

#[tokio::test]
async fn what_is_sent_leaves_the_dead_letters_and_what_is_kept_stays() -> Result<()> {
    let desk = Desk::open().await?;
    let (open, over) = two(&desk).await?;
    let mut done = over.clone();
    done.id = NotificationId::parse("ntf_dddddddddddddddddddddddddd")?;
    done.content = None;
    desk.shelf.store.create(&done).await?;
    let bodies = [job(open.id.as_str())?, timer(&over), job(done.id.as_str())?];
    for body in &bodies {
        desk.die(body)?;
    }
    desk.die("not a message")?;
    let (code, answer) = desk.shelf.operator.reads(&desk.line(&["--send"])).await?;
    assert_eq!(code, 1, "what is kept does not fit: {answer}");
    assert_eq!(desk.shows()?, (1, 2));
    let mut sent: Vec<String> = desk
        .shelf
        .aws
        .queues()
        .all_bodies(QUEUE)?
        .iter()
        .map(|body| body.to_string())
        .collect();
    sent.sort();
    let mut whole = bodies[..2].to_vec();
    whole.sort();
    assert_eq!(sent, whole, "bodies are sent as they are");
    // Fair to every bank: under its own group.
    let received = desk
        .shelf
        .aws
        .queues()
        .receive(QUEUE, 10, None, None)
        .await?;
    for message in &received {
        assert_eq!(
            message.system_attributes()["MessageGroupId"],
            "banco-aurora"
        );
    }
    let (code, answer) = desk.shelf.operator.reads(&desk.line(&["--send"])).await?;
    assert_eq!(
        (code, verdicts(&answer)),
        (1, expected(&[("unreadable -: keep", 1)]))
    );
    Ok(())
}

#[tokio::test]
async fn without_dead_letters_there_is_nothing_to_do() -> Result<()> {
    let desk = Desk::open().await?;
    for more in [&[][..], &["--send"]] {
        let (code, text) = desk.shelf.operator.tells(&desk.line(more)).await;
        assert_eq!((code, text.as_str()), (0, "no dead letters\n"));
    }
    Ok(())
}

#[tokio::test]
async fn a_crash_between_sending_and_deleting_leaves_the_letter_where_it_was() -> Result<()> {
    let desk = Desk::open().await?;
    let (open, _) = two(&desk).await?;
    desk.die(&job(open.id.as_str())?)?;
    let broken = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&broken);
    desk.shelf
        .aws
        .interfere(Arc::new(move |service, operation: &str| {
            let hit = service == Service::Sqs && operation == "DeleteMessage";
            if hit && asked.load(Ordering::Relaxed) {
                Verdict::Throttle
            } else {
                Verdict::Pass
            }
        }));
    let (code, text) = desk.shelf.operator.tells(&desk.line(&["--send"])).await;
    assert_eq!(code, 2, "{text}");
    assert_eq!(desk.shows()?, (1, 1), "sent, and not lost");
    broken.store(false, Ordering::Relaxed);
    let (code, text) = desk.shelf.operator.tells(&desk.line(&["--send"])).await;
    assert_eq!(code, 0, "{text}");
    assert_eq!(desk.shows()?, (0, 2));

    // The other way round nothing is sent, and nothing is deleted.
    desk.die(&job(open.id.as_str())?)?;
    desk.shelf
        .aws
        .interfere(Arc::new(|service, operation: &str| {
            match (service, operation) {
                (Service::Sqs, "SendMessage") => Verdict::Throttle,
                _ => Verdict::Pass,
            }
        }));
    let (code, text) = desk.shelf.operator.tells(&desk.line(&["--send"])).await;
    assert_eq!(code, 2, "{text}");
    assert_eq!(desk.shows()?, (1, 2));
    Ok(())
}

#[tokio::test]
async fn letters_go_back_only_where_they_came_from() -> Result<()> {
    let desk = Desk::open().await?;
    let line = ["redrive", "--from", &desk.to, "--to", &desk.from, "--send"];
    let (code, text) = desk.shelf.operator.tells(&line).await;
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("dead letters of dead do not go to work"),
        "{text}"
    );
    Ok(())
}

/// Accepted, stored, and its job lost: what a dead letter is for.
async fn stranded(stack: &recado_local::stack::Stack, bank: &Bank) -> Result<(String, String)> {
    let (to, key) = (fresh_number(), fresh_key());
    bank.agrees(&to).await?;
    bank.phone(&to, json!({})).await?;
    stack.aws.interfere(Arc::new(|service, operation: &str| {
        match (service, operation) {
            (Service::Sqs, "SendMessage") => Verdict::Throttle,
            _ => Verdict::Pass,
        }
    }));
    let answer = bank
        .post("/v1/notifications", Some(&key), &alert(&to))
        .await;
    stack.aws.interfere(Arc::new(|_, _| Verdict::Pass));
    let status = answer?.status();
    ensure!(status == StatusCode::SERVICE_UNAVAILABLE, "{status}");
    let found = bank.http.get(format!("{}/v1/notifications", bank.api));
    let found = found
        .bearer_auth(&bank.token)
        .header("idempotency-key", key);
    let stored: Value = found.send().await?.error_for_status()?.json().await?;
    Ok((to, stored["id"].as_str().context("no id")?.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_job_that_is_sent_again_reaches_the_customer_once() -> Result<()> {
    let stack = recado_tests::stack().await?;
    let bank = Bank::of(&stack, 0).await?;
    let operator = Operator::at(stack.aws.endpoint(), "Table");
    let (to, id) = stranded(&stack, &bank).await?;
    let (late_to, late) = stranded(&stack, &bank).await?;
    let queues = stack.aws.queues();
    let dead = queues
        .names()
        .find(|name| name.contains("StandardDeadLetter"))
        .context("no dead-letter queue")?;
    let (from, to_url) = (queues.url(dead)?, queues.url("recado-standard")?);
    let line = ["redrive", "--from", &from, "--to", &to_url];
    let send = [&line[..], &["--send"]].concat();

    queues.send(dead, Outgoing::new(job(&id)?))?;
    let (code, text, answer) = operator.asks(&line).await?;
    assert_eq!(
        (code, verdicts(&answer)),
        (1, expected(&[("job accepted: send", 1)])),
        "{text}"
    );
    // Twice: the letter stayed once although it had been sent.
    queues.send(dead, Outgoing::new(job(&id)?))?;
    let (code, text) = operator.tells(&send).await;
    assert_eq!(code, 0, "{text}");
    bank.until_status(&id, "read").await?;
    assert_eq!(bank.channels(&to).await?, ["whatsapp"]);
    queues.send(dead, Outgoing::new(job(&id)?))?;
    let (code, answer) = operator.reads(&send).await?;
    assert_eq!(
        (code, verdicts(&answer)),
        (0, expected(&[("job read: drop", 1)]))
    );

    // Found a day later: nothing can be sent any more, but its end is written.
    queues.send(dead, Outgoing::new(job(&late)?))?;
    let tomorrow = operator.later(Duration::from_secs(24 * 3_600));
    let (code, answer) = tomorrow.reads(&line).await?;
    assert_eq!(
        (code, verdicts(&answer)),
        (1, expected(&[("job expired: send", 1)]))
    );
    let (code, answer) = tomorrow.reads(&["stuck"]).await?;
    assert_eq!(
        (code, &answer["stuck"][0]["notification"]),
        (1, &json!(late)),
        "{answer}"
    );
    // For the functions it is today: the message goes out, late and whole.
    let (code, text) = tomorrow.tells(&send).await;
    assert_eq!(code, 0, "{text}");
    bank.until_status(&late, "read").await?;
    assert_eq!(bank.channels(&late_to).await?, ["whatsapp"]);
    drained(&stack).await?;
    let (code, text) = tomorrow.tells(&["stuck"]).await;
    assert_eq!(code, 0, "{text}");
    stack.shutdown().await;
    Ok(())
}
