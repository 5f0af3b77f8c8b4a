//! What can happen in a run.

use recado_domain::channel::Channel;
use recado_domain::class::{Class, Lane};
use recado_domain::consent::{Action, Consents, Keyword, Source};
use recado_domain::delivery::{Fact, Value};
use recado_domain::ids::{NotificationId, RecipientToken, TenantId};
use recado_domain::switches::Turn;

use crate::weather::Fault;

/// Something that acts: an invocation, or one record of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Actor(pub u64);

impl Actor {
    /// Nobody of the product's: customers, banks, the weather.
    pub const WORLD: Self = Self(0);
}

/// A function of the product's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// notification-api.
    Api,
    /// outbound-sender.
    Sender,
    /// fallback-timer.
    Timer,
    /// webhook-receiver.
    Receiver,
}

/// How an invocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Done,
    /// It died at an await.
    Crashed,
    /// Its time was over.
    TimedOut,
}

/// A queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A lane of outbound-sender.
    Lane(Lane),
    /// The timers.
    Fallback,
}

impl Place {
    /// Every queue.
    pub const ALL: [Self; 4] = [
        Self::Lane(Lane::Critical),
        Self::Lane(Lane::Standard),
        Self::Lane(Lane::Bulk),
        Self::Fallback,
    ];
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// A job for a notification.
    Job(NotificationId),
    /// A timer for a leg of one.
    Timer(NotificationId, u8),
    /// An answer to a customer.
    Reply(RecipientToken),
    /// Nothing that anybody wrote.
    Poison,
}

impl About {
    /// The notification, where it is about one.
    #[must_use]
    pub fn notification(&self) -> Option<&NotificationId> {
        match self {
            Self::Job(id) | Self::Timer(id, _) => Some(id),
            Self::Reply(_) | Self::Poison => None,
        }
    }
}

