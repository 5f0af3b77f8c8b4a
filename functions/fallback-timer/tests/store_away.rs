//! A store that is away for a moment costs a moment, not a visibility timeout; one that refuses costs nobody
//! else a place in the budget.

use std::collections::BTreeMap;
use std::time::Duration;

use fallback_timer::{Deps, handle};
use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::delivery::{
    Claim, Fact, Facts, Failure, FailureKind, LegFact, Limits, Notification, PostOutcome, Rung,
    TimerKind, WhenQueueWaitExceeded, change, plus,
};
use recado_domain::ids::{NotificationId, RecipientToken, TemplateName, TenantId};
use recado_domain::locale::Locale;
use recado_domain::phone::E164;
use recado_domain::seal::{Keyring, Pepper, Sealed};
use recado_domain::switches::{Reach, SmsBudget, Spending, Turn, Turned};
use recado_domain::template::QuietHours;
use recado_ports::{
    Chance, Notifications, SmsChannel, Switches, Switchgear, TimerMessage, Written,
};
use recado_runtime::{Handled, Keys};
use recado_testing::twin::{Body, Fault, Place, Queues, Store, StoreCall, World};

struct NeverCalled;

impl SmsChannel for NeverCalled {
    async fn send(&self, _: &E164, _: &str, _: Option<&str>) -> PostOutcome {
        panic!("nothing may be sent while the store does not answer");
    }
}

/// A timer whose SMS nobody may get.
fn deps(now: Timestamp) -> Deps<Store, Queues, World, NeverCalled> {
    let world = World::new(1, now);
    Deps {
        world: recado_ports::drive::World {
            store: Store::new(),
            queues: Queues::new(&world),
            chance: world,
        },
        keys: Keys::new(
            Keyring::new("k", BTreeMap::from([("k".to_owned(), vec![1; 32])])).expect("valid"),
            Pepper::new("1", &[2; 32]).expect("valid"),
        ),
        sms: NeverCalled,
        limits: Limits {
            post_timeout: Duration::from_secs(8),
            retry_window: Duration::ZERO,
            lease: Duration::from_secs(60),
        },
    }
}

#[tokio::test]
async fn a_timer_is_put_back_before_it_is_acknowledged() {
    let now = Timestamp::from_second(1_790_000_000).expect("valid");
    let deps = deps(now);
    deps.world.store.break_calls(|_| Some(Fault::Before));
    let timer = TimerMessage {
        tenant: TenantId::parse("banco-aurora").expect("valid"),
        notification: NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid"),
        leg: 1,
        kind: TimerKind::Guard,
        at: now,
    };
    assert_eq!(
        handle(&deps, timer.clone()).await.expect("valid"),
        Handled::Acknowledge
    );
    let waiting = deps.world.queues.waiting();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].place, Place::Fallback);
    let Body::Timer(again) = &waiting[0].body else {
        panic!("not a timer")
    };
    assert_eq!((again.leg, again.kind), (timer.leg, timer.kind));
    assert_eq!(again.at.as_second(), now.as_second() + 5);
}

fn notification(now: Timestamp) -> Notification {
    let rung = |channel, after| Rung {
        channel,
        after: Duration::from_secs(after),
    };
    Notification {
        id: NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid"),
        tenant: TenantId::parse("banco-aurora").expect("valid"),
        recipient: RecipientToken::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid"),
        to_masked: "+55 (11) *****-4321".to_owned(),
        template: TemplateName::parse("pix_received").expect("valid"),
        template_version: 1,
        locale: Locale::PtBr,
        class: Class::Transactional,
        lane: Class::Transactional.lane(),
        reference: None,
        digest: "digest".to_owned(),
        accepted_at: now,
        valid_until: plus(now, Duration::from_secs(3_600)),
        ladder: vec![rung(Channel::Whatsapp, 0), rung(Channel::Sms, 30)],
        max_queue_wait: Duration::from_secs(300),
        when_queue_wait_exceeded: WhenQueueWaitExceeded::NextLeg,
        quiet_hours: QuietHours::Ignored,
        zone: None,
        daily_cap: None,
        masked: BTreeMap::new(),
        content: Some(Sealed {
            key: "k".to_owned(),
            bytes: vec![0],
        }),
        facts: Facts::default(),
    }
}

#[tokio::test]
async fn a_store_that_refuses_after_the_count_gives_the_place_back() {
    let now = Timestamp::from_second(1_790_000_000).expect("valid");
    let deps = deps(now);
    let store = &deps.world.store;
    let item = notification(now);
    store.create(&item).await.expect("the store answers");
    let failure = Failure {
        kind: FailureKind::Permanent,
        code: Some(131_026),
        title: "undeliverable".to_owned(),
    };
    let claim = Claim {
        token: deps.world.chance.token(),
        at: now,
        until: now,
        attempt: 1,
        known_user: None,
    };
    let content = change::content_after_failure(&item, 0);
    for change in [
        change::claim_first(&item, &claim),
        change::failed(0, 1, &failure, now, content),
    ] {
        let written = store.write(&item.id, &change).await;
        assert!(matches!(written, Ok(Written::Applied(_))), "{written:?}");
    }
    let one = SmsBudget {
        per_minute: None,
        per_day: Some(1),
    };
    let reach = Reach::Tenant(item.tenant.clone());
    let turned = Turned {
        turn: Turn::SmsBudget(reach.clone(), Some(one)),
        at: now,
        by: "an operator".to_owned(),
        why: "a quiet day".to_owned(),
    };
    store.turn(&turned).await.expect("the store answers");

    store.break_calls(|call| (call == StoreCall::Recipient).then_some(Fault::Refused));
    let timer = TimerMessage {
        tenant: item.tenant.clone(),
        notification: item.id.clone(),
        leg: 1,
        kind: TimerKind::Open,
        at: now,
    };
    assert!(handle(&deps, timer).await.is_err(), "for the dead letters");
    store.mend();

    let after = store.notification(&item.id).expect("it is there");
    assert!(!after.facts.has(&Fact::Leg(1, LegFact::Token)), "claimed");
    let counter = one.counters(&reach, now);
    let (counter, limit) = counter.first().expect("a budget of a day");
    let next = store.tally(counter, *limit).await;
    assert_eq!(next.expect("the store answers"), Spending::Within);
}
