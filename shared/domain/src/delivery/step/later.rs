//! The later legs: the timer's table, claims as leases, consent at the moment of sending.

use std::time::Duration;

use jiff::Timestamp;

use super::super::change::{self, Claim};
use super::super::notification::{Notification, plus};
use super::super::reason::{CloseReason, OpenedBecause, SuppressReason};
use super::effect::{Context, Effect, Handoff, Permission, TimerKind};
use super::first::{arm_ahead, open_next};
use super::posted::{counts_as_sms, post};
use crate::class::{Class, Lane};
use crate::hours::Asleep;
use crate::switches::{Breaker, Gates, Spending};

/// A rest this short is slept; a longer one is a new timer.
const LONGEST_NAP: Duration = Duration::from_secs(1);
/// How often a timer looks whether a standard or bulk message has found a free WhatsApp.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

pub(super) fn timer(
    item: &Notification,
    leg: u8,
    kind: TimerKind,
    context: &Context,
) -> Vec<Effect> {
    let now = context.now;
    if leg == 0 || leg >= item.legs() {
        return Vec::new();
    }
    if item.reached() || item.cancelled_at().is_some() || item.suppressed_because().is_some() {
        return ends_of_claims(item, leg, now);
    }
    let facts = item.leg(leg);
    if facts.submitted_at().is_some() {
        // The function may have died before it armed the leg after.
        return item.next_leg(leg).map_or_else(Vec::new, |next| {
            let at = item.due(next).unwrap_or(now);
            if item.leg_shows(next) {
                Vec::new()
            } else {
                vec![arm(next, at)]
            }
        });
    }
    if facts.failed_at().is_some() || facts.closed_because().is_some() {
        return open_next(item, leg, now);
    }
    if now >= item.valid_until {
        return over(item, leg, now);
    }
    if let Some(until) = facts.until() {
        return succeed(item, leg, until, context);
    }
    let Some(due) = item.due(leg) else {
        return unclaimed_before(item, leg, kind, context);
    };
    if kind == TimerKind::Guard && item.leg(0).claimed_at().is_some() {
        return Vec::new();
    }
    if due <= now {
        let attempt = facts.attempt().unwrap_or(1);
        let mut effects = silent(item, leg - 1, now);
        effects.extend(open(item, leg, attempt, item.opening_reason(leg), context));
        return effects;
    }
    let rest = Duration::try_from(due.duration_since(now)).unwrap_or_default();
    if rest <= LONGEST_NAP {
        vec![Effect::Nap(rest)]
    } else {
        vec![arm(leg, due)]
    }
}

/// Nothing is sent any more: what is left to do is to tell the ends of claims whose holders never did. Of
/// a message that arrived, WhatsApp's claim has no need of it.
fn ends_of_claims(item: &Notification, leg: u8, now: Timestamp) -> Vec<Effect> {
    let legs = u8::from(item.reached())..=leg;
    let live = legs.clone().filter_map(|leg| item.untold(leg)).max();
    let mut effects: Vec<Effect> = legs.flat_map(|leg| silent(item, leg, now)).collect();
    effects.extend(
        live.filter(|until| now < *until)
            .map(|until| arm(leg, until)),
    );
    effects
}

/// Tells the end of a leg whose holder never did: from its claim's end on nobody knows whether it left.
fn silent(item: &Notification, leg: u8, now: Timestamp) -> Vec<Effect> {
    let silent_since = item.untold(leg).filter(|until| *until <= now);
    silent_since
        .map(|until| Effect::Record(change::uncertain(item, leg, until)))
        .into_iter()
        .collect()
}

/// The validity is over: nothing opens any more, and what was claimed last is told.
fn over(item: &Notification, leg: u8, now: Timestamp) -> Vec<Effect> {
    if let Some(until) = item.leg(leg).until().filter(|until| now < *until) {
        return vec![arm(leg, until)];
    }
    let mut effects: Vec<Effect> = (0..=leg).flat_map(|leg| silent(item, leg, now)).collect();
    effects.push(Effect::Record(change::expire(item)));
    effects
}

