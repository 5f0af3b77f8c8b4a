//! One message at work: `step` decides, and here it is carried out, as `recado_ports::drive` does.

use std::time::Duration;

use recado_domain::class::Lane;
use recado_domain::delivery::{
    CapVerdict, Change, Context, Effect, Event, Handoff, Notification, Permission, step,
};

use super::{Happens, TIMERS, World};
use crate::count::Limit;

/// A wait for a token that is longer than this goes back to the queue: outbound-sender's own bound.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How soon a message is tried again whose store was away: `recado_ports::drive::PUT_BACK`.
const PUT_BACK: Duration = Duration::from_secs(5);
/// A write, in milliseconds.
const WRITES: u32 = 5;

/// A message and how far it has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing {
    pub(super) n: u32,
    pub(super) batch: u32,
    pub(super) word: u16,
    pub(super) queue: u8,
    /// The leg that is being posted.
    pub(super) leg: u8,
    /// How far it is ahead of the clock.
    pub(super) lag: u32,
    pub(super) waited: Duration,
    /// What the carrier has answered.
    pub(super) said: Said,
    /// No POST starts later.
    pub(super) not_after: u32,
}

/// A carrier's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Accepted,
    TooFast,
    PairTooFast,
    NoConnection,
    SmsTooFast,
    TooLate,
}

/// Whether somebody got a token.
enum Paced {
    Ready,
    Waits,
    Busy(Duration),
}

/// How a write ended.
enum Written {
    Applied(Notification),
    Refused(Notification),
    Away(Notification),
}

