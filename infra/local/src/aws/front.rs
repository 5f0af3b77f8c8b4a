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

use super::asked;
use super::cognito::Pools;
use super::dynamodb::{DynamoDb, Units};
use super::guard::Guard;
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

/// What happens to a request on its way to its service or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried out.
    Pass,
    /// It is carried out after a while.
    Delay(Duration),
    /// It is answered with the service's throttling error and not carried out.
    Throttle,
    /// It is carried out, and whoever asked does not learn what came of it.
    LoseAnswer(Loss),
}

/// How the answer to a request that was carried out is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The connection ends without a byte of it.
    Cut,
    /// The service's internal error, status 500, stands in its place.
    InternalError,
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
    pub(super) pools: Pools,
    pub(super) interference: RwLock<Interference>,
    pub(super) guard: Guard,
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
    let signer = asked::signer(&headers);
    let target = headers
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok());
    let Some(target) = target else {
        let form: HashMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
        let Some(action) = form.get("Action") else {
            return unknown();
        };
        let wanted = asked::of_sns(action, &form);
        if let Err(refusal) = front.guard.admit(signer, Service::Sns, &wanted) {
            return *refusal;
        }
        let carry_out = async || {
            let units = Units::default();
            let operation = (Service::Sns, action.as_str());
            front.guard.count(signer, operation, &wanted, units);
            front.sns.handle(action, &form)
        };
        return front.interfered(Service::Sns, action, carry_out).await;
    };
    if let Some(("AWSCognitoIdentityProviderService", operation)) = target.split_once('.') {
        return front.pools.handle(operation, &body);
    }
    let (service, operation) = match target.split_once('.') {
        Some(("DynamoDB_20120810", operation)) => (Service::DynamoDb, operation),
        Some(("AmazonSQS", operation)) => (Service::Sqs, operation),
        Some(("secretsmanager", operation)) => (Service::SecretsManager, operation),
        Some(_) | None => return unknown(),
    };
    let wanted = match service {
        Service::DynamoDb => asked::of_dynamodb(operation, &body, front.dynamodb.partition_key()),
        Service::Sqs => asked::of_sqs(operation, &body),
        Service::SecretsManager => asked::of_secrets(operation, &body),
        Service::Sns => return unknown(),
    };
    if let Err(refusal) = front.guard.admit(signer, service, &wanted) {
        return *refusal;
    }
    let carry_out = async || {
        let (response, units) = match service {
            Service::DynamoDb => front.dynamodb.handle(operation, &body),
            Service::Sqs => {
                let response = front.queues.handle(operation, &body).await;
                (response, Units::default())
            }
            Service::SecretsManager => (front.secrets.handle(operation, &body), Units::default()),
            Service::Sns => (unknown(), Units::default()),
        };
        let operation = (service, operation);
        front.guard.count(signer, operation, &wanted, units);
        response
    };
    front.interfered(service, operation, carry_out).await
}

impl Front {
    pub(super) fn interfere(&self, interference: Interference) {
        let mut current = self
            .interference
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = interference;
    }

    /// The answer to a request, carried out or not, as the interference has it.
    async fn interfered(
        &self,
        service: Service,
        operation: &str,
        carry_out: impl AsyncFnOnce() -> Response,
    ) -> Response {
        let verdict = {
            let interference = self
                .interference
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            interference(service, operation)
        };
        match verdict {
            Verdict::Pass => carry_out().await,
            Verdict::Delay(delay) => {
                tokio::time::sleep(delay).await;
                carry_out().await
            }
            Verdict::Throttle => throttled(service),
            Verdict::LoseAnswer(loss) => {
                drop(carry_out().await);
                match loss {
                    Loss::Cut => wire::cut(),
                    Loss::InternalError => internal_error(service),
                }
            }
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

fn internal_error(service: Service) -> Response {
    let json = |protocol, kind| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        wire::json_error(protocol, status, kind, "Internal server error")
    };
    match service {
        Service::DynamoDb => json(
            Protocol::Json10,
            "com.amazonaws.dynamodb.v20120810#InternalServerError",
        ),
        Service::Sqs => json(Protocol::Json10, "com.amazonaws.sqs#InternalError"),
        Service::Sns => super::sns::internal_error(),
        Service::SecretsManager => json(Protocol::Json11, "InternalServiceError"),
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
