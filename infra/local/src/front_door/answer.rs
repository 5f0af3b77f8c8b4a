//! What the caller gets: the function's answer, or the gateway's own refusal.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use data_encoding::BASE64;
use serde_json::{Map, Value, json};

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
    headers: HeaderMap,
}

impl Answer {
    pub(super) fn into_response(self, request_id: &str) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if let Ok(id) = HeaderValue::from_str(request_id) {
            response.headers_mut().insert("apigw-requestid", id);
        }
        response
    }
}

/// The gateway's own answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    BadRequest,
    /// No token, or one that is not accepted for a reason.
    Unauthorized {
        why: Option<&'static str>,
    },
    /// A good token without any of these scopes.
    Forbidden {
        scopes: String,
    },
    NotFound,
    TooLarge,
    Internal,
    Unavailable,
}

impl Refusal {
    pub(super) fn answer(&self) -> Answer {
        let (status, message) = match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, "Bad Request"),
            Self::Unauthorized { .. } => (StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::Forbidden { .. } => (StatusCode::FORBIDDEN, "Forbidden"),
            Self::NotFound => (StatusCode::NOT_FOUND, "Not Found"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        let challenge = match self {
            Self::Unauthorized { why: None } => Some("Bearer".to_owned()),
            Self::Unauthorized { why: Some(why) } => Some(format!(
                "Bearer scope=\"\" error=\"invalid_token\" error_description=\"{why}\""
            )),
            Self::Forbidden { scopes } => Some(format!(
                "Bearer scope=\"{scopes}\" error=\"insufficient_scope\" \
                 error_description=\"the token does not have a scope that the route needs\""
            )),
            Self::BadRequest
            | Self::NotFound
            | Self::TooLarge
            | Self::Internal
            | Self::Unavailable => None,
        };
        if let Some(value) = challenge.and_then(|c| HeaderValue::try_from(c).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        Answer {
            status,
            body: json!({ "message": message }).to_string().into(),
            headers,
        }
    }
}

/// A function's response in payload format 2.0: an object with a `statusCode` describes
/// the answer; any other JSON is the body of a 200.
pub(super) fn from_function(response: &[u8]) -> Result<Answer, &'static str> {
    let value: Value = serde_json::from_slice(response).map_err(|_| "it is not JSON")?;
    match value {
        Value::Object(map) if map.contains_key("statusCode") => described(&map),
        Value::String(text) => Ok(inferred(text)),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => Ok(inferred(other.to_string())),
    }
}

fn inferred(body: String) -> Answer {
    let json = HeaderValue::from_static("application/json");
    Answer {
        status: StatusCode::OK,
        body: body.into(),
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, json)]),
    }
}

fn described(map: &Map<String, Value>) -> Result<Answer, &'static str> {
    let status = map
        .get("statusCode")
        .and_then(Value::as_u64)
        .and_then(|code| u16::try_from(code).ok())
        .and_then(|code| StatusCode::from_u16(code).ok())
        .filter(|status| (200..600).contains(&status.as_u16()))
        .ok_or("its statusCode is not an HTTP status")?;
    let text = match map.get("body") {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text,
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            return Err("its body is not a string");
        }
    };
    let body = if map.get("isBase64Encoded").and_then(Value::as_bool) == Some(true) {
        let decoded = BASE64.decode(text.as_bytes());
        decoded.map_err(|_| "its body is not base64")?.into()
    } else {
        Bytes::copy_from_slice(text.as_bytes())
    };
    Ok(Answer {
        status,
        body,
        headers: headers(map)?,
    })
}

/// `headers` and `cookies`. Format 2.0 has no `multiValueHeaders`: API Gateway drops them.
fn headers(map: &Map<String, Value>) -> Result<HeaderMap, &'static str> {
    let mut headers = HeaderMap::new();
    let given = map.get("headers").and_then(Value::as_object);
    for (name, value) in given.into_iter().flatten() {
        let name =
            HeaderName::try_from(name.as_str()).map_err(|_| "a header's name is not valid")?;
        // The connection to the caller is the gateway's, and so is the length.
        if [
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
            header::CONNECTION,
        ]
        .contains(&name)
        {
            continue;
        }
        headers.insert(name, header_value(value)?);
    }
    let cookies = map.get("cookies").and_then(Value::as_array);
    for cookie in cookies.into_iter().flatten() {
        headers.append(header::SET_COOKIE, header_value(cookie)?);
    }
    headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("text/plain; charset=utf-8"));
    Ok(headers)
}

fn header_value(value: &Value) -> Result<HeaderValue, &'static str> {
    let value = match value {
        Value::String(text) => HeaderValue::try_from(text.as_str()),
        Value::Number(_) | Value::Bool(_) => HeaderValue::try_from(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            return Err("a header's value is not a string");
        }
    };
    value.map_err(|_| "a header's value is not valid")
}