/// A claim without an end: looked at again when it has run out, then succeeded or left, by class (I5).
fn succeed(item: &Notification, leg: u8, until: Timestamp, context: &Context) -> Vec<Effect> {
    let facts = item.leg(leg);
    if item.next_leg(leg).is_some_and(|next| item.leg_shows(next)) {
        // The ladder has gone on: this leg is not sent again, only its end is told.
        return vec![Effect::Record(change::uncertain(item, leg, until))];
    }
    if item.may_repeat(leg) {
        if context.now < until {
            return vec![arm(leg, until)];
        }
        let attempt = facts.attempt().unwrap_or(1) + 1;
        let because = facts
            .opened_because()
            .unwrap_or(OpenedBecause::NotDeliveredInTime);
        return open(item, leg, attempt, because, context);
    }
    if facts.uncertain_at().is_some() {
        return item.next_leg(leg).map_or_else(Vec::new, |next| {
            vec![arm(next, item.due(next).unwrap_or(context.now))]
        });
    }
    if context.now < until {
        return vec![arm(leg, until)];
    }
    let mut effects = vec![Effect::Record(change::uncertain(item, leg, until))];
    effects.extend(arm_ahead(item, leg, context.now));
    effects
}

/// The leg before was never claimed. On the standard and bulk lanes its job waits for WhatsApp, arms a
/// timer of its own before it claims, and knows how long it may wait: this one has nothing to add. On
/// the critical lane nobody waits for a job.
fn unclaimed_before(
    item: &Notification,
    leg: u8,
    kind: TimerKind,
    context: &Context,
) -> Vec<Effect> {
    let now = context.now;
    if leg > 1 {
        return vec![arm(leg, plus(now, LOOK_AGAIN))];
    }
    if item.lane != Lane::Critical {
        return Vec::new();
    }
    let gates = &context.gates;
    let wait = |at| vec![Effect::HandOff(Handoff::Arm { leg, kind, at })];
    if gates.off_since.is_some() {
        return wait(plus(now, Gates::hop(&context.token)));
    }
    let ends = gates.waits_until(item);
    if now < ends && kind == TimerKind::Guard {
        let rest = Duration::try_from(ends.duration_since(now)).unwrap_or_default();
        if rest <= LONGEST_NAP {
            return vec![Effect::Nap(rest)];
        }
        return wait(ends);
    }
    let because = match kind {
        TimerKind::Guard => OpenedBecause::Guard,
        TimerKind::Open => OpenedBecause::QueueWaitExceeded,
    };
    if counts_as_sms(item, leg, context) {
        // WhatsApp stays open as long as the budget keeps the SMS back.
        return vec![Effect::Spend {
            leg,
            attempt: 1,
            because,
        }];
    }
    pass_over(item, leg, because, context)
}

/// Closes WhatsApp, so that nothing can leave by it any more, and opens the leg after it (I4).
fn pass_over(
    item: &Notification,
    leg: u8,
    because: OpenedBecause,
    context: &Context,
) -> Vec<Effect> {
    let reason = match because {
        OpenedBecause::Guard => CloseReason::Guard,
        OpenedBecause::First
        | OpenedBecause::NotDeliveredInTime
        | OpenedBecause::PreviousFailed
        | OpenedBecause::NoWhatsappConsent
        | OpenedBecause::QueueWaitExceeded
        | OpenedBecause::TemplateUnavailable => CloseReason::QueueWaitExceeded,
    };
    let close = change::close(item, 0, reason, context.now, None);
    let mut effects = vec![Effect::Require(close)];
    effects.extend(claim_later(item, leg, 1, because, context));
    effects
}

pub(super) fn permitted(
    item: &Notification,
    leg: u8,
    claim: &Claim,
    permission: Permission,
    context: &Context,
) -> Vec<Effect> {
    let reason = match permission {
        Permission::Granted => {
            return vec![post(item, leg, claim, Duration::ZERO, context)];
        }
        Permission::NotThisLeg(reason) => reason,
        Permission::NotAtAll(_) => CloseReason::OptedOut,
    };
    if reason == CloseReason::OptedOut && is_all(item, leg) && claim.attempt == 1 {
        call_off(item, leg, SuppressReason::OptedOut, claim, context)
    } else {
        leave_out(item, leg, reason, claim, context)
    }
}

/// The day's cap is used up.
pub(super) fn over_cap(
    item: &Notification,
    leg: u8,
    claim: &Claim,
    context: &Context,
) -> Vec<Effect> {
    if leg == 0 || (is_all(item, leg) && claim.attempt == 1) {
        call_off(item, leg, SuppressReason::FrequencyCap, claim, context)
    } else {
        leave_out(item, leg, CloseReason::FrequencyCap, claim, context)
    }
}

/// Whether nothing went before this leg and nothing comes after it.
fn is_all(item: &Notification, leg: u8) -> bool {
    item.next_leg(leg).is_none()
        && (0..leg).all(|before| item.leg(before).closed_because().is_some())
}

