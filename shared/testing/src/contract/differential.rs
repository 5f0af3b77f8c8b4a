//! The same changes of the same items, by the protocol's own words and by a store: the same verdicts and
//! the same items. What a store's conditions say otherwise than the protocol's shows here.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use recado_domain::class::Class;
use recado_domain::delivery::{Change, Notification};
use recado_ports::{Created, Notifications, Written};

use super::changes::{KINDS, Named, blank, bring_to, every_change, strew};
use super::coverage::{Coverage, Decides, decides, lines, needed};

/// What a class does when an SMS is uncertain decides the form of a claim, and the ladder's length that of
/// nearly every change.
const LADDERS: [(Class, usize); 4] = [
    (Class::Transactional, 3),
    (Class::Security, 3),
    (Class::Authentication, 2),
    (Class::Marketing, 1),
];
/// Each fourth item is asked two changes more.
const ASKED_MORE: u32 = 4;
/// Each eighth item is read as well: the answers have shown it.
const READ: u32 = 8;
/// How often an item is made anew whose random facts thwart its purpose; the last ones have none.
const TRIES: u32 = 60;

/// Asks changes of items: for every change, and every line of its condition, items that permit the change
/// by this line alone, at its very edge where it has one, and items that only this line refuses; then
/// further changes of the same item. Parameters and all other facts are by chance, the same with the same
/// seed.
///
/// # Panics
/// Where the store answers otherwise than the protocol, and where the cases left a line of a condition
/// undecided: they would not notice if the store lacked it.
pub async fn same_verdicts<S: Notifications>(store: &S, seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut coverage = Coverage::default();
    let mut number = 0;
    for (class, legs) in LADDERS {
        let changes = every_change(&blank("x", class, legs, &mut dice), &mut dice);
        for change in &changes {
            for (line, purpose) in purposes(&change.1) {
                number += 1;
                let case = format!("seed {seed} case {number}");
                let blank = blank(&case, class, legs, &mut dice);
                let item = item_for(blank, &change.1, line, purpose, &mut dice);
                let mut asked = vec![change];
                if number % ASKED_MORE == 0 {
                    let more = [(); 2].map(|()| dice.random_range(0..changes.len()));
                    asked.extend(more.map(|index| &changes[index]));
                }
                let last = check(store, &case, item, &asked, &mut coverage).await;
                if number % READ == 0 {
                    let stored = store.read(&last.id).await.expect("the store answers");
                    assert_eq!(stored, Some(last), "{case}");
                }
            }
        }
    }
    assert_eq!(coverage.kinds().len(), KINDS.len());
    assert_eq!(
        coverage.left_open(),
        [""; 0],
        "seed {seed} leaves this undecided"
    );
}

fn purposes(change: &Change) -> Vec<(usize, Decides)> {
    let lines = lines(&change.when);
    let each = |(index, line)| {
        needed(line)
            .into_iter()
            .map(move |decides| (index, decides))
    };
    lines.into_iter().enumerate().flat_map(each).collect()
}

fn item_for(
    blank: Notification,
    change: &Change,
    line: usize,
    purpose: Decides,
    dice: &mut StdRng,
) -> Notification {
    let mut item = blank.clone();
    for tried in 0..TRIES {
        item = blank.clone();
        if tried < TRIES / 2 {
            strew(&mut item, dice);
        }
        bring_to(&mut item, change, line, purpose, dice);
        if decides(change, line, &item).contains(&purpose) {
            break;
        }
    }
    item
}

async fn check<S: Notifications>(
    store: &S,
    case: &str,
    mut item: Notification,
    asked: &[&Named],
    coverage: &mut Coverage,
) -> Notification {
    let created = store.create(&item).await.expect("the store answers");
    assert_eq!(created, Created::New, "{case}");
    for (kind, change) in asked {
        coverage.note(kind, change, &item);
        let answer = store.write(&item.id, change).await;
        let answer = answer.expect("the store answers");
        let expected = verdict(&item, change);
        assert_eq!(answer, expected, "{case}: {kind} {change:#?} of {item:#?}");
        if let Written::Applied(after) = answer {
            item = *after;
        }
    }
    item
}

/// What the protocol says of a change of an item.
pub(super) fn verdict(item: &Notification, change: &Change) -> Written {
    let as_it_was = || Box::new(item.clone());
    if change.permits(item) {
        Written::Applied(Box::new(change.apply(item.clone())))
    } else if change.already_won(item) {
        Written::Applied(as_it_was())
    } else {
        Written::Refused(as_it_was())
    }
}
