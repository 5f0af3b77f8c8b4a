//! The situations worth reaching: an exploration that never met them proves nothing about them.

use std::collections::BTreeMap;

use recado_domain::delivery::Status;

macro_rules! situations {
    ($($(#[$doc:meta])* $name:ident = $words:literal,)+) => {
        /// A situation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Situation { $($(#[$doc])* $name,)+ }

        impl Situation {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// What it is, in words.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

situations! {
    /// The one WhatsApp message left.
    WhatsappLeft = "the WhatsApp message left",
    /// An SMS left.
    SmsLeft = "an SMS left",
    /// The leg after the SMS left.
    ThirdLegLeft = "a message left by the third leg",
    /// Nobody knows whether the WhatsApp message left.
    WhatsappUncertain = "WhatsApp's outcome was recorded as unknown",
    /// Nobody knows whether the SMS left.
    SmsUncertain = "an SMS's outcome was recorded as unknown",
    /// A second SMS after the first one's answer was lost.
    SmsRepeated = "an SMS was repeated, and the customer has it twice",
    /// A claim that found its own earlier try.
    MetOwnToken = "a claim's retry met its own token",
    /// A claim that another one had beaten.
    LostClaim = "a claim was lost to another function",
    /// A claim given back.
    Released = "a claim was given back and WhatsApp claimed again",
    /// A function died between claim and POST.
    DiedHolding = "a function died with a claim and nothing sent",
    /// A function's timeout ended it.
    TimedOut = "a function's timeout ended it",
    /// The guard closed WhatsApp.
    GuardClosed = "the guard closed WhatsApp",
    /// The wait for WhatsApp was over.
    QueueWaitClosed = "the wait for WhatsApp was over and the next leg opened",
    /// No POST started so late.
    TooLateToPost = "a POST was not started because it was too late",
    /// Delivered after the SMS had left.
    DeliveredTwice = "WhatsApp delivered after the SMS had left",
    /// Read and never delivered.
    ReadAlone = "read without delivered",
    /// Failed, then delivered.
    FailedThenDelivered = "failed, then delivered all the same",
    /// A failure of an attempt that is no longer the current one.
    OldAttemptFailed = "Meta told a failure of an older attempt",
    /// The webhook died between fact and timer.
    WebhookDied = "webhook-receiver died between storing a failure and arming",
    /// Two functions on one notification.
    TwoAtWork = "two functions at work on one notification",
    /// Another function acknowledged the message that one is at work on.
    AcknowledgedByTwin = "a message was acknowledged by one of the two that had it",
    /// The cap was used up.
    OverCap = "suppressed by the day's cap",
    /// The SMS budget was used up.
    OverBudget = "the SMS budget was used up",
    /// A revoke before WhatsApp.
    SuppressedByRevoke = "suppressed because of a revoke",
    /// A revoke before the SMS.
    LegClosedByRevoke = "a later leg closed because of a revoke",
    /// Quiet hours were over when it left.
    LeftInTheMorning = "a message left when quiet hours were over",
    /// A later leg that would have left in quiet hours.
    LegClosedByNight = "a later leg closed because of quiet hours",
    /// Quiet hours ended it.
    SuppressedByNight = "suppressed because of quiet hours",
    /// WhatsApp gone around for want of consent.
    WentAround = "WhatsApp closed for want of consent",
    /// A cancel with a claim out.
    CancelledWhileClaimed = "cancelled while a function held a claim",
    /// A cancel that came too late.
    CancelRefused = "a cancel was refused",
    /// The request died before its job was queued, and was repeated.
    RequestRepeated = "a request died half way and was repeated",
    /// A nap.
    Napped = "a timer slept its last second",
    /// Expired.
    Expired = "expired with nothing sent",
}

/// How often each situation was met.
#[derive(Clone, Debug)]
pub struct Seen {
    situations: Vec<u64>,
    ends: BTreeMap<Status, u64>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            situations: vec![0; Situation::ALL.len()],
            ends: BTreeMap::new(),
        }
    }
}

impl Seen {
    pub(crate) fn note(&mut self, situation: Situation) {
        self.situations[situation as usize] += 1;
    }

    pub(crate) fn note_end(&mut self, status: Status) {
        *self.ends.entry(status).or_default() += 1;
    }

    /// How often a step led into it.
    #[must_use]
    pub fn times(&self, situation: Situation) -> u64 {
        self.situations[situation as usize]
    }

    /// How often a step led to where nobody does anything more, and time ends the notification so.
    #[must_use]
    pub fn ended(&self, status: Status) -> u64 {
        self.ends.get(&status).copied().unwrap_or_default()
    }
}
