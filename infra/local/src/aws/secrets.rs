//! Secrets Manager, as far as functions read and an operator writes: versions of a text, each under the
//! staging labels that it has.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::counts::Counts;
use super::wire::{self, Protocol};
use super::{ACCOUNT, REGION};
use crate::ids;

/// The label of the version that everybody reads.
const CURRENT: &str = "AWSCURRENT";
/// The label of the one before it.
const PREVIOUS: &str = "AWSPREVIOUS";

/// The secrets of one local stack, by name. They live in memory only.
#[derive(Default)]
pub struct Secrets {
    held: RwLock<BTreeMap<String, Held>>,
    pub(super) counts: Counts,
}

/// A secret: without a version until somebody writes one.
#[derive(Default)]
struct Held {
    /// Texts by version.
    versions: BTreeMap<String, String>,
    /// Versions by label.
    labels: BTreeMap<String, String>,
}

impl Held {
    /// Takes a text in under labels; a label that another version has moves.
    fn add(&mut self, version: &str, text: &str, labels: &[String]) {
        self.versions.insert(version.to_owned(), text.to_owned());
        for label in labels {
            self.move_label(label, version);
        }
    }

    fn move_label(&mut self, label: &str, to: &str) {
        let before = self.labels.insert(label.to_owned(), to.to_owned());
        if let Some(before) = before.filter(|before| label == CURRENT && before != to) {
            self.labels.insert(PREVIOUS.to_owned(), before);
        }
    }

    fn labels_of(&self, version: &str) -> Vec<&str> {
        let has = self.labels.iter().filter(|(_, held)| *held == version);
        has.map(|(label, _)| label.as_str()).collect()
    }
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
    version_id: Option<String>,
    version_stage: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutSecretValue {
    secret_id: String,
    client_request_token: String,
    secret_string: String,
    #[serde(default)]
    version_stages: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeSecret {
    secret_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateSecretVersionStage {
    secret_id: String,
    version_stage: String,
    move_to_version_id: Option<String>,
    remove_from_version_id: Option<String>,
}

/// Why a request is not carried out: its name on the wire, and a sentence.
type Refused = (&'static str, &'static str);

const NOT_FOUND: Refused = (
    "ResourceNotFoundException",
    "Secrets Manager can't find the specified secret.",
);
const NO_VALUE: Refused = (
    "ResourceNotFoundException",
    "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
);

impl Secrets {
    pub(super) fn new(values: BTreeMap<String, String>) -> Self {
        let secrets = Self::default();
        for (name, value) in values {
            secrets.put(name, value);
        }
        secrets
    }

    /// Sets a secret's text, replacing what it held; the next read sees it.
    pub fn put(&self, name: impl Into<String>, value: impl Into<String>) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let secret = held.entry(name.into()).or_default();
        secret.add(&ids::uuid(), &value.into(), &[CURRENT.to_owned()]);
    }

    /// Creates a secret without a value, as CloudFormation does. One that is there loses its value.
    pub fn empty(&self, name: impl Into<String>) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.insert(name.into(), Held::default());
    }

    /// The name and current text of the secret that this name or ARN means.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(String, String)> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let (name, secret) = held.iter().find(|(name, _)| names(name, id))?;
        let text = secret.versions.get(secret.labels.get(CURRENT)?)?;
        Some((name.clone(), text.clone()))
    }

    /// The ARN under which a secret answers as well as under its name.
    #[must_use]
    pub fn arn(name: &str) -> String {
        format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-000000")
    }

    pub(super) fn handle(&self, operation: &str, body: &[u8]) -> Response {
        let answer = match operation {
            "GetSecretValue" => self.carry_out("GetSecretValue", body, Self::get),
            "PutSecretValue" => self.carry_out("PutSecretValue", body, Self::put_value),
            "DescribeSecret" => self.carry_out("DescribeSecret", body, Self::describe),
            "UpdateSecretVersionStage" => {
                self.carry_out("UpdateSecretVersionStage", body, Self::move_stage)
            }
            _ => Err((
                "UnknownOperationException",
                "The local stack reads and writes values only.",
            )),
        };
        match answer {
            Ok(answer) => wire::json(Protocol::Json11, &answer),
            Err((kind, message)) => {
                wire::json_error(Protocol::Json11, StatusCode::BAD_REQUEST, kind, message)
            }
        }
    }

