//! The whole product on one machine, wired from `infra/template.yaml`.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use recado_domain::template::Template as MessageTemplate;
use recado_dynamodb::Store;
use recado_runtime::{Aws as AwsClients, AwsConfig, Env, Retries, SDK_ATTEMPT, Settings};
use recado_testing::meta::Meta;
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::aws::{self, Aws, Sms, SmsRefusal};
use crate::event_source::{self, EventSource};
use crate::front_door::{self, TIME_LIMIT};
use crate::lambda::{self, Function, Invoke, Lambda, LogLine, Setup};
use crate::sim::Sim;
use crate::template::{self, Addresses, Deployment, Template};
use crate::tenants::{BANKS, Secrets};
use crate::timeline::Timeline;
use crate::{functions, oauth, page, templates, tenants};

/// The API's scopes.
pub const SCOPES: [&str; 6] = [
    "notifications.write",
    "notifications.read",
    "consents.write",
    "consents.read",
    "templates.write",
    "templates.read",
];
/// Log lines kept for whoever searches them.
const LOG_LINES: usize = 500_000;
/// Messages remembered per queue for the same purpose.
const QUEUE_HISTORY: usize = 100_000;
/// Invocations at once per event source: this machine is small.
const PER_SOURCE: usize = 3;
/// Instances of a function that is called over HTTP.
const PER_API: usize = 4;
/// Cargo may still be busy beside a first start.
const INIT_TIMEOUT: Duration = Duration::from_secs(30);

/// Whom an SMS without a sender id comes from: Brazil's carriers show a short code of their own.
const SHORT_CODE: &str = "27182";

/// What a stack is started with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The port of everything; 0 takes a free one.
    pub port: u16,
    /// Where data outlives the run; in memory otherwise.
    pub data_dir: Option<PathBuf>,
    /// Another Cloud API than the simulated one.
    pub whatsapp_url: Option<String>,
    /// Template parameters that differ from their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Message templates beside the catalogue: TOML files, or folders of them.
    pub templates: Vec<PathBuf>,
    /// The simulated world's seed.
    pub seed: u64,
}

/// Where things are, for programs (`--ready-file`).
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    /// The banks' API.
    pub api: String,
    /// The token endpoint.
    pub token_url: String,
    /// The banks' clients.
    pub clients: Vec<ReadyClient>,
    /// Meta's webhook.
    pub webhook: ReadyWebhook,
    /// The simulated Cloud API.
    pub meta: String,
    /// The phones.
    pub phones: String,
    /// What the run cost.
    pub aws: String,
    /// The AWS services' own protocols.
    pub aws_endpoint: String,
    /// Every log line of the functions.
    pub logs: String,
    /// The page.
    pub page: String,
}

/// A bank's client.
#[derive(Clone, Debug, Serialize)]
pub struct ReadyClient {
    /// The bank.
    pub tenant: String,
    /// OAuth2 client id.
    pub client_id: String,
    /// OAuth2 client secret.
    pub client_secret: String,
    /// The bank's number at Meta.
    pub phone_number_id: String,
}

/// Meta's webhook.
#[derive(Clone, Debug, Serialize)]
pub struct ReadyWebhook {
    /// Its address.
    pub url: String,
    /// The key of its signatures.
    pub app_secret: String,
    /// The word of its verification.
    pub verify_token: String,
}

/// Every line that the functions printed, bounded.
#[derive(Clone, Default)]
pub struct Logs(Arc<Mutex<VecDeque<String>>>);

impl Logs {
    fn push(&self, line: &LogLine) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LOG_LINES {
            lines.pop_front();
        }
        lines.push_back(format!("{} {}", line.function, line.line));
    }

    /// The lines so far, each with its function's name in front.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}

