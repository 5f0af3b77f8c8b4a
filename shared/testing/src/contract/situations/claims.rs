//! Claims of a leg, and their release (I3, I5, I6).

use jiff::SignedDuration;
use recado_domain::class::Class;
use recado_domain::delivery::{Fact, LegFact, Notification, OpenedBecause, Value, change};

use super::super::at;
use super::{
    Expected, KEPT, LEGS, REFUSED, Situation, Table, claim, each, held, just_after, timed, token,
    whole, with,
};

/// When a later leg is claimed here.
const NOW: i64 = 200;
/// How long before its end a claim is still in the validity.
const ENDS: [(&str, i64, Expected); 2] = [
    ("in its last millisecond", 1, KEPT),
    ("at its end", 0, REFUSED),
];

pub(super) fn all() -> Vec<Situation> {
    let mut all = claims_of_whatsapp();
    for leg in 1..LEGS {
        for class in [Class::Transactional, Class::Authentication] {
            all.extend(opens(leg, class));
            all.extend(stays_shut(leg, class));
        }
        all.extend(left_by_class(leg));
        all.extend(succeeded_by_class(leg));
    }
    for leg in 0..LEGS {
        all.extend(releases(leg));
    }
    all
}

/// What ends every claim: the customer has it or answered, the bank cancelled, it was suppressed.
fn decided() -> Vec<(Fact, Value)> {
    let mut all = whole(&[Fact::Cancelled, Fact::Suppressed, Fact::Answered]);
    all.extend(each(0..LEGS, &[LegFact::Delivered, LegFact::Read]));
    all
}

fn claims_of_whatsapp() -> Vec<Situation> {
    let claimed = |item: &Notification| change::claim_first(item, &claim(1, 10, 1));
    let mine = || held(0, 1, 10, 1);
    let mut all = Table::of("claim_first", Class::Transactional, claimed)
        .row("whatsapp is claimed", vec![], KEPT)
        .row("whatsapp is claimed once", held(0, 2, 5, 1), REFUSED)
        .row(
            "the holder sees that it holds whatsapp",
            mine(),
            Expected::AlreadyWon,
        )
        .row(
            "the holder sees that it held whatsapp when the bank cancelled",
            with(mine(), (Fact::Cancelled, at(11).into())),
            Expected::AlreadyWon,
        )
        .forbidden_when_emptied("whatsapp is claimed", vec![])
        .forbidden_by("whatsapp is claimed", &[], decided())
        .forbidden_by(
            "whatsapp is claimed",
            &[],
            each([0], &[LegFact::Token, LegFact::Closed, LegFact::Failed]),
        )
        .forbidden_by(
            "whatsapp is claimed",
            &[],
            each(1..LEGS, &[LegFact::Token, LegFact::Closed]),
        )
        .rows();
    for (moment, left, expected) in ENDS {
        let claimed = move |item: &Notification| {
            let mut last = claim(1, 0, 1);
            last.at = item.valid_until - SignedDuration::from_millis(left);
            change::claim_first(item, &last)
        };
        let says = format!("whatsapp is claimed: validity {moment}");
        let table = Table::of("claim_first", Class::Transactional, claimed);
        all.extend(table.row(&says, vec![], expected).rows());
    }
    all
}

fn of_a_later_leg(
    leg: u8,
    class: Class,
    attempt: u32,
) -> Table<impl Fn(&Notification) -> change::Change + Clone + Send + Sync + 'static> {
    Table::of("claim_later", class, move |item: &Notification| {
        let claim = claim(1, NOW, attempt);
        change::claim_later(item, leg, &claim, OpenedBecause::NotDeliveredInTime)
    })
}

/// A later leg opens once the one before it is closed, failed or overdue.
fn opens(leg: u8, class: Class) -> Vec<Situation> {
    use LegFact::{Closed, Failed, Submitted, Uncertain};
    let before = leg - 1;
    let edge = NOW - if leg == 1 { 30 } else { 60 };
    let says = |what: &str| format!("leg {leg} of {class}: {what}");
    // A claim runs out 20 s after it was made.
    let ran_out = || held(before, 2, edge - 20, 1);
    let runs = || {
        let mut facts = held(before, 2, edge - 20, 1);
        facts.retain(|(fact, _)| *fact != Fact::Leg(before, LegFact::Until));
        with(facts, just_after(before, LegFact::Until, edge))
    };
    of_a_later_leg(leg, class, 1)
        .row(&says("nothing was tried before"), vec![], REFUSED)
        .row(
            &says("closed before"),
            vec![timed(before, Closed, NOW)],
            KEPT,
        )
        .row(
            &says("failed before"),
            vec![timed(before, Failed, NOW)],
            KEPT,
        )
        .row(
            &says("submitted and overdue"),
            vec![timed(before, Submitted, edge)],
            KEPT,
        )
        .row(
            &says("submitted and in its time"),
            vec![just_after(before, Submitted, edge)],
            REFUSED,
        )
        .row(
            &says("a doubt that is overdue"),
            vec![timed(before, Uncertain, edge)],
            KEPT,
        )
        .row(
            &says("a doubt that is young"),
            vec![just_after(before, Uncertain, edge)],
            REFUSED,
        )
        .row(
            &says("a doubt that was resolved counts from the submission"),
            vec![
                timed(before, Uncertain, edge),
                just_after(before, Submitted, edge),
            ],
            REFUSED,
        )
        .row(&says("a claim that ran out long ago"), ran_out(), KEPT)
        .row(&says("a claim that ran out just now"), runs(), REFUSED)
        .row(
            &says("a claim that was submitted late"),
            with(ran_out(), just_after(before, Submitted, edge)),
            REFUSED,
        )
        .row(
            &says("a claim that came in doubt late"),
            with(ran_out(), just_after(before, Uncertain, edge)),
            REFUSED,
        )
        .rows()
}

