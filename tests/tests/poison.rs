//! Messages that nobody can read: they harm themselves alone, come back until SQS has had enough, and end in
//! the dead-letter queue. Times are shortened together, so that "comes back" takes seconds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use recado_local::aws::{Outgoing, Service, Verdict};
use recado_local::stack::Stack;
use recado_tests::{Bank, PATIENCE, alert, fresh_key, fresh_number, leg, stack_with};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const NOT_JSON: &str = "not a message";

/// POST and retries < function < lease < visibility, which is six times the function's.
fn short_times() -> BTreeMap<String, String> {
    let times = [
        ("PostTimeout", "1s"),
        ("RetryWindow", "500ms"),
        ("SmsTimeout", "1s"),
        ("SenderFunctionTimeout", "2"),
        ("TimerFunctionTimeout", "2"),
        ("Lease", "3s"),
        ("LaneVisibility", "12"),
        ("FallbackVisibility", "12"),
        ("LaneReceives", "2"),
        ("FallbackReceives", "2"),
    ];
    times
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

struct World {
    stack: Stack,
    bank: Bank,
}

impl World {
    async fn customer(&self, switches: Value) -> Result<String> {
        let to = fresh_number();
        self.bank.agrees(&to).await?;
        self.bank.phone(&to, switches).await?;
        Ok(to)
    }

    /// The first message of a kind that ever was in a queue: what a good one looks like.
    fn specimen(&self, queue: &str, kind: &str) -> Result<String> {
        let history = self.stack.aws.queues().history(queue)?;
        let found = history.iter().find(|body| body.contains(kind));
        Ok(found
            .with_context(|| format!("no {kind} in {queue}"))?
            .to_string())
    }

    /// One batch for a function, as SQS gives it; answers which records it reports as failed.
    async fn batch(&self, function: &str, bodies: [&str; 3]) -> Result<Vec<String>> {
        let record = |(place, body): (usize, &str)| {
            json!({
                "messageId": format!("message-{place}"), "receiptHandle": "handle", "body": body,
                "attributes": {}, "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "sa-east-1",
            })
        };
        let records: Vec<Value> = bodies.into_iter().enumerate().map(record).collect();
        let event = json!({ "Records": records }).to_string();
        let function = self
            .stack
            .functions
            .get(function)
            .context("no such function")?;
        let answer: Value =
            serde_json::from_slice(&function.invoke(event.into_bytes().into()).await?)?;
        let failures = answer["batchItemFailures"]
            .as_array()
            .context("no report")?;
        Ok(failures
            .iter()
            .filter_map(|failure| failure["itemIdentifier"].as_str().map(str::to_owned))
            .collect())
    }

    /// Puts bodies into a queue and waits until they, and nothing else, are in its dead-letter queue.
    async fn die(&self, queue: &str, dead_letters: &str, bodies: [&str; 2]) -> Result<()> {
        let queues = self.stack.aws.queues();
        let dead = queues
            .names()
            .find(|name| name.contains(dead_letters))
            .context("no dead-letter queue")?;
        for body in bodies {
            queues.send(queue, Outgoing::new(body))?;
        }
        let end = Instant::now() + 3 * PATIENCE;
        loop {
            let died = queues.all_bodies(dead)?;
            if died.len() == bodies.len() {
                assert!(
                    bodies
                        .iter()
                        .all(|body| died.iter().any(|dead| **dead == **body)),
                    "{died:?}"
                );
                return Ok(());
            }
            ensure!(
                Instant::now() < end,
                "{queue} {:?}, {dead} {died:?}",
                queues.depth(queue)?
            );
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A notification whose job never got into its queue: the bank was told to try again.
async fn stranded(world: &World) -> Result<(String, String)> {
    let (to, key) = (world.customer(json!({})).await?, fresh_key());
    let refuse = |service, operation: &str| match (service, operation) {
        (Service::Sqs, "SendMessage") => Verdict::Throttle,
        _ => Verdict::Pass,
    };
    world.stack.aws.interfere(Arc::new(refuse));
    let answer = world
        .bank
        .post("/v1/notifications", Some(&key), &alert(&to))
        .await?;
    world.stack.aws.interfere(Arc::new(|_, _| Verdict::Pass));
    ensure!(
        answer.status() == StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        answer.status()
    );
    let found = world
        .bank
        .http
        .get(format!("{}/v1/notifications", world.bank.api));
    let found = found
        .bearer_auth(&world.bank.token)
        .header("idempotency-key", key)
        .send()
        .await?;
    let stored: Value = found.error_for_status()?.json().await?;
    ensure!(stored["status"] == "accepted", "{stored}");
    Ok((to, stored["id"].as_str().context("no id")?.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_harms_itself_alone_and_ends_among_the_dead_letters() -> Result<()> {
    let stack = stack_with(short_times()).await?;
    let world = World {
        bank: Bank::of(&stack, 0).await?,
        stack,
    };
    let first = world.customer(json!({})).await?;
    let first_id = world.bank.send(&alert(&first)).await?;
    world.bank.until_status(&first_id, "read").await?;

    // A lane: the good job of the batch is sent, the others are reported.
    let (to, id) = stranded(&world).await?;
    let job = world.specimen("recado-standard", "SendV1")?;
    let later_job = job.replace("SendV1", "SendV9");
    let failed = world
        .batch(
            "OutboundSender",
            [&later_job, NOT_JSON, &job.replace(&first_id, &id)],
        )
        .await?;
    assert_eq!(failed, ["message-0", "message-1"]);
    world.bank.until_status(&id, "read").await?;
    assert_eq!(world.bank.channels(&to).await?, ["whatsapp"]);

    // The timers' queue: the same, and a timer too many opens nothing twice.
    let away = world.customer(json!({ "online": false })).await?;
    let id = world.bank.send(&alert(&away)).await?;
    world.bank.until_status(&id, "submitted").await?;
    let timer = world.specimen("recado-fallback", "OpenV1")?;
    let later_timer = timer.replace("OpenV1", "OpenV9");
    let failed = world
        .batch(
            "FallbackTimer",
            [&later_timer, NOT_JSON, &timer.replace(&first_id, &id)],
        )
        .await?;
    assert_eq!(failed, ["message-0", "message-1"]);
    let end = world.bank.until_status(&id, "fallback_sent").await?;
    assert_eq!(
        leg(&end, "sms")["opened_because"],
        "not_delivered_in_time",
        "{end}"
    );
    recado_tests::drained(&world.stack).await?;
    assert_eq!(world.bank.channels(&away).await?, ["sms"]);

    // Left to themselves they end where somebody looks for them, and traffic goes on meanwhile.
    let traffic = async {
        let to = world.customer(json!({})).await?;
        let id = world.bank.send(&alert(&to)).await?;
        world.bank.until_status(&id, "read").await?;
        world.bank.channels(&to).await
    };
    let (lane, timers, traffic) = tokio::join!(
        world.die(
            "recado-standard",
            "StandardDeadLetter",
            [&later_job, NOT_JSON]
        ),
        world.die(
            "recado-fallback",
            "FallbackDeadLetter",
            [&later_timer, NOT_JSON]
        ),
        traffic,
    );
    lane.context("a lane")?;
    timers.context("the timers")?;
    assert_eq!(traffic?, ["whatsapp"]);
    world.stack.shutdown().await;
    Ok(())
}