    fn carry_out<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        body: &[u8],
        act: impl FnOnce(&Self, T) -> Result<Value, Refused>,
    ) -> Result<Value, Refused> {
        self.counts.add(operation);
        let request = serde_json::from_slice(body);
        let request = request.map_err(|_| ("SerializationException", "The body does not read."));
        act(self, request?)
    }

    fn get(&self, request: GetSecretValue) -> Result<Value, Refused> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let (name, secret) = held
            .iter()
            .find(|(name, _)| names(name, &request.secret_id))
            .ok_or(NOT_FOUND)?;
        let stage = request.version_stage.as_deref().unwrap_or(CURRENT);
        let version = request.version_id.as_ref();
        let version = version.or_else(|| secret.labels.get(stage));
        let (version, text) = version
            .and_then(|version| secret.versions.get_key_value(version))
            .ok_or(NO_VALUE)?;
        Ok(json!({
            "ARN": Self::arn(name), "Name": name, "VersionId": version, "SecretString": text,
            "VersionStages": secret.labels_of(version), "CreatedDate": 0,
        }))
    }

    fn describe(&self, request: DescribeSecret) -> Result<Value, Refused> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let (name, secret) = held
            .iter()
            .find(|(name, _)| names(name, &request.secret_id))
            .ok_or(NOT_FOUND)?;
        let stages: BTreeMap<&String, Vec<&str>> = secret
            .versions
            .keys()
            .map(|version| (version, secret.labels_of(version)))
            .filter(|(_, labels)| !labels.is_empty())
            .collect();
        Ok(json!({ "ARN": Self::arn(name), "Name": name, "VersionIdsToStages": stages }))
    }

    fn put_value(&self, request: PutSecretValue) -> Result<Value, Refused> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let (name, secret) = find(&mut held, &request.secret_id)?;
        let version = request.client_request_token;
        match secret.versions.get(&version) {
            Some(text) if *text != request.secret_string => {
                return Err((
                    "ResourceExistsException",
                    "You can't modify the value of an existing version.",
                ));
            }
            Some(_) | None => {}
        }
        let mut labels = request.version_stages;
        // AWS: without labels the version becomes the current one, and so does the first one.
        if labels.is_empty() || secret.versions.is_empty() {
            labels.push(CURRENT.to_owned());
        }
        secret.add(&version, &request.secret_string, &labels);
        Ok(json!({
            "ARN": Self::arn(&name), "Name": name, "VersionId": version,
            "VersionStages": secret.labels_of(&version),
        }))
    }

    fn move_stage(&self, request: UpdateSecretVersionStage) -> Result<Value, Refused> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let (name, secret) = find(&mut held, &request.secret_id)?;
        // AWS: the label moves only from the version that it is said to be attached to.
        if secret.labels.get(&request.version_stage) != request.remove_from_version_id.as_ref() {
            return Err((
                "InvalidParameterException",
                "The parameter RemoveFromVersionId can't be empty or is not the version that has the label.",
            ));
        }
        match request.move_to_version_id {
            Some(to) if secret.versions.contains_key(&to) => {
                secret.move_label(&request.version_stage, &to);
            }
            Some(_) => return Err(NOT_FOUND),
            None => {
                secret.labels.remove(&request.version_stage);
            }
        }
        Ok(json!({ "ARN": Self::arn(&name), "Name": name }))
    }
}

fn names(name: &str, id: &str) -> bool {
    name == id || Secrets::arn(name) == id
}

fn find<'a>(
    held: &'a mut BTreeMap<String, Held>,
    id: &str,
) -> Result<(String, &'a mut Held), Refused> {
    held.iter_mut()
        .find(|(name, _)| names(name, id))
        .map(|(name, secret)| (name.clone(), secret))
        .ok_or(NOT_FOUND)
}
