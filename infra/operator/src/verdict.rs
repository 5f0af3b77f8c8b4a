//! What becomes of a dead letter. Pure: the letter and the notification in, a verdict out.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use recado_domain::delivery::{
    Context, Effect, Event, Notification, Permission, Status, TimerKind, step,
};
use recado_domain::ids::{NotificationId, TenantId};
use recado_ports::{Job, Reply, TimerMessage};
use recado_sqs::{DecodeError, decode_job, decode_timer};

/// For how long a customer may be answered freely (Meta).
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// What lies in a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Letter {
    /// Work for the sender.
    Job {
        /// The bank.
        tenant: TenantId,
        /// Which notification.
        notification: NotificationId,
        /// Its attempt.
        attempt: u32,
    },
    /// An answer to a customer's word.
    Reply(Reply),
    /// A timer.
    Timer(TimerMessage),
    /// Nothing that this version wrote.
    Unreadable(DecodeError),
}

impl Letter {
    /// Reads a body, whichever queue it died in.
    #[must_use]
    pub fn read(body: &str) -> Self {
        match (decode_job(body), decode_timer(body)) {
            (Ok(Job::Reply(reply)), _) => Self::Reply(reply),
            (
                Ok(Job::Send {
                    tenant,
                    notification,
                    attempt,
                    lane: _,
                }),
                _,
            ) => Self::Job {
                tenant,
                notification,
                attempt,
            },
            (Err(_), Ok(timer)) => Self::Timer(timer),
            (Err(error), Err(_)) => Self::Unreadable(error),
        }
    }

    /// The notification that it is about.
    #[must_use]
    pub fn notification(&self) -> Option<&NotificationId> {
        match self {
            Self::Job { notification, .. } => Some(notification),
            Self::Timer(timer) => Some(&timer.notification),
            Self::Reply(_) | Self::Unreadable(_) => None,
        }
    }

    /// The bank; keeps banks fair to each other when it is sent.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Job { tenant, .. } => Some(tenant),
            Self::Timer(timer) => Some(&timer.tenant),
            Self::Reply(reply) => Some(&reply.tenant),
            Self::Unreadable(_) => None,
        }
    }

    /// One word for it, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Job { .. } => "job",
            Self::Reply(_) => "reply",
            Self::Timer(_) => "timer",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job { attempt, .. } => write!(f, "job, attempt {attempt}"),
            Self::Reply(_) => f.write_str("reply"),
            Self::Timer(timer) => match timer.kind {
                TimerKind::Open => write!(f, "timer, leg {}", timer.leg),
                TimerKind::Guard => write!(f, "guard, leg {}", timer.leg),
            },
            Self::Unreadable(error) => write!(f, "unreadable: {error}"),
        }
    }
}

/// The notification that a letter names, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// It reads.
    Found(Box<Notification>),
    /// There is none.
    Missing,
    /// It does not read, for this reason.
    Unreadable(String),
    /// The letter names none.
    None,
}

/// Why a letter is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendBecause {
    /// The notification has not ended: what the letter finds to do, it does.
    Open,
    /// Nothing can leave any more, but the end is not written.
    RecordsTheEnd,
    /// The customer may still be answered.
    AnswersInTime,
}

/// Why a letter is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropBecause {
    /// The notification has ended, and its end is written.
    Ended(Status),
    /// The bank cancelled, and nothing is left to write.
    Cancelled,
    /// The customer can no longer be answered freely.
    WindowOver,
}

/// Why a letter stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeepBecause {
    /// No version of ours, or a later one, wrote it.
    Unreadable,
    /// Its notification is not there.
    NotificationMissing,
    /// Its notification does not read.
    NotificationUnreadable(String),
    /// It names one bank and its notification another.
    OtherBank,
}

/// What becomes of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes back to its queue.
    Send(SendBecause),
    /// It is deleted.
    Drop(DropBecause),
    /// It stays where it is.
    Keep(KeepBecause),
}

