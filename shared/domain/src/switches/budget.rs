//! Counting against a limit in windows of time.

use std::time::Duration;

use jiff::Timestamp;

use super::{Reach, Switch};
use crate::ids::TenantId;

/// How many SMS may leave. At least one of the limits is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SmsBudget {
    /// In a minute; what is more waits for the next.
    pub per_minute: Option<u32>,
    /// On a day (UTC); what is more waits for the next, as long as it is valid.
    pub per_day: Option<u32>,
}

/// Longer than it takes from the count to the claim, in seconds.
const SURE: i64 = 5;
/// [`SURE`], for whoever has to wait for a window's beginning: what is counted from then on can be given back.
pub(super) const SETTLED: Duration = Duration::from_secs(SURE.unsigned_abs());

/// Whether there is still something of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spending {
    /// One SMS was counted.
    Within,
    /// Nothing is left of it.
    Exceeded,
}

/// A stretch of time in which something is counted, by its place since 1970 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Window {
    /// One second.
    Second(i64),
    /// One minute.
    Minute(i64),
    /// One day.
    Day(i64),
}

impl Window {
    /// Whether `at` lies in it, and not so near its beginning that what was counted a moment before may
    /// belong to the one before.
    #[must_use]
    pub fn surely_holds(self, at: Timestamp) -> bool {
        let length = match self {
            Self::Second(_) => 1,
            Self::Minute(_) => 60,
            Self::Day(_) => 86_400,
        };
        let left = self.ends().as_second() - at.as_second();
        left > 0 && left <= length - SURE
    }

    /// When it is over.
    #[must_use]
    pub fn ends(self) -> Timestamp {
        let second = match self {
            Self::Second(second) => second + 1,
            Self::Minute(minute) => (minute + 1) * 60,
            Self::Day(day) => (day + 1) * 86_400,
        };
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
    }

    /// Whole seconds until it is over, at least one: a `Retry-After`.
    #[must_use]
    pub fn seconds_left(self, now: Timestamp) -> u64 {
        let left = self.ends().duration_since(now).as_millis().max(1);
        u64::try_from(left).unwrap_or(1).div_ceil(1_000)
    }

    /// Its name in the store.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Second(second) => format!("S#{second}"),
            Self::Minute(minute) => format!("M#{minute}"),
            Self::Day(day) => format!("D#{day}"),
        }
    }
}

/// Something that is counted in a window, by the switch that limits it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Counter {
    /// What limits it.
    pub switch: Switch,
    /// When.
    pub window: Window,
}

impl Counter {
    /// A bank's requests in this second.
    #[must_use]
    pub fn requests(tenant: &TenantId, now: Timestamp) -> Self {
        Self {
            switch: Switch::Rate(tenant.clone()),
            window: Window::Second(now.as_second()),
        }
    }
}

impl SmsBudget {
    /// What an SMS is counted against, the shorter window first, each with its limit.
    #[must_use]
    pub fn counters(&self, reach: &Reach, now: Timestamp) -> Vec<(Counter, u32)> {
        let counter = |window, limit: Option<u32>| {
            let switch = Switch::SmsBudget(reach.clone());
            limit.map(|limit| (Counter { switch, window }, limit))
        };
        let second = now.as_second();
        [
            counter(Window::Minute(second.div_euclid(60)), self.per_minute),
            counter(Window::Day(second.div_euclid(86_400)), self.per_day),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
