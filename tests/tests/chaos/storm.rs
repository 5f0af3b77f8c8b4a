//! Everything breaks, at random moments drawn from a seed: processes die, Meta and AWS misbehave, phones go
//! off and on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use recado_local::aws::{Interference, Loss, Service, Verdict};
use recado_local::lambda::{Function, InstanceState};
use recado_ports::Chance;
use recado_runtime::Process;
use recado_testing::meta::EventKind;
use recado_testing::phones::Change;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::doubts::{BATCH, Setback};
use crate::plan::{Dice, Handset};
use crate::world::World;

/// Longer than the SDK waits for DynamoDB or SQS (2 s), and than the functions of this run wait for SNS.
const TOO_LONG: Duration = Duration::from_millis(2_500);

/// What the storm has done.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    /// Processes killed, by function.
    pub(crate) kills: BTreeMap<String, u64>,
    /// Requests to AWS that went wrong, by a word for it.
    pub(crate) aws: BTreeMap<String, u64>,
    /// When processes of fallback-timer were killed, and how many timers each had at most.
    pub(crate) timers_killed: Vec<Setback>,
}

impl Damage {
    fn killed(&mut self, what: &str, processes: u64, at: Timestamp) {
        *self.kills.entry(what.to_owned()).or_default() += processes;
        if what.starts_with(TIMER) && processes > 0 {
            let most = processes * BATCH;
            self.timers_killed.push(Setback { at, most });
        }
    }
}

const TIMER: &str = "FallbackTimer";

/// What becomes of a request whose answer is lost, or that comes too late for whoever made it.
pub(crate) const CUT: &str = "carried out, connection cut";
pub(crate) const ERROR: &str = "carried out, answered with 500";
pub(crate) const NEVER_ARRIVES: &str = "never arrives";

/// A notification makes about thirty.
const REQUESTS_PER_DEATH: u64 = 600;
/// Requests between two bursts of throttling, at least.
const CALM: u64 = 2_000;

type Shared<T> = Arc<Mutex<T>>;

