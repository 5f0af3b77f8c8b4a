//! Books that cannot find anything prove nothing: each thing that is wrong is told.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use recado_domain::channel::Channel as Leg;
use recado_domain::class::Class;
use recado_domain::delivery::{
    Fact, Facts, LegFact, Notification, Rung, SuppressReason, Value, WhenQueueWaitExceeded,
};
use recado_domain::ids::{NotificationId, RecipientToken, TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::template::QuietHours;
use recado_testing::phones::{Arrival, Channel, Screen, Sender};

use crate::case::Case;
use crate::doubts::{Doubt, Heard, Setback, attempts_in_doubt, unexplained};
use crate::plan::{Handset, Kind, Planned};
use crate::times::Times;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_269_845_000 + ms).expect("a time")
}

fn times() -> Times {
    Times {
        post: Duration::from_millis(1_500),
        timer: Duration::from_secs(4),
        lease: Duration::from_secs(10),
    }
}

/// WhatsApp, and an SMS after ten seconds.
fn item(class: Class, facts: &[(u8, LegFact, i64)]) -> Notification {
    let rung = |channel, after| Rung {
        channel,
        after: Duration::from_secs(after),
    };
    let mut item = Notification {
        id: NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("an id"),
        tenant: TenantId::parse("banco-aurora").expect("a tenant"),
        recipient: RecipientToken::parse("rcp_1_bbbbbbbbbbbbbbbbbbbbbbbbbb").expect("a token"),
        to_masked: "+55 (11) *****-4321".to_owned(),
        template: TemplateName::parse("test_chaos_alert").expect("a name"),
        template_version: 1,
        locale: Locale::PtBr,
        class,
        lane: class.lane(),
        reference: None,
        digest: String::new(),
        accepted_at: at(0),
        valid_until: at(3_600_000),
        ladder: vec![rung(Leg::Whatsapp, 0), rung(Leg::Sms, 10)],
        max_queue_wait: Duration::from_secs(30),
        when_queue_wait_exceeded: WhenQueueWaitExceeded::NextLeg,
        quiet_hours: QuietHours::Ignored,
        zone: None,
        daily_cap: class.daily_cap(),
        masked: BTreeMap::new(),
        content: None,
        facts: Facts::default(),
    };
    for (leg, fact, ms) in facts {
        item.facts.insert(Fact::Leg(*leg, *fact), at(*ms).into());
    }
    item
}

/// A claim of a leg as the protocol writes it.
fn claim(item: &mut Notification, leg: u8, ms: i64, until: i64, attempt: i64) {
    let token = "dddddddddddddddddddddddddd".into();
    for (fact, value) in [
        (LegFact::Token, token),
        (LegFact::Claimed, at(ms).into()),
        (LegFact::Until, at(until).into()),
        (LegFact::Attempt, Value::Number(attempt)),
        (LegFact::Opened, "first".into()),
    ] {
        item.facts.insert(Fact::Leg(leg, fact), value);
    }
}

fn sent(class: Class, facts: &[(u8, LegFact, i64)]) -> Notification {
    let mut item = item(class, facts);
    claim(&mut item, 0, 100, 2_100, 1);
    item
}

fn planned(kind: Kind) -> Planned {
    Planned {
        kind,
        customer: 0,
        mark: 10_000_001,
        key: String::new(),
    }
}

fn sms(ms: i64) -> Arrival {
    Arrival {
        id: String::new(),
        channel: Channel::Sms,
        at: at(ms),
        screen: Screen::default(),
        notification: None,
        ticks: None,
        from: Sender {
            name: None,
            number: "Recado".to_owned(),
        },
        phone_number_id: None,
    }
}

fn broken(item: &Notification, arrivals: &[i64]) -> Vec<String> {
    let (planned, sms) = (planned(Kind::Alert), arrivals.iter().map(|ms| sms(*ms)));
    let sms: Vec<Arrival> = sms.collect();
    let case = Case {
        planned: &planned,
        handset: Handset::On,
        item: item.clone(),
        taken: 1,
        whatsapp: Vec::new(),
        sms: sms.iter().collect(),
    };
    case.broken(&times())
}

const SUBMITTED: (u8, LegFact, i64) = (0, LegFact::Submitted, 500);
const PUBLISHED: (u8, LegFact, i64) = (1, LegFact::Submitted, 10_700);
const EARLY: &str = "an SMS came before its time (I7)";

fn tells(found: &[String], rule: &str) -> bool {
    found.iter().any(|found| found.contains(rule))
}

#[test]
fn an_sms_in_its_time_breaks_nothing() {
    let mut item = sent(Class::Transactional, &[SUBMITTED, PUBLISHED]);
    claim(&mut item, 1, 10_500, 20_500, 1);
    assert_eq!(broken(&item, &[10_600]), [""; 0]);
    // Its receipt came too late for it.
    let late = (Fact::Leg(0, LegFact::Delivered), at(11_000).into());
    item.facts.insert(late.0, late.1);
    assert_eq!(broken(&item, &[10_600]), [""; 0]);
}

