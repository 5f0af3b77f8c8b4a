//! What becomes of a leg and of a notification, and what the customer and Meta say (I10, I11).

use recado_domain::delivery::{
    CloseReason, Fact, Failure, FailureKind, LegFact, Notification, Receipts, SuppressReason,
    Value, change,
};

use super::super::{at, tenant};
use super::{DROPPED, KEPT, REFUSED, Situation, held, of_security, situation, timed, token, with};

pub(super) fn all() -> Vec<Situation> {
    [endings(), outcomes(), receipts()]
        .into_iter()
        .flatten()
        .collect()
}

fn endings() -> Vec<Situation> {
    let close = |leg, holder: Option<u8>| {
        move |item: &Notification| {
            let held = holder.map(token);
            change::close(
                item,
                leg,
                CloseReason::NoWhatsappConsent,
                at(10),
                held.as_ref(),
            )
        }
    };
    let suppress = |holder: Option<u8>| {
        move |item: &Notification| {
            let token = holder.map(token);
            let held = token.as_ref().map(|token| (0, token));
            change::suppress(item, SuppressReason::FrequencyCap, at(10), held)
        }
    };
    let cancel = |item: &Notification| change::cancel(item, at(10));
    vec![
        situation("an unclaimed leg is closed", vec![], KEPT, close(0, None)),
        situation(
            "the last leg's closing ends it",
            vec![],
            DROPPED,
            close(2, None),
        ),
        situation(
            "a claimed leg is not closed",
            held(0, 2, 5, 1),
            REFUSED,
            close(0, None),
        ),
        situation(
            "a closed leg is not closed again",
            vec![timed(0, LegFact::Closed, 5)],
            REFUSED,
            close(0, None),
        ),
        situation(
            "a sent leg is not closed",
            vec![timed(0, LegFact::Submitted, 5)],
            REFUSED,
            close(0, None),
        ),
        situation(
            "a failed leg is not closed",
            vec![timed(0, LegFact::Failed, 5)],
            REFUSED,
            close(0, None),
        ),
        situation(
            "a leg is closed by its holder",
            held(1, 1, 5, 1),
            KEPT,
            close(1, Some(1)),
        ),
        situation(
            "a leg is not closed by another",
            held(1, 2, 5, 1),
            REFUSED,
            close(1, Some(1)),
        ),
        situation(
            "the untouched is suppressed",
            vec![],
            DROPPED,
            suppress(None),
        ),
        situation(
            "the claimed is not suppressed",
            held(0, 2, 5, 1),
            REFUSED,
            suppress(None),
        ),
        situation(
            "a holder suppresses",
            held(0, 1, 5, 1),
            DROPPED,
            suppress(Some(1)),
        ),
        situation(
            "another does not suppress",
            held(0, 2, 5, 1),
            REFUSED,
            suppress(Some(1)),
        ),
        situation(
            "once is enough",
            vec![(Fact::Suppressed, at(5).into())],
            REFUSED,
            suppress(None),
        ),
        situation("the untouched is cancelled", vec![], DROPPED, cancel),
        situation(
            "the submitted is cancelled",
            held(0, 1, 5, 1),
            DROPPED,
            cancel,
        ),
        situation(
            "cancelled once",
            vec![(Fact::Cancelled, at(5).into())],
            REFUSED,
            cancel,
        ),
        situation(
            "the read is not cancelled",
            vec![timed(0, LegFact::Read, 5)],
            REFUSED,
            cancel,
        ),
        situation(
            "an sms that left is not cancelled",
            vec![timed(1, LegFact::Submitted, 5)],
            REFUSED,
            cancel,
        ),
        situation(
            "the expired loses its content",
            vec![],
            DROPPED,
            change::expire,
        ),
    ]
}

