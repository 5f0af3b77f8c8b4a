//! Requests and answers as plain data: what an HTTP server in front of the simulated Meta passes on.

use serde_json::Value;

use super::errors::GraphError;

/// Method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// DELETE
    Delete,
}

/// A request to the Graph API, without its transport.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Method.
    pub method: Method,
    /// Path and query after the host (and after the base, if any): `/v25.0/700000000000001/messages`.
    pub path: &'a str,
    /// The `Authorization` header, whole.
    pub authorization: Option<&'a str>,
    /// The `Content-Type` header, whole.
    pub content_type: Option<&'a str>,
    /// The `file_offset` header, which the upload of a sample needs.
    pub file_offset: Option<&'a str>,
    /// The body's bytes.
    pub body: &'a [u8],
}

/// What becomes of an answer on its way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It arrives.
    Answer,
    /// It never arrives although the request was carried out; the connection stays open.
    TimeoutAfterAccept,
    /// Nothing was done, and nothing is answered; the connection stays open.
    TimeoutBeforeAccept,
    /// The connection is cut after the request was carried out.
    ResetAfterAccept,
    /// The connection is cut before anything was done.
    ResetBeforeAccept,
}

/// An answer. With any [`Effect`] but `Answer`, the client must not see the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type` of the body.
    pub content_type: String,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// Whether and how the client gets it.
    pub effect: Effect,
}

impl Reply {
    /// A JSON answer that arrives.
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            content_type: "application/json".to_owned(),
            body: body.to_string().into_bytes(),
            effect: Effect::Answer,
        }
    }

    pub(crate) fn error(error: &GraphError, trace: &str) -> Self {
        Self::json(error.status(), &error.graph_body(trace))
    }

    pub(crate) fn with(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    /// The body parsed as JSON; `None` when it is not (an edge's HTML page, an empty body).
    pub fn value(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// `error.code` of the body, where there is one.
    pub fn error_code(&self) -> Option<u64> {
        self.value()?.pointer("/error/code")?.as_u64()
    }

    /// `messages[0].id` of the body: the wamid of an accepted message.
    pub fn message_id(&self) -> Option<String> {
        Some(
            self.value()?
                .pointer("/messages/0/id")?
                .as_str()?
                .to_owned(),
        )
    }
}

/// A path taken apart: `/v25.0/7000/messages?limit=3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// Major version; Graph's default when the path names none.
    pub(crate) version: u32,
    pub(crate) node: String,
    pub(crate) edge: Option<String>,
    pub(crate) query: Vec<(String, String)>,
}

/// Used when the path names no version; the newest that this simulator was written against.
const DEFAULT_VERSION: u32 = 25;

impl Route {
    pub(crate) fn parse(path: &str) -> Result<Self, GraphError> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let unknown = || GraphError {
            http_status: Some(400),
            ..GraphError::new(2500, format!("Unknown path components: {path}"))
        };
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let mut first = segments.next().ok_or_else(unknown)?;
        let mut version = DEFAULT_VERSION;
        if let Some(major) = first
            .strip_prefix('v')
            .and_then(|rest| rest.split_once('.'))
            .and_then(|(major, _)| major.parse().ok())
        {
            version = major;
            first = segments.next().ok_or_else(unknown)?;
        }
        let edge = segments.next().map(str::to_owned);
        if segments.next().is_some() {
            return Err(unknown());
        }
        Ok(Self {
            version,
            node: percent_decode(first),
            edge,
            query: query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| {
                    (
                        percent_decode(name),
                        percent_decode(&value.replace('+', " ")),
                    )
                })
                .collect(),
        })
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The names asked for by `fields=a,b{c},d`; `None` when the request names none.
    pub(crate) fn fields(&self) -> Option<Vec<&str>> {
        self.query("fields").map(|fields| {
            fields
                .split(',')
                .map(|field| field.split(['{', '.']).next().unwrap_or(field).trim())
                .collect()
        })
    }
}

/// Decodes `%2B` and its like; a stray `%` stays as it is.
pub(super) fn percent_decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = (byte == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match hex {
            Some(value) => {
                decoded.push(value);
                rest = &tail[2..];
            }
            None => {
                decoded.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Keeps of a node only what `fields` asked for, and its id.
pub(crate) fn select(mut node: Value, fields: Option<&[&str]>) -> Value {
    if let (Some(fields), Some(object)) = (fields, node.as_object_mut()) {
        object.retain(|name, _| name == "id" || fields.contains(&name.as_str()));
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart_with_and_without_a_version() {
        let route = Route::parse("/v22.0/7/messages?name=a%20b&fields=id,quality_score{date}")
            .expect("a good path");
        assert_eq!(route.version, 22);
        assert_eq!(
            (route.node.as_str(), route.edge.as_deref()),
            ("7", Some("messages"))
        );
        assert_eq!(route.query("name"), Some("a b"));
        assert_eq!(route.fields(), Some(vec!["id", "quality_score"]));
        assert_eq!(
            Route::parse("/7").expect("no version").version,
            DEFAULT_VERSION
        );
        assert_eq!(Route::parse("/v22.0").expect_err("no node").code, 2500);
    }
}
