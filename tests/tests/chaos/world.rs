//! A stack with its customers, the bank that does not give up, and the ledger of what Meta has done.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use recado_local::lambda::InstanceState;
use recado_local::stack::Stack;
use recado_testing::meta::{EventKind, SimEvent};
use recado_testing::phones::Change;
use recado_tests::{Bank, stack_with};
use reqwest::StatusCode;
use serde_json::Value;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep};

use crate::books::summed;
use crate::plan::{Dice, Handset, Plan, Planned};
use crate::times::Times;

/// Longer than anything takes on the slowest machine; whoever waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(1_500);
const GLANCE: Duration = Duration::from_millis(200);
/// How often in a row nothing may be left to do, before it is believed.
const QUIET_GLANCES: u32 = 5;

/// What Meta has done, from its own events.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// How often Meta accepted a message, by notification.
    pub(crate) accepted: BTreeMap<String, u32>,
    /// What else happened, by a word for it.
    pub(crate) happened: BTreeMap<String, u64>,
    /// Events that came too fast to be kept: then the ledger proves nothing.
    pub(crate) missed: u64,
}

/// What the bank got for its requests.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    /// Answers that made it ask again, by status; without an answer 0.
    pub(crate) turned_away: Mutex<BTreeMap<u16, u64>>,
    pub(crate) replayed: AtomicUsize,
    pub(crate) accepted: AtomicUsize,
}

impl Counter {
    fn turn_away(&self, status: u16) {
        let counts = self.turned_away.lock();
        let mut counts = counts.unwrap_or_else(PoisonError::into_inner);
        *counts.entry(status).or_default() += 1;
    }

    /// Whether the bank had to ask for anything more than once.
    pub(crate) fn was_turned_away(&self) -> bool {
        let counts = self.turned_away.lock();
        !counts.unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// How a bank sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Requests under way at once.
    pub(crate) at_once: usize,
    /// Shortest time from one request's start to the next.
    pub(crate) every: Duration,
}

pub(crate) struct World {
    pub(crate) stack: Stack,
    pub(crate) plan: Arc<Plan>,
    pub(crate) banks: [Bank; 2],
    pub(crate) counter: Arc<Counter>,
    pub(crate) times: Times,
    pub(crate) begun: Instant,
    ledger: Arc<Mutex<Ledger>>,
    keeper: JoinHandle<()>,
}

impl World {
    /// Starts a stack; its customers agree to everything and switch their phones.
    pub(crate) async fn open(parameters: &[(&str, &str)], plan: Plan) -> Result<Self> {
        let named = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let stack = stack_with(parameters.iter().map(named).collect()).await?;
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let keeper = tokio::spawn(keep(stack.sim.events(), Arc::clone(&ledger)));
        let world = Self {
            banks: [Bank::of(&stack, 0).await?, Bank::of(&stack, 1).await?],
            stack,
            plan: Arc::new(plan),
            counter: Arc::default(),
            times: Times::of(parameters),
            begun: Instant::now(),
            ledger,
            keeper,
        };
        for customer in &world.plan.customers {
            let change = match customer.handset {
                Handset::On | Handset::Flapping => Change::default(),
                Handset::Off => Change {
                    online: Some(false),
                    ..Change::default()
                },
                Handset::WithoutWhatsapp => Change {
                    on_whatsapp: Some(false),
                    ..Change::default()
                },
            };
            world.switch(&customer.number, change);
        }
        let mut agreeing = JoinSet::new();
        for chunk in world
            .plan
            .customers
            .chunks(world.plan.customers.len().div_ceil(8))
        {
            let (chunk, banks) = (chunk.to_vec(), world.banks.clone());
            agreeing.spawn(async move {
                for customer in chunk {
                    banks[customer.bank].agrees(&customer.number).await?;
                }
                anyhow::Ok(())
            });
        }
        agreeing
            .join_all()
            .await
            .into_iter()
            .collect::<Result<()>>()?;
        Ok(world)
    }

