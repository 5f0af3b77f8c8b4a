use recado_domain::class::Class;

use super::*;
use crate::specimen::{at, claim, closed, failed, notification, suppressed, when, with, word};

type Facts = Vec<(Fact, Value)>;

fn words(class: Class, facts: &[Facts]) -> Vec<String> {
    let item = with(notification(class), facts.iter().cloned());
    contradictions(&item)
        .iter()
        .map(|wrong| match wrong {
            Contradiction::Unreadable { attribute } => format!("{} {attribute}", wrong.word()),
            Contradiction::NeverClaimed { leg, what } => {
                format!("{} {leg} {}", wrong.word(), what.name())
            }
            Contradiction::NoSuchLeg { leg }
            | Contradiction::HalfAClaim { leg }
            | Contradiction::HalfAnEnd { leg }
            | Contradiction::ClaimedAndClosed { leg }
            | Contradiction::ClaimedAndSuppressed { leg }
            | Contradiction::OpenedTooEarly { leg }
            | Contradiction::ClaimedTooLate { leg }
            | Contradiction::ClaimedAfterDelivery { leg }
            | Contradiction::ClaimedAfterCancel { leg }
            | Contradiction::ClaimedTooOften { leg } => format!("{} {leg}", wrong.word()),
            Contradiction::HalfASuppression | Contradiction::SuppressedAndCancelled => {
                wrong.word().to_owned()
            }
        })
        .collect()
}

fn check(facts: &[Facts], expected: &[&str]) {
    assert_eq!(words(Class::Transactional, facts), expected, "{facts:?}");
}

fn without(facts: Facts, fact: LegFact) -> Facts {
    let is_it = |found: &Fact| matches!(found, Fact::Leg(_, of_leg) if *of_leg == fact);
    facts
        .into_iter()
        .filter(|(found, _)| !is_it(found))
        .collect()
}

fn one(fact: Fact, seconds: i64) -> Facts {
    vec![(fact, at(seconds).into())]
}

fn attempt(leg: u8, number: i64) -> Facts {
    vec![(Fact::Leg(leg, LegFact::Attempt), Value::Number(number))]
}

#[test]
fn what_the_protocol_writes_contradicts_nothing() {
    use LegFact::{Delivered, Read, Submitted, Uncertain};
    let sent = |leg, seconds| vec![when(leg, Submitted, seconds)];
    check(&[], &[]);
    check(
        &[
            claim(0, 1),
            sent(0, 1),
            vec![when(0, Delivered, 2), when(0, Read, 3)],
        ],
        &[],
    );
    check(&[claim(0, 1), sent(0, 1), claim(1, 31), sent(1, 31)], &[]);
    // Delivered twice: a receipt that came after the claim.
    check(
        &[
            claim(0, 1),
            sent(0, 1),
            claim(1, 31),
            sent(1, 31),
            vec![when(0, Delivered, 32)],
        ],
        &[],
    );
    // Failed and delivered all the same: Meta may say both.
    check(
        &[
            claim(0, 1),
            sent(0, 1),
            failed(0, 2),
            vec![when(0, Delivered, 3)],
        ],
        &[],
    );
    check(&[claim(0, 1), failed(0, 2), claim(1, 3), failed(1, 4)], &[]);
    check(
        &[claim(0, 1), vec![when(0, Uncertain, 9)], claim(1, 39)],
        &[],
    );
    // The holder of the first leg was never heard of again.
    check(&[claim(0, 1), claim(1, 41)], &[]);
    check(&[closed(0, 5), claim(1, 5)], &[]);
    check(&[closed(0, 5), closed(1, 6)], &[]);
    check(&[suppressed(1)], &[]);
    check(&[one(Fact::Cancelled, 1)], &[]);
    // The bank cancels while a message is on its way.
    check(&[claim(0, 1), one(Fact::Cancelled, 2), sent(0, 3)], &[]);
    // A later leg's claim that was given back leaves its attempt.
    check(&[claim(0, 1), sent(0, 1), attempt(1, 1)], &[]);
    let press = (
        Fact::Response("abc".to_owned()),
        "1795269850000|dispute".into(),
    );
    check(
        &[claim(0, 1), sent(0, 1), one(Fact::Answered, 5), vec![press]],
        &[],
    );
    // A receipt's write may be repeated for a while: the claim was first.
    check(
        &[
            claim(0, 1),
            vec![when(0, Delivered, 2)],
            failed(0, 1),
            claim(1, 62),
        ],
        &[],
    );
}

