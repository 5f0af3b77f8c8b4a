use std::collections::BTreeMap;

use super::*;
use crate::consent::{Action, ChannelConsents, PurposeConsent, Source};
use crate::delivery::SuppressReason;

fn told(second: i64, aspect: Aspect) -> Note {
    Note {
        aspect,
        said: Said::Told(at(second)),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_793_400_000 + second).expect("a time in 2026")
}

fn review(review: Review) -> Aspect {
    Aspect::Review(review, Reason::None)
}

fn standing(notes: &[Note]) -> Standing {
    let mut standing = Standing::default();
    for note in notes {
        let _ = standing.take(note);
    }
    standing
}

fn consents(granted: &[Class]) -> Consents {
    let grant = PurposeConsent::new(Action::Grant, at(0), Source::App);
    let purposes = granted.iter().map(|class| (*class, grant)).collect();
    let whatsapp = ChannelConsents {
        purposes,
        ..ChannelConsents::default()
    };
    Consents(BTreeMap::from([(Channel::Whatsapp, whatsapp)]))
}

#[test]
fn any_order_of_arrival_and_any_repetition_leave_the_same() {
    let notes = [
        told(0, review(Review::Pending)),
        told(5, review(Review::Approved)),
        told(5, review(Review::Pending)),
        told(9, review(Review::Paused)),
        told(9, review(Review::Approved)),
        told(3, Aspect::Category(Category::Utility)),
        told(7, Aspect::Category(Category::Marketing)),
        told(7, Aspect::Category(Category::Utility)),
        told(2, Aspect::Quality(Quality::Red)),
        told(6, Aspect::Quality(Quality::Green)),
    ];
    let expected = standing(&notes);
    assert_eq!(
        expected.review.map(|held| held.value.0),
        Some(Review::Paused)
    );
    assert_eq!(
        expected.category.map(|held| held.value),
        Some(Category::Marketing)
    );
    for start in 0..notes.len() {
        let turned: Vec<Note> = notes[start..]
            .iter()
            .chain(&notes[..start])
            .copied()
            .collect();
        let backwards: Vec<Note> = turned.iter().rev().copied().collect();
        for order in [turned, backwards] {
            let mut found = standing(&order);
            assert_eq!(found, expected, "{order:?}");
            for note in &order {
                assert_eq!(found.take(note), Changed::No, "{note:?} came again");
            }
        }
    }
}

#[test]
fn an_answer_of_metas_never_outdoes_what_meta_told_by_itself() {
    let note = |said, state| Note {
        aspect: review(state),
        said,
    };
    let mut held = Standing::default();
    assert_eq!(
        held.take(&note(Said::Assumed, Review::NotSubmitted)),
        Changed::Yes
    );
    assert_eq!(held.take(&note(Said::Asked, Review::Paused)), Changed::Yes);
    assert_eq!(
        held.take(&note(Said::Assumed, Review::NotSubmitted)),
        Changed::No
    );
    assert_eq!(
        held.take(&note(Said::Asked, Review::Approved)),
        Changed::Yes
    );
    assert_eq!(held.review.and_then(|held| held.since()), None);
    assert_eq!(
        held.take(&note(Said::Told(at(1)), Review::Rejected)),
        Changed::Yes
    );
    assert_eq!(held.take(&note(Said::Asked, Review::Approved)), Changed::No);
    assert_eq!(held.review.and_then(|held| held.since()), Some(at(1)));
    assert_eq!(held.closed_because(), Some(CloseReason::TemplateRejected));
}

#[test]
fn only_what_meta_lets_out_leaves_and_what_it_never_spoke_of_is_tried() {
    let all = consents(&Class::ALL);
    let check = |notes: &[Note], expected: Permission| {
        for class in Class::ALL {
            let permission = standing(notes).permission(class, &all, at(9));
            assert_eq!(permission, expected, "{class}, {notes:?}");
        }
    };
    check(&[], Permission::Granted);
    for state in Review::ALL {
        let expected = match state {
            Review::Approved | Review::Flagged => Permission::Granted,
            Review::Pending | Review::InAppeal => {
                Permission::NotThisLeg(CloseReason::TemplatePending)
            }
            Review::Rejected => Permission::NotThisLeg(CloseReason::TemplateRejected),
            Review::Paused => Permission::NotThisLeg(CloseReason::TemplatePaused),
            Review::Disabled => Permission::NotThisLeg(CloseReason::TemplateDisabled),
            Review::NotSubmitted
            | Review::PendingDeletion
            | Review::Deleted
            | Review::Archived
            | Review::LimitExceeded => Permission::NotThisLeg(CloseReason::TemplateUnavailable),
        };
        check(&[told(1, review(*state))], expected);
    }
    let again = [
        told(1, review(Review::Paused)),
        told(2, review(Review::Approved)),
    ];
    check(&again, Permission::Granted);
}

#[test]
fn what_meta_counts_as_marketing_needs_the_consent_for_marketing_besides_its_own() {
    let marketing = standing(&[
        told(1, review(Review::Approved)),
        told(2, Aspect::Category(Category::Marketing)),
    ]);
    let recategorised = Permission::NotThisLeg(CloseReason::TemplateRecategorised);
    for class in Class::ALL {
        let both = [class, Class::Marketing];
        assert_eq!(
            marketing.permission(class, &consents(&both), at(9)),
            Permission::Granted
        );
        assert_eq!(marketing.is_recategorised(class), class != Class::Marketing);
        if class != Class::Marketing {
            assert_eq!(
                marketing.permission(class, &consents(&[class]), at(9)),
                recategorised
            );
        }
    }
    // Who may not be written to at all for the message's own purpose is not, whatever Meta says of it.
    assert_eq!(
        marketing.permission(Class::Servicing, &consents(&[Class::Marketing]), at(9)),
        Permission::NotAtAll(SuppressReason::NoConsent)
    );
    let utility = standing(&[told(2, Aspect::Category(Category::Utility))]);
    let only = consents(&[Class::Transactional]);
    assert_eq!(
        utility.permission(Class::Transactional, &only, at(9)),
        Permission::Granted
    );
    assert_eq!(under_cap(CapVerdict::Within), Permission::Granted);
    assert_eq!(
        under_cap(CapVerdict::Exceeded),
        Permission::NotThisLeg(CloseReason::FrequencyCap)
    );
}

#[test]
fn an_announced_category_changes_no_send_and_is_over_once_it_has_come() {
    let announced = told(1, Aspect::Impending(Category::Marketing));
    let mut held = standing(&[announced]);
    assert_eq!(
        held.announced().map(|held| held.value),
        Some(Category::Marketing)
    );
    assert!(!held.is_recategorised(Class::Transactional));
    let _ = held.take(&told(90_000, Aspect::Category(Category::Marketing)));
    assert_eq!(held.announced(), None);
    assert!(held.is_recategorised(Class::Transactional));
}

#[test]
fn every_word_reads_back_in_either_case_and_no_two_states_are_of_one_rank() {
    for review in Review::ALL {
        assert_eq!(Review::parse(review.name()), Some(*review));
        let same = Review::ALL
            .iter()
            .filter(|other| other.rank() == review.rank());
        assert_eq!(same.count(), 1, "{review:?}");
        assert!((0..RANKS).contains(&review.rank()));
    }
    assert_eq!(Review::parse("IN_APPEAL"), Some(Review::InAppeal));
    assert_eq!(Reason::parse("SCAM"), Some(Reason::Scam));
    assert_eq!(Quality::parse("YELLOW"), Some(Quality::Yellow));
    assert_eq!(Quality::parse("PURPLE"), None);
}
