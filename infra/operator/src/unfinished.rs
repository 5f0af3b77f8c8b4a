//! What a notification owes although its time is over.

use std::fmt;

use jiff::Timestamp;
use recado_domain::delivery::{Fact, LegFact, Notification, Status, plus};

/// How long after the end of validity the write that ends a notification may take: the longest delay of a
/// queue (900 s), for which a message may wait.
pub const GRACE: std::time::Duration = std::time::Duration::from_secs(900);

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// The validity is over and nobody wrote the end: by its facts it is still `accepted` or `submitted`,
    /// and its content is still sealed. Its last job or timer is a dead letter, or lost.
    NeverEnded {
        /// What its facts say, whatever the time.
        by_facts: Status,
    },
    /// It has ended and its content is still sealed (I11).
    ContentKept,
    /// The validity is over, and of this leg's claim nobody wrote what became of it.
    NoOutcome {
        /// The leg.
        leg: u8,
    },
}

impl Unfinished {
    /// One word for it, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NeverEnded { .. } => "never_ended",
            Self::ContentKept => "content_kept",
            Self::NoOutcome { .. } => "no_outcome",
        }
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverEnded { by_facts } => write!(
                f,
                "validity over, still {} by its facts, content still sealed",
                by_facts.name()
            ),
            Self::ContentKept => f.write_str("ended, content still sealed"),
            Self::NoOutcome { leg } => {
                write!(
                    f,
                    "validity over, leg {leg} claimed and nobody knows its outcome"
                )
            }
        }
    }
}

/// What the notification owes at a moment. `grace`: how long after its validity it may still owe it.
#[must_use]
pub fn unfinished(
    item: &Notification,
    now: Timestamp,
    grace: std::time::Duration,
) -> Vec<Unfinished> {
    let over = now >= plus(item.valid_until, grace);
    // Before all times no validity is over: what is left are the facts.
    let by_facts = item.status(Timestamp::MIN);
    let mut found = Vec::new();
    if !by_facts.has_ended() {
        if over && item.content.is_some() {
            found.push(Unfinished::NeverEnded { by_facts });
        }
        if over {
            let silent = |leg: &u8| has_no_outcome(item, *leg);
            found.extend(
                (0..item.legs())
                    .filter(silent)
                    .map(|leg| Unfinished::NoOutcome { leg }),
            );
        }
    } else if item.content.is_some() && (over || !may_go_on(item, by_facts)) {
        found.push(Unfinished::ContentKept);
    }
    found
}

/// A leg was sent, and one after it may still open: the content is needed.
fn may_go_on(item: &Notification, by_facts: Status) -> bool {
    let sent = (1..item.legs()).rfind(|leg| item.leg(*leg).submitted_at().is_some());
    by_facts == Status::FallbackSent
        && sent.is_some_and(|sent| {
            (sent + 1..item.legs()).any(|leg| {
                let leg = item.leg(leg);
                leg.failed_at().is_none() && leg.closed_because().is_none()
            })
        })
}

fn has_no_outcome(item: &Notification, leg: u8) -> bool {
    let leg = item.leg(leg);
    leg.claimed_at().is_some() && leg.uncertain_at().is_none() && !leg.is_done()
}

/// What happened last to a notification, and when.
#[must_use]
pub fn last_fact(item: &Notification) -> (Timestamp, String) {
    let named = |fact: &Fact| {
        let word = match fact {
            Fact::Cancelled => "cancelled",
            Fact::Suppressed => "suppressed",
            Fact::Answered => "answered",
            Fact::SuppressedBecause | Fact::Response(_) => return None,
            Fact::Leg(leg, of_leg) => {
                let word = match of_leg {
                    LegFact::Claimed => "claimed",
                    LegFact::Submitted => "submitted",
                    LegFact::Uncertain => "uncertain",
                    LegFact::Failed => "failed",
                    LegFact::Closed => "closed",
                    LegFact::Delivered => "delivered",
                    LegFact::Read => "read",
                    LegFact::Token
                    | LegFact::Until
                    | LegFact::Attempt
                    | LegFact::Opened
                    | LegFact::ProviderId
                    | LegFact::Failure
                    | LegFact::ClosedBecause
                    | LegFact::KnownUser => return None,
                };
                return Some(format!("leg {leg} {word}"));
            }
        };
        Some(word.to_owned())
    };
    item.facts
        .iter()
        .filter_map(|(fact, _)| Some((item.facts.at(fact)?, named(fact)?)))
        .max_by_key(|(at, _)| *at)
        .unwrap_or_else(|| (item.accepted_at, "accepted".to_owned()))
}

#[cfg(test)]
mod tests;
