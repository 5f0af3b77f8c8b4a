//! DynamoDB: an embedded engine that speaks the service's JSON, with a meter in front.
//!
//! Requests reach the engine by a call in this process, not over a second connection, so that the
//! stack needs one listener and the meter sees requests and answers as values.

mod metering;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, ensure};
use axum::response::Response;
use dynoxide::types::{AttributeValue, item_size};
use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::metering::Metered;
pub(super) use self::metering::Units;
use super::counts::Counts;
use super::wire::{self, Protocol};

/// A table as a deployment template describes it; the names of the fields are CloudFormation's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Table {
    /// 3–255 characters of `a-z A-Z 0-9 _ . -`.
    pub table_name: String,
    /// Partition key first, then the sort key if there is one.
    pub key_schema: Vec<KeyElement>,
    /// The types of the key attributes, and of no others.
    pub attribute_definitions: Vec<AttributeDefinition>,
    /// The number attribute (seconds since 1970) after which an item is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_attribute: Option<String>,
}

/// One part of a table's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyElement {
    /// The attribute's name.
    pub attribute_name: String,
    /// Its part in the key.
    pub key_type: KeyType,
}

/// A key attribute's part in the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum KeyType {
    /// The partition key.
    Hash,
    /// The sort key.
    Range,
}

/// The type of a key attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttributeDefinition {
    /// The attribute's name.
    pub attribute_name: String,
    /// Its type.
    pub attribute_type: AttributeType,
}

/// What a key attribute may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttributeType {
    /// A string.
    S,
    /// A number.
    N,
    /// Bytes.
    B,
}

/// The embedded database and what was asked of it.
pub(super) struct DynamoDb {
    engine: Database,
    table: String,
    partition_key: String,
    units: Mutex<Units>,
    pub(super) counts: Counts,
}

/// The database's file in its directory.
const FILE: &str = "dynamodb.sqlite";

impl DynamoDb {
    /// Opens the database in memory, or in a file of its own in `directory`, and creates the table
    /// if it is not there yet.
    pub(super) fn open(directory: Option<&Path>, table: &Table) -> anyhow::Result<Self> {
        let engine = match directory {
            None => Database::memory()?,
            Some(directory) => {
                std::fs::create_dir_all(directory)
                    .with_context(|| format!("cannot create {}", directory.display()))?;
                let file = directory.join(FILE);
                let name = file.to_str().context("the data directory is not UTF-8")?;
                let engine = Database::new(name)
                    .with_context(|| format!("cannot open the table in {name}"))?;
                // Without a sync per write: what a crash of this process leaves is complete, and
                // surviving a power cut is not worth milliseconds per request here.
                engine.enable_bulk_loading()?;
                engine
            }
        };
        create(&engine, table)?;
        let mut keys = table.key_schema.iter();
        let partition_key = keys.find(|key| key.key_type == KeyType::Hash);
        let partition_key = partition_key.context("the table has no partition key")?;
        Ok(Self {
            engine,
            table: table.table_name.clone(),
            partition_key: partition_key.attribute_name.clone(),
            units: Mutex::default(),
            counts: Counts::default(),
        })
    }

    /// The attribute that is the table's partition key.
    pub(super) fn partition_key(&self) -> &str {
        &self.partition_key
    }

