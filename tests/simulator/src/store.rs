//! The table behind a network: the twin keeps the contract, this delays, loses and repeats its answers,
//! and notes every write.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use recado_domain::delivery::{Change, Condition, Content, Fact, Notification, Value};
use recado_domain::ids::NotificationId;
use recado_ports::{Created, Notifications, StoreError, Written};
use recado_testing::twin;

use crate::history::{Event, Function};
use crate::sabotage::Sabotage;
use crate::sim::Sim;
use crate::weather::Fault;

/// The store as the functions see it. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) sim: Sim,
    /// What lies in the table.
    pub twin: twin::Store,
    /// Items as they were created.
    born: Arc<Mutex<BTreeMap<NotificationId, Notification>>>,
}

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
            born: Arc::default(),
        }
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
            let created = at_once(self.twin.create(item))?;
            if created == Created::New {
                let mut born = self.born.lock().unwrap_or_else(PoisonError::into_inner);
                born.insert(item.id.clone(), item.clone());
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
        if self.sim.sabotaged(Sabotage::ReadsStale) && self.sim.throw(|dice| dice.hits(0.5)) {
            let born = self.born.lock().unwrap_or_else(PoisonError::into_inner);
            return Ok(born.get(id).cloned());
        }
        self.call(|| at_once(self.twin.read(id))).await?
    }

    async fn write(&self, id: &NotificationId, change: &Change) -> Result<Written, StoreError> {
        self.call(|| self.write_now(id, change)).await?
    }
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
