use recado_domain::carried::{Carried, WindowMark};
use recado_domain::delivery::{Failure, FailureKind, Receipts};
use recado_domain::ids::{Callback, NotificationId, PhoneNumberId, RecipientToken, UserId};
use recado_domain::phone::E164;
use serde_json::{Value, json};

use super::*;

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
fn a_receipt_leads_to_its_notification_and_attempt() {
    let read = receipt(status("delivered", &callback('a', 2)));
    assert_eq!(read.number, ours());
    assert_eq!(
        read.carried,
        Some(Carried::Attempt(Callback {
            notification: notification('a'),
            attempt: 2
        }))
    );
    assert_eq!(read.status, ReceiptStatus::Delivered);
    assert_eq!(read.at.map(Timestamp::as_second), Some(1_793_400_012));
    assert_eq!(read.contact.and_then(|it| it.phone), ana().phone);
}

#[test]
fn every_state_of_a_message_is_told_apart() {
    for (word, expected) in [
        ("sent", ReceiptStatus::Sent),
        ("delivered", ReceiptStatus::Delivered),
        ("read", ReceiptStatus::Read),
        ("played", ReceiptStatus::Read),
        ("deleted", ReceiptStatus::Other(OtherStatus::Deleted)),
        ("warning", ReceiptStatus::Other(OtherStatus::Warning)),
        ("teleported", ReceiptStatus::Other(OtherStatus::Unknown)),
    ] {
        assert_eq!(
            receipt(status(word, &callback('a', 1))).status,
            expected,
            "{word}"
        );
    }
}

#[test]
fn a_failure_says_whose_fault_it_is_and_repeats_nothing_of_metas_text() {
    let mut failed = status("failed", &callback('a', 1));
    failed["errors"] = json!([{ "code": 131_026, "title": "Message undeliverable to +5511987654321",
        "message": "x", "error_data": { "details": "y" }, "href": "/z" }]);
    let ReceiptStatus::Failed(failure) = receipt(failed.clone()).status else {
        panic!("not failed")
    };
    assert_eq!(
        (failure.kind, failure.code),
        (FailureKind::Permanent, Some(131_026))
    );
    assert!(!failure.title.contains("5511"), "{}", failure.title);

    for errors in [json!([]), json!([{}]), json!("none"), json!(null)] {
        failed["errors"] = errors;
        let ReceiptStatus::Failed(failure) = receipt(failed.clone()).status else {
            panic!("not failed")
        };
        assert_eq!((failure.kind, failure.code), (FailureKind::Technical, None));
    }
}

#[test]
fn a_receipt_that_carries_nothing_of_ours_is_kept_apart() {
    for text in ["", "msg:01JABCDEF", "ntf_short.1"] {
        assert_eq!(receipt(status("delivered", text)).carried, None, "{text}");
    }
    let bare = receipt(json!({ "status": "read" }));
    assert!(bare.carried.is_none() && bare.at.is_none() && bare.contact.is_none());
}

