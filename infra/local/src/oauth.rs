//! A token endpoint for the client credentials grant, and the tokens it gives.
//!
//! The tokens have the claims of Cognito's access tokens for this grant: `client_id`
//! and no `aud`. They are signed with HS256 and a key that lives as long as the
//! process: the only verifier is the local front door.

mod endpoint;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use ring::hmac;
use serde_json::{Map, Value, json};

use crate::ids;

/// Where [`Issuer::router`] answers.
pub const TOKEN_PATH: &str = "/oauth2/token";

/// A client that may ask for tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    /// Its id, which is also the tokens' `sub` and `client_id`.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// The scopes it may have, and has when it asks for none in particular.
    pub scopes: Vec<String>,
}

/// Issues and verifies access tokens. Clones are the same issuer.
#[derive(Clone)]
pub struct Issuer(Arc<Inner>);

struct Inner {
    url: String,
    lifetime: Duration,
    clients: BTreeMap<String, Client>,
    key: hmac::Key,
}

/// The claims of a token whose signature and times are right.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims(Map<String, Value>);

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not three parts of base64url with JSON in them.
    #[error("the token is malformed")]
    Malformed,
    /// It is not signed with HS256 and our key.
    #[error("the token's signature is wrong")]
    Signature,
    /// Its `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// Its `nbf` or `iat` lies ahead.
    #[error("the token is not valid yet")]
    NotYetValid,
}

impl Issuer {
    /// An issuer with a new key. `url` is the tokens' `iss`; `lifetime` is in whole seconds.
    #[must_use]
    pub fn new(url: impl Into<String>, lifetime: Duration, clients: Vec<Client>) -> Self {
        Self(Arc::new(Inner {
            url: url.into(),
            lifetime,
            clients: clients.into_iter().map(|c| (c.id.clone(), c)).collect(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &ids::random::<32>()),
        }))
    }

    /// The tokens' `iss`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The token endpoint, `POST` [`TOKEN_PATH`].
    pub fn router(&self) -> Router {
        endpoint::router(self.clone())
    }

    /// A token for a client, without asking for its secret.
    #[must_use]
    pub fn issue(&self, client_id: &str, scopes: &[String], now: Timestamp) -> String {
        let issued = now.as_second();
        let lifetime = i64::try_from(self.0.lifetime.as_secs()).unwrap_or(i64::MAX);
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": "local" });
        let claims = json!({
            "iss": self.0.url,
            "sub": client_id,
            "client_id": client_id,
            "token_use": "access",
            "version": 2,
            "scope": scopes.join(" "),
            "auth_time": issued,
            "iat": issued,
            "exp": issued.saturating_add(lifetime),
            "jti": ids::uuid(),
        });
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = hmac::sign(&self.0.key, signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }

    /// Checks signature and times.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the token. Issuer, audience and scopes are for the
    /// authorizer to compare.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        if json_part(header)?.get("alg").and_then(Value::as_str) != Some("HS256") {
            return Err(TokenError::Signature);
        }
        let signature = bytes_part(signature)?;
        hmac::verify(&self.0.key, signed.as_bytes(), &signature)
            .map_err(|_| TokenError::Signature)?;
        let claims = json_part(claims)?;
        let seconds = |name: &str| claims.get(name).and_then(Value::as_i64);
        let now = now.as_second();
        if seconds("exp").is_none_or(|exp| exp <= now) {
            return Err(TokenError::Expired);
        }
        if ["nbf", "iat"]
            .into_iter()
            .filter_map(seconds)
            .any(|t| t > now)
        {
            return Err(TokenError::NotYetValid);
        }
        Ok(Claims(claims))
    }

    fn client(&self, id: &str, secret: &str) -> Option<&Client> {
        let client = self.0.clients.get(id)?;
        // Comparing digests under a secret key tells nothing through its timing.
        let digest = hmac::sign(&self.0.key, client.secret.as_bytes());
        hmac::verify(&self.0.key, secret.as_bytes(), digest.as_ref())
            .is_ok()
            .then_some(client)
    }
}

impl Claims {
    /// The token's `iss`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.text("iss")
    }

    /// Whom the token is for: `aud` or, when there is none, `client_id`.
    #[must_use]
    pub fn audience(&self) -> Vec<&str> {
        match self.0.get("aud") {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(value) => value.as_str().into_iter().collect(),
            None => vec![self.text("client_id")],
        }
    }

    /// The token's scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.text("scope").split_ascii_whitespace()
    }

    /// All claims as texts, which is how API Gateway hands them on.
    #[must_use]
    pub fn texts(&self) -> BTreeMap<String, String> {
        self.0
            .iter()
            .map(|(name, value)| (name.clone(), claim_text(value)))
            .collect()
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// API Gateway writes lists as `[a b]` and everything else as it stands.
fn claim_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(claim_text).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

fn bytes_part(part: &str) -> Result<Vec<u8>, TokenError> {
    BASE64URL_NOPAD
        .decode(part.as_bytes())
        .map_err(|_| TokenError::Malformed)
}

fn json_part(part: &str) -> Result<Map<String, Value>, TokenError> {
    serde_json::from_slice(&bytes_part(part)?).map_err(|_| TokenError::Malformed)
}
