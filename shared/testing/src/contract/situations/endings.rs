//! Legs that are closed, notifications that are suppressed, cancelled or expire (I4, I8, I11).

use recado_domain::class::Class;
use recado_domain::delivery::{CloseReason, Fact, LegFact, Notification, SuppressReason, change};

use super::super::{at, tenant};
use super::{DROPPED, KEPT, LEGS, REFUSED, Situation, Table, each, held, timed, token, whole};

pub(super) fn all() -> Vec<Situation> {
    let mut all = suppressions();
    all.extend(cancellations());
    all.extend(expiries());
    for leg in 0..LEGS {
        all.extend(closings(leg));
        all.extend(closings_by_the_holder(leg));
        all.extend(suppressions_by_the_holder(leg));
    }
    all
}

const CLASS: Class = Class::Transactional;

/// What a leg has that is over.
const OVER: [LegFact; 3] = [LegFact::Closed, LegFact::Submitted, LegFact::Failed];

fn closings(leg: u8) -> Vec<Situation> {
    let says = format!("leg {leg} is closed");
    let last = leg + 1 == LEGS;
    Table::of("close", CLASS, move |item: &Notification| {
        change::close(item, leg, CloseReason::NoWhatsappConsent, at(10), None)
    })
    .row(&says, vec![], if last { DROPPED } else { KEPT })
    .row(
        &format!("{says} while nobody holds it"),
        held(leg, 2, 5, 1),
        REFUSED,
    )
    .forbidden_when_emptied(&says, vec![])
    .forbidden_by(&says, &[], each([leg], &[LegFact::Token]))
    .forbidden_by(&says, &[], each([leg], &OVER))
    .rows()
}

fn closings_by_the_holder(leg: u8) -> Vec<Situation> {
    let says = format!("leg {leg} is closed by its holder");
    let last = leg + 1 == LEGS;
    let mine = held(leg, 1, 5, 1);
    Table::of("close", CLASS, move |item: &Notification| {
        change::close(item, leg, CloseReason::OptedOut, at(10), Some(&token(1)))
    })
    .row(&says, mine.clone(), if last { DROPPED } else { KEPT })
    .row(&format!("{says} alone"), held(leg, 2, 5, 1), REFUSED)
    .row(&format!("{says}, if it has one"), vec![], REFUSED)
    .forbidden_by(&says, &mine, each([leg], &OVER))
    .rows()
}

fn suppressions() -> Vec<Situation> {
    let says = "the untouched is suppressed";
    let legs = each(0..LEGS, &[LegFact::Token, LegFact::Submitted]);
    Table::of("suppress", CLASS, |item: &Notification| {
        change::suppress(item, SuppressReason::NoConsent, at(10), None)
    })
    .row(says, vec![], DROPPED)
    .forbidden_by(says, &[], whole(&[Fact::Suppressed, Fact::Cancelled]))
    .forbidden_by(says, &[], legs)
    .rows()
}

fn suppressions_by_the_holder(leg: u8) -> Vec<Situation> {
    let says = format!("who holds leg {leg} suppresses");
    let mine = held(leg, 1, 5, 1);
    let others = (0..LEGS).filter(move |other| *other != leg);
    Table::of("suppress", CLASS, move |item: &Notification| {
        let held = token(1);
        change::suppress(
            item,
            SuppressReason::FrequencyCap,
            at(10),
            Some((leg, &held)),
        )
    })
    .row(&says, mine.clone(), DROPPED)
    .row(&format!("{says}, nobody else"), held(leg, 2, 5, 1), REFUSED)
    .row(&format!("{says}, if anybody"), vec![], REFUSED)
    .forbidden_by(&says, &mine, whole(&[Fact::Suppressed, Fact::Cancelled]))
    .forbidden_by(&says, &mine, each(others, &[LegFact::Token]))
    .forbidden_by(&says, &mine, each(0..LEGS, &[LegFact::Submitted]))
    .rows()
}

fn cancellations() -> Vec<Situation> {
    let says = "the bank cancels";
    let decided = each(0..LEGS, &[LegFact::Delivered, LegFact::Read]);
    Table::of("cancel", CLASS, |item: &Notification| {
        change::cancel(item, at(10))
    })
    .row(says, vec![], DROPPED)
    .row(
        &format!("{says} what is claimed"),
        held(0, 1, 5, 1),
        DROPPED,
    )
    .row(
        &format!("{says} what whatsapp has"),
        vec![timed(0, LegFact::Submitted, 5)],
        DROPPED,
    )
    .forbidden_by(
        says,
        &[],
        whole(&[Fact::Cancelled, Fact::Suppressed, Fact::Answered]),
    )
    .forbidden_by(says, &[], decided)
    .forbidden_by(says, &[], each(1..LEGS, &[LegFact::Submitted]))
    .rows()
}

fn expiries() -> Vec<Situation> {
    let begun = [LegFact::Token, LegFact::Submitted, LegFact::Closed];
    let waited = "what waited too long expires";
    let mut all = Table::of("expire_waiting", CLASS, change::expire_waiting)
        .row(waited, vec![], DROPPED)
        .forbidden_by(waited, &[], each(0..LEGS, &begun))
        .rows();
    let table = Table::of("expire", CLASS, change::expire)
        .row("the expired loses its content", vec![], DROPPED)
        .row(
            "the expired loses its content under a claim",
            held(0, 1, 5, 1),
            DROPPED,
        );
    all.extend(table.rows());
    let of_another_bank = |item: &Notification| {
        change::expire(&Notification {
            tenant: tenant("banco-boreal"),
            ..item.clone()
        })
    };
    all.extend(
        Table::of("expire", CLASS, of_another_bank)
            .row("another bank's is left alone", vec![], REFUSED)
            .rows(),
    );
    all
}
