//! What SNS answers, in our words. Nowhere else are its codes known.

use std::error::Error;
use std::io;
use std::time::Duration;

use aws_sdk_sns::config::http::HttpResponse;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use recado_domain::delivery::{Failure, FailureKind, PostOutcome};
use recado_http::HttpError;

/// How long SNS is left alone after it said "too fast".
const AFTER_THROTTLING: Duration = Duration::from_secs(2);
/// How long after no connection came about.
const AFTER_NO_CONNECTION: Duration = Duration::from_secs(1);

/// Which end of the Publish an error is: what may have left is never "not sent".
pub(crate) fn outcome_of(error: &SdkError<PublishError, HttpResponse>) -> PostOutcome {
    match error {
        SdkError::ConstructionFailure(_) => PostOutcome::Rejected(failure(
            FailureKind::Technical,
            "the request could not be built",
        )),
        SdkError::DispatchFailure(dispatch) => match dispatch.as_connector_error() {
            Some(connector) if connector.is_user() => PostOutcome::Rejected(failure(
                FailureKind::Technical,
                "the request could not be built",
            )),
            Some(connector) if never_connected(connector) => {
                not_sent("no connection to SNS", AFTER_NO_CONNECTION)
            }
            Some(_) | None => PostOutcome::Unknown,
        },
        SdkError::ServiceError(service) => answered(service.raw().status().as_u16(), service.err()),
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => PostOutcome::Unknown,
        _ => PostOutcome::Unknown,
    }
}

/// SNS spoke: by its code first, by the status where the code is not known.
fn answered(status: u16, error: &PublishError) -> PostOutcome {
    let code = error.code().unwrap_or_default();
    let code = code.strip_suffix("Exception").unwrap_or(code);
    match code {
        "OptedOut" => rejected(FailureKind::Permanent, "the number has opted out of SMS"),
        // SNS' words for a number that has opted out, cannot be reached or is not one.
        "InvalidParameter" | "InvalidParameterValue" | "ParameterValueInvalid" => rejected(
            FailureKind::Permanent,
            "the number or the text is not accepted",
        ),
        "Throttling"
        | "Throttled"
        | "ThrottlingError"
        | "RequestLimitExceeded"
        | "TooManyRequests" => not_sent("SNS takes no more for the moment", AFTER_THROTTLING),
        // AWS's common errors: "the request has failed", where a 500 says that nobody knows why.
        "ServiceUnavailable" => not_sent("SNS is away for the moment", AFTER_THROTTLING),
        "KMSThrottling" => not_sent("KMS takes no more for the moment", AFTER_THROTTLING),
        "AuthorizationError" | "AccessDenied" => {
            rejected(FailureKind::Technical, "no permission to send SMS")
        }
        "InvalidSecurity" | "InvalidClientTokenId" | "SignatureDoesNotMatch" | "ExpiredToken" => {
            rejected(FailureKind::Technical, "the credentials are not accepted")
        }
        "UserError" | "Validation" | "ValidationError" => {
            rejected(FailureKind::Technical, "the request is not accepted")
        }
        "EndpointDisabled" | "PlatformApplicationDisabled" | "NotFound" => rejected(
            FailureKind::Technical,
            "the address is not one of a telephone",
        ),
        "KMSAccessDenied" | "KMSDisabled" | "KMSInvalidState" | "KMSNotFound"
        | "KMSOptInRequired" => rejected(FailureKind::Technical, "SNS cannot use its key"),
        "RequestTimeout" => PostOutcome::Unknown,
        _ => match status {
            408 => PostOutcome::Unknown,
            429 => not_sent("SNS takes no more for the moment", AFTER_THROTTLING),
            400..500 => rejected(FailureKind::Technical, "refused with an unknown code"),
            _ => PostOutcome::Unknown,
        },
    }
}

/// Whether the connection never came about: then nothing can have left. What is not certain counts
/// as connected.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    let refused = error
        .downcast_ref::<io::Error>()
        .is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused);
    let connecting = error
        .downcast_ref::<HttpError>()
        .is_some_and(HttpError::is_connect);
    refused || connecting || error.source().is_some_and(never_connected)
}

fn rejected(kind: FailureKind, title: &str) -> PostOutcome {
    PostOutcome::Rejected(failure(kind, title))
}

fn not_sent(title: &str, retry_after: Duration) -> PostOutcome {
    PostOutcome::NotSent {
        failure: failure(FailureKind::Temporary, title),
        retry_after,
    }
}

