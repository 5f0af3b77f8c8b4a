//! The sending side of the queues.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use jiff::Timestamp;
use recado_domain::class::Lane;
use recado_domain::ids::TenantId;
use recado_ports::{Job, QueueError, Queues, TimerMessage};

use crate::delay::{seconds_after, seconds_until};
use crate::gather::Seat;
use crate::messages::{encode_job, encode_timer};

/// The timers' queue, as errors name it.
pub(crate) const FALLBACK: &str = "fallback";

/// The queues' addresses. A function has those it sends to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueUrls {
    /// The lane of authentication and security.
    pub critical: Option<String>,
    /// The lane of transactional and servicing messages.
    pub standard: Option<String>,
    /// The lane of marketing and campaigns.
    pub bulk: Option<String>,
    /// The timers.
    pub fallback: Option<String>,
}

impl QueueUrls {
    fn lane(&self, lane: Lane) -> (&'static str, Option<&str>) {
        match lane {
            Lane::Critical => ("critical", self.critical.as_deref()),
            Lane::Standard => ("standard", self.standard.as_deref()),
            Lane::Bulk => ("bulk", self.bulk.as_deref()),
        }
    }
}

/// Sends to the queues.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client,
    urls: QueueUrls,
}

/// What goes into a queue. The delay is always given: without one a queue's own default would apply.
#[derive(Clone)]
pub(crate) struct Message {
    group: TenantId,
    body: String,
    delay: i32,
}

impl Sender {
    /// Takes the client and the queues' addresses. The client may repeat requests: a message that
    /// lies there twice is one that every consumer bears.
    #[must_use]
    pub fn new(client: Client, urls: QueueUrls) -> Self {
        Self { client, urls }
    }
}

impl Queues for Sender {
    async fn enqueue(&self, job: &Job, after: Duration) -> Result<(), QueueError> {
        let (queue, url) = self.urls.lane(job.lane());
        let url = known(queue, url)?;
        let message = Message {
            group: job.tenant().clone(),
            body: encode_job(job),
            delay: seconds_after(after),
        };
        send_alone(&self.client, queue, url, &message).await
    }

    /// A record's first timer goes together with those of its [`Gathering`](crate::Gathering), where there
    /// is one: at most [`LINGER`](crate::LINGER) later, so that it is due as much later and never earlier.
    async fn arm(&self, timer: &TimerMessage, now: Timestamp) -> Result<(), QueueError> {
        let url = known(FALLBACK, self.urls.fallback.as_deref())?;
        let message = Message {
            group: timer.tenant.clone(),
            body: encode_timer(timer),
            delay: seconds_until(timer.at, now),
        };
        if let Some(seat) = Seat::take(&self.client, url, &message)
            && seat.durable().await?
        {
            return Ok(());
        }
        send_alone(&self.client, FALLBACK, url, &message).await
    }
}

fn known<'a>(queue: &str, url: Option<&'a str>) -> Result<&'a str, QueueError> {
    url.ok_or_else(|| QueueError {
        reason: format!("this function has no address of the {queue} queue"),
        source: None,
    })
}

/// Sends a message by a request of its own.
pub(crate) async fn send_alone(
    client: &Client,
    queue: &str,
    url: &str,
    message: &Message,
) -> Result<(), QueueError> {
    let Message { group, body, delay } = message;
    client
        .send_message()
        .queue_url(url)
        .message_body(body)
        .delay_seconds(*delay)
        .message_group_id(group.as_str())
        .send()
        .await
        .map(drop)
        .map_err(|error| failure(queue, error))
}

/// Sends up to ten messages by one request; answers the places of those that are in the queue. One that
/// the answer does not name is not known to be there.
pub(crate) async fn send_together(
    client: &Client,
    queue: &str,
    url: &str,
    messages: &[Message],
) -> Result<BTreeSet<usize>, QueueError> {
    let entry = |(place, message): (usize, &Message)| {
        SendMessageBatchRequestEntry::builder()
            .id(place.to_string())
            .message_body(&message.body)
            .delay_seconds(message.delay)
            .message_group_id(message.group.as_str())
            .build()
            .expect("an entry with id and body is one")
    };
    let request = client.send_message_batch().queue_url(url);
    let entries = messages.iter().enumerate().map(entry).collect();
    let sent = request.set_entries(Some(entries)).send().await;
    let sent = sent.map_err(|error| failure(queue, error))?;
    for refused in sent.failed() {
        tracing::warn!(code = refused.code(), "timer refused in a batch");
    }
    let places = sent.successful().iter().map(|entry| entry.id().parse());
    Ok(places.filter_map(Result::ok).collect())
}

pub(crate) fn failure<E, R>(queue: &str, error: SdkError<E, R>) -> QueueError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let what = match &error {
        SdkError::ConstructionFailure(_) => "the request could not be built",
        SdkError::TimeoutError(_) => "timed out",
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "timed out",
        SdkError::DispatchFailure(_) => "unreachable",
        SdkError::ResponseError(_) => "the answer does not read",
        SdkError::ServiceError(service) => {
            service.err().code().unwrap_or("an error without a code")
        }
        _ => "an error of an unknown kind",
    };
    QueueError {
        reason: format!("{queue}: {what}"),
        source: error.into_source().ok(),
    }
}
