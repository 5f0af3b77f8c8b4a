//! The queues' twin: messages with the time at which they are due, on a clock that a test moves.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use recado_domain::class::Lane;
use recado_domain::delivery::plus;
use recado_domain::ids::TenantId;
use recado_ports::{Chance, Job, QueueError, TimerMessage};

use super::whole_millis;
use super::world::World;

/// The longest delay of a message, as SQS has it.
const LONGEST_DELAY: u64 = 900;

/// Where a message lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A lane of outbound-sender.
    Lane(Lane),
    /// The timers.
    Fallback,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A job, in a lane.
    Job(Job),
    /// A timer.
    Timer(TimerMessage),
}

/// A message in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Counted from 1 in the order of sending; a duplicate has one of its own.
    pub id: u64,
    /// From when on it can be received.
    pub due: Timestamp,
    /// Where it lies.
    pub place: Place,
    /// Its message group.
    pub tenant: TenantId,
    /// What it says.
    pub body: Body,
}

/// How sending breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueFault {
    /// The message is not there, and the sender is told.
    Before,
    /// The message is there, and the sender is told that it failed.
    After,
    /// The message is there twice, and the sender is told that all went well.
    Twice,
}

type FaultHook = Box<dyn FnMut(&Message) -> Option<QueueFault> + Send>;

/// The queues, in memory. Clones share them.
#[derive(Clone)]
pub struct Queues {
    world: World,
    state: Arc<Mutex<State>>,
    faults: Arc<Mutex<Option<FaultHook>>>,
}

#[derive(Default)]
struct State {
    sent: u64,
    waiting: Vec<Message>,
}

impl State {
    fn put(&mut self, mut message: Message) -> u64 {
        self.sent += 1;
        message.id = self.sent;
        self.waiting.push(message);
        self.sent
    }
}

impl fmt::Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queues")
            .field("waiting", &self.lock().waiting.len())
            .finish_non_exhaustive()
    }
}

impl Queues {
    /// Empty queues on a clock.
    #[must_use]
    pub fn new(world: &World) -> Self {
        Self {
            world: world.clone(),
            state: Arc::default(),
            faults: Arc::default(),
        }
    }

    /// Asks `hook` at every message sent whether and how that breaks.
    pub fn break_sending(&self, hook: impl FnMut(&Message) -> Option<QueueFault> + Send + 'static) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(hook));
    }

    /// Lets sending work again.
    pub fn mend(&self) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Takes out what is due at `now`, the longest due first. What is taken and not put back counts as
    /// acknowledged.
    #[must_use]
    pub fn take_due(&self, now: Timestamp) -> Vec<Message> {
        let mut state = self.lock();
        let (mut due, waiting) = std::mem::take(&mut state.waiting)
            .into_iter()
            .partition::<Vec<_>, _>(|m| m.due <= now);
        state.waiting = waiting;
        due.sort_by_key(|message| (message.due, message.id));
        due
    }