/// SNS' codes are words; the number beside a failure is Meta's only.
fn failure(kind: FailureKind, title: &str) -> Failure {
    Failure {
        kind,
        code: None,
        title: title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sns::error::ErrorMetadata;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    #[derive(Debug, PartialEq)]
    enum End {
        Rejected(FailureKind),
        NotSent,
        Unknown,
    }

    fn end(outcome: PostOutcome) -> End {
        match outcome {
            PostOutcome::Rejected(failure) => End::Rejected(failure.kind),
            PostOutcome::NotSent { retry_after, .. } => {
                assert!((1..=5).contains(&retry_after.as_secs()));
                End::NotSent
            }
            PostOutcome::Unknown => End::Unknown,
            PostOutcome::Accepted { .. } | PostOutcome::Held => unreachable!("an error"),
        }
    }

    fn service(status: u16, code: &str) -> SdkError<PublishError, HttpResponse> {
        let meta = match code {
            "" => ErrorMetadata::builder().build(),
            code => ErrorMetadata::builder().code(code).build(),
        };
        let raw = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        SdkError::service_error(PublishError::generic(meta), raw)
    }

    #[test]
    fn an_answer_is_told_by_its_code_then_by_its_status() {
        let check = |status: u16, code: &str, expected: End| {
            assert_eq!(
                end(outcome_of(&service(status, code))),
                expected,
                "{status} {code}"
            );
        };
        for code in ["InvalidParameter", "ParameterValueInvalid", "OptedOut"] {
            check(400, code, End::Rejected(FailureKind::Permanent));
        }
        for code in [
            "Throttling",
            "ThrottlingException",
            "Throttled",
            "KMSThrottling",
            "TooManyRequestsException",
        ] {
            check(400, code, End::NotSent);
            check(503, code, End::NotSent);
        }
        for code in [
            "AuthorizationError",
            "AccessDeniedException",
            "ValidationException",
            "KMSDisabled",
            "ExpiredTokenException",
        ] {
            check(400, code, End::Rejected(FailureKind::Technical));
        }
        check(403, "NewOnes", End::Rejected(FailureKind::Technical));
        check(400, "", End::Rejected(FailureKind::Technical));
        check(429, "", End::NotSent);
        check(503, "ServiceUnavailable", End::NotSent);
        check(500, "ServiceUnavailable", End::NotSent);
        for (status, code) in [
            (500, "InternalError"),
            (500, "InternalFailure"),
            (503, ""),
            (502, "NewOnes"),
            (408, ""),
            (400, "RequestTimeout"),
        ] {
            check(status, code, End::Unknown);
        }
    }

    #[test]
    fn what_may_have_left_is_never_called_not_sent() {
        let io = |kind: io::ErrorKind| {
            let error = ConnectorError::io(io::Error::from(kind).into());
            end(outcome_of(&SdkError::dispatch_failure(error)))
        };
        assert_eq!(io(io::ErrorKind::ConnectionRefused), End::NotSent);
        assert_eq!(io(io::ErrorKind::ConnectionReset), End::Unknown);
        assert_eq!(io(io::ErrorKind::BrokenPipe), End::Unknown);
        assert_eq!(io(io::ErrorKind::UnexpectedEof), End::Unknown);
        let ours = |error: HttpError| {
            let error = match error.is_timeout() {
                true => ConnectorError::timeout(error.into()),
                false => ConnectorError::io(error.into()),
            };
            end(outcome_of(&SdkError::dispatch_failure(error)))
        };
        assert_eq!(ours(HttpError::ConnectTimeout), End::NotSent);
        assert_eq!(ours(HttpError::Timeout), End::Unknown);
        assert_eq!(ours(HttpError::Ended("reset".into())), End::Unknown);
        let timeout = ConnectorError::timeout("slow".into());
        assert_eq!(
            end(outcome_of(&SdkError::dispatch_failure(timeout))),
            End::Unknown
        );
        assert_eq!(
            end(outcome_of(&SdkError::timeout_error("slow"))),
            End::Unknown
        );
        let raw = HttpResponse::new(200.try_into().unwrap(), SdkBody::empty());
        assert_eq!(
            end(outcome_of(&SdkError::response_error("cut off", raw))),
            End::Unknown
        );
    }

    #[test]
    fn a_request_that_was_never_made_is_our_fault() {
        let technical = End::Rejected(FailureKind::Technical);
        assert_eq!(
            end(outcome_of(&SdkError::construction_failure("no body"))),
            technical
        );
        let user = ConnectorError::user("bad header".into());
        assert_eq!(
            end(outcome_of(&SdkError::dispatch_failure(user))),
            technical
        );
    }
}
