//! What a template's webhook says, in the domain's words.

use jiff::Timestamp;
use recado_domain::standing::{self, Aspect, Note, Reason, Review, Said};
use recado_domain::template;

use super::account::{TemplateChange, TemplateUpdate};
use super::words::{Category, Quality, TemplateEvent, TemplateReason};

impl TemplateUpdate {
    /// What there is to note, in the order in which it must be noted: the category before the approval
    /// that lets messages out. Nothing for a word that nobody here knows: what it means for a send
    /// cannot be told.
    ///
    /// `received` stands in for a moment of Meta's that is missing.
    #[must_use]
    pub fn notes(&self, received: Timestamp) -> Vec<Note> {
        let said = Said::Told(self.at.unwrap_or(received));
        let aspects = match self.change {
            TemplateChange::Status {
                event,
                reason,
                category,
            } => {
                let category = category.and_then(known_category).map(Aspect::Category);
                let review = review(event).map(|state| Aspect::Review(state, self::reason(reason)));
                [category, review]
            }
            TemplateChange::Quality { now } => [Some(Aspect::Quality(quality(now))), None],
            TemplateChange::CategoryImpending { to } => {
                [known_category(to).map(Aspect::Impending), None]
            }
            TemplateChange::Category { now } => [known_category(now).map(Aspect::Category), None],
            TemplateChange::Edited => [Some(Aspect::Edited), None],
        };
        let note = |aspect| Note { aspect, said };
        aspects.into_iter().flatten().map(note).collect()
    }
}

/// The state after an event. `LOCKED` is about editing alone.
fn review(event: TemplateEvent) -> Option<Review> {
    match event {
        TemplateEvent::Approved | TemplateEvent::Unarchived | TemplateEvent::Reinstated => {
            Some(Review::Approved)
        }
        TemplateEvent::Archived => Some(Review::Archived),
        TemplateEvent::Deleted => Some(Review::Deleted),
        TemplateEvent::Disabled => Some(Review::Disabled),
        TemplateEvent::Flagged => Some(Review::Flagged),
        TemplateEvent::InAppeal => Some(Review::InAppeal),
        TemplateEvent::LimitExceeded => Some(Review::LimitExceeded),
        TemplateEvent::Paused => Some(Review::Paused),
        TemplateEvent::Pending => Some(Review::Pending),
        TemplateEvent::PendingDeletion => Some(Review::PendingDeletion),
        TemplateEvent::Rejected => Some(Review::Rejected),
        TemplateEvent::Locked | TemplateEvent::Other => None,
    }
}

fn reason(reason: TemplateReason) -> Reason {
    match reason {
        TemplateReason::None => Reason::None,
        TemplateReason::IncorrectCategory => Reason::IncorrectCategory,
        TemplateReason::InvalidFormat => Reason::InvalidFormat,
        TemplateReason::AbusiveContent => Reason::AbusiveContent,
        TemplateReason::Scam => Reason::Scam,
        TemplateReason::Promotional => Reason::Promotional,
        TemplateReason::TagContentMismatch => Reason::TagContentMismatch,
        TemplateReason::Other => Reason::Other,
    }
}

fn quality(quality: Quality) -> standing::Quality {
    match quality {
        Quality::Green => standing::Quality::Green,
        Quality::Yellow => standing::Quality::Yellow,
        Quality::Red => standing::Quality::Red,
        Quality::Unknown | Quality::Other => standing::Quality::Unknown,
    }
}

fn known_category(category: Category) -> Option<template::Category> {
    match category {
        Category::Authentication => Some(template::Category::Authentication),
        Category::Utility => Some(template::Category::Utility),
        Category::Marketing => Some(template::Category::Marketing),
        Category::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use recado_domain::ids::BusinessAccountId;
    use recado_domain::standing::Edition;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn notes(change: TemplateChange, told: Option<i64>) -> Vec<Note> {
        let update = TemplateUpdate {
            account: BusinessAccountId::parse("800").expect("digits"),
            edition: Edition::parse("pix_received_v2", "pt-BR").expect("an edition"),
            change,
            at: told.map(at),
        };
        update.notes(at(9))
    }

    #[test]
    fn an_approval_in_another_category_notes_the_category_first() {
        let change = TemplateChange::Status {
            event: TemplateEvent::Approved,
            reason: TemplateReason::None,
            category: Some(Category::Marketing),
        };
        let said = Said::Told(at(5));
        let expected = [
            Aspect::Category(template::Category::Marketing),
            Aspect::Review(Review::Approved, Reason::None),
        ];
        assert_eq!(
            notes(change, Some(5)),
            expected.map(|aspect| Note { aspect, said })
        );
    }

    #[test]
    fn a_word_that_nobody_knows_changes_nothing() {
        let status = |event| TemplateChange::Status {
            event,
            reason: TemplateReason::Other,
            category: Some(Category::Other),
        };
        assert_eq!(notes(status(TemplateEvent::Other), Some(5)), []);
        assert_eq!(notes(status(TemplateEvent::Locked), Some(5)), []);
        let category = TemplateChange::Category {
            now: Category::Other,
        };
        assert_eq!(notes(category, Some(5)), []);
        let rejected = notes(status(TemplateEvent::Rejected), Some(5));
        assert_eq!(
            rejected.first().map(|note| note.aspect),
            Some(Aspect::Review(Review::Rejected, Reason::Other))
        );
    }

    #[test]
    fn without_a_moment_of_metas_it_counts_from_when_it_came() {
        let said = Said::Told(at(9));
        let aspect = Aspect::Edited;
        assert_eq!(notes(TemplateChange::Edited, None), [Note { aspect, said }]);
    }
}
