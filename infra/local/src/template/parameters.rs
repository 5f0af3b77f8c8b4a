//! The values of a template's parameters.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::Deployment;
use super::properties::Properties;

/// The declared parameters with the deployment's values, and the pseudo parameters.
pub(super) fn values(
    declared: &Map<String, Value>,
    deployment: &Deployment,
) -> Result<BTreeMap<String, Value>> {
    if let Some(unknown) = deployment
        .parameters
        .keys()
        .find(|name| !declared.contains_key(*name))
    {
        bail!("the template has no parameter \"{unknown}\"");
    }
    let mut values = BTreeMap::new();
    for (name, declaration) in declared {
        let value = parameter(name, declaration, deployment)
            .with_context(|| format!("parameter {name}"))?;
        values.insert(name.clone(), value);
    }
    for (name, value) in [
        ("AWS::Region", deployment.region.as_str()),
        ("AWS::AccountId", deployment.account_id.as_str()),
        ("AWS::StackName", deployment.stack_name.as_str()),
        ("AWS::Partition", "aws"),
        ("AWS::URLSuffix", "amazonaws.com"),
    ] {
        values.insert(name.to_owned(), Value::from(value));
    }
    Ok(values)
}

fn parameter(name: &str, declaration: &Value, deployment: &Deployment) -> Result<Value> {
    let declaration = Properties::of(Some(declaration))?;
    let text = match deployment.parameters.get(name) {
        Some(value) => value.clone(),
        None => declaration
            .text("Default")?
            .context("has no default and no value was given")?,
    };
    let allowed = declaration.texts("AllowedValues")?;
    let kind = declaration.text("Type")?.unwrap_or_default();
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    let items: Vec<&str> = if is_list {
        text.split(',').map(str::trim).collect()
    } else {
        vec![text.as_str()]
    };
    if !allowed.is_empty()
        && let Some(wrong) = items
            .iter()
            .find(|item| !allowed.iter().any(|a| a == *item))
    {
        bail!("\"{wrong}\" is not one of {}", allowed.join(", "));
    }
    check_bounds(declaration, &text)?;
    Ok(if is_list {
        Value::from(items)
    } else {
        Value::from(text)
    })
}

/// `MinValue` and `MaxValue` of a number.
fn check_bounds(declaration: Properties<'_>, text: &str) -> Result<()> {
    let bound = |key: &str| -> Result<Option<f64>> {
        let bound = declaration.text(key)?;
        let bound = bound.map(|b| b.parse::<f64>()).transpose();
        bound.with_context(|| format!("{key} is not a number"))
    };
    let (least, most) = (bound("MinValue")?, bound("MaxValue")?);
    if least.is_none() && most.is_none() {
        return Ok(());
    }
    let number: f64 = text
        .parse()
        .with_context(|| format!("\"{text}\" is not a number"))?;
    if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
        bail!("{text} is outside MinValue and MaxValue");
    }
    Ok(())
}
