//! What each DynamoDB operation consumes: asked of the engine where it tells, reckoned where it
//! does not (a failed condition is billed, and the engine's error carries no capacity).

use std::mem;

use dynoxide::actions::{
    batch_get_item::{BatchGetItemRequest, BatchGetItemResponse},
    batch_write_item::{BatchWriteItemRequest, BatchWriteItemResponse},
    delete_item::{DeleteItemRequest, DeleteItemResponse},
    get_item::{GetItemRequest, GetItemResponse},
    put_item::{PutItemRequest, PutItemResponse},
    query::{QueryRequest, QueryResponse},
    scan::{ScanRequest, ScanResponse},
    transact_get_items::{TransactGetItemsRequest, TransactGetItemsResponse},
    transact_write_items::{
        TransactWriteItem, TransactWriteItemsRequest, TransactWriteItemsResponse,
    },
    update_item::{UpdateItemRequest, UpdateItemResponse},
};
use dynoxide::errors::CancellationReason;
use dynoxide::types::{
    ConsumedCapacity, TRANSACTIONAL_CAPACITY_FACTOR, item_size, table_write_capacity_units,
};
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Capacity units. A read unit is 4 KB read strongly consistently (half that otherwise), a write
/// unit is 1 KB; transactions cost twice (AWS: read/write capacity of on-demand tables).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::aws) struct Units {
    pub(in crate::aws) read: f64,
    pub(in crate::aws) write: f64,
}

/// An operation that consumes capacity.
pub(super) trait Metered: DeserializeOwned {
    type Answer: Serialize;

    /// Runs it and adds what it consumed to `units`, whether it succeeds or not.
    fn run(self, db: &Database, units: &mut Units) -> Result<Self::Answer, DynoxideError>;
}

/// Who wanted to know a figure that the meter always asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AskedBy {
    Caller,
    MeterAlone,
}

/// Turns an option that is off into `on`. A value that is neither is left for the engine to refuse.
fn ask(field: &mut Option<String>, on: &str) -> AskedBy {
    match field.as_deref() {
        None | Some("NONE") => {
            *field = Some(on.to_owned());
            AskedBy::MeterAlone
        }
        Some(_) => AskedBy::Caller,
    }
}

/// Takes the sum out of an answer, and the figures themselves unless the caller asked for them.
fn settle<C: Figures>(consumed: &mut Option<C>, asked: AskedBy) -> f64 {
    let sum = consumed.as_ref().map_or(0.0, Figures::sum);
    if asked == AskedBy::MeterAlone {
        *consumed = None;
    }
    sum
}

trait Figures {
    fn sum(&self) -> f64;
}

impl Figures for ConsumedCapacity {
    fn sum(&self) -> f64 {
        self.capacity_units
    }
}

impl Figures for Vec<ConsumedCapacity> {
    fn sum(&self) -> f64 {
        self.iter().map(|table| table.capacity_units).sum()
    }
}

macro_rules! metered {
    ($request:ty => $answer:ty, $method:ident, $axis:ident) => {
        impl Metered for $request {
            type Answer = $answer;

            fn run(mut self, db: &Database, units: &mut Units) -> Result<$answer, DynoxideError> {
                let asked = ask(&mut self.return_consumed_capacity, "TOTAL");
                let mut answer = db.$method(self)?;
                units.$axis += settle(&mut answer.consumed_capacity, asked);
                Ok(answer)
            }
        }
    };
}

metered!(GetItemRequest => GetItemResponse, get_item, read);
metered!(QueryRequest => QueryResponse, query, read);
metered!(ScanRequest => ScanResponse, scan, read);
metered!(BatchGetItemRequest => BatchGetItemResponse, batch_get_item, read);
metered!(TransactGetItemsRequest => TransactGetItemsResponse, transact_get_items, read);
metered!(BatchWriteItemRequest => BatchWriteItemResponse, batch_write_item, write);

macro_rules! conditional {
    ($request:ty => $answer:ty, $method:ident) => {
        impl Metered for $request {
            type Answer = $answer;

            fn run(mut self, db: &Database, units: &mut Units) -> Result<$answer, DynoxideError> {
                let asked = ask(&mut self.return_consumed_capacity, "TOTAL");
                let mut asked_for_item = AskedBy::Caller;
                let mut new_size = None;
                if self.condition_expression.is_some() || self.expected.is_some() {
                    let wanted = &mut self.return_values_on_condition_check_failure;
                    asked_for_item = ask(wanted, "ALL_OLD");
                    new_size = self.offered();
                }
                match db.$method(self) {
                    Ok(mut answer) => {
                        units.write += settle(&mut answer.consumed_capacity, asked);
                        Ok(answer)
                    }
                    Err(error) => Err(bill_refusal(error, new_size, asked_for_item, units)),
                }
            }
        }
    };
}

