//! The queues between the functions.

use std::time::Duration;

use recado_domain::class::Lane;
use recado_domain::consent::Keyword;
use recado_domain::delivery::TimerKind;
use recado_domain::ids::{NotificationId, PhoneNumberId, RecipientToken, TenantId};
use thiserror::Error;

/// Work for outbound-sender. Carries ids only (I11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Send a notification.
    Send {
        /// The bank.
        tenant: TenantId,
        /// Which one.
        notification: NotificationId,
        /// By which queue: said here, so that the job can be put back while the store is away.
        lane: Lane,
        /// Counted from 1.
        attempt: u32,
    },
    /// Answer a customer inside the 24-hour window.
    Reply(Reply),
}

impl Job {
    /// Whose it is: keeps banks fair to each other (SQS fair queues).
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        match self {
            Self::Send { tenant, .. } => tenant,
            Self::Reply(reply) => &reply.tenant,
        }
    }

    /// Its queue.
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self {
            Self::Send { lane, .. } => *lane,
            Self::Reply(_) => Lane::Standard,
        }
    }
}

/// An answer to an inbound message that is already stored in the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The bank.
    pub tenant: TenantId,
    /// Whose conversation.
    pub recipient: RecipientToken,
    /// The inbound message's sort key in the conversation: it holds the sealed address.
    pub entry: String,
    /// The bank's number that was written to.
    pub from: PhoneNumberId,
    /// What is confirmed.
    pub keyword: Keyword,
}

/// A timer for one leg of one notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerMessage {
    /// The bank.
    pub tenant: TenantId,
    /// Which one.
    pub notification: NotificationId,
    /// The leg it may open.
    pub leg: u8,
    /// What it stands for.
    pub kind: TimerKind,
    /// When it is due; a delay longer than the queue allows is reached in hops.
    pub at: jiff::Timestamp,
}

/// Why a message is not in the queue. Nothing is known to be there.
#[derive(Debug, Error)]
#[error("queue: {reason}")]
pub struct QueueError {
    /// What went wrong, without a message's content.
    pub reason: String,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The queues a function sends to. Durable once `Ok`.
pub trait Queues: Send + Sync {
    /// Puts a job into its lane, after a delay (≤ 900 s; longer ones are cut, the sender looks at the time).
    fn enqueue(
        &self,
        job: &Job,
        after: Duration,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Arms a timer; `now` turns its time into a delay, rounded up to whole seconds and cut at 900.
    fn arm(
        &self,
        timer: &TimerMessage,
        now: jiff::Timestamp,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;
}