/// What forbids a later leg that would open otherwise.
fn stays_shut(leg: u8, class: Class) -> Vec<Situation> {
    use LegFact::{Closed, Failed, Submitted, Token};
    let says = format!("leg {leg} of {class} opens");
    let closed = [timed(leg - 1, Closed, 5)];
    let mut all = of_a_later_leg(leg, class, 1)
        .forbidden_when_emptied(&says, closed.to_vec())
        .forbidden_by(&says, &closed, decided())
        .forbidden_by(&says, &closed, each([leg], &[Submitted, Failed, Closed]))
        .forbidden_by(&says, &closed, each(leg + 1..LEGS, &[Token, Closed]))
        .rows();
    for (moment, left, expected) in ENDS {
        let claimed = move |item: &Notification| {
            let mut last = claim(1, 0, 1);
            last.at = item.valid_until - SignedDuration::from_millis(left);
            change::claim_later(item, leg, &last, OpenedBecause::NotDeliveredInTime)
        };
        let says = format!("{says}: validity {moment}");
        let table = Table::of("claim_later", class, claimed);
        all.extend(table.row(&says, closed.to_vec(), expected).rows());
    }
    all
}

/// A holder that crashed is not succeeded where one message too few is better than one too many.
fn left_by_class(leg: u8) -> Vec<Situation> {
    let closed = timed(leg - 1, LegFact::Closed, 5);
    let says = |what: &str| format!("leg {leg}: {what}");
    of_a_later_leg(leg, Class::Transactional, 1)
        .row(
            &says("the holder sees that it holds it"),
            with(held(leg, 1, NOW, 1), closed.clone()),
            Expected::AlreadyWon,
        )
        .row(
            &says("a crashed holder is left"),
            with(held(leg, 2, 70, 1), closed),
            REFUSED,
        )
        .rows()
}

/// A lease that ran out is succeeded, once, where a message twice is better than none.
fn succeeded_by_class(leg: u8) -> Vec<Situation> {
    use LegFact::{Attempt, Uncertain, Until};
    let lease = |attempt| {
        let closed = timed(leg - 1, LegFact::Closed, 5);
        with(held(leg, 2, NOW - 20, attempt), closed)
    };
    let but = |fact: LegFact| {
        let mut facts = lease(1);
        facts.retain(|(held, _)| *held != Fact::Leg(leg, fact));
        facts
    };
    let says = |what: &str| format!("leg {leg} of security: {what}");
    of_a_later_leg(leg, Class::Security, 2)
        .row(&says("a crashed holder is succeeded"), lease(1), KEPT)
        .row(
            &says("an uncertain one is repeated"),
            with(lease(1), timed(leg, Uncertain, 185)),
            KEPT,
        )
        .row(
            &says("a lease that runs is respected"),
            with(but(Until), just_after(leg, Until, NOW)),
            REFUSED,
        )
        .row(&says("it is repeated once"), lease(2), REFUSED)
        .row(
            &says("a lease without an end is respected"),
            but(Until),
            REFUSED,
        )
        .row(
            &says("a lease of an unknown attempt is respected"),
            but(Attempt),
            REFUSED,
        )
        .row(
            &says("a repetition needs no claim before it"),
            vec![timed(leg - 1, LegFact::Closed, 5)],
            KEPT,
        )
        .rows()
}

fn releases(leg: u8) -> Vec<Situation> {
    let says = format!("leg {leg} is given back");
    let mine = held(leg, 1, 5, 1);
    Table::of("release", Class::Transactional, move |_: &Notification| {
        change::release(leg, &token(1))
    })
    .row(&says, mine.clone(), KEPT)
    .row(
        &format!("{says} by its holder alone"),
        held(leg, 2, 5, 1),
        REFUSED,
    )
    .row(&format!("{says} by somebody who holds it"), vec![], REFUSED)
    .forbidden_by(
        &says,
        &mine,
        each([leg], &[LegFact::Submitted, LegFact::Uncertain]),
    )
    .rows()
}
