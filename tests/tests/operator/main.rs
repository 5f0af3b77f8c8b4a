//! The operator's command line, run as its `main` runs it, against the local stack: over the services' own
//! protocols, on what the functions wrote and on what they would never write.

mod days;
mod letters;
mod secrets;
mod switches;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use recado_domain::catalogue;
use recado_domain::consent::ConsentPolicy;
use recado_domain::hours::Hours;
use recado_domain::ids::{ClaimToken, TenantId};
use recado_domain::locale::Locale;
use recado_domain::seal::NONCE_BYTES;
use recado_dynamodb::Store;
use recado_local::aws::{
    AttributeDefinition, AttributeType, Aws, AwsSettings, KeyElement, KeyType, QueueSettings,
    REGION, Redrive, Table,
};
use recado_ports::{Chance, TenantConfig};
use recado_runtime::{Aws as Clients, AwsConfig, Process, Retries, SDK_ATTEMPT, Settings};
use serde_json::{Value, json};

const TABLE: &str = "recado";
const QUEUE: &str = "work";
const DEAD_LETTERS: &str = "dead";

/// The process's clock, moved.
#[derive(Clone, Debug)]
struct Clock {
    process: Process,
    ahead: Duration,
}

impl Clock {
    fn ahead(ahead: Duration) -> Self {
        Self {
            process: Process::default(),
            ahead,
        }
    }
}

impl Chance for Clock {
    fn now(&self) -> Timestamp {
        self.process.now() + self.ahead
    }

    fn token(&self) -> ClaimToken {
        self.process.token()
    }

    fn nonce(&self) -> [u8; NONCE_BYTES] {
        self.process.nonce()
    }

    async fn rest(&self, _duration: Duration) {
        tokio::task::yield_now().await;
    }
}

/// An operator at one endpoint.
struct Operator {
    endpoint: String,
    table: String,
    clock: Clock,
}

impl Operator {
    fn at(endpoint: &str, table: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            table: table.to_owned(),
            clock: Clock::ahead(Duration::ZERO),
        }
    }

    /// The same operator, so much later.
    fn later(&self, ahead: Duration) -> Self {
        Self {
            clock: Clock::ahead(ahead),
            ..Self::at(&self.endpoint, &self.table)
        }
    }

    /// Runs a command line for people and once more for programs; a command that changes nothing says the
    /// same twice. Answers the exit code and both.
    async fn asks(&self, line: &[&str]) -> Result<(u8, String, Value)> {
        let told = self.tells(line).await;
        let (code, answer) = self.reads(line).await?;
        assert_eq!(told.0, code, "{line:?}");
        Ok((code, told.1, answer))
    }

    /// Runs a command line for people.
    async fn tells(&self, line: &[&str]) -> (u8, String) {
        let outcome = self.run(line, &[]).await;
        (outcome.code, outcome.out + &outcome.err)
    }

    /// Runs a command line for programs.
    async fn reads(&self, line: &[&str]) -> Result<(u8, Value)> {
        let outcome = self.run(line, &["--json"]).await;
        let answer = serde_json::from_str(&outcome.out)
            .with_context(|| format!("{line:?}: {} {}", outcome.out, outcome.err))?;
        Ok((outcome.code, answer))
    }

    async fn run(&self, line: &[&str], more: &[&str]) -> recado_operator::Outcome {
        let connection = ["--endpoint-url", &self.endpoint, "--table", &self.table];
        let arguments = line.iter().chain(&connection).chain(more);
        let environment = |name: &str| (name == "USER").then(|| "ana".to_owned());
        recado_operator::run(arguments.map(OsString::from), &environment, &self.clock).await
    }
}

/// A table, a queue with its dead letters, and nothing that works on them.
struct Shelf {
    aws: Aws,
    store: Store,
    operator: Operator,
}

impl Shelf {
    async fn open() -> Result<Self> {
        let key = |name: &str, key_type| KeyElement {
            attribute_name: name.to_owned(),
            key_type,
        };
        let text = |name: &str| AttributeDefinition {
            attribute_name: name.to_owned(),
            attribute_type: AttributeType::S,
        };
        let mut work = QueueSettings::new(QUEUE);
        work.redrive = Some(Redrive {
            dead_letter_queue: DEAD_LETTERS.to_owned(),
            max_receive_count: 5,
        });
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
            queues: vec![work, QueueSettings::new(DEAD_LETTERS)],
            secrets: BTreeMap::new(),
            sms: Arc::new(|_| Ok("message-1".to_owned())),
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
        let client = Clients::new(settings.finish(config)?).dynamodb(Retries::Three, SDK_ATTEMPT);
        let store = Store::new(client, TABLE.to_owned(), Process::clock());
        for (tenant, zone) in [
            ("banco-aurora", "America/Sao_Paulo"),
            ("banco-boreal", "America/Manaus"),
        ] {
            let config = TenantConfig {
                name: "Banco".to_owned(),
                phone_number_id: "106012345678901".parse()?,
                business_account_id: "806012345678901".parse()?,
                messages_per_second: 80,
                sms_sender_id: None,
                locale: Locale::PtBr,
                time_zone: zone.to_owned(),
                hours: Hours::around_the_clock(),
                hosts: catalogue::HOSTS.map(str::to_owned).to_vec(),
                consent: ConsentPolicy::default(),
            };
            store.put_tenant(&TenantId::parse(tenant)?, &config).await?;
        }
        Ok(Self {
            operator: Operator::at(aws.endpoint(), TABLE),
            aws,
            store,
        })
    }

    /// Changes an item as nobody should, past the adapter.
    async fn tamper(&self, id: &str, attribute: &str, value: Value) -> Result<()> {
        let body = json!({
            "TableName": TABLE, "Key": { "pk": { "S": format!("NTF#{id}") }, "sk": { "S": "STATE" } },
            "UpdateExpression": "SET #a = :a", "ExpressionAttributeNames": { "#a": attribute },
            "ExpressionAttributeValues": { ":a": value },
        });
        let http = reqwest::Client::builder().no_proxy().build()?;
        let request = http
            .post(self.aws.endpoint())
            .header("x-amz-target", "DynamoDB_20120810.UpdateItem")
            .header("content-type", "application/x-amz-json-1.0")
            .body(body.to_string());
        request.send().await?.error_for_status()?;
        Ok(())
    }
}
