//! Meta's error codes in our words. Nowhere else does a code of Meta's mean anything.
//!
//! [`synchronous`] reads what answers a POST, [`asynchronous`] what a `failed` receipt carries. A
//! code decides before the HTTP status does: a definite refusal can come with a 500, and throttling
//! comes with a 400.

mod cause;
mod table;
mod upload;

use std::time::Duration;

use recado_domain::delivery::{Failure, FailureKind, PostOutcome};
use serde::Deserialize;
use serde_json::value::RawValue;

pub use cause::{Attention, Cause};
use table::{Answer, Rule};
pub use upload::UploadError;

use crate::json;

/// An error as Meta writes it, in a response (`error`) or in a webhook (`errors[]`). Texts are not
/// read: Meta changes them, and some echo what was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetaError {
    /// `code`, where it is a number that a code can be.
    pub code: Option<u32>,
    /// `error_subcode`: what `code` 100 leaves open (33, 2388xxx).
    pub subcode: Option<u32>,
    /// `is_transient`.
    pub transience: Transience,
}

/// Whether Meta says that a repeated call may succeed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transience {
    /// Nothing is said, or the contrary.
    #[default]
    Unsaid,
    /// `is_transient: true`.
    Transient,
}

impl MetaError {
    /// Reads an error leniently: a member of another shape is an absent one.
    pub(crate) fn read(raw: &RawValue) -> Self {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            code: Option<&'a RawValue>,
            #[serde(borrow)]
            error_subcode: Option<&'a RawValue>,
            #[serde(borrow)]
            is_transient: Option<&'a RawValue>,
        }
        let Some(wire) = json::object::<Wire<'_>>(Some(raw)) else {
            return Self::default();
        };
        let code = |raw| json::number(raw).and_then(|number| u32::try_from(number).ok());
        let transience = match json::truth(wire.is_transient) {
            Some(true) => Transience::Transient,
            Some(false) | None => Transience::Unsaid,
        };
        Self {
            code: code(wire.code),
            subcode: code(wire.error_subcode),
            transience,
        }
    }

    /// The code that says most: management errors hide theirs in the subcode of a 100.
    fn telling(self) -> Option<u32> {
        match (self.code, self.subcode) {
            (Some(100) | None, Some(subcode)) if table::find(subcode).is_some() => Some(subcode),
            (code, _) => code,
        }
    }
}

/// What a code says, whatever carried it. A code that nobody has seen is [`Cause::Unknown`].
#[must_use]
pub fn cause(code: u32) -> Cause {
    table::find(code).map_or(Cause::Unknown, |rule| rule.cause)
}

/// Whether Meta refused a request for its access token, so that another token may be taken: expired or
/// revoked (190), not accepted (0), or a 401 or 403 without any code.
#[must_use]
pub fn refuses_token(failure: &Failure) -> bool {
    match failure.code {
        Some(code) => matches!(code, 0 | 190),
        None => failure.title == table::NO_ACCESS.title,
    }
}

/// What became of a POST that Meta answered with `error`.
///
/// Without a known code the HTTP status decides, and what may have been sent counts as such: an
/// unseen code with a 5xx is [`PostOutcome::Unknown`], never a reason to send again.
#[must_use]
pub fn synchronous(error: MetaError, status: u16) -> PostOutcome {
    let code = error.telling();
    if let Some(rule) = code.and_then(table::find) {
        return match rule.answer {
            Answer::Refused => PostOutcome::Rejected(failure(code, rule)),
            Answer::Ambiguous => PostOutcome::Unknown,
            Answer::NotSent { after } => PostOutcome::NotSent {
                failure: failure(code, rule),
                retry_after: after,
            },
        };
    }
    match (status, error.transience) {
        (429, _) => not_sent(code, &table::THROTTLED),
        (400..500, Transience::Transient) => not_sent(code, &table::TRANSIENT),
        (401 | 403, Transience::Unsaid) if code.is_none() => {
            PostOutcome::Rejected(failure(code, &table::NO_ACCESS))
        }
        (400..500, Transience::Unsaid) => PostOutcome::Rejected(unknown(code)),
        // Meta took the request (2xx, 3xx), or something behind its door broke (5xx).
        _ => PostOutcome::Unknown,
    }
}

/// Why a message failed after it had been accepted: the end of it, whatever the code would mean in
/// the answer to a POST.
#[must_use]
pub fn asynchronous(error: MetaError) -> Failure {
    let code = error.telling();
    code.and_then(table::find)
        .map_or_else(|| unknown(code), |rule| failure(code, rule))
}

/// What a failure that carries no code of Meta's is.
pub(crate) fn without_code(kind: FailureKind, title: &'static str) -> Failure {
    Failure {
        kind,
        code: None,
        title: title.to_owned(),
    }
}

fn unknown(code: Option<u32>) -> Failure {
    let rule = code.map_or(&table::NO_CODE, table::family);
    failure(code, rule)
}

fn not_sent(code: Option<u32>, rule: &Rule) -> PostOutcome {
    let retry_after = match rule.answer {
        Answer::NotSent { after } => after,
        Answer::Refused | Answer::Ambiguous => Duration::from_secs(1),
    };
    PostOutcome::NotSent {
        failure: failure(code, rule),
        retry_after,
    }
}

fn failure(code: Option<u32>, rule: &Rule) -> Failure {
    Failure {
        kind: rule.cause.kind(),
        code,
        title: rule.title.to_owned(),
    }
}

#[cfg(test)]
mod tests;
