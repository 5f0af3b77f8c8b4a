//! Queues and their event sources: batches of up to ten, as many copies as the template lets be.

use std::collections::VecDeque;
use std::time::Duration;

use recado_domain::class::Lane;
use recado_domain::delivery::{Event, Handoff, Permission, TimerKind};

use super::drive::{Doing, Said};
use super::intake::delay;
use super::{Happens, TIMERS, World};
use crate::count::Limit;

/// `BatchSize` of every event source.
const BATCH: usize = 10;
/// Of an invocation itself, beside what its messages take.
const OVERHEAD: u32 = 5;
/// What is read for a job before anything is decided, and for a timer.
const READS: u32 = 10;

/// A queue with its event source.
pub(super) struct Queue {
    pub(super) waiting: VecDeque<(u32, u16)>,
    pub(super) busy: u32,
    pub(super) most: u32,
    /// Of a copy, sixty thousandths: a minute's growth of one in a thousand divides by its seconds.
    allowed: u32,
    grows: u32,
}

/// A copy.
const COPY: u32 = 60_000;

impl Queue {
    /// `first` copies at once, `more` in a minute, divided by the scale as `most` already is.
    pub(super) fn new(most: u32, (first, more): (u32, u32), scale: u32) -> Self {
        Self {
            waiting: VecDeque::new(),
            busy: 0,
            most,
            allowed: first * COPY / scale,
            grows: more * (COPY / 60) / scale,
        }
    }

    /// A second later: more copies, as long as something waits.
    pub(super) fn grow(&mut self) {
        if !self.waiting.is_empty() {
            self.allowed = self
                .allowed
                .saturating_add(self.grows)
                .min(self.most * COPY);
        }
    }

    /// How many copies there may be now.
    fn copies(&self) -> u32 {
        (self.allowed / COPY).clamp(1, self.most)
    }
}

/// An invocation with its messages.
pub(super) struct Batch {
    queue: usize,
    /// Its copy of outbound-sender; of fallback-timer, which knows nothing of pace, none.
    pub(super) copy: Option<u32>,
    left: u32,
    began: u32,
    ends: u32,
}

/// A timer as a queue's word: its leg and what it stands for.
fn word(leg: u8, kind: TimerKind) -> u16 {
    let kind = match kind {
        TimerKind::Open => 0,
        TimerKind::Guard => 1,
    };
    u16::from(leg) << 1 | kind
}

impl World<'_> {
    /// What the message that somebody works on says.
    pub(super) fn first_event(queue: usize, word: u16) -> Event {
        if queue == TIMERS {
            let kind = if word & 1 == 1 {
                TimerKind::Guard
            } else {
                TimerKind::Open
            };
            let leg = u8::try_from(word >> 1).unwrap_or_default();
            return Event::Timer { leg, kind };
        }
        Event::Job {
            attempt: word.into(),
            permission: Permission::Granted,
            known_user: None,
        }
    }

    /// Puts a message into its queue.
    pub(super) fn hand_off(&mut self, n: u32, lane: Lane, handoff: &Handoff, at: u32) {
        let (queue, word, rest) = match handoff {
            Handoff::Arm { leg, kind, at: due } => {
                let due = self.notes.ms(*due).saturating_sub(at);
                let rest = Duration::from_millis(due.into());
                (TIMERS, word(*leg, *kind), rest)
            }
            Handoff::Enqueue { attempt, after } => {
                let attempt = u16::try_from(*attempt).unwrap_or(u16::MAX);
                (lane as usize, attempt, *after)
            }
        };
        self.counts.sends += 1;
        let queue = u8::try_from(queue).unwrap_or_default();
        self.wheel
            .put(at + delay(rest), Happens::Visible { queue, word, n });
    }

    /// Hands batches out while there are messages and copies.
    pub(super) fn dispatch(&mut self, queue: usize) {
        loop {
            let there = &self.queues[queue];
            if there.waiting.is_empty() || there.busy >= there.copies() {
                return;
            }
            if !self.has_place() {
                return;
            }
            if !self.lambda.take(self.now) {
                self.counts.meet(Limit::LambdaRate, self.now);
                return;
            }
            self.start(queue);
        }
    }

    fn start(&mut self, queue: usize) {
        let copy = (queue != TIMERS).then(|| self.copy());
        let there = &mut self.queues[queue];
        there.busy += 1;
        let many = there.waiting.len().min(BATCH);
        let messages: Vec<(u32, u16)> = there.waiting.drain(..many).collect();
        self.counts.invocations[if queue == TIMERS { 3 } else { 1 }] += 1;
        self.counts.polls += 2;
        let batch = Batch {
            queue,
            copy,
            left: u32::try_from(many).unwrap_or_default(),
            began: self.now,
            ends: self.now + READS,
        };
        let batch = place(&mut self.batches, &mut self.free_batches, batch);
        for (n, word) in messages {
            self.starts[queue] += 1;
            let doing = Doing {
                n,
                batch,
                word,
                queue: u8::try_from(queue).unwrap_or_default(),
                leg: 0,
                lag: READS,
                waited: Duration::ZERO,
                said: Said::Accepted,
                not_after: 0,
            };
            let doing = place(&mut self.doings, &mut self.free_doings, doing);
            self.begin(doing);
        }
    }

    /// A message is done with; with the last of its batch the copy is free again.
    pub(super) fn finish(&mut self, doing: u32) {
        let Doing { batch, lag, .. } = self.doings[doing as usize];
        self.free_doings.push(doing);
        let ends = self.now + lag;
        let of = &mut self.batches[batch as usize];
        of.ends = of.ends.max(ends);
        of.left -= 1;
        if of.left == 0 {
            let at = (of.ends + OVERHEAD).max(self.now + 1);
            self.wheel.put(at, Happens::Done(batch));
        }
    }

    /// An invocation ends.
    pub(super) fn done(&mut self, batch: u32) {
        let Batch {
            queue, copy, began, ..
        } = self.batches[batch as usize];
        self.free_batches.push(batch);
        self.idle.extend(copy);
        self.queues[queue].busy -= 1;
        self.counts.ran[usize::from(queue == TIMERS)] += u64::from(self.now - began);
        self.dispatch(queue);
    }
}

/// Puts something into a free place, or a new one.
fn place<T>(all: &mut Vec<T>, free: &mut Vec<u32>, new: T) -> u32 {
    if let Some(place) = free.pop() {
        all[place as usize] = new;
        return place;
    }
    all.push(new);
    u32::try_from(all.len() - 1).unwrap_or_default()
}
