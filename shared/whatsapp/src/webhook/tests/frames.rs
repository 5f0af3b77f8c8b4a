//! What stands around the updates, and many of them at once.

use super::*;

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
