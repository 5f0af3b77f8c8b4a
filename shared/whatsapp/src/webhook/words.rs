//! Meta's words for what happens to templates, accounts and numbers.

use serde_json::value::RawValue;

use crate::json;

/// Words of Meta's as an enum, so that a new word is one of few labels and not a string.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A word that nobody here has seen, or none.
            Other,
        }

        impl $name {
            pub(super) fn read(raw: Option<&RawValue>) -> Self {
                match json::text(raw).as_deref() {
                    $(Some($word) => Self::$variant,)+
                    Some(_) | None => Self::Other,
                }
            }

            /// Meta's own word, for metrics and logs.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other => "OTHER",
                }
            }
        }
    };
}

words! {
    /// A template's state. Only an approved one is delivered.
    TemplateEvent {
        /// May be sent (again).
        Approved = "APPROVED",
        /// Unused for long; not sendable.
        Archived = "ARCHIVED",
        /// Back from the archive.
        Unarchived = "UNARCHIVED",
        /// Gone.
        Deleted = "DELETED",
        /// Off for good.
        Disabled = "DISABLED",
        /// Warned for its quality.
        Flagged = "FLAGGED",
        /// Under review a second time.
        InAppeal = "IN_APPEAL",
        /// Too many templates.
        LimitExceeded = "LIMIT_EXCEEDED",
        /// Cannot be edited.
        Locked = "LOCKED",
        /// Off for a while, for its quality.
        Paused = "PAUSED",
        /// Under review.
        Pending = "PENDING",
        /// Given back.
        Reinstated = "REINSTATED",
        /// Will be gone.
        PendingDeletion = "PENDING_DELETION",
        /// Refused.
        Rejected = "REJECTED",
    }
}

words! {
    /// Why a template was refused.
    TemplateReason {
        /// No reason is given.
        None = "NONE",
        /// The category is wrong.
        IncorrectCategory = "INCORRECT_CATEGORY",
        /// The text's form is wrong.
        InvalidFormat = "INVALID_FORMAT",
        /// The content abuses.
        AbusiveContent = "ABUSIVE_CONTENT",
        /// The content cheats.
        Scam = "SCAM",
        /// The content promotes.
        Promotional = "PROMOTIONAL",
        /// Content and category differ.
        TagContentMismatch = "TAG_CONTENT_MISMATCH",
    }
}

words! {
    /// A template's quality, by customers' reactions.
    Quality {
        /// Good.
        Green = "GREEN",
        /// Doubtful.
        Yellow = "YELLOW",
        /// Bad: about to be paused.
        Red = "RED",
        /// Not known yet.
        Unknown = "UNKNOWN",
    }
}

words! {
    /// A template's category: price, consent and limits depend on it.
    Category {
        /// One-time codes.
        Authentication = "AUTHENTICATION",
        /// What the customer asked for or needs.
        Utility = "UTILITY",
        /// The rest.
        Marketing = "MARKETING",
    }
}

words! {
    /// What happened to the account.
    AccountEvent {
        /// Gone.
        Deleted = "ACCOUNT_DELETED",
        /// Broke a policy.
        Violation = "ACCOUNT_VIOLATION",
        /// May not do something for a while.
        Restriction = "ACCOUNT_RESTRICTION",
        /// Banned, or no longer.
        Ban = "DISABLED_UPDATE",
        /// Left the platform.
        Offboarded = "ACCOUNT_OFFBOARDED",
        /// Came back.
        Reconnected = "ACCOUNT_RECONNECTED",
    }
}

words! {
    /// What a restricted account may not do.
    Restriction {
        /// Templates: nothing of ours leaves but answers.
        BusinessInitiated = "RESTRICTED_BIZ_INITIATED_MESSAGING",
        /// Answers.
        CustomerInitiated = "RESTRICTED_CUSTOMER_INITIATED_MESSAGING",
        /// New numbers.
        AddNumber = "RESTRICTED_ADD_PHONE_NUMBER_ACTION",
        /// Utility templates.
        UtilityTemplates = "RESTRICTED_UTILITY_TEMPLATES",
    }
}

words! {
    /// A ban's state.
    BanState {
        /// Banned.
        Disable = "DISABLE",
        /// No longer banned.
        Reinstate = "REINSTATE",
        /// Soon banned.
        Scheduled = "SCHEDULE_FOR_DISABLE",
    }
}

words! {
    /// What happened to a number's limits.
    NumberEvent {
        /// Registered.
        Onboarding = "ONBOARDING",
        /// 1,000 messages a second from now on.
        ThroughputUpgrade = "THROUGHPUT_UPGRADE",
        /// More customers a day.
        Upgrade = "UPGRADE",
        /// Fewer customers a day.
        Downgrade = "DOWNGRADE",
        /// Warned for its quality.
        Flagged = "FLAGGED",
        /// No longer warned.
        Unflagged = "UNFLAGGED",
    }
}

words! {
    /// A review's end.
    Decision {
        /// Accepted.
        Approved = "APPROVED",
        /// Refused.
        Rejected = "REJECTED",
        /// Not yet.
        Pending = "PENDING",
        /// Later.
        Deferred = "DEFERRED",
    }
}

words! {
    /// How grave an alert of Meta's is.
    Severity {
        /// Grave.
        Critical = "CRITICAL",
        /// To be looked at.
        Warning = "WARNING",
        /// To be known.
        Informational = "INFORMATIONAL",
    }
}

words! {
    /// What happened to a number's two-step PIN.
    PinEvent {
        /// Changed.
        Changed = "PIN_CHANGED",
        /// Somebody asked to reset it.
        ResetRequested = "PIN_RESET_REQUEST",
        /// It was reset.
        Reset = "PIN_REQUEST_SUCCESS",
    }
}
