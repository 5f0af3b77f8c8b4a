//! Secrets Manager, as far as a function reads it and an operator changes it: `GetSecretValue` and
//! `PutSecretValue` on a map.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

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

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutSecretValue {
    secret_id: String,
    secret_string: String,
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

    /// The name and text of the secret that this name or ARN means.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(String, String)> {
        let values = self.values.read().unwrap_or_else(PoisonError::into_inner);
        values
            .iter()
            .find(|(name, _)| name.as_str() == id || Self::arn(name) == id)
            .map(|(name, value)| (name.clone(), value.clone()))
    }

    /// The ARN under which a secret answers as well as under its name.
    #[must_use]
    pub fn arn(name: &str) -> String {
        format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-000000")
    }

    pub(super) fn handle(&self, operation: &str, body: &[u8]) -> Response {
        let answer = match operation {
            "GetSecretValue" => {
                self.counts.add("GetSecretValue");
                self.get_value(body)
            }
            "PutSecretValue" => {
                self.counts.add("PutSecretValue");
                self.put_value(body)
            }
            _ => Err(refusal(
                "UnknownOperationException",
                "The local stack knows GetSecretValue and PutSecretValue only.",
            )),
        };
        answer.unwrap_or_else(|refused| *refused)
    }

    fn get_value(&self, body: &[u8]) -> Result<Response, Box<Response>> {
        let request: GetSecretValue = read(body)?;
        let stage = request.version_stage.as_deref().unwrap_or("AWSCURRENT");
        let found = (stage == "AWSCURRENT")
            .then(|| self.find(&request.secret_id))
            .flatten();
        let (name, value) = found.ok_or_else(no_such_secret)?;
        let mut answer = described(&name);
        answer["SecretString"] = json!(value);
        answer["CreatedDate"] = json!(0);
        Ok(wire::json(Protocol::Json11, &answer))
    }

    fn put_value(&self, body: &[u8]) -> Result<Response, Box<Response>> {
        let request: PutSecretValue = read(body)?;
        let (name, _) = self.find(&request.secret_id).ok_or_else(no_such_secret)?;
        let answer = described(&name);
        self.put(name, request.secret_string);
        Ok(wire::json(Protocol::Json11, &answer))
    }
}

/// Versions are not told apart here.
fn described(name: &str) -> Value {
    json!({
        "ARN": Secrets::arn(name),
        "Name": name,
        "VersionId": "00000000-0000-4000-8000-000000000000",
        "VersionStages": ["AWSCURRENT"],
    })
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Box<Response>> {
    serde_json::from_slice(body)
        .map_err(|error| refusal("SerializationException", &error.to_string()))
}

fn no_such_secret() -> Box<Response> {
    refusal(
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret.",
    )
}

fn refusal(kind: &str, message: &str) -> Box<Response> {
    Box::new(wire::json_error(
        Protocol::Json11,
        StatusCode::BAD_REQUEST,
        kind,
        message,
    ))
}
