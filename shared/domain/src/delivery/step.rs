//! What to do next: `step(item, event, context) -> effects`, pure.
//!
//! A function reads the item, asks, carries the effects out in the order given, and comes back with
//! what one of them answered. It decides nothing itself.

use std::time::Duration;

use jiff::Timestamp;

use super::change::{self, Change, Claim};
use super::notification::{Notification, WhenQueueWaitExceeded, plus};
use super::outcome::{Failure, FailureKind, PostOutcome};
use super::reason::{CloseReason, OpenedBecause, SuppressReason};
use crate::class::Lane;
use crate::ids::ClaimToken;

/// The first timer runs this much longer than the wait, since it is armed before the POST.
const ARMED_AHEAD: Duration = Duration::from_secs(1);
/// A rest this short is slept; a longer one is a new timer.
const LONGEST_NAP: Duration = Duration::from_secs(1);
/// How often a timer looks whether a standard or bulk message has found a free WhatsApp.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The times that a claim rests on. POST timeout < function timeout < lease < visibility timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long one POST to Meta may take.
    pub post_timeout: Duration,
    /// For how long a POST known not to have left is tried again in process.
    pub retry_window: Duration,
    /// How long a later leg's claim lasts.
    pub lease: Duration,
}

/// What a step needs besides item and event.
#[derive(Clone, Debug)]
pub struct Context {
    /// Now.
    pub now: Timestamp,
    /// A fresh random token, used if this step claims.
    pub token: ClaimToken,
    /// The times.
    pub limits: Limits,
}

/// Whether a leg may be sent to this recipient now (I8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Yes.
    Granted,
    /// Not by this leg: the next one opens.
    NotThisLeg(CloseReason),
    /// Not at all.
    NotAtAll(SuppressReason),
}

/// The day's cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapVerdict {
    /// Counted, or no cap applies.
    Within,
    /// The day's share is used up.
    Exceeded,
}

/// What a timer stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerKind {
    /// Opens its leg when it is due.
    Open,
    /// The critical lane's guard: opens its leg if nothing was claimed in time.
    Guard,
}

/// What woke a function, or what an effect answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// outbound-sender received a job.
    Job {
        /// Which one, counted from 1.
        attempt: u32,
        /// What the recipient permits for the first leg.
        permission: Permission,
        /// Digest of the WhatsApp user id under which the recipient is known already.
        known_user: Option<String>,
    },
    /// The number has a token free for it.
    Paced {
        /// The job's attempt.
        attempt: u32,
        /// As the job had it.
        known_user: Option<String>,
    },
    /// The number has none for this long.
    Busy {
        /// The job's attempt.
        attempt: u32,
        /// How long.
        after: Duration,
    },
    /// fallback-timer received a timer.
    Timer {
        /// The one leg it may open.
        leg: u8,
        /// What it stands for.
        kind: TimerKind,
    },
    /// The claim was won.
    Claimed {
        /// Of this leg.
        leg: u8,
        /// By this claim.
        claim: Claim,
    },
    /// The cap answered.
    Counted {
        /// The claim that waits for it.
        claim: Claim,
        /// Its answer.
        verdict: CapVerdict,
    },
    /// The recipient's consent was read for a claimed later leg.
    Permitted {
        /// The leg.
        leg: u8,
        /// Its claim.
        claim: Claim,
        /// The answer.
        permission: Permission,
    },
    /// The carrier answered, or did not.
    Posted {
        /// The leg.
        leg: u8,
        /// Its claim.
        claim: Claim,
        /// The outcome.
        outcome: PostOutcome,
    },
}

/// A message to a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handoff {
    /// A timer for one leg.
    Arm {
        /// The leg.
        leg: u8,
        /// What it stands for.
        kind: TimerKind,
        /// When it fires; at once if that is past.
        at: Timestamp,
    },
    /// A job for the sender.
    Enqueue {
        /// Its attempt.
        attempt: u32,
        /// After how long.
        after: Duration,
    },
}

