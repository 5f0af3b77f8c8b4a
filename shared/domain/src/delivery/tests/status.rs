//! Status, cancel, receipts, presses.

use super::*;

#[test]
fn the_status_is_the_first_line_that_holds() {
    let check = |item: &Notification, ms, expected| assert_eq!(item.status(at(ms)), expected);
    check(&pix(), 100, Status::Accepted);
    check(&claimed(&pix(), 100), 200, Status::Accepted);
    check(&submitted(&pix(), 100), 200, Status::Submitted);
    check(&submitted(&pix(), 100), 3_600_000, Status::Unknown);
    check(&pix(), 3_600_000, Status::Expired);
    check(
        &after(&pix(), &change::cancel(&pix(), at(5))),
        200,
        Status::Cancelled,
    );
    let item = submitted(&pix(), 100);
    check(
        &after(&item, &change::cancel(&item, at(200))),
        300,
        Status::Submitted,
    );
    check(
        &after(
            &pix(),
            &change::suppress(&pix(), SuppressReason::NoConsent, at(5), None),
        ),
        200,
        Status::Suppressed,
    );
    let both = sms_claimed(&item, 30_100, 1);
    let both = after(&both, &change::submitted(&both, 1, at(30_200), Some("m1")));
    check(&both, 30_300, Status::FallbackSent);
    assert_eq!(both.leg_status(1), LegStatus::Sent);
    let read = Receipts {
        read: true,
        ..Receipts::default()
    };
    let late = after(
        &both,
        &change::receipts(&both.tenant, &read, at(40_000)).expect("facts"),
    );
    check(&late, 40_000, Status::Read);
    assert!(late.delivered_twice() && !both.delivered_twice());
    assert_eq!(
        late.leg(0).delivered_at(),
        Some(at(40_000)),
        "read implies delivered"
    );
    let refused = failed(&claimed(&pix(), 100), 200);
    check(&refused, 300, Status::Accepted);
    let sms = sms_claimed(&refused, 300, 1);
    let none = after(
        &sms,
        &change::failed(1, 1, &failure(), at(400), Content::Drop),
    );
    check(&none, 500, Status::Failed);
    let told = Receipts {
        delivered: true,
        ..Receipts::default()
    };
    let told = after(
        &refused,
        &change::receipts(&refused.tenant, &told, at(400)).expect("facts"),
    );
    check(&told, 500, Status::Delivered);
    assert_eq!(told.leg_status(0), LegStatus::Delivered);
}

#[test]
fn cancelling_is_refused_once_it_has_ended_otherwise() {
    let item = submitted(&pix(), 500);
    let read = Receipts {
        read: true,
        ..Receipts::default()
    };
    let read = after(
        &item,
        &change::receipts(&item.tenant, &read, at(900)).expect("facts"),
    );
    assert!(!change::cancel(&read, at(1_000)).permits(&read));
    let sent = sms_claimed(&item, 30_500, 1);
    let sent = after(&sent, &change::submitted(&sent, 1, at(30_600), None));
    assert!(!change::cancel(&sent, at(40_000)).permits(&sent));
    assert!(change::cancel(&item, at(1_000)).permits(&item));
}

#[test]
fn another_tenants_receipt_or_press_changes_nothing() {
    let item = submitted(&pix(), 500);
    let other = crate::ids::TenantId::parse("banco-boreal").expect("tenant");
    let read = Receipts {
        read: true,
        ..Receipts::default()
    };
    assert!(
        !change::receipts(&other, &read, at(900))
            .expect("facts")
            .permits(&item)
    );
    assert!(!change::respond(&other, "abc", "dispute", at(900)).permits(&item));
}

#[test]
fn a_press_is_stored_once_however_often_it_comes() {
    let item = submitted(&pix(), 500);
    let press = change::respond(&item.tenant, "abc", "dispute", at(900));
    let item = after(&item, &press);
    assert!(!press.permits(&item));
    let item = after(
        &item,
        &change::respond(&item.tenant, "def", "call_me", at(950)),
    );
    let actions: Vec<String> = item
        .responses()
        .into_iter()
        .map(|response| response.action)
        .collect();
    assert_eq!(actions, ["dispute", "call_me"]);
    assert_eq!(item.status(at(1_000)), Status::Read);
}

#[test]
fn what_surely_failed_is_failed_and_what_may_have_left_is_unknown() {
    let over = at(3_600_000);
    let refused = failed(&claimed(&pix(), 100), 200);
    assert_eq!(
        refused.status(over),
        Status::Failed,
        "its SMS was held back"
    );
    let silent = claimed(&pix(), 100);
    assert_eq!(silent.status(over), Status::Unknown);
    let guarded = after(
        &code(),
        &change::close(&code(), 0, CloseReason::Guard, at(1), None),
    );
    let first = sms_claimed(&guarded, 100, 1);
    let lost = after(&first, &change::uncertain(&first, 1, at(200)));
    let again = sms_claimed(&lost, 60_100, 2);
    let given_back = after(&again, &change::release(1, &claim(60_100, 0, 2).token));
    assert_eq!(
        given_back.status(over),
        Status::Unknown,
        "the first may have arrived"
    );
    let never = after(&first, &change::release(1, &claim(100, 0, 1).token));
    assert_eq!(never.status(over), Status::Expired);
}