#[test]
fn each_rule_of_a_claim_is_asked_for() {
    for fact in [
        LegFact::Token,
        LegFact::Claimed,
        LegFact::Until,
        LegFact::Attempt,
    ] {
        check(&[without(claim(0, 1), fact)], &["half_a_claim 0"]);
    }
    check(&[attempt(0, 1)], &["half_a_claim 0"]);
    check(&[claim(0, 1), closed(0, 2)], &["claimed_and_closed 0"]);
    check(
        &[closed(0, 1), claim(1, 2), closed(1, 3)],
        &["claimed_and_closed 1"],
    );
    check(&[suppressed(1), claim(0, 2)], &["claimed_and_suppressed 0"]);
    check(
        &[suppressed(1), one(Fact::Cancelled, 2)],
        &["suppressed_and_cancelled"],
    );
    check(&[claim(0, 599)], &[]);
    check(&[claim(0, 600)], &["claimed_too_late 0"]);
    check(&[one(Fact::Cancelled, 1), claim(0, 61)], &[]);
    check(
        &[one(Fact::Cancelled, 1), claim(0, 62)],
        &["claimed_after_cancel 0"],
    );
    let read = |seconds| vec![when(0, LegFact::Read, seconds)];
    check(
        &[claim(0, 1), read(2), failed(0, 1), claim(1, 63)],
        &["claimed_after_delivery 1"],
    );
    check(
        &[
            claim(0, 1),
            one(Fact::Answered, 2),
            failed(0, 1),
            claim(1, 63),
        ],
        &["claimed_after_delivery 1"],
    );
}

#[test]
fn a_later_leg_opens_only_after_the_leg_before_it() {
    use LegFact::{Submitted, Uncertain};
    check(&[claim(1, 31)], &["opened_too_early 1"]);
    check(&[closed(1, 31)], &["opened_too_early 1"]);
    // Submitted at 5, claimed a millisecond before 35.
    let almost = |from: Facts| {
        let early = (
            Fact::Leg(1, LegFact::Claimed),
            Value::Number(at(35).as_millisecond() - 1),
        );
        [claim(0, 1), from, claim(1, 35), vec![early]]
    };
    check(
        &almost(vec![when(0, Submitted, 5)]),
        &["opened_too_early 1"],
    );
    check(
        &almost(vec![when(0, Uncertain, 5)]),
        &["opened_too_early 1"],
    );
    check(
        &almost(vec![when(0, LegFact::Until, 5)]),
        &["opened_too_early 1"],
    );
    check(&almost(failed(0, 34)), &[]);
    for fact in [Submitted, Uncertain, LegFact::Until] {
        check(&[claim(0, 1), vec![when(0, fact, 5)], claim(1, 35)], &[]);
    }
    // What was overdue by its silence stays so when the answer comes late.
    check(
        &[claim(0, 1), claim(1, 41), vec![when(0, Submitted, 20)]],
        &[],
    );
}

#[test]
fn only_authentication_and_security_repeat_and_only_once() {
    for class in Class::ALL {
        let most = match class {
            Class::Authentication | Class::Security => 2,
            Class::Transactional | Class::Servicing | Class::Marketing => 1,
        };
        let tried = |leg, number| words(class, &[claim(0, 1), claim(1, 41), attempt(leg, number)]);
        assert_eq!(tried(1, most), [""; 0], "{class}");
        assert_eq!(tried(1, most + 1), ["claimed_too_often 1"], "{class}");
        // WhatsApp's attempts are jobs: each gave its claim back before the next.
        assert_eq!(tried(0, 40), [""; 0], "{class}");
    }
}

