//! The contracts of store, registry and queues, kept on the wire: the adapters that the functions run on,
//! through the AWS SDK and over HTTP, against the local stack's DynamoDB and SQS. The same suites run on
//! the in-memory twins in `recado-testing`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use recado_domain::class::Lane;
use recado_dynamodb::Store;
use recado_local::aws::{
    AttributeDefinition, AttributeType, Aws, AwsSettings, KeyElement, KeyType, QueueSettings,
    REGION, SmsRefusal, Table,
};
use recado_ports::Chance;
use recado_runtime::{Aws as Clients, AwsConfig, Process, Retries, SDK_ATTEMPT, Settings};
use recado_sqs::{QueueUrls, Sender, decode_job, decode_timer};
use recado_testing::contract::{
    Arrivals, Arrived, Place, bank_entries, queues_contract, registry_contract, store_contract,
};

const TABLE: &str = "recado";
const QUEUES: [&str; 4] = ["critical", "standard", "bulk", "fallback"];
/// Longer than any poll here.
const POLL_ATTEMPT: Duration = Duration::from_secs(30);

/// An empty table and empty queues, and clients as a function has them.
struct Wire {
    aws: Aws,
    clients: Clients,
}

impl Wire {
    async fn start() -> Result<Self> {
        let key = |name: &str, key_type| KeyElement {
            attribute_name: name.to_owned(),
            key_type,
        };
        let text = |name: &str| AttributeDefinition {
            attribute_name: name.to_owned(),
            attribute_type: AttributeType::S,
        };
        let aws = Aws::start(AwsSettings {
            port: 0,
            data_dir: None,
            table: Table {
                table_name: TABLE.to_owned(),
                key_schema: vec![key("pk", KeyType::Hash), key("sk", KeyType::Range)],
                attribute_definitions: vec![text("pk"), text("sk")],
                ttl_attribute: Some("ttl".to_owned()),
            },
            ttl_sweep: Duration::from_secs(3_600),
            queues: QUEUES.map(QueueSettings::new).into(),
            secrets: BTreeMap::new(),
            sms: Arc::new(|_| Err(SmsRefusal::OptedOut)),
        })
        .await?;
        let endpoint = aws.endpoint().to_owned();
        let environment = move |name: &str| match name {
            "AWS_REGION" => Some(REGION.to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
            "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
            _ => None,
        };
        let settings = Settings::new(&environment);
        let config = AwsConfig::read(&environment, &settings);
        Ok(Self {
            aws,
            clients: Clients::new(settings.finish(config)?),
        })
    }

    fn store(&self) -> Store {
        let client = self.clients.dynamodb(Retries::Three, SDK_ATTEMPT);
        Store::new(client, TABLE.to_owned(), Process::clock())
    }

    fn url(&self, queue: &str) -> Result<String> {
        Ok(self.aws.queues().url(queue)?)
    }
}

const fn queue_of(place: Place) -> &'static str {
    match place {
        Place::Lane(Lane::Critical) => "critical",
        Place::Lane(Lane::Standard) => "standard",
        Place::Lane(Lane::Bulk) => "bulk",
        Place::Fallback => "fallback",
    }
}

impl Arrivals for Wire {
    /// Polls as an event source does, and deletes what it got.
    async fn take(&self, place: Place, within: Duration) -> Vec<Arrived> {
        let client = self.clients.sqs(Retries::Three, POLL_ATTEMPT);
        let url = self.url(queue_of(place)).expect("the queue exists");
        let wait = i32::try_from(within.as_secs()).expect("a poll of seconds");
        let poll = client.receive_message().queue_url(&url);
        let answer = poll
            .max_number_of_messages(10)
            .wait_time_seconds(wait)
            .send()
            .await
            .expect("SQS answers");
        let mut arrived = Vec::new();
        for message in answer.messages() {
            let body = message.body().expect("a message has a body");
            arrived.push(match place {
                Place::Lane(_) => Arrived::Job(decode_job(body).expect("a job")),
                Place::Fallback => Arrived::Timer(decode_timer(body).expect("a timer")),
            });
            let receipt = message.receipt_handle().expect("a message has a receipt");
            let deletion = client
                .delete_message()
                .queue_url(&url)
                .receipt_handle(receipt);
            deletion.send().await.expect("SQS answers");
        }
        arrived
    }
}

#[tokio::test]
async fn the_store_keeps_the_contract_on_dynamodb() -> Result<()> {
    let wire = Wire::start().await?;
    store_contract(|| wire.store()).await;
    Ok(())
}

#[tokio::test]
async fn the_registry_keeps_the_contract_on_dynamodb() -> Result<()> {
    let wire = Wire::start().await?;
    let store = wire.store();
    let entries = bank_entries();
    store.put_tenant(&entries.tenant, &entries.config).await?;
    store
        .put_client(&entries.client_id, &entries.tenant)
        .await?;
    store
        .put_number(&entries.config.phone_number_id, &entries.tenant)
        .await?;
    for template in &entries.templates {
        store.put_template(&entries.tenant, template).await?;
    }
    registry_contract(&store).await;
    Ok(())
}

#[tokio::test]
async fn the_queues_keep_the_contract_on_sqs() -> Result<()> {
    let wire = Wire::start().await?;
    let sender = Sender::new(
        wire.clients.sqs(Retries::Three, SDK_ATTEMPT),
        QueueUrls {
            critical: Some(wire.url("critical")?),
            standard: Some(wire.url("standard")?),
            bulk: Some(wire.url("bulk")?),
            fallback: Some(wire.url("fallback")?),
        },
    );
    let process = Process::default();
    queues_contract(&sender, &wire, || process.now()).await;
    for queue in QUEUES {
        assert_eq!(wire.aws.queues().depth(queue)?.total(), 0, "{queue}");
    }
    Ok(())
}
