//! A bank's client in the Cognito pool that issues the banks' tokens: a few signed requests, for which the
//! whole SDK would be much to compile.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use recado_domain::ids::TenantId;
use recado_http::{JsonService, ServiceError};
use serde_json::{Value, json};
use thiserror::Error;

/// The API's name for Cognito.
const TARGET: &str = "AWSCognitoIdentityProviderService";
/// Clients per page (AWS: at most 60).
const PAGE: u32 = 60;
/// Larger than a page of clients.
const MAX_PAGE: usize = 1024 * 1024;
/// One request.
const PATIENCE: Duration = Duration::from_secs(15);
/// Why a pool did nothing. Never holds what was asked or answered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct PoolError(String);

/// A pool of clients.
pub struct Pool {
    service: JsonService,
    id: String,
}

/// A client and its secret. Prints neither.
pub struct PoolClient {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl Pool {
    /// By its id, as in `sa-east-1_AbCdEfGhI`.
    #[must_use]
    pub fn new(service: JsonService, id: String) -> Self {
        Self { service, id }
    }

    /// Every client's id, by name.
    pub async fn clients(&self, now: Timestamp) -> Result<BTreeMap<String, String>, PoolError> {
        let mut clients = BTreeMap::new();
        let mut next = Value::Null;
        loop {
            let mut request = json!({ "UserPoolId": self.id, "MaxResults": PAGE });
            if !next.is_null() {
                request["NextToken"] = next;
            }
            let answer = self.ask("ListUserPoolClients", &request, now).await?;
            let page = answer["UserPoolClients"].as_array();
            clients.extend(page.into_iter().flatten().filter_map(|client| {
                let text = |name: &str| client[name].as_str().map(str::to_owned);
                Some((text("ClientName")?, text("ClientId")?))
            }));
            next = answer["NextToken"].clone();
            if next.is_null() {
                return Ok(clients);
            }
        }
    }

    /// Creates a bank's client: for the client credentials grant alone, with these scopes.
    pub async fn create(
        &self,
        tenant: &TenantId,
        scopes: &[&str],
        now: Timestamp,
    ) -> Result<PoolClient, PoolError> {
        let request = json!({
            "UserPoolId": self.id, "ClientName": tenant, "GenerateSecret": true,
            "AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthFlowsUserPoolClient": true,
            "AllowedOAuthScopes": scopes, "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
        });
        let answer = self.ask("CreateUserPoolClient", &request, now).await?;
        read(&answer)
    }

    /// A client with its secret.
    pub async fn client(&self, id: &str, now: Timestamp) -> Result<PoolClient, PoolError> {
        let request = json!({ "UserPoolId": self.id, "ClientId": id });
        let answer = self.ask("DescribeUserPoolClient", &request, now).await?;
        read(&answer)
    }

    async fn ask(
        &self,
        operation: &str,
        request: &Value,
        now: Timestamp,
    ) -> Result<Value, PoolError> {
        let (target, request) = (format!("{TARGET}.{operation}"), request.to_string());
        let now = SystemTime::from(now);
        let answer = self
            .service
            .ask(&target, request, now, PATIENCE, MAX_PAGE)
            .await;
        match answer {
            Ok(answer) => Ok(serde_json::from_slice(&answer).unwrap_or_default()),
            Err(ServiceError::Unanswered(_)) => Err(failed("it does not answer")),
            Err(ServiceError::Refused { code, .. }) => {
                Err(failed(&format!("it refuses {operation}: {code}")))
            }
        }
    }
}

fn failed(why: &str) -> PoolError {
    PoolError(why.to_owned())
}

fn read(answer: &Value) -> Result<PoolClient, PoolError> {
    let text = |name: &str| answer["UserPoolClient"][name].as_str().map(str::to_owned);
    match (text("ClientId"), text("ClientSecret")) {
        (Some(id), Some(secret)) => Ok(PoolClient { id, secret }),
        (Some(_), None) => Err(failed(
            "the client has no secret: it was made by hand, for another flow",
        )),
        (None, _) => Err(failed("the answer does not read")),
    }
}
