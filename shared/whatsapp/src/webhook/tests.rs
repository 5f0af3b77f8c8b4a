use recado_domain::carried::{Carried, WindowMark};
use recado_domain::delivery::{Failure, FailureKind, Receipts};
use recado_domain::ids::{Callback, NotificationId, PhoneNumberId, RecipientToken, UserId};
use recado_domain::phone::E164;
use serde_json::{Value, json};

use super::*;

mod frames;
mod receipts;

const WAMID: &str = "wamid.SIMULATED0001==";
const USER: &str = "BR.4471920038117265530";

fn notification(letter: char) -> NotificationId {
    NotificationId::parse(&format!("ntf_{}", letter.to_string().repeat(26))).expect("valid")
}

fn callback(letter: char, attempt: u32) -> String {
    Callback {
        notification: notification(letter),
        attempt,
    }
    .to_string()
}

fn number(digits: &str) -> PhoneNumberId {
    PhoneNumberId::parse(digits).expect("valid")
}

fn ours() -> PhoneNumberId {
    number("700000000000001")
}

/// A POST with one change of the field `messages`, whose value also has `more`.
fn messages(more: Value) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "551140000001", "phone_number_id": "700000000000001" },
    });
    let (Value::Object(value), Value::Object(more)) = (&mut value, more) else {
        panic!("objects")
    };
    value.extend(more);
    post("messages", json!(value))
}

fn post(field: &str, value: Value) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": [ {
        "id": "800000000000001", "time": 1_793_400_400, "changes": [ { "field": field, "value": value } ],
    } ] })
}

fn read(post: &Value) -> Notice {
    parse(post.to_string().as_bytes()).expect("JSON")
}

/// The only update of a notice in which nothing is strange.
fn only(post: &Value) -> Update {
    let mut notice = read(post);
    assert!(notice.strange.is_empty(), "{:?}", notice.strange);
    assert_eq!(notice.updates.len(), 1);
    notice.updates.remove(0)
}

fn status(word: &str, callback: &str) -> Value {
    json!({ "id": WAMID, "status": word, "timestamp": "1793400012",
        "recipient_id": "5511987654321", "biz_opaque_callback_data": callback })
}

fn receipt(status: Value) -> Receipt {
    let Update::Receipt(receipt) = only(&messages(json!({ "statuses": [status] }))) else {
        panic!("not a receipt")
    };
    receipt
}

fn inbound(message: Value) -> Inbound {
    let contacts =
        json!([{ "profile": { "name": "Ana" }, "wa_id": "5511987654321", "user_id": USER }]);
    let post = messages(json!({ "contacts": contacts, "messages": [message] }));
    let Update::Inbound(inbound) = only(&post) else {
        panic!("not a message")
    };
    *inbound
}

fn message(kind: &str, content: Value) -> Value {
    let mut message = json!({ "from": "5511987654321", "from_user_id": USER,
        "id": "wamid.INBOUND001==", "timestamp": "1793400100", "type": kind });
    let (Value::Object(into), Value::Object(content)) = (&mut message, content) else {
        panic!("objects")
    };
    into.extend(content);
    message
}

fn ana() -> Person {
    Person {
        phone: Some(E164::parse("+5511987654321").expect("valid")),
        user: Some(UserId::parse(USER).expect("valid")),
    }
}