    pub(crate) fn switch(&self, number: &str, change: Change) {
        self.stack
            .sim
            .with(|meta, now| meta.switch_phone(number, change, now));
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends all that is planned and gives up on nothing: answers each notification's id, in the plan's
    /// order. `dice` decides which accepted requests the bank repeats all the same, as one does whose
    /// answer was lost on its way.
    pub(crate) async fn send_all(&self, pace: Pace, dice: &mut Dice) -> Result<Vec<String>> {
        let mut tasks: JoinSet<Result<(usize, String)>> = JoinSet::new();
        let mut ids = vec![String::new(); self.plan.notifications.len()];
        let mut next = Instant::now();
        for (place, planned) in self.plan.notifications.iter().enumerate() {
            while tasks.len() >= pace.at_once {
                let (place, id) = tasks.join_next().await.context("a task")???;
                ids[place] = id;
            }
            tokio::time::sleep_until(next).await;
            next = Instant::now() + pace.every;
            let bank = self.banks[self.plan.customers[planned.customer].bank].clone();
            let (plan, counter) = (Arc::clone(&self.plan), Arc::clone(&self.counter));
            let (planned, repeats) = (planned.clone(), dice.happens(30));
            tasks.spawn(async move {
                let id = insist(&bank, &plan, &planned, &counter).await?;
                counter.accepted.fetch_add(1, Ordering::Relaxed);
                if repeats {
                    let again = insist(&bank, &plan, &planned, &counter).await?;
                    ensure!(again == id, "one key, two notifications: {id} and {again}");
                }
                Ok((place, id))
            });
        }
        while let Some(done) = tasks.join_next().await {
            let (place, id) = done??;
            ids[place] = id;
        }
        Ok(ids)
    }

    /// Waits until the lanes are served: what they still hold, somebody has in hand.
    pub(crate) async fn lanes_are_served(&self) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let queues = self.stack.aws.queues();
            let mut waiting = 0;
            for name in queues.names().filter(|name| !is_dead_letter_queue(name)) {
                waiting += queues.depth(name)?.visible;
            }
            if waiting == 0 {
                return Ok(());
            }
            ensure!(Instant::now() < end, "{waiting} messages still wait");
            sleep(GLANCE).await;
        }
    }

    /// Waits until nothing is left to do: no message in a work queue, nothing due at Meta, no webhook
    /// under way. Dead letters stay where they are.
    pub(crate) async fn come_to_rest(&self) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        let mut quiet = 0;
        while quiet < QUIET_GLANCES {
            let left = self.left_to_do()?;
            quiet = if left.is_empty() { quiet + 1 } else { 0 };
            if Instant::now() > end {
                bail!("still to do: {left}");
            }
            sleep(GLANCE).await;
        }
        Ok(())
    }

    /// In words; empty when there is nothing.
    pub(crate) fn left_to_do(&self) -> Result<String> {
        let mut left = Vec::new();
        for name in self.stack.aws.queues().names() {
            let depth = self.stack.aws.queues().depth(name)?.total();
            if depth > 0 && !is_dead_letter_queue(name) {
                left.push(format!("{name} {depth}"));
            }
        }
        if self.stack.sim.with(|meta, _| meta.next_due()).is_some() {
            left.push("Meta".to_owned());
        }
        let busy = |function: &recado_local::lambda::Function| {
            let instances = function.instances();
            instances.iter().any(|one| one.state != InstanceState::Idle)
        };
        left.extend(
            self.stack
                .functions
                .iter()
                .filter(|(_, function)| busy(function))
                .map(|(name, _)| format!("{name} at work")),
        );
        Ok(left.join(", "))
    }

    /// What lies in the dead-letter queues.
    pub(crate) fn dead_letters(&self) -> Result<Vec<String>> {
        let queues = self.stack.aws.queues();
        let mut found = Vec::new();
        for name in queues.names().filter(|name| is_dead_letter_queue(name)) {
            let bodies = queues.all_bodies(name)?;
            found.extend(bodies.iter().map(|body| format!("{name}: {body}")));
        }
        Ok(found)
    }

    /// What bank and Meta have to tell, as text.
    pub(crate) fn told(&self) -> String {
        let turned_away = self.counter.turned_away.lock();
        let turned_away = turned_away.unwrap_or_else(PoisonError::into_inner);
        let ledger = self.ledger();
        format!(
            "  accepted                   {}, asked again after {:?} (by status), told the same again {}\n  \
             Meta took                  {}\n  Meta                       {}\n",
            self.plan.notifications.len(),
            turned_away,
            self.counter.replayed.load(Ordering::Relaxed),
            ledger.accepted.values().sum::<u32>(),
            summed(&ledger.happened),
        )
    }

    pub(crate) async fn close(self) {
        self.keeper.abort();
        self.stack.shutdown().await;
    }
}

