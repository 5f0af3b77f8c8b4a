//! The functions' own code in sandboxes: batches out of the queues, requests out of the gateway.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use axum::Router;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use lambda_runtime::LambdaEvent;
use recado_domain::class::Lane;
use recado_domain::delivery::Limits;
use recado_domain::pacing::Concurrency;
use recado_domain::seal::{Keyring, Pepper};
use recado_ports::drive::World;
use recado_runtime::{Keys, each_record};
use recado_sqs::{decode_job, decode_timer};
use recado_whatsapp::webhook::{AppSecret, VerifyToken};
use tower::ServiceExt;

pub use crate::answers::Answer;
use crate::answers::{Answered, As, Slot, Waiting};
use crate::executor::{Kind, Spawner};
use crate::history::{Actor, Event, Function, Place};
use crate::queues::{Message, Sqs};
use crate::sabotage::Sabotage;
use crate::sim::Sim;
use crate::sms::Sns;
use crate::store::Store;
use crate::weather::Fault;
use crate::whatsapp::Cloud;

/// The secret that Meta signs with.
pub const APP_SECRET: &str = "the app's secret";

type Ports = World<Store, Sqs, Sim>;
type Sender = outbound_sender::Deps<Store, Sqs, Sim, Cloud>;
type Timer = fallback_timer::Deps<Store, Sqs, Sim, Sns>;

/// What the whole system consists of.
#[derive(Clone)]
pub struct System {
    /// Clock, dice, weather, history.
    pub sim: Sim,
    /// The table.
    pub store: Store,
    /// The queues.
    pub queues: Sqs,
    /// Meta and the phones.
    pub cloud: Cloud,
    /// The carrier.
    pub sns: Sns,
    /// Where tasks are started.
    pub spawner: Spawner,
    sandboxes: Arc<Mutex<Sandboxes>>,
}

#[derive(Default)]
struct Sandboxes {
    senders: Vec<Arc<Sender>>,
    timers: Vec<Arc<Timer>>,
    apis: Vec<Router>,
    receivers: Vec<Router>,
    /// How many batches of a queue are being handled.
    busy: BTreeMap<Place, usize>,
}

/// The limits as the template has them.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        post_timeout: Duration::from_secs(8),
        retry_window: Duration::from_secs(2),
        lease: Duration::from_secs(60),
    }
}

/// The same keys in every sandbox.
#[must_use]
pub fn keys() -> Keys {
    let ring = BTreeMap::from([("k1".to_owned(), vec![7; 32])]);
    Keys::new(
        Keyring::new("k1", ring).expect("one key of 32 bytes"),
        Pepper::new("1", &[9; 32]).expect("32 bytes"),
    )
}

impl System {
    /// Puts the parts together.
    #[must_use]
    pub fn new(sim: &Sim, cloud: Cloud, spawner: Spawner) -> Self {
        Self {
            store: Store::new(sim),
            queues: Sqs::new(sim),
            sns: Sns::new(sim, &cloud),
            cloud,
            spawner,
            sandboxes: Arc::default(),
            sim: sim.clone(),
        }
    }

    fn sandboxes(&self) -> MutexGuard<'_, Sandboxes> {
        self.sandboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn ports(&self) -> Ports {
        World {
            store: self.store.clone(),
            queues: self.queues.clone(),
            chance: self.sim.clone(),
        }
    }

    /// A sandbox that is free, or a new one.
    fn sender(&self) -> Arc<Sender> {
        let free = take(&self.sim, &mut self.sandboxes().senders);
        free.unwrap_or_else(|| {
            Arc::new(outbound_sender::Deps {
                world: self.ports(),
                keys: keys(),
                whatsapp: self.cloud.clone(),
                pacers: outbound_sender::Pacers::new(Concurrency {
                    critical: 10,
                    rest: 15,
                }),
                limits: limits(),
            })
        })
    }

    fn timer(&self) -> Arc<Timer> {
        let free = take(&self.sim, &mut self.sandboxes().timers);
        free.unwrap_or_else(|| {
            Arc::new(fallback_timer::Deps {
                world: self.ports(),
                keys: keys(),
                sms: self.sns.clone(),
                limits: limits(),
            })
        })
    }

    fn router(&self, function: Function) -> Router {
        let free = {
            let mut sandboxes = self.sandboxes();
            match function {
                Function::Receiver => take(&self.sim, &mut sandboxes.receivers),
                Function::Api | Function::Sender | Function::Timer => {
                    take(&self.sim, &mut sandboxes.apis)
                }
            }
        };
        free.unwrap_or_else(|| match function {
            Function::Receiver => webhook_receiver::router(Arc::new(webhook_receiver::Deps {
                world: self.ports(),
                keys: keys(),
                app_secrets: vec![AppSecret::parse(APP_SECRET).expect("not empty")],
                verify_token: VerifyToken::parse("the verify token").expect("not empty"),
            })),
            Function::Api | Function::Sender | Function::Timer => {
                notification_api::router(Arc::new(notification_api::Deps {
                    world: self.ports(),
                    keys: keys(),
                }))
            }
        })
    }

    /// Starts consumers for what can be received, as far as the lanes' concurrency allows.
    pub fn consume(&self) {
        for place in Place::ALL {
            loop {
                let busy = self.sandboxes().busy.get(&place).copied().unwrap_or(0);
                let most = if place == Place::Fallback { 4 } else { 3 };
                if busy >= most || self.queues.visible(place) == 0 {
                    break;
                }
                let size = self.sim.throw(|dice| *dice.pick(&[1_usize, 2, 3, 10]));
                let batch = self.queues.receive(place, size);
                if !batch.is_empty() {
                    self.invoke(place, batch);
                }
            }
        }
    }