/// Nothing is sent at all; the claim is given back.
fn call_off(
    item: &Notification,
    leg: u8,
    why: SuppressReason,
    claim: &Claim,
    context: &Context,
) -> Vec<Effect> {
    let held = Some((leg, &claim.token));
    let mut effects = vec![
        Effect::Record(change::suppress(item, why, context.now, held)),
        // A cancel may have come first; the claim is given back all the same.
        Effect::Record(change::release(leg, &claim.token)),
    ];
    effects.extend(give_back(item, leg, claim, context));
    effects
}

/// The claimed leg is closed unsent, and the one after it opens.
fn leave_out(
    item: &Notification,
    leg: u8,
    why: CloseReason,
    claim: &Claim,
    context: &Context,
) -> Vec<Effect> {
    let close = change::close(item, leg, why, context.now, Some(&claim.token));
    let mut effects = vec![Effect::Record(close)];
    effects.extend(give_back(item, leg, claim, context));
    effects.extend(open_next(item, leg, context.now));
    effects
}

fn give_back(item: &Notification, leg: u8, claim: &Claim, context: &Context) -> Option<Effect> {
    counts_as_sms(item, leg, context).then_some(Effect::GiveBack { at: claim.at })
}

/// Opens a leg unless a switch holds it back: then its timer hops on.
fn open(
    item: &Notification,
    leg: u8,
    attempt: u32,
    because: OpenedBecause,
    context: &Context,
) -> Vec<Effect> {
    let gates = &context.gates;
    let code = item.class == Class::Authentication;
    // A code is worth nothing later, and is exempt; a definite failure says what the want of a receipt
    // cannot say while none come in.
    let unheard =
        gates.breaker == Breaker::Open && because == OpenedBecause::NotDeliveredInTime && !code;
    if gates.off_since.is_some() || unheard {
        let hop = Gates::hop(&context.token);
        return vec![arm(leg, plus(context.now, hop))];
    }
    match gates.asleep(item, context.now) {
        Some(Asleep::Until(morning)) => return vec![arm(leg, morning)],
        Some(Asleep::ForGood) => return skip_for_the_night(item, leg, context.now),
        None => {}
    }
    if counts_as_sms(item, leg, context) {
        return vec![Effect::Spend {
            leg,
            attempt,
            because,
        }];
    }
    claim_later(item, leg, attempt, because, context)
}

/// Closes an unclaimed leg that may not leave in the night; where nothing went before it and nothing comes
/// after it, nothing was sent at all.
fn skip_for_the_night(item: &Notification, leg: u8, now: Timestamp) -> Vec<Effect> {
    if is_all(item, leg) && !item.repeated(leg) {
        let why = SuppressReason::QuietHours;
        return vec![Effect::Require(change::suppress(item, why, now, None))];
    }
    let why = CloseReason::QuietHours;
    let mut effects = vec![Effect::Require(change::close(item, leg, why, now, None))];
    effects.extend(open_next(item, leg, now));
    effects
}

/// The budget has answered. Codes are counted like the others and never wait for it.
pub(super) fn spent(
    item: &Notification,
    leg: u8,
    attempt: u32,
    because: OpenedBecause,
    spending: Spending,
    context: &Context,
) -> Vec<Effect> {
    let passes_over = leg == 1 && item.due(leg).is_none();
    if spending == Spending::Exceeded && item.class != Class::Authentication {
        let kind = if passes_over && because == OpenedBecause::Guard {
            TimerKind::Guard
        } else {
            TimerKind::Open
        };
        let at = Gates::next_minute(context.now, &context.token);
        return vec![Effect::HandOff(Handoff::Arm { leg, kind, at })];
    }
    if passes_over {
        return pass_over(item, leg, because, context);
    }
    claim_later(item, leg, attempt, because, context)
}

fn claim_later(
    item: &Notification,
    leg: u8,
    attempt: u32,
    because: OpenedBecause,
    context: &Context,
) -> Vec<Effect> {
    let claim = Claim {
        token: context.token.clone(),
        at: context.now,
        until: plus(context.now, context.limits.lease),
        attempt,
        known_user: None,
    };
    // The timer of the leg after comes first here too (I4).
    let mut effects = arm_ahead(item, leg, context.now);
    effects.push(Effect::Claim {
        leg,
        change: change::claim_later(item, leg, &claim, because),
        claim,
    });
    effects
}

pub(super) fn arm(leg: u8, at: Timestamp) -> Effect {
    Effect::HandOff(Handoff::Arm {
        leg,
        kind: TimerKind::Open,
        at,
    })
}
