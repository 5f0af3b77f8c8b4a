//! The switches, read by one request and remembered for seconds, and the counters of what they limit.

use std::sync::Arc;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use jiff::SignedDuration;
use recado_domain::switches::{Counter, KNOWN_FOR, Spending, Switch, Switchboard, Turned};
use recado_ports::{StoreError, Switches, Switchgear};

use crate::attributes::{CURRENT, TTL, VERSION, number};
use crate::cache::Life;
use crate::consent::CONDITION_FAILED;
use crate::errors::{exhausted, unavailable};
use crate::expression::{Clauses, Placeholders};
use crate::keys::{Key, PK, SWITCHES, turns_partition};
use crate::store::Store;
use crate::switch_item::{switch_item, turned};

/// How soon the switches are asked for again when they could not be read.
const TRIED_AGAIN: SignedDuration = SignedDuration::from_secs(2);
/// How long a counter is kept after its window.
const KEPT_SECONDS: i64 = 24 * 60 * 60;

impl Switches for Store {
    async fn switchboard(&self) -> Result<Arc<Switchboard>, StoreError> {
        let (known, now) = (&self.known().switches, self.now());
        if let Some(board) = known.get(&(), now) {
            return Ok(board);
        }
        match self.switches().await {
            Ok(turns) => {
                let mut board = Switchboard::default();
                for turned in &turns {
                    board.take(&turned.turn, turned.at);
                }
                let board = Arc::new(board);
                let life = SignedDuration::try_from(KNOWN_FOR).unwrap_or_default();
                known.put((), Arc::clone(&board), now, Life::For(life));
                Ok(board)
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "switches not read"
                );
                // A switch that nobody can read may be off: without any earlier answer, nothing leaves.
                let unread = || exhausted("read the switches", "no answer that reads");
                let board = known.last(&()).ok_or_else(unread)?;
                known.put((), Arc::clone(&board), now, Life::For(TRIED_AGAIN));
                Ok(board)
            }
        }
    }

    async fn tally(&self, counter: &Counter, limit: u32) -> Result<Spending, StoreError> {
        let (used_up, now) = (&self.known().used_up, self.now());
        let asked = (counter.clone(), limit);
        if limit == 0 || used_up.get(&asked, now).is_some() {
            return Ok(Spending::Exceeded);
        }
        let mut placeholders = Placeholders::default();
        let counted = placeholders.name("n");
        let ttl = placeholders.name(TTL);
        let version = placeholders.name(VERSION);
        let one = placeholders.value(number(1));
        let limit = placeholders.value(number(limit));
        let current = placeholders.value(number(CURRENT));
        let gone = counter.window.ends().as_second() + KEPT_SECONDS;
        let gone = placeholders.value(number(gone));
        let update = Clauses {
            set: vec![
                format!("{version} = {current}"),
                format!("{ttl} = if_not_exists({ttl}, {gone})"),
            ],
            add: vec![format!("{counted} {one}")],
            ..Clauses::default()
        };
        let answer = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(Key::tally(counter).item()))
            .condition_expression(format!(
                "attribute_not_exists({counted}) OR {counted} < {limit}"
            ))
            .set_update_expression(update.expression())
            .set_expression_attribute_names(Some(placeholders.names()))
            .set_expression_attribute_values(placeholders.values())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Spending::Within),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => {
                    // Asked by every message that is held back: one refusal stands for the window.
                    let left = counter.window.ends().duration_since(now);
                    used_up.put(asked, (), now, Life::For(left));
                    Ok(Spending::Exceeded)
                }
                Some(_) | None => Err(unavailable("count against a limit", error)),
            },
        }
    }

    async fn untally(&self, counter: &Counter) -> Result<(), StoreError> {
        let operation = "give a count back";
        let mut placeholders = Placeholders::default();
        let counted = placeholders.name("n");
        let (zero, less) = (
            placeholders.value(number(0)),
            placeholders.value(number(-1)),
        );
        let update = Update::builder()
            .table_name(self.table())
            .set_key(Some(Key::tally(counter).item()))
            .condition_expression(format!("{counted} > {zero}"))
            .update_expression(format!("ADD {counted} {less}"))
            .set_expression_attribute_names(Some(placeholders.names()))
            .set_expression_attribute_values(placeholders.values())
            .build()
            .map_err(|_| exhausted(operation, "the request could not be built"))?;
        // A transaction of one: its token makes the SDK's repetitions one write.
        let answer = self
            .client()
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(update).build())
            .send()
            .await;
        self.known().used_up.forget(|(known, _)| known == counter);
        match answer {
            Ok(_) => Ok(()),
            // Nothing was counted.
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(unavailable(operation, error)),
        }
    }
}

/// Whether a condition of the transaction did not hold.
fn condition_failed(error: &SdkError<TransactWriteItemsError>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return false;
    };
    let mut reasons = cancelled.cancellation_reasons().iter();
    reasons.any(|reason| reason.code() == Some(CONDITION_FAILED))
}

impl Switchgear for Store {
    async fn turn(&self, turned: &Turned) -> Result<(), StoreError> {
        let switch = turned.turn.switch();
        let (state, record) = (Key::switch(&switch), Key::turn(&switch, turned.at));
        let operation = "turn a switch";
        let built = |put: aws_sdk_dynamodb::types::builders::PutBuilder| {
            put.table_name(self.table())
                .build()
                .map(|put| TransactWriteItem::builder().put(put).build())
                .map_err(|_| exhausted(operation, "the request could not be built"))
        };
        let state = built(Put::builder().set_item(Some(switch_item(&state, turned))))?;
        let record = built(
            Put::builder()
                .set_item(Some(switch_item(&record, turned)))
                .condition_expression(format!("attribute_not_exists({PK})")),
        )?;
        let answer = self
            .client()
            .transact_write_items()
            .transact_items(state)
            .transact_items(record)
            .send()
            .await;
        self.known().switches.forget(|()| true);
        match answer {
            Ok(_) => Ok(()),
            // On record already: by an earlier try whose answer was lost, if it is this very turn.
            Err(error)
                if condition_failed(&error) && self.turns(&switch).await?.contains(turned) =>
            {
                Ok(())
            }
            Err(error) => Err(unavailable(operation, error)),
        }
    }

    async fn switches(&self) -> Result<Vec<Turned>, StoreError> {
        let partition = SWITCHES.to_owned();
        let items = self.partition("read the switches", partition, None).await?;
        items.iter().map(turned).collect()
    }

    async fn turns(&self, switch: &Switch) -> Result<Vec<Turned>, StoreError> {
        let partition = turns_partition(switch);
        let items = self
            .partition("read a switch's turns", partition, None)
            .await?;
        items.iter().map(turned).collect()
    }
}