fn outcomes() -> Vec<Situation> {
    let submitted = |leg, id: Option<&'static str>| {
        move |item: &Notification| change::submitted(item, leg, at(10), id)
    };
    let uncertain = |leg| move |item: &Notification| change::uncertain(item, leg, at(10));
    let failed = |attempt| {
        move |item: &Notification| {
            let title = "not on WhatsApp | or so".to_owned();
            let failure = Failure {
                kind: FailureKind::Permanent,
                code: Some(131_026),
                title,
            };
            let content = change::content_after_failure(item, 0);
            change::failed(0, attempt, &failure, at(10), content)
        }
    };
    let claimed = || held(0, 1, 5, 2);
    vec![
        situation("whatsapp is submitted", claimed(), KEPT, submitted(0, None)),
        situation(
            "the last leg is submitted",
            held(2, 1, 5, 1),
            DROPPED,
            submitted(2, Some("id-1")),
        ),
        situation(
            "submitted once",
            with(claimed(), timed(0, LegFact::Submitted, 6)),
            REFUSED,
            submitted(0, None),
        ),
        situation("a claim becomes uncertain", claimed(), KEPT, uncertain(0)),
        situation(
            "the last leg becomes uncertain",
            held(2, 1, 5, 1),
            DROPPED,
            uncertain(2),
        ),
        of_security(situation(
            "the last leg may repeat",
            held(2, 1, 5, 1),
            KEPT,
            uncertain(2),
        )),
        situation(
            "the unclaimed is not uncertain",
            vec![],
            REFUSED,
            uncertain(0),
        ),
        situation(
            "uncertain once",
            with(claimed(), timed(0, LegFact::Uncertain, 6)),
            REFUSED,
            uncertain(0),
        ),
        situation("the current attempt fails", claimed(), KEPT, failed(2)),
        situation(
            "an older attempt does not fail",
            claimed(),
            REFUSED,
            failed(1),
        ),
        situation("the released does not fail", vec![], REFUSED, failed(2)),
        situation(
            "failed once",
            with(claimed(), timed(0, LegFact::Failed, 6)),
            REFUSED,
            failed(2),
        ),
    ]
}

fn receipts() -> Vec<Situation> {
    let said = |facts: &'static [LegFact], whose: &'static str| {
        move |_: &Notification| {
            let receipts = Receipts {
                delivered: facts.contains(&LegFact::Delivered),
                read: facts.contains(&LegFact::Read),
                ..Receipts::default()
            };
            change::receipts(&tenant(whose), &receipts, at(10)).expect("something was said")
        }
    };
    let respond = |inbound: &'static str, whose: &'static str| {
        move |_: &Notification| change::respond(&tenant(whose), inbound, "dispute", at(10))
    };
    let own = "banco-aurora";
    let delivered = || vec![timed(0, LegFact::Delivered, 5)];
    let both = || vec![timed(0, LegFact::Delivered, 5), timed(0, LegFact::Read, 6)];
    let pressed = || {
        vec![
            (
                Fact::Response("first".to_owned()),
                Value::Text("5|confirm".to_owned()),
            ),
            (Fact::Answered, at(5).into()),
        ]
    };
    vec![
        situation(
            "delivered",
            vec![],
            DROPPED,
            said(&[LegFact::Delivered], own),
        ),
        situation(
            "read after delivered",
            delivered(),
            DROPPED,
            said(&[LegFact::Read], own),
        ),
        situation(
            "delivered is not overwritten",
            delivered(),
            DROPPED,
            said(&[LegFact::Delivered, LegFact::Read], own),
        ),
        situation(
            "delivered after read",
            vec![timed(0, LegFact::Read, 5)],
            DROPPED,
            said(&[LegFact::Delivered], own),
        ),
        situation(
            "known delivery",
            delivered(),
            REFUSED,
            said(&[LegFact::Delivered], own),
        ),
        situation(
            "known reading",
            both(),
            REFUSED,
            said(&[LegFact::Delivered, LegFact::Read], own),
        ),
        situation(
            "another bank's receipt",
            vec![],
            REFUSED,
            said(&[LegFact::Delivered, LegFact::Read], "banco-boreal"),
        ),
        situation("a press", vec![], DROPPED, respond("first", own)),
        situation(
            "another press keeps the first answer",
            pressed(),
            DROPPED,
            respond("second", own),
        ),
        situation("the same press", pressed(), REFUSED, respond("first", own)),
        situation(
            "a press by another bank",
            vec![],
            REFUSED,
            respond("first", "banco-boreal"),
        ),
    ]
}
