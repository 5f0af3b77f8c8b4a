//! The first leg: pacing, timer, claim, POST, in this order (I4).

use std::time::Duration;

use jiff::Timestamp;

use super::super::change::{self, Claim};
use super::super::notification::{Notification, plus};
use super::super::reason::{CloseReason, SuppressReason};
use super::effect::{Context, Effect, Handoff, Permission, TimerKind};
use crate::hours::Asleep;
use crate::switches::Gates;

/// The first timer runs this much longer than the wait, since it is armed before the POST.
const ARMED_AHEAD: Duration = Duration::from_secs(1);

pub(super) fn job(
    item: &Notification,
    attempt: u32,
    permission: Permission,
    pace: Effect,
    context: &Context,
) -> Vec<Effect> {
    let first = item.leg(0);
    if item.reached() || item.suppressed_because().is_some() {
        return Vec::new();
    }
    if item.cancelled_at().is_some() {
        return end_of_claim(item, attempt, context.now);
    }
    if first.failed_at().is_some() || first.closed_because().is_some() {
        // The function may have died between closing the leg and opening the next one.
        return open_next(item, 0, context.now);
    }
    if first.submitted_at().is_some() {
        return Vec::new();
    }
    if first.uncertain_at().is_some() {
        return open_when_due(item, context.now);
    }
    if let Some(until) = first.until() {
        if context.now < until {
            // Its holder may give the claim back and then fail to hand on. An acknowledgement here could be
            // that of the holder's own message, which comes in copies: so another one looks again.
            let after = Duration::try_from(until.duration_since(context.now)).unwrap_or_default();
            return vec![Effect::HandOff(Handoff::Enqueue { attempt, after })];
        }
        // From that moment on it was unknown, whenever somebody notices: what is due stays due. The
        // timer may have come before a claim that was written late, and found nothing to do.
        let unknown = change::uncertain(item, 0, until);
        let mut effects = open_when_due(&unknown.apply(item.clone()), context.now);
        // Refused where the holder has given it back after all: then WhatsApp is free, and this job takes it.
        effects.insert(0, Effect::Require(unknown));
        return effects;
    }
    if context.now >= item.sendable_until() {
        return vec![expired(item, context.now)];
    }
    let gates = &context.gates;
    if gates.off_since.is_some() {
        let after = Gates::hop(&context.token);
        return vec![Effect::HandOff(Handoff::Enqueue { attempt, after })];
    }
    let waited = context.now >= gates.waits_until(item) && item.next_leg(0).is_some();
    match (permission, gates.asleep(item, context.now)) {
        (Permission::NotAtAll(reason), _) => suppressed(item, reason, context.now),
        (Permission::NotThisLeg(reason), _) if item.next_leg(0).is_none() => {
            suppressed(item, SuppressReason::without(reason), context.now)
        }
        (Permission::Granted | Permission::NotThisLeg(_), Some(Asleep::ForGood)) => {
            suppressed(item, SuppressReason::QuietHours, context.now)
        }
        (Permission::Granted | Permission::NotThisLeg(_), Some(Asleep::Until(open))) => {
            let after = Duration::try_from(open.duration_since(context.now)).unwrap_or_default();
            vec![Effect::HandOff(Handoff::Enqueue { attempt, after })]
        }
        (Permission::Granted | Permission::NotThisLeg(_), None) if waited => {
            go_around(item, CloseReason::QueueWaitExceeded, context.now)
        }
        (Permission::Granted, None) => vec![pace],
        (Permission::NotThisLeg(reason), None) => go_around(item, reason, context.now),
    }
}

/// Tells the end of a claim whose holder never did, where nothing else is left to do; a live one is looked
/// at again.
fn end_of_claim(item: &Notification, attempt: u32, now: Timestamp) -> Vec<Effect> {
    match item.untold(0) {
        Some(until) if now < until => {
            let after = Duration::try_from(until.duration_since(now)).unwrap_or_default();
            vec![Effect::HandOff(Handoff::Enqueue { attempt, after })]
        }
        Some(until) => vec![Effect::Record(change::uncertain(item, 0, until))],
        None => Vec::new(),
    }
}

fn suppressed(item: &Notification, reason: SuppressReason, now: Timestamp) -> Vec<Effect> {
    vec![Effect::Require(change::suppress(item, reason, now, None))]
}

/// The next leg's timer, unless that leg is under way already.
fn open_when_due(item: &Notification, now: Timestamp) -> Vec<Effect> {
    let next = item.next_leg(0).filter(|next| !item.leg_shows(*next));
    let timer = next.map(|leg| {
        Effect::HandOff(Handoff::Arm {
            leg,
            kind: TimerKind::Open,
            at: item.due(leg).unwrap_or(now),
        })
    });
    timer.into_iter().collect()
}

/// Pacing is over: timer durable, then claim, then POST (I4).
pub(super) fn paced(
    item: &Notification,
    attempt: u32,
    known_user: Option<String>,
    context: &Context,
) -> Vec<Effect> {
    if context.now >= item.sendable_until() {
        return vec![expired(item, context.now)];
    }
    let limits = context.limits;
    let claim = Claim {
        token: context.token.clone(),
        at: context.now,
        until: plus(context.now, limits.retry_window + limits.post_timeout),
        attempt,
        known_user,
    };
    let mut effects = arm_ahead(item, 0, context.now);
    effects.push(Effect::Claim {
        leg: 0,
        change: change::claim_first(item, &claim),
        claim,
    });
    effects
}

/// The end of a notification that may no longer be sent and that nobody has claimed: refused where
/// somebody has, meanwhile.
fn expired(item: &Notification, now: Timestamp) -> Effect {
    if now >= item.valid_until {
        Effect::Record(unsent(item, now))
    } else {
        Effect::Require(unsent(item, now))
    }
}

pub(super) fn unsent(item: &Notification, now: Timestamp) -> change::Change {
    if now >= item.valid_until {
        change::expire(item)
    } else {
        change::expire_waiting(item)
    }
}

/// Closes WhatsApp first, so that nothing can leave by it any more, then opens the next leg (I4).
fn go_around(item: &Notification, reason: CloseReason, now: Timestamp) -> Vec<Effect> {
    let mut effects = vec![Effect::Require(change::close(item, 0, reason, now, None))];
    effects.extend(open_next(item, 0, now));
    effects
}

pub(super) fn open_next(item: &Notification, leg: u8, now: Timestamp) -> Vec<Effect> {
    let arm = |next| {
        Effect::HandOff(Handoff::Arm {
            leg: next,
            kind: TimerKind::Open,
            at: now,
        })
    };
    item.next_leg(leg).map(arm).into_iter().collect()
}

pub(super) fn arm_ahead(item: &Notification, leg: u8, now: Timestamp) -> Vec<Effect> {
    let Some(next) = item.next_leg(leg) else {
        return Vec::new();
    };
    let at = plus(now, item.ladder[usize::from(next)].after + ARMED_AHEAD);
    vec![Effect::HandOff(Handoff::Arm {
        leg: next,
        kind: TimerKind::Open,
        at,
    })]
}
