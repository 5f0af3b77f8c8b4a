//! The later legs, line by line.

use super::*;

#[test]
fn the_timers_table() {
    let open = timer(TimerKind::Open);
    let guard = timer(TimerKind::Guard);
    let receipt = |read: bool| Receipts {
        delivered: !read,
        read,
        failed: None,
    };
    let told = |item: &Notification, read| {
        after(
            item,
            &change::receipts(&item.tenant, &receipt(read), at(900)).expect("facts"),
        )
    };
    // Delivered or read; cancelled; suppressed; this leg done: nothing.
    for read in [false, true] {
        assert!(say(&told(&submitted(&pix(), 500), read), &open, 31_000).is_empty());
    }
    let item = submitted(&pix(), 500);
    assert!(
        say(
            &after(&item, &change::cancel(&item, at(600))),
            &open,
            31_000
        )
        .is_empty()
    );
    let suppressed = after(
        &pix(),
        &change::suppress(&pix(), SuppressReason::NoConsent, at(5), None),
    );
    assert!(say(&suppressed, &open, 31_000).is_empty());
    // Failed, closed: now.
    assert_eq!(
        say(&failed(&claimed(&pix(), 100), 200), &open, 300),
        ["claim 1 until 60300"]
    );
    let closed = after(
        &pix(),
        &change::close(&pix(), 0, CloseReason::NoWhatsappConsent, at(1), None),
    );
    assert_eq!(say(&closed, &open, 300), ["claim 1 until 60300"]);
    // Submitted: at submitted + wait, a short rest slept, a longer one a new timer.
    let item = submitted(&pix(), 500);
    assert_eq!(say(&item, &open, 20_000), ["arm 1 Open 30500"]);
    assert_eq!(say(&item, &open, 30_100), ["nap 400"]);
    assert_eq!(say(&item, &open, 30_500), ["claim 1 until 90500"]);
    // Claimed without outcome: at until + wait. Uncertain: when that was found out + wait.
    let item = claimed(&pix(), 500);
    assert_eq!(say(&item, &open, 31_000), ["arm 1 Open 40500"]);
    assert_eq!(
        say(&item, &open, 40_500),
        ["record l0x", "claim 1 until 100500"]
    );
    let item = after(&item, &change::uncertain(&item, 0, at(8_500)));
    assert_eq!(say(&item, &open, 31_000), ["arm 1 Open 38500"]);
    assert_eq!(say(&item, &open, 38_500), ["claim 1 until 98500"]);
    // Unclaimed, critical: closed and opened, the guard at the queue wait's end.
    assert_eq!(say(&code(), &guard, 9_500), ["nap 500"]);
    assert_eq!(
        say(&code(), &guard, 10_000),
        ["require l0k l0b", "claim 1 until 70000"]
    );
    assert_eq!(
        say(&code(), &open, 5_000),
        ["require l0k l0b", "claim 1 until 65000"]
    );
    assert!(say(&claimed(&code(), 500), &guard, 10_000).is_empty());
    // Unclaimed, other lanes: its job waits for WhatsApp and arms a timer of its own.
    assert!(say(&pix(), &open, 31_000).is_empty());
    assert!(say(&pix(), &open, 300_000).is_empty());
    // Validity over: nothing opens any more.
    assert_eq!(
        say(&submitted(&pix(), 500), &open, 3_600_000),
        ["record drop"]
    );
}

#[test]
fn a_later_leg_asks_for_consent_after_its_claim_and_is_sent_once() {
    let item = sms_claimed(&submitted(&pix(), 500), 30_500, 1);
    let lease = claim(30_500, 90_500, 1);
    assert_eq!(
        say(
            &item,
            &Event::Claimed {
                leg: 1,
                claim: lease.clone()
            },
            30_500
        ),
        ["ask 1"]
    );
    let asked = |permission| Event::Permitted {
        leg: 1,
        claim: lease.clone(),
        permission,
    };
    assert_eq!(
        say(&item, &asked(Permission::Granted), 30_500),
        ["post 1 after 0"]
    );
    let refused = Permission::NotThisLeg(CloseReason::OptedOut);
    assert_eq!(
        say(&item, &asked(refused), 30_500),
        ["record l1k l1b -l1t drop"]
    );
    let posted = |outcome| Event::Posted {
        leg: 1,
        claim: lease.clone(),
        outcome,
    };
    let accepted = PostOutcome::Accepted {
        provider_id: Some("m1".into()),
    };
    assert_eq!(
        say(&item, &posted(accepted), 30_600),
        ["record l1s l1p drop"]
    );
    assert_eq!(
        say(&item, &posted(PostOutcome::Rejected(failure())), 30_600),
        ["record l1f l1g drop"]
    );
    assert_eq!(
        say(&item, &posted(PostOutcome::Unknown), 35_600),
        ["record l1x drop"]
    );
    let throttled = PostOutcome::NotSent {
        failure: failure(),
        retry_after: Duration::from_secs(2),
    };
    assert_eq!(
        say(&item, &posted(throttled), 30_600),
        ["record -l1t", "arm 1 Open 32600"]
    );
}

#[test]
fn nobody_who_revoked_everything_counts_as_failed() {
    let closed = after(
        &pix(),
        &change::close(&pix(), 0, CloseReason::NoWhatsappConsent, at(1), None),
    );
    let item = sms_claimed(&closed, 100, 1);
    let refused = Event::Permitted {
        leg: 1,
        claim: claim(100, 60_100, 1),
        permission: Permission::NotThisLeg(CloseReason::OptedOut),
    };
    assert_eq!(
        say(&item, &refused, 200),
        ["record su sb -l1t drop", "record -l1t"]
    );
}

