//! Every change of the protocol in the situations that permit and that refuse it, as the promises have
//! it. Each line of each condition is needed by one of them; `notifications` checks that.

mod claims;
mod endings;
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
    pub(super) says: String,
    /// The function that makes the change.
    pub(super) kind: &'static str,
    pub(super) class: Class,
    pub(super) facts: Vec<(Fact, Value)>,
    /// Whether the sealed content is still there.
    pub(super) content: Content,
    pub(super) change: Box<dyn Fn(&Notification) -> Change + Send + Sync>,
    pub(super) expected: Expected,
}

const KEPT: Expected = Expected::Applied(Content::Keep);
const DROPPED: Expected = Expected::Applied(Content::Drop);
const REFUSED: Expected = Expected::Refused;

/// The legs of the items here: WhatsApp, SMS, a call.
const LEGS: u8 = 3;

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
pub(super) fn timed(leg: u8, fact: LegFact, seconds: i64) -> (Fact, Value) {
    (Fact::Leg(leg, fact), at(seconds).into())
}

/// The same a millisecond later.
fn just_after(leg: u8, fact: LegFact, seconds: i64) -> (Fact, Value) {
    let millis = at(seconds).as_millisecond() + 1;
    (Fact::Leg(leg, fact), Value::Number(millis))
}

pub(super) fn held(leg: u8, holder: u8, seconds: i64, attempt: i64) -> Vec<(Fact, Value)> {
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

/// One kind of change, made in one way, for items of one class.
struct Table<C> {
    kind: &'static str,
    class: Class,
    change: C,
    rows: Vec<Situation>,
}

impl<C: Fn(&Notification) -> Change + Clone + Send + Sync + 'static> Table<C> {
    fn of(kind: &'static str, class: Class, change: C) -> Self {
        Self {
            kind,
            class,
            change,
            rows: Vec::new(),
        }
    }

    /// A situation and its answer.
    fn row(self, says: &str, facts: Vec<(Fact, Value)>, expected: Expected) -> Self {
        self.row_with(says, facts, Content::Keep, expected)
    }

    /// What is permitted with `facts` is not once the content is gone: nothing can be sent any more.
    fn forbidden_when_emptied(self, says: &str, facts: Vec<(Fact, Value)>) -> Self {
        let says = format!("{says}: not without its content");
        self.row_with(&says, facts, Content::Drop, REFUSED)
    }

    fn row_with(
        mut self,
        says: &str,
        facts: Vec<(Fact, Value)>,
        content: Content,
        expected: Expected,
    ) -> Self {
        self.rows.push(Situation {
            says: says.to_owned(),
            kind: self.kind,
            class: self.class,
            facts,
            content,
            change: Box::new(self.change.clone()),
            expected,
        });
        self
    }

    /// What is permitted with `facts` is not with any one of these more.
    fn forbidden_by(
        mut self,
        says: &str,
        facts: &[(Fact, Value)],
        more: impl IntoIterator<Item = (Fact, Value)>,
    ) -> Self {
        for one in more {
            let name = format!("{says}: not with {:?}", one.0);
            self = self.row(&name, with(facts.to_vec(), one), REFUSED);
        }
        self
    }

    fn rows(self) -> Vec<Situation> {
        self.rows
    }
}

/// These facts of these legs, at a moment without meaning.
fn each(legs: impl IntoIterator<Item = u8>, facts: &[LegFact]) -> Vec<(Fact, Value)> {
    let mut all = Vec::new();
    for leg in legs {
        for fact in facts {
            all.push(if *fact == LegFact::Token {
                (Fact::Leg(leg, *fact), token(8).as_str().into())
            } else {
                timed(leg, *fact, 7)
            });
        }
    }
    all
}

/// Facts of the notification, at a moment without meaning.
fn whole(facts: &[Fact]) -> Vec<(Fact, Value)> {
    let now = || at(7).into();
    facts.iter().map(|fact| (fact.clone(), now())).collect()
}

/// All of them.
pub(super) fn all() -> Vec<Situation> {
    [claims::all(), endings::all(), outcomes::all()]
        .into_iter()
        .flatten()
        .collect()
}
