//! Secrets Manager, as far as a function reads it: `GetSecretValue` from a map.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::counts::Counts;
use super::wire::{self, Protocol};
use super::{ACCOUNT, REGION};

/// The secrets of one local stack, by name. They live in memory only.
#[derive(Default)]
pub struct Secrets {
    values: RwLock<BTreeMap<String, String>>,
    pub(super) counts: Counts,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: String,
    version_stage: Option<String>,
}

impl Secrets {
    pub(super) fn new(values: BTreeMap<String, String>) -> Self {
        Self {
            values: RwLock::new(values),
            counts: Counts::default(),
        }
    }

    /// Sets a secret's text, replacing what it held; the next read sees it.
    pub fn put(&self, name: impl Into<String>, value: impl Into<String>) {
        self.values
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.into(), value.into());
    }

    /// The ARN under which a secret answers as well as under its name.
    #[must_use]
    pub fn arn(name: &str) -> String {
        format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-000000")
    }

    pub(super) fn handle(&self, operation: &str, body: &[u8]) -> Response {
        if operation != "GetSecretValue" {
            return refusal(
                "UnknownOperationException",
                "The local stack knows GetSecretValue only.",
            );
        }
        self.counts.add("GetSecretValue");
        let request: GetSecretValue = match serde_json::from_slice(body) {
            Ok(request) => request,
            Err(error) => return refusal("SerializationException", &error.to_string()),
        };
        let stage = request.version_stage.as_deref().unwrap_or("AWSCURRENT");
        let found = (stage == "AWSCURRENT")
            .then(|| self.find(&request.secret_id))
            .flatten();
        let Some((name, value)) = found else {
            return refusal(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            );
        };
        wire::json(
            Protocol::Json11,
            &json!({
                "ARN": Self::arn(&name),
                "Name": name,
                "VersionId": "00000000-0000-4000-8000-000000000000",
                "SecretString": value,
                "VersionStages": ["AWSCURRENT"],
                "CreatedDate": 0,
            }),
        )
    }

    fn find(&self, id: &str) -> Option<(String, String)> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        values
            .iter()
            .find(|(name, _)| name.as_str() == id || Self::arn(name) == id)
            .map(|(name, value)| (name.clone(), value.clone()))
    }
}

fn refusal(kind: &str, message: &str) -> Response {
    wire::json_error(Protocol::Json11, StatusCode::BAD_REQUEST, kind, message)
}