fn is_dead_letter_queue(name: &str) -> bool {
    name.contains("DeadLetter")
}

/// Asks until it is accepted: what a bank's backend does that got no answer, or a server's error.
async fn insist(bank: &Bank, plan: &Plan, planned: &Planned, counter: &Counter) -> Result<String> {
    let (end, body) = (Instant::now() + PATIENCE, plan.body(planned));
    let mut rest = Duration::from_millis(50);
    loop {
        let answer = bank
            .post("/v1/notifications", Some(&planned.key), &body)
            .await;
        let status = match answer {
            Ok(answer) if answer.status() == StatusCode::ACCEPTED => {
                if answer.headers().contains_key("idempotency-replayed") {
                    counter.replayed.fetch_add(1, Ordering::Relaxed);
                }
                match answer.json::<Value>().await {
                    Ok(accepted) => {
                        return Ok(accepted["id"].as_str().context("no id")?.to_owned());
                    }
                    Err(_) => 0,
                }
            }
            Ok(answer) if answer.status().is_server_error() => answer.status().as_u16(),
            Ok(answer) => bail!("{}: {}", answer.status(), answer.text().await?),
            Err(_) => 0,
        };
        counter.turn_away(status);
        ensure!(Instant::now() < end, "never accepted, at last {status}");
        sleep(rest).await;
        rest = (rest * 2).min(Duration::from_secs(2));
    }
}

async fn keep(mut events: Receiver<SimEvent>, ledger: Arc<Mutex<Ledger>>) {
    loop {
        let event = events.recv().await;
        let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Ok(event) => ledger.note(event),
            Err(RecvError::Lagged(missed)) => ledger.missed += missed,
            Err(RecvError::Closed) => return,
        }
    }
}

impl Ledger {
    fn note(&mut self, event: SimEvent) {
        let what = match event.kind {
            EventKind::Accepted { .. } => {
                *self
                    .accepted
                    .entry(event.notification.unwrap_or_default())
                    .or_default() += 1;
                return;
            }
            EventKind::Rejected { code, status } => match code {
                Some(code) => format!("POST refused with {code}"),
                None => format!("POST answered with a page, {status}"),
            },
            EventKind::AnswerLost => "POST's answer lost".to_owned(),
            EventKind::Failed { code } => format!("accepted, then failed with {code}"),
            EventKind::Expired => "given up by WhatsApp after its time to live".to_owned(),
            EventKind::SmsRefused => "SMS refused by the carrier".to_owned(),
            EventKind::WebhookPosted { status, .. } if status != Some(200) => {
                let status = status.map_or_else(|| "nothing".to_owned(), |it| it.to_string());
                format!("webhook answered with {status}, posted again")
            }
            EventKind::WebhookLost { .. } => "webhook lost for good".to_owned(),
            EventKind::Switched { .. } => "phone switched".to_owned(),
            EventKind::Sent
            | EventKind::Delivered
            | EventKind::Read
            | EventKind::SmsReceived { .. }
            | EventKind::CallReceived { .. }
            | EventKind::Reply { .. }
            | EventKind::WebhookPosted { .. }
            | EventKind::TemplateStatus { .. } => return,
        };
        *self.happened.entry(what).or_default() += 1;
    }
}