fn with<T, R>(shared: &Shared<T>, act: impl FnOnce(&mut T) -> R) -> R {
    act(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A storm that rages until [`Storm::end`].
pub(crate) struct Storm {
    damage: Shared<Damage>,
    tasks: Vec<JoinHandle<()>>,
}

impl Storm {
    pub(crate) fn begin(world: &World, dice: &mut Dice) -> Self {
        let mut storm = Self {
            damage: Arc::default(),
            tasks: Vec::new(),
        };
        storm.strike(world, dice);
        storm.kill_after(world, dice);
        storm.trouble_meta(world, dice);
        storm.flap(world, dice);
        storm
    }

    /// Ends it and mends everything.
    pub(crate) async fn end(self, world: &World) -> Result<Damage> {
        for task in self.tasks {
            task.abort();
        }
        world.stack.aws.interfere(Arc::new(|_, _| Verdict::Pass));
        let healed = json!({ "next": [], "webhooks": {} });
        world.banks[0].faults(healed).await?;
        for customer in &world.plan.customers {
            if customer.handset == Handset::Flapping {
                world.switch(&customer.number, online(true));
            }
        }
        Ok(with(&self.damage, std::mem::take))
    }

    /// DynamoDB, SQS, SNS and Secrets Manager: throttled in bursts, slow, and with answers that are lost.
    /// A request is also what a process may not survive: so that it is at work when it dies, and as often on
    /// a slow machine as on a fast one.
    fn strike(&mut self, world: &World, dice: &mut Dice) {
        let damage = Arc::clone(&self.damage);
        let weather = Arc::new(Mutex::new(Weather {
            dice: Dice::new(dice.roll()),
            throttled: 0,
            left: CALM,
        }));
        let (deaths, died) = mpsc::unbounded_channel();
        let interference: Interference = Arc::new(move |service, operation| {
            let (what, verdict, dies) = with(&weather, |weather| {
                let (what, verdict) = weather.verdict(service);
                let dies = weather.dice.below(REQUESTS_PER_DEATH) == 0;
                (what, verdict, dies)
            });
            if verdict != Verdict::Pass {
                let what = format!("{operation} {what}");
                with(&damage, |damage| {
                    *damage.aws.entry(what).or_default() += 1;
                });
            }
            if dies {
                // An error only says that the storm is over.
                deaths.send(()).ok();
            }
            verdict
        });
        world.stack.aws.interfere(interference);
        self.kill(world, died, Dice::new(dice.roll()));
    }

    /// Kills one process of some function, a busy one where there is one, for each death that is announced.
    fn kill(&mut self, world: &World, mut died: UnboundedReceiver<()>, mut dice: Dice) {
        let mut functions = Vec::new();
        for (weight, name) in [
            (40, "OutboundSender"),
            (25, TIMER),
            (20, "NotificationApi"),
            (15, "WebhookReceiver"),
        ] {
            functions.push((weight, (name, world.stack.functions[name].clone())));
        }
        let damage = Arc::clone(&self.damage);
        self.tasks.push(tokio::spawn(async move {
            while died.recv().await.is_some() {
                sleep(Duration::from_millis(dice.below(20))).await;
                let (name, function) = dice.one_of(&functions);
                let at = now();
                if function.kill_random(dice.roll()).await.is_some() {
                    with(&damage, |damage| damage.killed(name, 1, at));
                }
            }
        }));
    }

    /// Whoever works just when a carrier has taken a message: between the send and its record.
    fn kill_after(&mut self, world: &World, dice: &mut Dice) {
        let sender = world.stack.functions["OutboundSender"].clone();
        let timer = world.stack.functions[TIMER].clone();
        let (damage, mut dice) = (Arc::clone(&self.damage), Dice::new(dice.roll()));
        let mut events = world.stack.sim.events();
        self.tasks.push(tokio::spawn(async move {
            loop {
                let kind = match events.recv().await {
                    Ok(event) => event.kind,
                    Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return,
                };
                let posted = matches!(kind, EventKind::Accepted { .. }) && dice.happens(6);
                let published = matches!(kind, EventKind::SmsReceived { .. }) && dice.happens(25);
                let (what, function) = match (posted, published) {
                    (true, _) => ("OutboundSender after a POST", &sender),
                    (false, true) => ("FallbackTimer after a Publish", &timer),
                    (false, false) => continue,
                };
                let at = now();
                let killed = kill_busy(function).await;
                with(&damage, |damage| damage.killed(what, killed, at));
            }
        }));
    }

    /// Spells of bad weather at Meta, with calm between them.
    fn trouble_meta(&mut self, world: &World, dice: &mut Dice) {
        let (bank, mut dice) = (world.banks[0].clone(), Dice::new(dice.roll()));
        self.tasks.push(tokio::spawn(async move {
            loop {
                let spell = json!({ "next": sends(&mut dice), "webhooks": webhooks(&mut dice) });
                // The stack may be so busy that it is not set: then the next one is.
                if bank.faults(spell).await.is_err() {
                    continue;
                }
                sleep(Duration::from_millis(1_000 + dice.below(2_000))).await;
            }
        }));
    }

    fn flap(&mut self, world: &World, dice: &mut Dice) {
        let flapping: Vec<String> = world
            .plan
            .customers
            .iter()
            .filter(|customer| customer.handset == Handset::Flapping)
            .map(|customer| customer.number.clone())
            .collect();
        let (sim, mut dice) = (world.stack.sim.clone(), Dice::new(dice.roll()));
        self.tasks.push(tokio::spawn(async move {
            loop {
                sleep(Duration::from_millis(100 + dice.below(300))).await;
                let which = usize::try_from(dice.below(flapping.len() as u64)).unwrap_or(0);
                if let Some(number) = flapping.get(which) {
                    let change = online(dice.happens(600));
                    sim.with(|meta, now| meta.switch_phone(number, change, now));
                }
            }
        }));
    }
}

fn online(is: bool) -> Change {
    Change {
        online: Some(is),
        ..Change::default()
    }
}

fn now() -> Timestamp {
    Process::default().now()
}

async fn kill_busy(function: &Function) -> u64 {
    let mut killed = 0;
    for instance in function.instances() {
        if instance.state == InstanceState::Busy && function.kill_instance(&instance.id).await {
            killed += 1;
        }
    }
    killed
}

/// AWS, counted in requests: so that a slow machine has no longer spells than a fast one.
struct Weather {
    dice: Dice,
    /// How many of a thousand requests to DynamoDB are turned away.
    throttled: u64,
    /// Requests until it changes.
    left: u64,
}

impl Weather {
    /// What becomes of one request.
    fn verdict(&mut self, service: Service) -> (&'static str, Verdict) {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            (self.throttled, self.left) = match self.throttled {
                0 => (
                    self.dice.one_of(&[(1, 300), (1, 700), (1, 950)]),
                    60 + self.dice.below(400),
                ),
                _ => (0, CALM + self.dice.below(2 * CALM)),
            };
        }
        let dice = &mut self.dice;
        let pass = ("", Verdict::Pass);
        let throttle = ("throttled", Verdict::Throttle);
        let slow = (NEVER_ARRIVES, Verdict::Delay(TOO_LONG));
        let cut = (CUT, Verdict::LoseAnswer(Loss::Cut));
        let error = (ERROR, Verdict::LoseAnswer(Loss::InternalError));
        match service {
            Service::DynamoDb if dice.happens(self.throttled) => throttle,
            Service::DynamoDb => dice.one_of(&[(988, pass), (6, cut), (5, error), (1, slow)]),
            Service::Sqs => {
                dice.one_of(&[(970, pass), (14, throttle), (8, cut), (7, error), (1, slow)])
            }
            Service::Sns => dice.one_of(&[
                (850, pass),
                (70, throttle),
                (30, cut),
                (30, error),
                (20, slow),
            ]),
            Service::SecretsManager => dice.one_of(&[(980, pass), (20, throttle)]),
        }
    }
}

