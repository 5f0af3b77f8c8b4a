//! The POST and its four ends: accepted, refused for good, known not to have left, unknown.

use std::time::Duration;

use super::super::change::{self, Claim};
use super::super::notification::{Notification, plus};
use super::super::outcome::{Failure, FailureKind, PostOutcome};
use super::effect::{Context, Effect, Handoff};
use super::first::open_next;
use super::later::arm;

/// How soon a message is tried again for which the store had no answer.
pub(super) const SOON: Duration = Duration::from_secs(1);

pub(super) fn posted(
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
        PostOutcome::NotSent { retry_after, .. } => {
            let resume = plus(now, *retry_after);
            let window = plus(claim.at, context.limits.retry_window);
            if leg == 0 && resume <= window && resume < item.valid_until {
                return vec![post(item, leg, claim, *retry_after, context)];
            }
            put_back(leg, claim, *retry_after, context)
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

pub(super) fn post(
    item: &Notification,
    leg: u8,
    claim: &Claim,
    pause: Duration,
    context: &Context,
) -> Effect {
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

/// Gives the claim back, since nothing left, and looks again later: by a new job, or by the leg's timer.
pub(super) fn put_back(leg: u8, claim: &Claim, after: Duration, context: &Context) -> Vec<Effect> {
    let again = if leg == 0 {
        Effect::HandOff(Handoff::Enqueue {
            attempt: claim.attempt + 1,
            after,
        })
    } else {
        arm(leg, plus(context.now, after))
    };
    vec![Effect::Record(change::release(leg, &claim.token)), again]
}
