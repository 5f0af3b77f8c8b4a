//! A customer's words: their rule for keywords, and their way through the webhook.

use recado_domain::consent::Keyword;
use recado_domain::ids::{PressPayload, UserId};
use recado_whatsapp::webhook::{InboundContent, Update, parse};
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

/// A message's text.
pub fn inbound_text(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    keyword(&text);
    arrives_as_written(&text);
    ids_read_back(&text);
}

/// The word alone: case, accents, what is invisible and punctuation around it do not count, anything else
/// does.
fn keyword(text: &str) {
    let read = Keyword::read(text);
    let decomposed: String = text.nfd().collect();
    let composed: String = text.nfc().collect();
    let spellings = [
        decomposed,
        composed,
        format!(" {text}! "),
        format!("\u{201c}{text}\u{201d}."),
        format!("*{text}*"),
        text.chars().flat_map(|c| [c, '\u{200b}']).collect(),
        format!("{}{text}", "🛑".repeat(20)),
    ];
    for other in spellings.iter().chain(&upper(text)) {
        assert_eq!(
            Keyword::read(other),
            read,
            "another spelling means something else: {other:?}"
        );
    }
    if read.is_some() {
        for other in [
            format!("{text} cartão"),
            format!("não {text}"),
            format!("{text}x"),
            format!("7{text}"),
            format!("{text} {text}"),
        ] {
            assert_eq!(
                Keyword::read(&other),
                None,
                "{other:?} is more than the word"
            );
        }
    }
}

/// The text in capitals, where that is a matter of case alone.
fn upper(text: &str) -> Option<String> {
    text.is_ascii().then(|| text.to_ascii_uppercase())
}

/// Through JSON, whatever it holds, unchanged; an empty text says nothing.
fn arrives_as_written(text: &str) {
    let post = |kind: &str, content: serde_json::Value| {
        let mut message = json!({ "from": "5511987654321", "id": "wamid.A", "type": kind });
        message[kind] = content;
        json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [{ "field": "messages",
            "value": { "metadata": { "phone_number_id": "700000000000001" }, "messages": [message] } }] }] })
        .to_string()
    };
    let read = |body: String| {
        let Ok(notice) = parse(body.as_bytes()) else {
            panic!("JSON is read")
        };
        let told = notice.updates.len() + notice.strange.values().sum::<u32>() as usize;
        assert_eq!(told, 1, "a message vanishes");
        match notice.updates.into_iter().next() {
            Some(Update::Inbound(inbound)) => Some(inbound.content),
            Some(_) => panic!("a message is read as something else"),
            None => None,
        }
    };
    match read(post("text", json!({ "body": text }))) {
        Some(InboundContent::Text { body }) => assert_eq!(body, text),
        Some(_) => panic!("words are read as something else"),
        None => assert!(text.is_empty(), "words are lost"),
    }
    match read(post("button", json!({ "payload": text, "text": text }))) {
        Some(InboundContent::Button {
            payload,
            text: label,
        }) => {
            assert_eq!((payload.as_str(), label.as_str()), (text, text));
        }
        Some(_) => panic!("a press is read as something else"),
        None => assert!(text.is_empty(), "a press is lost"),
    }
}

/// What comes back inside a message: exactly its form, or nothing of ours.
fn ids_read_back(text: &str) {
    if let Ok(press) = PressPayload::parse(text) {
        assert_eq!(press.to_string(), text);
    }
    if let Ok(user) = UserId::parse(text) {
        assert_eq!(user.as_str(), text);
        let printed = format!("{user:?}");
        assert!(text.len() < 8 || !printed.contains(text), "{printed}");
    }
}
