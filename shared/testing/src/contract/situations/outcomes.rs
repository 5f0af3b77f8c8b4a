//! What becomes of a leg, and what the customer and Meta say (I10, I11).

use recado_domain::class::Class;
use recado_domain::delivery::{
    Fact, Failure, FailureKind, LegFact, Notification, Receipts, Value, change,
};

use super::super::{at, tenant};
use super::{DROPPED, KEPT, LEGS, REFUSED, Situation, Table, each, held, timed, token, with};

pub(super) fn all() -> Vec<Situation> {
    let mut all = Vec::new();
    for leg in 0..LEGS {
        all.extend(submissions(leg));
        all.extend(doubts(leg, Class::Transactional));
        all.extend(doubts(leg, Class::Security));
        all.push(succeeded(leg));
        all.extend(failures(leg));
    }
    for said in [
        &[LegFact::Delivered][..],
        &[LegFact::Read],
        &[LegFact::Delivered, LegFact::Read],
    ] {
        all.extend(receipts(said));
    }
    all.extend(presses());
    all
}

fn submissions(leg: u8) -> Vec<Situation> {
    let says = format!("leg {leg} is submitted");
    let last = leg + 1 == LEGS;
    let mine = held(leg, 1, 5, 1);
    Table::of("submitted", Class::Servicing, move |item: &Notification| {
        change::submitted(item, leg, at(10), Some("id-1"))
    })
    .row(&says, mine.clone(), if last { DROPPED } else { KEPT })
    .row(
        &format!("{says} after a doubt"),
        with(mine.clone(), timed(leg, LegFact::Uncertain, 8)),
        if last { DROPPED } else { KEPT },
    )
    .forbidden_by(&says, &mine, each([leg], &[LegFact::Submitted]))
    .rows()
}

fn doubts(leg: u8, class: Class) -> Vec<Situation> {
    let says = format!("leg {leg} of {class} is in doubt");
    let last = leg + 1 == LEGS;
    let repeated = class == Class::Security && leg > 0;
    let mine = held(leg, 1, 5, 1);
    let over = [LegFact::Submitted, LegFact::Failed, LegFact::Uncertain];
    Table::of("uncertain", class, move |item: &Notification| {
        change::uncertain(item, leg, at(10))
    })
    .row(
        &says,
        mine.clone(),
        if last && !repeated { DROPPED } else { KEPT },
    )
    .row(
        &format!("{says} the second time"),
        held(leg, 1, 5, 2),
        if last { DROPPED } else { KEPT },
    )
    .row(&format!("{says} if it is claimed"), vec![], REFUSED)
    .forbidden_by(&says, &mine, each([leg], &over))
    .rows()
}

/// Who tells of a silent holder has read the item; by now another holds the leg.
fn succeeded(leg: u8) -> Situation {
    let says = format!("leg {leg} is in doubt, of a holder that was succeeded");
    let stale = move |item: &Notification| {
        let mut read = item.clone();
        let holder = token(1).as_str().into();
        read.facts.insert(Fact::Leg(leg, LegFact::Token), holder);
        change::uncertain(&read, leg, at(10))
    };
    let mut rows = Table::of("uncertain", Class::Security, stale)
        .row(&says, held(leg, 2, 5, 2), REFUSED)
        .rows();
    rows.remove(0)
}

fn failures(leg: u8) -> Vec<Situation> {
    let says = format!("leg {leg} fails");
    let last = leg + 1 == LEGS;
    let mine = held(leg, 1, 5, 2);
    Table::of("failed", Class::Marketing, move |item: &Notification| {
        let failure = Failure {
            kind: FailureKind::Permanent,
            code: Some(131_026),
            title: "not on WhatsApp | or so".to_owned(),
        };
        let content = change::content_after_failure(item, leg);
        change::failed(leg, 2, &failure, at(10), content)
    })
    .row(&says, mine.clone(), if last { DROPPED } else { KEPT })
    .row(
        &format!("{says} by an older attempt"),
        held(leg, 1, 5, 3),
        REFUSED,
    )
    .row(&format!("{says} after its release"), vec![], REFUSED)
    .forbidden_by(&says, &mine, each([leg], &[LegFact::Failed]))
    .rows()
}

/// What is said is stored where one of it is new, and what is known stays as it is.
fn receipts(said: &'static [LegFact]) -> Vec<Situation> {
    let by = |whose: &'static str| {
        move |_: &Notification| {
            let receipts = Receipts {
                delivered: said.contains(&LegFact::Delivered),
                read: said.contains(&LegFact::Read),
                ..Receipts::default()
            };
            change::receipts(&tenant(whose), &receipts, at(10)).expect("something was said")
        }
    };
    let mut table = Table::of("receipts", Class::Transactional, by("banco-aurora"));
    for known in [
        &[][..],
        &[LegFact::Delivered],
        &[LegFact::Read],
        &[LegFact::Delivered, LegFact::Read],
    ] {
        let new = said.iter().any(|fact| !known.contains(fact));
        let says = format!("{said:?} when {known:?} is known");
        table = table.row(&says, each([0], known), if new { DROPPED } else { REFUSED });
    }
    let mut all = table.rows();
    let another = Table::of("receipts", Class::Transactional, by("banco-boreal"));
    let says = format!("{said:?} said to another bank");
    all.extend(another.row(&says, vec![], REFUSED).rows());
    all
}

fn presses() -> Vec<Situation> {
    let by = |whose: &'static str| {
        move |_: &Notification| change::respond(&tenant(whose), "first", "dispute", at(10))
    };
    let pressed = |inbound: &str| {
        let response = Fact::Response(inbound.to_owned());
        vec![
            (response, Value::Text("5|confirm".to_owned())),
            (Fact::Answered, at(5).into()),
        ]
    };
    let mut all = Table::of("respond", Class::Security, by("banco-aurora"))
        .row("a press", vec![], DROPPED)
        .row(
            "another press keeps the first answer's time",
            pressed("second"),
            DROPPED,
        )
        .row("the same press", pressed("first"), REFUSED)
        .rows();
    all.extend(
        Table::of("respond", Class::Security, by("banco-boreal"))
            .row("a press said to another bank", vec![], REFUSED)
            .rows(),
    );
    all
}
