//! What can never stand in one item together, if every writer kept to the protocol.
//!
//! The store's conditions forbid it; this asks again, independently of them. What is found here is a fault
//! of the product or of whoever wrote to the table by hand.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use recado_domain::class::WhenUncertain;
use recado_domain::delivery::{
    CloseReason, Fact, LegFact, Notification, OpenedBecause, SuppressReason, Value, plus,
};
use recado_domain::ids::ClaimToken;

/// A claim carries the time at which it was decided on, a receipt the time at which it came; the writes
/// may be repeated for as long as their functions live. Only a later claim than this contradicts.
const OLDEST_WRITE: SignedDuration = SignedDuration::from_secs(60);

/// The facts that a claim puts down together, beside its attempt.
const CLAIM: [LegFact; 3] = [LegFact::Token, LegFact::Claimed, LegFact::Until];

/// Two facts, or a fact and the lack of another, that cannot both be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// A fact holds what it never holds.
    Unreadable {
        /// Its attribute.
        attribute: String,
    },
    /// A fact of a leg that the ladder does not have.
    NoSuchLeg {
        /// The leg.
        leg: u8,
    },
    /// A leg has some facts of a claim and lacks others.
    HalfAClaim {
        /// The leg.
        leg: u8,
    },
    /// A leg is closed or failed without a reason, or has a reason without being so.
    HalfAnEnd {
        /// The leg.
        leg: u8,
    },
    /// It is suppressed without a reason, or has a reason without being so.
    HalfASuppression,
    /// A leg is claimed and closed (I3).
    ClaimedAndClosed {
        /// The leg.
        leg: u8,
    },
    /// A leg is claimed although nothing was to be sent (I8).
    ClaimedAndSuppressed {
        /// The leg.
        leg: u8,
    },
    /// It is both suppressed and cancelled.
    SuppressedAndCancelled,
    /// A later leg opened before the leg before it was closed, failed or overdue (I5, I7).
    OpenedTooEarly {
        /// The leg.
        leg: u8,
    },
    /// A leg was claimed when the validity was over.
    ClaimedTooLate {
        /// The leg.
        leg: u8,
    },
    /// A leg was claimed although the notification was delivered, read or answered (I6).
    ClaimedAfterDelivery {
        /// The leg.
        leg: u8,
    },
    /// A leg was claimed although the bank had cancelled.
    ClaimedAfterCancel {
        /// The leg.
        leg: u8,
    },
    /// A later leg was claimed more often than its class permits (I5).
    ClaimedTooOften {
        /// The leg.
        leg: u8,
    },
    /// A leg has come to something without having been claimed (I3).
    NeverClaimed {
        /// The leg.
        leg: u8,
        /// To what.
        what: Outcome,
    },
}

/// What a leg comes to once it was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its carrier accepted it.
    Submitted,
    /// Its outcome is unknown.
    Uncertain,
    /// It failed.
    Failed,
    /// It reached the handset.
    Delivered,
    /// It was read.
    Read,
    /// The customer pressed its button.
    Answered,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Uncertain => "uncertain",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Answered => "answered",
        }
    }
}

impl Contradiction {
    /// One word for it, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "fact_unreadable",
            Self::NoSuchLeg { .. } => "no_such_leg",
            Self::HalfAClaim { .. } => "half_a_claim",
            Self::HalfAnEnd { .. } => "half_an_end",
            Self::HalfASuppression => "half_a_suppression",
            Self::ClaimedAndClosed { .. } => "claimed_and_closed",
            Self::ClaimedAndSuppressed { .. } => "claimed_and_suppressed",
            Self::SuppressedAndCancelled => "suppressed_and_cancelled",
            Self::OpenedTooEarly { .. } => "opened_too_early",
            Self::ClaimedTooLate { .. } => "claimed_too_late",
            Self::ClaimedAfterDelivery { .. } => "claimed_after_delivery",
            Self::ClaimedAfterCancel { .. } => "claimed_after_cancel",
            Self::ClaimedTooOften { .. } => "claimed_too_often",
            Self::NeverClaimed { .. } => "never_claimed",
        }
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { attribute } => {
                write!(f, "the fact {attribute} holds what it never holds")
            }
            Self::NoSuchLeg { leg } => write!(f, "facts of leg {leg}, which its ladder lacks"),
            Self::HalfAClaim { leg } => write!(f, "leg {leg} has only a part of a claim"),
            Self::HalfAnEnd { leg } => {
                write!(
                    f,
                    "leg {leg} has an end without a reason, or a reason alone"
                )
            }
            Self::HalfASuppression => {
                f.write_str("suppressed without a reason, or a reason for it alone")
            }
            Self::ClaimedAndClosed { leg } => write!(f, "leg {leg} is both claimed and closed"),
            Self::ClaimedAndSuppressed { leg } => {
                write!(f, "leg {leg} is claimed although nothing was to be sent")
            }
            Self::SuppressedAndCancelled => f.write_str("both suppressed and cancelled"),
            Self::OpenedTooEarly { leg } => write!(
                f,
                "leg {leg} opened before the leg before it was closed, failed or overdue"
            ),
            Self::ClaimedTooLate { leg } => {
                write!(f, "leg {leg} was claimed after the validity's end")
            }
            Self::ClaimedAfterDelivery { leg } => {
                write!(f, "leg {leg} was claimed after a delivery")
            }
            Self::ClaimedAfterCancel { leg } => {
                write!(f, "leg {leg} was claimed after the bank cancelled")
            }
            Self::ClaimedTooOften { leg } => {
                write!(f, "leg {leg} was claimed more often than its class permits")
            }
            Self::NeverClaimed { leg, what } => {
                write!(f, "leg {leg} is {} but was never claimed", what.name())
            }
        }
    }
}

