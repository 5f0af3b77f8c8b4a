//! `docs/openapi.yaml` as a promise: every answer that a test gets is held against it.

use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use regex_lite::Regex;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Map, Value};

use crate::Bank;

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; null where there is none.
    pub body: Value,
}

impl Answer {
    /// The fields that a problem document names, in its order.
    #[must_use]
    pub fn faulty_fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array();
        errors
            .into_iter()
            .flatten()
            .filter_map(|error| error["field"].as_str())
            .collect()
    }

    /// A problem's stable name.
    #[must_use]
    pub fn problem(&self) -> &str {
        let name = self.body["type"]
            .as_str()
            .and_then(|name| name.strip_prefix("urn:recado:problem:"));
        name.unwrap_or_default()
    }
}

/// Asks the API and fails unless the contract describes the answer: its status, its media type, its
/// content. `operation` is `GET /v1/notifications/{id}`, with a query behind it or without; `place` goes
/// where the braces are, in parts divided by a slash where there are several; `request` adds what else the request has.
pub async fn ask(
    bank: &Bank,
    operation: &str,
    place: &str,
    request: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> Result<Answer> {
    let (method, target) = operation.split_once(' ').context("a method and a path")?;
    let path = target.split('?').next().unwrap_or(target);
    let filled = filled(target, place);
    let builder = bank.http.request(
        Method::from_bytes(method.as_bytes())?,
        format!("{}{filled}", bank.api),
    );
    let response = request(builder.bearer_auth(&bank.token)).send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await?;
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{operation} answers {status} without JSON"))?
    };
    let answer = Answer {
        status,
        headers,
        body,
    };
    let faults = Contract::get().faults_of(method, path, &answer);
    if !faults.is_empty() {
        bail!(
            "{operation} answers {status} against its contract: {}: {}",
            faults.join("; "),
            answer.body
        );
    }
    Ok(answer)
}

/// The document.
pub struct Contract(Value);

fn filled(target: &str, place: &str) -> String {
    let several = target.matches('{').count() > 1;
    let mut parts = place.split(|c| several && c == '/');
    let (mut filled, mut rest) = (String::new(), target);
    while let (Some(from), Some(to)) = (rest.find('{'), rest.find('}')) {
        filled.push_str(&rest[..from]);
        filled.push_str(parts.next().unwrap_or(place));
        rest = &rest[to + 1..];
    }
    filled + rest
}

