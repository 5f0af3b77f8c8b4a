//! An SQS that answers by a script and keeps what it was asked.

use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use serde_json::{Value, json};
use tokio::time::Instant;

/// A request as it was made.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    /// `SendMessage` or `SendMessageBatch`.
    pub(crate) operation: String,
    pub(crate) body: Value,
}

impl Asked {
    /// The messages in it, by the notifications' legs.
    pub(crate) fn legs(&self) -> Vec<u64> {
        let leg = |entry: &Value| {
            let body: Value = serde_json::from_str(entry["MessageBody"].as_str().unwrap()).unwrap();
            body["OpenV1"]["leg"].as_u64().unwrap()
        };
        match self.body["Entries"].as_array() {
            Some(entries) => entries.iter().map(leg).collect(),
            None => vec![leg(&self.body)],
        }
    }
}

/// What comes of a request: a status with a body, or nothing arrives.
pub(crate) type Answer = Option<(u16, Value)>;
type Script = dyn Fn(&Asked) -> Answer + Send + Sync;

/// Clones share what was asked.
#[derive(Clone)]
pub(crate) struct Scripted {
    script: Arc<Script>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scripted").finish_non_exhaustive()
    }
}

impl Scripted {
    pub(crate) fn new(script: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            script: Arc::new(script),
            asked: Arc::default(),
        }
    }

    /// A client that repeats nothing by itself, so that every request shows once.
    pub(crate) fn client(&self) -> Client {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("sa-east-1"))
            .credentials_provider(Credentials::from_keys("k", "s", None))
            .http_client(self.clone())
            .sleep_impl(TokioSleep::new())
            .retry_config(RetryConfig::disabled());
        Client::from_conf(config.build())
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap();
        let asked = Asked {
            at: Instant::now(),
            operation: target.trim_start_matches("AmazonSQS.").to_owned(),
            body: serde_json::from_slice(request.body().bytes().unwrap()).unwrap(),
        };
        self.asked.lock().unwrap().push(asked.clone());
        let Some((status, body)) = (self.script)(&asked) else {
            return Err(ConnectorError::io("the connection was reset".into()));
        };
        let answer = http::Response::builder()
            .status(status)
            .body(SdkBody::from(body.to_string()))
            .unwrap();
        Ok(HttpResponse::try_from(answer).unwrap())
    }
}

impl HttpClient for Scripted {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Scripted {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.answer(&request))
    }
}

/// Takes everything.
pub(crate) fn takes_all(asked: &Asked) -> Answer {
    takes_but(&[])(asked)
}

/// Takes everything in batches but these legs, which the answer reports as failed.
pub(crate) fn takes_but(refused: &'static [u64]) -> impl Fn(&Asked) -> Answer {
    move |asked| {
        let stored = json!({ "MessageId": "m", "MD5OfMessageBody": "d" });
        let Some(entries) = asked.body["Entries"].as_array() else {
            return Some((200, stored));
        };
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (entry, leg) in entries.iter().zip(asked.legs()) {
            let id = &entry["Id"];
            if refused.contains(&leg) {
                failed.push(json!({ "Id": id, "SenderFault": false, "Code": "InternalError" }));
            } else {
                successful.push(json!({ "Id": id, "MessageId": "m", "MD5OfMessageBody": "d" }));
            }
        }
        Some((200, json!({ "Successful": successful, "Failed": failed })))
    }
}
