//! The promises, each checked without asking the rule that keeps it.

use recado_domain::class::Class;
use recado_domain::delivery::{Fact, LegFact, Notification};

/// A promise that did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Broken {
    /// `I1` to `I12`, as `docs/ARCHITECTURE.md` has them.
    pub invariant: &'static str,
    /// What happened instead.
    pub what: &'static str,
}

pub(crate) const fn broken(invariant: &'static str, what: &'static str) -> Broken {
    Broken { invariant, what }
}

/// What no write may do, whoever writes.
pub(crate) fn of_change(before: &Notification, after: &Notification) -> Option<Broken> {
    if before.content.is_none() && after.content.is_some() {
        return Some(broken("I11", "sealed content came back"));
    }
    for (fact, value) in before.facts.iter() {
        let may_go = match fact {
            // A claim is given back or succeeded: whether that was right, `State` knows.
            Fact::Leg(_, fact) => matches!(
                fact,
                LegFact::Token
                    | LegFact::Claimed
                    | LegFact::Until
                    | LegFact::Attempt
                    | LegFact::Opened
                    | LegFact::KnownUser
                    | LegFact::Uncertain
            ),
            Fact::Cancelled
            | Fact::Suppressed
            | Fact::SuppressedBecause
            | Fact::Answered
            | Fact::Response(_) => false,
        };
        if !may_go && after.facts.get(fact) != Some(value) {
            return Some(broken("I10", "a fact was overwritten or taken back"));
        }
        let repeated = |leg: u8| {
            after.leg(leg).token() != before.leg(leg).token() && after.leg(leg).token().is_some()
        };
        if let Fact::Leg(leg, LegFact::Uncertain) = fact
            && after.facts.get(fact) != Some(value)
            && !repeated(*leg)
        {
            return Some(broken("I10", "an unknown outcome was taken back"));
        }
    }
    for leg in 0..after.legs() {
        let leg = after.leg(leg);
        if leg.token().is_some() && leg.closed_because().is_some() {
            return Some(broken("I3", "a leg is claimed and closed"));
        }
    }
    None
}

/// How often a later leg may be sent.
pub(crate) fn most_sends(class: Class) -> u8 {
    match class {
        Class::Authentication | Class::Security => 2,
        Class::Transactional | Class::Servicing | Class::Marketing => 1,
    }
}

/// Whether a revoke is obeyed for this leg: codes and alarms go by SMS in any case.
pub(crate) fn obeys_revoke(class: Class, leg: u8) -> bool {
    leg == 0 || most_sends(class) == 1
}
