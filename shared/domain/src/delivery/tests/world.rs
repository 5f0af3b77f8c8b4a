//! One notification against a hostile world: duplicates, crashes between any two effects, lost answers,
//! receipts in any order. The drive here is the functions' own order of effects, without their I/O.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::super::change;
use super::super::{
    CapVerdict, CloseReason, Context, Effect, Event, Failure, FailureKind, Handoff, Notification,
    OpenedBecause, Permission, PostOutcome, Receipts, SuppressReason, TimerKind, accepted, plus,
    receipt_failed, step,
};
use super::{LIMITS, notification, token};
use crate::channel::Channel::{Sms, Voice, Whatsapp};
use crate::class::{Class, WhenUncertain};
use crate::switches::{Breaker, Gates, Reach, Sending, SmsBudget, Spending};

#[derive(Clone, Debug)]
pub(super) enum Message {
    Job(u32),
    Timer(u8, TimerKind),
}

/// What happens next in the world.
#[derive(Clone, Debug)]
pub(super) enum Happens {
    /// A queue's message is delivered; the function dies after so many effects, if at all.
    Deliver {
        which: usize,
        dies_after: Option<usize>,
        twice: bool,
    },
    /// Time passes.
    Wait { ms: u64 },
    /// Meta tells something of the last attempt that left.
    Told {
        delivered: bool,
        read: bool,
        failed: bool,
    },
    /// The bank cancels.
    Cancel,
    /// The customer revokes everything.
    Revoke,
    /// What the next POST comes to.
    NextPost(Answer),
    /// Cap and consent cannot be read, or can again.
    StoreAway(bool),
    /// Sending is turned off, or on again.
    Sending(Sending),
    /// The breaker is turned.
    Breaker(Breaker),
    /// So many SMS may leave by the budget from now on; none: there is no budget.
    Budget(Option<u32>),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Accepted,
    Rejected,
    NotSent,
    Unknown,
}

pub(super) struct World {
    pub(super) item: Notification,
    pub(super) now: Timestamp,
    pub(super) queue: Vec<(Timestamp, Message)>,
    tokens: u64,
    answer: Answer,
    granted: bool,
    store_away: bool,
    gates: Gates,
    budget: u32,
    /// Messages that reached a carrier, by leg, with the time.
    pub(super) left: Vec<(u8, Timestamp)>,
    known_left_attempt: Option<u32>,
    reached_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    claims: Vec<(u8, Timestamp)>,
    lost_sms_answers: usize,
}

impl World {
    pub(super) fn new(class: Class, legs: usize) -> Self {
        let item = notification(class, &[Whatsapp, Sms, Voice][..legs]);
        let now = item.accepted_at;
        let mut world = Self {
            item,
            now,
            queue: Vec::new(),
            tokens: 0,
            answer: Answer::Accepted,
            granted: true,
            store_away: false,
            gates: Gates::default(),
            budget: 0,
            left: Vec::new(),
            known_left_attempt: None,
            reached_at: None,
            revoked_at: None,
            cancelled_at: None,
            claims: Vec::new(),
            lost_sms_answers: 0,
        };
        for handoff in accepted(&world.item) {
            world.hand_off(&handoff);
        }
        world
    }

    fn hand_off(&mut self, handoff: &Handoff) {
        let (at, message) = match handoff {
            Handoff::Arm { leg, kind, at } => (*at, Message::Timer(*leg, *kind)),
            Handoff::Enqueue { attempt, after } => (plus(self.now, *after), Message::Job(*attempt)),
        };
        self.queue.push((at.max(self.now), message));
    }

    fn context(&mut self) -> Context {
        self.tokens += 1;
        Context {
            now: self.now,
            token: token(self.tokens),
            limits: LIMITS,
            gates: self.gates.clone(),
        }
    }

    fn permission(&self, leg: u8) -> Permission {
        match (self.granted, leg) {
            (true, _) => Permission::Granted,
            (false, 0) if self.item.next_leg(0).is_some() => {
                Permission::NotThisLeg(CloseReason::NoWhatsappConsent)
            }
            (false, 0) => Permission::NotAtAll(SuppressReason::OptedOut),
            (false, _) => Permission::NotThisLeg(CloseReason::OptedOut),
        }
    }

    /// Writes as the store would.
    fn write(&mut self, change: &super::super::Change) -> Result<(), ()> {
        if change.permits(&self.item) {
            self.item = change.apply(self.item.clone());
            Ok(())
        } else {
            Err(())
        }
    }

