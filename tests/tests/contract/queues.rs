//! The queues on SQS.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;
use recado_domain::class::Lane;
use recado_domain::consent::Keyword;
use recado_domain::delivery::TimerKind;
use recado_domain::ids::{NotificationId, PhoneNumberId, RecipientToken, TenantId};
use recado_ports::{Chance, Job, Queues, Reply, TimerMessage};
use recado_runtime::{Process, Retries, SDK_ATTEMPT};
use recado_sqs::{
    DecodeError, Gathering, QueueUrls, Sender, decode_job, decode_timer, encode_job, encode_timer,
};
use recado_testing::contract::{
    Arrival, Arrivals, Arrived, Place, delays_contract, lost_sends_contract, queues_contract,
};
use serde_json::{Value, json};

use super::{QUEUES, Wire};

/// Longer than any poll here.
const POLL_ATTEMPT: Duration = Duration::from_secs(30);

const fn queue_of(place: Place) -> &'static str {
    match place {
        Place::Lane(Lane::Critical) => "critical",
        Place::Lane(Lane::Standard) => "standard",
        Place::Lane(Lane::Bulk) => "bulk",
        Place::Fallback => "fallback",
    }
}

impl Wire {
    fn sender(&self) -> Result<Sender> {
        let client = self.clients.sqs(Retries::Three, SDK_ATTEMPT);
        let urls = QueueUrls {
            critical: Some(self.url("critical")?),
            standard: Some(self.url("standard")?),
            bulk: Some(self.url("bulk")?),
            fallback: Some(self.url("fallback")?),
        };
        Ok(Sender::new(client, urls))
    }

    fn assert_empty(&self) -> Result<()> {
        for queue in QUEUES {
            assert_eq!(self.aws.queues().depth(queue)?.total(), 0, "{queue}");
        }
        Ok(())
    }

    /// Polls as an event source does: the messages, each with its receipt.
    async fn poll(&self, place: Place, within: Duration) -> Vec<(Arrival, String)> {
        let client = self.clients.sqs(Retries::Three, POLL_ATTEMPT);
        let url = self.url(queue_of(place)).expect("the queue exists");
        let wait = i32::try_from(within.as_secs()).expect("a poll of seconds");
        let answer = client
            .receive_message()
            .queue_url(&url)
            .max_number_of_messages(10)
            .wait_time_seconds(wait)
            .message_system_attribute_names("MessageGroupId".into())
            .send()
            .await
            .expect("SQS answers");
        let mut arrived = Vec::new();
        for message in answer.messages() {
            let body = message.body().expect("a message has a body");
            let groups = message.attributes().expect("the group was asked for");
            let receipt = message.receipt_handle().expect("a message has a receipt");
            let arrival = Arrival {
                group: groups.values().next().expect("it has a group").clone(),
                message: match place {
                    Place::Lane(_) => Arrived::Job(decode_job(body).expect("a job")),
                    Place::Fallback => Arrived::Timer(decode_timer(body).expect("a timer")),
                },
            };
            arrived.push((arrival, receipt.to_owned()));
        }
        arrived
    }
}

impl Arrivals for Wire {
    async fn take(&self, place: Place, within: Duration) -> Vec<Arrival> {
        let client = self.clients.sqs(Retries::Three, POLL_ATTEMPT);
        let url = self.url(queue_of(place)).expect("the queue exists");
        let mut taken = Vec::new();
        for (arrival, receipt) in self.poll(place, within).await {
            let deletion = client.delete_message().queue_url(&url);
            let deleted = deletion.receipt_handle(receipt).send().await;
            deleted.expect("SQS answers");
            taken.push(arrival);
        }
        taken
    }

    async fn look(&self, place: Place, within: Duration) -> Vec<Arrival> {
        let seen = self.poll(place, within).await.into_iter();
        seen.map(|(arrival, _)| arrival).collect()
    }

    fn delays(&self, place: Place) -> Vec<Duration> {
        let delays = self.aws.queues().delays(queue_of(place));
        delays.expect("the queue exists")
    }
}

#[tokio::test]
async fn the_queues_keep_the_contract_on_sqs() -> Result<()> {
    let wire = Wire::start().await?;
    let process = Process::default();
    queues_contract(&wire.sender()?, &wire, || process.now()).await;
    wire.assert_empty()
}

#[tokio::test]
async fn sqs_delays_by_whole_seconds() -> Result<()> {
    let wire = Wire::start().await?;
    let process = Process::default();
    delays_contract(&wire.sender()?, &wire, || process.now()).await;
    Ok(())
}

#[tokio::test]
async fn lost_answers_of_sqs_are_borne() -> Result<()> {
    let wire = Wire::start().await?;
    let process = Process::default();
    let left = wire.lose_answers();
    let lose = |answers| left.store(answers, Ordering::Relaxed);
    lost_sends_contract(&wire.sender()?, &wire, || process.now(), lose).await;
    wire.assert_empty()
}

