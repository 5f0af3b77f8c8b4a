//! What a queue is made from.

use std::time::Duration;

use anyhow::ensure;

use super::{VISIBILITY_SECONDS, WAIT_SECONDS, ceil};

/// A queue as a deployment template describes it. [`QueueSettings::new`] has AWS's defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// 1–80 letters, digits, hyphens and underscores; FIFO queues are not known here.
    pub name: String,
    /// How long a message without a delay of its own waits, up to 900 s (AWS: 0).
    pub delay: Duration,
    /// How long a received message is hidden, up to 12 h (AWS: 30 s).
    pub visibility: Duration,
    /// How long an undeleted message is kept, up to 14 days (AWS: 4 days).
    pub retention: Duration,
    /// How long a receive without a wait of its own waits, up to 20 s (AWS: 0).
    pub receive_wait: Duration,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
}

/// What becomes of a message that is received and not deleted, again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// Name of the dead-letter queue.
    pub dead_letter_queue: String,
    /// After so many receives the next one moves the message instead; 1–1,000.
    pub max_receive_count: u32,
}

impl QueueSettings {
    /// A queue with AWS's defaults.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            delay: Duration::ZERO,
            visibility: Duration::from_secs(30),
            retention: Duration::from_secs(4 * 24 * 3600),
            receive_wait: Duration::ZERO,
            redrive: None,
        }
    }

    /// Refuses what AWS would not make.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let name = &self.name;
        let well_formed = (1..=80).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        ensure!(well_formed, "{name} cannot be the name of a standard queue");
        ensure!(
            self.delay.as_secs() <= 900,
            "{name}: a delay is at most 900 s"
        );
        ensure!(
            ceil(self.visibility) <= *VISIBILITY_SECONDS.end(),
            "{name}: a visibility timeout is at most 12 h"
        );
        ensure!(
            (60..=14 * 24 * 3600).contains(&self.retention.as_secs()),
            "{name}: messages are kept between 60 s and 14 days"
        );
        ensure!(
            ceil(self.receive_wait) <= *WAIT_SECONDS.end(),
            "{name}: a receive waits at most 20 s"
        );
        if let Some(redrive) = &self.redrive {
            ensure!(
                (1..=1000).contains(&redrive.max_receive_count),
                "{name}: maxReceiveCount is between 1 and 1,000"
            );
        }
        Ok(())
    }
}
