//! The sending side of the queues.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::send_message::SendMessageError;
use jiff::Timestamp;
use recado_domain::class::Lane;
use recado_domain::ids::TenantId;
use recado_ports::{Job, QueueError, Queues, TimerMessage};

use crate::delay::{seconds_after, seconds_until};
use crate::messages::{encode_job, encode_timer};

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

impl Sender {
    /// Takes the client and the queues' addresses. The client may repeat requests: a message that
    /// lies there twice is one that every consumer bears.
    #[must_use]
    pub fn new(client: Client, urls: QueueUrls) -> Self {
        Self { client, urls }
    }

    /// The delay is always given: without one a queue's own default would apply.
    async fn send(
        &self,
        (queue, url): (&'static str, Option<&str>),
        tenant: &TenantId,
        body: String,
        delay: i32,
    ) -> Result<(), QueueError> {
        let Some(url) = url else {
            let reason = format!("this function has no address of the {queue} queue");
            return Err(QueueError {
                reason,
                source: None,
            });
        };
        self.client
            .send_message()
            .queue_url(url)
            .message_body(body)
            .delay_seconds(delay)
            .message_group_id(tenant.as_str())
            .send()
            .await
            .map(drop)
            .map_err(|error| failure(queue, error))
    }
}

impl Queues for Sender {
    async fn enqueue(&self, job: &Job, after: Duration) -> Result<(), QueueError> {
        self.send(
            self.urls.lane(job.lane()),
            job.tenant(),
            encode_job(job),
            seconds_after(after),
        )
        .await
    }

    async fn arm(&self, timer: &TimerMessage, now: Timestamp) -> Result<(), QueueError> {
        let queue = ("fallback", self.urls.fallback.as_deref());
        self.send(
            queue,
            &timer.tenant,
            encode_timer(timer),
            seconds_until(timer.at, now),
        )
        .await
    }
}

pub(crate) fn failure<R>(queue: &str, error: SdkError<SendMessageError, R>) -> QueueError
where
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
