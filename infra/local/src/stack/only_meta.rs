//! The simulated Meta and the phones alone, for a Recado that runs elsewhere.

use anyhow::{Context, Result};
use axum::Router;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Options, ReadyWebhook, listen, parts};
use crate::sim::Sim;
use crate::templates;
use crate::tenants::{BANKS, Secrets};

/// Where the simulated Meta is and what it knows, for programs (`--ready-file`).
#[derive(Clone, Debug, Serialize)]
pub struct ReadyMeta {
    /// The Cloud API with its version: the template's `WhatsAppUrl`.
    pub whatsapp_url: String,
    /// The simulator's own controls.
    pub meta: String,
    /// The phones.
    pub phones: String,
    /// Where its webhooks go, and what they are signed with.
    pub webhook: ReadyWebhook,
    /// What belongs into the secret of sealing keys and pepper, as its JSON text.
    pub keys_secret: String,
    /// What belongs into the secret of Meta's tokens, as its JSON text.
    pub whatsapp_secret: String,
    /// The banks that it has accounts of.
    pub banks: Vec<ReadyBank>,
}

/// A bank as Meta knows it.
#[derive(Clone, Debug, Serialize)]
pub struct ReadyBank {
    /// The tenant id.
    pub tenant: String,
    /// The name that customers know.
    pub name: String,
    /// The WhatsApp Business Account.
    pub waba_id: String,
    /// The number's id.
    pub phone_number_id: String,
}

/// A simulated Meta that posts its webhooks to an address of somebody else's. Dropping it ends it.
pub struct OnlyMeta {
    /// Where things are.
    pub ready: ReadyMeta,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for OnlyMeta {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl OnlyMeta {
    /// Starts it; returns once it answers. Its webhooks go to `callback`, which need not answer yet.
    pub async fn start(options: &Options, callback: &str) -> Result<Self> {
        let listener: TcpListener = listen(options).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let secrets = Secrets::open(options.data_dir.as_deref())?;
        let mut all = templates::catalogue()?;
        all.extend(templates::read(&options.templates)?);
        let sim = parts::simulated_world(&secrets, &base, &all, options.seed)?;
        let app = Router::new()
            .nest("/sim/meta", sim.meta_router())
            .nest("/sim/phones", sim.phones_router());
        let (keys_secret, whatsapp_secret) = secrets.texts();
        let ready = ReadyMeta {
            whatsapp_url: format!("{base}/sim/meta/v25.0"),
            meta: format!("{base}/sim/meta"),
            phones: format!("{base}/sim/phones"),
            webhook: ReadyWebhook {
                url: callback.to_owned(),
                app_secret: secrets.app_secret().to_owned(),
                verify_token: secrets.verify_token().to_owned(),
            },
            keys_secret,
            whatsapp_secret,
            banks: BANKS
                .iter()
                .map(|bank| ReadyBank {
                    tenant: bank.tenant.to_owned(),
                    name: bank.name.to_owned(),
                    waba_id: bank.waba_id.to_owned(),
                    phone_number_id: bank.phone_number_id.to_owned(),
                })
                .collect(),
        };
        let tasks = [
            parts::serve(listener, app),
            post_webhooks(sim, callback.to_owned()),
        ];
        Ok(Self { ready, tasks })
    }
}

pub(super) fn post_webhooks(sim: Sim, callback: String) -> JoinHandle<()> {
    tokio::spawn(async move {
        let posting = sim.post_webhooks(callback).await;
        if let Err(error) = posting.context("the simulated Meta stopped posting webhooks") {
            tracing::error!("{error:#}");
        }
    })
}