/// What becomes of Meta's next sends: most of them are well even in bad weather.
fn sends(dice: &mut Dice) -> Vec<Value> {
    let length = dice.one_of(&[(1, 0), (2, 20), (1, 60)]);
    let well = json!({ "ok": true });
    let code = |code: u32| json!({ "error_code": code });
    let weather = dice.one_of(&[
        // A little of everything.
        (
            5,
            vec![
                (70, well.clone()),
                (4, code(130_429)),
                (4, code(131_056)),
                (4, json!({ "status": 500 })),
                (2, json!({ "status": 502, "after_accept": true })),
                (2, code(131_000)),
                (2, code(131_016)),
                (1, json!({ "timeout_after_accept": true })),
                (1, json!({ "timeout_before_accept": true })),
                (2, json!({ "reset": true })),
                (2, json!({ "reset_after_accept": true })),
                (2, json!({ "then_failed": 131_049 })),
                (2, code(131_026)),
                (2, code(132_015)),
            ],
        ),
        // Too fast.
        (
            1,
            vec![(50, code(130_429)), (10, code(131_056)), (40, well.clone())],
        ),
        // Out of order.
        (
            1,
            vec![
                (50, json!({ "status": 503 })),
                (10, code(131_057)),
                (40, well.clone()),
            ],
        ),
        // Answers that are lost.
        (
            1,
            vec![
                (20, json!({ "reset_after_accept": true })),
                (20, json!({ "status": 500, "after_accept": true })),
                (5, json!({ "timeout_after_accept": true })),
                (55, well),
            ],
        ),
    ]);
    (0..length).map(|_| dice.one_of(&weather)).collect()
}

/// How Meta's webhooks come: always many at once, sometimes twice, late and in any order. None is lost:
/// Meta repeats what was not answered with 200.
fn webhooks(dice: &mut Dice) -> Value {
    let batch = json!({ "size": 10 + dice.below(40), "ms": 250 });
    dice.one_of(&[
        (2, json!({ "batch": batch })),
        (1, json!({ "batch": batch, "duplicate": 0.5 })),
        (
            1,
            json!({ "batch": batch, "duplicate": 0.3, "shuffle": true }),
        ),
        (
            1,
            json!({ "batch": batch, "shuffle": true, "delay_ms": [0, 6_000] }),
        ),
    ])
}
