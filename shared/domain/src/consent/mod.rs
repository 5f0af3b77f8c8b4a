//! Who may be written to, by which channel, for which purpose: the rules and the customer's own words.

mod chain;
mod event;
mod keyword;
mod policy;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::class::Class;
use crate::delivery::{CloseReason, Permission, SuppressReason};

pub use chain::{Break, Head, HistoryEntry, Link, Verdict, covered, sha256, verify};
pub use event::{Action, ConsentEvent, LegalBasis, PurposeConsent, Source, State, whole_millis};
pub use keyword::Keyword;
pub use policy::ConsentPolicy;

/// What Meta says a person wants of marketing: a state of its own beside ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetaPreference {
    /// No marketing from this business.
    Stop,
    /// Marketing again.
    Resume,
}

/// The current consents of one recipient on one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelConsents {
    /// By purpose.
    pub purposes: BTreeMap<Class, PurposeConsent>,
    /// Meta's own preference and when it was given; WhatsApp only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<(MetaPreference, Timestamp)>,
    /// The end of the history's chain.
    #[serde(default)]
    pub head: Head,
}

impl ChannelConsents {
    /// Takes an event in. A newer one replaces an older one; at the same moment a revoke wins.
    /// Answers whether anything changed: the same event again changes nothing.
    #[must_use]
    pub fn apply(&mut self, purposes: &[Class], event: PurposeConsent) -> Changed {
        let mut changed = Changed::No;
        for purpose in purposes {
            let current = self.purposes.get(purpose).copied();
            if let Some(after) = event.upon(current) {
                self.purposes.insert(*purpose, after);
                changed = Changed::Yes;
            }
        }
        changed
    }

    /// The purposes that a reply revoked and nothing granted since: what an opt-in word restores.
    #[must_use]
    pub fn revoked_by_reply(&self) -> Vec<Class> {
        self.revoked(|source| source == Source::WhatsappReply)
    }

    /// The purposes that a message from the phone itself revoked, whoever wrote it, and nothing granted since.
    #[must_use]
    pub fn revoked_by_phone(&self) -> Vec<Class> {
        self.revoked(Source::is_phone)
    }

    /// Whether somebody else answered from the number, and the bank has not granted everything anew since.
    #[must_use]
    pub fn is_another_persons(&self) -> bool {
        !self
            .revoked(|source| source == Source::WrongPerson)
            .is_empty()
    }

    fn revoked(&self, by: impl Fn(Source) -> bool) -> Vec<Class> {
        self.purposes
            .iter()
            .filter(|(_, consent)| consent.action == Action::Revoke && by(consent.source))
            .map(|(purpose, _)| *purpose)
            .collect()
    }

    /// Whether anything is left that was not taken back.
    #[must_use]
    pub fn agrees_to_anything(&self) -> bool {
        let mut all = self.purposes.values();
        all.any(|consent| consent.action != Action::Revoke)
    }

    fn state(&self, purpose: Class, now: Timestamp) -> Option<State> {
        self.purposes
            .get(&purpose)
            .map(|consent| consent.state(now))
    }
}

/// Whether taking an event in changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It did.
    Yes,
    /// It was known, or is outdone by a newer one.
    No,
}

/// All current consents of one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consents(pub BTreeMap<Channel, ChannelConsents>);

impl Consents {
    /// Whether a message of this class may leave by this channel now (I8).
    ///
    /// WhatsApp needs a grant (Meta's policy) that is confirmed where it has to be and not expired: without
    /// it authentication, security and transactional go on to the next leg, servicing and marketing are
    /// suppressed. SMS and voice rest on the contract: a revoke is obeyed for transactional and servicing;
    /// marketing never falls back.
    #[must_use]
    pub fn permission(&self, class: Class, channel: Channel, now: Timestamp) -> Permission {
        let consents = self.0.get(&channel);
        let state = consents.and_then(|consents| consents.state(class, now));
        match (channel, class) {
            (Channel::Whatsapp, Class::Authentication | Class::Security | Class::Transactional) => {
                match state {
                    Some(State::Granted) => Permission::Granted,
                    Some(State::Pending | State::Expired | State::Revoked) | None => {
                        Permission::NotThisLeg(CloseReason::NoWhatsappConsent)
                    }
                }
            }
            (Channel::Whatsapp, Class::Servicing | Class::Marketing) => {
                let stopped = class == Class::Marketing
                    && consents
                        .and_then(|consents| consents.meta)
                        .is_some_and(|(meta, _)| meta == MetaPreference::Stop);
                match state {
                    Some(State::Granted) if !stopped => Permission::Granted,
                    Some(State::Granted | State::Revoked) => {
                        Permission::NotAtAll(SuppressReason::OptedOut)
                    }
                    Some(State::Pending | State::Expired) | None => {
                        Permission::NotAtAll(SuppressReason::NoConsent)
                    }
                }
            }
            (Channel::Sms | Channel::Voice, Class::Authentication | Class::Security) => {
                Permission::Granted
            }
            (Channel::Sms | Channel::Voice, Class::Transactional | Class::Servicing) => match state
            {
                Some(State::Revoked) => Permission::NotThisLeg(CloseReason::OptedOut),
                Some(State::Granted | State::Pending | State::Expired) | None => {
                    Permission::Granted
                }
            },
            (Channel::Sms | Channel::Voice, Class::Marketing) => {
                Permission::NotThisLeg(CloseReason::OptedOut)
            }
        }
    }
}

#[cfg(test)]
mod tests;