impl World<'_> {
    /// Reads what the message is about and decides.
    pub(super) fn begin(&mut self, doing: u32) {
        let Doing { n, queue, .. } = self.doings[doing as usize];
        let jobs = usize::from(queue) != TIMERS;
        let rest = if jobs {
            // The item, the recipient; and the template's standing, of which there is one for all.
            let standing = self.notes.blank(n);
            let read = self.reads.take(self.now, 3.0);
            let hot = self.standings.get_mut(&standing);
            match (read, hot.map_or(Some(0), |units| units.take(self.now, 1.0))) {
                (Some(rest), Some(hot)) => {
                    if hot > 0 {
                        self.counts.meet(Limit::StandingReads, self.now);
                    }
                    Some(rest.max(hot))
                }
                (_, None) => {
                    self.counts.meet(Limit::StandingReads, self.now);
                    None
                }
                (None, Some(_)) => None,
            }
        } else {
            self.reads.take(self.now, 1.0)
        };
        match rest {
            Some(rest) => {
                if rest > 0 {
                    self.counts.meet(Limit::TableReads, self.now);
                }
                self.doings[doing as usize].lag += rest;
                self.first_again(doing);
            }
            None => self.put_back(doing),
        }
    }

    /// Decides the message's own event on what is stored.
    pub(super) fn first_again(&mut self, doing: u32) {
        let Doing { queue, word, .. } = self.doings[doing as usize];
        self.carry(doing, Self::first_event(queue.into(), word));
    }

    /// Carries out what follows from an event, until it is done or must wait.
    pub(super) fn carry(&mut self, doing: u32, event: Event) {
        let mut event = event;
        let n = self.doings[doing as usize].n;
        let Some(mut item) = self.notes.take(n) else {
            return self.finish(doing);
        };
        let gates = self.gates[self.notes.blank(n)].clone();
        let next = loop {
            let at = self.now + self.doings[doing as usize].lag;
            let context = Context {
                now: self.notes.at(at),
                token: self.notes.token(n, at),
                limits: self.scenario.settings.limits,
                gates: gates.clone(),
            };
            let effects = step(&item, &event, &context);
            let (now, next) = self.carry_out(doing, item, effects);
            item = now;
            match next {
                Next::Event(next) => event = next,
                Next::Done | Next::Away | Next::Later => break next,
            }
        };
        self.notes.put(n, item);
        match next {
            Next::Event(_) | Next::Later => {}
            Next::Done => self.finish(doing),
            Next::Away => self.put_back(doing),
        }
    }

    fn carry_out(
        &mut self,
        doing: u32,
        item: Notification,
        effects: Vec<Effect>,
    ) -> (Notification, Next) {
        let mut item = item;
        let Doing { n, queue, word, .. } = self.doings[doing as usize];
        let again = || Next::Event(Self::first_event(queue.into(), word));
        for effect in effects {
            let at = self.now + self.doings[doing as usize].lag;
            let next = match effect {
                Effect::HandOff(handoff) => {
                    self.hop(doing, &handoff);
                    self.hand_off(n, item.lane, &handoff, at);
                    continue;
                }
                Effect::Record(change) => match self.write(doing, item, &change) {
                    Written::Applied(now) | Written::Refused(now) => {
                        item = now;
                        continue;
                    }
                    Written::Away(now) => return (now, Next::Away),
                },
                Effect::Require(change) => match self.write(doing, item, &change) {
                    Written::Applied(now) => {
                        item = now;
                        continue;
                    }
                    Written::Refused(now) => return (now, again()),
                    Written::Away(now) => return (now, Next::Away),
                },
                Effect::Claim { leg, claim, change } => match self.write(doing, item, &change) {
                    Written::Applied(now) => {
                        return (now, Next::Event(Event::Claimed { leg, claim }));
                    }
                    Written::Refused(now) => return (now, again()),
                    Written::Away(now) => return (now, Next::Away),
                },
                Effect::Pace {
                    attempt,
                    known_user,
                } => match self.pace(doing, item.lane) {
                    Paced::Ready => Next::Event(Event::Paced {
                        attempt,
                        known_user,
                    }),
                    Paced::Busy(after) => Next::Event(Event::Busy { attempt, after }),
                    Paced::Waits => Next::Later,
                },
                Effect::Count { leg, claim } => match self.writes.take(at, 1.0) {
                    Some(rest) => {
                        self.doings[doing as usize].lag += rest + WRITES;
                        let verdict = CapVerdict::Within;
                        Next::Event(Event::Counted {
                            leg,
                            claim,
                            verdict,
                        })
                    }
                    None => Next::Event(Event::Stalled { leg, claim }),
                },
                Effect::Spend {
                    leg,
                    attempt,
                    because,
                } => {
                    let spending = self.spend(n, at);
                    Next::Event(Event::Spent {
                        leg,
                        attempt,
                        because,
                        spending,
                    })
                }
                Effect::GiveBack { at } => {
                    self.give_back(n, at);
                    continue;
                }
                Effect::AskConsent { leg, claim } => match self.reads.take(at, 1.0) {
                    Some(rest) => {
                        self.doings[doing as usize].lag += rest + WRITES;
                        let permission = Permission::Granted;
                        Next::Event(Event::Permitted {
                            leg,
                            claim,
                            permission,
                        })
                    }
                    None => Next::Event(Event::Stalled { leg, claim }),
                },
                Effect::Post {
                    leg,
                    not_after,
                    pause,
                    ..
                } => {
                    let not_after = self.notes.ms(not_after);
                    let rest = u32::try_from(pause.as_millis()).unwrap_or_default();
                    let mine = &mut self.doings[doing as usize];
                    (mine.leg, mine.not_after) = (leg, not_after);
                    self.later(doing, rest, Happens::Post(doing));
                    Next::Later
                }
                Effect::Nap(rest) => {
                    let rest = u32::try_from(rest.as_millis()).unwrap_or_default();
                    self.later(doing, rest, Happens::Rested(doing));
                    Next::Later
                }
            };
            return (item, next);
        }
        (item, Next::Done)
    }

    /// Goes on after a while; the message is no longer ahead of the clock then.
    pub(super) fn later(&mut self, doing: u32, rest: u32, what: Happens) {
        let mine = &mut self.doings[doing as usize];
        let at = self.now + mine.lag + rest;
        mine.lag = 0;
        self.wheel.put(at, what);
    }

    /// A timer that arms itself anew has been looked at in vain.
    fn hop(&mut self, doing: u32, handoff: &Handoff) {
        let Doing { queue, word, .. } = self.doings[doing as usize];
        let own = (usize::from(queue) == TIMERS).then_some(word >> 1);
        if let Handoff::Arm { leg, .. } = handoff
            && own == Some(u16::from(*leg))
        {
            self.counts.hops += 1;
        }
    }

    fn write(&mut self, doing: u32, item: Notification, change: &Change) -> Written {
        let Doing { n, lag, .. } = self.doings[doing as usize];
        // A refused write is billed as well.
        let Some(rest) = self.writes.take(self.now + lag, 1.0) else {
            return Written::Away(item);
        };
        if rest > 0 {
            self.counts.meet(Limit::TableWrites, self.now + lag);
        }
        self.doings[doing as usize].lag += rest + WRITES;
        if change.permits(&item) {
            Written::Applied(self.notes.write(n, item, change))
        } else {
            Written::Refused(item)
        }
    }

    /// The store was away for longer than a function has patience.
    fn put_back(&mut self, doing: u32) {
        let Doing {
            n,
            queue,
            word,
            lag,
            ..
        } = self.doings[doing as usize];
        self.counts.meet(Limit::TableWrites, self.now + lag);
        self.counts.sends += 1;
        let at = self.now + lag + super::intake::delay(PUT_BACK);
        self.wheel.put(at, Happens::Visible { queue, word, n });
        self.finish(doing);
    }

    /// Takes a token of the number's share in this copy, as outbound-sender does.
    fn pace(&mut self, doing: u32, lane: Lane) -> Paced {
        let Doing {
            n,
            batch,
            lag,
            waited,
            queue,
            ..
        } = self.doings[doing as usize];
        let Some(copy) = self.batches[batch as usize].copy else {
            return Paced::Ready;
        };
        let now = self.notes.at(self.now + lag);
        let number = self.notes.number(n);
        let pacer = &mut self.copies[copy as usize][number as usize];
        let Err(wait) = pacer.take(lane, now) else {
            return Paced::Ready;
        };
        if waited == Duration::ZERO {
            self.waits[usize::from(queue)] += 1;
        }
        if waited + wait > LONGEST_WAIT {
            self.counts.busy += 1;
            return Paced::Busy(wait.max(Duration::from_secs(1)));
        }
        // The clock here knows milliseconds only.
        let rest = u32::try_from(wait.as_micros().div_ceil(1_000)).unwrap_or(u32::MAX);
        self.doings[doing as usize].waited += wait;
        self.later(doing, rest, Happens::Pace(doing));
        Paced::Waits
    }

    /// Looks for a token again.
    pub(super) fn pace_again(&mut self, doing: u32) {
        let Doing { n, queue, word, .. } = self.doings[doing as usize];
        let attempt = word.into();
        debug_assert_ne!(usize::from(queue), TIMERS);
        let event = match self.pace(doing, self.notes.lane(n)) {
            Paced::Ready => Event::Paced {
                attempt,
                known_user: None,
            },
            Paced::Busy(after) => Event::Busy { attempt, after },
            Paced::Waits => return,
        };
        self.carry(doing, event);
    }
}

/// What follows from an effect.
enum Next {
    Event(Event),
    Done,
    Away,
    Later,
}