/// What a function does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Puts a message into a queue; must succeed before the next effect.
    HandOff(Handoff),
    /// Writes; a refusal means that it is known already.
    Record(Change),
    /// Writes; a refusal means that the item has changed: decide the first event again on it.
    Require(Change),
    /// Writes a claim; won: [`Event::Claimed`]; lost: decide the first event again.
    Claim {
        /// The leg.
        leg: u8,
        /// The claim.
        claim: Claim,
        /// Its write.
        change: Change,
    },
    /// Takes a pacing token: [`Event::Paced`] or [`Event::Busy`].
    Pace {
        /// The job's attempt.
        attempt: u32,
        /// As the job had it.
        known_user: Option<String>,
    },
    /// Counts against the day's cap: [`Event::Counted`].
    Count {
        /// The claim that waits for it.
        claim: Claim,
    },
    /// Reads the recipient's consent: [`Event::Permitted`].
    AskConsent {
        /// The leg.
        leg: u8,
        /// Its claim.
        claim: Claim,
    },
    /// Sends: [`Event::Posted`]. Past `not_after` it is not sent and the outcome is not sent.
    Post {
        /// The leg.
        leg: u8,
        /// Its claim.
        claim: Claim,
        /// No POST starts later.
        not_after: Timestamp,
        /// Rests this long first.
        pause: Duration,
    },
    /// Rests (≤ 1 s), reads the item again and decides the first event again.
    Nap(Duration),
    /// Does not acknowledge the message: it comes back after its visibility timeout.
    Leave,
}

/// What notification-api hands on after the Put, in order: guard, then job (I1).
#[must_use]
pub fn accepted(item: &Notification) -> Vec<Handoff> {
    let mut all = Vec::new();
    if item.lane == Lane::Critical && item.next_leg(0).is_some() {
        all.push(Handoff::Arm {
            leg: 1,
            kind: TimerKind::Guard,
            at: item.queue_wait_ends(),
        });
    }
    all.push(Handoff::Enqueue {
        attempt: 1,
        after: Duration::ZERO,
    });
    all
}

/// What webhook-receiver hands on once the current attempt's failure is stored: the next leg, now.
/// Repeating it is harmless, so a webhook that comes twice may do it twice.
#[must_use]
pub fn receipt_failed(item: &Notification, attempt: u32, now: Timestamp) -> Vec<Handoff> {
    let first = item.leg(0);
    let current = first.attempt() == Some(attempt) && first.failed_at().is_some();
    match item.next_leg(0) {
        Some(next)
            if current
                && !item.reached()
                && !item.leg(next).is_done()
                && item.cancelled_at().is_none() =>
        {
            vec![Handoff::Arm {
                leg: next,
                kind: TimerKind::Open,
                at: now,
            }]
        }
        Some(_) | None => Vec::new(),
    }
}

/// Decides. No effects: acknowledge.
#[must_use]
pub fn step(item: &Notification, event: &Event, context: &Context) -> Vec<Effect> {
    match event {
        Event::Job {
            attempt,
            permission,
            known_user,
        } => {
            let pace = Effect::Pace {
                attempt: *attempt,
                known_user: known_user.clone(),
            };
            job(item, *permission, pace, context)
        }
        Event::Paced {
            attempt,
            known_user,
        } => paced(item, *attempt, known_user.clone(), context),
        Event::Busy { attempt, after } => {
            vec![Effect::HandOff(Handoff::Enqueue {
                attempt: *attempt,
                after: *after,
            })]
        }
        Event::Timer { leg, kind } => timer(item, *leg, *kind, context),
        Event::Claimed { leg: 0, claim } if item.class.daily_cap().is_some() => {
            vec![Effect::Count {
                claim: claim.clone(),
            }]
        }
        Event::Claimed { leg: 0, claim } => vec![post(item, 0, claim, Duration::ZERO, context)],
        Event::Claimed { leg, claim } => vec![Effect::AskConsent {
            leg: *leg,
            claim: claim.clone(),
        }],
        Event::Counted {
            claim,
            verdict: CapVerdict::Within,
        } => vec![post(item, 0, claim, Duration::ZERO, context)],
        Event::Counted {
            claim,
            verdict: CapVerdict::Exceeded,
        } => {
            vec![Effect::Record(change::suppress(
                item,
                SuppressReason::FrequencyCap,
                context.now,
                Some((0, &claim.token)),
            ))]
        }
        Event::Permitted {
            leg,
            claim,
            permission,
        } => permitted(item, *leg, claim, *permission, context),
        Event::Posted {
            leg,
            claim,
            outcome,
        } => posted(item, *leg, claim, outcome, context),
    }
}

