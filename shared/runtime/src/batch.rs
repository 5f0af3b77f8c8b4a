//! SQS batches: each record on its own, failures reported per record (I12).

use std::fmt::Display;
use std::panic::AssertUnwindSafe;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use futures::FutureExt;
use futures::future::join_all;
use lambda_runtime::{Diagnostic, LambdaEvent};
use recado_ports::Chance;

use crate::chance::Process;
use crate::metrics::{Metric, count};

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// Done: it is acknowledged.
    Acknowledge,
    /// It comes back after its visibility timeout.
    Leave,
}

/// A record that has no id cannot be reported as failed: leaving it out would acknowledge it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record of the batch has no message id")]
pub struct NoMessageId;

impl From<NoMessageId> for Diagnostic {
    fn from(error: NoMessageId) -> Self {
        Self {
            error_type: "NoMessageId".to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// Handles a batch's records in parallel. A body that does not decode, and a record whose handler
/// fails, is reported; after its last receive SQS moves it to the dead-letter queue.
pub async fn each_record<T, D, E, H, F, G>(
    event: LambdaEvent<SqsEvent>,
    decode: D,
    handle: H,
) -> Result<SqsBatchResponse, NoMessageId>
where
    D: Fn(&str) -> Result<T, E>,
    E: Display,
    H: Fn(T) -> F,
    F: Future<Output = Result<Handled, G>>,
    G: Display,
{
    let mut records = Vec::with_capacity(event.payload.records.len());
    for record in event.payload.records {
        let id = record
            .message_id
            .filter(|id| !id.is_empty())
            .ok_or(NoMessageId)?;
        records.push((id, record.body.unwrap_or_default()));
    }
    let outcomes = join_all(records.into_iter().map(|(id, body)| {
        let decoded = decode(&body);
        let handled = match decoded {
            Ok(message) => Ok(handle(message)),
            Err(error) => Err(error.to_string()),
        };
        async move {
            let result = match handled {
                Ok(work) => match AssertUnwindSafe(work).catch_unwind().await {
                    Ok(outcome) => outcome.map_err(|error| error.to_string()),
                    // The panic's place is in the log; the batch's other records go on.
                    Err(_) => Err("panic".to_owned()),
                },
                Err(error) => {
                    count(Metric::RecordUnreadable, 1, Process::default().now());
                    Err(error)
                }
            };
            match result {
                Ok(Handled::Acknowledge) => None,
                Ok(Handled::Leave) => Some(id),
                Err(error) => {
                    tracing::error!(message.id = %id, error, "record failed");
                    Some(id)
                }
            }
        }
    }))
    .await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = outcomes
        .into_iter()
        .flatten()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(bodies: &[(&str, &str)]) -> LambdaEvent<SqsEvent> {
        let records: Vec<serde_json::Value> = bodies
            .iter()
            .map(|(id, body)| serde_json::json!({ "messageId": id, "body": body }))
            .collect();
        let payload =
            serde_json::from_value(serde_json::json!({ "Records": records })).expect("event");
        LambdaEvent::new(payload, lambda_runtime::Context::default())
    }

    async fn failures(bodies: &[(&str, &str)]) -> Result<Vec<String>, NoMessageId> {
        let response = each_record(
            event(bodies),
            |body| body.parse::<u32>(),
            |number| async move {
                match number {
                    0 => Err("zero"),
                    99 => panic!("ninety-nine"),
                    1 => Ok(Handled::Leave),
                    _ => Ok(Handled::Acknowledge),
                }
            },
        )
        .await?;
        Ok(response
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect())
    }

    #[tokio::test]
    async fn a_bad_record_harms_itself_alone() {
        let bodies = [
            ("a", "7"),
            ("b", "not a number"),
            ("c", "0"),
            ("d", "1"),
            ("e", "99"),
            ("f", "8"),
        ];
        assert_eq!(
            failures(&bodies).await.expect("reported"),
            ["b", "c", "d", "e"]
        );
        assert!(failures(&[("a", "7")]).await.expect("reported").is_empty());
        assert_eq!(failures(&[("a", "7"), ("", "8")]).await, Err(NoMessageId));
    }
}
