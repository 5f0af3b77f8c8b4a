//! The twins keep the contracts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use recado_ports::{Chance, ConfigFault};

use super::*;
use crate::twin::{self, Body, Fault, Store, StoreCall, World};

/// Whether there was one left.
fn one_less(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(1)
    })
    .is_ok()
}

#[tokio::test]
async fn the_stores_twin_keeps_the_contract() {
    let store = Store::new();
    store_contract(|| store.clone()).await;
}

#[tokio::test]
async fn the_stores_twin_gives_the_protocols_verdicts() {
    for seed in 1..=3 {
        same_verdicts(&Store::new(), seed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_stores_twin_bears_many_writers_at_once() {
    races_contract(&Store::new(), 1).await;
}

/// From now on as many answers to calls that write are lost as the number in hand says.
fn lose_answers(store: &Store) -> Arc<AtomicU32> {
    let left = Arc::new(AtomicU32::new(0));
    let asked = Arc::clone(&left);
    store.break_calls(move |call| {
        let reads = matches!(
            call,
            StoreCall::Read
                | StoreCall::Recipient
                | StoreCall::History
                | StoreCall::Alias
                | StoreCall::ChatEntry
                | StoreCall::Conversation
                | StoreCall::Switchboard
                | StoreCall::Turns
        );
        (!reads && one_less(&asked)).then_some(Fault::After)
    });
    left
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_switches_twin_keeps_the_contract() {
    switches_contract(&Store::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_stores_twin_bears_lost_answers() {
    let store = Store::new();
    let left = lose_answers(&store);
    lost_turns_contract(&store, |answers| left.store(answers, Ordering::Relaxed)).await;
    lost_answers_contract(&store, |answers| left.store(answers, Ordering::Relaxed)).await;
}

#[tokio::test]
async fn the_stores_twin_tells_the_same_lives_as_another() {
    same_lives(&Store::new(), 1, 100).await;
}

#[tokio::test]
async fn the_registrys_twin_keeps_the_contract() {
    let store = Store::new();
    let entries = bank_entries();
    let long = entries.with_name("Banco Aurora do Brasil");
    let refused = store.put_tenant(&entries.tenant, &long);
    assert_eq!(refused, Err(ConfigFault::Name));
    assert!(store.banks().is_empty(), "nothing is written of it");
    let written = store.put_tenant(&entries.tenant, &entries.config);
    assert_eq!(written, Ok(()));
    store.put_client(&entries.client_id, &entries.tenant);
    store.put_number(&entries.config.phone_number_id, &entries.tenant);
    store.put_account(&entries.config.business_account_id, &entries.tenant);
    registry_contract(&store).await;
    templates_contract(&store).await;
}

struct Inbox {
    world: World,
    queues: twin::Queues,
}

impl Inbox {
    fn new() -> Self {
        let world = World::new(1, at(0));
        let queues = twin::Queues::new(&world);
        Self { world, queues }
    }

    fn due(&self, place: Place, within: Duration) -> Vec<twin::Message> {
        self.world.advance(within);
        let due = self.queues.take_due(self.world.now());
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|message| message.place == place);
        for message in elsewhere {
            let due = message.due;
            self.queues.put_back(message, due);
        }
        here
    }
}

fn arrival(message: twin::Message) -> Arrival {
    Arrival {
        group: message.tenant.as_str().to_owned(),
        message: match message.body {
            Body::Job(job) => Arrived::Job(job),
            Body::Timer(timer) => Arrived::Timer(timer),
        },
    }
}

impl Arrivals for Inbox {
    async fn take(&self, place: Place, within: Duration) -> Vec<Arrival> {
        let here = self.due(place, within);
        here.into_iter().map(arrival).collect()
    }

    async fn look(&self, place: Place, within: Duration) -> Vec<Arrival> {
        let here = self.due(place, within);
        let again = plus(self.world.now(), VISIBILITY);
        for message in &here {
            self.queues.put_back(message.clone(), again);
        }
        here.into_iter().map(arrival).collect()
    }

    fn delays(&self, place: Place) -> Vec<Duration> {
        let now = self.world.now();
        let here = self.queues.waiting().into_iter();
        here.filter(|message| message.place == place && message.due > now)
            .map(|message| message.due.duration_since(now).unsigned_abs())
            .collect()
    }
}

#[tokio::test]
async fn the_queues_twin_keeps_the_contract() {
    let inbox = Inbox::new();
    queues_contract(&inbox.queues, &inbox, || inbox.world.now()).await;
    assert_eq!(inbox.queues.waiting(), []);
}

#[tokio::test]
async fn the_queues_twin_delays_by_whole_seconds() {
    let inbox = Inbox::new();
    delays_contract(&inbox.queues, &inbox, || inbox.world.now()).await;
}

#[tokio::test]
async fn the_queues_twin_bears_lost_answers() {
    let inbox = Inbox::new();
    let left = Arc::new(AtomicU32::new(0));
    let asked = Arc::clone(&left);
    inbox
        .queues
        .break_sending(move |_| one_less(&asked).then_some(twin::QueueFault::After));
    let lose = |answers| left.store(answers, Ordering::Relaxed);
    lost_sends_contract(&inbox.queues, &inbox, || inbox.world.now(), lose).await;
    assert_eq!(inbox.queues.waiting(), []);
}
