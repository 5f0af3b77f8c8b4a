use std::time::Duration;

use recado_domain::class::Class;
use recado_domain::delivery::{Fact, LegFact};

use super::*;
use crate::specimen::{at, claim, closed, id, notification, suppressed, tenant, when, with};

fn named(letter: char, mut item: Notification) -> Notification {
    item.id = id(letter);
    item
}

fn gone(mut item: Notification) -> Notification {
    item.content = None;
    item
}

fn plain() -> Notification {
    notification(Class::Transactional)
}

fn tally(items: &[Notification], now: Timestamp) -> Tally {
    let mut tally = Tally::default();
    for item in items {
        tally.add(item, now, Duration::ZERO);
    }
    tally
}

/// One of each status, a minute after acceptance.
fn all_ends() -> Vec<(Status, Notification)> {
    use LegFact::{Delivered, Read, Submitted};
    let sent = || vec![when(0, Submitted, 1)];
    let short = |mut item: Notification| {
        item.valid_until = at(50);
        gone(item)
    };
    vec![
        (Status::Accepted, plain()),
        (Status::Submitted, with(plain(), [claim(0, 1), sent()])),
        (
            Status::Delivered,
            gone(with(
                plain(),
                [claim(0, 1), sent(), vec![when(0, Delivered, 2)]],
            )),
        ),
        (
            Status::Read,
            gone(with(plain(), [claim(0, 1), sent(), vec![when(0, Read, 2)]])),
        ),
        (
            Status::FallbackSent,
            gone(with(
                plain(),
                [
                    claim(0, 1),
                    sent(),
                    claim(1, 31),
                    vec![when(1, Submitted, 31)],
                ],
            )),
        ),
        (Status::Suppressed, gone(with(plain(), [suppressed(1)]))),
        (
            Status::Cancelled,
            gone(with(plain(), [vec![(Fact::Cancelled, at(1).into())]])),
        ),
        (
            Status::Failed,
            gone(with(plain(), [closed(0, 1), closed(1, 2)])),
        ),
        (Status::Expired, short(plain())),
        (Status::Unknown, short(with(plain(), [claim(0, 1), sent()]))),
    ]
}

#[test]
fn a_day_counts_every_end_and_what_is_open_and_both_make_all() {
    let ends = all_ends();
    assert_eq!(ends.len(), Status::ALL.len());
    let items: Vec<Notification> = ends
        .iter()
        .zip('a'..)
        .map(|((_, item), letter)| named(letter, item.clone()))
        .collect();
    let tally = tally(&items, at(60));
    for (status, _) in ends {
        assert_eq!(tally.by_status.get(&status), Some(&1), "{status:?}");
    }
    assert_eq!((tally.accepted(), tally.open()), (10, 2));
    assert!(tally.fits(), "{:?}", tally.misfits);
    assert_eq!(tally.uncertain_legs, 0);
    assert_eq!(tally.delivered_twice, []);
}

#[test]
fn an_item_that_is_met_twice_counts_once() {
    let tally = tally(&[plain(), plain()], at(60));
    assert_eq!(tally.accepted(), 1);
}

#[test]
fn uncertain_legs_and_double_deliveries_are_counted_and_fit() {
    let uncertain = with(plain(), [claim(0, 1), vec![when(0, LegFact::Uncertain, 9)]]);
    let sent = |leg, seconds| vec![when(leg, LegFact::Submitted, seconds)];
    let twice = gone(with(
        plain(),
        [
            claim(0, 1),
            sent(0, 1),
            claim(1, 31),
            sent(1, 31),
            vec![when(0, LegFact::Delivered, 40)],
        ],
    ));
    let tally = tally(&[named('a', uncertain), named('b', twice)], at(60));
    assert_eq!(tally.uncertain_legs, 1);
    assert_eq!(tally.delivered_twice, [id('b')]);
    assert!(tally.fits());
}

