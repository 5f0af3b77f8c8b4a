//! What SQS refuses, and how each refusal is written on the wire.

use axum::response::Response;
use http::StatusCode;

use crate::aws::wire::{self, Protocol};

/// A refusal, in the words AWS uses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqsError {
    /// No queue has this name or URL.
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    /// The handle is malformed, or from another queue or an earlier run.
    #[error("The input receipt handle is invalid.")]
    ReceiptHandleIsInvalid,
    /// The message exists but nobody holds it.
    #[error("Value {0} for parameter ReceiptHandle is invalid. Reason: Message is not in flight.")]
    MessageNotInflight(String),
    /// A parameter's value is out of bounds; the text names it.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// A required parameter is missing or empty.
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    /// The body has a character that XML 1.0 does not know.
    #[error(
        "Invalid characters found. Valid unicode characters are \
             #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    InvalidMessageContents,
    /// A batch without entries.
    #[error("There should be at least one {0}RequestEntry in the request.")]
    EmptyBatchRequest(&'static str),
    /// More than 10 entries in a batch.
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    /// Two entries of a batch have the same id.
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    /// An entry's id is not 1–80 letters, digits, hyphens and underscores.
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
             It can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    /// The entries of a batch hold more than 1 MiB together.
    #[error("Batch requests cannot be longer than 1048576 bytes. You have sent {0} bytes.")]
    BatchRequestTooLong(usize),
    /// An attribute of a queue that SQS does not know was asked for.
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    /// 120,000 messages are in flight already.
    #[error("Too many messages in flight: delete some before receiving more.")]
    OverLimit,
    /// The body of the request is not what the operation takes.
    #[error("{0}")]
    Malformed(String),
    /// The local stack does not have this operation.
    #[error("The action {0} is not valid for this endpoint.")]
    UnknownOperation(String),
}

impl SqsError {
    pub(super) fn malformed(error: &serde_json::Error) -> Self {
        Self::Malformed(error.to_string())
    }

    /// The name in the service's model, and the code that clients of the Query protocol knew, which
    /// the SDKs still go by.
    fn names(&self) -> (&'static str, &'static str) {
        match self {
            Self::QueueDoesNotExist => (
                "QueueDoesNotExist",
                "AWS.SimpleQueueService.NonExistentQueue",
            ),
            Self::ReceiptHandleIsInvalid => ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            Self::MessageNotInflight(_) => (
                "MessageNotInflight",
                "AWS.SimpleQueueService.MessageNotInflight",
            ),
            Self::InvalidParameterValue(_) => {
                ("InvalidParameterValueException", "InvalidParameterValue")
            }
            Self::MissingParameter(_) => ("MissingRequiredParameterException", "MissingParameter"),
            Self::InvalidMessageContents => ("InvalidMessageContents", "InvalidMessageContents"),
            Self::EmptyBatchRequest(_) => (
                "EmptyBatchRequest",
                "AWS.SimpleQueueService.EmptyBatchRequest",
            ),
            Self::TooManyEntriesInBatchRequest(_) => (
                "TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            ),
            Self::BatchEntryIdsNotDistinct(_) => (
                "BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            ),
            Self::InvalidBatchEntryId => (
                "InvalidBatchEntryId",
                "AWS.SimpleQueueService.InvalidBatchEntryId",
            ),
            Self::BatchRequestTooLong(_) => (
                "BatchRequestTooLong",
                "AWS.SimpleQueueService.BatchRequestTooLong",
            ),
            Self::InvalidAttributeName(_) => ("InvalidAttributeName", "InvalidAttributeName"),
            Self::OverLimit => ("OverLimit", "OverLimit"),
            Self::Malformed(_) => ("SerializationException", "MalformedInput"),
            Self::UnknownOperation(_) => ("UnknownOperationException", "InvalidAction"),
        }
    }

    /// The code by which SDKs and the failed entries of a batch know this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.names().1
    }

    pub(super) fn response(&self) -> Response {
        let (kind, code) = self.names();
        let response = wire::json_error(
            Protocol::Json10,
            StatusCode::BAD_REQUEST,
            &format!("com.amazonaws.sqs#{kind}"),
            &self.to_string(),
        );
        wire::with_query_error(response, code)
    }
}

/// SQS's sentence for a number out of bounds.
pub(super) fn out_of_range(
    parameter: &str,
    value: impl std::fmt::Display,
    bounds: &std::ops::RangeInclusive<i64>,
) -> SqsError {
    SqsError::InvalidParameterValue(format!(
        "Value {value} for parameter {parameter} is invalid. Reason: Must be between {} and {}, \
         if provided.",
        bounds.start(),
        bounds.end()
    ))
}
