//! A store that is away for a moment costs a moment, not a visibility timeout.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use outbound_sender::{Deps, Pacers, handle};
use recado_domain::carried::Carried;
use recado_domain::class::Lane;
use recado_domain::delivery::{Limits, PostOutcome};
use recado_domain::ids::{NotificationId, PhoneNumberId, TenantId};
use recado_domain::message::{Addressee, Outgoing};
use recado_domain::pacing::Concurrency;
use recado_domain::seal::{Keyring, Pepper};
use recado_ports::{Job, WhatsappChannel};
use recado_runtime::{Handled, Keys};
use recado_testing::twin::{Body, Fault, Place, QueueFault, Queues, Store, StoreCall, World};

struct NeverCalled;

impl WhatsappChannel for NeverCalled {
    async fn send(
        &self,
        _: &TenantId,
        _: &PhoneNumberId,
        _: &Addressee,
        _: &Outgoing,
        _: &Carried,
    ) -> PostOutcome {
        panic!("nothing may be sent while the store is away");
    }
}

type TwinDeps = Deps<Store, Queues, World, NeverCalled>;

fn deps() -> TwinDeps {
    let world = World::new(1, Timestamp::from_second(1_790_000_000).expect("valid"));
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
        whatsapp: NeverCalled,
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

fn job() -> Job {
    Job::Send {
        tenant: TenantId::parse("banco-aurora").expect("valid"),
        notification: NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid"),
        lane: Lane::Critical,
        attempt: 3,
    }
}

#[tokio::test]
async fn a_job_is_put_back_into_its_lane_before_it_is_acknowledged() {
    let deps = deps();
    let broken = |call| (call == StoreCall::Read).then_some(Fault::Before);
    deps.world.store.break_calls(broken);
    assert_eq!(
        handle(&deps, job()).await.expect("valid"),
        Handled::Acknowledge
    );
    let waiting = deps.world.queues.waiting();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].place, Place::Lane(Lane::Critical));
    assert_eq!(waiting[0].body, Body::Job(job()));
    let ahead = waiting[0].due.as_second() - 1_790_000_000;
    assert_eq!(ahead, 5);
}

#[tokio::test]
async fn a_job_that_cannot_be_put_back_either_is_left_to_its_queue() {
    let deps = deps();
    deps.world.store.break_calls(|_| Some(Fault::Before));
    deps.world
        .queues
        .break_sending(|_| Some(QueueFault::Before));
    assert!(handle(&deps, job()).await.is_err());
    assert!(deps.world.queues.waiting().is_empty());
}
