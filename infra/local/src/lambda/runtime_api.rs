//! The Runtime API (2018-06-01) of one instance.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::oneshot;

use super::instance::{Answer, Instance};
use super::{InvokeError, MAX_PAYLOAD_BYTES};
use crate::ids;

/// An invocation on its way to an instance.
pub(super) struct Delivery {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) timeout: Duration,
    /// Told when the instance has taken the invocation.
    pub(super) taken: oneshot::Sender<()>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// The routes, for one instance.
pub(super) fn router(instance: Arc<Instance>) -> Router {
    const BASE: &str = "/2018-06-01/runtime";
    Router::new()
        .route(&format!("{BASE}/invocation/next"), get(next))
        .route(
            &format!("{BASE}/invocation/{{id}}/response"),
            post(response),
        )
        .route(&format!("{BASE}/invocation/{{id}}/error"), post(error))
        .route(&format!("{BASE}/init/error"), post(init_error))
        .layer(DefaultBodyLimit::max(MAX_PAYLOAD_BYTES))
        .with_state(instance)
}

async fn next(State(instance): State<Arc<Instance>>) -> Response<Body> {
    // Nothing is awaited between taking a delivery and returning it: a process that
    // goes away while it waits here loses no invocation.
    let Some(delivery) = instance.next_delivery().await else {
        return status(StatusCode::GONE);
    };
    let now = crate::clock::now();
    let timeout = i64::try_from(delivery.timeout.as_millis()).unwrap_or(i64::MAX);
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &delivery.request_id)
        .header(
            "lambda-runtime-deadline-ms",
            now.as_millisecond().saturating_add(timeout),
        )
        .header(
            "lambda-runtime-invoked-function-arn",
            &instance.function_arn,
        )
        .header("lambda-runtime-trace-id", ids::trace(now))
        .body(Body::from(delivery.payload))
        .expect("ids, numbers and ARNs are valid header values");
    instance.begin(delivery.request_id, delivery.answer, delivery.taken);
    response
}

async fn response(
    State(instance): State<Arc<Instance>>,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Response<Body> {
    match body {
        Ok(body) => finish(&instance, &id, Ok(body)),
        Err(rejection) => {
            let too_large = InvokeError::FunctionError {
                error_type: "Function.ResponseSizeTooLarge".into(),
                message: rejection.body_text(),
            };
            finish(&instance, &id, Err(too_large));
            status(rejection.status())
        }
    }
}

/// The shape of the Runtime API's error documents.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ErrorDocument {
    error_type: String,
    error_message: String,
}

impl ErrorDocument {
    fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self {
            error_type: "Unhandled".into(),
            error_message: String::from_utf8_lossy(body).into_owned(),
        })
    }
}

async fn error(
    State(instance): State<Arc<Instance>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response<Body> {
    let document = ErrorDocument::read(&body);
    finish(
        &instance,
        &id,
        Err(InvokeError::FunctionError {
            error_type: document.error_type,
            message: document.error_message,
        }),
    )
}

async fn init_error(State(instance): State<Arc<Instance>>, body: Bytes) -> Response<Body> {
    let document = ErrorDocument::read(&body);
    instance.fail_init(format!(
        "{}: {}",
        document.error_type, document.error_message
    ));
    status(StatusCode::ACCEPTED)
}

fn finish(instance: &Instance, id: &str, answer: Answer) -> Response<Body> {
    if instance.finish(id, answer) {
        status(StatusCode::ACCEPTED)
    } else {
        // Not its invocation, or one that timed out.
        status(StatusCode::BAD_REQUEST)
    }
}

fn status(code: StatusCode) -> Response<Body> {
    let text = match code {
        StatusCode::ACCEPTED => r#"{"status":"OK"}"#,
        _ => r#"{"errorType":"InvalidRequest","errorMessage":"refused by the Runtime API"}"#,
    };
    Response::builder()
        .status(code)
        .header("content-type", "application/json")
        .body(Body::from(text))
        .expect("constants are a valid response")
}