#[test]
fn nothing_comes_of_a_leg_that_nobody_claimed() {
    for (fact, name) in [
        (LegFact::Submitted, "submitted"),
        (LegFact::Uncertain, "uncertain"),
        (LegFact::Delivered, "delivered"),
        (LegFact::Read, "read"),
    ] {
        check(
            &[vec![when(0, fact, 1)]],
            &[&format!("never_claimed 0 {name}")],
        );
        check(
            &[closed(0, 1), vec![when(1, fact, 2)]],
            &[&format!("never_claimed 1 {name}")],
        );
    }
    check(&[failed(0, 1)], &["never_claimed 0 failed"]);
    check(&[one(Fact::Answered, 1)], &["never_claimed 0 answered"]);
    check(
        &[closed(0, 1), vec![when(0, LegFact::Delivered, 2)]],
        &["never_claimed 0 delivered"],
    );
}

#[test]
fn an_end_has_its_reason_and_a_reason_its_end() {
    check(
        &[without(closed(0, 1), LegFact::ClosedBecause)],
        &["half_an_end 0"],
    );
    check(
        &[without(closed(0, 1), LegFact::Closed)],
        &["half_an_end 0"],
    );
    let failure = |fact| [claim(0, 1), without(failed(0, 2), fact)];
    check(&failure(LegFact::Failure), &["half_an_end 0"]);
    check(&failure(LegFact::Failed), &["half_an_end 0"]);
    check(&[suppressed(1)[..1].to_vec()], &["half_a_suppression"]);
    check(&[suppressed(1)[1..].to_vec()], &["half_a_suppression"]);
}

#[test]
fn a_fact_of_another_form_is_named_and_not_quoted() {
    let whole = [
        claim(0, 1),
        failed(0, 2),
        claim(1, 3),
        closed(1, 4),
        suppressed(1),
    ];
    let item = with(notification(Class::Transactional), whole);
    let facts: Vec<Fact> = item.facts.iter().map(|(fact, _)| fact.clone()).collect();
    let mut facts: Vec<Fact> = facts
        .into_iter()
        .chain([
            Fact::Cancelled,
            Fact::Answered,
            Fact::Response("abc".to_owned()),
        ])
        .collect();
    facts.extend(LegFact::ALL.map(|fact| Fact::Leg(0, fact)));
    for fact in facts {
        let is_text = matches!(fact, Fact::Leg(_, LegFact::ProviderId | LegFact::KnownUser));
        let wrong: Value = if is_text {
            Value::Number(5_511_987_654_321)
        } else {
            "5511987654321".into()
        };
        let item = with(
            notification(Class::Transactional),
            [vec![(fact.clone(), wrong)]],
        );
        let found = contradictions(&item);
        let name = match &fact {
            Fact::Response(_) => "r_".to_owned(),
            Fact::Cancelled
            | Fact::Suppressed
            | Fact::SuppressedBecause
            | Fact::Answered
            | Fact::Leg(..) => fact.attribute(),
        };
        assert!(
            found.contains(&Contradiction::Unreadable { attribute: name }),
            "{fact:?}: {found:?}"
        );
        assert!(!format!("{found:?}").contains("5511987654321"));
    }
}

#[test]
fn a_leg_beyond_the_ladder_is_named_once() {
    check(
        &[vec![
            when(2, LegFact::Delivered, 1),
            when(2, LegFact::Read, 1),
            word(3, LegFact::ProviderId, "x"),
        ]],
        &["no_such_leg 2", "no_such_leg 3"],
    );
}

#[test]
fn every_contradiction_is_told_in_a_sentence_with_its_leg() {
    let item = with(
        notification(Class::Transactional),
        [claim(0, 600), closed(0, 1)],
    );
    let told: Vec<String> = contradictions(&item)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "leg 0 is both claimed and closed",
            "leg 0 was claimed after the validity's end"
        ]
    );
}