#[test]
fn an_unknown_sms_is_repeated_once_or_left_by_class() {
    let open = timer(TimerKind::Open);
    let late = |item: &Notification| sms_claimed(&submitted(item, 500), 30_500, 1);
    // A holder that died: succeeded after its lease for a code, reported for the rest.
    assert_eq!(say(&late(&code()), &open, 40_000), ["arm 1 Open 90500"]);
    assert_eq!(say(&late(&code()), &open, 90_500), ["claim 1 until 150500"]);
    assert_eq!(say(&late(&pix()), &open, 40_000), ["arm 1 Open 90500"]);
    assert_eq!(say(&late(&pix()), &open, 90_500), ["record l1x drop"]);
    // An answer that was lost.
    let lost =
        |item: &Notification| after(&late(item), &change::uncertain(&late(item), 1, at(35_000)));
    assert_eq!(say(&lost(&code()), &open, 40_000), ["arm 1 Open 90500"]);
    assert_eq!(say(&lost(&code()), &open, 90_500), ["claim 1 until 150500"]);
    assert!(say(&lost(&pix()), &open, 90_500).is_empty());
    assert!(lost(&code()).content.is_some() && lost(&pix()).content.is_none());
    // Once only.
    let twice = sms_claimed(&lost(&code()), 90_500, 2);
    assert_eq!(say(&twice, &open, 150_500), ["record l1x drop"]);
    let third = change::claim_later(
        &twice,
        1,
        &claim(150_500, 200_000, 3),
        OpenedBecause::NotDeliveredInTime,
    );
    assert!(
        third.permits(&twice),
        "the store alone would allow it: the step must not ask"
    );
    let unasked = change::claim_later(
        &late(&pix()),
        1,
        &claim(90_500, 150_000, 2),
        OpenedBecause::NotDeliveredInTime,
    );
    assert!(!unasked.permits(&late(&pix())));
}

#[test]
fn a_voice_leg_follows_the_sms_by_the_same_rules() {
    let item = notification(Class::Security, &[Whatsapp, Sms, Voice]);
    assert_eq!(
        say(&submitted(&item, 500), &timer(TimerKind::Open), 30_500),
        ["arm 2 Open 61500", "claim 1 until 90500"]
    );
    let item = sms_claimed(&submitted(&item, 500), 30_500, 1);
    let asked = Event::Permitted {
        leg: 1,
        claim: claim(30_500, 90_500, 1),
        permission: Permission::Granted,
    };
    assert_eq!(say(&item, &asked, 30_500), ["post 1 after 0"]);
    let sent = after(&item, &change::submitted(&item, 1, at(30_600), Some("m1")));
    assert!(sent.content.is_some());
    let open = Event::Timer {
        leg: 2,
        kind: TimerKind::Open,
    };
    assert_eq!(say(&sent, &open, 50_000), ["arm 2 Open 60600"]);
    assert_eq!(say(&sent, &open, 60_600), ["claim 2 until 120600"]);
    assert_eq!(
        say(&sent, &timer(TimerKind::Open), 31_000),
        ["arm 2 Open 60600"]
    );
}

#[test]
fn a_later_leg_is_never_claimed_too_early_or_after_a_receipt() {
    let early = |item: &Notification, ms| {
        change::claim_later(
            item,
            1,
            &claim(ms, ms + 60_000, 1),
            OpenedBecause::NotDeliveredInTime,
        )
        .permits(item)
    };
    assert!(!early(&pix(), 100_000), "nothing was claimed before it");
    let item = submitted(&pix(), 500);
    assert!(!early(&item, 30_499));
    assert!(early(&item, 30_500));
    let held = claimed(&pix(), 500);
    assert!(!early(&held, 40_499));
    assert!(early(&held, 40_500));
    for receipts in [
        Receipts {
            delivered: true,
            ..Receipts::default()
        },
        Receipts {
            read: true,
            ..Receipts::default()
        },
    ] {
        let told = after(
            &item,
            &change::receipts(&item.tenant, &receipts, at(900)).expect("facts"),
        );
        assert!(!early(&told, 60_000));
        assert!(told.content.is_none());
    }
    let pressed = after(
        &item,
        &change::respond(&item.tenant, "abc", "dispute", at(900)),
    );
    assert!(!early(&pressed, 60_000));
    let over = change::claim_later(
        &item,
        1,
        &claim(3_600_000, 3_700_000, 1),
        OpenedBecause::NotDeliveredInTime,
    );
    assert!(!over.permits(&item));
}

#[test]
fn what_could_not_be_asked_before_sending_gives_the_claim_back() {
    let stalled = |leg, claim| Event::Stalled { leg, claim };
    let offer = claimed(&notification(Class::Marketing, &[Whatsapp]), 200);
    assert_eq!(
        say(&offer, &stalled(0, claim(200, 10_200, 1)), 300),
        ["record -l0t", "enqueue 2 1000"]
    );
    let item = sms_claimed(&submitted(&pix(), 500), 30_500, 1);
    assert_eq!(
        say(&item, &stalled(1, claim(30_500, 90_500, 1)), 30_600),
        ["record -l1t", "arm 1 Open 31600"]
    );
}
