//! SQS as it is: at least once, in any order, late, twice, and after so many receives into the
//! dead-letter queue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use recado_ports::{Job, QueueError, TimerMessage};
use recado_sqs::{encode_job, encode_timer};

use crate::history::{About, Event, Place};
use crate::sabotage::Sabotage;
use crate::sim::Sim;
use crate::weather::Fault;

/// The longest delay of a message (SQS), in milliseconds.
const LONGEST_DELAY: i64 = 900_000;
/// For how long a received message is hidden (`LaneVisibility`, `FallbackVisibility`).
pub const VISIBILITY: i64 = 180_000;
/// How often a lane gives a message out (`LaneReceives`).
pub const LANE_RECEIVES: u32 = 5;
/// How often the timers' queue does (`FallbackReceives`).
pub const FALLBACK_RECEIVES: u32 = 10;

/// A message.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its number.
    pub number: u64,
    /// What lies in the queue.
    pub body: String,
    about: About,
    visible: i64,
    receives: u32,
}

#[derive(Debug, Default)]
struct Inner {
    sent: u64,
    waiting: BTreeMap<Place, Vec<Message>>,
    dead: BTreeMap<Place, Vec<Message>>,
    /// What no body may hold.
    needles: Vec<String>,
}

/// The four queues and their dead-letter queues. Clones share them.
#[derive(Clone, Debug)]
pub struct Sqs {
    sim: Sim,
    inner: Arc<Mutex<Inner>>,
}

