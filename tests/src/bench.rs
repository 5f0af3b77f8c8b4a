//! An empty table on the local stack's DynamoDB, and the store on it, in this process and without functions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use recado_dynamodb::Store;
use recado_local::aws::{
    AttributeDefinition, AttributeType, Aws, AwsSettings, KeyElement, KeyType, REGION, Sms, Table,
};
use recado_runtime::{Aws as Clients, AwsConfig, Retries, SDK_ATTEMPT, Settings};
use serde_json::{Value, json};

const TABLE: &str = "recado";

/// The table and the store on it.
pub struct Bench {
    /// The services.
    pub aws: Aws,
    /// The store, whose clock stands still.
    pub store: Store,
    http: reqwest::Client,
}

impl Bench {
    /// Starts both, at this moment.
    ///
    /// # Errors
    /// When there is no port left for them.
    pub async fn at(now: Timestamp) -> Result<Self> {
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
                ttl_attribute: None,
            },
            ttl_sweep: Duration::from_secs(3_600),
            queues: Vec::new(),
            secrets: BTreeMap::new(),
            sms: Arc::new(|_: Sms| Ok("message-1".to_owned())),
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
        let clients = Clients::new(settings.finish(config)?);
        let client = clients.dynamodb(Retries::Three, SDK_ATTEMPT);
        let store = Store::new(client, TABLE.to_owned(), Arc::new(move || now));
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self { aws, store, http })
    }

    /// Puts an item into the table as it stands in a fixture.
    ///
    /// # Errors
    /// When the table refuses it.
    pub async fn put(&self, item: &Value) -> Result<()> {
        self.ask("PutItem", &json!({ "Item": item })).await?;
        Ok(())
    }

    /// An item as it is stored; null where there is none.
    ///
    /// # Errors
    /// When the table does not answer.
    pub async fn get(&self, pk: &str, sk: &str) -> Result<Value> {
        let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        let mut answer = self.ask("GetItem", &json!({ "Key": key })).await?;
        Ok(answer["Item"].take())
    }

    async fn ask(&self, operation: &str, request: &Value) -> Result<Value> {
        let mut request = request.clone();
        request["TableName"] = json!(TABLE);
        let answer = self
            .http
            .post(self.aws.endpoint())
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .body(request.to_string())
            .send()
            .await?
            .error_for_status()?;
        Ok(answer.json().await?)
    }
}
