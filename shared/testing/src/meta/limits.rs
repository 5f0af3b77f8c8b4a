//! Throughput of a number, the pace to one person, and management calls per hour.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{errors::GraphError, settings::Settings};

/// Management calls per hour of an active account.
const MANAGEMENT_PER_HOUR: u32 = 5000;

/// A token bucket, full at first.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: f64,
    at: Timestamp,
}

impl Bucket {
    fn take(&mut self, now: Timestamp, capacity: f64, interval: Duration) -> bool {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.level = (self.level + passed / interval.as_secs_f64()).min(capacity);
        self.at = now;
        let enough = self.level >= 1.0;
        if enough {
            self.level -= 1.0;
        }
        enough
    }
}

#[derive(Debug, Default)]
pub(crate) struct Limits {
    numbers: BTreeMap<String, Bucket>,
    pairs: BTreeMap<(String, String), Bucket>,
    hours: BTreeMap<(String, i64), u32>,
}

impl Limits {
    pub(crate) fn throughput(
        &mut self,
        number: &str,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(), GraphError> {
        let rate = f64::from(settings.throughput_per_second.max(1));
        let bucket = self.numbers.entry(number.to_owned()).or_insert(Bucket {
            level: rate,
            at: now,
        });
        if bucket.take(now, rate, Duration::from_secs_f64(1.0 / rate)) {
            return Ok(());
        }
        Err(GraphError::new(
            130_429,
            "Cloud API message throughput has been reached.",
        ))
    }

    pub(crate) fn pair(
        &mut self,
        number: &str,
        e164: &str,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<(), GraphError> {
        let burst = f64::from(settings.pair_burst.max(1));
        let bucket = self
            .pairs
            .entry((number.to_owned(), e164.to_owned()))
            .or_insert(Bucket {
                level: burst,
                at: now,
            });
        if bucket.take(now, burst, settings.pair_interval) {
            return Ok(());
        }
        Err(throttled())
    }

    pub(crate) fn management(&mut self, waba: &str, now: Timestamp) -> Result<(), GraphError> {
        let hour = now.as_second().div_euclid(3600);
        self.hours.retain(|(_, known), _| *known == hour);
        let calls = self.hours.entry((waba.to_owned(), hour)).or_default();
        *calls += 1;
        if *calls <= MANAGEMENT_PER_HOUR {
            return Ok(());
        }
        Err(GraphError::new(
            80_007,
            "There have been too many calls to this WhatsApp Business Account.",
        ))
    }
}

/// The answer to too many messages for one person.
pub(crate) fn throttled() -> GraphError {
    GraphError::new(
        131_056,
        "Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.",
    )
}