impl Sqs {
    /// Empty queues.
    #[must_use]
    pub fn new(sim: &Sim) -> Self {
        Self {
            sim: sim.clone(),
            inner: Arc::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something of a customer's that no body may hold.
    pub fn forbid(&self, needle: &str) {
        self.lock().needles.push(needle.to_owned());
    }

    /// Puts a message there, whatever the weather.
    pub fn put(&self, place: Place, about: About, body: String, delay: i64) {
        self.insert(place, about, body, delay, false);
    }

    fn insert(&self, place: Place, about: About, body: String, delay: i64, copy: bool) {
        let late = if self.sim.strikes(Fault::QueueLate) {
            self.sim.throw(|dice| dice.between(50, 20_000))
        } else {
            self.sim.throw(|dice| dice.between(1, 60))
        };
        let due = self.sim.millis() + delay + i64::try_from(late).unwrap_or(0);
        let mut inner = self.lock();
        for needle in &inner.needles {
            if holds(&body, needle) {
                self.sim.note(Event::Leaked {
                    place: format!("{place:?}"),
                    what: needle.clone(),
                });
            }
        }
        inner.sent += 1;
        let message = inner.sent;
        self.sim.note(Event::Sent {
            message,
            place,
            about: about.clone(),
            copy,
            due,
            by: self.sim.actor(),
        });
        inner.waiting.entry(place).or_default().push(Message {
            number: message,
            body,
            about,
            visible: due,
            receives: 0,
        });
    }

    /// When the next message that cannot be received yet can be.
    #[must_use]
    pub fn next_visible(&self) -> Option<i64> {
        let now = self.sim.millis();
        let inner = self.lock();
        let all = inner.waiting.values().flatten();
        let visible = all.map(|message| message.visible);
        visible.filter(|visible| *visible > now).min()
    }

    /// How many can be received now.
    #[must_use]
    pub fn visible(&self, place: Place) -> usize {
        let now = self.sim.millis();
        let inner = self.lock();
        let waiting = inner.waiting.get(&place).into_iter().flatten();
        waiting.filter(|message| message.visible <= now).count()
    }

    /// Gives out up to `most` messages, in any order.
    #[must_use]
    pub fn receive(&self, place: Place, most: usize) -> Vec<Message> {
        let now = self.sim.millis();
        let allowed = match place {
            Place::Lane(_) => LANE_RECEIVES,
            Place::Fallback => FALLBACK_RECEIVES,
        };
        let mut given = Vec::new();
        let mut inner = self.lock();
        while given.len() < most {
            let waiting = inner.waiting.entry(place).or_default();
            let can = |(at, message): (usize, &Message)| (message.visible <= now).then_some(at);
            let places: Vec<usize> = waiting.iter().enumerate().filter_map(can).collect();
            if places.is_empty() {
                break;
            }
            let at = self.sim.throw(|dice| *dice.pick(&places));
            if waiting[at].receives >= allowed {
                let message = waiting.remove(at);
                self.sim.note(Event::Died {
                    message: message.number,
                });
                inner.dead.entry(place).or_default().push(message);
                continue;
            }
            let message = &mut waiting[at];
            message.receives += 1;
            message.visible = if self.sim.strikes(Fault::ReceivedTwice) {
                now + i64::try_from(self.sim.throw(|dice| dice.between(1, 3_000))).unwrap_or(1)
            } else {
                now + VISIBILITY
            };
            given.push(message.clone());
        }
        given
    }

    /// Takes a message out for good; unless the queue forgets that it did.
    pub fn acknowledge(&self, place: Place, number: u64) {
        let removed = {
            let mut inner = self.lock();
            let waiting = inner.waiting.entry(place).or_default();
            let at = waiting.iter().position(|message| message.number == number);
            at.map(|at| waiting.remove(at))
        };
        let Some(message) = removed else {
            return;
        };
        self.sim.note(Event::Acknowledged { message: number });
        if self.sim.strikes(Fault::CameBack) {
            let again = self.sim.throw(|dice| dice.between(10, 120_000));
            let again = i64::try_from(again).unwrap_or(0);
            self.insert(place, message.about, message.body, again, true);
        }
    }

    /// An operator puts the dead letters back, but for what nobody can read.
    pub fn redrive(&self) {
        let now = self.sim.millis();
        let mut inner = self.lock();
        for place in Place::ALL {
            let dead = inner.dead.remove(&place).unwrap_or_default();
            for mut message in dead {
                if message.about == About::Poison {
                    inner.dead.entry(place).or_default().push(message);
                    continue;
                }
                self.sim.note(Event::Redriven {
                    message: message.number,
                });
                message.receives = 0;
                message.visible = now;
                inner.waiting.entry(place).or_default().push(message);
            }
        }
    }

    /// What waits, by queue.
    #[must_use]
    pub fn waiting(&self) -> Vec<(Place, About)> {
        let inner = self.lock();
        let waiting = inner.waiting.iter();
        waiting
            .flat_map(|(place, messages)| messages.iter().map(|m| (*place, m.about.clone())))
            .collect()
    }

    /// What lies in the dead-letter queues.
    #[must_use]
    pub fn dead(&self) -> Vec<(Place, About)> {
        let inner = self.lock();
        let dead = inner.dead.iter();
        dead.flat_map(|(place, messages)| messages.iter().map(|m| (*place, m.about.clone())))
            .collect()
    }

    async fn send(
        &self,
        place: Place,
        about: About,
        body: String,
        delay: Duration,
    ) -> Result<(), QueueError> {
        self.sim.way(1, 12).await;
        let failed = |reason: &str| QueueError {
            reason: reason.to_owned(),
            source: None,
        };
        if self.sim.strikes(Fault::QueueRefused) {
            let wait = self.sim.throw(|dice| dice.between(10, 1_500));
            self.sim.pause(wait).await;
            return Err(failed("refused"));
        }
        // Whole seconds, rounded up, and no longer than SQS allows.
        let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
        let delay = i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(LONGEST_DELAY);
        let delay = delay.min(LONGEST_DELAY);
        let lost = match place {
            Place::Fallback => self.sim.sabotaged(Sabotage::LosesTimers),
            Place::Lane(_) => self.sim.sabotaged(Sabotage::LosesJobs),
        };
        if !lost || self.sim.throw(|dice| dice.hits(0.8)) {
            self.insert(place, about.clone(), body.clone(), delay, false);
        }
        if self.sim.strikes(Fault::QueueTwice) {
            self.insert(place, about, body, delay, true);
        }
        if self.sim.strikes(Fault::QueueAnswerLost) {
            let wait = self.sim.throw(|dice| dice.between(10, 4_000));
            self.sim.pause(wait).await;
            return Err(failed("no answer"));
        }
        self.sim.way(0, 8).await;
        Ok(())
    }
}

impl recado_ports::Queues for Sqs {
    async fn enqueue(&self, job: &Job, after: Duration) -> Result<(), QueueError> {
        let about = match job {
            Job::Send { notification, .. } => About::Job(notification.clone()),
            Job::Reply(reply) => About::Reply(reply.recipient.clone()),
        };
        let mut body = encode_job(job);
        if self.sim.sabotaged(Sabotage::WritesNumbers) {
            let needle = self.lock().needles.first().cloned().unwrap_or_default();
            body.push_str(&needle);
        }
        self.send(Place::Lane(job.lane()), about, body, after).await
    }

    async fn arm(&self, timer: &TimerMessage, now: Timestamp) -> Result<(), QueueError> {
        let delay = Duration::try_from(timer.at.duration_since(now)).unwrap_or(Duration::ZERO);
        let about = About::Timer(timer.notification.clone(), timer.leg);
        let body = encode_timer(timer);
        self.send(Place::Fallback, about, body, delay).await
    }
}

/// Whether a text holds a needle; one of digits must stand alone, or a time would hold it by chance.
pub(crate) fn holds(text: &str, needle: &str) -> bool {
    let digits = needle.bytes().all(|byte| byte.is_ascii_digit());
    let alone = |at: usize| {
        let before = text[..at].bytes().next_back();
        let after = text[at + needle.len()..].bytes().next();
        !before.is_some_and(|byte| byte.is_ascii_digit())
            && !after.is_some_and(|byte| byte.is_ascii_digit())
    };
    text.match_indices(needle)
        .any(|(at, _)| !digits || alone(at))
}