#[test]
fn a_customers_words_and_presses_arrive() {
    let check = |kind: &str, content: Value, expected: InboundContent| {
        let read = inbound(message(kind, content));
        assert!(
            read.content == expected,
            "{kind} is read as {}",
            read.content.label()
        );
        assert!(read.from == ana() && read.number == ours());
        assert_eq!(read.id.expose(), "wamid.INBOUND001==");
        assert_eq!(read.at.map(Timestamp::as_second), Some(1_793_400_100));
    };
    check(
        "text",
        json!({ "text": { "body": "Olá" } }),
        InboundContent::Text {
            body: "Olá".into()
        },
    );
    check(
        "button",
        json!({ "button": { "payload": "ntf_x:dispute", "text": "Não fui eu" } }),
        InboundContent::Button {
            payload: "ntf_x:dispute".into(),
            text: "Não fui eu".into(),
        },
    );
    check(
        "interactive",
        json!({ "interactive": { "type": "button_reply", "button_reply": { "id": "no", "title": "Não" } } }),
        InboundContent::ButtonReply {
            id: "no".into(),
            title: "Não".into(),
        },
    );
    check(
        "interactive",
        json!({ "interactive": { "type": "list_reply", "list_reply": { "id": "card", "title": "Cartão" } } }),
        InboundContent::ListReply {
            id: "card".into(),
            title: "Cartão".into(),
        },
    );
    check(
        "interactive",
        json!({ "interactive": { "type": "nfm_reply" } }),
        InboundContent::Other,
    );
    check(
        "image",
        json!({ "image": { "id": "1", "caption": "Boleto" } }),
        InboundContent::Media {
            kind: MediaKind::Image,
            caption: Some("Boleto".into()),
        },
    );
    for (kind, expected) in [
        ("video", MediaKind::Video),
        ("audio", MediaKind::Audio),
        ("document", MediaKind::Document),
        ("sticker", MediaKind::Sticker),
    ] {
        check(
            kind,
            json!({ kind: {} }),
            InboundContent::Media {
                kind: expected,
                caption: None,
            },
        );
    }
    check(
        "location",
        json!({ "location": { "latitude": -23.5 } }),
        InboundContent::Location,
    );
    check(
        "contacts",
        json!({ "contacts": [] }),
        InboundContent::Contacts,
    );
    check("order", json!({ "order": {} }), InboundContent::Order);
    check(
        "unsupported",
        json!({ "errors": [{ "code": 131_051 }] }),
        InboundContent::Unsupported,
    );
    check("request_welcome", json!({}), InboundContent::Other);
    check("hologram", json!({ "hologram": {} }), InboundContent::Other);
}

#[test]
fn a_reply_names_the_message_that_it_answers() {
    let quoting =
        json!({ "text": { "body": "Sim" }, "context": { "from": "551140000001", "id": WAMID } });
    assert_eq!(
        inbound(message("text", quoting))
            .in_reply_to
            .as_ref()
            .map(MessageId::expose),
        Some(WAMID)
    );

    let forwarded = json!({ "text": { "body": "Sim" }, "context": { "forwarded": true } });
    assert!(inbound(message("text", forwarded)).in_reply_to.is_none());

    let reaction = inbound(message(
        "reaction",
        json!({ "reaction": { "message_id": WAMID, "emoji": "👍" } }),
    ));
    assert_eq!(
        reaction.in_reply_to.as_ref().map(MessageId::expose),
        Some(WAMID)
    );
    assert!(
        reaction.content
            == InboundContent::Reaction {
                emoji: Some("👍".into())
            }
    );
    let removed = inbound(message(
        "reaction",
        json!({ "reaction": { "message_id": WAMID, "emoji": "" } }),
    ));
    assert!(removed.content == InboundContent::Reaction { emoji: None });
}

#[test]
fn a_changed_number_is_told_with_what_is_disclosed_of_the_new_one() {
    let system = json!({ "type": "user_changed_number", "body": "x", "wa_id": "5521912345678", "user_id": "BR.99" });
    let InboundContent::System(SystemEvent::ChangedNumber { now: Some(now) }) =
        inbound(message("system", json!({ "system": system }))).content
    else {
        panic!("not a changed number")
    };
    assert_eq!(now.phone, E164::parse("+5521912345678").ok());

    let other = inbound(message(
        "system",
        json!({ "system": { "type": "customer_identity_changed" } }),
    ));
    assert!(other.content == InboundContent::System(SystemEvent::Other));
}