/// A running stack. [`Stack::shutdown`] ends everything it started; dropping it does too, less politely.
pub struct Stack {
    /// Where things are.
    pub ready: Ready,
    /// The simulated world.
    pub sim: Sim,
    /// The AWS stand-ins.
    pub aws: Arc<Aws>,
    /// What the functions printed.
    pub logs: Logs,
    /// What happens, as it happens.
    pub timeline: Timeline,
    /// The functions by logical id.
    pub functions: BTreeMap<String, Function>,
    lambda: Lambda,
    sources: Vec<EventSource>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Stack {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Stack {
    /// Builds the functions and starts everything. Returns once everything answers.
    pub async fn start(options: Options) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .await
            .with_context(|| {
                format!(
                    "port {} is taken: stop what listens there, or name another with --port",
                    options.port
                )
            })?;
        let base = format!("http://{}", listener.local_addr()?);
        if let Some(directory) = &options.data_dir {
            std::fs::create_dir_all(directory)
                .with_context(|| format!("cannot create {}", directory.display()))?;
        }
        let secrets = Secrets::open(options.data_dir.as_deref())?;
        let own = templates::read(&options.templates)?;
        let mut all = templates::catalogue()?;
        all.extend(own.iter().cloned());

        let sim = simulated_world(&secrets, &base, &all, options.seed)?;
        let deployment = deployment(&options, &base, &secrets);
        let aws = Arc::new(start_aws(&options, &deployment, &secrets, &sim).await?);
        aws.queues().keep_history(QUEUE_HISTORY);
        let template = read_template(&deployment, aws.endpoint())?;
        register(&template, &aws, &secrets, &own).await?;

        let logs = Logs::default();
        let lambda = start_lambda(&deployment, &options, logs.clone());
        let functions = add_functions(&lambda, &template, aws.endpoint()).await?;
        let invokable = functions
            .iter()
            .map(|(id, function)| (id.clone(), Arc::new(function.clone()) as Arc<dyn Invoke>))
            .collect();
        let sources = start_sources(&template, &aws, &invokable)?;

        let timeline = Timeline::new();
        let ready = ready(&base, &secrets, aws.endpoint());
        let routes = front_door::routes(&template, &invokable)?;
        let clients = BANKS.iter().map(|bank| {
            let (id, secret) = secrets.client(bank);
            oauth::Client {
                id,
                secret,
                scopes: SCOPES.map(str::to_owned).to_vec(),
            }
        });
        let issuer = oauth::Issuer::new(&base, Duration::from_secs(3600), clients.collect());
        let door = front_door::router(front_door::Settings {
            routes,
            issuer: issuer.clone(),
            time_limit: TIME_LIMIT,
            region: deployment.region.clone(),
            account_id: deployment.account_id.clone(),
            observer: timeline.observer(),
        })?;
        let site = page::Site {
            ready: ready.clone(),
            templates: all,
            aws: Arc::clone(&aws),
            sim: sim.clone(),
            logs: logs.clone(),
            timeline: timeline.clone(),
        };
        let app = Router::new()
            .merge(page::router(site))
            .merge(issuer.router())
            .nest("/sim/meta", sim.meta_router())
            .nest("/sim/phones", sim.phones_router())
            .merge(door);
        let mut tasks = vec![serve(listener, app), timeline.follow(&sim)];
        sim.verify_callback(&ready.webhook.url, secrets.verify_token())
            .await
            .context("the webhook does not verify")?;
        tasks.push(tokio::spawn({
            let (sim, callback) = (sim.clone(), ready.webhook.url.clone());
            async move {
                if let Err(error) = sim.post_webhooks(callback).await {
                    tracing::error!(%error, "the simulated Meta stopped posting webhooks");
                }
            }
        }));
        Ok(Self {
            ready,
            sim,
            aws,
            logs,
            timeline,
            functions,
            lambda,
            sources,
            tasks,
        })
    }

    /// Stops the event sources, then everything else.
    pub async fn shutdown(mut self) {
        for source in std::mem::take(&mut self.sources) {
            source.stop().await;
        }
        self.lambda.shutdown().await;
    }
}

fn simulated_world(
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
fn deployment(options: &Options, base: &str, secrets: &Secrets) -> Deployment {
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

fn read_template(deployment: &Deployment, aws_endpoint: &str) -> Result<Template> {
    let addresses = Addresses::new(deployment, aws_endpoint);
    let path = functions::workspace_root().join("infra/template.yaml");
    template::read(&path, deployment, &|reference| addresses.resolve(reference))
}

async fn start_aws(
    options: &Options,
    deployment: &Deployment,
    secrets: &Secrets,
    sim: &Sim,
) -> Result<Aws> {
    // The queues' addresses contain the port that the stand-ins get only now: read once more below.
    let shape = read_template(deployment, "http://127.0.0.1")?;
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
        secrets: BTreeMap::from([
            (named("KeysSecret")?, keys),
            (named("WhatsAppSecret")?, whatsapp),
        ]),
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

fn table_settings(table: &template::Table) -> aws::Table {
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

fn queue_settings(queue: &template::Queue, shape: &Template) -> Result<aws::QueueSettings> {
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
fn client_environment(endpoint: &str) -> impl Env {
    let endpoint = endpoint.to_owned();
    move |name: &str| match name {
        "AWS_REGION" => Some(aws::REGION.to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
        "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
        _ => None,
    }
}

async fn register(
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
            store.put_template(&tenant, template).await?;
        }
    }
    aws.reset_counts();
    Ok(())
}

fn start_lambda(deployment: &Deployment, options: &Options, logs: Logs) -> Lambda {
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

async fn add_functions(
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
        let extra = BTreeMap::from([("AWS_ENDPOINT_URL".to_owned(), endpoint.to_owned())]);
        let instances = if function.queue_events.is_empty() {
            PER_API
        } else {
            PER_SOURCE * function.queue_events.len()
        };
        let added = lambda.add(Setup::from_template(function, binary, extra, instances))?;
        all.insert(id.clone(), added);
    }
    Ok(all)
}

fn start_sources(
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

fn ready(base: &str, secrets: &Secrets, endpoint: &str) -> Ready {
    let client = |bank: &crate::tenants::Bank| {
        let (client_id, client_secret) = secrets.client(bank);
        ReadyClient {
            tenant: bank.tenant.to_owned(),
            client_id,
            client_secret,
            phone_number_id: bank.phone_number_id.to_owned(),
        }
    };
    Ready {
        api: base.to_owned(),
        token_url: format!("{base}{}", oauth::TOKEN_PATH),
        clients: BANKS.iter().map(client).collect(),
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

fn serve(listener: TcpListener, app: Router) -> JoinHandle<()> {
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, service).await {
            tracing::error!(%error, "the front door stopped");
        }
    })
}

/// What the page asks first.
pub(crate) fn session(ready: &Ready) -> serde_json::Value {
    let banks: Vec<serde_json::Value> = ready
        .clients
        .iter()
        .zip(&BANKS)
        .map(|(client, bank)| {
            let mut entry = serde_json::to_value(client).unwrap_or_default();
            entry["name"] = json!(bank.name);
            entry
        })
        .collect();
    let customers: Vec<serde_json::Value> = tenants::CUSTOMERS
        .iter()
        .map(|(name, to)| json!({ "name": name, "to": to }))
        .collect();
    json!({ "banks": banks, "customers": customers, "wait_seconds": 30 })
}