    /// Drives one message as a function does. `true`: acknowledged.
    fn drive(&mut self, message: &Message, dies_after: Option<usize>) -> bool {
        let first = match message {
            Message::Job(attempt) => Event::Job {
                attempt: *attempt,
                permission: self.permission(0),
                known_user: None,
            },
            Message::Timer(leg, kind) => Event::Timer {
                leg: *leg,
                kind: *kind,
            },
        };
        let (mut event, mut left) = (first.clone(), dies_after);
        for _ in 0..16 {
            let context = self.context();
            let mut next = None;
            for effect in step(&self.item.clone(), &event, &context) {
                if let Some(effects) = &mut left {
                    if *effects == 0 {
                        return false;
                    }
                    *effects -= 1;
                }
                match self.carry_out(effect, &first) {
                    Ok(None) => {}
                    Ok(Some(answer)) => {
                        next = Some(answer);
                        break;
                    }
                    Err(()) => return false,
                }
            }
            match next {
                Some(answer) => event = answer,
                None => return true,
            }
        }
        panic!("a drive without an end: {event:?} at {:?}", self.item);
    }

    fn carry_out(&mut self, effect: Effect, first: &Event) -> Result<Option<Event>, ()> {
        Ok(match effect {
            Effect::HandOff(handoff) => {
                self.hand_off(&handoff);
                None
            }
            Effect::Record(change) => {
                let _known = self.write(&change);
                None
            }
            Effect::Require(change) => self.write(&change).err().map(|()| first.clone()),
            Effect::Claim { leg, claim, change } => match self.write(&change) {
                Ok(()) => {
                    self.check_breaker(leg);
                    self.claims.push((leg, self.now));
                    Some(Event::Claimed { leg, claim })
                }
                Err(()) => Some(first.clone()),
            },
            Effect::Pace {
                attempt,
                known_user,
            } => Some(Event::Paced {
                attempt,
                known_user,
            }),
            Effect::Count { leg, claim } | Effect::AskConsent { leg, claim } if self.store_away => {
                Some(Event::Stalled { leg, claim })
            }
            Effect::Spend {
                leg,
                attempt,
                because,
            } => {
                let spending = self.spend();
                Some(Event::Spent {
                    leg,
                    attempt,
                    because,
                    spending,
                })
            }
            Effect::GiveBack { .. } => {
                self.budget += 1;
                None
            }
            Effect::Count { leg, claim } => Some(Event::Counted {
                leg,
                claim,
                verdict: CapVerdict::Within,
            }),
            Effect::AskConsent { leg, claim } => Some(Event::Permitted {
                leg,
                claim,
                permission: self.permission(leg),
            }),
            Effect::Post {
                leg,
                claim,
                not_after,
                pause,
            } => {
                self.now = plus(self.now, pause);
                let failure = Failure {
                    kind: FailureKind::Technical,
                    code: None,
                    title: "x".into(),
                };
                let outcome = if self.now > not_after {
                    PostOutcome::NotSent {
                        failure,
                        retry_after: Duration::from_secs(1),
                    }
                } else {
                    self.post(leg, claim.attempt, failure)
                };
                Some(Event::Posted {
                    leg,
                    claim,
                    outcome,
                })
            }
            Effect::Nap(rest) => {
                self.now = plus(self.now, rest);
                Some(first.clone())
            }
        })
    }

    /// While receipts do not come in, their want claims nothing but a code's next leg.
    fn check_breaker(&self, leg: u8) {
        let because = self.item.leg(leg).opened_because();
        assert!(
            self.gates.breaker == Breaker::Closed
                || self.item.class == Class::Authentication
                || because != Some(OpenedBecause::NotDeliveredInTime),
            "leg {leg} opened through an open breaker"
        );
    }

    fn spend(&mut self) -> Spending {
        match self.budget.checked_sub(1) {
            Some(left) => {
                self.budget = left;
                Spending::Within
            }
            None => Spending::Exceeded,
        }
    }

    fn post(&mut self, leg: u8, attempt: u32, failure: Failure) -> PostOutcome {
        assert!(
            self.item.content.is_some(),
            "sent without content: {:?}",
            self.item
        );
        assert!(
            self.gates.off_since.is_none(),
            "sent while it was held back"
        );
        let leaves = |world: &mut Self| {
            world.left.push((leg, world.now));
            if leg == 0 {
                world.known_left_attempt = Some(attempt);
            }
        };
        match self.answer {
            Answer::Accepted => {
                leaves(self);
                PostOutcome::Accepted { provider_id: None }
            }
            Answer::Rejected => PostOutcome::Rejected(failure),
            Answer::NotSent => PostOutcome::NotSent {
                failure,
                retry_after: Duration::from_secs(1),
            },
            Answer::Unknown => {
                leaves(self);
                if leg > 0 {
                    self.lost_sms_answers += 1;
                }
                PostOutcome::Unknown
            }
        }
    }

