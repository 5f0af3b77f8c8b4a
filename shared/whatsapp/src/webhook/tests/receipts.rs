//! What became of a message.

use super::*;

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
fn a_template_refused_since_marketing_was_stopped_is_told_with_its_latest_time() {
    let failed = |code: u32, second: &str| {
        let mut status = status("failed", &callback('a', 1));
        status["errors"] = json!([{ "code": code }]);
        status["timestamp"] = json!(second);
        status
    };
    let told = |statuses: Value| fold(&read(&messages(json!({ "statuses": statuses }))).updates);
    let refused = told(json!([
        failed(131_050, "1793400020"),
        failed(131_050, "1793400010"),
        failed(131_049, "1793400030"),
    ]));
    let latest = Timestamp::from_second(1_793_400_020).ok();
    assert_eq!(
        refused.stopped.into_iter().collect::<Vec<_>>(),
        [((notification('a'), ours()), latest)]
    );
    assert_eq!(refused.receipts.len(), 1, "it has failed all the same");
    assert!(
        told(json!([failed(131_049, "1793400030")]))
            .stopped
            .is_empty()
    );
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