#[test]
fn a_customer_without_a_number_is_known_by_their_id_and_a_stranger_by_nothing() {
    let mut nameless = message("text", json!({ "text": { "body": "Oi" } }));
    nameless["from"] = json!("");
    let contacts = json!([{ "wa_id": "", "user_id": USER }]);
    let post = |message: &Value, contacts: &Value| {
        messages(json!({ "contacts": contacts, "messages": [message] }))
    };
    let Update::Inbound(read) = only(&post(&nameless, &contacts)) else {
        panic!("not a message")
    };
    assert!(
        read.from
            == Person {
                phone: None,
                ..ana()
            }
    );

    // The message names nobody: the only contact wrote it.
    nameless["from_user_id"] = json!(null);
    let Update::Inbound(read) = only(&post(&nameless, &contacts)) else {
        panic!("not a message")
    };
    assert!(
        read.from
            == Person {
                phone: None,
                ..ana()
            }
    );

    // Of two contacts nobody knows which.
    let two = json!([{ "user_id": USER }, { "user_id": "BR.2" }]);
    for contacts in [two, json!([]), json!("none")] {
        let notice = read_strange(&post(&nameless, &contacts));
        assert_eq!(notice, [(Strange::Sender, 1)]);
    }
}

fn read_strange(post: &Value) -> Vec<(Strange, u32)> {
    let notice = read(post);
    assert!(notice.updates.is_empty());
    notice.strange.into_iter().collect()
}

#[test]
fn a_marketing_preference_is_read_and_nothing_else_is_taken_for_one() {
    let preference = |category: &str, value: &str| {
        messages(
            json!({ "user_preferences": [ { "wa_id": "5511987654321", "user_id": USER,
            "category": category, "value": value, "timestamp": 1_793_400_300 } ] }),
        )
    };
    for (value, choice) in [("stop", Choice::Stop), ("resume", Choice::Resume)] {
        let mut post = preference("marketing_messages", value);
        post["entry"][0]["changes"][0]["field"] = json!("user_preferences");
        let Update::Preference(read) = only(&post) else {
            panic!("not a preference")
        };
        assert!(read.from == ana() && read.choice == choice && read.at.is_some());
    }
    for (category, value) in [
        ("marketing_messages", "signup"),
        ("utility_messages", "stop"),
    ] {
        assert_eq!(
            read_strange(&preference(category, value)),
            [(Strange::Preference, 1)]
        );
    }
}

#[test]
fn an_error_of_the_system_is_passed_on() {
    let Update::SystemError(error) = only(&messages(json!({ "errors": [{ "code": 131_035 }] })))
    else {
        panic!("not an error")
    };
    assert_eq!((error.number, error.failure.code), (ours(), Some(131_035)));
}

#[test]
fn what_is_printed_of_a_person_is_masked() {
    assert_eq!(format!("{:?}", ana()), "Person(+55 (11) *****-4321)");
    assert_eq!(
        format!(
            "{:?}",
            Person {
                phone: None,
                ..ana()
            }
        ),
        "Person(without a number)"
    );
}

#[test]
fn deeply_nested_rubbish_does_not_overflow_the_stack() {
    let depth = 200_000;
    let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let status = format!(r#"{{"status":"read","recipient_id":{deep},"more":{deep}}}"#);
    let body = messages(json!({ "statuses": ["here"] }))
        .to_string()
        .replace("\"here\"", &status);
    let notice = parse(body.as_bytes()).expect("JSON");
    assert_eq!(notice.updates.len(), 1);
}

#[test]
fn every_field_that_an_app_is_subscribed_to_is_read() {
    let others = |field: &str| {
        let notice = read(&post(field, json!({ "statuses": [] })));
        notice.ignored.contains_key(&Ignored::Other)
    };
    for field in FIELDS {
        assert!(!others(field), "{field}");
    }
    assert!(others("automatic_events"));
}