    pub(super) fn happen(&mut self, what: &Happens) {
        match what {
            Happens::Deliver {
                which,
                dies_after,
                twice,
            } => {
                let due: Vec<usize> = (0..self.queue.len())
                    .filter(|place| self.queue[*place].0 <= self.now)
                    .collect();
                let Some(place) = due.get(which % due.len().max(1)).copied() else {
                    return;
                };
                let (_, message) = self.queue[place].clone();
                if self.drive(&message, *dies_after) {
                    if !twice {
                        self.queue.remove(place);
                    }
                } else {
                    self.queue[place].0 = plus(self.now, Duration::from_secs(180));
                }
            }
            Happens::Wait { ms } => self.now = plus(self.now, Duration::from_millis(*ms)),
            Happens::Told {
                delivered,
                read,
                failed,
            } => self.told(*delivered, *read, *failed),
            Happens::Cancel => {
                if self.write(&change::cancel(&self.item, self.now)).is_ok() {
                    self.cancelled_at = Some(self.now);
                }
            }
            Happens::Revoke => {
                self.granted = false;
                self.revoked_at.get_or_insert(self.now);
            }
            Happens::NextPost(answer) => self.answer = *answer,
            Happens::StoreAway(away) => self.store_away = *away,
            Happens::Sending(Sending::Off) => self.gates.off_since = Some(self.now),
            Happens::Sending(Sending::On) => {
                self.gates.off_since = None;
                self.gates.on_since = Some(self.now);
            }
            Happens::Breaker(breaker) => {
                self.gates.breaker = *breaker;
            }
            Happens::Budget(budget) => {
                self.budget = budget.unwrap_or_default();
                let limit = budget.map(|per_minute| SmsBudget {
                    per_minute: Some(per_minute),
                    per_day: None,
                });
                self.gates.budgets = limit
                    .map(|limit| (Reach::Everywhere, limit))
                    .into_iter()
                    .collect();
            }
        }
    }

    fn told(&mut self, delivered: bool, read: bool, failed: bool) {
        let Some(attempt) = self.known_left_attempt else {
            return;
        };
        let receipts = Receipts {
            delivered,
            read,
            failed: None,
        };
        if let Some(change) = change::receipts(&self.item.tenant.clone(), &receipts, self.now) {
            let _known = self.write(&change);
            self.reached_at.get_or_insert(self.now);
        }
        if failed {
            let failure = Failure {
                kind: FailureKind::Permanent,
                code: None,
                title: "x".into(),
            };
            let content = change::content_after_failure(&self.item, 0);
            let _known = self.write(&change::failed(0, attempt, &failure, self.now, content));
            for handoff in receipt_failed(&self.item.clone(), attempt, self.now) {
                self.hand_off(&handoff);
            }
        }
    }

    pub(super) fn check(&self) -> Result<(), TestCaseError> {
        let of = |leg: u8| {
            self.left
                .iter()
                .filter(move |(which, _)| *which == leg)
                .count()
        };
        prop_assert!(of(0) <= 1, "I3: {} WhatsApp messages", of(0));
        for leg in 1..self.item.legs() {
            let allowed = match self.item.class.when_uncertain() {
                WhenUncertain::LeaveAndReport => 1,
                WhenUncertain::RepeatOnce => 2,
            };
            prop_assert!(of(leg) <= allowed, "I5: {} messages by leg {leg}", of(leg));
        }
        for (leg, at) in &self.claims {
            if let Some(reached) = self.reached_at {
                prop_assert!(*at <= reached, "I6: leg {leg} claimed after a receipt");
            }
            if let Some(cancelled) = self.cancelled_at {
                prop_assert!(*at <= cancelled, "leg {leg} claimed after the cancel");
            }
            prop_assert!(
                *at < self.item.valid_until,
                "leg {leg} claimed after the validity"
            );
        }
        if let Some(revoked) = self.revoked_at {
            let later = self.left.iter().any(|(leg, at)| *leg > 0 && *at > revoked);
            prop_assert!(!later, "I8: a later leg left after the revoke");
        }
        if let (Some(submitted), Some((_, sms))) = (
            self.item.leg(0).submitted_at(),
            self.left.iter().find(|(leg, _)| *leg == 1),
        ) && self.item.leg(0).failed_at().is_none()
        {
            prop_assert!(
                *sms >= plus(submitted, super::WAIT),
                "I7: the SMS left too early"
            );
        }
        Ok(())
    }

    /// Lets the world be kind from now on, and everything due happen.
    pub(super) fn settle(&mut self) {
        self.answer = Answer::Accepted;
        self.store_away = false;
        self.happen(&Happens::Sending(Sending::On));
        self.gates.breaker = Breaker::Closed;
        self.gates.budgets.clear();
        for _ in 0..400 {
            let Some((place, at)) = self
                .queue
                .iter()
                .enumerate()
                .map(|(place, (at, _))| (place, *at))
                .min_by_key(|(_, at)| *at)
            else {
                break;
            };
            self.now = self.now.max(at);
            let (_, message) = self.queue[place].clone();
            if self.drive(&message, None) {
                self.queue.remove(place);
            } else {
                self.queue[place].0 = plus(self.now, Duration::from_secs(180));
            }
        }
        self.now = self.now.max(self.item.valid_until);
    }
}
