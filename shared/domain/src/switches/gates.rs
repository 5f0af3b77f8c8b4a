//! What the switches mean for one message.

use std::time::Duration;

use jiff::Timestamp;

use super::budget::SETTLED;
use super::{KNOWN_FOR, Reach, SmsBudget};
use crate::delivery::{Notification, plus};
use crate::hours::{Asleep, Quiet};
use crate::ids::ClaimToken;

/// The hop of a message that is held back, before its jitter of up to a half more: with what a function
/// remembers of the switches ([`KNOWN_FOR`]) a turn is obeyed within half a minute.
const HOP: Duration = Duration::from_secs(12);

/// Whether messages leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sending {
    /// They do.
    On,
    /// They are held back.
    Off,
}

/// Whether the want of a receipt opens the next leg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Breaker {
    /// It does.
    #[default]
    Closed,
    /// It does not: receipts do not come in, so their want says nothing.
    Open,
}

/// What stands in the way of one message now. The default: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Gates {
    /// Held back since then.
    pub off_since: Option<Timestamp>,
    /// The last time that a switch over it was turned on again.
    pub on_since: Option<Timestamp>,
    /// The breaker over it.
    pub breaker: Breaker,
    /// The SMS budgets over it.
    pub budgets: Vec<(Reach, SmsBudget)>,
    /// The recipient's quiet hours, where its template heeds them.
    pub quiet: Option<Quiet>,
}

impl Gates {
    /// After how long a message that is held back is looked at again, spread by `token` so that they do
    /// not come all at once.
    #[must_use]
    pub fn hop(token: &ClaimToken) -> Duration {
        HOP + spread(token, HOP / 2)
    }

    /// When a message that the budget holds back is looked at again: in the minute after this one, all over
    /// it. Not in its first seconds: what is counted there is not given back where the carrier refuses, and a
    /// backlog would use the whole minute up for nothing.
    #[must_use]
    pub fn next_minute(now: Timestamp, token: &ClaimToken) -> Timestamp {
        let minute = Duration::from_secs(60);
        let into = u64::try_from(now.as_millisecond().rem_euclid(60_000)).unwrap_or_default();
        plus(
            now,
            minute - Duration::from_millis(into) + SETTLED + spread(token, minute - SETTLED * 2),
        )
    }

    /// Until when a message may wait for WhatsApp. What held it back does not count against it, nor the
    /// last hop until it notices.
    #[must_use]
    pub fn waits_until(&self, item: &Notification) -> Timestamp {
        let last_hop = HOP * 3 / 2 + KNOWN_FOR;
        let noticed = self.on_since.map(|on| plus(on, last_hop));
        let held = noticed.filter(|_| self.on_since > Some(item.accepted_at));
        let woken = self.quiet.and_then(|quiet| quiet.ended);
        let since = [held, woken].into_iter().flatten().max();
        let since = since.map_or(item.accepted_at, |since| since.max(item.accepted_at));
        plus(since, item.max_queue_wait)
    }

    /// Whether a switch or the recipient's quiet hours may have kept a message waiting since it was
    /// accepted: its age then says nothing of how fast messages leave.
    #[must_use]
    pub fn held_back(&self, item: &Notification) -> bool {
        let last_hop = HOP * 3 / 2 + KNOWN_FOR;
        let noticed = self.on_since.map(|on| plus(on, last_hop));
        let woken = self.quiet.and_then(|quiet| quiet.ended);
        let ended = [noticed, woken].into_iter().flatten();
        ended.max() > Some(item.accepted_at)
    }

    /// What the recipient's quiet hours do to a message at this moment; nothing outside of them.
    #[must_use]
    pub fn asleep(&self, item: &Notification, now: Timestamp) -> Option<Asleep> {
        let quiet = self.quiet?;
        quiet.meets(item.quiet_hours, item.valid_until, now)
    }
}

/// A share of `most` that the token decides: the same token, the same share.
fn spread(token: &ClaimToken, most: Duration) -> Duration {
    let digest = token.as_str().bytes().fold(17_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    most * (digest % 1_000) / 1_000
}