    /// When the next message is due; none if all queues are empty.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.lock().waiting.iter().map(|message| message.due).min()
    }

    /// Every message that waits, the next due first.
    #[must_use]
    pub fn waiting(&self) -> Vec<Message> {
        let mut waiting = self.lock().waiting.clone();
        waiting.sort_by_key(|message| (message.due, message.id));
        waiting
    }

    /// Puts a message back under its own id: it was not acknowledged and comes again when its
    /// visibility timeout is over.
    pub fn put_back(&self, message: Message, due: Timestamp) {
        self.lock().waiting.push(Message { due, ..message });
    }

    /// Adds a second copy of a message, as a standard queue may deliver it. Answers its id.
    pub fn duplicate(&self, message: &Message) -> u64 {
        self.lock().put(message.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(
        &self,
        place: Place,
        tenant: &TenantId,
        body: Body,
        delay: Duration,
    ) -> Result<(), QueueError> {
        tokio::task::yield_now().await;
        // Whole seconds, rounded up, and no longer than SQS allows.
        let seconds = delay
            .as_secs()
            .saturating_add(u64::from(delay.subsec_nanos() > 0));
        let delay = Duration::from_secs(seconds.min(LONGEST_DELAY));
        let due = plus(self.world.now(), delay);
        let message = Message {
            id: 0,
            due,
            place,
            tenant: tenant.clone(),
            body,
        };
        let fault = match self
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
        {
            Some(hook) => hook(&message),
            None => None,
        };
        let broken = || QueueError {
            reason: format!("{place:?} was broken"),
            source: None,
        };
        let mut state = self.lock();
        match fault {
            Some(QueueFault::Before) => return Err(broken()),
            Some(QueueFault::After) => {
                state.put(message);
                return Err(broken());
            }
            Some(QueueFault::Twice) => {
                state.put(message.clone());
                state.put(message);
            }
            None => {
                state.put(message);
            }
        }
        Ok(())
    }
}

impl recado_ports::Queues for Queues {
    async fn enqueue(&self, job: &Job, after: Duration) -> Result<(), QueueError> {
        self.send(
            Place::Lane(job.lane()),
            job.tenant(),
            Body::Job(job.clone()),
            after,
        )
        .await
    }

    async fn arm(&self, timer: &TimerMessage, now: Timestamp) -> Result<(), QueueError> {
        let delay = Duration::try_from(timer.at.duration_since(now)).unwrap_or(Duration::ZERO);
        let timer = TimerMessage {
            at: whole_millis(timer.at),
            ..timer.clone()
        };
        self.send(
            Place::Fallback,
            &timer.tenant.clone(),
            Body::Timer(timer),
            delay,
        )
        .await
    }
}

#[cfg(test)]
mod tests {
    use recado_domain::ids::NotificationId;
    use recado_ports::Queues as _;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn tenant() -> TenantId {
        TenantId::parse("aurora").unwrap()
    }

    fn job(attempt: u32) -> Job {
        let notification = NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap();
        Job::Send {
            tenant: tenant(),
            notification,
            lane: Lane::Bulk,
            attempt,
        }
    }

    async fn enqueue(queues: &Queues, attempt: u32, after: Duration) -> Result<(), QueueError> {
        queues.enqueue(&job(attempt), after).await
    }

    #[tokio::test]
    async fn delays_are_whole_seconds_of_at_most_fifteen_minutes() {
        let queues = Queues::new(&World::new(1, at(0)));
        for after in [
            Duration::from_millis(1),
            Duration::from_secs(5_000),
            Duration::ZERO,
        ] {
            enqueue(&queues, 1, after).await.unwrap();
        }
        let due: Vec<Timestamp> = queues.waiting().iter().map(|message| message.due).collect();
        assert_eq!(due, [at(0), at(1), at(900)]);
        assert_eq!(queues.next_due(), Some(at(0)));
        assert_eq!(queues.take_due(at(1)).len(), 2);
        assert_eq!(queues.next_due(), Some(at(900)));
    }

    #[tokio::test]
    async fn sending_breaks_as_it_is_told_and_a_message_can_come_twice() {
        let queues = Queues::new(&World::new(1, at(0)));
        let waiting = || queues.waiting().len();
        queues.break_sending(|_| Some(QueueFault::Before));
        assert!(enqueue(&queues, 1, Duration::ZERO).await.is_err());
        assert_eq!(waiting(), 0);
        queues.break_sending(|_| Some(QueueFault::After));
        assert!(enqueue(&queues, 1, Duration::ZERO).await.is_err());
        assert_eq!(waiting(), 1);
        queues.break_sending(|_| Some(QueueFault::Twice));
        assert!(enqueue(&queues, 2, Duration::ZERO).await.is_ok());
        assert_eq!(waiting(), 3);
        queues.mend();
        let taken = queues.take_due(at(0));
        assert_eq!(queues.duplicate(&taken[0]), 4);
        queues.put_back(taken[0].clone(), at(30));
        let ids: Vec<u64> = queues.waiting().iter().map(|message| message.id).collect();
        assert_eq!(ids, [4, taken[0].id]);
    }
}