    /// Carries out one request in the service's JSON; its answer, and what it consumed.
    pub(super) fn handle(&self, operation: &str, body: &[u8]) -> (Response, Units) {
        use dynoxide::actions as a;
        let unmetered = match operation {
            "GetItem" => return self.meter::<a::get_item::GetItemRequest>("GetItem", body),
            "PutItem" => return self.meter::<a::put_item::PutItemRequest>("PutItem", body),
            "UpdateItem" => {
                return self.meter::<a::update_item::UpdateItemRequest>("UpdateItem", body);
            }
            "DeleteItem" => {
                return self.meter::<a::delete_item::DeleteItemRequest>("DeleteItem", body);
            }
            "Query" => return self.meter::<a::query::QueryRequest>("Query", body),
            "Scan" => return self.meter::<a::scan::ScanRequest>("Scan", body),
            "BatchGetItem" => {
                return self.meter::<a::batch_get_item::BatchGetItemRequest>("BatchGetItem", body);
            }
            "BatchWriteItem" => {
                return self
                    .meter::<a::batch_write_item::BatchWriteItemRequest>("BatchWriteItem", body);
            }
            "TransactGetItems" => {
                return self.meter::<a::transact_get_items::TransactGetItemsRequest>(
                    "TransactGetItems",
                    body,
                );
            }
            "TransactWriteItems" => {
                return self.meter::<a::transact_write_items::TransactWriteItemsRequest>(
                    "TransactWriteItems",
                    body,
                );
            }
            "DescribeTable" => self.answer("DescribeTable", body, Database::describe_table),
            "ListTables" => self.answer("ListTables", body, Database::list_tables),
            "DescribeTimeToLive" => {
                self.answer("DescribeTimeToLive", body, Database::describe_time_to_live)
            }
            _ => wire::json_error(
                Protocol::Json10,
                StatusCode::BAD_REQUEST,
                "com.amazon.coral.service#UnknownOperationException",
                "The local stack does not know this operation.",
            ),
        };
        (unmetered, Units::default())
    }

    fn meter<Q: Metered>(&self, operation: &'static str, body: &[u8]) -> (Response, Units) {
        let mut units = Units::default();
        let response = self.answer(operation, body, |engine, request: Q| {
            request.run(engine, &mut units)
        });
        let mut sum = self.units.lock().unwrap_or_else(PoisonError::into_inner);
        sum.read += units.read;
        sum.write += units.write;
        (response, units)
    }

    fn answer<Q: DeserializeOwned, A: Serialize>(
        &self,
        operation: &'static str,
        body: &[u8],
        run: impl FnOnce(&Database, Q) -> Result<A, DynoxideError>,
    ) -> Response {
        self.counts.add(operation);
        let result = serde_json::from_slice(body)
            .map_err(|error| unreadable(&error))
            .and_then(|request| run(&self.engine, request));
        match result {
            Ok(answer) => wire::json(Protocol::Json10, &answer),
            Err(error) => {
                let status =
                    StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
                wire::respond(Protocol::Json10, status, error.to_json())
            }
        }
    }

    /// Read and write units consumed so far.
    pub(super) fn consumed(&self) -> (f64, f64) {
        let units = self.units.lock().unwrap_or_else(PoisonError::into_inner);
        (units.read, units.write)
    }

    pub(super) fn reset_counts(&self) {
        self.counts.reset();
        *self.units.lock().unwrap_or_else(PoisonError::into_inner) = Units::default();
    }

    /// Makes another table, in a directory of its own, of the items that are there now, as a restore to this
    /// moment does: with the keys, and without the TTL setting. Not a request: nothing is counted.
    pub(super) fn restore_into(&self, directory: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        let file = directory.join(FILE);
        let restored = Database::new(file.to_str().context("the directory is not UTF-8")?)?;
        let source = serde_json::from_value(json!({ "TableName": self.table }))?;
        let source = serde_json::to_value(self.engine.describe_table(source)?)?;
        restored.create_table(serde_json::from_value(json!({
            "TableName": self.table,
            "KeySchema": source["Table"]["KeySchema"],
            "AttributeDefinitions": source["Table"]["AttributeDefinitions"],
            "BillingMode": "PAY_PER_REQUEST",
        }))?)?;
        for item in self.dump()? {
            let put = json!({ "TableName": self.table, "Item": item });
            restored.put_item(serde_json::from_value(put)?)?;
        }
        Ok(())
    }

    /// Deletes what the TTL attribute says has expired; how many items that were.
    pub(super) fn sweep_ttl(&self) -> anyhow::Result<usize> {
        Ok(self.engine.sweep_ttl()?)
    }