/// A batch's records arm their timers by one request. Where its answer is lost it is made again, as each of
/// them would be.
#[tokio::test]
async fn timers_that_are_sent_together_arrive_each_as_it_was_armed() -> Result<()> {
    let wire = Wire::start().await?;
    let (sender, now) = (wire.sender()?, Process::default().now());
    let left = wire.lose_answers();
    for (lost, copies) in [(0, 1), (1, 2)] {
        left.store(lost, Ordering::Relaxed);
        wire.aws.reset_counts();
        let gathering = Gathering::default();
        let mut timers = Vec::new();
        for leg in 1..=10 {
            timers.push(TimerMessage {
                tenant: TenantId::parse(&format!("banco-{leg}"))?,
                notification: NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa")?,
                leg,
                kind: TimerKind::Open,
                at: jiff::Timestamp::UNIX_EPOCH,
            });
        }
        let armed = timers
            .iter()
            .map(|timer| gathering.record(sender.arm(timer, now)));
        for armed in futures::future::join_all(armed).await {
            armed?;
        }
        let requests = &wire.aws.report()["sqs"]["requests"];
        assert_eq!(requests["SendMessageBatch"], copies, "{requests}");
        assert!(requests["SendMessage"].is_null(), "{requests}");
        for _ in 0..copies {
            let arrived = wire.take(Place::Fallback, Duration::ZERO).await;
            assert_eq!(arrived.len(), timers.len());
            for (arrival, timer) in arrived.into_iter().zip(&timers) {
                assert_eq!(arrival.group, timer.tenant.as_str());
                assert_eq!(arrival.message, Arrived::Timer(timer.clone()));
            }
        }
        wire.assert_empty()?;
    }
    Ok(())
}

/// One body of each kind.
fn bodies() -> Result<Vec<String>> {
    let bank = TenantId::parse("banco-aurora")?;
    let notification = NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa")?;
    let timer = |kind| TimerMessage {
        tenant: bank.clone(),
        notification: notification.clone(),
        leg: 1,
        kind,
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    Ok(vec![
        encode_job(&Job::Send {
            tenant: bank.clone(),
            notification: notification.clone(),
            lane: Lane::Bulk,
            attempt: 1,
        }),
        encode_job(&Job::Reply(Reply {
            tenant: bank.clone(),
            recipient: RecipientToken::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa")?,
            entry: "001795269845123#inbound".to_owned(),
            from: PhoneNumberId::parse("106012345678901")?,
            keyword: Keyword::OptOut,
        })),
        encode_timer(&timer(TimerKind::Open)),
        encode_timer(&timer(TimerKind::Guard)),
    ])
}

/// Every body of ours, and every one that is ours but for its version or one field, goes through SQS
/// unharmed; only the first are read as messages. The others are left to the dead-letter queue.
#[tokio::test]
async fn a_body_of_another_version_or_form_is_refused() -> Result<()> {
    let mut strange = Vec::new();
    for body in bodies()? {
        assert!(
            decode_job(&body).is_ok() != decode_timer(&body).is_ok(),
            "{body}"
        );
        let whole: Value = serde_json::from_str(&body)?;
        let (kind, fields) = whole
            .as_object()
            .and_then(|all| all.iter().next())
            .expect("one kind");
        let next = format!("{}2", kind.strip_suffix('1').expect("version 1"));
        strange.push(json!({ next: fields }));
        strange.push(json!({ kind: fields, "SendV2": {} }));
        let fields = fields.as_object().expect("fields");
        for name in fields.keys() {
            let mut without = fields.clone();
            without.remove(name);
            strange.push(json!({ kind: without }));
            let mut other = fields.clone();
            other.insert(name.clone(), json!(["of another form"]));
            strange.push(json!({ kind: other }));
        }
        let mut more = fields.clone();
        more.insert("new".to_owned(), json!(1));
        strange.push(json!({ kind: more }));
    }
    let wire = Wire::start().await?;
    let client = wire.clients.sqs(Retries::Three, SDK_ATTEMPT);
    let url = wire.url("critical")?;
    for body in &strange {
        let message = client.send_message().queue_url(&url);
        message.message_body(body.to_string()).send().await?;
    }
    let mut refused = 0;
    while refused < strange.len() {
        let poll = client.receive_message().queue_url(&url);
        let answer = poll.max_number_of_messages(10).send().await?;
        assert!(
            !answer.messages().is_empty(),
            "{refused} of {}",
            strange.len()
        );
        for message in answer.messages() {
            let body = message.body().expect("a message has a body");
            assert_eq!(decode_job(body), Err(DecodeError::Unknown), "{body}");
            assert_eq!(decode_timer(body), Err(DecodeError::Unknown), "{body}");
            refused += 1;
        }
    }
    Ok(())
}
