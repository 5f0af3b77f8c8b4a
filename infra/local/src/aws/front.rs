//! The one door to every service: who is meant is told by the header `X-Amz-Target`, or by the
//! form's `Action` for services of the Query protocol.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::dynamodb::DynamoDb;
use super::secrets::Secrets;
use super::sns::Sns;
use super::sqs::Queues;
use super::wire::{self, Protocol};

/// A service of the local AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// DynamoDB.
    DynamoDb,
    /// SQS.
    Sqs,
    /// SNS.
    Sns,
    /// Secrets Manager.
    SecretsManager,
}

/// What happens to a request before its service sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried out.
    Pass,
    /// It is carried out after a while.
    Delay(Duration),
    /// It is answered with the service's throttling error and not carried out.
    Throttle,
}

/// Decides about each request by its service and operation, for example `PutItem`.
pub type Interference = Arc<dyn Fn(Service, &str) -> Verdict + Send + Sync>;

pub(super) fn no_interference() -> RwLock<Interference> {
    RwLock::new(Arc::new(|_, _| Verdict::Pass))
}

pub(super) struct Front {
    pub(super) dynamodb: DynamoDb,
    pub(super) queues: Arc<Queues>,
    pub(super) sns: Sns,
    pub(super) secrets: Secrets,
    pub(super) interference: RwLock<Interference>,
}

/// The largest request: DynamoDB's (AWS: 16 MB for a batch).
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

pub(super) fn router(front: Arc<Front>) -> Router {
    Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(front)
}

async fn handle(State(front): State<Arc<Front>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let Some(target) = target else {
        let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
        let Some(action) = form.get("Action") else {
            return unknown();
        };
        return match front.interferes(Service::Sns, action).await {
            Some(refusal) => refusal,
            None => front.sns.handle(action, &form),
        };
    };
    let service = match target.split_once('.') {
        Some(("DynamoDB_20120810", operation)) => (Service::DynamoDb, operation),
        Some(("AmazonSQS", operation)) => (Service::Sqs, operation),
        Some(("secretsmanager", operation)) => (Service::SecretsManager, operation),
        Some(_) | None => return unknown(),
    };
    let (service, operation) = service;
    if let Some(refusal) = front.interferes(service, operation).await {
        return refusal;
    }
    match service {
        Service::DynamoDb => front.dynamodb.handle(operation, &body),
        Service::Sqs => front.queues.handle(operation, &body).await,
        Service::SecretsManager => front.secrets.handle(operation, &body),
        Service::Sns => unknown(),
    }
}

impl Front {
    pub(super) fn interfere(&self, interference: Interference) {
        let mut current = self
            .interference
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = interference;
    }

    async fn interferes(&self, service: Service, operation: &str) -> Option<Response> {
        let verdict = {
            let interference = self
                .interference
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            interference(service, operation)
        };
        match verdict {
            Verdict::Pass => None,
            Verdict::Delay(delay) => {
                tokio::time::sleep(delay).await;
                None
            }
            Verdict::Throttle => Some(throttled(service)),
        }
    }
}

fn throttled(service: Service) -> Response {
    let json =
        |protocol, kind| wire::json_error(protocol, StatusCode::BAD_REQUEST, kind, "Rate exceeded");
    match service {
        Service::DynamoDb => json(
            Protocol::Json10,
            "com.amazonaws.dynamodb.v20120810#ThrottlingException",
        ),
        Service::Sqs => wire::with_query_error(
            json(Protocol::Json10, "com.amazonaws.sqs#RequestThrottled"),
            "RequestThrottled",
        ),
        Service::Sns => super::sns::throttled(),
        Service::SecretsManager => json(Protocol::Json11, "ThrottlingException"),
    }
}

fn unknown() -> Response {
    wire::json_error(
        Protocol::Json10,
        StatusCode::BAD_REQUEST,
        "com.amazon.coral.service#UnknownOperationException",
        "The local stack has no such service.",
    )
}
