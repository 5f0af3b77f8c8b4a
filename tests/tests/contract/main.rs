//! The contracts of store, registry and queues, kept on the wire: the adapters that the functions run on,
//! through the AWS SDK and over HTTP, against the local stack's DynamoDB, SQS and SNS. The same suites run
//! on the in-memory twins in `recado-testing`.

mod queues;
mod sms;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Result;
use recado_domain::ids::TenantId;
use recado_dynamodb::Store;
use recado_local::aws::{
    AttributeDefinition, AttributeType, Aws, AwsSettings, Interference, KeyElement, KeyType, Loss,
    QueueSettings, REGION, Service, Sms, SmsRefusal, Table, Verdict,
};
use recado_ports::Registry;
use recado_runtime::{Aws as Clients, AwsConfig, Process, Retries, SDK_ATTEMPT, Settings};
use recado_testing::contract::{
    VISIBILITY, bank_entries, lost_answers_contract, lost_turns_contract, races_contract,
    registry_contract, same_lives, same_verdicts, store_contract, switches_contract,
    templates_contract,
};

const TABLE: &str = "recado";
const QUEUES: [&str; 4] = ["critical", "standard", "bulk", "fallback"];
/// A number that takes no SMS.
const OPTED_OUT: &str = "+5511900000012";

/// An empty table and empty queues, and clients as a function has them.
struct Wire {
    aws: Aws,
    clients: Clients,
    /// The SMS that left.
    sms: Arc<Mutex<Vec<Sms>>>,
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
        let queue = |name: &str| {
            let mut queue = QueueSettings::new(name);
            queue.visibility = VISIBILITY;
            queue
        };
        let sms: Arc<Mutex<Vec<Sms>>> = Arc::default();
        let inbox = Arc::clone(&sms);
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
            queues: QUEUES.map(queue).into(),
            secrets: BTreeMap::new(),
            sms: Arc::new(move |sms: Sms| {
                if sms.to == OPTED_OUT {
                    return Err(SmsRefusal::OptedOut);
                }
                inbox.lock().expect("nobody panicked here").push(sms);
                Ok("message-1".to_owned())
            }),
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
            sms,
        })
    }

    fn store(&self) -> Store {
        let client = self.clients.dynamodb(Retries::Three, SDK_ATTEMPT);
        Store::new(client, TABLE.to_owned(), Process::clock())
    }

    fn url(&self, queue: &str) -> Result<String> {
        Ok(self.aws.queues().url(queue)?)
    }

    /// From now on as many answers to requests that write are lost as the number in hand says, by a cut
    /// and by an internal error in turn.
    fn lose_answers(&self) -> Arc<AtomicU32> {
        let left = Arc::new(AtomicU32::new(0));
        let asked = Arc::clone(&left);
        let interference: Interference = Arc::new(move |service, operation| {
            if !writes(service, operation) {
                return Verdict::Pass;
            }
            let one_less = |left: u32| left.checked_sub(1);
            match asked.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less) {
                Ok(left) if left % 2 == 0 => Verdict::LoseAnswer(Loss::InternalError),
                Ok(_) => Verdict::LoseAnswer(Loss::Cut),
                Err(_) => Verdict::Pass,
            }
        });
        self.aws.interfere(interference);
        left
    }
}

fn writes(service: Service, operation: &str) -> bool {
    match service {
        Service::DynamoDb => !matches!(operation, "GetItem" | "Query"),
        Service::Sqs => matches!(operation, "SendMessage" | "SendMessageBatch"),
        Service::Sns | Service::SecretsManager => false,
    }
}

#[tokio::test]
async fn the_store_keeps_the_contract_on_dynamodb() -> Result<()> {
    let wire = Wire::start().await?;
    store_contract(|| wire.store()).await;
    Ok(())
}

#[tokio::test]
async fn dynamodb_gives_the_protocols_verdicts() -> Result<()> {
    let wire = Wire::start().await?;
    same_verdicts(&wire.store(), 1).await;
    Ok(())
}

#[tokio::test]
async fn dynamodb_tells_the_same_lives_as_the_twin() -> Result<()> {
    let wire = Wire::start().await?;
    same_lives(&wire.store(), 1, 25).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn dynamodb_bears_many_writers_at_once() -> Result<()> {
    let wire = Wire::start().await?;
    races_contract(&wire.store(), 1).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lost_answers_of_dynamodb_are_borne() -> Result<()> {
    let wire = Wire::start().await?;
    let left = wire.lose_answers();
    let lose = |answers| left.store(answers, Ordering::Relaxed);
    lost_answers_contract(&wire.store(), lose).await;
    lost_turns_contract(&wire.store(), lose).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_switches_keep_the_contract_on_dynamodb() -> Result<()> {
    let wire = Wire::start().await?;
    switches_contract(&wire.store()).await;
    Ok(())
}

#[tokio::test]
async fn the_registry_keeps_the_contract_on_dynamodb() -> Result<()> {
    let wire = Wire::start().await?;
    let store = wire.store();
    let entries = bank_entries();
    let long = entries.with_name("Banco Aurora do Brasil");
    let refused = store.put_tenant(&entries.tenant, &long).await;
    let refused = refused.expect_err("a name that no SMS has room for");
    assert!(refused.to_string().contains("name: must be"), "{refused}");
    assert_eq!(store.tenant(&entries.tenant).await?, None);
    store.put_tenant(&entries.tenant, &entries.config).await?;
    store
        .put_client(&entries.client_id, &entries.tenant)
        .await?;
    store
        .put_number(&entries.config.phone_number_id, &entries.tenant)
        .await?;
    store
        .put_account(&entries.config.business_account_id, &entries.tenant)
        .await?;
    let thief = TenantId::parse("banco-alheio")?;
    let (client, config) = (&entries.client_id, &entries.config);
    for taken in [
        store.put_client(client, &thief).await,
        store.put_number(&config.phone_number_id, &thief).await,
        store.put_account(&config.business_account_id, &thief).await,
    ] {
        let taken = taken.expect_err("it is another bank's");
        assert_eq!(taken.to_string(), format!("belongs to {}", entries.tenant));
    }
    store.put_client(client, &entries.tenant).await?;
    assert_eq!(
        store.clients_of(&entries.tenant).await?,
        std::slice::from_ref(client)
    );
    assert_eq!(store.clients_of(&thief).await?, Vec::<String>::new());
    registry_contract(&store).await;
    templates_contract(&store).await;
    Ok(())
}
