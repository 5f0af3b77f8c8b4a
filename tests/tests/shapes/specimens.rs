//! One of everything, always the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::{Class, Lane};
use recado_domain::consent::{
    Action, ConsentEvent, ConsentPolicy, LegalBasis, PurposeConsent, Source,
};
use recado_domain::delivery::{
    Fact, Facts, LegFact, Notification, Rung, Value, WhenQueueWaitExceeded,
};
use recado_domain::hours::{Calendar, Hours, Zone};
use recado_domain::ids::{
    BusinessAccountId, NotificationId, PhoneNumberId, RecipientToken, TemplateName, TenantId,
};
use recado_domain::locale::Locale;
use recado_domain::seal::{Keyring, Sealed};
use recado_domain::standing::{Aspect, Edition, Note, Quality, Reason, Review, Said};
use recado_domain::switches::{Breaker, Reach, Scope, Sending, SmsBudget, Turn, Turned};
use recado_domain::template::{Category, QuietHours, Template};
use recado_ports::{ChatEntry, Profile, ProfileUpdate, TenantConfig};

use crate::folder;

/// Seconds after the specimens' own moment.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_269_600_123 + second * 1_000).expect("a specimen")
}

pub(crate) fn tenant() -> TenantId {
    TenantId::parse("banco-aurora").expect("a specimen")
}

/// A different id for each number.
fn digits(number: u8) -> String {
    char::from(b'a' + number).to_string().repeat(25) + "a"
}

pub(crate) fn recipient(number: u8) -> RecipientToken {
    RecipientToken::parse(&format!("rcp_1_{}", digits(number))).expect("a specimen")
}

pub(crate) fn notification_id(number: u8) -> NotificationId {
    NotificationId::parse(&format!("ntf_{}", digits(number))).expect("a specimen")
}

pub(crate) fn phone_number() -> PhoneNumberId {
    PhoneNumberId::parse("106012345678901").expect("a specimen")
}

pub(crate) fn account() -> BusinessAccountId {
    BusinessAccountId::parse("800000000000001").expect("a specimen")
}

/// The key that everything sealed in the specimens is sealed with.
pub(crate) fn keyring() -> Keyring {
    Keyring::new("k1", BTreeMap::from([("k1".to_owned(), vec![7; 32])])).expect("a specimen")
}

pub(crate) fn seal(associated: &str, plain: &str) -> Sealed {
    keyring()
        .seal(associated, plain.as_bytes(), [9; 12])
        .expect("a specimen")
}

/// As accepted: everything that may be in one.
pub(crate) fn accepted() -> Notification {
    let id = notification_id(1);
    Notification {
        tenant: tenant(),
        recipient: recipient(1),
        to_masked: "+55 11 9****-4321".to_owned(),
        template: TemplateName::parse("specimen").expect("a specimen"),
        template_version: 1,
        locale: Locale::PtBr,
        class: Class::Marketing,
        lane: Lane::Bulk,
        reference: Some("pedido 7".to_owned()),
        digest: "d".repeat(26),
        accepted_at: at(0),
        valid_until: at(600),
        ladder: vec![
            Rung {
                channel: Channel::Whatsapp,
                after: Duration::ZERO,
            },
            Rung {
                channel: Channel::Sms,
                after: Duration::from_millis(30_000),
            },
        ],
        max_queue_wait: Duration::from_secs(60),
        when_queue_wait_exceeded: WhenQueueWaitExceeded::NextLeg,
        quiet_hours: QuietHours::Deferred,
        zone: Zone::parse("brt"),
        daily_cap: Some(3),
        masked: BTreeMap::from([("name".to_owned(), "M*** S***".to_owned())]),
        content: Some(seal(
            &format!("NTF#{id}"),
            "{\"to\":\"+5511987654321\",\"params\":{}}",
        )),
        facts: Facts::default(),
        id,
    }
}

/// With every fact that there is, on both legs.
pub(crate) fn with_every_fact() -> Notification {
    let mut facts = Facts::default();
    let number = |second| Value::Number(at(second).as_millisecond());
    facts.insert(Fact::Cancelled, number(1));
    facts.insert(Fact::Suppressed, number(2));
    facts.insert(Fact::SuppressedBecause, Value::Text("opted_out".to_owned()));
    facts.insert(Fact::Answered, number(3));
    let response = format!("{}|dispute", at(3).as_millisecond());
    facts.insert(Fact::Response("digest".to_owned()), Value::Text(response));
    for leg in [0, 1] {
        for (place, fact) in (4..).zip(LegFact::ALL) {
            let value = match fact {
                LegFact::Token => Value::Text("token".to_owned()),
                LegFact::Attempt => Value::Number(2),
                LegFact::Opened => Value::Text("not_delivered_in_time".to_owned()),
                LegFact::ProviderId => Value::Text("provider-1".to_owned()),
                LegFact::Failure => Value::Text("permanent|131026|undeliverable".to_owned()),
                LegFact::ClosedBecause => Value::Text("template_unavailable".to_owned()),
                LegFact::KnownUser => Value::Text("alias-digest".to_owned()),
                LegFact::Claimed
                | LegFact::Until
                | LegFact::Submitted
                | LegFact::Uncertain
                | LegFact::Failed
                | LegFact::Closed
                | LegFact::Delivered
                | LegFact::Read => number(place),
            };
            facts.insert(Fact::Leg(leg, fact), value);
        }
    }
    Notification {
        id: notification_id(2),
        reference: None,
        quiet_hours: QuietHours::Ignored,
        zone: None,
        daily_cap: None,
        content: None,
        facts,
        ..accepted()
    }
}

