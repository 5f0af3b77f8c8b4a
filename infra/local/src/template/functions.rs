//! Reads Lambda functions and their events.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::evaluation::scalar_text;
use super::model::{
    Authorization, FailureReporting, Function, HttpApi, HttpRoute, Queue, QueueEvent,
};
use super::properties::Properties;

/// Total size of a function's variables, names and values. AWS Lambda quotas.
const MAX_ENVIRONMENT_BYTES: usize = 4 * 1024;

/// The API that SAM makes for events that name none.
pub(super) const IMPLICIT_API: &str = "ServerlessHttpApi";

/// What a function's events may refer to.
pub(super) struct Surroundings<'a, F> {
    pub(super) queues: &'a BTreeMap<String, Queue>,
    pub(super) http_apis: &'a BTreeMap<String, HttpApi>,
    /// Finds the logical id of the queue that an ARN belongs to.
    pub(super) queue_of: F,
    /// Finds the logical id of the API that an `ApiId` means.
    pub(super) api_of: F,
}

pub(super) fn function<F: Fn(&str) -> Result<String>>(
    logical_id: &str,
    name: &str,
    metadata: Properties<'_>,
    properties: Properties<'_>,
    around: &Surroundings<'_, F>,
) -> Result<Function> {
    let timeout = properties
        .seconds("Timeout", 1..=900)?
        .unwrap_or(Duration::from_secs(3));
    let mut function = Function {
        logical_id: logical_id.to_owned(),
        name: name.to_owned(),
        binary: binary(metadata, properties)?,
        timeout,
        memory_mb: properties
            .number("MemorySize", 128..=10_240)?
            .unwrap_or(128),
        reserved_concurrency: properties.number("ReservedConcurrentExecutions", 0..=100_000)?,
        environment: environment(properties)?,
        routes: Vec::new(),
        queue_events: Vec::new(),
    };
    for (event, value) in properties.mapping("Events")?.entries() {
        read_event(&mut function, event, value, around)
            .with_context(|| format!("Events.{event}"))?;
    }
    Ok(function)
}

fn read_event<F: Fn(&str) -> Result<String>>(
    function: &mut Function,
    event: &str,
    value: &Value,
    around: &Surroundings<'_, F>,
) -> Result<()> {
    let value = Properties::of(Some(value))?;
    let properties = value.mapping("Properties")?;
    match value.required_text("Type")?.as_str() {
        "HttpApi" => function.routes.push(route(event, properties, around)?),
        "SQS" => {
            if let Some(source) = queue_event(event, properties, function.timeout, around)? {
                function.queue_events.push(source);
            }
        }
        // Schedules, streams and the like have no counterpart here.
        _ => {}
    }
    Ok(())
}

/// `Metadata.Binary`, `Metadata.BuildProperties.Binary`, or the folder that `CodeUri` names.
fn binary(metadata: Properties<'_>, properties: Properties<'_>) -> Result<String> {
    if let Some(name) = metadata.text("Binary")? {
        return Ok(name);
    }
    if let Some(name) = metadata.mapping("BuildProperties")?.text("Binary")? {
        return Ok(name);
    }
    let code = properties.text("CodeUri")?.unwrap_or_default();
    match code.trim_end_matches('/').rsplit('/').next() {
        Some(folder) if !matches!(folder, "" | "." | "..") => Ok(folder.to_owned()),
        Some(_) | None => bail!(
            "which binary it runs is unknown: give CodeUri the path of functions/<binary>, \
             or Metadata a Binary (CodeUri is \"{code}\")"
        ),
    }
}

fn environment(properties: Properties<'_>) -> Result<BTreeMap<String, String>> {
    let variables = properties
        .mapping("Environment")?
        .mapping("Variables")
        .context("Environment")?;
    let mut environment = BTreeMap::new();
    for (name, value) in variables.entries() {
        let reserved = matches!(name.as_str(), "_HANDLER" | "_X_AMZN_TRACE_ID")
            || name.starts_with("AWS_LAMBDA_")
            || matches!(
                name.as_str(),
                "AWS_REGION"
                    | "AWS_DEFAULT_REGION"
                    | "AWS_ACCESS_KEY_ID"
                    | "AWS_SECRET_ACCESS_KEY"
                    | "AWS_SESSION_TOKEN"
            );
        if reserved {
            bail!("Environment.Variables.{name} is Lambda's own and cannot be set");
        }
        let text = scalar_text(value).with_context(|| format!("Environment.Variables.{name}"))?;
        environment.insert(name.clone(), text);
    }
    let bytes: usize = environment.iter().map(|(k, v)| k.len() + v.len()).sum();
    if bytes > MAX_ENVIRONMENT_BYTES {
        bail!("Environment.Variables take {bytes} bytes; Lambda allows {MAX_ENVIRONMENT_BYTES}");
    }
    Ok(environment)
}

