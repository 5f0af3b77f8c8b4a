//! What AWS's protocols share on the wire: response headers and the shapes of errors.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

/// Which of AWS's protocols an answer is written in; it decides the content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Json10,
    Json11,
    Query,
}

impl Protocol {
    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json10 => "application/x-amz-json-1.0",
            Self::Json11 => "application/x-amz-json-1.1",
            Self::Query => "text/xml",
        })
    }
}

pub(super) fn respond(protocol: Protocol, status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, protocol.content_type());
    if let Ok(id) = HeaderValue::from_str(&request_id()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// No answer: the connection ends before a byte of one is sent, since the body breaks off while the head
/// still waits to be written with it.
pub(super) fn cut() -> Response {
    let broken = Err::<bytes::Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
    Response::new(Body::from_stream(futures::stream::iter([broken])))
}

/// A request id in AWS's form; unique in this process, which is all a log line needs.
pub(super) fn request_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("00000000-0000-4000-8000-{n:012x}")
}

pub(super) fn json<T: Serialize + ?Sized>(protocol: Protocol, body: &T) -> Response {
    let body = serde_json::to_vec(body).expect("answers have string keys and finite numbers");
    respond(protocol, StatusCode::OK, body)
}

#[derive(Serialize)]
struct JsonError<'a> {
    #[serde(rename = "__type")]
    kind: &'a str,
    message: &'a str,
}

/// An error in the JSON protocols' shape. `kind` is the modelled name with its namespace.
pub(super) fn json_error(
    protocol: Protocol,
    status: StatusCode,
    kind: &str,
    message: &str,
) -> Response {
    let body = serde_json::to_vec(&JsonError { kind, message }).expect("two strings are JSON");
    respond(protocol, status, body)
}

/// Adds the header by which services that once spoke the Query protocol (SQS) keep their old error
/// codes; the SDKs prefer it to `__type`.
pub(super) fn with_query_error(mut response: Response, code: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(&format!("{code};Sender")) {
        response.headers_mut().insert(QUERY_ERROR, value);
    }
    response
}

/// Text made safe inside an XML element.
pub(super) fn xml_escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
