//! The table behind a network: the twin keeps the contract, this delays, loses and repeats its answers,
//! and notes every write.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use recado_domain::delivery::{
    Change, Condition, Content, Fact, Facts, LegFact, Notification, Value,
};
use recado_domain::ids::NotificationId;
use recado_domain::switches::Switchboard;
use recado_ports::{Created, Notifications, StoreError, Written};
use recado_testing::twin;

use crate::history::{Event, Function};
use crate::sabotage::Sabotage;
use crate::sim::Sim;
use crate::weather::Fault;

/// How long a function goes by the switches it read, in milliseconds.
const KNOWN_FOR: i64 = 10_000;

/// The store as the functions see it. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) sim: Sim,
    /// What lies in the table.
    pub twin: twin::Store,
    board: Arc<Mutex<Option<Read>>>,
}

/// The switches as somebody read them, and when.
type Read = (i64, Arc<Switchboard>);

/// A call's two ways, and what goes wrong on them.
enum Passage {
    Works,
    AskedTwice,
    AnswerLost,
}

impl Store {
    /// An empty table.
    #[must_use]
    pub fn new(sim: &Sim) -> Self {
        Self {
            sim: sim.clone(),
            twin: twin::Store::new(),
            board: Arc::default(),
        }
    }

    /// The switches as they were read at most ten seconds ago: functions keep them that long.
    pub(crate) fn known_board(&self) -> Option<Arc<Switchboard>> {
        let now = self.sim.millis();
        let board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        let known = board.as_ref().filter(|(at, _)| now - at < KNOWN_FOR);
        known.map(|(_, board)| Arc::clone(board))
    }

    pub(crate) fn know_board(&self, board: &Arc<Switchboard>) {
        let now = self.sim.millis();
        let mut known = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((now, Arc::clone(board)));
    }

    /// The way to the table: others have their turn, and the request may get lost.
    async fn there(&self) -> Result<Passage, StoreError> {
        self.sim.way(0, 6).await;
        let away = |what: &str| StoreError::Unavailable(what.to_owned(), None);
        if self.sim.strikes(Fault::StoreThrottled) {
            let wait = self.sim.throw(|dice| dice.between(5, 400));
            self.sim.pause(wait).await;
            return Err(away("throttled"));
        }
        if self.sim.strikes(Fault::StoreTimedOut) {
            let wait = self.sim.throw(|dice| dice.between(500, 6_500));
            self.sim.pause(wait).await;
            return Err(away("timed out"));
        }
        if self.sim.strikes(Fault::StoreAskedTwice) {
            return Ok(Passage::AskedTwice);
        }
        if self.sim.strikes(Fault::StoreAnswerLost) {
            return Ok(Passage::AnswerLost);
        }
        Ok(Passage::Works)
    }

    /// The way back.
    async fn back<T>(&self, answer: T, passage: Passage) -> Result<T, StoreError> {
        if matches!(passage, Passage::AnswerLost) {
            let wait = self.sim.throw(|dice| dice.between(50, 6_500));
            self.sim.pause(wait).await;
            return Err(StoreError::Unavailable("no answer".to_owned(), None));
        }
        self.sim.way(0, 4).await;
        Ok(answer)
    }

    /// Carries a call out: its effect takes place at one moment between two awaits.
    pub(crate) async fn call<T: Send>(
        &self,
        mut effect: impl FnMut() -> T + Send,
    ) -> Result<T, StoreError> {
        let passage = self.there().await?;
        let mut answer = effect();
        if matches!(passage, Passage::AskedTwice) {
            let wait = self.sim.throw(|dice| dice.between(0, 2_000));
            self.sim.pause(wait).await;
            answer = effect();
        }
        self.back(answer, passage).await
    }

    fn write_now(&self, id: &NotificationId, change: &Change) -> Result<Written, StoreError> {
        let before = self.twin.notification(id);
        let mut change = change.clone();
        if self.sim.sabotaged(Sabotage::WritesUnconditionally) {
            change.when = Condition::All(Vec::new());
        }
        if self.sim.sabotaged(Sabotage::HidesDelivery) {
            change.when = without_delivery(change.when);
            change.content = Content::Keep;
        }
        if self.sim.sabotaged(Sabotage::KeepsContent) {
            change.content = Content::Keep;
        }
        if self.sim.sabotaged(Sabotage::ForgetsWrites) && self.sim.throw(|dice| dice.hits(0.1)) {
            return Ok(match before {
                Some(item) => Written::Applied(Box::new(change.apply(item))),
                None => Written::Missing,
            });
        }
        let written = at_once(self.twin.write(id, &change))?;
        if let (Some(before), Written::Applied(after)) = (&before, &written)
            && *before != **after
        {
            self.sim.note(Event::Wrote {
                id: id.clone(),
                by: self.sim.actor(),
                facts: differences(before, after),
                sealed: after.content.is_some(),
            });
        }
        Ok(written)
    }
}

impl Notifications for Store {
    async fn create(&self, item: &Notification) -> Result<Created, StoreError> {
        self.call(|| {
            let mut created = at_once(self.twin.create(item))?;
            if self.sim.sabotaged(Sabotage::ForgetsKeys) {
                created = Created::New;
            }
            if created == Created::New {
                self.sim.note(Event::Created {
                    id: item.id.clone(),
                    by: self.sim.actor(),
                });
            }
            Ok(created)
        })
        .await?
    }

    async fn read(&self, id: &NotificationId) -> Result<Option<Notification>, StoreError> {
        self.call(|| {
            let item = at_once(self.twin.read(id))?;
            Ok(match self.sim.sabotaged(Sabotage::HidesDelivery) {
                true => item.map(undelivered),
                false => item,
            })
        })
        .await?
    }

    async fn write(&self, id: &NotificationId, change: &Change) -> Result<Written, StoreError> {
        self.call(|| self.write_now(id, change)).await?
    }
}

fn tells_of_delivery(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Answered | Fact::Leg(_, LegFact::Delivered | LegFact::Read)
    )
}

/// The item as if nobody had said that it was delivered.
fn undelivered(item: Notification) -> Notification {
    let mut facts = Facts::default();
    for (fact, value) in item.facts.iter() {
        if !tells_of_delivery(fact) {
            facts.insert(fact.clone(), value.clone());
        }
    }
    Notification { facts, ..item }
}

/// A condition that does not ask whether it was delivered.
fn without_delivery(condition: Condition) -> Condition {
    let Condition::All(mut all) = condition else {
        return condition;
    };
    all.retain(|it| !matches!(it, Condition::Lacks(fact) if tells_of_delivery(fact)));
    Condition::All(all)
}

/// Each fact that changed, as it was and as it is.
fn differences(
    before: &Notification,
    after: &Notification,
) -> Vec<(Fact, Option<Value>, Option<Value>)> {
    let mut changed = Vec::new();
    for (fact, value) in before.facts.iter() {
        let now = after.facts.get(fact);
        if now != Some(value) {
            changed.push((fact.clone(), Some(value.clone()), now.cloned()));
        }
    }
    for (fact, value) in after.facts.iter() {
        if !before.facts.has(fact) {
            changed.push((fact.clone(), None, Some(value.clone())));
        }
    }
    changed
}

/// Runs a future of the twin's to its end in one moment: all it waits for is the others' turn.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

impl Function {
    /// When an invocation that begins now runs into its timeout, in milliseconds.
    #[must_use]
    pub fn timeout(self) -> i64 {
        match self {
            Self::Api => 10_000,
            Self::Sender | Self::Timer => 20_000,
            Self::Receiver => 25_000,
        }
    }
}
