//! Reads `infra/template.yaml` (SAM and CloudFormation), the one source of wiring,
//! and resolves it to local values.
//!
//! Resource types that the local stack has no counterpart for are ignored, but a
//! reference to a name that does not exist is an error wherever it stands.

mod addresses;
mod evaluation;
mod functions;
mod model;
mod parameters;
mod properties;
mod references;
mod resources;
mod roles;
mod syntax;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

pub use addresses::Addresses;
pub use model::{
    Authorization, FailureReporting, Function, HttpApi, HttpRoute, JwtAuthorizer, KeyAttribute,
    Queue, QueueEvent, Redrive, Secret, Table, Template,
};

use evaluation::{Known, Scope};
use functions::Surroundings;
use properties::Properties;
use references::Names;

/// A `Ref` or `GetAtt` to a resource of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// The resource's logical id.
    pub logical_id: &'a str,
    /// Its type, such as `AWS::SQS::Queue`.
    pub resource_type: &'a str,
    /// Its name; the logical id where the template gives none.
    pub name: &'a str,
    /// The attribute asked for; `None` is a `Ref`.
    pub attribute: Option<&'a str>,
}

/// Gives the local value of a reference, `None` when there is none (which is reported
/// with the resource that asked). [`Addresses::resolve`] is one.
pub type Resolver<'a> = dyn Fn(&Reference<'_>) -> Option<String> + 'a;

/// What a deployment would pass along with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// `AWS::Region`.
    pub region: String,
    /// `AWS::AccountId`.
    pub account_id: String,
    /// `AWS::StackName`.
    pub stack_name: String,
    /// Parameters that override the template's defaults. Naming one that the
    /// template does not have is an error.
    pub parameters: BTreeMap<String, String>,
}

/// Reads and resolves the template in a file.
pub fn read(path: &Path, deployment: &Deployment, resolve: &Resolver<'_>) -> Result<Template> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the template {}", path.display()))?;
    parse(&text, deployment, resolve).with_context(|| format!("in {}", path.display()))
}

/// Resolves a template.
pub fn parse(text: &str, deployment: &Deployment, resolve: &Resolver<'_>) -> Result<Template> {
    let document = syntax::parse(text)?;
    let none = Map::new();
    let section = |name: &str| -> Result<&Map<String, Value>> {
        Ok(Properties::of(document.get(name))
            .with_context(|| name.to_owned())?
            .0
            .unwrap_or(&none))
    };
    let (resources, conditions) = (section("Resources")?, section("Conditions")?);
    let mut scope = Scope {
        parameters: parameters::values(section("Parameters")?, deployment)?,
        conditions,
        mappings: section("Mappings")?,
        resources: BTreeMap::new(),
        resolve,
    };
    check_references(&scope, resources, conditions, section("Outputs")?)?;
    for (logical_id, resource) in resources {
        let known = known(&scope, logical_id, resource)
            .with_context(|| format!("resource {logical_id}"))?;
        scope.resources.insert(logical_id.clone(), known);
    }
    Reader {
        scope,
        resources,
        globals: section("Globals")?,
    }
    .read()
}

fn check_references(
    scope: &Scope<'_>,
    resources: &Map<String, Value>,
    conditions: &Map<String, Value>,
    outputs: &Map<String, Value>,
) -> Result<()> {
    let names = Names {
        parameters: scope.parameters.keys().cloned().collect(),
        resources: resources.keys().cloned().collect(),
        expanding: resources
            .iter()
            .filter(|(_, r)| resource_type(r).starts_with("AWS::Serverless::"))
            .map(|(id, _)| id.clone())
            .collect::<BTreeSet<_>>(),
    };
    for (kind, entries) in [
        ("resource", resources),
        ("condition", conditions),
        ("output", outputs),
    ] {
        for (name, value) in entries {
            names
                .check(value)
                .with_context(|| format!("{kind} {name}"))?;
        }
    }
    Ok(())
}

fn resource_type(resource: &Value) -> &str {
    resource
        .get("Type")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn known(scope: &Scope<'_>, logical_id: &str, resource: &Value) -> Result<Known> {
    let resource_type = resource_type(resource);
    if resource_type.is_empty() {
        bail!("has no Type");
    }
    let property = match resource_type {
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::SQS::Queue" => "QueueName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::Serverless::Function" => "FunctionName",
        _ => "Name",
    };
    let condition = resource.get("Condition").and_then(Value::as_str);
    let given = match resource.get("Properties").and_then(|p| p.get(property)) {
        Some(value) if scope.is_present(condition)? => {
            scope.evaluate(value).with_context(|| property.to_owned())?
        }
        Some(_) | None => None,
    };
    Ok(Known {
        resource_type: resource_type.to_owned(),
        name: match given {
            Some(Value::String(name)) => name,
            Some(_) | None => logical_id.to_owned(),
        },
        condition: condition.map(str::to_owned),
    })
}

/// The properties that the readers below look at.
const READ_PROPERTIES: [&str; 14] = [
    "AttributeDefinitions",
    "Auth",
    "CodeUri",
    "DelaySeconds",
    "Environment",
    "Events",
    "KeySchema",
    "MemorySize",
    "MessageRetentionPeriod",
    "RedrivePolicy",
    "ReservedConcurrentExecutions",
    "TimeToLiveSpecification",
    "Timeout",
    "VisibilityTimeout",
];

struct Reader<'a> {
    scope: Scope<'a>,
    resources: &'a Map<String, Value>,
    globals: &'a Map<String, Value>,
}

