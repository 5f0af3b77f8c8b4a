//! A notification: what was accepted, and its facts.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::facts::{Fact, Facts, LegFact};
use super::outcome::Failure;
use super::reason::{CloseReason, OpenedBecause, SuppressReason};
use crate::channel::Channel;
use crate::class::{Class, Lane, WhenUncertain};
use crate::hours::Zone;
use crate::ids::{ClaimToken, NotificationId, RecipientToken, TemplateName, TenantId};
use crate::locale::Locale;
use crate::seal::Sealed;
use crate::template::QuietHours;

/// One step of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// By which channel.
    pub channel: Channel,
    /// How long after the leg before it was submitted; zero for the first.
    pub after: Duration,
}

/// What becomes of a message that found no free WhatsApp in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenQueueWaitExceeded {
    /// The next leg opens.
    NextLeg,
    /// It expires: late is worse than never.
    Expire,
}

impl WhenQueueWaitExceeded {
    /// The word in the template and the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NextLeg => "next_leg",
            Self::Expire => "expire",
        }
    }

    /// Reads [`WhenQueueWaitExceeded::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::NextLeg, Self::Expire]
            .into_iter()
            .find(|policy| policy.name() == text)
    }
}

/// A notification as its one item holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// Its id, derived from tenant and idempotency key.
    pub id: NotificationId,
    /// Whose it is.
    pub tenant: TenantId,
    /// To whom, by pseudonym.
    pub recipient: RecipientToken,
    /// The number as it may be shown.
    pub to_masked: String,
    /// The template.
    pub template: TemplateName,
    /// Its version; immutable.
    pub template_version: u32,
    /// The language.
    pub locale: Locale,
    /// What it is for.
    pub class: Class,
    /// By which queue.
    pub lane: Lane,
    /// The bank's own label, ≤ 100 characters.
    pub reference: Option<String>,
    /// Keyed digest of the request's content (I2).
    pub digest: String,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// No leg is claimed from here on.
    pub valid_until: Timestamp,
    /// The channels in order.
    pub ladder: Vec<Rung>,
    /// How long it may wait for WhatsApp.
    pub max_queue_wait: Duration,
    /// And what then.
    pub when_queue_wait_exceeded: WhenQueueWaitExceeded,
    /// What quiet hours do to it.
    pub quiet_hours: QuietHours,
    /// Where its recipient probably lives, if quiet hours matter and the number tells.
    pub zone: Option<Zone>,
    /// How many messages of its purpose its recipient may have had on the day; none: any number.
    pub daily_cap: Option<u32>,
    /// The parameters as they may be shown.
    pub masked: BTreeMap<String, String>,
    /// Number and parameters, sealed; gone once the notification has ended.
    pub content: Option<Sealed>,
    /// What happened.
    pub facts: Facts,
}

/// A button's press.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// When it was stored.
    pub at: Timestamp,
    /// What it means, as the template names it.
    pub action: String,
}

impl Notification {
    /// The name under which its content is sealed: the item's key.
    #[must_use]
    pub fn associated(&self) -> String {
        format!("NTF#{}", self.id)
    }

