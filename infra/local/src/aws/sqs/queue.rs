//! One queue's messages and where each of them is: ready, delayed or in flight.
//!
//! Nothing here reads a clock or waits; every method is told what time it is.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::errors::SqsError;
use super::message::Message;

/// Received and not deleted, at most (AWS: standard queue quotas).
const MAX_IN_FLIGHT: usize = 120_000;

/// How many messages are where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Depth {
    /// Can be received now.
    pub visible: usize,
    /// Wait for their delay to pass.
    pub delayed: usize,
    /// Were received and are neither deleted nor due again.
    pub in_flight: usize,
}

impl Depth {
    /// All of them.
    #[must_use]
    pub fn total(self) -> usize {
        self.visible + self.delayed + self.in_flight
    }
}

/// A message's number; unique in the process, and kept when it moves to a dead-letter queue.
pub(super) type Number = u64;

#[derive(Debug, Clone, Copy)]
enum Place {
    /// Its turn.
    Ready(u64),
    /// Until when.
    Delayed(Instant),
    /// Until when.
    InFlight(Instant),
}

#[derive(Debug)]
struct Slot {
    message: Message,
    place: Place,
    expires: Instant,
}

/// What a receive found.
#[derive(Default)]
pub(super) struct Taken {
    /// Messages the receiver holds from now on.
    pub(super) live: Vec<Number>,
    /// Messages that were received too often, to be moved to the dead-letter queue.
    pub(super) dead: Vec<(Number, Message)>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    slots: HashMap<Number, Slot>,
    ready: BTreeMap<u64, Number>,
    delayed: BTreeSet<(Instant, Number)>,
    in_flight: BTreeSet<(Instant, Number)>,
    by_age: BTreeSet<(Instant, Number)>,
    next_turn: u64,
    history: VecDeque<Arc<str>>,
    history_limit: usize,
    paused: bool,
}

impl State {
    pub(super) fn push(
        &mut self,
        number: Number,
        message: Message,
        delay: Duration,
        retention: Duration,
        now: Instant,
    ) {
        if self.history_limit > 0 {
            if self.history.len() == self.history_limit {
                self.history.pop_front();
            }
            self.history.push_back(Arc::clone(&message.content.body));
        }
        let expires = message.sent + retention;
        self.by_age.insert((expires, number));
        let place = if delay.is_zero() {
            self.enqueue(number)
        } else {
            self.delayed.insert((now + delay, number));
            Place::Delayed(now + delay)
        };
        let slot = Slot {
            message,
            place,
            expires,
        };
        self.slots.insert(number, slot);
    }

    /// Makes ready what is due and forgets what is too old.
    pub(super) fn settle(&mut self, now: Instant) {
        while let Some(&(expires, number)) = self.by_age.first() {
            if expires > now {
                break;
            }
            self.remove(number);
        }
        for waiting in [Waiting::Delayed, Waiting::InFlight] {
            while let Some(number) = self.pop_due(waiting, now) {
                let place = self.enqueue(number);
                if let Some(slot) = self.slots.get_mut(&number) {
                    slot.place = place;
                }
            }
        }
    }