fn job(
    item: &Notification,
    permission: Permission,
    pace: Effect,
    context: &Context,
) -> Vec<Effect> {
    let first = item.leg(0);
    if item.reached() || item.cancelled_at().is_some() || item.suppressed_because().is_some() {
        return Vec::new();
    }
    if first.failed_at().is_some() || first.closed_because().is_some() {
        // The function may have died between closing the leg and opening the next one.
        return open_next(item, 0, context.now);
    }
    if first.submitted_at().is_some() || first.uncertain_at().is_some() {
        return Vec::new();
    }
    if let Some(until) = first.until() {
        return match item.next_leg(0) {
            // From that moment on it was unknown, whenever somebody notices: what is due stays due.
            _ if context.now >= until => vec![Effect::Record(change::uncertain(item, 0, until))],
            // Armed before the claim (I4).
            Some(_) => Vec::new(),
            // No timer will look after it: keep the message until the claim's holder has spoken.
            None => vec![Effect::Leave],
        };
    }
    if context.now >= item.sendable_until() {
        return vec![Effect::Record(change::expire(item))];
    }
    if context.now >= item.queue_wait_ends() && item.next_leg(0).is_some() {
        return go_around(item, CloseReason::QueueWaitExceeded, context.now);
    }
    match permission {
        Permission::Granted => vec![pace],
        Permission::NotThisLeg(reason) if item.next_leg(0).is_some() => {
            go_around(item, reason, context.now)
        }
        Permission::NotThisLeg(_) => {
            let why = SuppressReason::NoConsent;
            vec![Effect::Require(change::suppress(
                item,
                why,
                context.now,
                None,
            ))]
        }
        Permission::NotAtAll(reason) => vec![Effect::Require(change::suppress(
            item,
            reason,
            context.now,
            None,
        ))],
    }
}

/// Closes WhatsApp first, so that nothing can leave by it any more, then opens the next leg (I4).
fn go_around(item: &Notification, reason: CloseReason, now: Timestamp) -> Vec<Effect> {
    let mut effects = vec![Effect::Require(change::close(item, 0, reason, now, None))];
    effects.extend(open_next(item, 0, now));
    effects
}

fn open_next(item: &Notification, leg: u8, now: Timestamp) -> Vec<Effect> {
    let arm = |next| {
        Effect::HandOff(Handoff::Arm {
            leg: next,
            kind: TimerKind::Open,
            at: now,
        })
    };
    item.next_leg(leg).map(arm).into_iter().collect()
}

