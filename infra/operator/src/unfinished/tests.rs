use std::time::Duration;

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::delivery::{Rung, Value};

use super::*;
use crate::specimen::{at, claim, closed, failed, notification, suppressed, when, with};

type Facts = Vec<(Fact, Value)>;

#[derive(Clone, Copy, PartialEq)]
enum Sealed {
    Still,
    Gone,
}

fn item(sealed: Sealed, facts: &[Facts]) -> Notification {
    let mut item = with(notification(Class::Transactional), facts.iter().cloned());
    if sealed == Sealed::Gone {
        item.content = None;
    }
    item
}

/// What is owed: while valid, within the grace, and after it (validity 600 s, grace 60 s).
fn check(sealed: Sealed, facts: &[Facts], expected: [&[&str]; 3]) {
    let item = item(sealed, facts);
    for (now, expected) in [(599, expected[0]), (659, expected[1]), (660, expected[2])] {
        let owed: Vec<&str> = unfinished(&item, at(now), Duration::from_secs(60))
            .iter()
            .map(Unfinished::word)
            .collect();
        assert_eq!(owed, expected, "at {now}: {facts:?}");
    }
}

#[test]
fn what_is_not_ended_by_the_end_of_its_validity_is_unfinished_after_the_grace() {
    use LegFact::{Submitted, Uncertain};
    let late: [&[&str]; 3] = [&[], &[], &["never_ended"]];
    check(Sealed::Still, &[], late);
    check(Sealed::Still, &[closed(0, 1)], late);
    check(
        Sealed::Still,
        &[claim(0, 1), vec![when(0, Submitted, 1)]],
        late,
    );
    check(
        Sealed::Still,
        &[claim(0, 1), vec![when(0, Uncertain, 1)]],
        late,
    );
    check(Sealed::Still, &[claim(0, 1), failed(0, 1)], late);
    check(
        Sealed::Still,
        &[claim(0, 1)],
        [&[], &[], &["never_ended", "no_outcome"]],
    );
    // The end was written: nothing is owed, whatever the status says.
    let never: [&[&str]; 3] = [&[], &[], &[]];
    check(Sealed::Gone, &[], never);
    check(
        Sealed::Gone,
        &[claim(0, 1), vec![when(0, Submitted, 1)]],
        never,
    );
    check(
        Sealed::Gone,
        &[vec![(Fact::Cancelled, at(1).into())]],
        never,
    );
    // But nobody knows what became of the message.
    check(Sealed::Gone, &[claim(0, 1)], [&[], &[], &["no_outcome"]]);
    let sms = [claim(0, 1), vec![when(0, Submitted, 1)], claim(1, 31)];
    check(Sealed::Gone, &sms, [&[], &[], &["no_outcome"]]);
}

#[test]
fn the_write_that_ends_a_notification_takes_its_content_with_it() {
    use LegFact::{Delivered, Read, Submitted};
    let sent = |leg, seconds| vec![when(leg, Submitted, seconds)];
    let ends: [Vec<Facts>; 7] = [
        vec![claim(0, 1), sent(0, 1), vec![when(0, Delivered, 2)]],
        vec![claim(0, 1), vec![when(0, Read, 2)]],
        vec![claim(0, 1), vec![(Fact::Answered, at(2).into())]],
        vec![claim(0, 1), sent(0, 1), claim(1, 31), sent(1, 31)],
        vec![suppressed(1)],
        vec![vec![(Fact::Cancelled, at(1).into())]],
        vec![closed(0, 1), closed(1, 2)],
    ];
    for facts in ends {
        let kept: &[&str] = &["content_kept"];
        check(Sealed::Still, &facts, [kept, kept, kept]);
        check(Sealed::Gone, &facts, [&[], &[], &[]]);
    }
}

#[test]
fn content_stays_while_a_leg_after_the_sent_one_may_open() {
    let facts = [
        closed(0, 1),
        claim(1, 1),
        vec![when(1, LegFact::Submitted, 1)],
    ];
    let mut longer = item(Sealed::Still, &facts);
    longer.ladder.push(Rung {
        channel: Channel::Voice,
        after: Duration::from_secs(60),
    });
    let owed = |item: &Notification, now| unfinished(item, at(now), Duration::ZERO);
    assert_eq!(owed(&longer, 599), []);
    assert_eq!(owed(&longer, 600), [Unfinished::ContentKept]);
    let called = with(longer, [closed(2, 70)]);
    assert_eq!(owed(&called, 71), [Unfinished::ContentKept]);
}

#[test]
fn the_last_fact_is_the_newest_one_that_happened() {
    let check = |facts: &[Facts], seconds: i64, what: &str| {
        let item = item(Sealed::Still, facts);
        assert_eq!(last_fact(&item), (at(seconds), what.to_owned()));
    };
    check(&[], 0, "accepted");
    // When a claim runs out is no event.
    check(&[claim(0, 5)], 5, "leg 0 claimed");
    check(
        &[claim(0, 5), vec![when(0, LegFact::Submitted, 6)]],
        6,
        "leg 0 submitted",
    );
    check(&[claim(0, 5), failed(0, 7), claim(1, 6)], 7, "leg 0 failed");
    check(
        &[claim(0, 5), vec![(Fact::Cancelled, at(9).into())]],
        9,
        "cancelled",
    );
}

#[test]
fn what_is_missing_is_told_in_a_sentence() {
    let item = item(Sealed::Still, &[claim(0, 1)]);
    let told: Vec<String> = unfinished(&item, at(600), Duration::ZERO)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "validity over, still accepted by its facts, content still sealed",
            "validity over, leg 0 claimed and nobody knows its outcome"
        ]
    );
}
