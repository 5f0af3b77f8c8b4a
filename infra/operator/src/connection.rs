//! The table, the queues and the rest of AWS, by the functions' own adapters.

use std::sync::Arc;
use std::time::Duration;

use recado_domain::delivery::Notification;
use recado_dynamodb::{NotificationPage, Store, UnreadableItem};
use recado_ports::Chance;
use recado_runtime::{Aws, AwsConfig, Env, Retries, Settings};
use recado_setup::{Pool, Secret};
use recado_sqs::RawQueue;

use crate::arguments::{Connection, Places, Reading};
use crate::errors::OperatorError;
use crate::findings::SmsFacts;
use crate::vault::Vault;

/// One attempt at a page of 1 MB, or at a receive that waits a second.
const ATTEMPT: Duration = Duration::from_secs(15);
/// The local stack's region; it looks at neither region nor credentials.
const LOCAL: [(&str, &str); 3] = [
    ("AWS_REGION", "sa-east-1"),
    ("AWS_ACCESS_KEY_ID", "local"),
    ("AWS_SECRET_ACCESS_KEY", "local"),
];

/// The Cloud API, as `infra/template.yaml` names it unless another is given.
const CLOUD_API: &str = "https://graph.facebook.com/v25.0";

/// What a command works with.
pub(crate) struct Clients<'a, C> {
    pub(crate) store: Store,
    pub(crate) chance: &'a C,
    aws: Aws,
}

impl<'a, C: Chance + Clone + 'static> Clients<'a, C> {
    /// Builds the clients; opens no connection.
    pub(crate) fn connect(
        connection: &Connection,
        env: &dyn Env,
        chance: &'a C,
    ) -> Result<Self, OperatorError> {
        let layered = layered(connection, env);
        let settings = Settings::new(&layered);
        let table = connection.table.clone().or_else(|| env.get("TABLE_NAME"));
        if table.is_none() {
            settings.fault("TABLE_NAME", "is missing, and so is --table");
        }
        let config = AwsConfig::read(&layered, &settings);
        let (config, table) = settings.finish((config, table.unwrap_or_default()))?;
        let aws = Aws::new(config);
        let clock = chance.clone();
        let store = Store::new(
            aws.dynamodb(Retries::Three, ATTEMPT),
            table,
            Arc::new(move || clock.now()),
        );
        Ok(Self { store, chance, aws })
    }

    pub(crate) fn queue(&self, url: &str) -> RawQueue {
        RawQueue::new(self.aws.sqs(Retries::Three, ATTEMPT), url.to_owned())
    }

    /// Reads the whole table, no faster than asked.
    pub(crate) async fn each_page(
        &self,
        reading: Reading,
        mut see: impl FnMut(Vec<Notification>, Vec<UnreadableItem>),
    ) -> Result<(), OperatorError> {
        let rest = Duration::from_secs(1) / reading.pages_per_second;
        let mut from = None;
        loop {
            let NotificationPage {
                notifications,
                unreadable,
                next,
            } = self.store.notifications_page(from).await?;
            see(notifications, unreadable);
            if next.is_none() {
                return Ok(());
            }
            from = next;
            self.chance.rest(rest).await;
        }
    }
}

/// The services that need no table.
pub(crate) struct Services {
    aws: Aws,
    /// The keys' secret and Meta's.
    secrets: [Option<String>; 2],
    whatsapp_url: String,
}

impl Services {
    /// Builds the clients; opens no connection.
    pub(crate) fn connect(
        connection: &Connection,
        places: &Places,
        env: &dyn Env,
    ) -> Result<Self, OperatorError> {
        let layered = layered(connection, env);
        let settings = Settings::new(&layered);
        let config = AwsConfig::read(&layered, &settings);
        let named = |given: &Option<String>, name: &str| given.clone().or_else(|| env.get(name));
        let url = named(&places.whatsapp_url, "WHATSAPP_URL");
        Ok(Self {
            aws: Aws::new(settings.finish(config)?),
            secrets: [
                named(&places.keys_secret, "KEYS_SECRET_ID"),
                named(&places.whatsapp_secret, "WHATSAPP_SECRET_ID"),
            ],
            whatsapp_url: url.unwrap_or_else(|| CLOUD_API.to_owned()),
        })
    }

    /// The secret with the sealing keys and the pepper.
    pub(crate) fn keys(&self) -> Result<Vault, OperatorError> {
        self.vault(0, "the keys' secret", "--keys-secret")
    }

    /// The secret with what belongs to Meta.
    pub(crate) fn whatsapp(&self) -> Result<Vault, OperatorError> {
        self.vault(1, "the WhatsApp secret", "--whatsapp-secret")
    }

    fn vault(
        &self,
        which: usize,
        what: &'static str,
        option: &str,
    ) -> Result<Vault, OperatorError> {
        let id = self.secrets[which].clone();
        let id = id.ok_or_else(|| OperatorError::Usage(format!("{option} is missing")))?;
        let client = self.aws.secrets(Retries::Three, ATTEMPT);
        Ok(Vault::new(Secret::new(client, id), what))
    }

    /// Meta's Cloud API.
    pub(crate) fn meta(&self) -> Result<recado_whatsapp::Client, OperatorError> {
        let (http, url) = (self.aws.http(), self.whatsapp_url.clone());
        let client = recado_whatsapp::Client::new(http, url, ATTEMPT);
        client.map_err(|error| OperatorError::Usage(format!("--whatsapp-url {error}")))
    }

    /// What SNS tells of the account; what it does not tell is none.
    pub(crate) async fn sms(&self) -> SmsFacts {
        let client = self.aws.sns(Retries::Three, ATTEMPT);
        let sandbox = client.get_sms_sandbox_account_status().send().await;
        let attributes = client.get_sms_attributes().send().await;
        let attributes = attributes.ok().and_then(|answer| answer.attributes);
        let limit = attributes.and_then(|it| it.get("MonthlySpendLimit")?.parse().ok());
        SmsFacts {
            sandbox: sandbox.ok().map(|answer| answer.is_in_sandbox),
            spend_limit: limit,
        }
    }

    /// A pool of the banks' clients.
    pub(crate) fn pool(&self, id: &str) -> Pool {
        Pool::new(self.aws.cognito(), id.to_owned())
    }
}

/// The environment with what the command line says of it.
fn layered<'a>(connection: &Connection, env: &'a dyn Env) -> impl Fn(&str) -> Option<String> + 'a {
    let endpoint = connection.endpoint.clone();
    move |name| match (name, &endpoint) {
        (name, Some(endpoint)) if name.starts_with("AWS_ENDPOINT_URL") => {
            (name == "AWS_ENDPOINT_URL").then(|| endpoint.clone())
        }
        (name, Some(_)) => env.get(name).or_else(|| local(name)),
        (name, None) => env.get(name),
    }
}

fn local(name: &str) -> Option<String> {
    let known = LOCAL.iter().find(|(known, _)| *known == name);
    known.map(|(_, value)| (*value).to_owned())
}
