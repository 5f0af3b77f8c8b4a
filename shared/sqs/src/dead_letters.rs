//! Messages as they lie in a queue, for the operator: what died is looked at, sent again, or dropped.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use recado_domain::ids::TenantId;
use recado_ports::QueueError;

/// How long a receive waits: a wait of none asks some of the service's machines only.
const WAIT_SECONDS: i32 = 1;
/// SQS: at most ten messages to a receive.
const MOST: i32 = 10;

/// One queue by its address.
#[derive(Clone, Debug)]
pub struct RawQueue {
    client: Client,
    url: String,
}

/// A message as it lies in a queue. Its body may be anybody's: it is not printed.
pub struct RawMessage {
    /// The service's id of it.
    pub id: String,
    /// What it says.
    pub body: String,
    receipt: String,
}

/// How many messages are where; the service's numbers are approximate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// To be received now.
    pub visible: u64,
    /// Not due yet.
    pub delayed: u64,
    /// Received and not deleted yet.
    pub in_flight: u64,
}

impl RawQueue {
    /// Takes the client and the queue's address.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// The queue's name: the end of its address.
    #[must_use]
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or(&self.url)
    }

    /// Receives up to ten messages and hides them from others for a while (whole seconds).
    pub async fn receive(&self, hidden: Duration) -> Result<Vec<RawMessage>, QueueError> {
        let hidden = i32::try_from(hidden.as_secs()).unwrap_or(i32::MAX);
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(MOST)
            .wait_time_seconds(WAIT_SECONDS)
            .visibility_timeout(hidden)
            .send()
            .await
            .map_err(|error| self.failure("receive", error))?;
        answer
            .messages
            .unwrap_or_default()
            .into_iter()
            .map(|message| self.message(message))
            .collect()
    }

    fn message(&self, message: Message) -> Result<RawMessage, QueueError> {
        match (message.message_id, message.receipt_handle) {
            (Some(id), Some(receipt)) => Ok(RawMessage {
                id,
                body: message.body.unwrap_or_default(),
                receipt,
            }),
            (Some(_) | None, _) => Err(QueueError {
                reason: format!("{}: a message without id or receipt", self.name()),
                source: None,
            }),
        }
    }

    /// Sends a body as it is, due at once.
    pub async fn send(&self, tenant: &TenantId, body: &str) -> Result<(), QueueError> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .delay_seconds(0)
            .message_group_id(tenant.as_str())
            .send()
            .await
            .map(drop)
            .map_err(|error| self.failure("send", error))
    }

    /// Deletes a message that was received here.
    pub async fn delete(&self, message: &RawMessage) -> Result<(), QueueError> {
        self.client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(&message.receipt)
            .send()
            .await
            .map(drop)
            .map_err(|error| self.failure("delete", error))
    }

    /// Shows a message that was received here to everybody again.
    pub async fn put_back(&self, message: &RawMessage) -> Result<(), QueueError> {
        let answer = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(&message.receipt)
            .visibility_timeout(0)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            // Its time was over: it shows already.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_message_not_inflight()) =>
            {
                Ok(())
            }
            Err(error) => Err(self.failure("put back", error)),
        }
    }

    /// How many messages lie here.
    pub async fn depth(&self) -> Result<Depth, QueueError> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let [visible, delayed, in_flight] = self.attributes(names).await?;
        let number = |text: Option<String>| {
            text.and_then(|text| text.parse().ok())
                .ok_or_else(|| QueueError {
                    reason: format!("{}: a depth that does not read", self.name()),
                    source: None,
                })
        };
        Ok(Depth {
            visible: number(visible)?,
            delayed: number(delayed)?,
            in_flight: number(in_flight)?,
        })
    }

    /// The ARN of the queue to which the service moves what fails here.
    pub async fn dead_letter_target(&self) -> Result<Option<String>, QueueError> {
        let [policy] = self.attributes([QueueAttributeName::RedrivePolicy]).await?;
        Ok(policy
            .and_then(|policy| serde_json::from_str::<serde_json::Value>(&policy).ok())
            .and_then(|policy| Some(policy.get("deadLetterTargetArn")?.as_str()?.to_owned())))
    }

    async fn attributes<const N: usize>(
        &self,
        names: [QueueAttributeName; N],
    ) -> Result<[Option<String>; N], QueueError> {
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .set_attribute_names(Some(names.to_vec()))
            .send()
            .await
            .map_err(|error| self.failure("look at", error))?;
        let mut all = answer.attributes.unwrap_or_default();
        Ok(names.map(|name| all.remove(&name)))
    }

    fn failure<E, R>(&self, operation: &str, error: SdkError<E, R>) -> QueueError
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
            reason: format!("{operation} {}: {what}", self.name()),
            source: error.into_source().ok(),
        }
    }
}
