//! I3 to I7 and I10 as far as they are about what is written: facts are put down once, claims are won
//! by who may win them.

use recado_domain::delivery::{Fact, LegFact, Value};
use recado_domain::ids::NotificationId;

use super::case::Case;
use super::{Auditor, Promise};
use crate::history::{Actor, Told};

type Changed = (Fact, Option<Value>, Option<Value>);
type Broken = Vec<(Promise, String)>;

impl Auditor<'_> {
    pub(super) fn wrote(
        &mut self,
        id: &NotificationId,
        by: Actor,
        facts: &[Changed],
        sealed: bool,
    ) {
        let at = self.at;
        let mut broken = Broken::new();
        if let Some(case) = self.cases.get_mut(id) {
            for (fact, before, after) in facts {
                if case.facts.get(fact) != before.as_ref() {
                    let what = format!("{fact:?} was not {before:?}");
                    broken.push((Promise::I10, what));
                }
                if let Some(before) = before {
                    changed(case, by, at, (fact, before, after.as_ref()), &mut broken);
                } else {
                    put_down(case, by, fact, &mut broken);
                }
            }
            let token = |(fact, _, after): &Changed| match fact {
                Fact::Leg(leg, LegFact::Token) if after.is_some() => Some(*leg),
                Fact::Leg(..)
                | Fact::Cancelled
                | Fact::Suppressed
                | Fact::SuppressedBecause
                | Fact::Answered
                | Fact::Response(_) => None,
            };
            let claimed = facts.iter().find_map(token);
            if let Some(leg) = claimed {
                claim(case, leg, at, &mut broken);
            }
            for (fact, _, after) in facts {
                match after {
                    Some(value) => case.facts.insert(fact.clone(), value.clone()),
                    None => case.facts.remove(fact),
                };
                if let (Fact::Leg(leg, LegFact::Token), None) = (fact, after) {
                    case.holders.remove(leg);
                }
            }
            if let Some(leg) = claimed {
                let made = if leg == 0 {
                    case.posts.len()
                } else {
                    case.publishes.len()
                };
                case.holders.insert(leg, (by, made));
            }
            for leg in 0..case.legs() {
                if case.leg_has(leg, LegFact::Token) && case.leg_has(leg, LegFact::Closed) {
                    broken.push((Promise::I3, format!("leg {leg} is claimed and closed")));
                }
            }
            if sealed && !case.sealed {
                broken.push((Promise::I10, "sealed content came back".to_owned()));
            }
            case.sealed = sealed;
        }
        for (promise, what) in broken {
            self.broken(promise, Some(id), what);
        }
    }
}

/// A fact that was there is another now, or gone.
fn changed(
    case: &Case<'_>,
    by: Actor,
    at: i64,
    (fact, before, after): (&Fact, &Value, Option<&Value>),
    broken: &mut Broken,
) {
    let mut refuse = |promise, what: &str| {
        broken.push((promise, format!("{what}: {fact:?} {before:?} -> {after:?}")));
    };
    let (leg, kind) = match fact {
        Fact::Leg(leg, kind) => (*leg, *kind),
        Fact::Cancelled
        | Fact::Suppressed
        | Fact::SuppressedBecause
        | Fact::Answered
        | Fact::Response(_) => return refuse(Promise::I10, "overwritten"),
    };
    match kind {
        LegFact::Token | LegFact::Claimed | LegFact::Until | LegFact::Attempt | LegFact::Opened => {
        }
        LegFact::KnownUser => return,
        LegFact::Uncertain if leg > 0 => return,
        LegFact::Submitted
        | LegFact::ProviderId
        | LegFact::Uncertain
        | LegFact::Failed
        | LegFact::Failure
        | LegFact::Closed
        | LegFact::ClosedBecause
        | LegFact::Delivered
        | LegFact::Read => return refuse(Promise::I10, "overwritten"),
    }
    if kind != LegFact::Token {
        return;
    }
    let promise = if leg == 0 { Promise::I3 } else { Promise::I5 };
    let (holder, made) = case.holders.get(&leg).copied().unwrap_or((by, 0));
    if after.is_some() {
        // Succeeded: a later leg's lease that has run out, once, where the class permits it.
        let until = case.number(leg, LegFact::Until).unwrap_or(i64::MAX);
        let attempt = case.number(leg, LegFact::Attempt).unwrap_or(1);
        if leg == 0 {
            refuse(promise, "a claim of WhatsApp was taken over");
        } else if at < until {
            refuse(promise, "a lease was taken over before its end");
        } else if !case.may_repeat() || attempt >= 2 {
            refuse(promise, "a lease was taken over that may not be");
        }
        return;
    }
    if holder != by {
        refuse(promise, "a claim was given back by somebody else");
    }
    let attempts = if leg == 0 {
        &case.posts
    } else {
        &case.publishes
    };
    let left = attempts
        .iter()
        .skip(made)
        .any(|attempt| attempt.by == holder && (attempt.taken > 0 || Case::in_doubt(attempt)));
    if left {
        refuse(
            promise,
            "a claim was given back whose message may have left",
        );
    }
}

