//! The POST and its four ends: accepted, refused for good, known not to have left, unknown.

use std::time::Duration;

use super::super::change::{self, Claim};
use super::super::notification::{Notification, plus};
use super::super::outcome::{Failure, FailureKind, PostOutcome};
use super::effect::{Context, Effect, Handoff};
use super::first::open_next;
use super::later::arm;
use crate::channel::Channel;
use crate::class::Lane;

/// No POST starts less than this before quiet hours: a message takes its time.
const ON_ITS_WAY: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

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
            put_back(item, leg, claim, *retry_after, context)
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
    let latest = if leg == 0 {
        let timeout =
            jiff::SignedDuration::try_from(context.limits.post_timeout).unwrap_or_default();
        let last_start = claim.until.checked_sub(timeout).unwrap_or(claim.at);
        last_start.min(item.sendable_until())
    } else {
        claim.until.min(item.valid_until)
    };
    let quiet = context.gates.quiet.filter(|it| context.now < it.until);
    let before_quiet = quiet.and_then(|quiet| quiet.from.checked_sub(ON_ITS_WAY).ok());
    let not_after = before_quiet.map_or(latest, |before| latest.min(before));
    Effect::Post {
        leg,
        claim: claim.clone(),
        not_after,
        pause,
    }
}

/// Gives the claim back, since nothing left, and looks again later: by a new job, or by the leg's timer.
/// The longer it goes on, the less often.
pub(super) fn put_back(
    item: &Notification,
    leg: u8,
    claim: &Claim,
    after: Duration,
    context: &Context,
) -> Vec<Effect> {
    let mut effects = vec![Effect::Record(change::release(leg, &claim.token))];
    if leg == 0 {
        let tried = Duration::from_secs(u64::from(claim.attempt.saturating_sub(1)));
        effects.push(Effect::HandOff(Handoff::Enqueue {
            attempt: claim.attempt + 1,
            after: after.max(tried.min(longest_rest(item.lane))),
        }));
        return effects;
    }
    if counts_as_sms(item, leg, context) {
        effects.push(Effect::GiveBack { at: claim.at });
    }
    let since = item.due(leg).unwrap_or(context.now);
    let tried = Duration::try_from(context.now.duration_since(since)).unwrap_or_default() / 4;
    let rest = after.max(tried.min(longest_rest(item.lane)));
    effects.push(arm(leg, plus(context.now, rest)));
    effects
}

/// Whether an SMS budget stands over the leg.
pub(super) fn counts_as_sms(item: &Notification, leg: u8, context: &Context) -> bool {
    let sms = item.ladder[usize::from(leg)].channel == Channel::Sms;
    sms && !context.gates.budgets.is_empty()
}

/// The longest rest between two tries of what did not leave: a code is not worth the wait.
fn longest_rest(lane: Lane) -> Duration {
    match lane {
        Lane::Critical => Duration::from_secs(5),
        Lane::Standard | Lane::Bulk => Duration::from_secs(30),
    }
}
