//! The JWT authorizer.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use super::answer::Refusal;
use super::routing::{Access, Route};
use crate::oauth::{Claims, Issuer};

/// What the authorizer tells the function.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorized {
    pub(super) claims: BTreeMap<String, String>,
    /// The route's scopes that the token has; `None` when the route asks for none.
    pub(super) scopes: Option<Vec<String>>,
}

/// `Ok(None)` on a route without authorizer.
pub(super) fn authorize(
    tokens: &Issuer,
    route: &Route,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<Option<Authorized>, Refusal> {
    let (issuer, audience, scopes) = match &route.access {
        Access::Open => return Ok(None),
        Access::Jwt {
            issuer,
            audience,
            scopes,
        } => (issuer, audience, scopes),
    };
    let token = token(headers).ok_or(Refusal::Unauthorized { why: None })?;
    let invalid = |why| Refusal::Unauthorized { why: Some(why) };
    let claims: Claims = tokens.verify(token, now).map_err(|error| {
        tracing::debug!(%error, "a token was refused");
        invalid("the token is not valid")
    })?;
    if claims.issuer() != issuer {
        return Err(invalid("the token has the wrong issuer"));
    }
    let for_us = claims
        .audience()
        .iter()
        .any(|a| audience.iter().any(|b| a == b));
    if !for_us {
        return Err(invalid("the token has an invalid audience"));
    }
    let held: Vec<String> = scopes
        .iter()
        .filter(|scope| claims.scopes().any(|s| s == scope.as_str()))
        .cloned()
        .collect();
    if held.is_empty() && !scopes.is_empty() {
        return Err(Refusal::Forbidden {
            scopes: scopes.join(" "),
        });
    }
    Ok(Some(Authorized {
        claims: claims.texts(),
        scopes: (!scopes.is_empty()).then_some(held),
    }))
}

/// The token, with or without `Bearer` before it: API Gateway takes both.
fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) => return None,
        None => value,
    };
    (!token.is_empty()).then_some(token)
}
