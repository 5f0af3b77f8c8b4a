//! The table and the queues, by the functions' own adapters.

use std::sync::Arc;
use std::time::Duration;

use recado_domain::delivery::Notification;
use recado_dynamodb::{NotificationPage, Store, UnreadableItem};
use recado_ports::Chance;
use recado_runtime::{Aws, AwsConfig, Env, Retries, Settings};
use recado_sqs::RawQueue;

use crate::arguments::{Connection, Reading};
use crate::errors::OperatorError;

/// One attempt at a page of 1 MB, or at a receive that waits a second.
const ATTEMPT: Duration = Duration::from_secs(15);
/// The local stack's region; it looks at neither region nor credentials.
const LOCAL: [(&str, &str); 3] = [
    ("AWS_REGION", "sa-east-1"),
    ("AWS_ACCESS_KEY_ID", "local"),
    ("AWS_SECRET_ACCESS_KEY", "local"),
];

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
        let endpoint = connection.endpoint.as_deref();
        let layered = |name: &str| match (name, endpoint) {
            (name, Some(endpoint)) if name.starts_with("AWS_ENDPOINT_URL") => {
                (name == "AWS_ENDPOINT_URL").then(|| endpoint.to_owned())
            }
            (name, Some(_)) => env.get(name).or_else(|| local(name)),
            (name, None) => env.get(name),
        };
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

fn local(name: &str) -> Option<String> {
    let known = LOCAL.iter().find(|(known, _)| *known == name);
    known.map(|(_, value)| (*value).to_owned())
}
