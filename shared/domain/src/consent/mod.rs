//! Who may be written to, by which channel, for which purpose: the rules and the customer's own words.

mod keyword;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::class::Class;
use crate::delivery::{CloseReason, Permission, SuppressReason, plus};

pub use keyword::{Keyword, REVOKED_BY_REPLY};

/// What an event does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The customer agrees.
    Grant,
    /// The customer no longer agrees.
    Revoke,
}

impl Action {
    /// The state that the event leaves behind, as the API names it.
    #[must_use]
    pub fn state(self) -> &'static str {
        match self {
            Self::Grant => "granted",
            Self::Revoke => "revoked",
        }
    }
}

/// Where an event was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The bank's app.
    App,
    /// The bank's site.
    Web,
    /// A branch.
    Branch,
    /// A telephone call.
    Call,
    /// A word the customer sent.
    WhatsappReply,
    /// Brought over from another system.
    Import,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 6] = [
        Self::App,
        Self::Web,
        Self::Branch,
        Self::Call,
        Self::WhatsappReply,
        Self::Import,
    ];

    /// The word in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Web => "web",
            Self::Branch => "branch",
            Self::Call => "call",
            Self::WhatsappReply => "whatsapp_reply",
            Self::Import => "import",
        }
    }
}

/// The current consent for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurposeConsent {
    /// What the newest event did.
    pub action: Action,
    /// When it was captured.
    pub since: Timestamp,
    /// Where.
    pub source: Source,
}

/// The last millisecond of a second.
const END_OF_SECOND: Duration = Duration::from_millis(999);

impl PurposeConsent {
    /// Which of two events counts: the later one; at the same moment, a revoke. Meta tells a reply's time
    /// in whole seconds: the word counts from the end of its second, so that it outdoes a grant from
    /// earlier in the same one.
    fn rank(self) -> (Timestamp, bool) {
        let revoke = self.action == Action::Revoke;
        let whole_second = self.since.subsec_nanosecond() == 0;
        let counts_from = if revoke && whole_second && self.source == Source::WhatsappReply {
            plus(self.since, END_OF_SECOND)
        } else {
            self.since
        };
        (counts_from, revoke)
    }

    /// This event on top of what held before. A word that finds a purpose revoked already is not what
    /// revoked it: an opt-in word does not bring it back.
    fn upon(self, before: Option<Self>) -> Self {
        let word = self.action == Action::Revoke && self.source == Source::WhatsappReply;
        match before {
            Some(before) if word && before.action == Action::Revoke => Self {
                source: before.source,
                since: self.rank().0,
                ..self
            },
            Some(_) | None => self,
        }
    }
}

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
}

impl ChannelConsents {
    /// Takes an event in. A newer one replaces an older one; at the same moment a revoke wins.
    /// Answers whether anything changed: the same event again changes nothing.
    #[must_use]
    pub fn apply(&mut self, purposes: &[Class], event: PurposeConsent) -> Changed {
        let mut changed = Changed::No;
        for purpose in purposes {
            let current = self.purposes.get(purpose).copied();
            if current.is_none_or(|current| event.rank() > current.rank()) {
                self.purposes.insert(*purpose, event.upon(current));
                changed = Changed::Yes;
            }
        }
        changed
    }

    /// The purposes that a reply revoked and nothing granted since: what an opt-in word restores.
    #[must_use]
    pub fn revoked_by_reply(&self) -> Vec<Class> {
        let by_reply = |consent: &PurposeConsent| {
            consent.action == Action::Revoke && consent.source == Source::WhatsappReply
        };
        self.purposes
            .iter()
            .filter(|(_, consent)| by_reply(consent))
            .map(|(purpose, _)| *purpose)
            .collect()
    }

    fn state(&self, purpose: Class) -> Option<Action> {
        self.purposes.get(&purpose).map(|consent| consent.action)
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
    /// WhatsApp needs a grant (Meta's policy): without it authentication, security and transactional go
    /// on to the next leg, servicing and marketing are suppressed. SMS and voice rest on the contract:
    /// a revoke is obeyed for transactional and servicing; marketing never falls back.
    #[must_use]
    pub fn permission(&self, class: Class, channel: Channel) -> Permission {
        let consents = self.0.get(&channel);
        let state = consents.and_then(|consents| consents.state(class));
        match (channel, class) {
            (Channel::Whatsapp, Class::Authentication | Class::Security | Class::Transactional) => {
                match state {
                    Some(Action::Grant) => Permission::Granted,
                    Some(Action::Revoke) | None => {
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
                    Some(Action::Grant) if !stopped => Permission::Granted,
                    Some(_) => Permission::NotAtAll(SuppressReason::OptedOut),
                    None => Permission::NotAtAll(SuppressReason::NoConsent),
                }
            }
            (Channel::Sms | Channel::Voice, Class::Authentication | Class::Security) => {
                Permission::Granted
            }
            (Channel::Sms | Channel::Voice, Class::Transactional | Class::Servicing) => match state
            {
                Some(Action::Revoke) => Permission::NotThisLeg(CloseReason::OptedOut),
                Some(Action::Grant) | None => Permission::Granted,
            },
            (Channel::Sms | Channel::Voice, Class::Marketing) => {
                Permission::NotThisLeg(CloseReason::OptedOut)
            }
        }
    }
}

#[cfg(test)]
mod tests;
