//! What is said about a consent: what an event does, where and when, and on what it rests.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::class::Class;
use crate::delivery::plus;
use crate::ids::{RecipientToken, TenantId};
use crate::seal::Sealed;

/// What an event does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The customer agrees.
    Grant,
    /// The customer agrees, and has yet to say so a second time (double opt-in).
    GrantUnconfirmed,
    /// The customer said it a second time.
    Confirm,
    /// The customer agrees for longer.
    Refresh,
    /// The customer no longer agrees.
    Revoke,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 5] = [
        Self::Grant,
        Self::GrantUnconfirmed,
        Self::Confirm,
        Self::Refresh,
        Self::Revoke,
    ];

    /// The word in the store, the logs and what a chain's hash covers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::GrantUnconfirmed => "grant_unconfirmed",
            Self::Confirm => "confirm",
            Self::Refresh => "refresh",
            Self::Revoke => "revoke",
        }
    }

    /// Reads [`Action::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == text)
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
    /// Somebody else answered from the number, and said so.
    WrongPerson,
    /// Brought over from another system.
    Import,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 7] = [
        Self::App,
        Self::Web,
        Self::Branch,
        Self::Call,
        Self::WhatsappReply,
        Self::WrongPerson,
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
            Self::WrongPerson => "wrong_person",
            Self::Import => "import",
        }
    }

    /// Whether it is a message from the phone itself.
    pub(super) fn is_phone(self) -> bool {
        match self {
            Self::WhatsappReply | Self::WrongPerson => true,
            Self::App | Self::Web | Self::Branch | Self::Call | Self::Import => false,
        }
    }

    /// Reads [`Source::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == text)
    }
}

/// Why the law lets a message of a purpose be sent (LGPD art. 7, GDPR art. 6). WhatsApp's own rule, a
/// grant for each purpose, stands beside it and is not it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalBasis {
    /// The person's consent.
    Consent,
    /// A contract with the person.
    Contract,
    /// A duty of the bank's.
    LegalObligation,
    /// A legitimate interest that outweighs.
    LegitimateInterest,
    /// Protection of credit.
    CreditProtection,
}

impl LegalBasis {
    /// Every basis.
    pub const ALL: [Self; 5] = [
        Self::Consent,
        Self::Contract,
        Self::LegalObligation,
        Self::LegitimateInterest,
        Self::CreditProtection,
    ];

    /// The word in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Contract => "contract",
            Self::LegalObligation => "legal_obligation",
            Self::LegitimateInterest => "legitimate_interest",
            Self::CreditProtection => "credit_protection",
        }
    }

    /// Reads [`LegalBasis::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.name() == text)
    }

    /// What a purpose rests on where nobody says otherwise: offers on consent, everything else on the
    /// contract. Asking consent for that would let its revocation stop a fraud alert.
    #[must_use]
    pub fn of(purpose: Class) -> Self {
        match purpose {
            Class::Authentication | Class::Security | Class::Transactional | Class::Servicing => {
                Self::Contract
            }
            Class::Marketing => Self::Consent,
        }
    }
}

/// What an event says for each of its purposes; and, as the current consent for one purpose, what holds.
/// There, the action is a grant, an unconfirmed one or a revoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurposeConsent {
    /// What the event does.
    pub action: Action,
    /// When it was captured.
    pub since: Timestamp,
    /// Where.
    pub source: Source,
    /// From when on a grant no longer counts; none: it does not end by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When the customer said it a second time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub double_opt_in_at: Option<Timestamp>,
    /// What the purpose rests on, where the event says so; else [`LegalBasis::of`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<LegalBasis>,
}

/// How a consent stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It counts.
    Granted,
    /// It waits for its confirmation, and does not count yet.
    Pending,
    /// It was given for a time that is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Granted, Self::Pending, Self::Expired, Self::Revoked];

    /// The word in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Pending => "pending",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// Reads [`State::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }
}

/// The last millisecond of a second.
const END_OF_SECOND: Duration = Duration::from_millis(999);

impl PurposeConsent {
    /// An event with nothing but what each one has.
    #[must_use]
    pub fn new(action: Action, since: Timestamp, source: Source) -> Self {
        Self {
            action,
            since,
            source,
            expires_at: None,
            double_opt_in_at: None,
            basis: None,
        }
    }