/// Every contradiction of one item; none for whatever the protocol wrote, at any moment.
#[must_use]
pub fn contradictions(item: &Notification) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for (fact, value) in item.facts.iter() {
        if !reads(item, fact, value) {
            found.push(Contradiction::Unreadable {
                attribute: attribute(fact),
            });
        }
    }
    let beyond = |fact: &Fact| match fact {
        Fact::Leg(leg, _) => (*leg >= item.legs()).then_some(*leg),
        Fact::Cancelled
        | Fact::Suppressed
        | Fact::SuppressedBecause
        | Fact::Answered
        | Fact::Response(_) => None,
    };
    let mut strangers: Vec<u8> = item
        .facts
        .iter()
        .filter_map(|(fact, _)| beyond(fact))
        .collect();
    strangers.dedup();
    found.extend(
        strangers
            .into_iter()
            .map(|leg| Contradiction::NoSuchLeg { leg }),
    );
    let suppressed = item.facts.has(&Fact::Suppressed);
    if suppressed != item.facts.has(&Fact::SuppressedBecause) {
        found.push(Contradiction::HalfASuppression);
    }
    if suppressed && item.facts.has(&Fact::Cancelled) {
        found.push(Contradiction::SuppressedAndCancelled);
    }
    for leg in 0..item.legs() {
        claim(item, leg, &mut found);
        outcome(item, leg, &mut found);
    }
    found
}

/// The claim of a leg beside what forbids one.
fn claim(item: &Notification, leg: u8, found: &mut Vec<Contradiction>) {
    let has = |fact| item.facts.has(&Fact::Leg(leg, fact));
    let claimed = CLAIM.into_iter().any(has);
    // A later leg's claim that is given back leaves its attempt, so that its one repetition stays one.
    let attempt_fits = has(LegFact::Attempt) == claimed || (leg > 0 && !claimed);
    if (claimed && !CLAIM.into_iter().all(has)) || !attempt_fits {
        found.push(Contradiction::HalfAClaim { leg });
    }
    if claimed && has(LegFact::Closed) {
        found.push(Contradiction::ClaimedAndClosed { leg });
    }
    if claimed && item.facts.has(&Fact::Suppressed) {
        found.push(Contradiction::ClaimedAndSuppressed { leg });
    }
    if leg > 0 && (claimed || has(LegFact::Closed)) && !was_due(item, leg) {
        found.push(Contradiction::OpenedTooEarly { leg });
    }
    let most = match item.class.when_uncertain() {
        WhenUncertain::RepeatOnce => 2,
        WhenUncertain::LeaveAndReport => 1,
    };
    if leg > 0
        && item
            .leg(leg)
            .attempt()
            .is_some_and(|attempt| attempt > most)
    {
        found.push(Contradiction::ClaimedTooOften { leg });
    }
    let Some(at) = item.leg(leg).claimed_at() else {
        return;
    };
    if at >= item.valid_until {
        found.push(Contradiction::ClaimedTooLate { leg });
    }
    let long_before =
        |end: Option<Timestamp>| end.is_some_and(|end| at.duration_since(end) > OLDEST_WRITE);
    let reached = (0..item.legs())
        .map(|other| item.leg(other).delivered_at())
        .chain([item.facts.at(&Fact::Answered)]);
    if reached.into_iter().any(long_before) {
        found.push(Contradiction::ClaimedAfterDelivery { leg });
    }
    if long_before(item.cancelled_at()) {
        found.push(Contradiction::ClaimedAfterCancel { leg });
    }
}

