//! What the local stack needs to know of a template, with every reference resolved.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::policy::Role;

/// A whole template, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// DynamoDB tables by logical id.
    pub tables: BTreeMap<String, Table>,
    /// SQS queues by logical id, dead-letter queues included.
    pub queues: BTreeMap<String, Queue>,
    /// Lambda functions by logical id.
    pub functions: BTreeMap<String, Function>,
    /// HTTP APIs by logical id.
    pub http_apis: BTreeMap<String, HttpApi>,
    /// Secrets by logical id.
    pub secrets: BTreeMap<String, Secret>,
    /// What each function may do, by the function's logical id.
    pub roles: BTreeMap<String, Role>,
}

/// A DynamoDB table. Streams, billing and encryption are left to AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The name in the template's `Resources`.
    pub logical_id: String,
    /// The table's name.
    pub name: String,
    /// Partition key.
    pub hash_key: KeyAttribute,
    /// Sort key, if there is one.
    pub range_key: Option<KeyAttribute>,
    /// The attribute that TTL deletes by, when TTL is on.
    pub ttl_attribute: Option<String>,
}

/// An attribute of a table's primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyAttribute {
    /// The attribute's name.
    pub name: String,
    /// DynamoDB's type letter: `S`, `N` or `B`.
    pub kind: String,
}

/// An SQS queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The name in the template's `Resources`.
    pub logical_id: String,
    /// The queue's name.
    pub name: String,
    /// Whole seconds, 0–900, 0 by default.
    pub delay: Duration,
    /// Whole seconds, 0–43 200, 30 by default.
    pub visibility_timeout: Duration,
    /// Whole seconds, 60 s to 14 days, 4 days by default.
    pub message_retention: Duration,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
}

/// A queue's dead-letter rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// Logical id of the dead-letter queue.
    pub target: String,
    /// Receives before a message is moved, 1–1 000.
    pub max_receive_count: u32,
}

/// A Lambda function with `Globals.Function` merged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The name in the template's `Resources`.
    pub logical_id: String,
    /// The function's name.
    pub name: String,
    /// The binary it runs, which is also the name of its package.
    pub binary: String,
    /// 1–900 s; 3 s by default.
    pub timeout: Duration,
    /// MB, 128–10 240; 128 by default.
    pub memory_mb: u32,
    /// `ReservedConcurrentExecutions`: the most invocations at once.
    pub reserved_concurrency: Option<u32>,
    /// The template's variables, resolved.
    pub environment: BTreeMap<String, String>,
    /// Its HTTP API routes.
    pub routes: Vec<HttpRoute>,
    /// Its SQS event sources. Disabled ones are left out.
    pub queue_events: Vec<QueueEvent>,
}

/// A route of an HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRoute {
    /// The event's name in the function's `Events`.
    pub event: String,
    /// Logical id of the API; SAM's implicit API is `ServerlessHttpApi`.
    pub api: String,
    /// Upper-case method, or `ANY`.
    pub method: String,
    /// Path with `{name}` and `{name+}` variables, or `$default`.
    pub path: String,
    /// Who may call it.
    pub authorization: Authorization,
}

/// Who may call a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    /// Anybody.
    Open,
    /// The bearer of a valid token.
    Jwt {
        /// The authorizer's name in the API's `Auth.Authorizers`.
        authorizer: String,
        /// The token needs any one of these; none are needed when empty.
        scopes: Vec<String>,
    },
}

/// An SQS event source of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueEvent {
    /// The event's name in the function's `Events`.
    pub event: String,
    /// Logical id of the queue.
    pub queue: String,
    /// Most records per invocation, 1–10 000; 10 by default.
    pub batch_size: u32,
    /// How long records are gathered, 0–300 s; 0 by default.
    pub window: Duration,
    /// How failures are reported.
    pub failures: FailureReporting,
    /// `ScalingConfig.MaximumConcurrency`, 2–1 000: the most invocations at once.
    pub maximum_concurrency: Option<u32>,
}

/// How a queue function tells which records failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureReporting {
    /// The batch succeeds or fails as a whole.
    WholeBatch,
    /// `ReportBatchItemFailures`: the response names the failed records.
    PerRecord,
}

/// An HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpApi {
    /// The name in the template's `Resources`.
    pub logical_id: String,
    /// JWT authorizers by name.
    pub authorizers: BTreeMap<String, JwtAuthorizer>,
    /// The authorizer of routes that name none.
    pub default_authorizer: Option<String>,
}

/// A JWT authorizer of an HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtAuthorizer {
    /// The tokens' `iss`.
    pub issuer: String,
    /// A token's `aud` (or, when it has none, its `client_id`) must be one of these.
    pub audience: Vec<String>,
    /// Scopes of routes that name none.
    pub scopes: Vec<String>,
}

/// A secret in Secrets Manager. Its content is the stack's affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// The name in the template's `Resources`.
    pub logical_id: String,
    /// The secret's name.
    pub name: String,
}