    /// One leg's facts.
    #[must_use]
    pub fn leg(&self, leg: u8) -> Leg<'_> {
        Leg {
            facts: &self.facts,
            leg,
        }
    }

    /// How many legs the ladder has.
    #[must_use]
    pub fn legs(&self) -> u8 {
        u8::try_from(self.ladder.len()).unwrap_or(u8::MAX)
    }

    /// The leg after this one.
    #[must_use]
    pub fn next_leg(&self, leg: u8) -> Option<u8> {
        (leg + 1 < self.legs()).then_some(leg + 1)
    }

    /// Until when WhatsApp may be claimed: validity, or the queue wait of a template that expires by it.
    /// What waits for the morning waits as long as it is valid.
    #[must_use]
    pub fn sendable_until(&self) -> Timestamp {
        match self.when_queue_wait_exceeded {
            WhenQueueWaitExceeded::Expire
                if self.lane != Lane::Critical && self.quiet_hours != QuietHours::Deferred =>
            {
                self.valid_until.min(self.queue_wait_ends())
            }
            WhenQueueWaitExceeded::Expire | WhenQueueWaitExceeded::NextLeg => self.valid_until,
        }
    }

    /// When it has waited too long for WhatsApp.
    #[must_use]
    pub fn queue_wait_ends(&self) -> Timestamp {
        plus(self.accepted_at, self.max_queue_wait)
    }

    /// Whether a later leg's unknown outcome may be followed by its one repetition.
    #[must_use]
    pub fn may_repeat(&self, leg: u8) -> bool {
        self.class.when_uncertain() == WhenUncertain::RepeatOnce
            && self.leg(leg).attempt().is_none_or(|attempt| attempt < 2)
    }

    /// Whether something was delivered, read or answered.
    #[must_use]
    pub fn reached(&self) -> bool {
        self.facts.has(&Fact::Answered)
            || (0..self.legs()).any(|leg| self.leg(leg).delivered_at().is_some())
    }

    /// When we first heard that it reached the handset by WhatsApp, by a receipt or an answer.
    #[must_use]
    pub fn reached_at(&self) -> Option<Timestamp> {
        let first = self.leg(0);
        let heard = [
            first.delivered_at(),
            first.read_at(),
            self.facts.at(&Fact::Answered),
        ];
        heard.into_iter().flatten().min()
    }

    /// When the bank cancelled.
    #[must_use]
    pub fn cancelled_at(&self) -> Option<Timestamp> {
        self.facts.at(&Fact::Cancelled)
    }

    /// Why nothing was sent.
    #[must_use]
    pub fn suppressed_because(&self) -> Option<SuppressReason> {
        self.facts
            .text(&Fact::SuppressedBecause)
            .and_then(SuppressReason::parse)
    }

    /// Whether anything may have left: a leg is claimed, or was before its repetition gave its claim back.
    #[must_use]
    pub fn any_claimed(&self) -> bool {
        (0..self.legs()).any(|leg| self.touched(leg))
    }

    pub(super) fn touched(&self, leg: u8) -> bool {
        self.leg(leg).claimed_at().is_some() || self.repeated(leg)
    }

    /// Whether a later leg was tried a second time: of the first time nobody knows whether it left,
    /// whatever became of the second.
    pub(super) fn repeated(&self, leg: u8) -> bool {
        leg > 0 && self.leg(leg).attempt().is_some_and(|attempt| attempt > 1)
    }

    /// The end of a leg's claim of which nothing was told: not that it left, not that it did not, not that
    /// nobody knows.
    pub(super) fn untold(&self, leg: u8) -> Option<Timestamp> {
        let facts = self.leg(leg);
        let told = facts.is_done() || facts.uncertain_at().is_some();
        facts.until().filter(|_| !told)
    }

    /// Whether nothing was claimed or closed yet: a replay may enqueue it again (I1).
    #[must_use]
    pub fn untouched(&self) -> bool {
        !self.any_claimed()
            && (0..self.legs()).all(|leg| self.leg(leg).closed_because().is_none())
            && self.cancelled_at().is_none()
            && self.suppressed_because().is_none()
    }

    /// Delivered although a later leg had gone out, or two legs delivered: the customer has it twice.
    #[must_use]
    pub fn delivered_twice(&self) -> bool {
        let first = self.leg(0).delivered_at().is_some() || self.facts.has(&Fact::Answered);
        first && (1..self.legs()).any(|leg| self.leg(leg).submitted_at().is_some())
    }

    /// The presses in order of time.
    #[must_use]
    pub fn responses(&self) -> Vec<Response> {
        let mut all: Vec<Response> = self
            .facts
            .iter()
            .filter_map(|(fact, _)| match fact {
                Fact::Response(_) => self.facts.text(fact),
                Fact::Cancelled
                | Fact::Suppressed
                | Fact::SuppressedBecause
                | Fact::Answered
                | Fact::Leg(..) => None,
            })
            .filter_map(|text| {
                let (ms, action) = text.split_once('|')?;
                Some(Response {
                    at: Timestamp::from_millisecond(ms.parse().ok()?).ok()?,
                    action: action.to_owned(),
                })
            })
            .collect();
        all.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.action.cmp(&b.action)));
        all
    }
}

