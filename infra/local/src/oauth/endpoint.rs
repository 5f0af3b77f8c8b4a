//! `POST /oauth2/token` (RFC 6749, sections 4.4 and 5.2).

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::routing::post;
use axum::{Router, body::Bytes};
use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{Issuer, TOKEN_PATH};

pub(super) fn router(issuer: Issuer) -> Router {
    Router::new()
        .route(TOKEN_PATH, post(token))
        .with_state(issuer)
}

/// The refusals of RFC 6749, section 5.2, that can happen here.
enum Refusal {
    InvalidRequest(&'static str),
    InvalidClient,
    UnsupportedGrantType,
    InvalidScope,
}

async fn token(State(issuer): State<Issuer>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    match grant(&issuer, &headers, &body) {
        Ok(granted) => answer(StatusCode::OK, &granted),
        Err(refusal) => {
            let (status, error, description) = match refusal {
                Refusal::InvalidRequest(why) => (StatusCode::BAD_REQUEST, "invalid_request", why),
                Refusal::InvalidClient => (
                    StatusCode::UNAUTHORIZED,
                    "invalid_client",
                    "unknown client or wrong secret",
                ),
                Refusal::UnsupportedGrantType => (
                    StatusCode::BAD_REQUEST,
                    "unsupported_grant_type",
                    "only client_credentials is supported",
                ),
                Refusal::InvalidScope => (
                    StatusCode::BAD_REQUEST,
                    "invalid_scope",
                    "the client may not have a scope that it asks for",
                ),
            };
            let mut response = answer(
                status,
                &json!({ "error": error, "error_description": description }),
            );
            if status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(
                    header::WWW_AUTHENTICATE,
                    header::HeaderValue::from_static("Basic realm=\"token\""),
                );
            }
            response
        }
    }
}

fn grant(issuer: &Issuer, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.split(';').next())
        .is_some_and(|t| {
            t.trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
    if !is_form {
        return Err(Refusal::InvalidRequest(
            "the request must be application/x-www-form-urlencoded",
        ));
    }
    let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let (id, secret) = match headers.get(header::AUTHORIZATION) {
        Some(value) => basic(value.as_bytes()).ok_or(Refusal::InvalidClient)?,
        None => match (field("client_id"), field("client_secret")) {
            (Some(id), Some(secret)) => (id.to_owned(), secret.to_owned()),
            (None, _) | (_, None) => return Err(Refusal::InvalidClient),
        },
    };
    let client = issuer.client(&id, &secret).ok_or(Refusal::InvalidClient)?;
    match field("grant_type") {
        Some("client_credentials") => {}
        Some(_) => return Err(Refusal::UnsupportedGrantType),
        None => return Err(Refusal::InvalidRequest("grant_type is missing")),
    }
    let asked: Vec<String> = field("scope")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .map(str::to_owned)
        .collect();
    let scopes = if asked.is_empty() {
        client.scopes.clone()
    } else if asked.iter().all(|scope| client.scopes.contains(scope)) {
        asked
    } else {
        return Err(Refusal::InvalidScope);
    };
    Ok(json!({
        "access_token": issuer.issue(&client.id, &scopes, crate::clock::now()),
        "token_type": "Bearer",
        "expires_in": issuer.0.lifetime.as_secs(),
        "scope": scopes.join(" "),
    }))
}

/// Id and secret from HTTP Basic; both are form-encoded in it (RFC 6749, section 2.3.1).
fn basic(value: &[u8]) -> Option<(String, String)> {
    let (scheme, credentials) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let credentials = BASE64.decode(credentials.trim_ascii()).ok()?;
    let credentials = String::from_utf8(credentials).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    let decode = |text: &str| {
        form_urlencoded::parse(text.replace('=', "%3D").replace('&', "%26").as_bytes())
            .next()
            .map(|(text, _)| text.into_owned())
            .unwrap_or_default()
    };
    Some((decode(id), decode(secret)))
}

fn answer(status: StatusCode, body: &Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from(body.to_string()))
        .expect("constants are valid headers")
}
