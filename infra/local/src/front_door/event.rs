//! The event of payload format 2.0.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::request::Parts;
use axum::http::{HeaderMap, Version, header};
use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::authorizer::Authorized;
use super::routing::{Route, percent_decode};
use crate::ids;

/// An id in the form that HTTP APIs give their requests.
pub(super) fn request_id() -> String {
    // Eleven bytes are sixteen characters with one `=` at the end.
    BASE64.encode(&ids::random::<11>())
}

/// A request that has passed the authorizer.
pub(super) struct Incoming<'a> {
    pub(super) route: &'a Route,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) parts: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) authorized: Option<Authorized>,
    pub(super) source: IpAddr,
    pub(super) request_id: &'a str,
    pub(super) now: Timestamp,
    pub(super) region: &'a str,
    pub(super) account_id: &'a str,
}

impl Incoming<'_> {
    pub(super) fn to_json(&self) -> Vec<u8> {
        let uri = &self.parts.uri;
        // HTTP APIs hand the path on decoded, although it is called raw; the query is
        // handed on as it came.
        let path = percent_decode(uri.path());
        let query = uri.query().unwrap_or_default();
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.route.key,
            "rawPath": path,
            "rawQueryString": query,
            "headers": self.headers(),
            "requestContext": self.context(&path),
            "isBase64Encoded": false,
        });
        if let Some(cookies) = cookies(&self.parts.headers) {
            event["cookies"] = json!(cookies);
        }
        let parameters = joined(form_urlencoded::parse(query.as_bytes()).into_owned());
        if !parameters.is_empty() {
            event["queryStringParameters"] = json!(parameters);
        }
        if !self.parameters.is_empty() {
            let parameters: BTreeMap<_, _> = self.parameters.iter().cloned().collect();
            event["pathParameters"] = json!(parameters);
        }
        if !self.body.is_empty() {
            match std::str::from_utf8(self.body) {
                Ok(text) if is_text(&self.parts.headers) => event["body"] = json!(text),
                Ok(_) | Err(_) => {
                    event["body"] = json!(BASE64.encode(self.body));
                    event["isBase64Encoded"] = json!(true);
                }
            }
        }
        event.to_string().into_bytes()
    }

    fn context(&self, path: &str) -> Value {
        let headers = &self.parts.headers;
        let domain = match host(headers) {
            Some(host) => host
                .rsplit_once(':')
                .map_or(host, |(name, _)| name)
                .to_owned(),
            None => format!(
                "{}.execute-api.{}.amazonaws.com",
                self.route.api_id, self.region
            ),
        };
        let mut http = json!({
            "method": self.parts.method.as_str(),
            "path": path,
            "protocol": protocol(self.parts.version),
            "sourceIp": self.source.to_string(),
        });
        if let Some(agent) = headers.get(header::USER_AGENT) {
            http["userAgent"] = json!(String::from_utf8_lossy(agent.as_bytes()));
        }
        let mut context = json!({
            "accountId": self.account_id,
            "apiId": self.route.api_id,
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "http": http,
            "requestId": self.request_id,
            "routeKey": self.route.key,
            "stage": "$default",
            "time": self.now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": self.now.as_millisecond(),
        });
        if let Some(authorized) = &self.authorized {
            context["authorizer"] = json!({
                "jwt": { "claims": authorized.claims, "scopes": authorized.scopes }
            });
        }
        context
    }

    /// Lower-case names, repeated ones joined by commas, and what the gateway adds.
    fn headers(&self) -> Map<String, Value> {
        let headers = &self.parts.headers;
        let hop_by_hop = [
            header::CONNECTION,
            header::COOKIE,
            header::TRANSFER_ENCODING,
            header::UPGRADE,
        ];
        let mut out = joined(
            headers
                .iter()
                .filter(|(name, _)| !hop_by_hop.contains(name))
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.as_str().to_owned(), value)
                }),
        );
        let port = host(headers)
            .and_then(|host| host.rsplit_once(':'))
            .map_or("80", |(_, port)| port);
        let source = self.source.to_string();
        let forwarded = match out.get("x-forwarded-for") {
            Some(before) => format!("{before}, {source}"),
            None => source,
        };
        out.insert("content-length".into(), self.body.len().to_string());
        out.insert("x-amzn-trace-id".into(), trace_root(self.now));
        out.insert("x-forwarded-for".into(), forwarded);
        out.insert("x-forwarded-port".into(), port.to_owned());
        out.insert("x-forwarded-proto".into(), "http".into());
        out.into_iter().map(|(k, v)| (k, Value::from(v))).collect()
    }
}

fn joined(pairs: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut out: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        match out.get_mut(&name) {
            Some(before) => {
                before.push(',');
                before.push_str(&value);
            }
            None => {
                out.insert(name, value);
            }
        }
    }
    out
}

fn cookies(headers: &HeaderMap) -> Option<Vec<String>> {
    let cookies: Vec<String> = headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|value| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let cookies: Vec<String> = value.split(';').map(|c| c.trim().to_owned()).collect();
            cookies
        })
        .filter(|cookie| !cookie.is_empty())
        .collect();
    (!cookies.is_empty()).then_some(cookies)
}

/// Whether HTTP APIs hand a body of this type on as text. Everything else is
/// base64-encoded, a form and a body without a type too (measured on AWS by others:
/// ministackorg/ministack#766).
fn is_text(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|kind| kind.trim().to_ascii_lowercase())
        .is_some_and(|kind| {
            kind.starts_with("text/")
                || matches!(
                    kind.as_str(),
                    "application/json" | "application/xml" | "application/javascript"
                )
        })
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP/1.1",
    }
}

/// The gateway names the trace only; parent and sampling are Lambda's.
fn trace_root(now: Timestamp) -> String {
    let trace = ids::trace(now);
    trace.split(';').next().unwrap_or_default().to_owned()
}