    /// Every item as DynamoDB JSON. Not a request: nothing is counted.
    pub(super) fn dump(&self) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut request = json!({ "TableName": self.table, "ConsistentRead": true });
            if !start.is_null() {
                request["ExclusiveStartKey"] = start;
            }
            let page = self.engine.scan(serde_json::from_value(request)?)?;
            let mut page = serde_json::to_value(&page)?;
            if let Some(Value::Array(found)) = page.get_mut("Items").map(Value::take) {
                items.extend(found);
            }
            match page.get_mut("LastEvaluatedKey").map(Value::take) {
                Some(key) if !key.is_null() => start = key,
                _ => return Ok(items),
            }
        }
    }
}

/// The bytes that DynamoDB reckons an item with, which is given as DynamoDB JSON: a write unit is 1,024 of
/// the larger of the item before and after.
///
/// # Errors
/// When it is no item.
pub fn item_bytes(item: &Value) -> anyhow::Result<usize> {
    let item: HashMap<String, AttributeValue> = serde_json::from_value(item.clone())?;
    Ok(item_size(&item))
}

fn create(engine: &Database, table: &Table) -> anyhow::Result<()> {
    let name = &table.table_name;
    let described = engine.describe_table(serde_json::from_value(json!({ "TableName": name }))?);
    match described {
        Ok(existing) => {
            let existing = serde_json::to_value(&existing)?;
            let keys: Vec<KeyElement> =
                serde_json::from_value(existing["Table"]["KeySchema"].clone())?;
            ensure!(
                keys == table.key_schema,
                "the stored table {name} has other keys than the template gives it; \
                 remove the data directory to start afresh"
            );
        }
        Err(DynoxideError::ResourceNotFoundException(_)) => {
            engine
                .create_table(serde_json::from_value(json!({
                    "TableName": name,
                    "KeySchema": table.key_schema,
                    "AttributeDefinitions": table.attribute_definitions,
                    "BillingMode": "PAY_PER_REQUEST",
                }))?)
                .with_context(|| format!("cannot create the table {name}"))?;
        }
        Err(error) => return Err(error).with_context(|| format!("cannot describe {name}")),
    }
    let Some(attribute) = &table.ttl_attribute else {
        return Ok(());
    };
    let ttl =
        engine.describe_time_to_live(serde_json::from_value(json!({ "TableName": name }))?)?;
    if ttl.time_to_live_description.attribute_name.as_ref() != Some(attribute) {
        engine.update_time_to_live(serde_json::from_value(json!({
            "TableName": name,
            "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": true },
        }))?)?;
    }
    Ok(())
}

/// The engine's own deserialisers mark which of DynamoDB's error classes a malformed request
/// belongs to by a prefix, which must not reach a caller.
fn unreadable(error: &serde_json::Error) -> DynoxideError {
    const REFUSED: [&str; 3] = ["VALIDATION_REQUEST:", "VALIDATION_AS_READ:", "VALIDATION:"];
    const MALFORMED: [&str; 2] = ["SERIALIZATION_AS_READ:", "SERIALIZATION:"];
    let whole = error.to_string();
    let text = whole
        .rsplit_once(" at line ")
        .map_or(whole.as_str(), |(text, _)| text);
    let stripped = |markers: &[&str]| markers.iter().find_map(|m| text.strip_prefix(m));
    if let Some(text) = stripped(&REFUSED) {
        return DynoxideError::ValidationException(text.to_owned());
    }
    if let Some(text) = stripped(&MALFORMED) {
        return DynoxideError::SerializationException(text.to_owned());
    }
    let refused = [
        "missing field",
        "unknown variant",
        "invalid type: null",
        "AttributeValue",
    ];
    if refused.iter().any(|part| text.contains(part)) {
        return DynoxideError::ValidationException(text.to_owned());
    }
    DynoxideError::SerializationException(text.to_owned())
}