/// Whether the leg before was closed, failed or overdue when this one opened. The claim's own time is what
/// the store compared, so this is exact; of a leg that was closed, only that the one before had begun.
fn was_due(item: &Notification, leg: u8) -> bool {
    let before = |fact| Fact::Leg(leg - 1, fact);
    if item.facts.has(&before(LegFact::Closed)) || item.facts.has(&before(LegFact::Failed)) {
        return true;
    }
    let began = [LegFact::Submitted, LegFact::Uncertain, LegFact::Until]
        .into_iter()
        .filter_map(|fact| item.facts.at(&before(fact)));
    let wait = item.ladder[usize::from(leg)].after;
    match item.leg(leg).claimed_at() {
        Some(at) => began.into_iter().any(|from| plus(from, wait) <= at),
        None => began.count() > 0,
    }
}

/// What a leg has come to beside its claim.
fn outcome(item: &Notification, leg: u8, found: &mut Vec<Contradiction>) {
    let has = |fact| item.facts.has(&Fact::Leg(leg, fact));
    let halves = [
        (LegFact::Closed, LegFact::ClosedBecause),
        (LegFact::Failed, LegFact::Failure),
    ];
    if halves
        .into_iter()
        .any(|(end, reason)| has(end) != has(reason))
    {
        found.push(Contradiction::HalfAnEnd { leg });
    }
    if CLAIM.into_iter().any(has) {
        return;
    }
    let outcomes = [
        (Outcome::Submitted, has(LegFact::Submitted)),
        (Outcome::Uncertain, has(LegFact::Uncertain)),
        (Outcome::Failed, has(LegFact::Failed)),
        (Outcome::Delivered, has(LegFact::Delivered)),
        (Outcome::Read, has(LegFact::Read)),
        (
            Outcome::Answered,
            leg == 0 && item.facts.has(&Fact::Answered),
        ),
    ];
    found.extend(
        outcomes
            .into_iter()
            .filter(|(_, there)| *there)
            .map(|(what, _)| Contradiction::NeverClaimed { leg, what }),
    );
}

/// The fact's name without what follows it: a press stands under the digest of an inbound message.
fn attribute(fact: &Fact) -> String {
    match fact {
        Fact::Response(_) => "r_".to_owned(),
        Fact::Cancelled
        | Fact::Suppressed
        | Fact::SuppressedBecause
        | Fact::Answered
        | Fact::Leg(..) => fact.attribute(),
    }
}

/// Whether a fact holds what it should: a time, a small number, a word from its list.
fn reads(item: &Notification, fact: &Fact, value: &Value) -> bool {
    let time = || item.facts.at(fact).is_some();
    let text = || match value {
        Value::Text(text) => Some(text.as_str()),
        Value::Number(_) => None,
    };
    match fact {
        Fact::Cancelled | Fact::Suppressed | Fact::Answered => time(),
        Fact::SuppressedBecause => text().and_then(SuppressReason::parse).is_some(),
        Fact::Response(_) => text().is_some_and(|text| {
            let parts = text.split_once('|');
            parts.is_some_and(|(at, _)| {
                at.parse()
                    .is_ok_and(|at| Timestamp::from_millisecond(at).is_ok())
            })
        }),
        Fact::Leg(leg, of_leg) => match of_leg {
            LegFact::Claimed
            | LegFact::Until
            | LegFact::Submitted
            | LegFact::Uncertain
            | LegFact::Failed
            | LegFact::Closed
            | LegFact::Delivered
            | LegFact::Read => time(),
            LegFact::Token => text().is_some_and(|text| ClaimToken::parse(text).is_ok()),
            LegFact::Attempt => item.leg(*leg).attempt().is_some_and(|attempt| attempt > 0),
            LegFact::Opened => text().and_then(OpenedBecause::parse).is_some(),
            LegFact::Failure => item.leg(*leg).failure().is_some(),
            LegFact::ClosedBecause => text().and_then(CloseReason::parse).is_some(),
            LegFact::ProviderId | LegFact::KnownUser => text().is_some(),
        },
    }
}

#[cfg(test)]
mod tests;
