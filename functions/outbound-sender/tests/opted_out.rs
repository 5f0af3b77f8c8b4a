//! An offer that Meta refuses since its addressee stopped marketing is the last that is tried.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use outbound_sender::{Deps, Pacers, handle};
use recado_domain::carried::Carried;
use recado_domain::catalogue;
use recado_domain::channel::Channel;
use recado_domain::class::{Class, Lane};
use recado_domain::consent::{
    Action, ConsentEvent, ConsentPolicy, MetaPreference, PurposeConsent, Source,
};
use recado_domain::delivery::{Failure, FailureKind, Limits, PostOutcome, SuppressReason};
use recado_domain::hours::Hours;
use recado_domain::ids::{
    BusinessAccountId, NotificationId, PhoneNumberId, RecipientToken, TemplateName, TenantId,
};
use recado_domain::locale::Locale;
use recado_domain::message::{Addressee, Outgoing};
use recado_domain::pacing::Concurrency;
use recado_domain::request::{Accepted, Draft};
use recado_domain::seal::{Keyring, NONCE_BYTES, Pepper};
use recado_ports::drive::World as Drive;
use recado_ports::{Chance, Job, Notifications, Recipients, TenantConfig, WhatsappChannel};
use recado_runtime::{Handled, Keys};
use recado_testing::twin::{Fault, Queues, Store, StoreCall, World};
use serde_json::json;

/// Meta: refuses everything with this code and counts what it was asked.
struct Refuses {
    code: u32,
    asked: Mutex<u32>,
}

impl WhatsappChannel for Refuses {
    async fn send(
        &self,
        _: &TenantId,
        _: &PhoneNumberId,
        _: &Addressee,
        _: &Outgoing,
        _: &Carried,
    ) -> PostOutcome {
        *self.asked.lock().expect("no panic") += 1;
        PostOutcome::Rejected(Failure {
            kind: FailureKind::Permanent,
            code: Some(self.code),
            title: "refused".to_owned(),
        })
    }
}

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("valid")
}

fn bank() -> TenantId {
    TenantId::parse("banco-aurora").expect("valid")
}

fn who() -> RecipientToken {
    RecipientToken::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid")
}

/// A sender for a customer who agreed to offers, and a Meta that refuses each with this code.
async fn sender(code: u32) -> Deps<Store, Queues, World, Refuses> {
    let (world, store) = (World::new(1, now()), Store::new());
    let config = TenantConfig {
        name: "Banco Aurora".to_owned(),
        phone_number_id: PhoneNumberId::parse("700").expect("valid"),
        business_account_id: BusinessAccountId::parse("8001").expect("valid"),
        messages_per_second: 80,
        sms_sender_id: None,
        locale: Locale::PtBr,
        time_zone: "America/Sao_Paulo".to_owned(),
        hours: Hours::around_the_clock(),
        hosts: catalogue::HOSTS.map(str::to_owned).to_vec(),
        consent: ConsentPolicy::default(),
    };
    store
        .put_tenant(&bank(), &config)
        .expect("a name that fits");
    let granted = ConsentEvent {
        channel: Channel::Whatsapp,
        purposes: vec![Class::Marketing],
        consent: PurposeConsent::new(Action::Grant, now(), Source::App),
        digest: "grant".to_owned(),
        received_at: now(),
        evidence: None,
    };
    let stored = store.consent(&bank(), &who(), &granted).await;
    stored.expect("the twin answers");
    let keys = BTreeMap::from([("k".to_owned(), vec![1; 32])]);
    Deps {
        world: Drive {
            store,
            queues: Queues::new(&world),
            chance: world,
        },
        keys: Keys::new(
            Keyring::new("k", keys).expect("valid"),
            Pepper::new("1", &[2; 32]).expect("valid"),
        ),
        whatsapp: Refuses {
            code,
            asked: Mutex::default(),
        },
        pacers: Pacers::new(Concurrency {
            critical: 1,
            rest: 1,
        }),
        limits: Limits {
            post_timeout: Duration::from_secs(8),
            retry_window: Duration::from_secs(2),
            lease: Duration::from_secs(60),
        },
    }
}

/// Accepts an offer and handles its job; answers why it was suppressed, if it was.
async fn offer(deps: &Deps<Store, Queues, World, Refuses>, letter: &str) -> Option<SuppressReason> {
    let id = NotificationId::parse(&format!("ntf_{}", letter.repeat(26))).expect("valid");
    let name = TemplateName::parse("security_tip").expect("a name");
    let template = catalogue::find(&name, None).expect("in the catalogue");
    let body = json!({ "template": "security_tip", "locale": "pt_BR", "to": "+5511987654321",
        "params": template.example_params(Locale::PtBr) });
    let draft = Draft::parse(body.to_string().as_bytes()).expect("JSON");
    let request = draft.complete(Some(&template), &[], deps.world.chance.now());
    let request = request.expect("valid");
    let sealed_for = format!("NTF#{id}");
    let content = deps
        .keys
        .ring
        .seal(&sealed_for, &request.content(), [7; NONCE_BYTES]);
    let accepted = Accepted {
        id: id.clone(),
        tenant: bank(),
        recipient: who(),
        digest: "digest".to_owned(),
        content: content.expect("sealed"),
        at: deps.world.chance.now(),
    };
    let item = request.into_notification(&template, accepted);
    let created = deps.world.store.create(&item).await;
    created.expect("the twin answers");
    let job = Job::Send {
        tenant: bank(),
        notification: id.clone(),
        lane: Lane::Bulk,
        attempt: 1,
    };
    let handled = handle(deps, job).await.expect("handled");
    assert_eq!(handled, Handled::Acknowledge);
    let item = deps.world.store.notification(&id).expect("stored");
    item.suppressed_because()
}

fn asked(deps: &Deps<Store, Queues, World, Refuses>) -> u32 {
    *deps.whatsapp.asked.lock().expect("no panic")
}

#[tokio::test]
async fn after_meta_told_that_marketing_is_stopped_the_next_offer_is_not_posted_until_a_resume() {
    let deps = sender(131_050).await;
    assert_eq!(offer(&deps, "a").await, None, "Meta refused it");
    assert_eq!(asked(&deps), 1);
    let opted_out = Some(SuppressReason::OptedOut);
    assert_eq!(offer(&deps, "b").await, opted_out);
    assert_eq!(asked(&deps), 1, "not asked again");

    let later = now() + jiff::SignedDuration::from_secs(1);
    let store = &deps.world.store;
    let resumed = store
        .meta_preference(&bank(), &who(), MetaPreference::Resume, later)
        .await;
    resumed.expect("the twin answers");
    // The next day: the first one counted against today's cap.
    deps.world.chance.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(offer(&deps, "c").await, None);
    assert_eq!(asked(&deps), 2);
}

#[tokio::test]
async fn another_refusal_stops_nothing() {
    let deps = sender(131_049).await;
    offer(&deps, "a").await;
    let found = deps.world.store.recipient(&bank(), &who()).await;
    let consents = found.expect("the twin answers").consents;
    assert_eq!(consents.0[&Channel::Whatsapp].meta, None);
}

#[tokio::test]
async fn a_preference_that_cannot_be_stored_takes_the_outcome_from_nobody() {
    let deps = sender(131_050).await;
    let away = |call| (call == StoreCall::MetaPreference).then_some(Fault::Before);
    deps.world.store.break_calls(away);
    assert_eq!(offer(&deps, "a").await, None);
    let all = deps.world.store.notifications();
    assert!(all[0].leg(0).failure().is_some(), "the refusal is recorded");
}
