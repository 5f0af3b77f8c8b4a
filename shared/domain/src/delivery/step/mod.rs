//! What to do next: `step(item, event, context) -> effects`, pure.
//!
//! A function reads the item, asks, carries the effects out in the order given, and comes back with
//! what one of them answered. It decides nothing itself.

mod effect;
mod first;
mod later;
mod posted;

use std::time::Duration;

use jiff::Timestamp;

pub use effect::{CapVerdict, Context, Effect, Event, Handoff, Limits, Permission, TimerKind};

use super::change::{self, Change};
use super::notification::Notification;
use crate::class::Lane;
use first::{job, paced};
use later::{over_cap, permitted, spent, timer};
use posted::{SOON, post, posted, put_back};

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

/// The end of a notification that may no longer be sent and that nobody has claimed. Needed by whoever
/// finds one whose job may never have reached a queue.
#[must_use]
pub fn ends_unsent(item: &Notification, now: Timestamp) -> Option<Change> {
    let over = item.untouched() && item.content.is_some() && now >= item.sendable_until();
    over.then(|| first::unsent(item, now))
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
            job(item, *attempt, *permission, pace, context)
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
        Event::Claimed { leg, claim } if counts_against_cap(item, *leg) => vec![Effect::Count {
            leg: *leg,
            claim: claim.clone(),
        }],
        Event::Claimed { leg, claim } => unlimited(item, *leg, claim, context),
        Event::Counted {
            leg,
            claim,
            verdict: CapVerdict::Within,
        } => unlimited(item, *leg, claim, context),
        Event::Counted {
            leg,
            claim,
            verdict: CapVerdict::Exceeded,
        } => over_cap(item, *leg, claim, context),
        Event::Permitted {
            leg,
            claim,
            permission,
        } => permitted(item, *leg, claim, *permission, context),
        Event::Spent {
            leg,
            attempt,
            because,
            spending,
        } => spent(item, *leg, *attempt, *because, *spending, context),
        Event::Stalled { leg, claim } => put_back(item, *leg, claim, SOON, context),
        Event::Posted {
            leg,
            claim,
            outcome,
        } => posted(item, *leg, claim, outcome, context),
    }
}

/// Each notification counts once: with WhatsApp, or with the leg after it where WhatsApp was passed over,
/// or died with its claim, perhaps before it was counted.
fn counts_against_cap(item: &Notification, leg: u8) -> bool {
    let whatsapp = item.leg(0);
    let counted = whatsapp.submitted_at().is_some() || whatsapp.failed_at().is_some();
    item.daily_cap.is_some() && (leg == 0 || (leg == 1 && !counted))
}

/// No cap stands in the way: WhatsApp's consent was read with the job, a later leg's is read now.
fn unlimited(
    item: &Notification,
    leg: u8,
    claim: &change::Claim,
    context: &Context,
) -> Vec<Effect> {
    if leg == 0 {
        return vec![post(item, 0, claim, Duration::ZERO, context)];
    }
    vec![Effect::AskConsent {
        leg,
        claim: claim.clone(),
    }]
}