    /// How it stands, read as the current consent.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        let over = self.expires_at.is_some_and(|end| end <= now);
        match self.action {
            Action::Revoke => State::Revoked,
            Action::GrantUnconfirmed if !over => State::Pending,
            Action::Grant | Action::Confirm | Action::Refresh if !over => State::Granted,
            Action::GrantUnconfirmed | Action::Grant | Action::Confirm | Action::Refresh => {
                State::Expired
            }
        }
    }

    /// Which of two events counts: the later one; at the same moment a revoke, and a grant rather than an
    /// unconfirmed one. Meta tells a reply's time in whole seconds: the word counts from the end of its
    /// second, so that it outdoes a grant from earlier in the same one.
    fn rank(self) -> (Timestamp, u8) {
        let weight = match self.action {
            Action::GrantUnconfirmed => 0,
            Action::Grant | Action::Confirm | Action::Refresh => 1,
            Action::Revoke => 2,
        };
        let whole_second = self.since.subsec_nanosecond() == 0;
        let word = self.action == Action::Revoke && self.source.is_phone();
        let counts_from = if word && whole_second {
            plus(self.since, END_OF_SECOND)
        } else {
            self.since
        };
        (counts_from, weight)
    }

    /// This event on top of what held before; none where it changes nothing.
    ///
    /// A confirmation and a refresh add to the grant that they find and leave its time: a revoke from
    /// between the two outdoes them in whatever order they arrive.
    pub(super) fn upon(self, before: Option<Self>) -> Option<Self> {
        let newer = before.is_none_or(|before| self.rank() > before.rank());
        match self.action {
            Action::Grant => newer.then_some(self),
            Action::GrantUnconfirmed => {
                let holds = before.is_some_and(|it| it.state(self.since) == State::Granted);
                (newer && !holds).then_some(self)
            }
            Action::Confirm => before
                .filter(|it| it.action == Action::GrantUnconfirmed && it.since <= self.since)
                .map(|it| Self {
                    action: Action::Grant,
                    double_opt_in_at: Some(self.since),
                    expires_at: self.expires_at.or(it.expires_at),
                    ..it
                }),
            Action::Refresh => before
                .filter(|it| it.action == Action::Grant && it.since <= self.since)
                .filter(|it| later(self.expires_at, it.expires_at))
                .map(|it| Self {
                    expires_at: self.expires_at,
                    ..it
                }),
            Action::Revoke => newer.then(|| self.revoking(before)),
        }
    }

    /// A word that finds a purpose revoked already is not what revoked it: an opt-in word does not bring
    /// it back.
    fn revoking(self, before: Option<Self>) -> Self {
        let word = self.source == Source::WhatsappReply;
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

/// Whether one end is later than another; none is never.
fn later(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    match (one, other) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(one), Some(other)) => one > other,
    }
}

/// One consent event with its evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsentEvent {
    /// On which channel.
    pub channel: Channel,
    /// For which purposes.
    pub purposes: Vec<Class>,
    /// What it does, when and where it was captured.
    pub consent: PurposeConsent,
    /// Digest of the event: the same event again is the same entry.
    pub digest: String,
    /// When it reached us.
    pub received_at: Timestamp,
    /// The evidence (wording, actor, address), sealed for [`ConsentEvent::associated`].
    pub evidence: Option<Sealed>,
}

impl ConsentEvent {
    /// The history entry's sort key.
    #[must_use]
    pub fn sort_key(&self) -> String {
        format!(
            "{:015}#{}",
            self.consent.since.as_millisecond(),
            self.digest
        )
    }

    /// The name under which the evidence is sealed: the entry's key.
    #[must_use]
    pub fn associated(tenant: &TenantId, recipient: &RecipientToken, sort_key: &str) -> String {
        format!("RCPH#{tenant}#{recipient}#{sort_key}")
    }

    /// The event as it is kept: every time in whole milliseconds.
    #[must_use]
    pub(super) fn in_millis(&self) -> Self {
        let mut kept = self.clone();
        let consent = &mut kept.consent;
        consent.since = whole_millis(consent.since);
        consent.expires_at = consent.expires_at.map(whole_millis);
        consent.double_opt_in_at = consent.double_opt_in_at.map(whole_millis);
        kept.received_at = whole_millis(kept.received_at);
        kept
    }
}

/// A time as it is stored: whole milliseconds.
#[must_use]
pub fn whole_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
