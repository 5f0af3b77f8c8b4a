//! What is counted, once each.

use super::super::{Progress, progress};
use super::*;

fn receipt(item: &Notification, ms: u64) -> Notification {
    let delivered = Receipts {
        delivered: true,
        ..Receipts::default()
    };
    let change = change::receipts(&item.tenant, &delivered, at(ms)).expect("a change");
    after(item, &change)
}

fn sent(item: &Notification, ms: u64) -> Notification {
    after(item, &change::submitted(item, 1, at(ms), Some("1")))
}

#[test]
fn each_step_is_counted_by_the_write_that_takes_it() {
    let claimed = claimed(&pix(), 100);
    assert!(progress(&pix(), &claimed).is_empty());
    let submitted = submitted(&pix(), 100);
    assert_eq!(progress(&claimed, &submitted), [Progress::Submitted]);
    let unknown = after(&claimed, &change::uncertain(&claimed, 0, at(200)));
    assert_eq!(progress(&claimed, &unknown), [Progress::UncertainWhatsapp]);
    let sms = sms_claimed(&submitted, 31_000, 1);
    let gone = sent(&sms, 31_500);
    assert_eq!(progress(&sms, &gone), [Progress::FallbackSent]);
    let lost = after(&sms, &change::uncertain(&sms, 1, at(40_000)));
    assert_eq!(progress(&sms, &lost), [Progress::UncertainFallback]);
    assert!(progress(&gone, &gone).is_empty());
}

#[test]
fn a_repeated_sms_is_counted_when_it_is_claimed_again() {
    let first = sms_claimed(&submitted(&code(), 100), 31_000, 1);
    let again = sms_claimed(&first, 91_000, 2);
    assert_eq!(progress(&first, &again), [Progress::FallbackRepeated]);
}

#[test]
fn delivered_twice_is_counted_once_whichever_came_first() {
    let sms = sms_claimed(&submitted(&pix(), 100), 31_000, 1);
    let receipt_last = receipt(&sent(&sms, 31_500), 32_000);
    let gone = sent(&sms, 31_500);
    assert_eq!(progress(&gone, &receipt_last), [Progress::DeliveredTwice]);
    let told = receipt(&sms, 31_200);
    let both = [Progress::FallbackSent, Progress::DeliveredTwice];
    assert_eq!(progress(&told, &sent(&told, 31_500)), both);
    assert!(progress(&receipt_last, &receipt_last).is_empty());
}

#[test]
fn the_first_word_of_the_handset_is_its_delivery_its_reading_or_an_answer() {
    let waiting = submitted(&pix(), 100);
    assert_eq!(waiting.reached_at(), None);
    assert_eq!(receipt(&waiting, 500).reached_at(), Some(at(500)));
    let read = Receipts {
        read: true,
        ..Receipts::default()
    };
    let read = change::receipts(&waiting.tenant, &read, at(700)).expect("a change");
    assert_eq!(after(&waiting, &read).reached_at(), Some(at(700)));
    assert_eq!(
        after(&receipt(&waiting, 500), &read).reached_at(),
        Some(at(500))
    );
    let pressed = change::respond(&waiting.tenant, "in", "not_me", at(300));
    assert_eq!(
        receipt(&after(&waiting, &pressed), 500).reached_at(),
        Some(at(300))
    );
}

#[test]
fn an_sms_after_a_claim_that_was_perhaps_never_counted_is_counted() {
    let reminder = notification(Class::Servicing, &[Whatsapp, Sms]);
    let won = |item: &Notification| {
        let event = Event::Claimed {
            leg: 1,
            claim: claim(50_000, 110_000, 1),
        };
        say(&sms_claimed(item, 50_000, 1), &event, 50_000)
    };
    // Who died between claim and count counted nothing.
    let silent = claimed(&reminder, 0);
    let silent = after(&silent, &change::uncertain(&silent, 0, at(10_000)));
    assert_eq!(won(&silent), ["count"]);
    // What left was counted before.
    assert_eq!(won(&submitted(&reminder, 0)), ["ask 1"]);
    assert_eq!(won(&failed(&claimed(&reminder, 0), 100)), ["ask 1"]);

    let exceeded = Event::Counted {
        leg: 1,
        claim: claim(50_000, 110_000, 1),
        verdict: CapVerdict::Exceeded,
    };
    let held = sms_claimed(&silent, 50_000, 1);
    let effects = step(&held, &exceeded, &context(50_000));
    let [Effect::Record(close)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let end = after(&held, close);
    assert_eq!(end.leg(1).closed_because(), Some(CloseReason::FrequencyCap));
    assert!(end.content.is_none(), "nothing is left to send");
}
