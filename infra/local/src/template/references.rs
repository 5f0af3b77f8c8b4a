//! Finds references to names that do not exist, anywhere in a template, including
//! the parts of it that the local stack does not use.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use super::evaluation::single_function;

/// The names that references may use.
pub(super) struct Names {
    pub(super) parameters: BTreeSet<String>,
    pub(super) resources: BTreeSet<String>,
    /// Logical ids of SAM resources, which SAM expands into further resources
    /// whose ids begin with theirs (`<id>Role`, `<id>LogGroup`, …).
    pub(super) expanding: BTreeSet<String>,
}

impl Names {
    /// Fails with the first dangling reference in `value`.
    pub(super) fn check(&self, value: &Value) -> Result<()> {
        match value {
            Value::Object(map) => match single_function(map) {
                Some(("Ref", Value::String(name))) => self.known(name),
                Some(("Fn::GetAtt", Value::Array(parts))) => match parts.first() {
                    Some(Value::String(name)) => self.known(name),
                    Some(_) | None => bail!("Fn::GetAtt needs a resource and an attribute"),
                },
                Some(("Fn::Sub", argument)) => self.check_substitution(argument),
                Some((_, argument)) => self.check(argument),
                None => map.values().try_for_each(|v| self.check(v)),
            },
            Value::Array(items) => items.iter().try_for_each(|v| self.check(v)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
        }
    }

    fn check_substitution(&self, argument: &Value) -> Result<()> {
        let none = Map::new();
        let (text, own) = match argument {
            Value::String(text) => (text, &none),
            Value::Array(items) => match items.as_slice() {
                [Value::String(text), Value::Object(own)] => (text, own),
                _ => bail!("Fn::Sub needs a text, or a text and a mapping"),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                bail!("Fn::Sub needs a text, or a text and a mapping")
            }
        };
        own.values().try_for_each(|v| self.check(v))?;
        for part in text.split("${").skip(1) {
            let name = part.split('}').next().unwrap_or_default().trim();
            if name.starts_with('!') || own.contains_key(name) {
                continue;
            }
            self.known(name.split('.').next().unwrap_or_default())?;
        }
        Ok(())
    }

    fn known(&self, name: &str) -> Result<()> {
        let known = name.starts_with("AWS::")
            || self.parameters.contains(name)
            || self.resources.contains(name)
            || name.starts_with("ServerlessHttpApi")
            || self
                .expanding
                .iter()
                .any(|id| name.starts_with(id.as_str()));
        if known {
            Ok(())
        } else {
            bail!("refers to \"{name}\", which is neither a parameter nor a resource")
        }
    }
}