#[test]
fn a_receipt_for_somebody_without_a_number_names_them_by_their_id() {
    let mut read = status("read", &callback('a', 1));
    read["recipient_id"] = json!("");
    read["recipient_user_id"] = json!(USER);
    let contact = receipt(read).contact.expect("named");
    assert!(
        contact
            == Person {
                phone: None,
                ..ana()
            }
    );
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
fn one_strange_entry_harms_itself_alone() {
    let good = status("delivered", &callback('a', 1));
    let strange = json!([
        good, 7, "text", null, [], {}, { "status": 7 }, { "status": "" }, good,
        { "status": "delivered", "biz_opaque_callback_data": 7, "timestamp": [], "recipient_id": {} },
    ]);
    let notice = read(&messages(json!({ "statuses": strange })));
    assert_eq!(notice.updates.len(), 3);
    assert_eq!(
        notice.strange.into_iter().collect::<Vec<_>>(),
        [(Strange::Receipt, 7)]
    );

    let text = message("text", json!({ "text": { "body": "Oi" } }));
    let strange = json!([
        text, message("text", json!({})), message("text", json!({ "text": { "body": 7 } })),
        message("button", json!({ "button": {} })), { "type": "text" }, 7, text,
    ]);
    let notice = read(&messages(
        json!({ "messages": strange, "statuses": [good], "errors": [{}] }),
    ));
    assert_eq!(notice.updates.len(), 3);
    let counted = [(Strange::Message, 5), (Strange::SystemError, 1)];
    assert_eq!(notice.strange.into_iter().collect::<Vec<_>>(), counted);
}

#[test]
fn strange_frames_leave_the_others_alone() {
    let good =
        messages(json!({ "statuses": [status("read", &callback('a', 1))] }))["entry"][0].clone();
    let mut nobody = good.clone();
    nobody["changes"][0]["value"]["metadata"] = json!({ "phone_number_id": "not digits" });
    let mut no_list = good.clone();
    no_list["changes"][0]["value"]["statuses"] = json!({ "status": "read" });
    let frames = json!([
        7, {}, { "changes": 7 }, { "changes": [7, { "field": "messages" }, { "value": {} }] },
        nobody, no_list, good,
    ]);
    let notice = read(&json!({ "object": "whatsapp_business_account", "entry": frames }));
    assert_eq!(notice.updates.len(), 1);
    let counted = [
        (Strange::Entry, 3),
        (Strange::Change, 4),
        (Strange::Number, 1),
    ];
    assert_eq!(notice.strange.into_iter().collect::<Vec<_>>(), counted);
}

#[test]
fn json_that_is_no_notice_is_counted_and_what_is_no_json_is_refused() {
    for body in [
        "7",
        "[]",
        "{}",
        r#"{"object":"page","entry":[]}"#,
        r#"{"object":"whatsapp_business_account"}"#,
    ] {
        assert_eq!(
            read_strange(&serde_json::from_str(body).expect("JSON")),
            [(Strange::Envelope, 1)],
            "{body}"
        );
    }
    for body in [
        &b""[..],
        b"{",
        b"sent=1",
        b"{}{}",
        b"\xff\xfe",
        &messages(json!({})).to_string().as_bytes()[..90],
    ] {
        assert!(parse(body) == Err(NotJson));
    }
}

#[test]
fn a_thousand_receipts_in_three_megabytes_are_folded_to_their_notifications() {
    let padding = "x".repeat(2_700);
    let word = |place: usize| {
        if place.is_multiple_of(2) {
            "sent"
        } else {
            "delivered"
        }
    };
    let letter = |place: usize| char::from(b'a' + u8::try_from(place / 2 % 20).expect("small"));
    let statuses: Vec<Value> = (0..1_000)
        .map(|place| {
            let mut status = status(word(place), &callback(letter(place), 1));
            status["conversation"] = json!({ "id": padding, "origin": { "type": "utility" } });
            status
        })
        .collect();
    let body = messages(json!({ "statuses": statuses })).to_string();
    assert!(
        (2_800_000..MAX_BODY).contains(&body.len()),
        "{}",
        body.len()
    );
    let notice = parse(body.as_bytes()).expect("JSON");
    assert_eq!(notice.updates.len(), 1_000);
    let folded = fold(&notice.updates);
    assert_eq!((folded.sent, folded.receipts.len()), (500, 20));
    assert!(
        folded
            .receipts
            .values()
            .all(|it| it.delivered && !it.read && it.failed.is_none())
    );
}

#[test]
fn whatever_order_the_receipts_come_in_they_fold_to_the_same() {
    let failed = |attempt: u32, code: u32| {
        let mut status = status("failed", &callback('a', attempt));
        status["errors"] = json!([{ "code": code }]);
        status
    };
    let statuses = vec![
        failed(1, 131_000),
        failed(2, 131_026),
        failed(2, 131_026),
        status("sent", &callback('a', 2)),
        status("read", &callback('b', 1)),
        status("delivered", &callback('c', 1)),
        status("read", &callback('c', 1)),
        status("deleted", &callback('c', 1)),
        status("delivered", "somebody else's"),
    ];
    let folded =
        |statuses: &[Value]| fold(&read(&messages(json!({ "statuses": statuses }))).updates);
    let expected = folded(&statuses);
    assert_eq!((expected.sent, expected.other, expected.foreign), (1, 1, 1));
    let of = |letter| &expected.receipts[&(notification(letter), ours())];
    let title = |failure: &Failure| failure.code;
    assert_eq!(
        of('a')
            .failed
            .as_ref()
            .map(|(attempt, it)| (*attempt, title(it))),
        Some((2, Some(131_026)))
    );
    assert_eq!(
        *of('b'),
        Receipts {
            read: true,
            ..Receipts::default()
        }
    );
    assert_eq!(
        *of('c'),
        Receipts {
            delivered: true,
            read: true,
            failed: None
        }
    );
    assert_eq!(expected.receipts.len(), 3);
    for turn in 0..statuses.len() {
        let mut turned = statuses.clone();
        turned.rotate_left(turn);
        assert_eq!(folded(&turned), expected);
        turned.reverse();
        assert_eq!(folded(&turned), expected);
    }
}

#[test]
fn another_numbers_receipt_is_not_mixed_with_ours() {
    let statuses = json!({ "statuses": [status("read", &callback('a', 1))] });
    let mut post = messages(statuses.clone());
    let mut other = messages(statuses)["entry"][0].clone();
    other["changes"][0]["value"]["metadata"]["phone_number_id"] = json!("700000000000002");
    post["entry"].as_array_mut().expect("list").push(other);
    let folded = fold(&read(&post).updates);
    let keys: Vec<_> = folded.receipts.into_keys().collect();
    let key = |digits| (notification('a'), number(digits));
    assert_eq!(keys, [key("700000000000001"), key("700000000000002")]);
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
fn a_free_form_message_refused_for_its_window_closes_it_and_another_failure_does_not() {
    let mark = WindowMark {
        recipient: RecipientToken::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid"),
        until: Timestamp::from_millisecond(1_793_400_012_345).expect("valid"),
    };
    let carried = Carried::Window(mark.clone()).to_string();
    let told = |word: &str, code: Option<u32>| {
        let mut status = status(word, &carried);
        if let Some(code) = code {
            status["errors"] = json!([{ "code": code }]);
        }
        fold(&read(&messages(json!({ "statuses": [status] }))).updates)
    };
    let closed = |word, code| told(word, code).closed.into_iter().collect::<Vec<_>>();
    assert_eq!(closed("failed", Some(131_047)), [(mark, ours())]);
    assert_eq!(closed("failed", Some(131_026)), []);
    assert_eq!(closed("failed", None), []);
    assert_eq!(closed("delivered", Some(131_047)), []);
    for (word, sent, other) in [("sent", 1, 0), ("delivered", 0, 1), ("failed", 0, 1)] {
        let folded = told(word, None);
        assert_eq!(
            (folded.sent, folded.other, folded.foreign),
            (sent, other, 0)
        );
        assert!(folded.receipts.is_empty(), "{word}");
    }
}
