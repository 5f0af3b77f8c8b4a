//! Notifications as the store reads them: what the API tells is derived from these.

use std::sync::Arc;

use anyhow::{Context, Result};
use recado_domain::delivery::Notification;
use recado_domain::ids::NotificationId;
use recado_dynamodb::Store;
use recado_ports::Notifications;
use recado_runtime::{Aws, AwsConfig, Process, Retries, SDK_ATTEMPT, Settings};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::world::World;

/// Reads under way at once.
const AT_ONCE: usize = 16;

/// Every notification, in the order of the ids.
pub(crate) async fn read_all(world: &World, ids: &[String]) -> Result<Vec<Notification>> {
    let endpoint = world.stack.aws.endpoint().to_owned();
    let environment = {
        let endpoint = endpoint.clone();
        move |name: &str| match name {
            "AWS_REGION" => Some(recado_local::aws::REGION.to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
            "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
            _ => None,
        }
    };
    let settings = Settings::new(&environment);
    let config = AwsConfig::read(&environment, &settings);
    let client = Aws::new(settings.finish(config)?).dynamodb(Retries::Three, SDK_ATTEMPT);
    let table = table(&endpoint).await?;
    let store = Store::new(client, table, Process::clock());
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut reads = JoinSet::new();
    for (place, id) in ids.iter().enumerate() {
        let (slots, store, id) = (
            Arc::clone(&slots),
            store.clone(),
            NotificationId::parse(id)?,
        );
        reads.spawn(async move {
            let _slot = slots.acquire().await?;
            let item = store.read(&id).await?;
            anyhow::Ok((place, item.with_context(|| format!("{id} is gone"))?))
        });
    }
    let mut items = reads
        .join_all()
        .await
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
    items.sort_by_key(|(place, _)| *place);
    Ok(items.into_iter().map(|(_, item)| item).collect())
}

/// The name of the stack's one table.
async fn table(endpoint: &str) -> Result<String> {
    let answer: Value = Client::builder()
        .no_proxy()
        .build()?
        .post(endpoint)
        .header("x-amz-target", "DynamoDB_20120810.ListTables")
        .json(&json!({}))
        .send()
        .await?
        .json()
        .await?;
    let name = answer["TableNames"][0].as_str();
    Ok(name.context("the stack has no table")?.to_owned())
}