    fn invoke(&self, place: Place, batch: Vec<Message>) {
        let function = match place {
            Place::Lane(_) => Function::Sender,
            Place::Fallback => Function::Timer,
        };
        let actor = self.sim.new_actor();
        let records: Vec<(Actor, u64)> = batch
            .iter()
            .map(|message| (self.sim.new_actor(), message.number))
            .collect();
        self.sim.note(Event::Began {
            function,
            actor,
            records: records.clone(),
        });
        let deadline = self.sim.millis() + function.timeout();
        let turn = Turn::begin(self, place);
        let system = self.clone();
        let actors: Vec<Actor> = records.iter().map(|(actor, _)| *actor).collect();
        let work = async move {
            let _turn = turn;
            let failed = match place {
                Place::Lane(lane) => system.send(lane, &batch, &actors).await,
                Place::Fallback => system.fall_back(&batch, &actors).await,
            };
            let Some(failed) = failed else {
                return;
            };
            if system.sim.strikes(Fault::BatchAnswerLost) {
                return;
            }
            system.sim.yields().await;
            let all = system.sim.sabotaged(Sabotage::AcknowledgesFailures);
            for message in batch {
                if all || !failed.contains(&message.number) {
                    system.queues.acknowledge(place, message.number);
                }
            }
        };
        self.spawner
            .spawn(Kind::Invocation { actor, deadline }, work);
    }

    async fn send(&self, _lane: Lane, batch: &[Message], actors: &[Actor]) -> Option<Vec<u64>> {
        let deps = self.sender();
        let place = AtomicUsize::new(0);
        let response = each_record(
            event(batch),
            |body| {
                place.fetch_add(1, Ordering::Relaxed);
                decode_job(body)
            },
            |job| {
                let actor = actors[place.load(Ordering::Relaxed) - 1];
                As::new(&self.sim, actor, outbound_sender::handle(&deps, job))
            },
        )
        .await;
        self.sandboxes().senders.push(Arc::clone(&deps));
        response.ok().map(failures)
    }

    async fn fall_back(&self, batch: &[Message], actors: &[Actor]) -> Option<Vec<u64>> {
        let deps = self.timer();
        let place = AtomicUsize::new(0);
        let response = each_record(
            event(batch),
            |body| {
                place.fetch_add(1, Ordering::Relaxed);
                decode_timer(body)
            },
            |timer| {
                let actor = actors[place.load(Ordering::Relaxed) - 1];
                As::new(&self.sim, actor, fallback_timer::handle(&deps, timer))
            },
        )
        .await;
        self.sandboxes().timers.push(Arc::clone(&deps));
        response.ok().map(failures)
    }

    /// Hands a request to an HTTP function. Nothing comes back from an invocation that died.
    pub async fn ask(&self, function: Function, request: Request<Body>) -> Option<Answer> {
        let actor = self.sim.new_actor();
        self.sim.note(Event::Began {
            function,
            actor,
            records: Vec::new(),
        });
        let deadline = self.sim.millis() + function.timeout();
        let slot = Slot::default();
        let answered = Answered(slot.clone());
        let system = self.clone();
        let work = async move {
            let answered = answered;
            let router = system.router(function);
            let response = router.clone().oneshot(request).await;
            let Ok(response) = response;
            let status = response.status().as_u16();
            let replayed = response.headers().contains_key("idempotency-replayed");
            let Ok(body) = response.into_body().collect().await else {
                return;
            };
            let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            let answer = Answer {
                status,
                replayed,
                body,
                by: actor,
            };
            answered.give(answer);
            let mut sandboxes = system.sandboxes();
            match function {
                Function::Receiver => sandboxes.receivers.push(router),
                Function::Api | Function::Sender | Function::Timer => sandboxes.apis.push(router),
            }
        };
        self.spawner
            .spawn(Kind::Invocation { actor, deadline }, work);
        Waiting(slot).await
    }
}

fn take<T>(sim: &Sim, free: &mut Vec<T>) -> Option<T> {
    if free.is_empty() {
        return None;
    }
    let place = sim.throw(|dice| dice.place(free.len()));
    Some(free.swap_remove(place))
}

fn event(batch: &[Message]) -> LambdaEvent<SqsEvent> {
    let record = |message: &Message| {
        let mut record = SqsMessage::default();
        record.message_id = Some(message.number.to_string());
        record.body = Some(message.body.clone());
        record
    };
    let mut event = SqsEvent::default();
    event.records = batch.iter().map(record).collect();
    LambdaEvent::new(event, lambda_runtime::Context::default())
}

fn failures(response: aws_lambda_events::event::sqs::SqsBatchResponse) -> Vec<u64> {
    let failed = response.batch_item_failures.into_iter();
    failed
        .filter_map(|failure| failure.item_identifier.parse().ok())
        .collect()
}

/// A batch that is being handled; however it ends, its consumer is free afterwards.
struct Turn {
    system: System,
    place: Place,
}

impl Turn {
    fn begin(system: &System, place: Place) -> Self {
        *system.sandboxes().busy.entry(place).or_default() += 1;
        Self {
            system: system.clone(),
            place,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(busy) = self.system.sandboxes().busy.get_mut(&self.place) {
            *busy -= 1;
        }
    }
}
