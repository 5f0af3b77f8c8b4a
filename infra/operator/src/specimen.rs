//! A notification for the tests: WhatsApp, an SMS 30 s later, valid for ten minutes.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::delivery::{
    Fact, Facts, LegFact, Notification, Rung, Value, WhenQueueWaitExceeded, plus,
};
use recado_domain::ids::{NotificationId, RecipientToken, TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::seal::Sealed;
use recado_domain::template::QuietHours;

/// Seconds after acceptance.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_269_845 + seconds).unwrap()
}

pub(crate) fn tenant() -> TenantId {
    TenantId::parse("banco-aurora").unwrap()
}

/// One of many ids.
pub(crate) fn id(letter: char) -> NotificationId {
    NotificationId::parse(&format!("ntf_{}", letter.to_string().repeat(26))).unwrap()
}

pub(crate) fn notification(class: Class) -> Notification {
    let rung = |channel, after| Rung {
        channel,
        after: Duration::from_secs(after),
    };
    Notification {
        id: id('a'),
        tenant: tenant(),
        recipient: RecipientToken::parse("rcp_1_bbbbbbbbbbbbbbbbbbbbbbbbbb").unwrap(),
        to_masked: "+55 (11) *****-4321".to_owned(),
        template: TemplateName::parse("pix_received").unwrap(),
        template_version: 1,
        locale: Locale::PtBr,
        class,
        lane: class.lane(),
        reference: None,
        digest: "cccccccccccccccccccccccccc".to_owned(),
        accepted_at: at(0),
        valid_until: plus(at(0), Duration::from_secs(600)),
        ladder: vec![rung(Channel::Whatsapp, 0), rung(Channel::Sms, 30)],
        max_queue_wait: Duration::from_secs(60),
        when_queue_wait_exceeded: WhenQueueWaitExceeded::NextLeg,
        quiet_hours: QuietHours::Ignored,
        zone: None,
        daily_cap: class.daily_cap(),
        masked: BTreeMap::new(),
        content: Some(Sealed {
            key: "k1".to_owned(),
            bytes: vec![1, 2, 3],
        }),
        facts: Facts::default(),
    }
}

/// A fact of a leg with a time.
pub(crate) fn when(leg: u8, fact: LegFact, seconds: i64) -> (Fact, Value) {
    (Fact::Leg(leg, fact), at(seconds).into())
}

/// A fact of a leg with a word.
pub(crate) fn word(leg: u8, fact: LegFact, word: &str) -> (Fact, Value) {
    (Fact::Leg(leg, fact), word.into())
}

/// A whole claim of a leg, held for ten seconds.
pub(crate) fn claim(leg: u8, seconds: i64) -> Vec<(Fact, Value)> {
    vec![
        word(leg, LegFact::Token, "dddddddddddddddddddddddddd"),
        when(leg, LegFact::Claimed, seconds),
        when(leg, LegFact::Until, seconds + 10),
        (Fact::Leg(leg, LegFact::Attempt), Value::Number(1)),
        word(leg, LegFact::Opened, "first"),
    ]
}

/// A leg's end without sending.
pub(crate) fn closed(leg: u8, seconds: i64) -> Vec<(Fact, Value)> {
    vec![
        when(leg, LegFact::Closed, seconds),
        word(leg, LegFact::ClosedBecause, "guard"),
    ]
}

/// A leg's failure.
pub(crate) fn failed(leg: u8, seconds: i64) -> Vec<(Fact, Value)> {
    vec![
        when(leg, LegFact::Failed, seconds),
        word(leg, LegFact::Failure, "permanent|131026|undeliverable"),
    ]
}

/// That nothing was to be sent.
pub(crate) fn suppressed(seconds: i64) -> Vec<(Fact, Value)> {
    vec![
        (Fact::Suppressed, at(seconds).into()),
        (Fact::SuppressedBecause, "no_consent".into()),
    ]
}

/// The same notification with these facts put down one after the other.
pub(crate) fn with(
    mut item: Notification,
    facts: impl IntoIterator<Item = Vec<(Fact, Value)>>,
) -> Notification {
    for (fact, value) in facts.into_iter().flatten() {
        item.facts.insert(fact, value);
    }
    item
}
