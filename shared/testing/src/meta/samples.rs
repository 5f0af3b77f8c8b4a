//! The Resumable Upload API: samples for the media headers of templates.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::errors::GraphError;
use super::wire::{Request, Route};

/// Types that the API takes.
const TYPES: [&str; 5] = [
    "application/pdf",
    "image/jpeg",
    "image/jpg",
    "image/png",
    "video/mp4",
];

type Outcome<T> = Result<T, GraphError>;

#[derive(Debug)]
struct Session {
    token: String,
    length: usize,
    media_type: String,
}

/// Sessions that were begun, and files that came.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    sessions: BTreeMap<String, Session>,
    /// Media types by handle.
    files: BTreeMap<String, String>,
    begun: u64,
}

impl Samples {
    /// `POST /{app}/uploads`.
    pub(crate) fn begin(&mut self, token: &str, route: &Route) -> Outcome<Value> {
        let required = |name: &str| {
            route
                .query(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| GraphError::invalid(format!("The parameter {name} is required.")))
        };
        required("file_name")?;
        let media_type = required("file_type")?;
        if !TYPES.contains(&media_type) {
            return Err(GraphError::invalid("Param file_type is not supported."));
        }
        let length = required("file_length")?.parse();
        let length =
            length.map_err(|_| GraphError::invalid("Param file_length must be an integer."))?;
        self.begun += 1;
        let id = format!("upload:MTphdHRhY2htZW50{}?sig=ARZsim", self.begun);
        let session = Session {
            token: token.to_owned(),
            length,
            media_type: media_type.to_owned(),
        };
        // The signature comes back in the query.
        let node = id.split('?').next().unwrap_or_default().to_owned();
        self.sessions.insert(node, session);
        Ok(json!({ "id": id }))
    }

    /// `POST /upload:…`: the token stands behind `OAuth`, and the offset in a header.
    pub(crate) fn take(&mut self, request: &Request<'_>, route: &Route) -> Outcome<Value> {
        let token = request
            .authorization
            .and_then(|header| header.strip_prefix("OAuth "));
        let token =
            token.ok_or_else(|| GraphError::new(190, "An active access token must be used."))?;
        let session = self
            .sessions
            .get(&route.node)
            .filter(|session| session.token == token && route.query("sig") == Some("ARZsim"))
            .ok_or_else(|| GraphError::no_such_node(&route.node))?;
        if request.file_offset != Some("0") {
            return Err(GraphError::invalid("The header file_offset must be 0."));
        }
        if request.body.len() != session.length {
            let expected = session.length;
            return Err(GraphError::invalid(format!(
                "The file must have the {expected} bytes that were announced."
            )));
        }
        let handle = format!("4::{}:{}", session.media_type, route.node);
        self.files
            .insert(handle.clone(), session.media_type.clone());
        Ok(json!({ "h": handle }))
    }

    /// Whether a creation's media header shows a file of its format that was uploaded before.
    pub(crate) fn check(&self, creation: &Value) -> Outcome<()> {
        let components = creation["components"].as_array();
        for component in components.into_iter().flatten() {
            let format = component["format"].as_str().unwrap_or_default();
            let types: &[&str] = match format.to_ascii_uppercase().as_str() {
                "IMAGE" => &["image/jpeg", "image/jpg", "image/png"],
                "DOCUMENT" => &["application/pdf"],
                "VIDEO" => &["video/mp4"],
                _ => continue,
            };
            let handle = component["example"]["header_handle"][0].as_str();
            let file = handle.and_then(|handle| self.files.get(handle));
            if !file.is_some_and(|file| types.contains(&file.as_str())) {
                return Err(GraphError::template(
                    2_388_047,
                    "The sample of the header must be uploaded first.",
                ));
            }
        }
        Ok(())
    }
}
