//! Claims of a leg, and their release (I3, I5, I6).

use recado_domain::delivery::{Fact, LegFact, Notification, OpenedBecause, change};

use super::super::at;
use super::{
    Expected, KEPT, REFUSED, Situation, claim, held, of_security, situation, timed, token, with,
};

pub(super) fn all() -> Vec<Situation> {
    [claims_of_whatsapp(), claims_of_sms()]
        .into_iter()
        .flatten()
        .collect()
}

fn claims_of_whatsapp() -> Vec<Situation> {
    let first =
        |seconds| move |item: &Notification| change::claim_first(item, &claim(1, seconds, 1));
    let check = |says, facts, expected| situation(says, facts, expected, first(10));
    vec![
        check("whatsapp is claimed once", vec![], KEPT),
        check("whatsapp is not claimed twice", held(0, 2, 5, 1), REFUSED),
        check(
            "the holder sees that it holds whatsapp",
            held(0, 1, 10, 1),
            Expected::AlreadyWon,
        ),
        check(
            "closed whatsapp is not claimed",
            vec![timed(0, LegFact::Closed, 5)],
            REFUSED,
        ),
        check(
            "failed whatsapp is not claimed",
            vec![timed(0, LegFact::Failed, 5)],
            REFUSED,
        ),
        check(
            "whatsapp is not claimed after cancel",
            vec![(Fact::Cancelled, at(5).into())],
            REFUSED,
        ),
        check(
            "suppressed is not claimed",
            vec![(Fact::Suppressed, at(5).into())],
            REFUSED,
        ),
        check(
            "answered is not claimed",
            vec![(Fact::Answered, at(5).into())],
            REFUSED,
        ),
        check(
            "delivered is not claimed",
            vec![timed(0, LegFact::Delivered, 5)],
            REFUSED,
        ),
        check(
            "read is not claimed",
            vec![timed(0, LegFact::Read, 5)],
            REFUSED,
        ),
        check(
            "whatsapp is not claimed after sms",
            held(1, 2, 5, 1),
            REFUSED,
        ),
        check(
            "whatsapp is not claimed after sms closed",
            vec![timed(1, LegFact::Closed, 5)],
            REFUSED,
        ),
        situation("valid to its last millisecond", vec![], KEPT, |item| {
            let mut last = claim(1, 0, 1);
            last.at = item.valid_until - jiff::SignedDuration::from_millis(1);
            change::claim_first(item, &last)
        }),
        situation("not valid at its end", vec![], REFUSED, |item| {
            let mut late = claim(1, 0, 1);
            late.at = item.valid_until;
            change::claim_first(item, &late)
        }),
        situation(
            "whatsapp is released by its holder",
            held(0, 1, 5, 1),
            KEPT,
            |_| change::release(0, &token(1)),
        ),
        situation(
            "whatsapp is not released by another",
            held(0, 2, 5, 1),
            REFUSED,
            |_| change::release(0, &token(1)),
        ),
        situation("nothing is not released", vec![], REFUSED, |_| {
            change::release(0, &token(1))
        }),
        situation(
            "what was submitted is not released",
            with(held(0, 1, 5, 1), timed(0, LegFact::Submitted, 6)),
            REFUSED,
            |_| change::release(0, &token(1)),
        ),
        situation(
            "what is uncertain is not released",
            with(held(0, 1, 5, 1), timed(0, LegFact::Uncertain, 6)),
            REFUSED,
            |_| change::release(0, &token(1)),
        ),
    ]
}

fn claims_of_sms() -> Vec<Situation> {
    let sms = |holder, seconds, attempt| {
        move |item: &Notification| {
            let claim = claim(holder, seconds, attempt);
            change::claim_later(item, 1, &claim, OpenedBecause::NotDeliveredInTime)
        }
    };
    let check = |says, facts, expected| situation(says, facts, expected, sms(1, 40, 1));
    let again = |says, facts, expected| situation(says, facts, expected, sms(3, 100, 2));
    let closed = || timed(0, LegFact::Closed, 5);
    let sent = |seconds| with(held(0, 2, 1, 1), timed(0, LegFact::Submitted, seconds));
    let doubt = |seconds| with(held(0, 2, 1, 1), timed(0, LegFact::Uncertain, seconds));
    let lease = || with(held(1, 2, 70, 1), closed());
    vec![
        check(
            "sms does not open before whatsapp is tried",
            vec![],
            REFUSED,
        ),
        check("sms opens after whatsapp closed", vec![closed()], KEPT),
        check(
            "sms opens after whatsapp failed",
            vec![timed(0, LegFact::Failed, 5)],
            KEPT,
        ),
        check("sms opens when whatsapp is overdue", sent(10), KEPT),
        check("sms does not open in whatsapp's time", sent(11), REFUSED),
        check("sms opens when a doubt is overdue", doubt(10), KEPT),
        check(
            "sms does not open while a doubt is young",
            doubt(11),
            REFUSED,
        ),
        check(
            "sms does not open while a claim runs",
            held(0, 2, 1, 1),
            REFUSED,
        ),
        situation(
            "sms opens when a claim is overdue",
            held(0, 2, 1, 1),
            KEPT,
            sms(1, 51, 1),
        ),
        check(
            "sms does not open after delivery",
            with(sent(10), timed(0, LegFact::Delivered, 39)),
            REFUSED,
        ),
        check(
            "sms does not open after reading",
            with(sent(10), timed(0, LegFact::Read, 39)),
            REFUSED,
        ),
        check(
            "sms does not open after an answer",
            with(sent(10), (Fact::Answered, at(39).into())),
            REFUSED,
        ),
        check(
            "sms does not open after cancel",
            with(sent(10), (Fact::Cancelled, at(39).into())),
            REFUSED,
        ),
        check(
            "sms is sent once",
            vec![closed(), timed(1, LegFact::Submitted, 20)],
            REFUSED,
        ),
        check(
            "failed sms does not open",
            vec![closed(), timed(1, LegFact::Failed, 20)],
            REFUSED,
        ),
        check(
            "closed sms does not open",
            vec![closed(), timed(1, LegFact::Closed, 20)],
            REFUSED,
        ),
        check(
            "sms does not open after the call",
            with(held(2, 2, 20, 1), closed()),
            REFUSED,
        ),
        check(
            "the holder sees that it holds sms",
            with(held(1, 1, 40, 1), closed()),
            Expected::AlreadyWon,
        ),
        again("a crashed holder of sms is left by class", lease(), REFUSED),
        of_security(again(
            "a crashed holder of sms is succeeded by class",
            lease(),
            KEPT,
        )),
        of_security(again(
            "an uncertain sms is repeated once",
            with(lease(), timed(1, LegFact::Uncertain, 75)),
            KEPT,
        )),
        of_security(again(
            "a running lease is respected",
            with(held(1, 2, 81, 1), closed()),
            REFUSED,
        )),
        of_security(again(
            "sms is not repeated twice",
            with(held(1, 2, 70, 2), closed()),
            REFUSED,
        )),
        situation(
            "sms is released and keeps its attempt",
            lease(),
            KEPT,
            |_| change::release(1, &token(2)),
        ),
    ]
}