/// A fact that was not there is there: it must have happened.
fn put_down(case: &Case<'_>, by: Actor, fact: &Fact, broken: &mut Broken) {
    let Fact::Leg(leg, kind) = fact else {
        return;
    };
    let told = |what| case.told.contains(&what);
    let mine = |outcome| {
        let attempts = if *leg == 0 {
            &case.posts
        } else {
            &case.publishes
        };
        attempts
            .iter()
            .any(|attempt| attempt.by == by && attempt.outcome == Some(outcome))
    };
    let happened = match kind {
        LegFact::Submitted if *leg == 0 => !case.accepted_by_meta.is_empty(),
        LegFact::Submitted => case.taken_by_carrier > 0,
        LegFact::Delivered => told(Told::Delivered),
        LegFact::Read => told(Told::Read),
        LegFact::Failed => {
            (*leg == 0 && told(Told::Failed)) || ["rejected", "held"].into_iter().any(mine)
                // What cannot be sent at all never gets as far as a carrier.
                || !case.sealed
        }
        LegFact::Token
        | LegFact::Claimed
        | LegFact::Until
        | LegFact::Attempt
        | LegFact::Opened
        | LegFact::ProviderId
        | LegFact::Uncertain
        | LegFact::Failure
        | LegFact::Closed
        | LegFact::ClosedBecause
        | LegFact::KnownUser => true,
    };
    if !happened {
        let what = format!("{fact:?} was put down and did not happen");
        broken.push((Promise::Conservation, what));
    }
}

/// Whether a leg may be claimed now.
fn claim(case: &Case<'_>, leg: u8, at: i64, broken: &mut Broken) {
    let mut refuse = |promise, what: String| broken.push((promise, what));
    if case.reached() {
        refuse(Promise::I6, format!("leg {leg} was claimed after delivery"));
    }
    if case.decided_otherwise() {
        let what = format!("leg {leg} was claimed after a cancel or a suppression");
        refuse(Promise::I6, what);
    }
    let own = if leg == 0 { Promise::I3 } else { Promise::I5 };
    if case.leg_is_done(leg) {
        refuse(own, format!("leg {leg} was claimed although it is done"));
    }
    let later = (leg + 1..case.legs())
        .any(|later| case.leg_has(later, LegFact::Token) || case.leg_has(later, LegFact::Closed));
    if later {
        refuse(own, format!("leg {leg} was claimed after a later one"));
    }
    if leg == 0 {
        // That a timer is in the queue is asked at the POST: a claim written late sends nothing.
        return;
    }
    match case.due(leg) {
        Some(due) if due <= at => {}
        Some(due) => refuse(
            Promise::I7,
            format!("leg {leg} was claimed {} ms too early", due - at),
        ),
        None => refuse(
            Promise::I7,
            format!("leg {leg} was claimed while the one before it was open"),
        ),
    }
}
