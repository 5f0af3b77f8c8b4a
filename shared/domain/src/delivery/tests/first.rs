//! The first leg, line by line.

use super::*;

#[test]
fn guard_before_job_and_only_on_the_critical_lane() {
    let hand = |item: &Notification| -> Vec<String> {
        accepted(item)
            .into_iter()
            .map(|handoff| word(&Effect::HandOff(handoff)))
            .collect()
    };
    assert_eq!(hand(&pix()), ["enqueue 1 0"]);
    assert_eq!(hand(&code()), ["arm 1 Guard 10000", "enqueue 1 0"]);
    assert_eq!(
        hand(&notification(Class::Security, &[Whatsapp])),
        ["enqueue 1 0"]
    );
}

#[test]
fn the_sender_paces_then_arms_then_claims_then_posts() {
    assert_eq!(say(&pix(), &job(Permission::Granted), 100), ["pace"]);
    let paced = Event::Paced {
        attempt: 1,
        known_user: None,
    };
    assert_eq!(
        say(&pix(), &paced, 200),
        ["arm 1 Open 31200", "claim 0 until 10200"]
    );
    let held = claim(200, 10_200, 1);
    assert_eq!(
        say(
            &pix(),
            &Event::Claimed {
                leg: 0,
                claim: held.clone()
            },
            200
        ),
        ["post 0 after 0"]
    );
    let offer = notification(Class::Marketing, &[Whatsapp]);
    assert_eq!(say(&offer, &paced, 200), ["claim 0 until 10200"]);
    assert_eq!(
        say(
            &offer,
            &Event::Claimed {
                leg: 0,
                claim: held.clone()
            },
            200
        ),
        ["count"]
    );
    let counted = |verdict| Event::Counted {
        leg: 0,
        claim: held.clone(),
        verdict,
    };
    assert_eq!(
        say(&offer, &counted(CapVerdict::Within), 200),
        ["post 0 after 0"]
    );
    assert_eq!(
        say(&offer, &counted(CapVerdict::Exceeded), 200),
        ["record su sb -l0t drop", "record -l0t"]
    );
}

