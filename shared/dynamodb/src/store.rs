//! The store: a client, a table, and what is known of the banks for a while.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use recado_ports::StoreError;

use crate::attributes::Item;
use crate::errors::unavailable;
use crate::keys::Key;
use crate::registry::Known;

/// Tells the time: the process' clock, or a test's.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Recado's table. Clones share the client and what is cached of the registry.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    table: String,
    clock: Clock,
    known: Known,
}

impl Store {
    /// Takes the client, the table's name and a clock (for the age of cached entries and the end of
    /// a day's cap). The client may repeat requests: every write here bears it.
    #[must_use]
    pub fn new(client: Client, table: String, clock: Clock) -> Self {
        Self {
            inner: Arc::new(Inner {
                client,
                table,
                clock,
                known: Known::default(),
            }),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn table(&self) -> &str {
        &self.inner.table
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    pub(crate) fn known(&self) -> &Known {
        &self.inner.known
    }

    /// Reads one item, strongly consistent.
    pub(crate) async fn get(&self, operation: &str, key: &Key) -> Result<Option<Item>, StoreError> {
        let answer = self
            .client()
            .get_item()
            .table_name(self.table())
            .set_key(Some(key.item()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| unavailable(operation, error))?;
        Ok(answer.item)
    }

    /// Reads every item of a partition from a sort key on, oldest first, strongly consistent.
    pub(crate) async fn partition(
        &self,
        operation: &str,
        partition: String,
        from: Option<&str>,
    ) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let mut query = self
                .client()
                .query()
                .table_name(self.table())
                .consistent_read(true)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", AttributeValue::S(partition.clone()))
                .set_exclusive_start_key(start);
            if let Some(from) = from {
                query = query
                    .key_condition_expression("pk = :pk AND sk >= :from")
                    .expression_attribute_values(":from", AttributeValue::S(from.to_owned()));
            }
            let page = query
                .send()
                .await
                .map_err(|error| unavailable(operation, error))?;
            items.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }
}
