//! Reads tables, queues, secrets and HTTP APIs.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::model::{HttpApi, JwtAuthorizer, KeyAttribute, Queue, Redrive, Secret, Table};
use super::properties::Properties;

pub(super) fn table(logical_id: &str, name: &str, properties: Properties<'_>) -> Result<Table> {
    let mut kinds = BTreeMap::new();
    for definition in properties.list("AttributeDefinitions")? {
        let definition = Properties::of(Some(definition)).context("AttributeDefinitions")?;
        kinds.insert(
            definition.required_text("AttributeName")?,
            definition.required_text("AttributeType")?,
        );
    }
    let (mut hash_key, mut range_key) = (None, None);
    for element in properties.list("KeySchema")? {
        let element = Properties::of(Some(element)).context("KeySchema")?;
        let name = element.required_text("AttributeName")?;
        let kind = kinds
            .get(&name)
            .with_context(|| format!("KeySchema: {name} is not in AttributeDefinitions"))?
            .clone();
        let key = Some(KeyAttribute { name, kind });
        match element.required_text("KeyType")?.as_str() {
            "HASH" => hash_key = key,
            "RANGE" => range_key = key,
            other => bail!("KeySchema: KeyType is HASH or RANGE, not {other}"),
        }
    }
    let ttl = properties.mapping("TimeToLiveSpecification")?;
    let ttl_attribute = match ttl.text("Enabled")?.as_deref() {
        Some("true") => Some(ttl.required_text("AttributeName")?),
        Some(_) | None => None,
    };
    Ok(Table {
        logical_id: logical_id.to_owned(),
        name: name.to_owned(),
        hash_key: hash_key.context("KeySchema has no HASH key")?,
        range_key,
        ttl_attribute,
    })
}

/// `queue_of` finds the logical id of the queue that an ARN belongs to.
pub(super) fn queue(
    logical_id: &str,
    name: &str,
    properties: Properties<'_>,
    queue_of: impl Fn(&str) -> Result<String>,
) -> Result<Queue> {
    let redrive = properties.mapping("RedrivePolicy")?;
    let redrive = match redrive.text("deadLetterTargetArn")? {
        Some(arn) => Some(Redrive {
            target: queue_of(&arn).context("RedrivePolicy.deadLetterTargetArn")?,
            max_receive_count: redrive
                .number("maxReceiveCount", 1..=1_000)?
                .context("RedrivePolicy has no maxReceiveCount")?,
        }),
        None => None,
    };
    Ok(Queue {
        logical_id: logical_id.to_owned(),
        name: name.to_owned(),
        delay: properties
            .seconds("DelaySeconds", 0..=900)?
            .unwrap_or_default(),
        visibility_timeout: properties
            .seconds("VisibilityTimeout", 0..=43_200)?
            .unwrap_or(Duration::from_secs(30)),
        message_retention: properties
            .seconds("MessageRetentionPeriod", 60..=1_209_600)?
            .unwrap_or(Duration::from_secs(345_600)),
        redrive,
    })
}

pub(super) fn secret(logical_id: &str, name: &str) -> Secret {
    Secret {
        logical_id: logical_id.to_owned(),
        name: name.to_owned(),
    }
}

pub(super) fn http_api(logical_id: &str, properties: Properties<'_>) -> Result<HttpApi> {
    let auth = properties.mapping("Auth")?;
    let mut authorizers = BTreeMap::new();
    for (name, authorizer) in auth.mapping("Authorizers")?.entries() {
        authorizers.insert(
            name.clone(),
            jwt_authorizer(authorizer).with_context(|| format!("Auth.Authorizers.{name}"))?,
        );
    }
    let default_authorizer = auth.text("DefaultAuthorizer")?;
    if let Some(name) = &default_authorizer
        && !authorizers.contains_key(name)
    {
        bail!("Auth.DefaultAuthorizer: there is no authorizer \"{name}\"");
    }
    Ok(HttpApi {
        logical_id: logical_id.to_owned(),
        authorizers,
        default_authorizer,
    })
}

fn jwt_authorizer(value: &Value) -> Result<JwtAuthorizer> {
    let authorizer = Properties::of(Some(value))?;
    let jwt = authorizer.mapping("JwtConfiguration")?;
    if jwt.0.is_none() {
        bail!("only JWT authorizers (JwtConfiguration) are supported by the local stack");
    }
    let source = authorizer.text("IdentitySource")?;
    if let Some(source) = source
        && !source.eq_ignore_ascii_case("$request.header.Authorization")
    {
        bail!("IdentitySource: only $request.header.Authorization is supported, not {source}");
    }
    Ok(JwtAuthorizer {
        issuer: jwt.required_text("issuer").context("JwtConfiguration")?,
        audience: jwt.texts("audience").context("JwtConfiguration")?,
        scopes: authorizer.texts("AuthorizationScopes")?,
    })
}
