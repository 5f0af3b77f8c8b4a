//! What wakes a function, and what it does next.

use std::time::Duration;

use jiff::Timestamp;

use super::super::change::{Change, Claim};
use super::super::outcome::PostOutcome;
use super::super::reason::{CloseReason, OpenedBecause, SuppressReason};
use crate::ids::ClaimToken;
use crate::switches::{Gates, Spending};

/// The times that a claim rests on. POST timeout < function timeout < lease < visibility timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long one POST to Meta may take.
    pub post_timeout: Duration,
    /// For how long a POST known not to have left is tried again in process.
    pub retry_window: Duration,
    /// How long a later leg's claim lasts.
    pub lease: Duration,
}

/// What a step needs besides item and event.
#[derive(Clone, Debug)]
pub struct Context {
    /// Now.
    pub now: Timestamp,
    /// A fresh random token, used if this step claims.
    pub token: ClaimToken,
    /// The times.
    pub limits: Limits,
    /// What the switches let through.
    pub gates: Gates,
}

/// Whether a leg may be sent to this recipient now (I8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Yes.
    Granted,
    /// Not by this leg: the next one opens.
    NotThisLeg(CloseReason),
    /// Not at all.
    NotAtAll(SuppressReason),
}

/// The day's cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapVerdict {
    /// Counted, or no cap applies.
    Within,
    /// The day's share is used up.
    Exceeded,
}

/// What a timer stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerKind {
    /// Opens its leg when it is due.
    Open,
    /// The critical lane's guard: opens its leg if nothing was claimed in time.
    Guard,
}

/// What woke a function, or what an effect answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// outbound-sender received a job.
    Job {
        /// Which one, counted from 1.
        attempt: u32,
        /// What the recipient permits for the first leg.
        permission: Permission,
        /// Digest of the WhatsApp user id under which the recipient is known already.
        known_user: Option<String>,
    },
    /// The number has a token free for it.
    Paced {
        /// The job's attempt.
        attempt: u32,
        /// As the job had it.
        known_user: Option<String>,
    },
    /// The number has none for this long.
    Busy {
        /// The job's attempt.
        attempt: u32,
        /// How long.
        after: Duration,
    },
    /// fallback-timer received a timer.
    Timer {
        /// The one leg it may open.
        leg: u8,
        /// What it stands for.
        kind: TimerKind,
    },
    /// The claim was won.
    Claimed {
        /// Of this leg.
        leg: u8,
        /// By this claim.
        claim: Claim,
    },
    /// The cap answered.
    Counted {
        /// The leg.
        leg: u8,
        /// The claim that waits for it.
        claim: Claim,
        /// Its answer.
        verdict: CapVerdict,
    },
    /// The recipient's consent was read for a claimed later leg.
    Permitted {
        /// The leg.
        leg: u8,
        /// Its claim.
        claim: Claim,
        /// The answer.
        permission: Permission,
    },
    /// The SMS budget answered.
    Spent {
        /// The leg that waits for it.
        leg: u8,
        /// Its attempt.
        attempt: u32,
        /// Why it opens.
        because: OpenedBecause,
        /// The answer.
        spending: Spending,
    },
    /// Something that had to be known before the message could be sent is not to be had just now.
    Stalled {
        /// The leg.
        leg: u8,
        /// Its claim.
        claim: Claim,
    },
    /// The carrier answered, or did not.
    Posted {
        /// The leg.
        leg: u8,
        /// Its claim.
        claim: Claim,
        /// The outcome.
        outcome: PostOutcome,
    },
}

/// A message to a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handoff {
    /// A timer for one leg.
    Arm {
        /// The leg.
        leg: u8,
        /// What it stands for.
        kind: TimerKind,
        /// When it fires; at once if that is past.
        at: Timestamp,
    },
    /// A job for the sender.
    Enqueue {
        /// Its attempt.
        attempt: u32,
        /// After how long.
        after: Duration,
    },
}

/// What a function does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Puts a message into a queue; must succeed before the next effect.
    HandOff(Handoff),
    /// Writes; a refusal means that it is known already.
    Record(Change),
    /// Writes; a refusal means that the item has changed: decide the first event again on it.
    Require(Change),
    /// Writes a claim; won: [`Event::Claimed`]; lost: decide the first event again.
    Claim {
        /// The leg.
        leg: u8,
        /// The claim.
        claim: Claim,
        /// Its write.
        change: Change,
    },
    /// Takes a pacing token: [`Event::Paced`] or [`Event::Busy`].
    Pace {
        /// The job's attempt.
        attempt: u32,
        /// As the job had it.
        known_user: Option<String>,
    },
    /// Counts against the day's cap: [`Event::Counted`], or [`Event::Stalled`].
    Count {
        /// The leg.
        leg: u8,
        /// The claim that waits for it.
        claim: Claim,
    },
    /// Counts one SMS against every budget over it: [`Event::Spent`].
    Spend {
        /// The leg that waits for it.
        leg: u8,
        /// Its attempt.
        attempt: u32,
        /// Why it opens.
        because: OpenedBecause,
    },
    /// Gives back what an SMS that did not leave was counted for, at this moment.
    GiveBack {
        /// When it was counted.
        at: Timestamp,
    },
    /// Reads the recipient's consent: [`Event::Permitted`], or [`Event::Stalled`].
    AskConsent {
        /// The leg.
        leg: u8,
        /// Its claim.
        claim: Claim,
    },
    /// Sends: [`Event::Posted`]. Past `not_after` it is not sent and the outcome is not sent.
    Post {
        /// The leg.
        leg: u8,
        /// Its claim.
        claim: Claim,
        /// No POST starts later.
        not_after: Timestamp,
        /// Rests this long first.
        pause: Duration,
    },
    /// Rests (≤ 1 s), reads the item again and decides the first event again.
    Nap(Duration),
}
