//! Every change of the protocol with parameters by chance, and items that permit one or nearly do.

use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::StdRng;
use recado_domain::class::Class;
use recado_domain::delivery::{
    Change, Claim, CloseReason, Condition, Fact, Failure, FailureKind, LegFact, Notification,
    OpenedBecause, Receipts, SuppressReason, Value, change,
};

use super::coverage::{Decides, lines};
use super::situations::{claim, token};
use super::{at, notification, sealed, tenant};

/// A change and the function of `recado_domain::delivery::change` that made it.
pub(super) type Named = (&'static str, Change);

/// The functions that make a change.
pub(super) const KINDS: [&str; 13] = [
    "claim_first",
    "claim_later",
    "release",
    "close",
    "suppress",
    "submitted",
    "uncertain",
    "failed",
    "receipts",
    "respond",
    "cancel",
    "expire",
    "expire_waiting",
];

/// Moments in seconds, few of them, so that they meet.
const MOMENTS: [i64; 8] = [0, 5, 10, 30, 40, 70, 100, 3_599];

pub(super) fn one_of<T: Copy>(dice: &mut StdRng, all: &[T]) -> T {
    all[dice.random_range(0..all.len())]
}

fn moment(dice: &mut StdRng) -> Timestamp {
    at(one_of(dice, &MOMENTS))
}

fn a_claim(dice: &mut StdRng, attempts: u32) -> Claim {
    let seconds = one_of(dice, &MOMENTS);
    let attempt = dice.random_range(1..=attempts);
    let mut claim = claim(dice.random_range(1..=3), seconds, attempt);
    if dice.random_bool(0.5) {
        claim.known_user = Some("a user's digest".to_owned());
    }
    claim
}

/// One of each change, and of those of a leg one for every leg.
pub(super) fn every_change(item: &Notification, dice: &mut StdRng) -> Vec<Named> {
    let mut all = vec![
        ("claim_first", change::claim_first(item, &a_claim(dice, 3))),
        ("cancel", change::cancel(item, moment(dice))),
        ("expire", change::expire(item)),
        ("expire_waiting", change::expire_waiting(item)),
    ];
    for leg in 0..item.legs() {
        all.extend(changes_of_a_leg(item, leg, dice));
    }
    let why = one_of(dice, SuppressReason::ALL);
    let suppress = change::suppress(item, why, moment(dice), None);
    all.push(("suppress", suppress));
    for (delivered, read) in [(true, false), (false, true), (true, true)] {
        let said = Receipts {
            delivered,
            read,
            ..Receipts::default()
        };
        let receipts = change::receipts(&item.tenant, &said, moment(dice));
        all.extend(receipts.map(|change| ("receipts", change)));
    }
    let inbound = one_of(dice, &["first", "second"]);
    let respond = change::respond(&item.tenant, inbound, "dispute", moment(dice));
    all.push(("respond", respond));
    all
}

fn changes_of_a_leg(item: &Notification, leg: u8, dice: &mut StdRng) -> Vec<Named> {
    let holder = token(dice.random_range(1..=3));
    let why = one_of(dice, CloseReason::ALL);
    let reason = one_of(dice, SuppressReason::ALL);
    let id = dice.random_bool(0.5).then_some("id | of the carrier");
    let failure = Failure {
        kind: FailureKind::Permanent,
        code: dice.random_bool(0.5).then_some(131_026),
        title: "not on WhatsApp".to_owned(),
    };
    let after = change::content_after_failure(item, leg);
    let attempt = dice.random_range(1..=3);
    let mut all = vec![
        ("release", change::release(leg, &holder)),
        ("close", change::close(item, leg, why, moment(dice), None)),
        (
            "close",
            change::close(item, leg, why, moment(dice), Some(&holder)),
        ),
        (
            "suppress",
            change::suppress(item, reason, moment(dice), Some((leg, &holder))),
        ),
        ("submitted", change::submitted(item, leg, moment(dice), id)),
        ("uncertain", change::uncertain(item, leg, moment(dice))),
        (
            "failed",
            change::failed(leg, attempt, &failure, moment(dice), after),
        ),
    ];
    if leg > 0 {
        let because = one_of(dice, OpenedBecause::ALL);
        let claim = a_claim(dice, 2);
        all.push((
            "claim_later",
            change::claim_later(item, leg, &claim, because),
        ));
    }
    all
}

/// An item without facts.
pub(super) fn blank(case: &str, class: Class, legs: usize, dice: &mut StdRng) -> Notification {
    let mut item = notification(case, class);
    item.ladder.truncate(legs);
    if dice.random_bool(0.2) {
        item.content = None;
    } else {
        item.content = Some(sealed(dice.random()));
    }
    item
}

/// Facts by chance, two or three of them on average.
pub(super) fn strew(item: &mut Notification, dice: &mut StdRng) {
    let mut facts = vec![
        Fact::Cancelled,
        Fact::Suppressed,
        Fact::Answered,
        Fact::Response("first".to_owned()),
    ];
    for leg in 0..item.legs() {
        facts.extend(LegFact::ALL.map(|fact| Fact::Leg(leg, fact)));
    }
    let share = 2.5 / f64::from(u32::try_from(facts.len()).expect("a small number"));
    for fact in facts {
        if dice.random_bool(share) {
            let value = some_value(&fact, dice);
            item.facts.insert(fact, value);
        }
    }
}

/// Brings an item to a place where one line of a change's condition decides in one way, all other lines
/// being met by chance of their ways. Facts that lie there already may thwart it.
pub(super) fn bring_to(
    item: &mut Notification,
    change: &Change,
    line: usize,
    decides: Decides,
    dice: &mut StdRng,
) {
    meet(item, &change.when, 0, line, dice);
    place(item, lines(&change.when)[line], decides, dice);
}

/// Of several ways the one that holds `line`, else any one. `first` is the place of the first line.
fn meet(
    item: &mut Notification,
    condition: &Condition,
    first: usize,
    line: usize,
    dice: &mut StdRng,
) {
    match condition {
        Condition::All(parts) => {
            let mut first = first;
            for part in parts {
                meet(item, part, first, line, dice);
                first += lines(part).len();
            }
        }
        Condition::Any(parts) => {
            let mut next = first;
            let mut ways = Vec::new();
            for part in parts {
                let held = lines(part).len();
                ways.push((part, next..next + held));
                next += held;
            }
            let asked = ways.iter().position(|(_, held)| held.contains(&line));
            let way = asked.unwrap_or_else(|| dice.random_range(0..ways.len()));
            // The other ways are barred more often than not, so that this one decides.
            for (other, (part, _)) in ways.iter().enumerate() {
                if other != way && dice.random_bool(0.7) {
                    let barred = one_of(dice, &lines(part));
                    place(item, barred, Decides::Refuses, dice);
                }
            }
            let (part, held) = &ways[way];
            meet(item, part, held.start, line, dice);
        }
        Condition::Has(_)
        | Condition::Lacks(_)
        | Condition::Is(..)
        | Condition::AtMost(..)
        | Condition::OwnedBy(_)
        | Condition::ValidAt(_)
        | Condition::Sealed => place(item, condition, Decides::Permits, dice),
    }
}

/// Brings an item to meet a line or to break it.
fn place(item: &mut Notification, line: &Condition, decides: Decides, dice: &mut StdRng) {
    let permits = matches!(decides, Decides::Permits | Decides::PermitsAtTheEdge);
    let over = |decides, dice: &mut StdRng| match decides {
        Decides::PermitsAtTheEdge => 0,
        Decides::RefusesPastTheEdge => 1,
        Decides::Permits => one_of(dice, &[0, -1, -1_000]),
        Decides::Refuses | Decides::RefusesAnother | Decides::RefusesNone => {
            one_of(dice, &[1, 1_000])
        }
    };
    match line {
        Condition::Has(fact) | Condition::Lacks(fact) => {
            if permits == matches!(line, Condition::Has(_)) {
                let value = some_value(fact, dice);
                item.facts.insert(fact.clone(), value);
            } else {
                without(item, fact);
            }
        }
        Condition::Is(fact, _) | Condition::AtMost(fact, _) if decides == Decides::RefusesNone => {
            without(item, fact);
        }
        Condition::Is(fact, value) if permits => item.facts.insert(fact.clone(), value.clone()),
        Condition::Is(fact, value) => {
            let other = match value {
                Value::Number(number) => Value::Number(number + one_of(dice, &[-1, 1])),
                Value::Text(_) => token(9).as_str().into(),
            };
            item.facts.insert(fact.clone(), other);
        }
        Condition::AtMost(fact, limit) => {
            let number = limit + over(decides, dice);
            item.facts.insert(fact.clone(), Value::Number(number));
        }
        Condition::OwnedBy(owner) if permits => item.tenant = owner.clone(),
        Condition::OwnedBy(_) => item.tenant = tenant("banco-boreal"),
        Condition::ValidAt(now) => {
            // The last moment that permits is a millisecond before the end.
            let left = SignedDuration::from_millis(1 - over(decides, dice));
            item.valid_until = *now + left;
        }
        Condition::Sealed => {
            item.content = permits.then(|| recado_domain::seal::Sealed {
                key: "k1".to_owned(),
                bytes: vec![7; 40],
            });
        }
        Condition::All(_) | Condition::Any(_) => {}
    }
}

fn without(item: &mut Notification, fact: &Fact) {
    let mut rest = recado_domain::delivery::Facts::default();
    for (held, value) in item.facts.iter().filter(|(held, _)| *held != fact) {
        rest.insert(held.clone(), value.clone());
    }
    item.facts = rest;
}

fn some_value(fact: &Fact, dice: &mut StdRng) -> Value {
    match fact {
        Fact::Cancelled | Fact::Suppressed | Fact::Answered => moment(dice).into(),
        Fact::SuppressedBecause => one_of(dice, SuppressReason::ALL).name().into(),
        Fact::Response(_) => {
            let said = moment(dice).as_millisecond();
            Value::Text(format!("{said}|confirm"))
        }
        Fact::Leg(_, fact) => match fact {
            LegFact::Claimed
            | LegFact::Until
            | LegFact::Submitted
            | LegFact::Uncertain
            | LegFact::Failed
            | LegFact::Closed
            | LegFact::Delivered
            | LegFact::Read => moment(dice).into(),
            LegFact::Token => token(dice.random_range(1..=3)).as_str().into(),
            LegFact::Attempt => Value::Number(dice.random_range(1..=3)),
            LegFact::Opened => one_of(dice, OpenedBecause::ALL).name().into(),
            LegFact::ClosedBecause => one_of(dice, CloseReason::ALL).name().into(),
            LegFact::Failure => "permanent|131026|not on WhatsApp".into(),
            LegFact::ProviderId => "an id".into(),
            LegFact::KnownUser => "a user's digest".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_that_makes_a_change_is_among_them() {
        let source = include_str!("../../../domain/src/delivery/change/made.rs");
        let made = source.split("\npub fn ").skip(1).filter_map(|function| {
            let (head, _) = function.split_once('{')?;
            let makes = head.contains("-> Change") || head.contains("-> Option<Change>");
            makes.then(|| head.split('(').next().expect("a name"))
        });
        let mut made: Vec<&str> = made.collect();
        made.sort_unstable();
        let mut known = KINDS.to_vec();
        known.sort_unstable();
        assert_eq!(made, known);
    }
}
