//! Reads what each function's role may do: the `AWS::IAM::Role` that it names.
//!
//! Without one SAM would make a role with AWS's own policies, which take from every queue of the account;
//! here such a function may do nothing.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::evaluation::{Scope, single_function};
use super::properties::Properties;
use super::{Reader, Reference};
use crate::aws::Secrets;
use crate::policy::{self, Condition, Effect, LEADING_KEYS, Role, Statement};

#[cfg(test)]
mod tests;

const FUNCTION: &str = "AWS::Serverless::Function";

impl Reader<'_> {
    /// The role of every function, by the function's logical id.
    pub(super) fn roles(&self) -> Result<BTreeMap<String, Role>> {
        // A policy names a secret by its ARN, which is what `Ref` of one gives on AWS.
        let resolve = |reference: &Reference<'_>| {
            if reference.resource_type == "AWS::SecretsManager::Secret" {
                return Some(Secrets::arn(reference.name));
            }
            (self.scope.resolve)(reference)
        };
        let scope = Scope {
            parameters: self.scope.parameters.clone(),
            conditions: self.scope.conditions,
            mappings: self.scope.mappings,
            resources: self.scope.resources.clone(),
            resolve: &resolve,
        };
        let mut roles = BTreeMap::new();
        for (logical_id, known) in &self.scope.resources {
            let present = scope.is_present(known.condition.as_deref())?;
            if known.resource_type == FUNCTION && present {
                let role = self
                    .role_of(&scope, logical_id)
                    .with_context(|| format!("the role of {logical_id}"))?;
                roles.insert(logical_id.clone(), role);
            }
        }
        Ok(roles)
    }

    fn role_of(&self, scope: &Scope<'_>, function: &str) -> Result<Role> {
        let mut role = Role::default();
        let Some(named) = self.properties(function)?.get("Role") else {
            return Ok(role);
        };
        let named = called(named, "Fn::GetAtt").and_then(|argument| argument.get(0)?.as_str());
        let id = named.context("Role: a role of this template is needed")?;
        let properties = self.properties(id)?;
        for policy in listed(scope, properties.get("Policies"))? {
            role.take(scope, policy).with_context(|| id.to_owned())?;
        }
        for policy in listed(scope, properties.get("ManagedPolicyArns"))? {
            let named = called(policy, "Ref").and_then(Value::as_str);
            let id = named.context("ManagedPolicyArns: a policy of this template is needed")?;
            let policy = Value::Object(self.properties(id)?.clone());
            role.take(scope, &policy).with_context(|| id.to_owned())?;
        }
        Ok(role)
    }

    fn properties(&self, logical_id: &str) -> Result<&Map<String, Value>> {
        self.resources
            .get(logical_id)
            .and_then(|resource| resource.get("Properties"))
            .and_then(Value::as_object)
            .with_context(|| format!("{logical_id} has no properties"))
    }
}

impl Role {
    fn take(&mut self, scope: &Scope<'_>, policy: &Value) -> Result<()> {
        let statements = policy.pointer("/PolicyDocument/Statement");
        for statement in listed(scope, statements)? {
            let sid = statement["Sid"].as_str().unwrap_or("without a Sid");
            let read = read_statement(scope, statement);
            self.statements
                .push(read.with_context(|| format!("statement {sid}"))?);
        }
        Ok(())
    }
}

fn read_statement(scope: &Scope<'_>, raw: &Value) -> Result<Statement> {
    let known = ["Sid", "Effect", "Action", "Resource", "Condition"];
    let raw = raw.as_object().context("a mapping is needed")?;
    if let Some(unknown) = raw.keys().find(|key| !known.contains(&key.as_str())) {
        bail!("the local stack cannot evaluate {unknown}");
    }
    let actions = texts(scope, raw.get("Action")).context("Action")?;
    let elsewhere = !actions.is_empty() && actions.iter().all(|a| policy::is_elsewhere(a));
    let condition = match raw.get("Condition") {
        None => Condition::Always,
        Some(condition) if elsewhere => Condition::Elsewhere(
            scope
                .evaluate(condition)
                .context("Condition")?
                .unwrap_or_default(),
        ),
        Some(condition) => leading_keys(scope, condition).context("Condition")?,
    };
    let statement = Statement {
        sid: raw
            .get("Sid")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        effect: match raw.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            Some(_) | None => bail!("Effect is Allow or Deny"),
        },
        actions,
        resources: texts(scope, raw.get("Resource")).context("Resource")?,
        condition,
    };
    if statement.actions.is_empty() || statement.resources.is_empty() {
        bail!("Action and Resource are needed");
    }
    Ok(statement)
}

fn leading_keys(scope: &Scope<'_>, condition: &Value) -> Result<Condition> {
    let evaluated = scope.evaluate(condition)?;
    let condition = Properties::of(evaluated.as_ref())?;
    let mut patterns = None;
    for (operator, keys) in condition.entries() {
        for (key, values) in Properties::of(Some(keys))?.entries() {
            if operator != "ForAllValues:StringLike" || key != LEADING_KEYS {
                bail!("the local stack cannot evaluate {operator} on {key}");
            }
            patterns = Some(texts(scope, Some(values))?);
        }
    }
    patterns
        .map(Condition::LeadingKeys)
        .context("it says nothing")
}

/// A text or a list of texts, as IAM takes either.
fn texts(scope: &Scope<'_>, value: Option<&Value>) -> Result<Vec<String>> {
    let value = value.map_or(Ok(None), |value| scope.evaluate(value))?;
    let items = match value {
        None => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(one) => vec![one],
    };
    let text = |item: &Value| item.as_str().map(str::to_owned);
    items
        .iter()
        .map(|item| text(item).context("a text is needed"))
        .collect()
}

/// The items of a list, or the one item that stands in its place, unevaluated but for `Fn::If`.
fn listed<'v>(scope: &Scope<'_>, value: Option<&'v Value>) -> Result<Vec<&'v Value>> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    if let Value::Array(items) = value {
        let mut all = Vec::new();
        for item in items {
            all.extend(listed(scope, Some(item))?);
        }
        return Ok(all);
    }
    match value.as_object().and_then(single_function) {
        Some(("Fn::If", argument)) => match argument.as_array().map(Vec::as_slice) {
            Some([Value::String(condition), yes, no]) => {
                let chosen = if scope.is_present(Some(condition))? {
                    yes
                } else {
                    no
                };
                listed(scope, Some(chosen))
            }
            Some(_) | None => bail!("Fn::If needs a condition and two values"),
        },
        Some(("Ref", Value::String(name))) if name == "AWS::NoValue" => Ok(Vec::new()),
        Some(_) | None => Ok(vec![value]),
    }
}

/// The argument of a value that is a call of this function.
fn called<'v>(value: &'v Value, wanted: &str) -> Option<&'v Value> {
    let (function, argument) = single_function(value.as_object()?)?;
    (function == wanted).then_some(argument)
}
