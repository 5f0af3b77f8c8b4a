//! Words for where a template stands: closed lists, as the API, the store and the logs write them.

use crate::delivery::CloseReason;
use crate::words::words;

words! {
    /// Where a template stands in Meta's review.
    Review {
        /// The bank has not handed it in.
        NotSubmitted = "not_submitted",
        /// Under review: minutes, up to a day.
        Pending = "pending",
        /// Under review a second time.
        InAppeal = "in_appeal",
        /// May be sent.
        Approved = "approved",
        /// May be sent; warned for its quality.
        Flagged = "flagged",
        /// Refused.
        Rejected = "rejected",
        /// Off for hours, for its quality, or until somebody takes it up again.
        Paused = "paused",
        /// Off for good.
        Disabled = "disabled",
        /// Will be gone.
        PendingDeletion = "pending_deletion",
        /// Gone.
        Deleted = "deleted",
        /// Put away, long unused.
        Archived = "archived",
        /// Over the account's number of templates.
        LimitExceeded = "limit_exceeded",
    }
}

words! {
    /// Why Meta refused a template.
    Reason {
        /// No reason is given.
        None = "none",
        /// The category is wrong.
        IncorrectCategory = "incorrect_category",
        /// The text's form is wrong.
        InvalidFormat = "invalid_format",
        /// The content abuses.
        AbusiveContent = "abusive_content",
        /// The content cheats.
        Scam = "scam",
        /// The content promotes.
        Promotional = "promotional",
        /// Content and category differ.
        TagContentMismatch = "tag_content_mismatch",
        /// One that nobody here has seen.
        Other = "other",
    }
}

words! {
    /// A template's quality, by customers' reactions.
    Quality {
        /// Good.
        Green = "green",
        /// Doubtful.
        Yellow = "yellow",
        /// Bad: about to be paused.
        Red = "red",
        /// Not known yet.
        Unknown = "unknown",
    }
}

impl Review {
    /// Why nothing leaves by WhatsApp in this state; none where it may.
    #[must_use]
    pub fn closes(self) -> Option<CloseReason> {
        match self {
            Self::Approved | Self::Flagged => None,
            Self::Pending | Self::InAppeal => Some(CloseReason::TemplatePending),
            Self::Rejected => Some(CloseReason::TemplateRejected),
            Self::Paused => Some(CloseReason::TemplatePaused),
            Self::Disabled => Some(CloseReason::TemplateDisabled),
            Self::NotSubmitted
            | Self::PendingDeletion
            | Self::Deleted
            | Self::Archived
            | Self::LimitExceeded => Some(CloseReason::TemplateUnavailable),
        }
    }

    /// Which of two states counts that Meta told at the same moment.
    pub(super) fn rank(self) -> i64 {
        match self {
            Self::NotSubmitted => 0,
            Self::Pending => 1,
            Self::InAppeal => 2,
            Self::Approved => 3,
            Self::Flagged => 4,
            Self::LimitExceeded => 5,
            Self::Archived => 6,
            Self::Paused => 7,
            Self::Rejected => 8,
            Self::Disabled => 9,
            Self::PendingDeletion => 10,
            Self::Deleted => 11,
        }
    }
}

impl Quality {
    pub(super) fn rank(self) -> i64 {
        match self {
            Self::Unknown => 0,
            Self::Green => 1,
            Self::Yellow => 2,
            Self::Red => 3,
        }
    }
}
