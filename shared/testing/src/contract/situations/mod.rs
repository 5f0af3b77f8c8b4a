//! Every change of the protocol in the situations that permit and that refuse it.

mod claims;
mod outcomes;

use std::time::Duration;

use recado_domain::class::Class;
use recado_domain::delivery::{
    Change, Claim, Content, Fact, LegFact, Notification, OpenedBecause, Value, plus,
};
use recado_domain::ids::ClaimToken;

use super::at;

/// What a store must answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// The change took effect; the content stays or goes.
    Applied(Content),
    /// The writer's own earlier try had won: applied, and the item as it was.
    AlreadyWon,
    /// The item as it was.
    Refused,
}

/// An item with facts, a change of it, and the answer.
pub(super) struct Situation {
    pub(super) says: &'static str,
    pub(super) class: Class,
    pub(super) facts: Vec<(Fact, Value)>,
    pub(super) change: Box<dyn Fn(&Notification) -> Change + Send + Sync>,
    pub(super) expected: Expected,
}

const KEPT: Expected = Expected::Applied(Content::Keep);
const DROPPED: Expected = Expected::Applied(Content::Drop);
const REFUSED: Expected = Expected::Refused;

pub(super) fn token(holder: u8) -> ClaimToken {
    ClaimToken::from_random([holder; 16])
}

pub(super) fn claim(holder: u8, seconds: i64, attempt: u32) -> Claim {
    let until = plus(at(seconds), Duration::from_secs(20));
    Claim {
        token: token(holder),
        at: at(seconds),
        until,
        attempt,
        known_user: None,
    }
}

/// A fact of a leg that is a time.
fn timed(leg: u8, fact: LegFact, seconds: i64) -> (Fact, Value) {
    (Fact::Leg(leg, fact), at(seconds).into())
}

fn held(leg: u8, holder: u8, seconds: i64, attempt: i64) -> Vec<(Fact, Value)> {
    vec![
        (
            Fact::Leg(leg, LegFact::Token),
            token(holder).as_str().into(),
        ),
        timed(leg, LegFact::Claimed, seconds),
        timed(leg, LegFact::Until, seconds + 20),
        (Fact::Leg(leg, LegFact::Attempt), Value::Number(attempt)),
        (
            Fact::Leg(leg, LegFact::Opened),
            OpenedBecause::First.name().into(),
        ),
    ]
}

fn with(mut facts: Vec<(Fact, Value)>, more: (Fact, Value)) -> Vec<(Fact, Value)> {
    facts.push(more);
    facts
}

fn situation(
    says: &'static str,
    facts: Vec<(Fact, Value)>,
    expected: Expected,
    change: impl Fn(&Notification) -> Change + Send + Sync + 'static,
) -> Situation {
    Situation {
        says,
        class: Class::Transactional,
        facts,
        change: Box::new(change),
        expected,
    }
}

/// The same for a class whose uncertain SMS is repeated once.
fn of_security(mut situation: Situation) -> Situation {
    situation.class = Class::Security;
    situation
}

/// All of them.
pub(super) fn all() -> Vec<Situation> {
    [claims::all(), outcomes::all()]
        .into_iter()
        .flatten()
        .collect()
}
