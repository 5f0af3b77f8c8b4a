//! What a bank asks of a grant beyond the grant: a second word, an end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::class::Class;
use crate::delivery::plus;

use super::event::{Action, PurposeConsent, Source};

/// A day, as an end is counted.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A bank's own rules for grants. By default a grant counts at once and does not end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentPolicy {
    /// The purposes that need a second word (double opt-in; in Germany the accepted proof for offers).
    pub double_opt_in: BTreeSet<Class>,
    /// After how many days a grant for a purpose ends, where it does not say so itself.
    pub days: BTreeMap<Class, u32>,
}

impl ConsentPolicy {
    /// What an event means for each of its purposes, those that it means the same for together.
    #[must_use]
    pub fn apply(
        &self,
        purposes: &[Class],
        event: PurposeConsent,
    ) -> Vec<(Vec<Class>, PurposeConsent)> {
        let mut meant: Vec<(Vec<Class>, PurposeConsent)> = Vec::new();
        for purpose in purposes {
            let own = self.for_purpose(*purpose, event);
            match meant.iter_mut().find(|(_, known)| *known == own) {
                Some((together, _)) => together.push(*purpose),
                None => meant.push((vec![*purpose], own)),
            }
        }
        meant
    }

    fn for_purpose(&self, purpose: Class, event: PurposeConsent) -> PurposeConsent {
        let ends = || {
            let days = self.days.get(&purpose)?;
            Some(plus(event.since, DAY * *days))
        };
        // A word from the phone itself proves already what a second word would.
        let unconfirmed = self.double_opt_in.contains(&purpose)
            && event.double_opt_in_at.is_none()
            && event.source != Source::WhatsappReply;
        match event.action {
            Action::Grant if unconfirmed => PurposeConsent {
                action: Action::GrantUnconfirmed,
                expires_at: event.expires_at.or_else(ends),
                ..event
            },
            Action::Grant | Action::GrantUnconfirmed | Action::Refresh => PurposeConsent {
                expires_at: event.expires_at.or_else(ends),
                ..event
            },
            Action::Confirm | Action::Revoke => event,
        }
    }
}