/// Adds a duration to a time; a time beyond the calendar's end stays at its end.
#[must_use]
pub fn plus(at: Timestamp, duration: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(duration)
        .ok()
        .and_then(|d| at.checked_add(d).ok())
        .unwrap_or(Timestamp::MAX)
}

/// One leg's facts, typed.
#[derive(Clone, Copy, Debug)]
pub struct Leg<'a> {
    facts: &'a Facts,
    leg: u8,
}

impl<'a> Leg<'a> {
    fn fact(&self, fact: LegFact) -> Fact {
        Fact::Leg(self.leg, fact)
    }

    /// Its holder.
    #[must_use]
    pub fn token(&self) -> Option<ClaimToken> {
        self.facts
            .text(&self.fact(LegFact::Token))
            .and_then(|text| ClaimToken::parse(text).ok())
    }

    /// When it was claimed.
    #[must_use]
    pub fn claimed_at(&self) -> Option<Timestamp> {
        self.facts.at(&self.fact(LegFact::Claimed))
    }

    /// After this moment its holder can no longer act.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.facts.at(&self.fact(LegFact::Until))
    }

    /// Which attempt holds it.
    #[must_use]
    pub fn attempt(&self) -> Option<u32> {
        self.facts
            .number(&self.fact(LegFact::Attempt))
            .and_then(|number| u32::try_from(number).ok())
    }

    /// Why it opened.
    #[must_use]
    pub fn opened_because(&self) -> Option<OpenedBecause> {
        self.facts
            .text(&self.fact(LegFact::Opened))
            .and_then(OpenedBecause::parse)
    }

    /// When its carrier accepted it.
    #[must_use]
    pub fn submitted_at(&self) -> Option<Timestamp> {
        self.facts.at(&self.fact(LegFact::Submitted))
    }

    /// The carrier's id.
    #[must_use]
    pub fn provider_id(&self) -> Option<&'a str> {
        self.facts.text(&Fact::Leg(self.leg, LegFact::ProviderId))
    }

    /// Digest of the user id under which the recipient was known when the leg was claimed.
    #[must_use]
    pub fn known_user(&self) -> Option<&'a str> {
        self.facts.text(&Fact::Leg(self.leg, LegFact::KnownUser))
    }

    /// When its outcome was found to be unknown.
    #[must_use]
    pub fn uncertain_at(&self) -> Option<Timestamp> {
        self.facts.at(&self.fact(LegFact::Uncertain))
    }

    /// When it failed.
    #[must_use]
    pub fn failed_at(&self) -> Option<Timestamp> {
        self.facts.at(&self.fact(LegFact::Failed))
    }

    /// How it failed.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        self.facts
            .text(&self.fact(LegFact::Failure))
            .and_then(Failure::decode)
    }

    /// Why it was closed.
    #[must_use]
    pub fn closed_because(&self) -> Option<CloseReason> {
        self.facts
            .text(&self.fact(LegFact::ClosedBecause))
            .and_then(CloseReason::parse)
    }

    /// When it reached the handset: `read` implies it.
    #[must_use]
    pub fn delivered_at(&self) -> Option<Timestamp> {
        self.facts
            .at(&self.fact(LegFact::Delivered))
            .or_else(|| self.read_at())
    }

    /// When it was read.
    #[must_use]
    pub fn read_at(&self) -> Option<Timestamp> {
        self.facts.at(&self.fact(LegFact::Read))
    }

    /// Whether it is over: submitted, failed or closed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.submitted_at().is_some()
            || self.failed_at().is_some()
            || self.closed_because().is_some()
    }
}