impl Verdict {
    /// One word for it, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Send(_) => "send",
            Self::Drop(_) => "drop",
            Self::Keep(_) => "keep",
        }
    }

    /// Why, in a few words.
    #[must_use]
    pub fn because(&self) -> String {
        match self {
            Self::Send(SendBecause::Open) => "not ended".to_owned(),
            Self::Send(SendBecause::RecordsTheEnd) => "its end is not written yet".to_owned(),
            Self::Send(SendBecause::AnswersInTime) => {
                "the customer may still be answered".to_owned()
            }
            Self::Drop(DropBecause::Ended(status)) => format!("ended: {}", status.name()),
            Self::Drop(DropBecause::Cancelled) => "cancelled".to_owned(),
            Self::Drop(DropBecause::WindowOver) => "the customer's 24 hours are over".to_owned(),
            Self::Keep(KeepBecause::Unreadable) => "this version does not read it".to_owned(),
            Self::Keep(KeepBecause::NotificationMissing) => "no such notification".to_owned(),
            Self::Keep(KeepBecause::NotificationUnreadable(reason)) => reason.clone(),
            Self::Keep(KeepBecause::OtherBank) => {
                "names another bank than its notification".to_owned()
            }
        }
    }
}

/// Decides. Sending one letter too many is harmless, dropping one too many is not: what has not ended is
/// sent, whatever the letter would find to do.
#[must_use]
pub fn verdict(letter: &Letter, subject: &Subject, context: &Context) -> Verdict {
    let event = match letter {
        Letter::Unreadable(_) => return Verdict::Keep(KeepBecause::Unreadable),
        Letter::Reply(reply) => return answer(reply, context.now),
        Letter::Job { attempt, .. } => Event::Job {
            attempt: *attempt,
            permission: Permission::Granted,
            known_user: None,
        },
        Letter::Timer(timer) => Event::Timer {
            leg: timer.leg,
            kind: timer.kind,
        },
    };
    let item = match subject {
        Subject::Found(item) => item,
        Subject::Missing | Subject::None => return Verdict::Keep(KeepBecause::NotificationMissing),
        Subject::Unreadable(reason) => {
            return Verdict::Keep(KeepBecause::NotificationUnreadable(reason.clone()));
        }
    };
    if letter.tenant() != Some(&item.tenant) {
        return Verdict::Keep(KeepBecause::OtherBank);
    }
    let status = item.status(context.now);
    if !status.has_ended() && item.cancelled_at().is_none() {
        return Verdict::Send(SendBecause::Open);
    }
    if would_write(item, &step(item, &event, context)) {
        return Verdict::Send(SendBecause::RecordsTheEnd);
    }
    if status.has_ended() {
        Verdict::Drop(DropBecause::Ended(status))
    } else {
        Verdict::Drop(DropBecause::Cancelled)
    }
}

/// Whether the effects would change the item, or hand it on while its content is still there.
fn would_write(item: &Notification, effects: &[Effect]) -> bool {
    effects.iter().any(|effect| {
        if let Effect::Record(change) | Effect::Require(change) = effect {
            change.permits(item) && change.apply(item.clone()) != *item
        } else {
            item.content.is_some()
        }
    })
}

/// The inbound message's time stands in front of its sort key.
fn answer(reply: &Reply, now: Timestamp) -> Verdict {
    let inbound = reply.entry.split('#').next();
    let inbound = inbound.and_then(|millis| millis.parse().ok());
    match inbound.and_then(|millis| Timestamp::from_millisecond(millis).ok()) {
        Some(at) if now.duration_since(at) < WINDOW => Verdict::Send(SendBecause::AnswersInTime),
        Some(_) => Verdict::Drop(DropBecause::WindowOver),
        None => Verdict::Keep(KeepBecause::Unreadable),
    }
}

#[cfg(test)]
mod tests;
