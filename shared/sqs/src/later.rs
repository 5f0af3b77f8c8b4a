//! A queue for what is to happen later, in words of its owner's own.

use aws_sdk_sqs::Client;
use jiff::Timestamp;
use recado_ports::QueueError;

use crate::delay::seconds_until;
use crate::sender::failure;

/// Sends bodies into one queue, each due at its time.
#[derive(Clone, Debug)]
pub struct Later {
    client: Client,
    url: String,
}

impl Later {
    /// Takes the client, which may repeat requests, and the queue's address.
    #[must_use]
    pub fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Sends a body that shows itself at `at`: in whole seconds, never before it, and after
    /// [`LONGEST_DELAY`](crate::LONGEST_DELAY) at the latest.
    pub async fn put(&self, body: String, at: Timestamp, now: Timestamp) -> Result<(), QueueError> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .delay_seconds(seconds_until(at, now))
            .send()
            .await
            .map(drop)
            .map_err(|error| failure("later", error))
    }
}