    /// When the next delayed or held message becomes ready.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let first = |set: &BTreeSet<(Instant, Number)>| set.first().map(|(due, _)| *due);
        match (first(&self.delayed), first(&self.in_flight)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Takes up to `max` ready messages in flight. A message received `max_receives` times already
    /// is taken out of the queue instead.
    pub(super) fn take(
        &mut self,
        max: usize,
        visibility: Duration,
        max_receives: Option<u32>,
        now: Instant,
        wall: Timestamp,
    ) -> Result<Taken, SqsError> {
        self.settle(now);
        if self.in_flight.len() >= MAX_IN_FLIGHT {
            return Err(SqsError::OverLimit);
        }
        let mut taken = Taken::default();
        while taken.live.len() < max && !self.paused {
            let Some((_, number)) = self.ready.pop_first() else {
                break;
            };
            let slot = self
                .slots
                .get_mut(&number)
                .expect("what is ready is stored");
            if max_receives.is_some_and(|most| slot.message.receive_count >= most) {
                if let Some(message) = self.remove(number) {
                    taken.dead.push((number, message));
                }
                continue;
            }
            slot.message.receive_count += 1;
            slot.message.first_received_at.get_or_insert(wall);
            taken.live.push(number);
            slot.place = Place::InFlight(now + visibility);
            self.in_flight.insert((now + visibility, number));
        }
        Ok(taken)
    }

    pub(super) fn get(&self, number: Number) -> Option<&Message> {
        self.slots.get(&number).map(|slot| &slot.message)
    }

    /// Deletes a message by the receipt that was its `receive_count`th. An older receipt is
    /// accepted and deletes nothing, which is the worst AWS reserves the right to.
    pub(super) fn delete(&mut self, number: Number, receive_count: u32, now: Instant) {
        self.settle(now);
        let held = self
            .get(number)
            .is_some_and(|message| message.receive_count == receive_count);
        if held {
            self.remove(number);
        }
    }

    /// Lets the holder keep a message for `visibility` from now on; zero gives it back.
    pub(super) fn change_visibility(
        &mut self,
        number: Number,
        receive_count: u32,
        visibility: Duration,
        now: Instant,
    ) -> Result<(), HeldByNobody> {
        self.settle(now);
        let Some(slot) = self.slots.get_mut(&number) else {
            return Err(HeldByNobody::Deleted);
        };
        let Place::InFlight(until) = slot.place else {
            return Err(HeldByNobody::Visible);
        };
        if slot.message.receive_count != receive_count {
            return Err(HeldByNobody::Visible);
        }
        self.in_flight.remove(&(until, number));
        let place = if visibility.is_zero() {
            self.enqueue(number)
        } else {
            self.in_flight.insert((now + visibility, number));
            Place::InFlight(now + visibility)
        };
        if let Some(slot) = self.slots.get_mut(&number) {
            slot.place = place;
        }
        Ok(())
    }

    pub(super) fn depth(&mut self, now: Instant) -> Depth {
        self.settle(now);
        Depth {
            visible: self.ready.len(),
            delayed: self.delayed.len(),
            in_flight: self.in_flight.len(),
        }
    }

    /// How long the delay of each delayed message still lasts, the shortest first.
    pub(super) fn delays(&mut self, now: Instant) -> Vec<Duration> {
        self.settle(now);
        let due = self.delayed.iter().map(|(due, _)| *due);
        due.map(|due| due.saturating_duration_since(now)).collect()
    }

    /// Whether a receive would find something.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty() && !self.paused
    }

    pub(super) fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    pub(super) fn bodies(&self) -> Vec<Arc<str>> {
        let body = |slot: &Slot| Arc::clone(&slot.message.content.body);
        self.slots.values().map(body).collect()
    }

    pub(super) fn purge(&mut self) {
        self.slots.clear();
        self.ready.clear();
        self.delayed.clear();
        self.in_flight.clear();
        self.by_age.clear();
    }

    pub(super) fn keep_history(&mut self, limit: usize) {
        self.history_limit = limit;
        while self.history.len() > limit {
            self.history.pop_front();
        }
    }

    pub(super) fn history(&self) -> Vec<Arc<str>> {
        self.history.iter().map(Arc::clone).collect()
    }

    fn enqueue(&mut self, number: Number) -> Place {
        let turn = self.next_turn;
        self.next_turn += 1;
        self.ready.insert(turn, number);
        Place::Ready(turn)
    }

    fn pop_due(&mut self, waiting: Waiting, now: Instant) -> Option<Number> {
        let set = match waiting {
            Waiting::Delayed => &mut self.delayed,
            Waiting::InFlight => &mut self.in_flight,
        };
        let &(due, number) = set.first()?;
        (due <= now).then(|| {
            set.pop_first();
            number
        })
    }

    fn remove(&mut self, number: Number) -> Option<Message> {
        let slot = self.slots.remove(&number)?;
        self.by_age.remove(&(slot.expires, number));
        match slot.place {
            Place::Ready(turn) => {
                self.ready.remove(&turn);
            }
            Place::Delayed(until) => {
                self.delayed.remove(&(until, number));
            }
            Place::InFlight(until) => {
                self.in_flight.remove(&(until, number));
            }
        }
        Some(slot.message)
    }
}

#[derive(Clone, Copy)]
enum Waiting {
    Delayed,
    InFlight,
}

/// Why a message's visibility cannot be changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeldByNobody {
    /// It was deleted, or is too old.
    Deleted,
    /// Its timeout has passed, or somebody else has it now.
    Visible,
}
