//! The parts of a stack, each started on its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use data_encoding::HEXLOWER;
use recado_domain::template::Template as MessageTemplate;
use recado_dynamodb::Store;
use recado_ports::{Kept, OwnTemplates};
use recado_runtime::{Aws as AwsClients, AwsConfig, Env, Retries, SDK_ATTEMPT, Settings};
use recado_testing::meta::Meta;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{
    INIT_TIMEOUT, Logs, Options, OtherClient, PER_API, PER_SOURCE, Ready, ReadyClient,
    ReadyWebhook, SCOPES, SHORT_CODE,
};
use crate::aws::{self, Aws, Sms, SmsRefusal};
use crate::event_source::{self, EventSource};
use crate::lambda::{self, Function, Invoke, Lambda, Setup};
use crate::policy::{Asked, Decision, Role};
use crate::sim::Sim;
use crate::template::{self, Addresses, Deployment, Template};
use crate::tenants::{BANKS, Secrets};
use crate::{functions, ids, oauth, templates, tenants};

pub(super) fn simulated_world(
    secrets: &Secrets,
    base: &str,
    all: &[Arc<MessageTemplate>],
    seed: u64,
) -> Result<Sim> {
    let mut settings =
        recado_testing::meta::Settings::new(seed, secrets.app_secret(), secrets.accounts());
    settings.public_url = format!("{base}/sim/meta");
    let mut meta = Meta::new(settings);
    templates::submit(&mut meta, all)?;
    Ok(Sim::new(meta))
}

/// What `sam deploy` would be told: tokens of this stack, the simulated Meta, and the caller's wishes.
pub(super) fn deployment(options: &Options, base: &str, secrets: &Secrets) -> Deployment {
    let audience: Vec<String> = BANKS.iter().map(|bank| secrets.client(bank).0).collect();
    let whatsapp = options
        .whatsapp_url
        .clone()
        .unwrap_or_else(|| format!("{base}/sim/meta/v25.0"));
    let mut parameters = BTreeMap::from([
        ("Stage".to_owned(), "local".to_owned()),
        ("JwtIssuer".to_owned(), base.to_owned()),
        ("JwtAudience".to_owned(), audience.join(",")),
        ("WhatsAppUrl".to_owned(), whatsapp),
    ]);
    parameters.extend(options.parameters.clone());
    Deployment {
        region: aws::REGION.to_owned(),
        account_id: aws::ACCOUNT.to_owned(),
        stack_name: "recado".to_owned(),
        parameters,
    }
}

pub(super) fn read_template(
    deployment: &Deployment,
    aws_endpoint: &str,
    base: &str,
) -> Result<Template> {
    let addresses = Addresses::new(deployment, aws_endpoint, base);
    let path = functions::workspace_root().join("infra/template.yaml");
    template::read(&path, deployment, &|reference| addresses.resolve(reference))
}

pub(super) async fn start_aws(
    options: &Options,
    deployment: &Deployment,
    base: &str,
    secrets: &Secrets,
    sim: &Sim,
) -> Result<Aws> {
    // The queues' addresses contain the port that the stand-ins get only now: read once more below.
    let shape = read_template(deployment, "http://127.0.0.1", base)?;
    let table = shape
        .tables
        .values()
        .next()
        .context("the template has no table")?;
    let (keys, whatsapp) = secrets.texts();
    let named = |id: &str| {
        shape
            .secrets
            .get(id)
            .map(|secret| secret.name.clone())
            .with_context(|| format!("the template has no secret {id}"))
    };
    let mut values = BTreeMap::from([
        (named("KeysSecret")?, keys),
        (named("WhatsAppSecret")?, whatsapp),
    ]);
    // What Secrets Manager would have generated; it has no meaning beyond this run.
    if let Ok(name) = named("SandboxSecret") {
        values.insert(name, HEXLOWER.encode(&ids::random::<32>()));
    }
    let sim = sim.clone();
    Aws::start(aws::AwsSettings {
        port: 0,
        data_dir: options.data_dir.clone(),
        table: table_settings(table),
        ttl_sweep: Duration::from_secs(60),
        queues: shape
            .queues
            .values()
            .map(|queue| queue_settings(queue, &shape))
            .collect::<Result<_>>()?,
        secrets: values,
        sms: Arc::new(move |sms: Sms| {
            let from = sms
                .sender_id
                .clone()
                .unwrap_or_else(|| SHORT_CODE.to_owned());
            sim.receive_sms(&sms.to, &sms.body, &from)
                .map_err(|_| SmsRefusal::OptedOut)
        }),
    })
    .await
}