/// Pacing is over: timer durable, then claim, then POST (I4).
fn paced(
    item: &Notification,
    attempt: u32,
    known_user: Option<String>,
    context: &Context,
) -> Vec<Effect> {
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

fn arm_ahead(item: &Notification, leg: u8, now: Timestamp) -> Vec<Effect> {
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

fn post(item: &Notification, leg: u8, claim: &Claim, pause: Duration, context: &Context) -> Effect {
    let last_start = if leg == 0 {
        let timeout =
            jiff::SignedDuration::try_from(context.limits.post_timeout).unwrap_or_default();
        claim.until.checked_sub(timeout).unwrap_or(claim.at)
    } else {
        claim.until
    };
    Effect::Post {
        leg,
        claim: claim.clone(),
        not_after: last_start.min(item.valid_until),
        pause,
    }
}

fn timer(item: &Notification, leg: u8, kind: TimerKind, context: &Context) -> Vec<Effect> {
    let now = context.now;
    if leg == 0
        || leg >= item.legs()
        || item.reached()
        || item.cancelled_at().is_some()
        || item.suppressed_because().is_some()
    {
        return Vec::new();
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
        return vec![Effect::Record(change::expire(item))];
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
        return vec![claim_later(
            item,
            leg,
            attempt,
            item.opening_reason(leg),
            context,
        )];
    }
    let rest = Duration::try_from(due.duration_since(now)).unwrap_or_default();
    if rest <= LONGEST_NAP {
        vec![Effect::Nap(rest)]
    } else {
        vec![arm(leg, due)]
    }
}

fn arm(leg: u8, at: Timestamp) -> Effect {
    Effect::HandOff(Handoff::Arm {
        leg,
        kind: TimerKind::Open,
        at,
    })
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
        return vec![claim_later(item, leg, attempt, because, context)];
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

fn claim_later(
    item: &Notification,
    leg: u8,
    attempt: u32,
    because: OpenedBecause,
    context: &Context,
) -> Effect {
    let claim = Claim {
        token: context.token.clone(),
        at: context.now,
        until: plus(context.now, context.limits.lease),
        attempt,
        known_user: None,
    };
    Effect::Claim {
        leg,
        change: change::claim_later(item, leg, &claim, because),
        claim,
    }
}

/// The leg before was never claimed: WhatsApp still waits for its turn.
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
    let ends = item.queue_wait_ends();
    if now < ends && (kind == TimerKind::Guard || item.lane != Lane::Critical) {
        let rest = Duration::try_from(ends.duration_since(now)).unwrap_or_default();
        if rest <= LONGEST_NAP {
            return vec![Effect::Nap(rest)];
        }
        return vec![Effect::HandOff(Handoff::Arm {
            leg,
            kind,
            at: ends.min(plus(now, LOOK_AGAIN)),
        })];
    }
    let reason = match kind {
        TimerKind::Guard => CloseReason::Guard,
        TimerKind::Open => CloseReason::QueueWaitExceeded,
    };
    if item.lane == Lane::Critical
        || item.when_queue_wait_exceeded == WhenQueueWaitExceeded::NextLeg
    {
        let mut effects = vec![Effect::Require(change::close(item, 0, reason, now, None))];
        effects.push(claim_later(
            item,
            leg,
            1,
            OpenedBecause::after(reason),
            context,
        ));
        return effects;
    }
    vec![Effect::Record(change::expire(item))]
}

fn permitted(
    item: &Notification,
    leg: u8,
    claim: &Claim,
    permission: Permission,
    context: &Context,
) -> Vec<Effect> {
    let reason = match permission {
        Permission::Granted => {
            let mut effects = arm_ahead(item, leg, context.now);
            effects.push(post(item, leg, claim, Duration::ZERO, context));
            return effects;
        }
        Permission::NotThisLeg(reason) => reason,
        Permission::NotAtAll(_) => CloseReason::OptedOut,
    };
    let nothing_went = (0..leg).all(|before| item.leg(before).closed_because().is_some());
    if reason == CloseReason::OptedOut && nothing_went && item.next_leg(leg).is_none() {
        let why = SuppressReason::OptedOut;
        return vec![Effect::Record(change::suppress(
            item,
            why,
            context.now,
            Some((leg, &claim.token)),
        ))];
    }
    let mut effects = vec![Effect::Record(change::close(
        item,
        leg,
        reason,
        context.now,
        Some(&claim.token),
    ))];
    effects.extend(open_next(item, leg, context.now));
    effects
}

fn posted(
    item: &Notification,
    leg: u8,
    claim: &Claim,
    outcome: &PostOutcome,
    context: &Context,
) -> Vec<Effect> {
    let now = context.now;
    let fail = |failure: &Failure| {
        let content = change::content_after_failure(item, leg);
        let mut effects = vec![Effect::Record(change::failed(
            leg,
            claim.attempt,
            failure,
            now,
            content,
        ))];
        effects.extend(open_next(item, leg, now));
        effects
    };
    match outcome {
        PostOutcome::Accepted { provider_id } => {
            vec![Effect::Record(change::submitted(
                item,
                leg,
                now,
                provider_id.as_deref(),
            ))]
        }
        PostOutcome::Held => fail(&Failure {
            kind: FailureKind::Temporary,
            code: None,
            title: "held for quality assessment".to_owned(),
        }),
        PostOutcome::Rejected(failure) => fail(failure),
        PostOutcome::NotSent { retry_after, .. } if leg == 0 => {
            let resume = plus(now, *retry_after);
            if resume <= plus(claim.at, context.limits.retry_window) && resume < item.valid_until {
                return vec![post(item, leg, claim, *retry_after, context)];
            }
            vec![
                Effect::Record(change::release(leg, &claim.token)),
                Effect::HandOff(Handoff::Enqueue {
                    attempt: claim.attempt + 1,
                    after: *retry_after,
                }),
            ]
        }
        PostOutcome::NotSent { retry_after, .. } => {
            vec![
                Effect::Record(change::release(leg, &claim.token)),
                arm(leg, plus(now, *retry_after)),
            ]
        }
        PostOutcome::Unknown => {
            let mut effects = vec![Effect::Record(change::uncertain(item, leg, now))];
            if leg > 0 && item.may_repeat(leg) {
                effects.push(arm(leg, claim.until));
            }
            effects
        }
    }
}
