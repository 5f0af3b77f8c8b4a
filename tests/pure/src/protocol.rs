//! The protocol's steps, as the sender and the timer take them.

use std::time::Duration;

use recado_domain::delivery::{
    Claim, Context, Effect, Event, Limits, Notification, Permission, PostOutcome, TimerKind, plus,
    step,
};
use recado_domain::ids::ClaimToken;
use recado_domain::switches::Gates;

use crate::now;
use crate::request::Asked;

/// A notification at one moment of its way, and what happens next to it.
pub struct Moment {
    /// Its name.
    pub name: &'static str,
    item: Notification,
    event: Event,
    context: Context,
}

impl Moment {
    /// The sender's: a job, a pacing token, the answer to the POST; and the timer's, of a message that was
    /// not delivered in time.
    #[must_use]
    pub fn samples() -> [Self; 4] {
        let accepted = Asked::sample().accept();
        let claim = claim();
        let claimed = changed(&accepted, &paced(), 0);
        let posted = Event::Posted {
            leg: 0,
            claim,
            outcome: PostOutcome::Accepted { provider_id: None },
        };
        let submitted = changed(&claimed, &posted, 100);
        let at = |name, item: &Notification, event, after| Self {
            name,
            item: item.clone(),
            event,
            context: context(after),
        };
        let job = Event::Job {
            attempt: 1,
            permission: Permission::Granted,
            known_user: None,
        };
        let timer = Event::Timer {
            leg: 1,
            kind: TimerKind::Open,
        };
        [
            at("job", &accepted, job, 0),
            at("paced", &accepted, paced(), 0),
            at("posted", &claimed, posted, 100),
            at("timer", &submitted, timer, 31_000),
        ]
    }

    /// What is to be done next.
    #[must_use]
    pub fn decide(&self) -> Vec<Effect> {
        step(&self.item, &self.event, &self.context)
    }
}

fn paced() -> Event {
    Event::Paced {
        attempt: 1,
        known_user: None,
    }
}

/// The item after the one write that the step asks for.
fn changed(item: &Notification, event: &Event, after: u64) -> Notification {
    let effects = step(item, event, &context(after));
    let change = effects.iter().find_map(|effect| {
        if let Effect::Claim { change, .. } | Effect::Record(change) = effect {
            Some(change)
        } else {
            None
        }
    });
    change.unwrap().apply(item.clone())
}

fn claim() -> Claim {
    let Context {
        now, token, limits, ..
    } = context(0);
    Claim {
        token,
        at: now,
        until: plus(now, limits.retry_window + limits.post_timeout),
        attempt: 1,
        known_user: None,
    }
}

/// So many milliseconds after acceptance.
fn context(after: u64) -> Context {
    Context {
        now: plus(now(), Duration::from_millis(after)),
        token: ClaimToken::from_random([3; 16]),
        limits: Limits {
            post_timeout: Duration::from_secs(8),
            retry_window: Duration::from_secs(2),
            lease: Duration::from_secs(60),
        },
        gates: Gates::default(),
    }
}
