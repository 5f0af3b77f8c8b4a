//! What the SDK reports, in the port's words.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use recado_ports::StoreError;

/// Every failure that is no refused condition: throttled, timed out, unreachable; or a request that the
/// service does not take from us.
///
/// The raw answer is dropped: it can hold an item.
pub(crate) fn unavailable<E, R>(operation: &str, error: SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let what = match &error {
        SdkError::ConstructionFailure(_) => "the request could not be built".to_owned(),
        SdkError::TimeoutError(_) => "timed out".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "timed out".to_owned(),
        SdkError::DispatchFailure(_) => "unreachable".to_owned(),
        SdkError::ResponseError(_) => "the answer does not read".to_owned(),
        SdkError::ServiceError(service) => service
            .err()
            .code()
            .unwrap_or("an error without a code")
            .to_owned(),
        _ => "an error of an unknown kind".to_owned(),
    };
    let text = format!("{operation}: {what}");
    let refused =
        matches!(&error, SdkError::ConstructionFailure(_)) || REFUSALS.contains(&what.as_str());
    let source = error.into_source().ok();
    if refused {
        StoreError::Refused(text, source)
    } else {
        StoreError::Unavailable(text, source)
    }
}

/// Codes that stay until somebody mends a permission, a table or a request.
const REFUSALS: [&str; 6] = [
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "ResourceNotFoundException",
    "SerializationException",
    "ValidationException",
];

/// A failure that has no SDK error: tried as often as is sensible.
pub(crate) fn exhausted(operation: &str, what: &str) -> StoreError {
    StoreError::Unavailable(format!("{operation}: {what}"), None)
}
