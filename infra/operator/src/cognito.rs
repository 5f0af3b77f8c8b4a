//! A bank's client in the Cognito pool that issues the banks' tokens: a few signed requests, for which the
//! whole SDK would be much to compile.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use jiff::Timestamp;
use recado_domain::ids::TenantId;
use recado_runtime::shared_client;
use serde_json::{Value, json};

use crate::errors::OperatorError;

/// The API's name for Cognito.
const TARGET: &str = "AWSCognitoIdentityProviderService";
/// Clients per page (AWS: at most 60).
const PAGE: u32 = 60;
/// One request.
const PATIENCE: Duration = Duration::from_secs(15);
/// The resource server's name in front of each scope, and its scopes (`infra/template.yaml`).
pub(crate) const SCOPES: [&str; 6] = [
    "recado/notifications.write",
    "recado/notifications.read",
    "recado/consents.write",
    "recado/consents.read",
    "recado/templates.write",
    "recado/templates.read",
];
/// How many audiences API Gateway's authorizer takes.
pub(crate) const AUDIENCES: usize = 50;

/// Whose requests they are, and where they go.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
    pub(crate) endpoint: Option<String>,
}

/// A pool of clients.
pub(crate) struct Pool {
    signer: Signer,
    id: String,
}

/// A client and its secret.
pub(crate) struct PoolClient {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Pool {
    pub(crate) fn new(signer: Signer, id: String) -> Self {
        Self { signer, id }
    }

    /// Every client's id, by name.
    pub(crate) async fn clients(
        &self,
        now: Timestamp,
    ) -> Result<BTreeMap<String, String>, OperatorError> {
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

    /// Creates a bank's client: for the client credentials grant alone, with every scope.
    pub(crate) async fn create(
        &self,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<PoolClient, OperatorError> {
        let request = json!({
            "UserPoolId": self.id, "ClientName": tenant, "GenerateSecret": true,
            "AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthFlowsUserPoolClient": true,
            "AllowedOAuthScopes": SCOPES, "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
        });
        let answer = self.ask("CreateUserPoolClient", &request, now).await?;
        read(&answer)
    }

    /// A client with its secret.
    pub(crate) async fn client(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<PoolClient, OperatorError> {
        let request = json!({ "UserPoolId": self.id, "ClientId": id });
        let answer = self.ask("DescribeUserPoolClient", &request, now).await?;
        read(&answer)
    }

    async fn ask(
        &self,
        operation: &str,
        request: &Value,
        now: Timestamp,
    ) -> Result<Value, OperatorError> {
        let own = format!("https://cognito-idp.{}.amazonaws.com/", self.signer.region);
        let url = self.signer.endpoint.clone().unwrap_or(own);
        let body = request.to_string();
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("{TARGET}.{operation}")),
        ];
        let signature = signature(&self.signer, &url, &headers, body.as_bytes(), now)
            .map_err(|_| failed("the request cannot be signed"))?;
        let mut asked = shared_client().post(&url).timeout(PATIENCE);
        for (name, value) in headers.iter().map(|(name, value)| (*name, value)) {
            asked = asked.header(name, value);
        }
        for (name, value) in &signature {
            asked = asked.header(name, value);
        }
        let answer = asked.body(body).send().await;
        let answer = answer.map_err(|_| failed("it does not answer"))?;
        let status = answer.status();
        let answer = answer.bytes().await.unwrap_or_default();
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        // The name of the refusal alone: its text may repeat the request.
        let kind = answer["__type"].as_str().unwrap_or("no reason");
        let kind = kind.rsplit('#').next().unwrap_or(kind);
        Err(failed(&format!("it refuses {operation}: {kind}")))
    }
}

fn failed(why: &str) -> OperatorError {
    OperatorError::Pool(why.to_owned())
}

fn read(answer: &Value) -> Result<PoolClient, OperatorError> {
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
        let signer = Signer {
            region: "sa-east-1".to_owned(),
            credentials: Credentials::new(
                "AKID",
                "secret",
                Some("session".to_owned()),
                None,
                "test",
            ),
            endpoint: None,
        };
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