#[test]
fn an_sms_before_its_time_is_told_by_its_claim_and_by_its_arrival() {
    let mut item = sent(Class::Transactional, &[SUBMITTED, PUBLISHED]);
    claim(&mut item, 1, 10_499, 20_499, 1);
    let found = broken(&item, &[10_450]);
    assert!(tells(&found, "claimed before its time"), "{found:?}");
    assert!(tells(&found, EARLY), "{found:?}");
    // Without an outcome: the POST's own time goes before the wait.
    let mut item = sent(Class::Transactional, &[PUBLISHED]);
    claim(&mut item, 1, 11_599, 21_599, 1);
    assert!(tells(&broken(&item, &[]), "claimed before its time"));
    // A failure that came after the SMS does not excuse it.
    let mut item = sent(
        Class::Transactional,
        &[SUBMITTED, PUBLISHED, (0, LegFact::Failed, 9_000)],
    );
    claim(&mut item, 1, 8_000, 18_000, 1);
    assert!(tells(&broken(&item, &[8_100]), EARLY));
    assert!(!tells(&broken(&item, &[9_100]), EARLY));
}

#[test]
fn an_sms_after_a_stored_receipt_is_told() {
    let delivered = (0, LegFact::Delivered, 1_500);
    let mut item = sent(Class::Transactional, &[SUBMITTED, PUBLISHED, delivered]);
    claim(&mut item, 1, 10_500, 20_500, 1);
    assert!(tells(&broken(&item, &[10_600]), "after a stored receipt"));
}

#[test]
fn a_second_sms_is_told_unless_its_class_repeats_and_the_lease_was_over() {
    let twice = |class, second| {
        let mut item = sent(class, &[SUBMITTED, (1, LegFact::Submitted, second + 100)]);
        claim(&mut item, 1, second, second + 10_000, 2);
        broken(&item, &[10_600, second + 50])
    };
    assert_eq!(twice(Class::Authentication, 20_600), [""; 0]);
    assert!(tells(
        &twice(Class::Authentication, 16_599),
        "within the first one's lease"
    ));
    assert!(tells(&twice(Class::Transactional, 20_600), "its class"));
    let mut item = sent(Class::Security, &[SUBMITTED, PUBLISHED]);
    claim(&mut item, 1, 30_500, 40_500, 2);
    let found = broken(&item, &[10_600, 20_600, 30_600]);
    assert!(tells(&found, "more than two SMS"), "{found:?}");
}

#[test]
fn only_an_offer_over_its_cap_may_be_suppressed() {
    let why = |kind, reason: SuppressReason| {
        let mut item = item(Class::Marketing, &[]);
        item.facts.insert(Fact::Suppressed, at(5).into());
        item.facts
            .insert(Fact::SuppressedBecause, reason.name().into());
        let planned = planned(kind);
        let case = Case {
            planned: &planned,
            handset: Handset::On,
            item,
            taken: 0,
            whatsapp: Vec::new(),
            sms: Vec::new(),
        };
        case.why_nothing()
    };
    assert!(why(Kind::Offer, SuppressReason::FrequencyCap).is_some());
    assert_eq!(why(Kind::Offer, SuppressReason::NoConsent), None);
    assert_eq!(why(Kind::Alert, SuppressReason::FrequencyCap), None);
}

#[test]
fn an_attempt_without_an_end_is_in_doubt() {
    let doubt = |attempt, facts: &[(u8, LegFact, i64)]| {
        let mut item = sent(Class::Security, facts);
        claim(&mut item, 1, 10_500, 20_500, attempt);
        attempts_in_doubt(&item)
    };
    assert_eq!(doubt(1, &[PUBLISHED]), [0; 0]);
    assert_eq!(doubt(1, &[]), [1]);
    assert_eq!(doubt(1, &[(1, LegFact::Uncertain, 11_000)]), [1]);
    assert_eq!(doubt(2, &[PUBLISHED]), [1]);
    assert_eq!(doubt(2, &[(1, LegFact::Uncertain, 31_000)]), [1, 2]);
    assert_eq!(attempts_in_doubt(&sent(Class::Security, &[])), [0; 0]);
}

#[test]
fn a_doubt_needs_a_setback_of_its_own_in_its_time() {
    let doubt = |from| Doubt {
        id: String::new(),
        attempt: 1,
        heard: Heard::Nothing,
        from: at(from),
        to: at(from + 4_000),
    };
    let kill = |ms, most| Setback { at: at(ms), most };
    let left = |doubts: &[i64], setbacks: &[Setback]| {
        let doubts = doubts.iter().map(|from| doubt(*from)).collect();
        unexplained(doubts, setbacks.to_vec()).len()
    };
    assert_eq!(left(&[0], &[]), 1);
    assert_eq!(left(&[0], &[kill(4_001, 10)]), 1);
    assert_eq!(left(&[0, 100, 200], &[kill(1_000, 2)]), 1);
    // The first setback is left to whom the second one cannot explain.
    assert_eq!(left(&[2_000, 0], &[kill(3_000, 1), kill(5_000, 1)]), 0);
}
