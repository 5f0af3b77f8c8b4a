//! One notification as the auditor knows it: rebuilt out of what took effect.

use std::collections::{BTreeMap, BTreeSet};

use recado_domain::class::{Class, WhenUncertain};
use recado_domain::delivery::{Fact, LegFact, Notification, Value};

use crate::history::{Actor, Told};

/// A POST or a publish.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) by: Actor,
    /// Whether Meta or the carrier took it.
    pub(super) taken: u32,
    /// What who made it knows.
    pub(super) outcome: Option<&'static str>,
}

/// A notification's file.
pub(super) struct Case<'a> {
    /// Its item; only what never changes is read of it before the end.
    pub(super) item: &'a Notification,
    pub(super) created: bool,
    pub(super) accepted: bool,
    pub(super) facts: BTreeMap<Fact, Value>,
    pub(super) sealed: bool,
    /// Messages about it that nobody acknowledged, and whether each is a timer.
    pub(super) live: BTreeMap<u64, MessageKind>,
    pub(super) dead: BTreeSet<u64>,
    pub(super) job_sent: bool,
    pub(super) timer_sent: bool,
    /// Who holds each leg's claim, and how many attempts there were when it was claimed.
    pub(super) holders: BTreeMap<u8, (Actor, usize)>,
    pub(super) posts: Vec<Attempt>,
    pub(super) publishes: Vec<Attempt>,
    /// When Meta accepted it.
    pub(super) accepted_by_meta: Vec<i64>,
    pub(super) taken_by_carrier: u32,
    pub(super) told: Vec<Told>,
}

/// What a message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageKind {
    /// A job.
    Job,
    /// A timer for this leg.
    Timer(u8),
}

impl<'a> Case<'a> {
    pub(super) fn new(item: &'a Notification) -> Self {
        Self {
            item,
            created: false,
            accepted: false,
            facts: BTreeMap::new(),
            sealed: true,
            live: BTreeMap::new(),
            dead: BTreeSet::new(),
            job_sent: false,
            timer_sent: false,
            holders: BTreeMap::new(),
            posts: Vec::new(),
            publishes: Vec::new(),
            accepted_by_meta: Vec::new(),
            taken_by_carrier: 0,
            told: Vec::new(),
        }
    }

    pub(super) fn legs(&self) -> u8 {
        u8::try_from(self.item.ladder.len()).unwrap_or(u8::MAX)
    }

    pub(super) fn class(&self) -> Class {
        self.item.class
    }

    pub(super) fn may_repeat(&self) -> bool {
        self.item.class.when_uncertain() == WhenUncertain::RepeatOnce
    }

    pub(super) fn has(&self, fact: &Fact) -> bool {
        self.facts.contains_key(fact)
    }

    pub(super) fn leg_has(&self, leg: u8, fact: LegFact) -> bool {
        self.has(&Fact::Leg(leg, fact))
    }

    pub(super) fn number(&self, leg: u8, fact: LegFact) -> Option<i64> {
        match self.facts.get(&Fact::Leg(leg, fact)) {
            Some(Value::Number(number)) => Some(*number),
            Some(Value::Text(_)) | None => None,
        }
    }

    /// Something was delivered, read or answered.
    pub(super) fn reached(&self) -> bool {
        self.has(&Fact::Answered)
            || (0..self.legs()).any(|leg| {
                self.leg_has(leg, LegFact::Delivered) || self.leg_has(leg, LegFact::Read)
            })
    }

    pub(super) fn decided_otherwise(&self) -> bool {
        self.has(&Fact::Cancelled) || self.has(&Fact::Suppressed)
    }

    /// The leg was sent, failed or was closed.
    pub(super) fn leg_is_done(&self, leg: u8) -> bool {
        [LegFact::Submitted, LegFact::Failed, LegFact::Closed]
            .into_iter()
            .any(|fact| self.leg_has(leg, fact))
    }

    /// When a later leg may open, by what is known of the one before; none while that is unclaimed.
    pub(super) fn due(&self, leg: u8) -> Option<i64> {
        let before = leg - 1;
        if self.leg_has(before, LegFact::Failed) || self.leg_has(before, LegFact::Closed) {
            return Some(0);
        }
        let wait = self.item.ladder[usize::from(leg)].after.as_millis();
        let wait = i64::try_from(wait).unwrap_or(i64::MAX / 2);
        let from = [LegFact::Submitted, LegFact::Uncertain, LegFact::Until];
        let from = from.into_iter().find_map(|fact| self.number(before, fact));
        from.map(|from| from + wait)
    }

    /// Whether somebody must still do something for it, however late it is.
    pub(super) fn unfinished(&self, now: i64) -> bool {
        if self.reached()
            || self.decided_otherwise()
            || now >= self.item.valid_until.as_millisecond()
        {
            return false;
        }
        if (1..self.legs()).any(|leg| self.leg_has(leg, LegFact::Submitted)) {
            return false;
        }
        for leg in 0..self.legs() {
            if self.leg_has(leg, LegFact::Submitted) || self.leg_has(leg, LegFact::Uncertain) {
                let again = leg > 0
                    && self.leg_has(leg, LegFact::Uncertain)
                    && !self.leg_has(leg, LegFact::Submitted)
                    && self.may_repeat()
                    && self.number(leg, LegFact::Attempt).is_none_or(|it| it < 2);
                if again {
                    return true;
                }
                // The next leg waits for a timer.
                continue;
            }
            if self.leg_has(leg, LegFact::Failed) || self.leg_has(leg, LegFact::Closed) {
                continue;
            }
            let expired = leg == 0 && now >= self.item.sendable_until().as_millisecond();
            return !expired;
        }
        false
    }

    /// Whether this attempt's outcome was in doubt for who made it.
    pub(super) fn in_doubt(attempt: &Attempt) -> bool {
        matches!(attempt.outcome, None | Some("unknown"))
    }
}
