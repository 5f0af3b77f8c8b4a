//! The event that a batch becomes, and what the function's answer says of its records.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::aws::{Queues, REGION, Received};
use crate::template::FailureReporting;

/// The SQS event of Lambda's developer guide.
pub(super) fn event(batch: &[Received], queue: &str) -> Vec<u8> {
    let arn = Queues::arn(queue);
    let records: Vec<Value> = batch.iter().map(|r| record(r, &arn)).collect();
    json!({ "Records": records }).to_string().into_bytes()
}

fn record(received: &Received, arn: &str) -> Value {
    let attributes: serde_json::Map<String, Value> = received
        .attributes()
        .iter()
        .map(|(name, attribute)| {
            let mut value = json!({
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": attribute.data_type,
            });
            if let Some(text) = &attribute.string_value {
                value["stringValue"] = json!(text);
            }
            if let Some(binary) = &attribute.binary_value {
                value["binaryValue"] = json!(binary);
            }
            (name.clone(), value)
        })
        .collect();
    let mut record = json!({
        "messageId": received.message_id(),
        "receiptHandle": received.receipt_handle,
        "body": received.body().as_ref(),
        "attributes": received.system_attributes(),
        "messageAttributes": attributes,
        "md5OfBody": received.md5_of_body(),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    });
    if let Some(md5) = received.md5_of_attributes() {
        record["md5OfMessageAttributes"] = json!(md5);
    }
    record
}

/// Which records of a batch are done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    AllFailed,
    /// All but these message ids.
    DoneExcept(BTreeSet<String>),
}

impl Verdict {
    pub(super) fn is_done(&self, message_id: &str) -> bool {
        match self {
            Self::AllFailed => false,
            Self::DoneExcept(failed) => !failed.contains(message_id),
        }
    }
}

/// Reads the answer as AWS does: no answer and an empty list mean success; an answer that
/// cannot be read, or that names a record which is not in the batch, fails all of it.
pub(super) fn verdict(
    reporting: FailureReporting,
    response: &[u8],
    message_ids: &BTreeSet<&str>,
) -> Verdict {
    let done = Verdict::DoneExcept(BTreeSet::new());
    match reporting {
        FailureReporting::WholeBatch => return done,
        FailureReporting::PerRecord => {}
    }
    if response.trim_ascii().is_empty() {
        return done;
    }
    let failures = match serde_json::from_slice(response) {
        Ok(Value::Null) => return done,
        Ok(Value::Object(mut answer)) => answer.remove("batchItemFailures").unwrap_or(Value::Null),
        Ok(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | Err(_) => {
            return unreadable("it is not a JSON object");
        }
    };
    let failures = match failures {
        Value::Null => return done,
        Value::Array(failures) => failures,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            return unreadable("batchItemFailures is not a list");
        }
    };
    let mut failed = BTreeSet::new();
    for failure in &failures {
        match failure.get("itemIdentifier").and_then(Value::as_str) {
            Some(id) if message_ids.contains(id) => failed.insert(id.to_owned()),
            Some(_) => return unreadable("an itemIdentifier is no record of the batch"),
            None => return unreadable("a failure has no itemIdentifier"),
        };
    }
    Verdict::DoneExcept(failed)
}

fn unreadable(why: &'static str) -> Verdict {
    tracing::warn!(why, "the function's answer fails its whole batch");
    Verdict::AllFailed
}