#[test]
fn what_does_not_fit_is_named_with_every_reason() {
    let wrong = with(plain(), [claim(0, 1), closed(0, 2)]);
    let tally = tally(&[named('a', plain()), named('b', wrong)], at(600));
    assert_eq!(tally.accepted(), 2);
    assert!(!tally.fits());
    let reasons = |letter| {
        let misfit = tally.misfits.iter().find(|misfit| misfit.id == id(letter));
        let words: Vec<&str> = misfit
            .unwrap()
            .reasons
            .iter()
            .map(|reason| match reason {
                Reason::Unfinished(owed) => owed.word(),
                Reason::Contradiction(wrong) => wrong.word(),
            })
            .collect();
        words
    };
    assert_eq!(reasons('a'), ["never_ended"]);
    assert_eq!(reasons('b'), ["never_ended", "claimed_and_closed"]);
}

fn unreadable(
    letter: char,
    tenant: Option<&str>,
    accepted_at: Option<Timestamp>,
) -> UnreadableItem {
    UnreadableItem {
        id: Some(id(letter)),
        tenant: tenant.map(|tenant| TenantId::parse(tenant).unwrap()),
        accepted_at,
        reason: "a notification of version 9".to_owned(),
    }
}

fn day() -> Day {
    // Acceptance is 2026-11-21T14:04:05Z.
    Day::of(
        tenant(),
        "America/Sao_Paulo",
        jiff::civil::date(2026, 11, 21),
    )
    .unwrap()
}

#[test]
fn an_item_that_does_not_read_does_not_fit_and_counts() {
    let mut tally = tally(&[plain()], at(60));
    tally.add_unreadable(unreadable('x', None, None));
    tally.add_unreadable(unreadable('x', None, None));
    assert_eq!((tally.accepted(), tally.unreadable.len()), (2, 1));
    assert!(!tally.fits());
}

#[test]
fn an_item_that_does_not_read_is_every_banks_that_it_may_be() {
    let day = day();
    assert!(day.may_hold(&unreadable('x', None, None)));
    assert!(day.may_hold(&unreadable('x', Some("banco-aurora"), None)));
    assert!(day.may_hold(&unreadable('x', None, Some(at(0)))));
    assert!(!day.may_hold(&unreadable('x', Some("banco-boreal"), None)));
    assert!(!day.may_hold(&unreadable('x', None, Some(at(86_400)))));
}

#[test]
fn a_day_begins_and_ends_at_midnight_of_the_bank() {
    let day = day();
    let check = |text: &str, holds: bool| {
        assert_eq!(day.holds(&tenant(), text.parse().unwrap()), holds, "{text}");
    };
    check("2026-11-21T02:59:59.999Z", false);
    check("2026-11-21T03:00:00Z", true);
    check("2026-11-22T02:59:59.999Z", true);
    check("2026-11-22T03:00:00Z", false);
    let other = TenantId::parse("banco-boreal").unwrap();
    assert!(!day.holds(&other, at(0)));
}

#[test]
fn a_day_on_which_clocks_change_is_as_long_as_it_is() {
    let hours = |zone: &str, year, month, date| {
        let day = Day::of(tenant(), zone, jiff::civil::date(year, month, date)).unwrap();
        day.until.duration_since(day.from).as_hours()
    };
    assert_eq!(hours("America/New_York", 2026, 11, 1), 25);
    assert_eq!(hours("America/New_York", 2026, 3, 8), 23);
    // Clocks went from midnight to one: the day began at one.
    assert_eq!(hours("America/Sao_Paulo", 2018, 11, 4), 23);
    assert_eq!(hours("America/Sao_Paulo", 2026, 11, 21), 24);
    assert_eq!(
        Day::of(tenant(), "Nowhere/Else", jiff::civil::date(2026, 1, 1)),
        None
    );
    assert_eq!(Day::of(tenant(), "UTC", Date::MAX), None);
}

#[test]
fn the_banks_list_and_ours_are_told_apart_both_ways() {
    let mut ours = tally(&[named('a', plain()), named('b', plain())], at(60));
    ours.add_unreadable(unreadable('c', None, None));
    let ledger = |text: &str| {
        let lines: Vec<String> = text.chars().map(|letter| id(letter).to_string()).collect();
        Ledger::parse(&lines.join("\n")).unwrap()
    };
    let same = Compared::of(&ledger("abca"), &ours);
    assert!(same.fits());
    assert_eq!((same.listed, same.repeated), (3, 1));
    let differs = Compared::of(&ledger("bcx"), &ours);
    assert!(!differs.fits());
    assert_eq!(differs.lost, [id('x')]);
    assert_eq!(differs.unknown_to_the_bank, [id('a')]);
}