pub(super) fn table_settings(table: &template::Table) -> aws::Table {
    let keys = [
        (Some(&table.hash_key), aws::KeyType::Hash),
        (table.range_key.as_ref(), aws::KeyType::Range),
    ];
    let keys = keys
        .into_iter()
        .filter_map(|(key, kind)| Some((key?, kind)));
    let (mut key_schema, mut attribute_definitions) = (Vec::new(), Vec::new());
    for (key, key_type) in keys {
        key_schema.push(aws::KeyElement {
            attribute_name: key.name.clone(),
            key_type,
        });
        attribute_definitions.push(aws::AttributeDefinition {
            attribute_name: key.name.clone(),
            attribute_type: match key.kind.as_str() {
                "N" => aws::AttributeType::N,
                "B" => aws::AttributeType::B,
                _ => aws::AttributeType::S,
            },
        });
    }
    aws::Table {
        table_name: table.name.clone(),
        key_schema,
        attribute_definitions,
        ttl_attribute: table.ttl_attribute.clone(),
    }
}

pub(super) fn queue_settings(
    queue: &template::Queue,
    shape: &Template,
) -> Result<aws::QueueSettings> {
    let mut settings = aws::QueueSettings::new(&queue.name);
    settings.delay = queue.delay;
    settings.visibility = queue.visibility_timeout;
    settings.retention = queue.message_retention;
    if let Some(redrive) = &queue.redrive {
        let target = shape
            .queues
            .get(&redrive.target)
            .with_context(|| format!("no queue {}", redrive.target))?;
        settings.redrive = Some(aws::Redrive {
            dead_letter_queue: target.name.clone(),
            max_receive_count: redrive.max_receive_count,
        });
    }
    Ok(settings)
}

/// Variables that Lambda sets, and the stand-ins' address, as the functions' clients read them.
pub(super) fn client_environment(endpoint: &str) -> impl Env {
    let endpoint = endpoint.to_owned();
    move |name: &str| match name {
        "AWS_REGION" => Some(aws::REGION.to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
        "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
        _ => None,
    }
}

pub(super) async fn register(
    template: &Template,
    aws: &Aws,
    secrets: &Secrets,
    own: &[Arc<MessageTemplate>],
) -> Result<()> {
    let environment = client_environment(aws.endpoint());
    let settings = Settings::new(&environment);
    let clients = AwsClients::new(AwsConfig::read(&environment, &settings));
    let table = template
        .tables
        .values()
        .next()
        .context("the template has no table")?
        .name
        .clone();
    let client = clients.dynamodb(Retries::Three, SDK_ATTEMPT);
    let store = Store::new(client, table, recado_runtime::Process::clock());
    tenants::register(&store, secrets, crate::clock::now()).await?;
    for bank in &BANKS {
        let tenant = recado_domain::ids::TenantId::parse(bank.tenant)?;
        for template in own {
            let kept = store.keep(&tenant, template).await?;
            if kept == Kept::Other {
                anyhow::bail!("{} is held with other content", template.name);
            }
        }
    }
    aws.reset_counts();
    Ok(())
}

pub(super) fn start_lambda(deployment: &Deployment, options: &Options, logs: Logs) -> Lambda {
    Lambda::new(lambda::Settings {
        region: deployment.region.clone(),
        account_id: deployment.account_id.clone(),
        log: Arc::new(move |line| logs.push(&line)),
        log_directory: options
            .data_dir
            .as_ref()
            .map(|directory| directory.join("logs")),
        init_timeout: INIT_TIMEOUT,
    })
}

pub(super) async fn add_functions(
    lambda: &Lambda,
    template: &Template,
    endpoint: &str,
) -> Result<BTreeMap<String, Function>> {
    let names: Vec<&str> = template
        .functions
        .values()
        .map(|function| function.binary.as_str())
        .collect();
    let binaries = functions::build(&names).await?;
    let mut all = BTreeMap::new();
    for (id, function) in &template.functions {
        let binary = binaries
            .get(&function.binary)
            .cloned()
            .with_context(|| format!("{} was not built", function.binary))?;
        let extra = BTreeMap::from([
            ("AWS_ENDPOINT_URL".to_owned(), endpoint.to_owned()),
            // Whose a request is, and so what it may do.
            ("AWS_ACCESS_KEY_ID".to_owned(), id.clone()),
        ]);
        let called = if function.routes.is_empty() {
            0
        } else {
            PER_API
        };
        let instances = called + PER_SOURCE * function.queue_events.len();
        let added = lambda.add(Setup::from_template(function, binary, extra, instances))?;
        all.insert(id.clone(), added);
    }
    Ok(all)
}

pub(super) fn start_sources(
    template: &Template,
    aws: &Aws,
    functions: &BTreeMap<String, Arc<dyn Invoke>>,
) -> Result<Vec<EventSource>> {
    let mut sources = Vec::new();
    for (id, function) in &template.functions {
        for event in &function.queue_events {
            let queue = template
                .queues
                .get(&event.queue)
                .with_context(|| format!("{id} reads an unknown queue"))?;
            for asked in readings(queue) {
                may(&template.roles[id], &asked).with_context(|| id.clone())?;
                aws.note_use(id, &asked);
            }
            let settings = event_source::Settings::from_template(event, queue, PER_SOURCE);
            sources.push(EventSource::start(
                Arc::clone(aws.queues()),
                Arc::clone(&functions[id]),
                settings,
            ));
        }
    }
    Ok(sources)
}

/// The token endpoint: for the banks' clients and for whomever `JwtAudience` names besides.
pub(super) fn issuer(base: &str, ready: &Ready) -> oauth::Issuer {
    let banks = ready.clients.iter();
    let banks = banks.map(|client| (&client.client_id, &client.client_secret));
    let others = ready.other_clients.iter();
    let others = others.map(|client| (&client.client_id, &client.client_secret));
    let clients = banks.chain(others).map(|(id, secret)| oauth::Client {
        id: id.clone(),
        secret: secret.clone(),
        scopes: SCOPES.map(str::to_owned).to_vec(),
    });
    oauth::Issuer::new(base, Duration::from_secs(3600), clients.collect())
}

/// What Lambda asks of a queue, with the role of the function that it reads it for.
fn readings(queue: &template::Queue) -> [Asked; 3] {
    ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"].map(|action| Asked {
        action: format!("sqs:{action}"),
        resource: aws::Queues::arn(&queue.name),
        leading_keys: Vec::new(),
    })
}