fn route<F: Fn(&str) -> Result<String>>(
    event: &str,
    properties: Properties<'_>,
    around: &Surroundings<'_, F>,
) -> Result<HttpRoute> {
    if let Some(version) = properties.text("PayloadFormatVersion")?
        && version != "2.0"
    {
        bail!("PayloadFormatVersion: only \"2.0\" is supported by the local stack");
    }
    let (method, path) = match (properties.text("Method")?, properties.text("Path")?) {
        (Some(method), Some(path)) => (method.to_ascii_uppercase(), path),
        (None, None) => ("ANY".to_owned(), "$default".to_owned()),
        (Some(_), None) | (None, Some(_)) => bail!("Method and Path go together"),
    };
    // The console shows `*` for what the API calls ANY; SAM takes both.
    let method = if method == "*" || method == "X-AMAZON-APIGATEWAY-ANY-METHOD" {
        "ANY".to_owned()
    } else {
        method
    };
    if path != "$default" && !path.starts_with('/') {
        bail!("Path: \"{path}\" must begin with a slash");
    }
    let api = match properties.text("ApiId")? {
        Some(id) => (around.api_of)(&id).context("ApiId")?,
        None => IMPLICIT_API.to_owned(),
    };
    let authorization =
        authorization(properties.mapping("Auth")?, around.http_apis.get(&api)).context("Auth")?;
    Ok(HttpRoute {
        event: event.to_owned(),
        api,
        method,
        path,
        authorization,
    })
}

fn authorization(auth: Properties<'_>, api: Option<&HttpApi>) -> Result<Authorization> {
    let scopes = match auth.get("AuthorizationScopes") {
        Some(_) => Some(auth.texts("AuthorizationScopes")?),
        None => None,
    };
    let name = match auth.text("Authorizer")? {
        Some(name) if name == "NONE" => None,
        Some(name) => Some(name),
        None => api.and_then(|api| api.default_authorizer.clone()),
    };
    match name {
        Some(name) => {
            let authorizer = api
                .and_then(|api| api.authorizers.get(&name))
                .with_context(|| format!("the API has no authorizer \"{name}\""))?;
            Ok(Authorization::Jwt {
                scopes: scopes.unwrap_or_else(|| authorizer.scopes.clone()),
                authorizer: name,
            })
        }
        None if scopes.is_some_and(|s| !s.is_empty()) => {
            bail!("AuthorizationScopes are given, but no authorizer checks them")
        }
        None => Ok(Authorization::Open),
    }
}

fn queue_event<F: Fn(&str) -> Result<String>>(
    event: &str,
    properties: Properties<'_>,
    timeout: Duration,
    around: &Surroundings<'_, F>,
) -> Result<Option<QueueEvent>> {
    let arn = properties.required_text("Queue")?;
    let queue = (around.queue_of)(&arn).context("Queue")?;
    let batch_size = properties.number("BatchSize", 1..=10_000)?.unwrap_or(10);
    let window = properties
        .seconds("MaximumBatchingWindowInSeconds", 0..=300)?
        .unwrap_or_default();
    if batch_size > 10 && window.is_zero() {
        bail!("BatchSize above 10 needs MaximumBatchingWindowInSeconds of at least 1");
    }
    let visibility = around.queues.get(&queue).map(|q| q.visibility_timeout);
    if let Some(visibility) = visibility
        && visibility < timeout
    {
        bail!(
            "the visibility timeout of {queue} ({} s) is shorter than the function's timeout ({} s)",
            visibility.as_secs(),
            timeout.as_secs()
        );
    }
    let mut failures = FailureReporting::WholeBatch;
    for kind in properties.texts("FunctionResponseTypes")? {
        match kind.as_str() {
            "ReportBatchItemFailures" => failures = FailureReporting::PerRecord,
            other => bail!("FunctionResponseTypes: \"{other}\" is unknown"),
        }
    }
    let maximum_concurrency = properties
        .mapping("ScalingConfig")?
        .number("MaximumConcurrency", 2..=1_000)
        .context("ScalingConfig")?;
    if properties.text("Enabled")?.as_deref() == Some("false") {
        return Ok(None);
    }
    Ok(Some(QueueEvent {
        event: event.to_owned(),
        queue,
        batch_size,
        window,
        failures,
        maximum_concurrency,
    }))
}