/// Events of two people: one with everything that may be in one, one with the least.
pub(crate) fn events() -> [(RecipientToken, ConsentEvent); 2] {
    let mut whole = ConsentEvent {
        channel: Channel::Whatsapp,
        purposes: vec![Class::Servicing, Class::Marketing],
        consent: PurposeConsent::new(Action::Grant, at(0), Source::App),
        digest: "event-1".to_owned(),
        received_at: at(1),
        evidence: None,
    };
    whole.consent.expires_at = Some(at(86_400));
    whole.consent.double_opt_in_at = Some(at(2));
    whole.consent.basis = Some(LegalBasis::Contract);
    let entry = ConsentEvent::associated(&tenant(), &recipient(1), &whole.sort_key());
    whole.evidence = Some(seal(&entry, "{\"wording\":\"Sim\"}"));
    let least = ConsentEvent {
        channel: Channel::Sms,
        purposes: vec![Class::Security],
        consent: PurposeConsent::new(Action::Revoke, at(3), Source::WhatsappReply),
        digest: "event-2".to_owned(),
        received_at: at(4),
        evidence: None,
    };
    [(recipient(1), whole), (recipient(2), least)]
}

/// All that a profile can learn.
pub(crate) fn profile_update() -> ProfileUpdate {
    ProfileUpdate {
        phone: Some(seal(
            &Profile::associated(&tenant(), &recipient(1)),
            "+5511987654321",
        )),
        locale: Some(Locale::PtBr),
        user_digest: Some("alias-digest".to_owned()),
        window_until: Some(at(86_400)),
    }
}

pub(crate) fn chat_entry() -> ChatEntry {
    let sort_key = "001795269845123#digest".to_owned();
    let associated = ChatEntry::associated(&tenant(), &recipient(1), &sort_key);
    ChatEntry {
        kind: "text".to_owned(),
        content: seal(&associated, "{\"masked\":\"Oi\"}"),
        sort_key,
    }
}

pub(crate) fn bank() -> TenantConfig {
    TenantConfig {
        name: "Banco Aurora".to_owned(),
        phone_number_id: phone_number(),
        business_account_id: account(),
        messages_per_second: 80,
        sms_sender_id: Some("Aurora".to_owned()),
        locale: Locale::PtBr,
        time_zone: "America/Sao_Paulo".to_owned(),
        hours: Hours {
            servicing: "Mo-Fr 09:00-18:00; Sa 09:00-13:00; Su off; PH off"
                .parse()
                .expect("a specimen"),
            marketing: "24/7".parse().expect("a specimen"),
            calendar: Calendar::default(),
        },
        hosts: vec!["bank.example".to_owned(), "pay.bank.example".to_owned()],
        consent: ConsentPolicy {
            double_opt_in: BTreeSet::from([Class::Marketing]),
            days: BTreeMap::from([(Class::Marketing, 730)]),
        },
    }
}

pub(crate) fn template() -> Arc<Template> {
    let files: [PathBuf; 1] = [folder().join("specimen.toml")];
    recado_local::templates::read(&files)
        .expect("a specimen")
        .remove(0)
}

pub(crate) fn edition() -> Edition {
    Edition {
        name: template().name.clone(),
        version: 1,
        locale: Locale::PtBr,
    }
}

/// Every aspect of a standing.
pub(crate) fn notes() -> Vec<Note> {
    let aspects = [
        Aspect::Review(Review::Approved, Reason::None),
        Aspect::Category(Category::Utility),
        Aspect::Impending(Category::Marketing),
        Aspect::Quality(Quality::Green),
        Aspect::Edited,
    ];
    aspects
        .map(|aspect| Note {
            aspect,
            said: Said::Told(at(5)),
        })
        .into()
}

/// Every switch, every way.
pub(crate) fn turns() -> Vec<Turned> {
    let of_bank = || Reach::Tenant(tenant());
    let budget = SmsBudget {
        per_minute: Some(100),
        per_day: Some(5_000),
    };
    let own = Scope::Template(tenant(), template().name.clone());
    let turns = [
        Turn::Sending(Scope::Tenant(tenant()), Sending::Off),
        Turn::Sending(own, Sending::On),
        Turn::Sending(Scope::Lane(Lane::Bulk), Sending::Off),
        Turn::Breaker(Reach::Everywhere, Breaker::Open),
        Turn::Breaker(of_bank(), Breaker::Closed),
        Turn::SmsBudget(of_bank(), Some(budget)),
        Turn::SmsBudget(Reach::Everywhere, None),
        Turn::Rate(tenant(), Some(50)),
    ];
    let lifted = Turned {
        turn: Turn::Rate(TenantId::parse("banco-boreal").expect("a specimen"), None),
        at: at(20),
        by: "ana".to_owned(),
        why: "ticket 4711".to_owned(),
    };
    (10..)
        .zip(turns)
        .map(|(second, turn)| Turned {
            turn,
            at: at(second),
            ..lifted.clone()
        })
        .chain([lifted.clone()])
        .collect()
}
