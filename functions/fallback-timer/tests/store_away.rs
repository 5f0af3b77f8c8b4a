//! A store that is away for a moment costs a moment, not a visibility timeout.

use std::collections::BTreeMap;
use std::time::Duration;

use fallback_timer::{Deps, handle};
use jiff::Timestamp;
use recado_domain::delivery::{Limits, PostOutcome, TimerKind};
use recado_domain::ids::{NotificationId, TenantId};
use recado_domain::phone::E164;
use recado_domain::seal::{Keyring, Pepper};
use recado_ports::{SmsChannel, TimerMessage};
use recado_runtime::{Handled, Keys};
use recado_testing::twin::{Body, Fault, Place, Queues, Store, World};

struct NeverCalled;

impl SmsChannel for NeverCalled {
    async fn send(&self, _: &E164, _: &str, _: Option<&str>) -> PostOutcome {
        panic!("nothing may be sent while the store is away");
    }
}

#[tokio::test]
async fn a_timer_is_put_back_before_it_is_acknowledged() {
    let now = Timestamp::from_second(1_790_000_000).expect("valid");
    let world = World::new(1, now);
    let deps = Deps {
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
    };
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