impl Reader<'_> {
    fn read(&self) -> Result<Template> {
        let queue_arns = self.locals("AWS::SQS::Queue", Some("Arn"))?;
        let api_ids = self.locals("AWS::Serverless::HttpApi", None)?;
        let queue_of = |arn: &str| lookup(&queue_arns, arn, "queue");
        let api_of = |id: &str| lookup(&api_ids, id, "HTTP API");

        let tables = self.each("AWS::DynamoDB::Table", resources::table)?;
        let queues = self.each("AWS::SQS::Queue", |id, name, p| {
            resources::queue(id, name, p, queue_of)
        })?;
        let secrets = self.each("AWS::SecretsManager::Secret", |id, name, _| {
            Ok(resources::secret(id, name))
        })?;
        let http_apis = self.each("AWS::Serverless::HttpApi", |id, _, p| {
            resources::http_api(id, p)
        })?;
        let around = Surroundings {
            queues: &queues,
            http_apis: &http_apis,
            queue_of: &queue_of as &dyn Fn(&str) -> Result<String>,
            api_of: &api_of,
        };
        let functions = self.each("AWS::Serverless::Function", |id, name, p| {
            let metadata =
                self.evaluated(self.resources.get(id).and_then(|r| r.get("Metadata")))?;
            functions::function(id, name, Properties::of(metadata.as_ref())?, p, &around)
        })?;
        Ok(Template {
            tables,
            queues,
            functions,
            http_apis,
            secrets,
            roles: self.roles()?,
        })
    }

    /// The local values of every present resource of a type, and whose they are.
    fn locals(&self, wanted: &str, attribute: Option<&str>) -> Result<BTreeMap<String, String>> {
        let mut locals = BTreeMap::new();
        for (logical_id, known) in &self.scope.resources {
            if known.resource_type == wanted && self.scope.is_present(known.condition.as_deref())? {
                let reference = Reference {
                    logical_id,
                    resource_type: wanted,
                    name: &known.name,
                    attribute,
                };
                let value = (self.scope.resolve)(&reference).with_context(|| {
                    format!("resource {logical_id}: the local stack has no address for it")
                })?;
                if let Some(other) = locals.insert(value, logical_id.clone()) {
                    bail!("resources {other} and {logical_id} have the same name");
                }
            }
        }
        Ok(locals)
    }

    fn each<T>(
        &self,
        wanted: &str,
        read: impl Fn(&str, &str, Properties<'_>) -> Result<T>,
    ) -> Result<BTreeMap<String, T>> {
        let mut out = BTreeMap::new();
        for (logical_id, known) in &self.scope.resources {
            if known.resource_type != wanted {
                continue;
            }
            let item = || -> Result<Option<T>> {
                if !self.scope.is_present(known.condition.as_deref())? {
                    return Ok(None);
                }
                let properties = self.evaluated(Some(&self.with_globals(logical_id, wanted)))?;
                read(
                    logical_id,
                    &known.name,
                    Properties::of(properties.as_ref())?,
                )
                .map(Some)
            };
            if let Some(item) = item().with_context(|| format!("resource {logical_id}"))? {
                out.insert(logical_id.clone(), item);
            }
        }
        Ok(out)
    }

    fn with_globals(&self, logical_id: &str, resource_type: &str) -> Value {
        let own = self
            .resources
            .get(logical_id)
            .and_then(|r| r.get("Properties"))
            .cloned()
            .unwrap_or_else(|| Value::Object(Map::new()));
        let shared = resource_type
            .strip_prefix("AWS::Serverless::")
            .and_then(|kind| self.globals.get(kind));
        let mut properties = match shared {
            Some(shared) => merge(shared.clone(), own),
            None => own,
        };
        // What is not read is not evaluated either: policies, encryption and the like
        // may use functions and attributes that have no local value.
        if let Value::Object(map) = &mut properties
            && evaluation::single_function(map).is_none()
        {
            map.retain(|key, _| READ_PROPERTIES.contains(&key.as_str()));
        }
        properties
    }

    fn evaluated(&self, value: Option<&Value>) -> Result<Option<Value>> {
        value.map_or(Ok(None), |v| self.scope.evaluate(v))
    }
}

/// SAM's rule for `Globals`: mappings are merged, lists are appended to the global
/// list, anything else is replaced by the resource's own.
fn merge(shared: Value, own: Value) -> Value {
    let is_call = |map: &Map<String, Value>| evaluation::single_function(map).is_some();
    match (shared, own) {
        (Value::Object(mut shared), Value::Object(own)) if !is_call(&shared) && !is_call(&own) => {
            for (key, value) in own {
                let value = match shared.remove(&key) {
                    Some(before) => merge(before, value),
                    None => value,
                };
                shared.insert(key, value);
            }
            Value::Object(shared)
        }
        (Value::Array(mut shared), Value::Array(own)) => {
            shared.extend(own);
            Value::Array(shared)
        }
        (_, own) => own,
    }
}

fn lookup(known: &BTreeMap<String, String>, value: &str, what: &str) -> Result<String> {
    known
        .get(value)
        .cloned()
        .with_context(|| format!("\"{value}\" is no {what} of this template"))
}
