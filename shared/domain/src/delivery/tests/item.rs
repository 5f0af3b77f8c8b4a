//! The item itself: what a write puts down reads back, and what a claim leaves behind.

use super::super::change::{close, release, suppress, uncertain};
use super::*;

#[test]
fn what_a_write_puts_down_reads_back() {
    let held = Claim {
        known_user: Some("digest".into()),
        ..claim(100, 10_100, 1)
    };
    let item = after(&pix(), &change::claim_first(&pix(), &held));
    let first = item.leg(0);
    assert_eq!(first.token(), Some(held.token.clone()));
    assert_eq!(first.claimed_at(), Some(held.at));
    assert_eq!(first.until(), Some(held.until));
    assert_eq!(first.attempt(), Some(1));
    assert_eq!(first.known_user(), Some("digest"));
    assert_eq!(first.opened_because(), Some(OpenedBecause::First));
    for code in [Some(131_026), None] {
        let failure = Failure {
            kind: FailureKind::Technical,
            code,
            title: "a title | with its own bar".into(),
        };
        let item = after(
            &item,
            &change::failed(0, 1, &failure, at(200), Content::Keep),
        );
        assert_eq!(item.leg(0).failure(), Some(failure));
    }
    let sms = sms_claimed(&submitted(&pix(), 500), 30_500, 1);
    assert_eq!(sms.leg(0).known_user(), None);
    let sms = after(&sms, &change::submitted(&sms, 1, at(30_600), Some("m1")));
    assert_eq!(sms.leg(1).provider_id(), Some("m1"));
    assert_eq!(
        sms.leg(1).opened_because(),
        Some(OpenedBecause::NotDeliveredInTime)
    );
}

#[test]
fn the_content_is_sealed_under_the_items_key() {
    // Whatever was sealed before an upgrade must open after it.
    assert_eq!(pix().associated(), format!("NTF#{}", pix().id.as_str()));
}

#[test]
fn a_repeated_request_is_queued_again_only_while_nothing_happened() {
    assert!(pix().untouched());
    assert!(!claimed(&pix(), 100).untouched());
    let around = close(&pix(), 0, CloseReason::NoWhatsappConsent, at(1), None);
    assert!(!after(&pix(), &around).untouched());
    assert!(!after(&pix(), &change::cancel(&pix(), at(5))).untouched());
    let suppressed = suppress(&pix(), SuppressReason::NoConsent, at(5), None);
    assert!(!after(&pix(), &suppressed).untouched());
}

#[test]
fn a_leg_is_over_when_it_was_accepted_or_failed_or_closed() {
    let held = claimed(&pix(), 100);
    assert!(!pix().leg(0).is_done() && !held.leg(0).is_done());
    assert!(submitted(&pix(), 100).leg(0).is_done());
    assert!(failed(&held, 200).leg(0).is_done());
    let around = close(&pix(), 0, CloseReason::NoWhatsappConsent, at(1), None);
    assert!(after(&pix(), &around).leg(0).is_done());
}

#[test]
fn a_claim_given_back_leaves_whatsapp_as_new_and_an_sms_with_its_attempt() {
    let item = after(&claimed(&pix(), 100), &release(0, &token(100)));
    assert_eq!(item, pix());
    // Else its one repetition would become two.
    let sms = sms_claimed(&submitted(&code(), 500), 30_500, 1);
    let item = after(&sms, &release(1, &token(30_500)));
    assert_eq!(item.leg(1).token(), None);
    assert_eq!(item.leg(1).attempt(), Some(1));
}

#[test]
fn what_may_have_left_by_the_only_leg_keeps_no_content() {
    let alone = claimed(&notification(Class::Security, &[Whatsapp]), 100);
    let unknown = after(&alone, &uncertain(&alone, 0, at(8_100)));
    assert!(unknown.content.is_none());
    let both = claimed(&code(), 100);
    let unknown = after(&both, &uncertain(&both, 0, at(8_100)));
    assert!(unknown.content.is_some(), "the SMS may still need it");
}
