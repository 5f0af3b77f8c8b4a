//! Why a file is not at Meta. Unlike a message, an upload may always be asked for again: at worst Meta
//! keeps a second copy for thirty days that nobody knows of.

use std::time::Duration;

use recado_domain::delivery::{Failure, PostOutcome};
use thiserror::Error;

use super::{Cause, cause};

/// When to ask again where Meta does not say.
const SOON: Duration = Duration::from_secs(1);

/// Why a file is not at Meta.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UploadError {
    /// Meta cannot use this file: its size, its kind, what is in it.
    #[error("Meta refuses the file: {}", .0.title)]
    File(Failure),
    /// Meta is away, busy or did not answer: worth asking again.
    #[error("Meta did not take the file")]
    Away {
        /// What Meta said, if it answered.
        failure: Option<Failure>,
        /// How long to wait.
        retry_after: Duration,
    },
    /// Our access, our account or our request: nothing is uploaded until somebody mends it.
    #[error("Meta refuses the upload: {}", .0.title)]
    Refused(Failure),
}

impl UploadError {
    /// What an outcome that is no media id says of the upload.
    pub(crate) fn of(outcome: PostOutcome) -> Self {
        match outcome {
            PostOutcome::Rejected(failure) if failure.code.map(cause) == Some(Cause::Content) => {
                Self::File(failure)
            }
            PostOutcome::Rejected(failure) => Self::Refused(failure),
            PostOutcome::NotSent {
                failure,
                retry_after,
            } => Self::Away {
                failure: Some(failure),
                retry_after: retry_after.max(SOON),
            },
            // Taken, perhaps, but under an id that nobody was told.
            PostOutcome::Unknown | PostOutcome::Accepted { .. } | PostOutcome::Held => Self::Away {
                failure: None,
                retry_after: SOON,
            },
        }
    }

    /// Whether another access token may be taken.
    #[must_use]
    pub fn refuses_token(&self) -> bool {
        match self {
            Self::Refused(failure) => super::refuses_token(failure),
            Self::File(_) | Self::Away { .. } => false,
        }
    }

    /// Meta's code, where it gave one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::File(failure) | Self::Refused(failure) => failure.code,
            Self::Away { failure, .. } => failure.as_ref().and_then(|failure| failure.code),
        }
    }
}