impl Contract {
    /// Reads it once.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn get() -> &'static Self {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        CONTRACT.get_or_init(|| {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.yaml");
            let text = std::fs::read_to_string(path).expect("docs/openapi.yaml is there");
            Self(serde_yaml_ng::from_str(&text).expect("docs/openapi.yaml is YAML"))
        })
    }

    /// Every operation: method in capitals, path, scopes (none without a token).
    #[must_use]
    pub fn operations(&self) -> Vec<(String, String, Vec<String>)> {
        let mut all = Vec::new();
        for (path, item) in self.0["paths"].as_object().into_iter().flatten() {
            let methods = item.as_object().into_iter().flatten();
            for (method, operation) in
                methods.filter(|(name, _)| *name != "servers" && *name != "parameters")
            {
                let scopes = operation["security"].as_array().into_iter().flatten();
                let scopes =
                    scopes.flat_map(|one| one["oauth2"].as_array().cloned().unwrap_or_default());
                let scopes = scopes
                    .filter_map(|scope| scope.as_str().map(str::to_owned))
                    .collect();
                all.push((method.to_uppercase(), path.clone(), scopes));
            }
        }
        all
    }

    /// What is wrong with an answer; nothing if the contract describes it.
    #[must_use]
    pub fn faults_of(&self, method: &str, path: &str, answer: &Answer) -> Vec<String> {
        let operation = &self.0["paths"][path][method.to_lowercase()];
        let described = self.resolved(&operation["responses"][answer.status.as_str()]);
        if described.is_null() {
            return vec![format!("status {} is not described", answer.status)];
        }
        let Some(content) = described["content"].as_object() else {
            let empty = answer.body.is_null();
            return if empty {
                Vec::new()
            } else {
                vec!["a body is not described".to_owned()]
            };
        };
        let media_type = answer
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default();
        let Some(media) = content.get(media_type) else {
            return vec![format!("the media type {media_type:?} is not described")];
        };
        let mut faults = Vec::new();
        self.check(&media["schema"], &answer.body, "body", &mut faults);
        faults
    }

    fn resolved<'a>(&'a self, node: &'a Value) -> &'a Value {
        match node["$ref"]
            .as_str()
            .and_then(|reference| reference.strip_prefix('#'))
        {
            Some(pointer) => self.0.pointer(pointer).unwrap_or(&Value::Null),
            None => node,
        }
    }

    /// The part of JSON Schema that the document uses; a word it does not know is a fault, so that
    /// nothing stays unchecked. Of an object only the properties that are described may be there.
    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let Some(words) = schema.as_object() else {
            return faults.push(format!("{at}: no schema"));
        };
        for (word, rule) in words {
            let holds = match word.as_str() {
                "description" | "format" | "default" | "example" | "examples" | "title" => true,
                "$ref" => {
                    self.check(self.resolved(schema), value, at, faults);
                    true
                }
                "type" => {
                    rule.as_str() == Some(type_of(value)) || (rule == "number" && value.is_number())
                }
                "const" => rule == value,
                "enum" => rule.as_array().is_some_and(|all| all.contains(value)),
                "pattern" => matches(rule, value),
                "minLength" => length(value) >= rule.as_u64(),
                "maxLength" => length(value) <= rule.as_u64(),
                "minimum" => value.as_f64() >= rule.as_f64(),
                "maximum" => value.as_f64() <= rule.as_f64(),
                "minItems" => value.as_array().map(|all| all.len() as u64) >= rule.as_u64(),
                "uniqueItems" => unique(value),
                "required" => has_all(rule, value, at, faults),
                "properties" => self.properties(words, rule, value, at, faults),
                "items" => self.items(rule, value, at, faults),
                // Looked at together with `properties`.
                "additionalProperties" => words.contains_key("properties"),
                _ => false,
            };
            if !holds {
                faults.push(format!("{at} breaks {word}: {rule}"));
            }
        }
    }

    fn properties(
        &self,
        words: &Map<String, Value>,
        known: &Value,
        value: &Value,
        at: &str,
        faults: &mut Vec<String>,
    ) -> bool {
        let open = words
            .get("additionalProperties")
            .is_some_and(|more| *more != Value::Bool(false));
        for (name, value) in value.as_object().into_iter().flatten() {
            match known.get(name) {
                Some(schema) => self.check(schema, value, &format!("{at}.{name}"), faults),
                None if open => {}
                None => faults.push(format!("{at}.{name} is not described")),
            }
        }
        true
    }

    fn items(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) -> bool {
        for (place, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(schema, item, &format!("{at}[{place}]"), faults);
        }
        true
    }
}

fn has_all(names: &Value, value: &Value, at: &str, faults: &mut Vec<String>) -> bool {
    for name in names
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        if value.get(name).is_none() {
            faults.push(format!("{at}.{name} is missing"));
        }
    }
    true
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}

fn matches(pattern: &Value, value: &Value) -> bool {
    let pattern = pattern
        .as_str()
        .map(|pattern| Regex::new(pattern).expect("a pattern of the contract"));
    pattern
        .zip(value.as_str())
        .is_some_and(|(pattern, text)| pattern.is_match(text))
}

fn unique(value: &Value) -> bool {
    let all = value.as_array().map_or(&[][..], Vec::as_slice);
    all.iter()
        .enumerate()
        .all(|(place, item)| !all[..place].contains(item))
}
