//! A bank's client in the Cognito pool that issues the banks' tokens: a few signed requests, for which the
//! whole SDK would be much to compile.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use jiff::Timestamp;
use recado_domain::ids::TenantId;
use recado_http::Http;
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

/// Whose requests they are, and where they go.
#[derive(Clone)]
pub struct Signer {
    region: String,
    credentials: Credentials,
    endpoint: Option<String>,
}

impl Signer {
    /// With the credentials of the environment; `endpoint`: another AWS than AWS.
    #[must_use]
    pub fn new(
        region: String,
        key_id: String,
        key: String,
        session: Option<String>,
        endpoint: Option<String>,
    ) -> Self {
        Self {
            region,
            credentials: Credentials::new(key_id, key, session, None, "environment"),
            endpoint,
        }
    }
}

/// A pool of clients.
pub struct Pool {
    http: Http,
    signer: Signer,
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
    pub fn new(http: Http, signer: Signer, id: String) -> Self {
        Self { http, signer, id }
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
        let own = format!("https://cognito-idp.{}.amazonaws.com/", self.signer.region);
        let url = self.signer.endpoint.clone().unwrap_or(own);
        let body = request.to_string();
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("{TARGET}.{operation}")),
        ];
        let signature = signature(&self.signer, &url, &headers, body.as_bytes(), now)
            .map_err(|_| failed("the request cannot be signed"))?;
        let mut asked = http::Request::post(&url);
        for (name, value) in headers.iter().map(|(name, value)| (*name, value)) {
            asked = asked.header(name, value);
        }
        for (name, value) in &signature {
            asked = asked.header(name, value);
        }
        let answer = self.http.ask(asked, body, PATIENCE, MAX_PAGE).await;
        let answer = answer.map_err(|_| failed("it does not answer"))?;
        let status = answer.status();
        let answer: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        // The name of the refusal alone: its text may repeat the request.
        let kind = answer["__type"].as_str().unwrap_or("no reason");
        let kind = kind.rsplit('#').next().unwrap_or(kind);
        Err(failed(&format!("it refuses {operation}: {kind}")))
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

/// The headers that sign a POST (Signature Version 4).
fn signature(
    signer: &Signer,
    url: &str,
    headers: &[(&str, String)],
    body: &[u8],
    now: Timestamp,
) -> Result<Vec<(String, String)>, Box<dyn std::error::Error + Send + Sync>> {
    let identity = signer.credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&signer.region)
        .name("cognito-idp")
        .time(SystemTime::from(now))
        .settings(SigningSettings::default())
        .build()?
        .into();
    let signed = headers.iter().map(|(name, value)| (*name, value.as_str()));
    let request = SignableRequest::new("POST", url, signed, SignableBody::Bytes(body))?;
    let (instructions, _) = sign(request, &params)?.into_parts();
    let added = instructions.headers();
    Ok(added
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_signed_for_the_service_its_day_and_its_region() {
        let text = |text: &str| text.to_owned();
        let signer = Signer::new(
            text("sa-east-1"),
            text("AKID"),
            text("secret"),
            Some(text("session")),
            None,
        );
        let url = "https://cognito-idp.sa-east-1.amazonaws.com/";
        let now = Timestamp::from_second(1_793_400_000).unwrap();
        let headers = [("x-amz-target", "Service.Operation".to_owned())];
        let sign = |body: &str| signature(&signer, url, &headers, body.as_bytes(), now).unwrap();
        let value = |signed: &[(String, String)], name: &str| {
            let found = signed.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let signed = sign("{}");
        let authorization = value(&signed, "authorization");
        assert!(
            authorization.starts_with(
                "AWS4-HMAC-SHA256 Credential=AKID/20261030/sa-east-1/cognito-idp/aws4_request"
            ),
            "{authorization}"
        );
        assert!(authorization.contains("x-amz-target"), "{authorization}");
        assert_eq!(value(&signed, "x-amz-security-token"), "session");
        assert!(!format!("{signed:?}").contains("secret\""));
        assert_ne!(
            value(&sign("{ }"), "authorization"),
            authorization,
            "the body is signed"
        );
    }
}
