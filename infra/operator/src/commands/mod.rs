//! The commands: what each reads, and how its answer looks.

pub(crate) mod check;
pub(crate) mod import;
pub(crate) mod onboard;
pub(crate) mod reconcile;
pub(crate) mod redrive;
pub(crate) mod secrets;
pub(crate) mod stuck;
pub(crate) mod switches;
pub(crate) mod templates;

use recado_dynamodb::UnreadableItem;
use serde_json::{Value, json};

use crate::output::{table, utc};

fn unreadable_json(items: &[UnreadableItem]) -> Value {
    let one = |item: &UnreadableItem| {
        json!({
            "key": key(item), "tenant": item.tenant, "reason": item.reason,
            "accepted_at": item.accepted_at.map(utc),
        })
    };
    items.iter().map(one).collect()
}

fn unreadable_text(items: &[UnreadableItem]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let rows: Vec<[String; 4]> = items
        .iter()
        .map(|item| {
            [
                key(item),
                item.tenant.as_ref().map_or_else(dash, ToString::to_string),
                item.accepted_at.map_or_else(dash, utc),
                item.reason.clone(),
            ]
        })
        .collect();
    format!(
        "\nunreadable: {}\n{}",
        items.len(),
        table(["key", "tenant", "accepted", "reason"], &rows)
    )
}

fn key(item: &UnreadableItem) -> String {
    match &item.id {
        Some(id) => format!("NTF#{id}"),
        // Somebody wrote it by hand: it may hold anything.
        None => "NTF#, and no id of ours".to_owned(),
    }
}

fn dash() -> String {
    "-".to_owned()
}