conditional!(PutItemRequest => PutItemResponse, put_item);
conditional!(UpdateItemRequest => UpdateItemResponse, update_item);
conditional!(DeleteItemRequest => DeleteItemResponse, delete_item);

/// The size of the item a write would have left, where the request tells.
trait Offers {
    fn offered(&self) -> Option<usize>;
}

impl Offers for PutItemRequest {
    fn offered(&self) -> Option<usize> {
        Some(item_size(&self.item))
    }
}

impl Offers for UpdateItemRequest {
    fn offered(&self) -> Option<usize> {
        None
    }
}

impl Offers for DeleteItemRequest {
    fn offered(&self) -> Option<usize> {
        None
    }
}

impl Offers for TransactWriteItem {
    fn offered(&self) -> Option<usize> {
        self.put.as_ref().map(|put| item_size(&put.item))
    }
}

/// A write whose condition failed costs what the larger of the item that is there and the one that
/// was offered would have cost (AWS: "conditional writes consume write capacity").
fn bill_refusal(
    error: DynoxideError,
    new_size: Option<usize>,
    asked_for_item: AskedBy,
    units: &mut Units,
) -> DynoxideError {
    if let DynoxideError::ConditionalCheckFailedException(message, item) = error {
        units.write += table_write_capacity_units(item.as_ref().map(item_size), new_size);
        let item = item.filter(|_| asked_for_item == AskedBy::Caller);
        return DynoxideError::ConditionalCheckFailedException(message, item);
    }
    error
}

impl Metered for TransactWriteItemsRequest {
    type Answer = TransactWriteItemsResponse;

    fn run(mut self, db: &Database, units: &mut Units) -> Result<Self::Answer, DynoxideError> {
        let asked = ask(&mut self.return_consumed_capacity, "TOTAL");
        let actions: Vec<(AskedBy, Option<usize>)> = self
            .transact_items
            .iter_mut()
            .map(|action| (ask_for_item(action), action.offered()))
            .collect();
        match db.transact_write_items(self) {
            Ok(mut answer) => {
                for table in answer.consumed_capacity.iter().flatten() {
                    // A repeat under the same token is billed as a transactional read.
                    match (table.read_capacity_units, table.write_capacity_units) {
                        (Some(read), None) => units.read += read,
                        (_, Some(write)) => units.write += write,
                        (None, None) => units.write += table.capacity_units,
                    }
                }
                settle(&mut answer.consumed_capacity, asked);
                Ok(answer)
            }
            Err(DynoxideError::TransactionCanceledException(message, mut reasons)) => {
                if reasons.iter().any(|r| r.code == "ConditionalCheckFailed") {
                    units.write += bill_cancelled(&mut reasons, &actions);
                }
                Err(DynoxideError::TransactionCanceledException(
                    message, reasons,
                ))
            }
            Err(error) => Err(error),
        }
    }
}

fn ask_for_item(action: &mut TransactWriteItem) -> AskedBy {
    let TransactWriteItem {
        put,
        update,
        delete,
        condition_check,
    } = action;
    let field = None
        .or(put
            .as_mut()
            .filter(|p| p.condition_expression.is_some())
            .map(|p| &mut p.return_values_on_condition_check_failure))
        .or(update
            .as_mut()
            .filter(|u| u.condition_expression.is_some())
            .map(|u| &mut u.return_values_on_condition_check_failure))
        .or(delete
            .as_mut()
            .filter(|d| d.condition_expression.is_some())
            .map(|d| &mut d.return_values_on_condition_check_failure))
        .or(condition_check
            .as_mut()
            .map(|c| &mut c.return_values_on_condition_check_failure));
    field.map_or(AskedBy::Caller, |field| ask(field, "ALL_OLD"))
}

/// A cancelled transaction is billed for every action in it. The size of an item is known where
/// its condition failed; elsewhere the item offered, or one unit, stands for it.
fn bill_cancelled(reasons: &mut [CancellationReason], actions: &[(AskedBy, Option<usize>)]) -> f64 {
    let mut write = 0.0;
    for (reason, (asked_for_item, new_size)) in reasons.iter_mut().zip(actions) {
        let old = mem::take(&mut reason.item);
        write += TRANSACTIONAL_CAPACITY_FACTOR
            * table_write_capacity_units(old.as_ref().map(item_size), *new_size);
        reason.item = old.filter(|_| *asked_for_item == AskedBy::Caller);
    }
    write
}
