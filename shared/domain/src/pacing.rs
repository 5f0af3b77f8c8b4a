//! Pacing: how fast one sandbox may use one number, so that all of them together stay under Meta's limit.
//!
//! Each sandbox gets a fixed share (limit ÷ concurrency): a hard upper bound without a shared counter
//! and without a request. A slice of it is kept for the critical lane. Throttling halves the share for
//! a while.

use std::time::Duration;

use jiff::Timestamp;

use super::class::Lane;
use super::delivery::plus;

/// The critical lane's slice, in percent of a number's rate.
const CRITICAL_PERCENT: u64 = 20;
/// How long a throttled number goes at half its share.
const CALMED: Duration = Duration::from_secs(30);
/// How much of a second's share may leave at once.
const BURST: Duration = Duration::from_secs(1);

/// One number's share in one sandbox (GCRA: a token bucket without a timer).
#[derive(Clone, Debug)]
pub struct Pacer {
    critical: Bucket,
    rest: Bucket,
    calm_until: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Bucket {
    interval: Duration,
    free_at: Timestamp,
}

impl Pacer {
    /// The share of a number with `messages_per_second`, of which `concurrency` sandboxes may send.
    #[must_use]
    pub fn new(messages_per_second: u32, concurrency: u32) -> Self {
        let share = |percent: u64| {
            let per_second = u64::from(messages_per_second.max(1)) * percent;
            let nanos = 1_000_000_000_u64 * 100 * u64::from(concurrency.max(1)) / per_second;
            Bucket {
                interval: Duration::from_nanos(nanos),
                free_at: Timestamp::UNIX_EPOCH,
            }
        };
        Self {
            critical: share(CRITICAL_PERCENT),
            rest: share(100 - CRITICAL_PERCENT),
            calm_until: None,
        }
    }

    /// Takes a token, or tells how long until there is one.
    pub fn take(&mut self, lane: Lane, now: Timestamp) -> Result<(), Duration> {
        let calmed = self.calm_until.is_some_and(|until| now < until);
        let bucket = match lane {
            Lane::Critical => &mut self.critical,
            Lane::Standard | Lane::Bulk => &mut self.rest,
        };
        let interval = if calmed {
            bucket.interval * 2
        } else {
            bucket.interval
        };
        let burst = if calmed { Duration::ZERO } else { BURST };
        let free_at = bucket.free_at.max(now);
        let ahead = Duration::try_from(free_at.duration_since(now)).unwrap_or_default();
        if ahead > burst {
            return Err(ahead - burst);
        }
        bucket.free_at = plus(free_at, interval);
        Ok(())
    }

    /// Meta throttled the number.
    pub fn calm_down(&mut self, now: Timestamp) {
        self.calm_until = Some(plus(now, CALMED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent_in(seconds: i64, pacer: &mut Pacer, lane: Lane) -> usize {
        let start = Timestamp::from_second(1_790_000_000).expect("time");
        (0..seconds * 1000)
            .filter(|ms| {
                pacer
                    .take(lane, plus(start, Duration::from_millis(*ms as u64)))
                    .is_ok()
            })
            .count()
    }

    #[test]
    fn all_sandboxes_together_stay_under_the_limit() {
        for (limit, concurrency) in [(80, 4), (80, 25), (1000, 25), (20, 1)] {
            let mut critical = Pacer::new(limit, concurrency);
            let mut rest = critical.clone();
            let seconds = 60;
            let sent = sent_in(seconds, &mut critical, Lane::Critical)
                + sent_in(seconds, &mut rest, Lane::Bulk);
            let allowed = usize::try_from(limit).expect("small") * 61
                / usize::try_from(concurrency).expect("small")
                + 4;
            assert!(
                sent <= allowed,
                "{sent} of {allowed} at {limit} over {concurrency}"
            );
            assert!(
                sent * 10 >= allowed * 9,
                "{sent} of {allowed} at {limit} over {concurrency}"
            );
        }
    }

    #[test]
    fn a_campaign_never_takes_the_critical_slice() {
        let mut pacer = Pacer::new(80, 1);
        let now = Timestamp::from_second(1_790_000_000).expect("time");
        while pacer.take(Lane::Bulk, now).is_ok() {}
        assert!(pacer.take(Lane::Standard, now).is_err());
        assert!(pacer.take(Lane::Critical, now).is_ok());
    }

    #[test]
    fn throttling_halves_the_share_for_a_while() {
        let mut pacer = Pacer::new(100, 1);
        let usual = sent_in(20, &mut pacer.clone(), Lane::Bulk);
        pacer.calm_down(Timestamp::from_second(1_790_000_000).expect("time"));
        let calmed = sent_in(20, &mut pacer, Lane::Bulk);
        assert!(calmed * 2 <= usual, "{calmed} of {usual}");
    }
}
