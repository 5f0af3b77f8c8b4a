//! A notification as its item. The whole item is billed at every write, so names are short:
//!
//! | attribute | holds |
//! |---|---|
//! | `v`, `ttl` | version; when the service may delete it (seconds) |
//! | `tn`, `rc`, `to` | tenant, recipient token, masked number |
//! | `tp`, `tv`, `lo` | template, its version, language |
//! | `cl`, `ln` | class, lane |
//! | `rf`, `dg` | the bank's reference, the request's keyed digest |
//! | `at`, `vu` | accepted, valid until (milliseconds) |
//! | `ld` | ladder: `whatsapp`, or `whatsapp,sms:30000` with the wait in milliseconds |
//! | `mq`, `qx` | longest wait in the queue (milliseconds), what follows it |
//! | `qh`, `zn`, `dc` | what quiet hours do to it, its recipient's zone, the day's cap: where there is one |
//! | `mp`, `sc` | masked parameters, sealed content |
//!
//! Every other attribute is a fact's ([`Fact::attribute`]); what is neither is ignored.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use recado_domain::channel::Channel;
use recado_domain::class::{Class, Lane};
use recado_domain::delivery::{Fact, Facts, Notification, Rung, Value, WhenQueueWaitExceeded};
use recado_domain::hours::Zone;
use recado_domain::ids::{NotificationId, RecipientToken, TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::template::QuietHours;
use recado_ports::StoreError;

use crate::attributes::{CURRENT, Item, Reader, TTL, VERSION, millis, number, put, sealed, text};
use crate::expression::attribute_value;
use crate::keys::Key;

/// The tenant's attribute, which conditions name.
pub(crate) const TENANT: &str = "tn";
/// The end of validity, which conditions name.
pub(crate) const VALID_UNTIL: &str = "vu";
/// The sealed content, which the write that ends the notification removes (I11).
pub(crate) const CONTENT: &str = "sc";

/// How long an item is kept after acceptance: as long as its idempotency key is remembered.
const KEPT_SECONDS: i64 = 90 * 24 * 60 * 60;

/// Writes the item.
pub(crate) fn to_item(notification: &Notification) -> Item {
    let mut item = Key::notification(&notification.id).item();
    let masked = notification
        .masked
        .iter()
        .map(|(name, value)| (name.clone(), text(value)));
    let attributes = [
        (VERSION, number(CURRENT)),
        (
            TTL,
            number(notification.accepted_at.as_second() + KEPT_SECONDS),
        ),
        (TENANT, text(notification.tenant.as_str())),
        ("rc", text(notification.recipient.as_str())),
        ("to", text(&notification.to_masked)),
        ("tp", text(notification.template.as_str())),
        ("tv", number(notification.template_version)),
        ("lo", text(notification.locale.code())),
        ("cl", text(notification.class.name())),
        ("ln", text(notification.lane.name())),
        ("dg", text(&notification.digest)),
        ("at", millis(notification.accepted_at)),
        (VALID_UNTIL, millis(notification.valid_until)),
        ("ld", text(ladder_text(&notification.ladder))),
        ("mq", number(whole_millis(notification.max_queue_wait))),
        ("qx", text(notification.when_queue_wait_exceeded.name())),
        ("mp", AttributeValue::M(masked.collect())),
    ];
    item.extend(attributes.map(|(name, value)| (name.to_owned(), value)));
    put(&mut item, "rf", notification.reference.as_ref().map(text));
    let heeded = notification.quiet_hours != QuietHours::Ignored;
    let quiet_hours = heeded.then(|| text(notification.quiet_hours.name()));
    put(&mut item, "qh", quiet_hours);
    put(
        &mut item,
        "zn",
        notification.zone.map(|zone| text(zone.name())),
    );
    put(&mut item, "dc", notification.daily_cap.map(number));
    put(
        &mut item,
        CONTENT,
        notification.content.as_ref().map(sealed),
    );
    for (fact, value) in notification.facts.iter() {
        item.insert(fact.attribute(), attribute_value(value));
    }
    item
}

/// Reads the item.
pub(crate) fn from_item(id: &NotificationId, item: &Item) -> Result<Notification, StoreError> {
    let item = Reader::new("a notification", item)?;
    Ok(Notification {
        id: id.clone(),
        tenant: item.parsed(TENANT, |text| TenantId::parse(text).ok())?,
        recipient: item.parsed("rc", |text| RecipientToken::parse(text).ok())?,
        to_masked: item.text("to")?.to_owned(),
        template: item.parsed("tp", |text| TemplateName::parse(text).ok())?,
        template_version: item.number("tv")?,
        locale: item.parsed("lo", Locale::parse)?,
        class: item.parsed("cl", Class::parse)?,
        lane: item.parsed("ln", Lane::parse)?,
        reference: item.optional_text("rf")?.map(str::to_owned),
        digest: item.text("dg")?.to_owned(),
        accepted_at: item.time("at")?,
        valid_until: item.time(VALID_UNTIL)?,
        ladder: item.parsed("ld", ladder)?,
        max_queue_wait: Duration::from_millis(item.number("mq")?),
        when_queue_wait_exceeded: item.parsed("qx", WhenQueueWaitExceeded::parse)?,
        quiet_hours: item
            .optional_parsed("qh", QuietHours::parse)?
            .unwrap_or(QuietHours::Ignored),
        zone: item.optional_parsed("zn", Zone::parse)?,
        daily_cap: item
            .optional_number("dc")?
            .map(|_| item.number("dc"))
            .transpose()?,
        masked: item.map("mp")?.collect(),
        content: item.optional_sealed(CONTENT)?,
        facts: facts(item)?,
    })
}

fn facts(item: Reader<'_>) -> Result<Facts, StoreError> {
    let mut facts = Facts::default();
    for (name, value) in item.attributes() {
        let Some(fact) = Fact::parse(name) else {
            continue;
        };
        let value = match (value.as_n(), value.as_s()) {
            (Ok(digits), _) => digits.parse().ok().map(Value::Number),
            (_, Ok(word)) => Some(Value::Text(word.clone())),
            _ => None,
        };
        facts.insert(fact, value.ok_or_else(|| item.unreadable(name))?);
    }
    Ok(facts)
}

fn ladder_text(ladder: &[Rung]) -> String {
    let rung = |rung: &Rung| match whole_millis(rung.after) {
        0 => rung.channel.name().to_owned(),
        after => format!("{}:{after}", rung.channel),
    };
    ladder.iter().map(rung).collect::<Vec<_>>().join(",")
}

fn ladder(text: &str) -> Option<Vec<Rung>> {
    let rung = |text: &str| {
        let (channel, after) = text.split_once(':').unwrap_or((text, "0"));
        Some(Rung {
            channel: Channel::parse(channel)?,
            after: Duration::from_millis(after.parse().ok()?),
        })
    };
    text.split(',').map(rung).collect()
}

fn whole_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use recado_domain::delivery::LegFact;
    use recado_domain::seal::Sealed;

    use super::*;

    fn notification() -> Notification {
        let mut facts = Facts::default();
        for (index, fact) in (0_i64..).zip(LegFact::ALL) {
            facts.insert(Fact::Leg(0, fact), Value::Number(index));
            facts.insert(Fact::Leg(2, fact), Value::Text(index.to_string()));
        }
        facts.insert(
            Fact::Response("abc".to_owned()),
            Value::Text("5|dispute".to_owned()),
        );
        facts.insert(Fact::Answered, Value::Number(5));
        Notification {
            id: NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap(),
            tenant: TenantId::parse("banco-aurora").unwrap(),
            recipient: RecipientToken::parse("rcp_1_bbbbbbbbbbbbbbbbbbbbbbbbbb").unwrap(),
            to_masked: "+55 (11) *****-4321".to_owned(),
            template: TemplateName::parse("pix_received").unwrap(),
            template_version: 3,
            locale: Locale::PtBr,
            class: Class::Transactional,
            lane: Lane::Standard,
            reference: Some("core-tx-778".to_owned()),
            digest: "cccccccccccccccccccccccccc".to_owned(),
            accepted_at: Timestamp::from_millisecond(1_795_269_845_123).unwrap(),
            valid_until: Timestamp::from_millisecond(1_795_356_245_123).unwrap(),
            ladder: vec![
                Rung {
                    channel: Channel::Whatsapp,
                    after: Duration::ZERO,
                },
                Rung {
                    channel: Channel::Sms,
                    after: Duration::from_secs(30),
                },
                Rung {
                    channel: Channel::Voice,
                    after: Duration::from_millis(90_500),
                },
            ],
            max_queue_wait: Duration::from_secs(300),
            when_queue_wait_exceeded: WhenQueueWaitExceeded::NextLeg,
            quiet_hours: QuietHours::Deferred,
            zone: Some(Zone::Amazon),
            daily_cap: Some(2),
            masked: BTreeMap::from([("name".to_owned(), "M****".to_owned())]),
            content: Some(Sealed {
                key: "k1".to_owned(),
                bytes: vec![0, 1, 255],
            }),
            facts,
        }
    }

    #[test]
    fn a_notification_reads_back_as_it_was_written() {
        let full = notification();
        assert_eq!(from_item(&full.id, &to_item(&full)).unwrap(), full);
        let bare = Notification {
            reference: None,
            content: None,
            masked: BTreeMap::new(),
            facts: Facts::default(),
            quiet_hours: QuietHours::Ignored,
            zone: None,
            daily_cap: None,
            ladder: vec![Rung {
                channel: Channel::Whatsapp,
                after: Duration::ZERO,
            }],
            ..full
        };
        assert_eq!(from_item(&bare.id, &to_item(&bare)).unwrap(), bare);
    }

    #[test]
    fn an_item_lives_ninety_days_from_acceptance() {
        let item = to_item(&notification());
        assert_eq!(item[TTL], number(1_795_269_845 + 7_776_000));
    }

    #[test]
    fn an_item_of_an_unknown_version_or_without_an_attribute_is_unreadable_and_names_no_value() {
        let whole = notification();
        let check = |alter: &dyn Fn(&mut Item), said: &str| {
            let mut item = to_item(&whole);
            alter(&mut item);
            let error = from_item(&whole.id, &item).unwrap_err();
            assert!(matches!(error, StoreError::Unreadable(_)));
            let text = error.to_string();
            assert!(text.contains(said), "{text}");
            assert!(!text.contains("4321") && !text.contains("aurora"), "{text}");
        };
        check(&|item| put(item, VERSION, Some(number(2))), "version 2");
        check(&|item| drop(item.remove(VERSION)), "without a version");
        check(&|item| drop(item.remove(TENANT)), "attribute tn");
        check(
            &|item| put(item, "ld", Some(text("pigeon"))),
            "attribute ld",
        );
        check(&|item| put(item, "tv", Some(number(-1))), "attribute tv");
        check(
            &|item| put(item, "l0c", Some(AttributeValue::Bool(true))),
            "attribute l0c",
        );
    }

    #[test]
    fn no_attribute_of_the_item_is_mistaken_for_a_fact() {
        let mut without = notification();
        without.facts = Facts::default();
        for name in to_item(&without).keys() {
            assert_eq!(Fact::parse(name), None, "{name}");
        }
    }
}
