//! Batches: what AWS refuses as a whole, and what fails entry by entry.

use std::collections::BTreeSet;

use axum::response::Response;
use serde_json::{Value, json};

use super::BATCH_ENTRIES;
use super::api::ok;
use super::errors::SqsError;

/// The entries of a batch with their ids, if the batch is one AWS would look into.
pub(super) fn with_ids<E>(
    operation: &'static str,
    entries: Vec<E>,
    mut id: impl FnMut(&mut E) -> Option<String>,
) -> Result<Vec<(String, E)>, SqsError> {
    if entries.is_empty() {
        return Err(SqsError::EmptyBatchRequest(operation));
    }
    if entries.len() > BATCH_ENTRIES {
        return Err(SqsError::TooManyEntriesInBatchRequest(entries.len()));
    }
    let mut seen = BTreeSet::new();
    let mut named = Vec::with_capacity(entries.len());
    for mut entry in entries {
        let id = id(&mut entry).unwrap_or_default();
        let well_formed = (1..=80).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !well_formed {
            return Err(SqsError::InvalidBatchEntryId);
        }
        if !seen.insert(id.clone()) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id));
        }
        named.push((id, entry));
    }
    Ok(named)
}

/// Does each entry on its own; one that fails harms no other.
pub(super) fn each_entry<E>(
    entries: Vec<(String, E)>,
    mut each: impl FnMut(&str, E) -> Result<Value, SqsError>,
) -> Result<Response, SqsError> {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, entry) in entries {
        match each(&id, entry) {
            Ok(view) => successful.push(view),
            Err(error) => failed.push(json!({
                "Id": id,
                "SenderFault": true,
                "Code": error.code(),
                "Message": error.to_string(),
            })),
        }
    }
    let mut answer = json!({ "Successful": successful });
    if !failed.is_empty() {
        answer["Failed"] = json!(failed);
    }
    Ok(ok(&answer))
}