#[test]
fn a_post_never_starts_so_late_that_it_could_end_after_its_claim() {
    let held = claim(200, 10_200, 1);
    let effects = step(
        &pix(),
        &Event::Claimed {
            leg: 0,
            claim: held,
        },
        &context(200),
    );
    let [Effect::Post { not_after, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(*not_after, at(2_200));
}

#[test]
fn every_way_around_whatsapp_closes_it_first() {
    let around = Permission::NotThisLeg(CloseReason::NoWhatsappConsent);
    assert_eq!(
        say(&pix(), &job(around), 100),
        ["require l0k l0b", "arm 1 Open 100"]
    );
    assert_eq!(
        say(&code(), &job(Permission::Granted), 10_000),
        ["require l0k l0b", "arm 1 Open 10000"]
    );
    let never = Permission::NotAtAll(SuppressReason::NoConsent);
    assert_eq!(say(&pix(), &job(never), 100), ["require su sb drop"]);
    assert_eq!(
        say(
            &notification(Class::Transactional, &[Whatsapp]),
            &job(around),
            100
        ),
        ["require su sb drop"]
    );
}

#[test]
fn a_template_that_meta_keeps_back_opens_the_next_leg_or_ends_the_message_with_its_reason() {
    let lone = notification(Class::Transactional, &[Whatsapp]);
    let check = |closed: CloseReason, suppressed: SuppressReason| {
        let around = job(Permission::NotThisLeg(closed));
        assert_eq!(
            say(&pix(), &around, 100),
            ["require l0k l0b", "arm 1 Open 100"]
        );
        let because = OpenedBecause::after(closed);
        assert_eq!(because, OpenedBecause::TemplateUnavailable, "{closed:?}");
        let effects = step(&lone, &around, &context(100));
        let expected = change::suppress(&lone, suppressed, at(100), None);
        assert_eq!(effects, [Effect::Require(expected)], "{closed:?}");
    };
    check(
        CloseReason::TemplatePending,
        SuppressReason::TemplatePending,
    );
    check(
        CloseReason::TemplateRejected,
        SuppressReason::TemplateRejected,
    );
    check(CloseReason::TemplatePaused, SuppressReason::TemplatePaused);
    check(
        CloseReason::TemplateDisabled,
        SuppressReason::TemplateDisabled,
    );
    check(
        CloseReason::TemplateUnavailable,
        SuppressReason::TemplateUnavailable,
    );
    check(
        CloseReason::TemplateRecategorised,
        SuppressReason::TemplateRecategorised,
    );
    check(CloseReason::FrequencyCap, SuppressReason::FrequencyCap);
}

#[test]
fn a_job_that_comes_again_sends_nothing_again() {
    let granted = job(Permission::Granted);
    assert!(say(&submitted(&pix(), 100), &granted, 500).is_empty());
    // Another one looks again: this may be a copy of the holder's own message, which the holder still needs if
    // it gives the claim back and no queue takes the next job.
    assert_eq!(
        say(&claimed(&pix(), 100), &granted, 500),
        ["enqueue 1 9600"]
    );
    // What died between a claim and its outcome is told, and its next leg surely opens.
    let silent = claimed(&pix(), 100);
    assert_eq!(
        say(&silent, &granted, 10_100),
        ["require l0x", "arm 1 Open 40100"]
    );
    let told = after(&silent, &change::uncertain(&silent, 0, at(10_100)));
    assert_eq!(say(&told, &granted, 10_200), ["arm 1 Open 40100"]);
    assert!(say(&sms_claimed(&told, 40_100, 1), &granted, 40_200).is_empty());
    let offer = notification(Class::Marketing, &[Whatsapp]);
    assert_eq!(
        say(&claimed(&offer, 100), &granted, 500),
        ["enqueue 1 9600"]
    );
    assert_eq!(
        say(&claimed(&offer, 100), &granted, 10_100),
        ["require l0x drop"]
    );
    // The function died between closing, or failing, and opening the next leg.
    let closed = after(
        &pix(),
        &change::close(&pix(), 0, CloseReason::NoWhatsappConsent, at(1), None),
    );
    assert_eq!(say(&closed, &granted, 500), ["arm 1 Open 500"]);
    assert_eq!(
        say(&failed(&claimed(&pix(), 100), 200), &granted, 500),
        ["arm 1 Open 500"]
    );
    let over = say(&pix(), &granted, 3_600_000);
    assert_eq!(over, ["record drop"]);
}

#[test]
fn the_four_ends_of_a_post() {
    let item = claimed(&pix(), 200);
    let posted = |outcome| Event::Posted {
        leg: 0,
        claim: claim(200, 10_200, 1),
        outcome,
    };
    let not_sent = |seconds| PostOutcome::NotSent {
        failure: failure(),
        retry_after: Duration::from_secs(seconds),
    };
    let check =
        |outcome, ms, expected: &[&str]| assert_eq!(say(&item, &posted(outcome), ms), expected);
    check(
        PostOutcome::Accepted { provider_id: None },
        300,
        &["record l0s"],
    );
    check(
        PostOutcome::Held,
        300,
        &["record l0f l0g", "arm 1 Open 300"],
    );
    check(
        PostOutcome::Rejected(failure()),
        300,
        &["record l0f l0g", "arm 1 Open 300"],
    );
    check(PostOutcome::Unknown, 8_300, &["record l0x"]);
    check(not_sent(1), 300, &["post 0 after 1000"]);
    check(not_sent(1), 1_300, &["record -l0t", "enqueue 2 1000"]);
    check(not_sent(4), 300, &["record -l0t", "enqueue 2 4000"]);
    let last = notification(Class::Marketing, &[Whatsapp]);
    assert_eq!(
        say(&last, &posted(PostOutcome::Rejected(failure())), 300),
        ["record l0f l0g drop"]
    );
    assert_eq!(
        say(
            &last,
            &posted(PostOutcome::Accepted { provider_id: None }),
            300
        ),
        ["record l0s drop"]
    );
}

#[test]
fn whatsapp_is_claimed_once_and_released_only_by_its_holder() {
    let again = |item: &Notification| change::claim_first(item, &claim(9, 99, 2)).permits(item);
    let item = claimed(&pix(), 500);
    assert!(!again(&item));
    assert!(!change::release(0, &token(1)).permits(&item));
    let free = after(&item, &change::release(0, &token(500)));
    assert!(again(&free));
    assert!(!again(&after(
        &pix(),
        &change::close(&pix(), 0, CloseReason::Guard, at(1), None)
    )));
    assert!(!again(&after(&pix(), &change::cancel(&pix(), at(1)))));
    assert!(!change::close(&item, 0, CloseReason::Guard, at(1), None).permits(&item));
    assert!(!change::release(0, &token(500)).permits(&submitted(&pix(), 500)));
    assert!(change::claim_first(&item, &claim(500, 10_500, 1)).already_won(&item));
    assert!(!change::claim_first(&item, &claim(501, 10_500, 1)).already_won(&item));
}

#[test]
fn a_failure_of_an_older_attempt_opens_nothing() {
    let released = after(&claimed(&pix(), 500), &change::release(0, &token(500)));
    let second = after(
        &released,
        &change::claim_first(&released, &claim(5_000, 15_000, 2)),
    );
    assert!(!change::failed(0, 1, &failure(), at(6_000), Content::Keep).permits(&second));
    assert!(receipt_failed(&second, 1, at(6_000)).is_empty());
    let now = after(
        &second,
        &change::failed(0, 2, &failure(), at(6_000), Content::Keep),
    );
    assert_eq!(receipt_failed(&now, 2, at(6_000)).len(), 1);
    let sent = sms_claimed(&now, 7_000, 1);
    let sent = after(&sent, &change::submitted(&sent, 1, at(7_100), None));
    assert!(receipt_failed(&sent, 2, at(8_000)).is_empty());
}

#[test]
fn who_may_not_be_messaged_at_all_is_not_however_long_it_waited() {
    let revoked = job(Permission::NotAtAll(SuppressReason::OptedOut));
    for ms in [100, 300_000, 1_800_000] {
        assert_eq!(say(&pix(), &revoked, ms), ["require su sb drop"], "{ms}");
    }
}

#[test]
fn what_does_not_leave_is_tried_less_often_the_longer_that_goes_on() {
    let not_sent = |attempt| Event::Posted {
        leg: 0,
        claim: claim(100, 10_100, attempt),
        outcome: PostOutcome::NotSent {
            failure: failure(),
            retry_after: Duration::from_secs(4),
        },
    };
    let rest = |item: &Notification, attempt| {
        let effects = say(&claimed(item, 100), &not_sent(attempt), 200);
        effects.last().cloned().unwrap_or_default()
    };
    assert_eq!(rest(&pix(), 1), "enqueue 2 4000");
    assert_eq!(rest(&pix(), 11), "enqueue 12 10000");
    assert_eq!(rest(&pix(), 90), "enqueue 91 30000");
    assert_eq!(rest(&code(), 90), "enqueue 91 5000");
}

#[test]
fn what_went_round_whatsapp_counts_against_the_cap_with_its_sms() {
    let reminder = notification(Class::Servicing, &[Whatsapp, Sms]);
    let closed = after(
        &reminder,
        &change::close(&reminder, 0, CloseReason::QueueWaitExceeded, at(1), None),
    );
    let mine = |leg| Event::Claimed {
        leg,
        claim: claim(100, 60_100, 1),
    };
    assert_eq!(say(&sms_claimed(&closed, 100, 1), &mine(1), 100), ["count"]);
    let counted = |verdict| Event::Counted {
        leg: 1,
        claim: claim(100, 60_100, 1),
        verdict,
    };
    let held = sms_claimed(&closed, 100, 1);
    assert_eq!(say(&held, &counted(CapVerdict::Within), 100), ["ask 1"]);
    assert_eq!(
        say(&held, &counted(CapVerdict::Exceeded), 100),
        ["record su sb -l1t drop", "record -l1t"]
    );
    let after_whatsapp = sms_claimed(&submitted(&reminder, 100), 31_000, 1);
    assert_eq!(say(&after_whatsapp, &mine(1), 31_000), ["ask 1"]);
}
