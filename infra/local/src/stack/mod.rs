//! The whole product on one machine, wired from `infra/template.yaml`.

mod only_meta;
mod parts;

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use recado_testing::meta::Callback;
use recado_whatsapp::webhook::FIELDS;
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::aws::Aws;
use crate::event_source::EventSource;
use crate::front_door::{self, TIME_LIMIT};
use crate::lambda::{Function, Invoke, Lambda, LogLine};
use crate::sim::Sim;
use crate::template::Template;
use crate::tenants::{BANKS, Secrets};
use crate::timeline::Timeline;
use crate::{page, templates, tenants};

pub use only_meta::{OnlyMeta, ReadyBank, ReadyMeta};

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
    /// The clients that the parameter `JwtAudience` names besides: whose they are, the registry says.
    pub other_clients: Vec<OtherClient>,
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

/// A client that may ask for tokens, of no bank yet.
#[derive(Clone, Debug, Serialize)]
pub struct OtherClient {
    /// OAuth2 client id.
    pub client_id: String,
    /// OAuth2 client secret.
    pub client_secret: String,
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
    /// The deployment template as this stack read it: with its own addresses and names.
    pub template: Template,
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
        let listener = listen(&options).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let secrets = Secrets::open(options.data_dir.as_deref())?;
        let own = templates::read(&options.templates)?;
        let mut all = templates::catalogue()?;
        all.extend(own.iter().cloned());

        let sim = parts::simulated_world(&secrets, &base, &all, options.seed)?;
        let deployment = parts::deployment(&options, &base, &secrets);
        let aws = Arc::new(parts::start_aws(&options, &deployment, &base, &secrets, &sim).await?);
        aws.queues().keep_history(QUEUE_HISTORY);
        let template = parts::read_template(&deployment, aws.endpoint(), &base)?;
        parts::register(&template, &aws, &secrets, &own).await?;
        aws.enforce(template.roles.clone());

        let logs = Logs::default();
        let lambda = parts::start_lambda(&deployment, &options, logs.clone());
        let functions = parts::add_functions(&lambda, &template, aws.endpoint()).await?;
        let invokable = functions
            .iter()
            .map(|(id, function)| (id.clone(), Arc::new(function.clone()) as Arc<dyn Invoke>))
            .collect();
        let sources = parts::start_sources(&template, &aws, &invokable)?;

        let timeline = Timeline::new();
        let ready = parts::ready(&base, &deployment, &secrets, aws.endpoint());
        let routes = front_door::routes(&template, &invokable)?;
        let issuer = parts::issuer(&base, &ready);
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
        let mut tasks = vec![parts::serve(listener, app), timeline.follow(&sim)];
        sim.verify_callback(&ready.webhook.url, secrets.verify_token())
            .await
            .context("the webhook does not verify")?;
        sim.with(|meta, _| {
            meta.set_callback(Callback {
                url: ready.webhook.url.clone(),
                fields: FIELDS.map(str::to_owned).into(),
            });
        });
        tasks.push(only_meta::post_webhooks(
            sim.clone(),
            ready.webhook.url.clone(),
        ));
        Ok(Self {
            ready,
            sim,
            aws,
            logs,
            timeline,
            functions,
            template,
            lambda,
            sources,
            tasks,
        })
    }

    /// Takes nothing more out of the queues: what is sent from now on stays there.
    pub async fn stop_sources(&mut self) {
        for source in std::mem::take(&mut self.sources) {
            source.stop().await;
        }
    }

    /// Stops the event sources, then everything else.
    pub async fn shutdown(mut self) {
        self.stop_sources().await;
        self.lambda.shutdown().await;
    }
}

/// The port of everything, and the directory of whatever is kept.
async fn listen(options: &Options) -> Result<TcpListener> {
    if let Some(directory) = &options.data_dir {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .await
        .with_context(|| {
            format!(
                "port {} is taken: stop what listens there, or name another with --port",
                options.port
            )
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
