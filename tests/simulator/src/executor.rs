//! Many futures in one thread, the next one chosen by the dice: every interleaving that the awaits allow
//! can happen, and the same seed makes it happen again.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::history::{Actor, End, Event};
use crate::sim::Sim;
use crate::weather::Fault;

/// Something that runs.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What may happen to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Part of the world: it runs to its end.
    World,
    /// An invocation of a function: it may die at any await, and does when its time is over.
    Invocation {
        /// As whom it acts.
        actor: Actor,
        /// When its time is over.
        deadline: i64,
    },
}

struct Task {
    work: Work,
    kind: Kind,
    waker: Waker,
}

#[derive(Default)]
struct Ready(Mutex<Vec<u64>>);

struct Flag {
    task: u64,
    ready: Arc<Ready>,
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        let mut ready = self.ready.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !ready.contains(&self.task) {
            ready.push(self.task);
        }
    }
}

/// Where new tasks are handed in, from anywhere in the world.
#[derive(Clone, Default)]
pub struct Spawner(Arc<Mutex<Vec<(Work, Kind)>>>);

impl Spawner {
    /// Starts a task.
    pub fn spawn(&self, kind: Kind, work: impl Future<Output = ()> + Send + 'static) {
        let mut new = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        new.push((Box::pin(work), kind));
    }
}

/// Runs tasks.
pub struct Executor {
    sim: Sim,
    spawner: Spawner,
    ready: Arc<Ready>,
    tasks: BTreeMap<u64, Task>,
    started: u64,
}

impl Executor {
    /// Without tasks.
    #[must_use]
    pub fn new(sim: &Sim) -> Self {
        Self {
            sim: sim.clone(),
            spawner: Spawner::default(),
            ready: Arc::default(),
            tasks: BTreeMap::new(),
            started: 0,
        }
    }

    /// Where tasks are handed in.
    #[must_use]
    pub fn spawner(&self) -> Spawner {
        self.spawner.clone()
    }

    /// Whether nothing is left that could run.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Gives one task its turn. False: all of them wait for something.
    pub fn turn(&mut self) -> bool {
        self.take_in();
        let chosen = {
            let mut ready = self.ready.0.lock().unwrap_or_else(PoisonError::into_inner);
            if ready.is_empty() {
                return false;
            }
            let place = self.sim.throw(|dice| dice.place(ready.len()));
            ready.swap_remove(place)
        };
        let Some(mut task) = self.tasks.remove(&chosen) else {
            return true;
        };
        let actor = match task.kind {
            Kind::World => Actor::WORLD,
            Kind::Invocation { actor, .. } => actor,
        };
        self.sim.act(actor);
        let mut context = Context::from_waker(&task.waker);
        let polled = catch_unwind(AssertUnwindSafe(|| task.work.as_mut().poll(&mut context)));
        let ended = match polled {
            Ok(Poll::Ready(())) => Some(End::Done),
            Ok(Poll::Pending) => self.fate(task.kind),
            // What it was, the hook has noted.
            Err(_) => Some(End::Crashed),
        };
        match ended {
            None => {
                self.tasks.insert(chosen, task);
            }
            Some(how) => {
                if let Kind::Invocation { actor, .. } = task.kind {
                    self.sim.note(Event::Ended { actor, how });
                }
                drop(task);
            }
        }
        self.sim.act(Actor::WORLD);
        true
    }

    /// When the next invocation's time is over.
    #[must_use]
    pub fn next_deadline(&self) -> Option<i64> {
        let deadlines = self.tasks.values().filter_map(|task| match task.kind {
            Kind::World => None,
            Kind::Invocation { deadline, .. } => Some(deadline),
        });
        deadlines.min()
    }

    /// Ends the invocations whose time is over.
    pub fn time_out(&mut self) {
        let now = self.sim.millis();
        let over = |task: &Task| match task.kind {
            Kind::World => None,
            Kind::Invocation { actor, deadline } => (deadline <= now).then_some(actor),
        };
        let late: Vec<(u64, Actor)> = self
            .tasks
            .iter()
            .filter_map(|(id, task)| Some((*id, over(task)?)))
            .collect();
        for (id, by) in late {
            let fault = Fault::TimedOut;
            self.sim.note(Event::Struck { fault, by });
            self.sim.note(Event::Ended {
                actor: by,
                how: End::TimedOut,
            });
            self.tasks.remove(&id);
        }
    }

    fn fate(&self, kind: Kind) -> Option<End> {
        match kind {
            Kind::World => None,
            Kind::Invocation { .. } => self.sim.strikes(Fault::Crash).then_some(End::Crashed),
        }
    }

    fn take_in(&mut self) {
        let new = std::mem::take(
            &mut *self
                .spawner
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for (work, kind) in new {
            self.started += 1;
            let task = self.started;
            let waker = Waker::from(Arc::new(Flag {
                task,
                ready: Arc::clone(&self.ready),
            }));
            waker.wake_by_ref();
            self.tasks.insert(task, Task { work, kind, waker });
        }
    }
}
