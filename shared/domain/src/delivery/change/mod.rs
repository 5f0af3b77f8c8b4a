//! A conditional write as data: one condition, what is set, what is removed.
//!
//! The store translates it, the in-memory twin evaluates it with [`Change::permits`] and
//! [`Change::apply`]. Every change of the protocol is made here and nowhere else.

use jiff::Timestamp;

mod made;

pub use made::{
    Claim, cancel, claim_first, claim_later, close, content_after_failure, expire, expire_waiting,
    failed, receipts, release, respond, submitted, suppress, uncertain,
};

use super::facts::{Fact, LegFact, Value};
use super::notification::Notification;
use crate::ids::TenantId;

/// What must hold in the item for a change to take effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The fact is there.
    Has(Fact),
    /// The fact is not there.
    Lacks(Fact),
    /// The fact is there and equal.
    Is(Fact, Value),
    /// The fact is there and its number at most this.
    AtMost(Fact, i64),
    /// The notification is this tenant's.
    OwnedBy(TenantId),
    /// The notification's validity ends after this moment.
    ValidAt(Timestamp),
    /// The sealed content is there: without it nothing can be sent.
    Sealed,
    /// Every one of them.
    All(Vec<Condition>),
    /// At least one of them.
    Any(Vec<Condition>),
}

impl Condition {
    /// Whether the item meets the condition.
    #[must_use]
    pub fn holds(&self, item: &Notification) -> bool {
        match self {
            Self::Has(fact) => item.facts.has(fact),
            Self::Lacks(fact) => !item.facts.has(fact),
            Self::Is(fact, value) => item.facts.get(fact) == Some(value),
            Self::AtMost(fact, limit) => item
                .facts
                .number(fact)
                .is_some_and(|number| number <= *limit),
            Self::OwnedBy(tenant) => item.tenant == *tenant,
            Self::ValidAt(now) => item.valid_until > *now,
            Self::Sealed => item.content.is_some(),
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(item)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(item)),
        }
    }
}

/// What becomes of the sealed content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Still needed: a leg may yet open.
    Keep,
    /// The notification has ended: removed by the same write (I11).
    Drop,
}

/// One conditional write of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Takes effect only if this holds. That the item exists is always part of it.
    pub when: Condition,
    /// Facts put down; the condition says that they may be.
    pub set: Vec<(Fact, Value)>,
    /// Facts put down where they are missing, else left as they are.
    pub set_once: Vec<(Fact, Value)>,
    /// Facts taken back (a claim released by its holder).
    pub remove: Vec<Fact>,
    /// What becomes of the sealed content.
    pub content: Content,
}

impl Change {
    /// Whether the item permits the change.
    #[must_use]
    pub fn permits(&self, item: &Notification) -> bool {
        self.when.holds(item)
    }

    /// The item after the change. The caller has asked [`Change::permits`].
    #[must_use]
    pub fn apply(&self, mut item: Notification) -> Notification {
        for (fact, value) in &self.set {
            item.facts.insert(fact.clone(), value.clone());
        }
        for (fact, value) in &self.set_once {
            if !item.facts.has(fact) {
                item.facts.insert(fact.clone(), value.clone());
            }
        }
        for fact in &self.remove {
            item.facts.remove(fact);
        }
        if self.content == Content::Drop {
            item.content = None;
        }
        item
    }

    /// Whether the refused writer's own earlier try is what it sees: its token is in the item (I5).
    #[must_use]
    pub fn already_won(&self, item: &Notification) -> bool {
        self.set.iter().any(|(fact, value)| {
            matches!(fact, Fact::Leg(_, LegFact::Token)) && item.facts.get(fact) == Some(value)
        })
    }
}