/// What Meta says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is on the phone.
    Delivered,
    /// It was read.
    Read,
    /// It failed.
    Failed,
    /// Its time to live was over before the phone came back.
    Expired,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The weather changed, or the story went on.
    Chapter(String),
    /// A fault.
    Struck {
        /// Which.
        fault: Fault,
        /// To whom.
        by: Actor,
    },
    /// The API answered a request to send, whether or not the bank got to hear of it.
    Answered {
        /// The bank's key, by number.
        key: usize,
        /// Which content came with it.
        variant: u8,
        /// HTTP status.
        status: u16,
        /// The problem's or the notification's id.
        word: String,
        /// The whole body.
        body: String,
        /// Whether the answer says that it is a repetition.
        replayed: bool,
        /// By which invocation.
        by: Actor,
    },
    /// A bank gave up before it was told `202`.
    GaveUp {
        /// The bank's key, by number.
        key: usize,
    },
    /// The API answered another request.
    Shown {
        /// Which.
        what: &'static str,
        /// Of which notification.
        id: NotificationId,
        /// HTTP status.
        status: u16,
        /// The notification's status in it, or the problem's name.
        word: String,
    },
    /// An invocation began.
    Began {
        /// Of which function.
        function: Function,
        /// As whom.
        actor: Actor,
        /// With which records and messages.
        records: Vec<(Actor, u64)>,
    },
    /// An invocation ended.
    Ended {
        /// Whose.
        actor: Actor,
        /// How.
        how: End,
    },
    /// A handler panicked.
    Panicked(String),
    /// A notification was stored.
    Created {
        /// Which.
        id: NotificationId,
        /// By whom.
        by: Actor,
    },
    /// An item's facts changed.
    Wrote {
        /// Whose.
        id: NotificationId,
        /// By whom.
        by: Actor,
        /// Each fact as it was and as it is.
        facts: Vec<(Fact, Option<Value>, Option<Value>)>,
        /// Whether sealed content is there afterwards.
        sealed: bool,
    },
    /// Somebody read what a recipient permits.
    Asked {
        /// Who.
        by: Actor,
        /// The bank.
        tenant: TenantId,
        /// Whose.
        recipient: RecipientToken,
        /// The answer.
        consents: Box<Consents>,
    },
    /// A consent event was stored.
    Consented {
        /// By whom.
        by: Actor,
        /// The bank.
        tenant: TenantId,
        /// Whose.
        recipient: RecipientToken,
        /// On which channel.
        channel: Channel,
        /// For what.
        purposes: Vec<Class>,
        /// What it does.
        action: Action,
        /// When it was captured.
        since: i64,
        /// Where.
        source: Source,
    },
    /// A message lies in a queue.
    Sent {
        /// Its number.
        message: u64,
        /// Where.
        place: Place,
        /// About what.
        about: About,
        /// A second copy of another.
        copy: bool,
        /// From when on it can be received.
        due: i64,
        /// By whom.
        by: Actor,
    },
    /// A message was acknowledged.
    Acknowledged {
        /// Its number.
        message: u64,
    },
    /// A message went to the dead-letter queue.
    Died {
        /// Its number.
        message: u64,
    },
    /// An operator put a dead letter back into its queue.
    Redriven {
        /// Its number.
        message: u64,
    },
    /// Something that must not be there was in a queue or a log line.
    Leaked {
        /// Where.
        place: String,
        /// What.
        what: String,
    },
    /// A POST to Meta begins.
    Posting {
        /// Of which notification.
        id: NotificationId,
        /// Which attempt.
        attempt: u32,
        /// By whom.
        by: Actor,
    },
    /// A POST ended, for who made it.
    Posted {
        /// Of which notification.
        id: NotificationId,
        /// By whom.
        by: Actor,
        /// The outcome's name.
        outcome: &'static str,
        /// Meta's code.
        code: Option<u32>,
    },
    /// Meta accepted a message.
    Accepted {
        /// Of which notification.
        id: NotificationId,
        /// To whom.
        phone: String,
    },
    /// Meta refused a message.
    Refused {
        /// Of which notification.
        id: NotificationId,
        /// Meta's code.
        code: Option<u32>,
        /// HTTP status.
        status: u16,
    },
    /// Meta says something of a message.
    Told {
        /// Of which notification.
        id: NotificationId,
        /// What.
        what: Told,
    },
    /// A free-form confirmation left for a customer.
    Confirmed {
        /// The bank.
        tenant: TenantId,
        /// To whom.
        phone: String,
        /// The outcome's name.
        outcome: &'static str,
    },
    /// A publish begins.
    Publishing {
        /// Of which notification; none if nobody can tell.
        id: Option<NotificationId>,
        /// By whom.
        by: Actor,
    },
    /// The carrier took a text.
    Taken {
        /// Of which notification; none if nobody can tell.
        id: Option<NotificationId>,
        /// To whom.
        phone: String,
    },
    /// A publish ended, for who made it.
    Published {
        /// Of which notification.
        id: Option<NotificationId>,
        /// By whom.
        by: Actor,
        /// The outcome's name.
        outcome: &'static str,
    },
    /// The customer did something.
    Customer {
        /// Whose phone.
        phone: String,
        /// What.
        what: String,
    },
    /// An operator turned a switch.
    Turned(Turn),
    /// A person was erased at a bank.
    Erased {
        /// The bank.
        tenant: TenantId,
        /// Who.
        recipient: RecipientToken,
    },
    /// Meta tells what a person wants of marketing.
    Preferred {
        /// The bank.
        tenant: TenantId,
        /// Meta's word.
        word: &'static str,
    },
    /// The customer told a bank something about its messages, in words or by a button.
    Word {
        /// The bank.
        tenant: TenantId,
        /// What.
        keyword: Keyword,
    },
    /// A webhook was answered.
    Webhook {
        /// Which POST of Meta's.
        post: u64,
        /// The answer that Meta got.
        status: Option<u16>,
        /// By whom it was handled.
        by: Actor,
    },
    /// Somebody else's webhook was answered.
    Forged {
        /// How.
        status: u16,
    },
    /// A webhook that Meta gave up or never made.
    WebhookLost,
}

impl Event {
    /// The notification that it is about.
    #[must_use]
    pub fn notification(&self) -> Option<&NotificationId> {
        match self {
            Self::Shown { id, .. }
            | Self::Created { id, .. }
            | Self::Wrote { id, .. }
            | Self::Posting { id, .. }
            | Self::Posted { id, .. }
            | Self::Accepted { id, .. }
            | Self::Refused { id, .. }
            | Self::Told { id, .. } => Some(id),
            Self::Publishing { id, .. } | Self::Taken { id, .. } | Self::Published { id, .. } => {
                id.as_ref()
            }
            Self::Sent { about, .. } => about.notification(),
            Self::Chapter(_)
            | Self::Struck { .. }
            | Self::Answered { .. }
            | Self::GaveUp { .. }
            | Self::Began { .. }
            | Self::Ended { .. }
            | Self::Panicked(_)
            | Self::Asked { .. }
            | Self::Consented { .. }
            | Self::Acknowledged { .. }
            | Self::Died { .. }
            | Self::Redriven { .. }
            | Self::Leaked { .. }
            | Self::Confirmed { .. }
            | Self::Customer { .. }
            | Self::Word { .. }
            | Self::Turned(_)
            | Self::Erased { .. }
            | Self::Preferred { .. }
            | Self::Webhook { .. }
            | Self::Forged { .. }
            | Self::WebhookLost => None,
        }
    }
}