/// Lambda creates no event source that could not read its queue.
fn may(role: &Role, asked: &Asked) -> Result<()> {
    match role.decide(asked) {
        Decision::Allowed => Ok(()),
        Decision::NotAllowed | Decision::Denied => bail!(
            "its role does not have permission to call {} on {}",
            asked.action,
            asked.resource
        ),
    }
}

pub(super) fn ready(
    base: &str,
    deployment: &Deployment,
    secrets: &Secrets,
    endpoint: &str,
) -> Ready {
    let client = |bank: &crate::tenants::Bank| {
        let (client_id, client_secret) = secrets.client(bank);
        ReadyClient {
            tenant: bank.tenant.to_owned(),
            client_id,
            client_secret,
            phone_number_id: bank.phone_number_id.to_owned(),
        }
    };
    let clients: Vec<ReadyClient> = BANKS.iter().map(client).collect();
    let audience = deployment.parameters.get("JwtAudience");
    let audience = audience.map(String::as_str).unwrap_or_default().split(',');
    let others = audience.map(str::trim).filter(|id| {
        let known = clients.iter().any(|client| client.client_id == *id);
        !id.is_empty() && !known
    });
    let others = others.map(|id| OtherClient {
        client_id: id.to_owned(),
        client_secret: secrets.other_client(id),
    });
    Ready {
        other_clients: others.collect(),
        api: base.to_owned(),
        token_url: format!("{base}{}", oauth::TOKEN_PATH),
        clients,
        webhook: ReadyWebhook {
            url: format!("{base}/v1/webhooks/whatsapp"),
            app_secret: secrets.app_secret().to_owned(),
            verify_token: secrets.verify_token().to_owned(),
        },
        meta: format!("{base}/sim/meta"),
        phones: format!("{base}/sim/phones"),
        aws: format!("{base}/sim/aws"),
        aws_endpoint: endpoint.to_owned(),
        logs: format!("{base}/sim/logs"),
        page: format!("{base}/"),
    }
}

pub(super) fn serve(listener: TcpListener, app: Router) -> JoinHandle<()> {
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, service).await {
            tracing::error!(%error, "the front door stopped");
        }
    })
}
