//! What a message is for: its class decides consent, lane and what an unknown outcome costs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A template's class; a consent's purpose is the same word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// One-time codes and approvals.
    Authentication,
    /// Fraud and account safety.
    Security,
    /// What happened on the account.
    Transactional,
    /// Statements, reminders, onboarding.
    Servicing,
    /// Offers.
    Marketing,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 5] = [
        Self::Authentication,
        Self::Security,
        Self::Transactional,
        Self::Servicing,
        Self::Marketing,
    ];

    /// The name in the API, the store and the logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Security => "security",
            Self::Transactional => "transactional",
            Self::Servicing => "servicing",
            Self::Marketing => "marketing",
        }
    }

    /// Reads [`Class::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == text)
    }

    /// The lane a template of this class uses unless it names another.
    #[must_use]
    pub fn lane(self) -> Lane {
        match self {
            Self::Authentication | Self::Security => Lane::Critical,
            Self::Transactional | Self::Servicing => Lane::Standard,
            Self::Marketing => Lane::Bulk,
        }
    }

    /// What happens to an SMS of which nobody knows whether it left.
    #[must_use]
    pub fn when_uncertain(self) -> WhenUncertain {
        match self {
            Self::Authentication | Self::Security => WhenUncertain::RepeatOnce,
            Self::Transactional | Self::Servicing | Self::Marketing => {
                WhenUncertain::LeaveAndReport
            }
        }
    }

    /// How many messages of this purpose a recipient gets on one local day; none for what must arrive.
    #[must_use]
    pub fn daily_cap(self) -> Option<u32> {
        match self {
            Self::Authentication | Self::Security | Self::Transactional => None,
            Self::Servicing | Self::Marketing => Some(3),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A queue of its own, so that a campaign never delays a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Authentication and security: guarded, first served.
    Critical,
    /// Transactional and servicing.
    Standard,
    /// Marketing, statements, campaigns.
    Bulk,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Standard, Self::Bulk];

    /// The name in the store and the logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Standard => "standard",
            Self::Bulk => "bulk",
        }
    }

    /// Reads [`Lane::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.name() == text)
    }
}

/// The policy for an SMS whose Publish gave no answer (SNS has no idempotency key).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenUncertain {
    /// Sent again once: better twice than never.
    RepeatOnce,
    /// Left as it is and reported: better once too few than twice.
    LeaveAndReport,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_is_stored_under_its_word_and_waits_in_its_lane() {
        let check = |class: Class, word: &str, lane: Lane| {
            assert_eq!((class.name(), class.lane()), (word, lane));
            assert_eq!(Class::parse(word), Some(class));
        };
        check(Class::Authentication, "authentication", Lane::Critical);
        check(Class::Security, "security", Lane::Critical);
        check(Class::Transactional, "transactional", Lane::Standard);
        check(Class::Servicing, "servicing", Lane::Standard);
        check(Class::Marketing, "marketing", Lane::Bulk);
        assert_eq!(Class::parse("Security"), None);
        for (lane, word) in Lane::ALL.into_iter().zip(["critical", "standard", "bulk"]) {
            assert_eq!(lane.name(), word);
            assert_eq!(Lane::parse(word), Some(lane));
        }
        assert_eq!(Lane::parse("fast"), None);
    }
}
