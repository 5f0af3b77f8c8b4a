//! YAML with CloudFormation's short tags, turned into the long JSON form that
//! the evaluation works on.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// Parses a template; `!Ref x` becomes `{"Ref": "x"}`, `!Sub x` `{"Fn::Sub": "x"}`
/// and so on, so that both spellings look the same afterwards.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>> {
    let yaml: Yaml = serde_yaml_ng::from_str(text).context("the template is not valid YAML")?;
    let value = long_form(yaml)?;
    let Value::Object(map) = value else {
        bail!("the template must be a mapping, not {}", kind(&value));
    };
    Ok(map)
}

fn long_form(yaml: Yaml) -> Result<Value> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(b) => Value::Bool(b),
        Yaml::Number(n) => number(&n)?,
        Yaml::String(s) => Value::String(s),
        Yaml::Sequence(items) => {
            Value::Array(items.into_iter().map(long_form).collect::<Result<_>>()?)
        }
        Yaml::Mapping(map) => {
            let mut object = Map::new();
            for (key, value) in map {
                let key = key_text(key)?;
                let value = long_form(value).with_context(|| format!("under the key \"{key}\""))?;
                object.insert(key, value);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let value = long_form(tagged.value)?;
            match tag {
                "Ref" | "Condition" => json!({ tag: value }),
                // `!GetAtt A.B` and `!GetAtt [A, B]` mean the same.
                "GetAtt" => json!({ "Fn::GetAtt": split_attribute(value)? }),
                _ => json!({ format!("Fn::{tag}"): value }),
            }
        }
    })
}

fn split_attribute(value: Value) -> Result<Value> {
    let Value::String(text) = value else {
        return Ok(value);
    };
    match text.split_once('.') {
        Some((resource, attribute)) => Ok(json!([resource, attribute])),
        None => bail!("!GetAtt {text} names no attribute (Resource.Attribute)"),
    }
}

fn number(n: &serde_yaml_ng::Number) -> Result<Value> {
    if let Some(i) = n.as_i64() {
        Ok(json!(i))
    } else if let Some(u) = n.as_u64() {
        Ok(json!(u))
    } else {
        match n.as_f64().and_then(serde_json::Number::from_f64) {
            Some(f) => Ok(Value::Number(f)),
            None => bail!("{n} is not a number that a template can hold"),
        }
    }
}

fn key_text(key: Yaml) -> Result<String> {
    match key {
        Yaml::String(s) => Ok(s),
        Yaml::Number(n) => Ok(n.to_string()),
        Yaml::Bool(b) => Ok(b.to_string()),
        Yaml::Null | Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => {
            bail!("a mapping's key must be plain text")
        }
    }
}

/// What a value is, in the words of an error message.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
