//! A notification's status and each leg's: pure functions of its facts and the time, never stored (I9).

use jiff::Timestamp;

use super::facts::Fact;
use super::notification::{Notification, plus};
use super::reason::OpenedBecause;

/// What a notification has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Stored and queued.
    Accepted,
    /// With the carrier.
    Submitted,
    /// On the handset.
    Delivered,
    /// Seen.
    Read,
    /// A later leg was accepted by its carrier.
    FallbackSent,
    /// Nothing was sent, by decision.
    Suppressed,
    /// Its validity ended before anything was sent.
    Expired,
    /// The bank cancelled before anything was sent.
    Cancelled,
    /// Every leg failed or was closed.
    Failed,
    /// Its validity ended and nobody said what became of it.
    Unknown,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 10] = [
        Self::Accepted,
        Self::Submitted,
        Self::Delivered,
        Self::Read,
        Self::FallbackSent,
        Self::Suppressed,
        Self::Expired,
        Self::Cancelled,
        Self::Failed,
        Self::Unknown,
    ];

    /// The word in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Submitted => "submitted",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::FallbackSent => "fallback_sent",
            Self::Suppressed => "suppressed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether nothing more is sent for it; receipts may still raise it.
    #[must_use]
    pub fn has_ended(self) -> bool {
        match self {
            Self::Accepted | Self::Submitted => false,
            Self::Delivered
            | Self::Read
            | Self::FallbackSent
            | Self::Suppressed
            | Self::Expired
            | Self::Cancelled
            | Self::Failed
            | Self::Unknown => true,
        }
    }
}

/// What a leg has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LegStatus {
    /// Not sent yet.
    Pending,
    /// With Meta.
    Submitted,
    /// Nobody knows whether it left.
    Uncertain,
    /// With the carrier, which tells nothing about the handset.
    Sent,
    /// On the handset.
    Delivered,
    /// Seen.
    Read,
    /// Refused or undeliverable.
    Failed,
    /// Closed without sending.
    Skipped,
}

impl LegStatus {
    /// The word in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Submitted => "submitted",
            Self::Uncertain => "uncertain",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl Notification {
    /// The first line of architecture §3's table that holds.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        let legs = || (0..self.legs()).map(|leg| self.leg(leg));
        let over = now >= self.valid_until;
        if self.facts.has(&Fact::Answered) || legs().any(|leg| leg.read_at().is_some()) {
            Status::Read
        } else if legs().any(|leg| leg.delivered_at().is_some()) {
            Status::Delivered
        } else if legs().skip(1).any(|leg| leg.submitted_at().is_some()) {
            Status::FallbackSent
        } else if self.suppressed_because().is_some() {
            Status::Suppressed
        } else if self.cancelled_at().is_some() && !self.any_claimed() {
            Status::Cancelled
        } else if legs().all(|leg| leg.failed_at().is_some() || leg.closed_because().is_some()) {
            if (0..self.legs()).any(|leg| self.repeated(leg)) {
                Status::Unknown
            } else {
                Status::Failed
            }
        } else if !self.any_claimed() && now >= self.sendable_until_untouched() {
            Status::Expired
        } else if over && self.any_claimed() {
            let may_have_left = |leg| {
                self.repeated(leg) || (self.touched(leg) && self.leg(leg).failed_at().is_none())
            };
            if (0..self.legs()).any(may_have_left) {
                Status::Unknown
            } else {
                Status::Failed
            }
        } else if legs().any(|leg| leg.submitted_at().is_some() || leg.uncertain_at().is_some()) {
            Status::Submitted
        } else {
            Status::Accepted
        }
    }

    /// A leg that was closed has handed the message on: from then on the whole validity counts.
    fn sendable_until_untouched(&self) -> Timestamp {
        if self.leg(0).closed_because().is_some() {
            self.valid_until
        } else {
            self.sendable_until()
        }
    }

    /// The word beside the status, where the status alone does not say why.
    #[must_use]
    pub fn reason(&self, now: Timestamp) -> Option<String> {
        match self.status(now) {
            Status::Suppressed => self
                .suppressed_because()
                .map(|reason| reason.name().to_owned()),
            Status::Failed => (0..self.legs())
                .rev()
                .map(|leg| self.leg(leg))
                .find_map(|leg| {
                    let closed = leg.closed_because().map(|reason| reason.name().to_owned());
                    closed.or_else(|| leg.failure().map(|failure| failure.title))
                }),
            Status::Accepted
            | Status::Submitted
            | Status::Delivered
            | Status::Read
            | Status::FallbackSent
            | Status::Expired
            | Status::Cancelled
            | Status::Unknown => None,
        }
    }

    /// What one leg has come to.
    #[must_use]
    pub fn leg_status(&self, leg: u8) -> LegStatus {
        let answered = leg == 0 && self.facts.has(&Fact::Answered);
        let facts = self.leg(leg);
        if facts.read_at().is_some() || answered {
            LegStatus::Read
        } else if facts.delivered_at().is_some() {
            LegStatus::Delivered
        } else if self.repeated(leg) && facts.submitted_at().is_none() {
            LegStatus::Uncertain
        } else if facts.failed_at().is_some() {
            LegStatus::Failed
        } else if facts.closed_because().is_some() {
            LegStatus::Skipped
        } else if facts.submitted_at().is_some() {
            if leg == 0 {
                LegStatus::Submitted
            } else {
                LegStatus::Sent
            }
        } else if facts.uncertain_at().is_some() {
            LegStatus::Uncertain
        } else if facts.claimed_at().is_none()
            && (self.suppressed_because().is_some() || self.cancelled_at().is_some())
        {
            LegStatus::Skipped
        } else {
            LegStatus::Pending
        }
    }

    /// Whether a leg has anything to tell; a later leg that never opened has not.
    #[must_use]
    pub fn leg_shows(&self, leg: u8) -> bool {
        let facts = self.leg(leg);
        leg == 0
            || facts.claimed_at().is_some()
            || facts.closed_because().is_some()
            || facts.submitted_at().is_some()
    }

    /// When the leg after this one opens, as long as that still lies ahead of it.
    #[must_use]
    pub fn opens_next_at(&self, leg: u8, now: Timestamp) -> Option<Timestamp> {
        let next = self.next_leg(leg)?;
        if self.status(now).has_ended() || self.cancelled_at().is_some() || self.leg_shows(next) {
            return None;
        }
        let due = self.due(next)?;
        (due < self.valid_until).then_some(due)
    }

    /// When a later leg is due, as the timer's table says; none while the leg before it is unclaimed.
    #[must_use]
    pub fn due(&self, leg: u8) -> Option<Timestamp> {
        let before = self.leg(leg.checked_sub(1)?);
        let wait = self.ladder.get(usize::from(leg))?.after;
        if let Some(at) = before.failed_at() {
            return Some(at);
        }
        if before.closed_because().is_some() {
            return Some(self.accepted_at);
        }
        before
            .submitted_at()
            .or_else(|| before.uncertain_at())
            .or_else(|| before.until())
            .map(|from| plus(from, wait))
    }

    /// Why a later leg opens now, given the leg before it.
    #[must_use]
    pub fn opening_reason(&self, leg: u8) -> OpenedBecause {
        let before = self.leg(leg.saturating_sub(1));
        match before.closed_because() {
            Some(reason) => OpenedBecause::after(reason),
            None if before.failed_at().is_some() => OpenedBecause::PreviousFailed,
            None => OpenedBecause::NotDeliveredInTime,
        }
    }
}
