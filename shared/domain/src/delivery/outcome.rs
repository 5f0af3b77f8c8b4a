//! What a carrier answers, in our words.

use std::time::Duration;

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKind {
    /// This recipient cannot be reached this way, or this content cannot be sent: trying again is in vain.
    Permanent,
    /// It may work later: limits, a paused template.
    Temporary,
    /// Ours or the provider's: credentials, permissions, an unknown code.
    Technical,
}

impl FailureKind {
    /// The word in the API, the store and the logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Temporary => "temporary",
            Self::Technical => "technical",
        }
    }

    /// Reads [`FailureKind::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Permanent, Self::Temporary, Self::Technical]
            .into_iter()
            .find(|kind| kind.name() == text)
    }
}

/// A failure: its kind, the provider's own code, a short text of ours without personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureKind,
    /// The provider's code, where it gave one.
    pub code: Option<u32>,
    /// What it means, in our words.
    pub title: String,
}

impl Failure {
    pub(super) fn encode(&self) -> String {
        let code = self.code.map_or_else(String::new, |code| code.to_string());
        format!("{}|{code}|{}", self.kind.name(), self.title)
    }

    pub(super) fn decode(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '|');
        let kind = FailureKind::parse(parts.next()?)?;
        let code = parts.next()?.parse().ok();
        Some(Self {
            kind,
            code,
            title: parts.next()?.to_owned(),
        })
    }
}

/// The four ends of a POST to Meta, or of an SMS's Publish (I3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostOutcome {
    /// Taken over by the carrier, under its own id where that may be stored.
    Accepted {
        /// The carrier's id; none for WhatsApp, whose wamid contains the number.
        provider_id: Option<String>,
    },
    /// Meta keeps it back until it knows the template's quality: counts as failed for the ladder.
    Held,
    /// Refused for good.
    Rejected(Failure),
    /// Known not to have left; worth another try.
    NotSent {
        /// Why.
        failure: Failure,
        /// Not before this long.
        retry_after: Duration,
    },
    /// The request may have left and nobody knows what became of it.
    Unknown,
}

impl PostOutcome {
    /// The word in metrics and logs.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Held => "held",
            Self::Rejected(_) => "rejected",
            Self::NotSent { .. } => "not_sent",
            Self::Unknown => "unknown",
        }
    }

    /// What refused it for good, where that is nobody's fault but ours or the provider's (a permission, a
    /// credential, an unknown code): the next message will fare alike until somebody mends it.
    #[must_use]
    pub fn to_mend(&self) -> Option<&Failure> {
        match self {
            Self::Rejected(failure) => (failure.kind == FailureKind::Technical).then_some(failure),
            Self::Accepted { .. } | Self::Held | Self::NotSent { .. } | Self::Unknown => None,
        }
    }

    /// The provider's code, where it gave one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Rejected(failure) | Self::NotSent { failure, .. } => failure.code,
            Self::Accepted { .. } | Self::Held | Self::Unknown => None,
        }
    }
}

/// What one webhook POST says of one notification, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipts {
    /// It reached the handset.
    pub delivered: bool,
    /// It was read.
    pub read: bool,
    /// The newest attempt that failed, and how.
    pub failed: Option<(u32, Failure)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_refused_for_a_technical_reason_is_somebodys_to_mend() {
        let failure = |kind| Failure {
            kind,
            code: Some(10),
            title: "a title".to_owned(),
        };
        let kinds = [
            (FailureKind::Technical, true),
            (FailureKind::Permanent, false),
            (FailureKind::Temporary, false),
        ];
        for (kind, expected) in kinds {
            let rejected = PostOutcome::Rejected(failure(kind));
            assert_eq!(rejected.to_mend().is_some(), expected, "{kind:?}");
            let again = PostOutcome::NotSent {
                failure: failure(kind),
                retry_after: Duration::ZERO,
            };
            assert_eq!(again.to_mend(), None, "it is tried again: {kind:?}");
        }
        assert_eq!(PostOutcome::Unknown.to_mend(), None);
    }
}
