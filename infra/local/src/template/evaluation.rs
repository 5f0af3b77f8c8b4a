//! Evaluates CloudFormation's intrinsic functions.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Map, Value};

use super::syntax::kind;
use super::{Reference, Resolver};

/// A resource as references see it.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) resource_type: String,
    /// Physical name; the logical id where the template gives none.
    pub(super) name: String,
    /// The `Condition` it hangs on, if any.
    pub(super) condition: Option<String>,
}

/// Everything a value in the template can refer to.
pub(super) struct Scope<'a> {
    /// Parameters and pseudo parameters.
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) conditions: &'a Map<String, Value>,
    pub(super) mappings: &'a Map<String, Value>,
    pub(super) resources: BTreeMap<String, Known>,
    pub(super) resolve: &'a Resolver<'a>,
}

impl Scope<'_> {
    /// The value with every function in it evaluated; `None` is `AWS::NoValue`.
    pub(super) fn evaluate(&self, value: &Value) -> Result<Option<Value>> {
        match value {
            Value::Object(map) => match single_function(map) {
                Some((name, argument)) => self.call(name, argument),
                None => {
                    let mut out = Map::new();
                    for (key, value) in map {
                        if let Some(v) = self.evaluate(value).with_context(|| key.clone())? {
                            out.insert(key.clone(), v);
                        }
                    }
                    Ok(Some(Value::Object(out)))
                }
            },
            Value::Array(items) => Ok(Some(Value::Array(self.list_items(items)?))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Ok(Some(value.clone()))
            }
        }
    }

    /// Whether the resource is part of the stack under its condition.
    pub(super) fn is_present(&self, condition: Option<&str>) -> Result<bool> {
        condition.map_or(Ok(true), |name| self.condition(name, 0))
    }

    fn list_items(&self, items: &[Value]) -> Result<Vec<Value>> {
        items
            .iter()
            .filter_map(|item| self.evaluate(item).transpose())
            .collect()
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Option<Value>> {
        match name {
            "Ref" => self.reference(&self.text(argument, "Ref")?),
            "Fn::GetAtt" => {
                let parts = self.list(argument, name)?;
                let [resource, attribute @ ..] = parts.as_slice() else {
                    bail!("Fn::GetAtt needs a resource and an attribute");
                };
                let attribute = attribute
                    .iter()
                    .map(scalar_text)
                    .collect::<Result<Vec<_>>>()?
                    .join(".");
                self.attribute(&scalar_text(resource)?, Some(&attribute))
                    .map(Some)
            }
            "Fn::Sub" => self.substitute(argument).map(|s| Some(Value::String(s))),
            "Fn::Join" => {
                let (separator, items) = self.pair(argument, name)?;
                let Value::Array(items) = &items else {
                    bail!("Fn::Join needs a list to join, not {}", kind(&items));
                };
                let items = items.iter().map(scalar_text).collect::<Result<Vec<_>>>()?;
                Ok(Some(Value::String(items.join(&scalar_text(&separator)?))))
            }
            "Fn::Split" => {
                let (separator, text) = self.pair(argument, name)?;
                let (separator, text) = (scalar_text(&separator)?, scalar_text(&text)?);
                Ok(Some(Value::Array(
                    text.split(separator.as_str()).map(Value::from).collect(),
                )))
            }
            "Fn::Select" => {
                let (index, items) = self.pair(argument, name)?;
                let index: usize = scalar_text(&index)?
                    .parse()
                    .context("Fn::Select needs a number first")?;
                let Value::Array(items) = items else {
                    bail!("Fn::Select needs a list to select from");
                };
                let length = items.len();
                match items.into_iter().nth(index) {
                    Some(item) => Ok(Some(item)),
                    None => bail!("Fn::Select asks for item {index} of a list of {length}"),
                }
            }
            "Fn::FindInMap" => self.find_in_map(argument).map(Some),
            "Fn::If" => {
                let [condition, yes, no] = argument
                    .as_array()
                    .map(Vec::as_slice)
                    .context("Fn::If needs a condition and two values")?
                else {
                    bail!("Fn::If needs a condition and two values");
                };
                let name = condition
                    .as_str()
                    .context("Fn::If needs the name of a condition first")?;
                self.evaluate(if self.condition(name, 0)? { yes } else { no })
            }
            "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" | "Condition" => {
                let single = Map::from_iter([(name.to_owned(), argument.clone())]);
                self.truth(&Value::Object(single), 0)
                    .map(|b| Some(Value::Bool(b)))
            }
            _ => bail!("{name} is not supported by the local stack"),
        }
    }

    fn reference(&self, name: &str) -> Result<Option<Value>> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        if name.starts_with("AWS::") {
            bail!("the pseudo parameter {name} is not supported by the local stack");
        }
        self.attribute(name, None).map(Some)
    }

    fn attribute(&self, logical_id: &str, attribute: Option<&str>) -> Result<Value> {
        let known = self.resources.get(logical_id).ok_or_else(|| {
            anyhow!("refers to \"{logical_id}\", which is neither a parameter nor a resource")
        })?;
        if !self.is_present(known.condition.as_deref())? {
            let condition = known.condition.as_deref().unwrap_or_default();
            bail!("refers to \"{logical_id}\", which its condition {condition} leaves out");
        }
        (self.resolve)(&Reference {
            logical_id,
            resource_type: &known.resource_type,
            name: &known.name,
            attribute,
        })
        .map(Value::String)
        .ok_or_else(|| match attribute {
            Some(a) => anyhow!(
                "asks for {logical_id}.{a}, which the local stack has no value for ({})",
                known.resource_type
            ),
            None => anyhow!(
                "refers to {logical_id}, which the local stack has no value for ({})",
                known.resource_type
            ),
        })
    }

    fn substitute(&self, argument: &Value) -> Result<String> {
        let (text, own) = match argument {
            Value::String(text) => (text.as_str(), None),
            Value::Array(items) => match items.as_slice() {
                [Value::String(text), Value::Object(own)] => (text.as_str(), Some(own)),
                _ => bail!("Fn::Sub needs a text, or a text and a mapping"),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                bail!("Fn::Sub needs a text, not {}", kind(argument))
            }
        };
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let after = &rest[start + 2..];
            let Some(end) = after.find('}') else {
                bail!("Fn::Sub: \"{text}\" has a ${{ without its closing brace");
            };
            out.push_str(&rest[..start]);
            let name = after[..end].trim();
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str("${");
                out.push_str(literal);
                out.push('}');
            } else {
                let value = match own.and_then(|own| own.get(name)) {
                    Some(value) => self.evaluate(value)?,
                    None => match name.split_once('.') {
                        Some((resource, attribute)) => {
                            Some(self.attribute(resource, Some(attribute))?)
                        }
                        None => self.reference(name)?,
                    },
                };
                let value = value.with_context(|| format!("Fn::Sub: ${{{name}}} has no value"))?;
                out.push_str(&scalar_text(&value)?);
            }
            rest = &after[end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }

    fn find_in_map(&self, argument: &Value) -> Result<Value> {
        let keys = self
            .list(argument, "Fn::FindInMap")?
            .iter()
            .map(scalar_text)
            .collect::<Result<Vec<_>>>()?;
        let [map, first, second] = keys.as_slice() else {
            bail!("Fn::FindInMap needs a mapping's name and two keys");
        };
        self.mappings
            .get(map)
            .and_then(|m| m.get(first))
            .and_then(|m| m.get(second))
            .cloned()
            .ok_or_else(|| anyhow!("Fn::FindInMap: Mappings has no {map}.{first}.{second}"))
    }

    fn condition(&self, name: &str, depth: usize) -> Result<bool> {
        // Conditions can only nest as deep as there are conditions; deeper is a circle.
        if depth > self.conditions.len() {
            bail!("the condition {name} refers to itself");
        }
        let value = self
            .conditions
            .get(name)
            .ok_or_else(|| anyhow!("the condition \"{name}\" is not defined"))?;
        self.truth(value, depth + 1)
            .with_context(|| format!("condition {name}"))
    }

    fn truth(&self, value: &Value, depth: usize) -> Result<bool> {
        let (name, argument) = value
            .as_object()
            .and_then(single_function)
            .context("a condition must be Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition")?;
        let all = |argument: &Value| -> Result<Vec<bool>> {
            argument
                .as_array()
                .with_context(|| format!("{name} needs a list"))?
                .iter()
                .map(|item| self.truth(item, depth))
                .collect()
        };
        match name {
            "Fn::Equals" => {
                let (a, b) = self.pair(argument, name)?;
                Ok(scalar_text(&a)? == scalar_text(&b)?)
            }
            "Fn::And" => Ok(all(argument)?.into_iter().all(|b| b)),
            "Fn::Or" => Ok(all(argument)?.into_iter().any(|b| b)),
            "Fn::Not" => match all(argument)?.as_slice() {
                [one] => Ok(!one),
                _ => bail!("Fn::Not needs exactly one condition"),
            },
            "Condition" => {
                let name = argument.as_str().context("Condition needs a name")?;
                self.condition(name, depth)
            }
            other => bail!("{other} is not a condition function"),
        }
    }

    fn list(&self, argument: &Value, function: &str) -> Result<Vec<Value>> {
        match self.evaluate(argument)? {
            Some(Value::Array(items)) => Ok(items),
            Some(other) => bail!("{function} needs a list, not {}", kind(&other)),
            None => bail!("{function} needs a list, not AWS::NoValue"),
        }
    }

    fn pair(&self, argument: &Value, function: &str) -> Result<(Value, Value)> {
        let items = self.list(argument, function)?;
        <[Value; 2]>::try_from(items)
            .map(|[a, b]| (a, b))
            .map_err(|items| anyhow!("{function} needs two items, not {}", items.len()))
    }

    fn text(&self, argument: &Value, function: &str) -> Result<String> {
        argument
            .as_str()
            .map(str::to_owned)
            .with_context(|| format!("{function} needs a name"))
    }
}

/// The function of a mapping that is a call (`{"Ref": …}`, `{"Fn::…": …}`), else `None`.
///
/// `Condition` counts only in conditions, as it is also a resource's attribute and a
/// key of policies; [`Scope::truth`] recognises it because there nothing else can stand.
pub(super) fn single_function(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = map.iter();
    match (entries.next(), entries.next()) {
        (Some((key, value)), None)
            if key == "Ref"
                || key.starts_with("Fn::")
                || (key == "Condition" && value.is_string()) =>
        {
            Some((key, value))
        }
        _ => None,
    }
}

/// A scalar as text, as CloudFormation passes it on (numbers and booleans are texts there).
pub(super) fn scalar_text(value: &Value) -> Result<String> {
    match value {
        Value::String(s) => Ok(s.clone()),
        Value::Number(n) => Ok(n.to_string()),
        Value::Bool(b) => Ok(b.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            bail!("a text is needed, not {}", kind(value))
        }
    }
}
