//! Which lines of the changes' conditions a set of cases decides.
//!
//! A line that decides nothing in a suite could be lost by an adapter, or by the protocol itself, and the
//! suite would stay green. So each suite notes its cases here and asks at its end what it left open.

use std::collections::{BTreeMap, BTreeSet};

use recado_domain::delivery::{Change, Condition, Fact, Notification};

/// Notes cases, and knows what they leave open.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// By kind of change and form of its condition: the lines, in the order of the condition.
    forms: BTreeMap<(String, Vec<String>), Vec<BTreeSet<Decides>>>,
}

/// What a line did in some case, all others being as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decides {
    /// Without it the change had been refused.
    Permits,
    /// Without it the change had been permitted.
    Refuses,
    /// Permits, at the last number or moment that it permits.
    PermitsAtTheEdge,
    /// Refuses, at the first number or moment that it refuses.
    RefusesPastTheEdge,
    /// Refuses, since there is another value.
    RefusesAnother,
    /// Refuses, since there is none.
    RefusesNone,
}

impl Coverage {
    /// Notes a change that is asked of an item. Its lines are those of [`lines`].
    pub(super) fn note(&mut self, kind: &str, change: &Change, item: &Notification) {
        let lines = lines(&change.when);
        let names = lines.iter().map(|line| name(line)).collect();
        let decided = self.forms.entry((kind.to_owned(), names)).or_default();
        decided.resize(lines.len(), BTreeSet::new());
        for (index, decided) in decided.iter_mut().enumerate() {
            decided.extend(decides(change, index, item));
        }
    }

    /// The kinds of changes that were noted.
    pub(super) fn kinds(&self) -> BTreeSet<&str> {
        self.forms.keys().map(|(kind, _)| kind.as_str()).collect()
    }

    /// What no case decided, in words.
    pub(super) fn left_open(&self) -> Vec<String> {
        let mut open = Vec::new();
        for ((kind, names), decided) in &self.forms {
            for (name, decided) in names.iter().zip(decided) {
                for needed in needed_of(name) {
                    if !decided.contains(&needed) {
                        open.push(format!(
                            "{kind} of {} lines: {name} {needed:?}",
                            names.len()
                        ));
                    }
                }
            }
        }
        open
    }
}

/// The lines of a condition: what is left when its junctions are taken away, in order.
pub(super) fn lines(condition: &Condition) -> Vec<&Condition> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(lines).collect(),
        Condition::Has(_)
        | Condition::Lacks(_)
        | Condition::Is(..)
        | Condition::AtMost(..)
        | Condition::OwnedBy(_)
        | Condition::ValidAt(_)
        | Condition::Sealed => vec![condition],
    }
}

/// What a line of a change's condition, by its place, decides of an item; nothing where the verdict is
/// the same without it.
pub(super) fn decides(change: &Change, line: usize, item: &Notification) -> Vec<Decides> {
    let with = |value| evaluate(&change.when, item, &mut 0, (line, value));
    if with(true) == with(false) {
        return Vec::new();
    }
    what(lines(&change.when)[line], item)
}

/// What the cases of a suite must show of a line.
pub(super) fn needed(line: &Condition) -> Vec<Decides> {
    needed_of(&name(line))
}

/// The condition with one line, by its place, replaced by a constant.
fn evaluate(
    condition: &Condition,
    item: &Notification,
    place: &mut usize,
    replaced: (usize, bool),
) -> bool {
    match condition {
        // Every part is visited, so that the places are counted.
        Condition::All(parts) | Condition::Any(parts) => {
            let mut each = Vec::new();
            for part in parts {
                each.push(evaluate(part, item, place, replaced));
            }
            if matches!(condition, Condition::All(_)) {
                each.into_iter().all(|holds| holds)
            } else {
                each.into_iter().any(|holds| holds)
            }
        }
        Condition::Has(_)
        | Condition::Lacks(_)
        | Condition::Is(..)
        | Condition::AtMost(..)
        | Condition::OwnedBy(_)
        | Condition::ValidAt(_)
        | Condition::Sealed => {
            let here = *place;
            *place += 1;
            if here == replaced.0 {
                replaced.1
            } else {
                condition.holds(item)
            }
        }
    }
}

fn what(line: &Condition, item: &Notification) -> Vec<Decides> {
    use Decides::{
        Permits, PermitsAtTheEdge, Refuses, RefusesAnother, RefusesNone, RefusesPastTheEdge,
    };
    let held = |fact: &Fact| item.facts.has(fact);
    let mut all = vec![if line.holds(item) { Permits } else { Refuses }];
    match line {
        Condition::Is(fact, _) if !line.holds(item) => {
            all.push(if held(fact) {
                RefusesAnother
            } else {
                RefusesNone
            });
        }
        Condition::AtMost(fact, limit) => match item.facts.number(fact) {
            None => all.push(RefusesNone),
            Some(number) if number == *limit => all.push(PermitsAtTheEdge),
            Some(number) if number == limit + 1 => all.push(RefusesPastTheEdge),
            Some(_) => {}
        },
        Condition::ValidAt(now) => {
            let left = item.valid_until.as_millisecond() - now.as_millisecond();
            match left {
                1 => all.push(PermitsAtTheEdge),
                0 => all.push(RefusesPastTheEdge),
                _ => {}
            }
        }
        Condition::Has(_)
        | Condition::Lacks(_)
        | Condition::Is(..)
        | Condition::OwnedBy(_)
        | Condition::Sealed
        | Condition::All(_)
        | Condition::Any(_) => {}
    }
    all
}

/// A line without its values: the same in every case of one form.
fn name(line: &Condition) -> String {
    let fact = |fact: &Fact| match fact {
        Fact::Response(_) => "Response".to_owned(),
        Fact::Cancelled
        | Fact::Suppressed
        | Fact::SuppressedBecause
        | Fact::Answered
        | Fact::Leg(..) => format!("{fact:?}"),
    };
    match line {
        Condition::Has(held) => format!("Has {}", fact(held)),
        Condition::Lacks(held) => format!("Lacks {}", fact(held)),
        Condition::Is(held, _) => format!("Is {}", fact(held)),
        Condition::AtMost(held, _) => format!("AtMost {}", fact(held)),
        Condition::OwnedBy(_) => "OwnedBy".to_owned(),
        Condition::ValidAt(_) => "ValidAt".to_owned(),
        Condition::Sealed => "Sealed".to_owned(),
        Condition::All(_) | Condition::Any(_) => "nothing".to_owned(),
    }
}

/// The same by the line's name.
fn needed_of(name: &str) -> Vec<Decides> {
    use Decides::{
        Permits, PermitsAtTheEdge, Refuses, RefusesAnother, RefusesNone, RefusesPastTheEdge,
    };
    match name.split(' ').next() {
        Some("Is") => vec![Permits, RefusesAnother, RefusesNone],
        Some("AtMost") => vec![PermitsAtTheEdge, RefusesPastTheEdge, RefusesNone],
        Some("ValidAt") => vec![PermitsAtTheEdge, RefusesPastTheEdge],
        Some(_) | None => vec![Permits, Refuses],
    }
}
