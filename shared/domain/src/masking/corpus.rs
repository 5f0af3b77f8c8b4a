//! Ordinary messages in four languages: what the transcript's grade hides of them without need.

use serde::Deserialize;

use super::*;

/// One message that holds nothing to hide. `about` is what its numbers are; utterances have few.
#[derive(Deserialize)]
struct Message {
    about: String,
    text: String,
}

fn corpus() -> Vec<Message> {
    include_str!("../../../../tests/fixtures/ordinary_messages.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a message"))
        .collect()
}

/// Of 610 messages, 320 as customers write them and 290 full of dates, amounts, postal codes, protocols,
/// tracking codes, EAN, invoices, court cases, PIS and voters' numbers, orders: one is changed. Its 13
/// random digits have Luhn's sum and begin like a Maestro; nothing tells them from a card.
#[test]
fn one_ordinary_message_in_six_hundred_is_changed_without_need() {
    let corpus = corpus();
    assert_eq!(corpus.len(), 610);
    let changed: Vec<String> = corpus
        .iter()
        .filter(|message| for_transcript(&message.text) != message.text)
        .map(|message| format!("{}: {}", message.about, message.text))
        .collect();
    assert_eq!(changed, ["order: compra 6948309633273 na loja"]);
}

#[test]
fn what_is_sent_is_refused_without_need_as_seldom() {
    let refused: Vec<String> = corpus()
        .into_iter()
        .filter(|message| !forbidden(&message.text).is_empty())
        .map(|message| message.text)
        .collect();
    assert_eq!(refused, ["compra 6948309633273 na loja"]);
}
