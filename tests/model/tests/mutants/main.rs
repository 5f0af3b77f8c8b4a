//! One rule broken at a time: the explorer must notice, and show how.

mod steps;

use jiff::Timestamp;
use recado_domain::delivery::{
    self, Change, Content, Context, Effect, Event, Fact, Failure, LegFact, Notification, change,
};
use recado_domain::ids::TenantId;
use recado_model::{Bounds, Case, Protocol, Receipts, Times, Until, explore};

use steps::{Step, steps};

/// The protocol with another step.
struct Stepping(Step);

impl Protocol for Stepping {
    fn step(&self, item: &Notification, event: &Event, context: &Context) -> Vec<Effect> {
        (self.0)(item, event, context)
    }
}

/// A case, with the bounds that its first word asks for.
fn case(words: &str) -> Case {
    let (bounds, name) = words.split_once(' ').unwrap_or(("", words));
    let mut case = Case::gate()
        .into_iter()
        .find(|case| case.name == name)
        .expect("a case of that name");
    let less = Bounds {
        faults: 1,
        ..case.bounds
    };
    case.bounds = match bounds {
        "late" => Bounds { lates: 2, ..less },
        "exact" => Bounds {
            receipts: Receipts::All,
            times: Times::Exact,
            ..less
        },
        "fickle" => Bounds {
            cancels: 1,
            revokes: 1,
            ..less
        },
        _ => case.bounds,
    };
    case
}

fn check(wrong: &str, invariant: &str, words: &str, protocol: &dyn Protocol) {
    let report = explore(&case(words), protocol, Until::Broken);
    let Some(violation) = report.violations.first() else {
        panic!("nobody noticed that it {wrong}: {report}");
    };
    println!("{wrong}, after {} states:\n{report}\n", report.states);
    assert_eq!(violation.broken.invariant, invariant, "{wrong}: {report}");
    assert!(!violation.trace.is_empty(), "{wrong}: no trace");
}

#[test]
fn a_step_that_breaks_a_rule_is_found_and_shown() {
    for (wrong, invariant, words, step) in steps() {
        check(wrong, invariant, words, &Stepping(step));
    }
}

/// Stores what Meta tells over what it told before.
struct Overwriting;

impl Protocol for Overwriting {
    fn receipts(
        &self,
        tenant: &TenantId,
        told: &delivery::Receipts,
        at: Timestamp,
    ) -> Option<Change> {
        let mut change = change::receipts(tenant, told, at)?;
        change
            .set
            .push((Fact::Leg(0, LegFact::Delivered), at.into()));
        Some(change)
    }
}

/// Lets a failure take back what was delivered.
struct Downgrading;

impl Protocol for Downgrading {
    fn failed(&self, item: &Notification, attempt: u32, how: &Failure, at: Timestamp) -> Change {
        let mut change = change::failed(0, attempt, how, at, Content::Keep);
        assert_eq!(item.legs(), 2);
        change.remove.push(Fact::Leg(0, LegFact::Delivered));
        change
    }
}

/// Cancels and keeps the content.
struct Hoarding;

impl Protocol for Hoarding {
    fn cancel(&self, item: &Notification, at: Timestamp) -> Change {
        Change {
            content: Content::Keep,
            ..change::cancel(item, at)
        }
    }
}

#[test]
fn a_write_that_breaks_a_rule_is_found_and_shown() {
    check(
        "overwrites a receipt's time",
        "I10",
        "exact notice",
        &Overwriting,
    );
    check(
        "takes back what was delivered",
        "I10",
        "notice",
        &Downgrading,
    );
    check(
        "keeps content after a cancel",
        "I9",
        "fickle notice",
        &Hoarding,
    );
}
