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
/// How many codes may leave one idle sandbox at once: a batch of them.
const CRITICAL_BURST: u32 = 10;

/// How many sandboxes may send at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concurrency {
    /// On the critical lane.
    pub critical: u32,
    /// On the others together.
    pub rest: u32,
}

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
    burst: Duration,
    free_at: Timestamp,
}

impl Bucket {
    fn new(messages_per_second: u32, percent: u64, sandboxes: u32, burst: Option<u32>) -> Self {
        let per_second = u64::from(messages_per_second.max(1)) * percent;
        let nanos = 1_000_000_000_u64 * 100 * u64::from(sandboxes.max(1)) / per_second;
        let interval = Duration::from_nanos(nanos);
        Self {
            interval,
            // One leaves at once in any case; the others may run this far ahead.
            burst: burst.map_or(Duration::from_secs(1), |messages| interval * (messages - 1)),
            free_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn take(
        &mut self,
        now: Timestamp,
        interval: Duration,
        burst: Duration,
    ) -> Result<(), Duration> {
        let free_at = self.free_at.max(now);
        let ahead = Duration::try_from(free_at.duration_since(now)).unwrap_or_default();
        if ahead > burst {
            return Err(ahead - burst);
        }
        self.free_at = plus(free_at, interval);
        Ok(())
    }
}

impl Pacer {
    /// The share of a number with `messages_per_second`.
    #[must_use]
    pub fn new(messages_per_second: u32, sandboxes: Concurrency) -> Self {
        let bucket =
            |percent, sandboxes, burst| Bucket::new(messages_per_second, percent, sandboxes, burst);
        Self {
            critical: bucket(CRITICAL_PERCENT, sandboxes.critical, Some(CRITICAL_BURST)),
            rest: bucket(100 - CRITICAL_PERCENT, sandboxes.rest, None),
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
        if calmed {
            bucket.take(now, bucket.interval * 2, Duration::ZERO)
        } else {
            bucket.take(now, bucket.interval, bucket.burst)
        }
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

    fn alone() -> Concurrency {
        Concurrency {
            critical: 1,
            rest: 1,
        }
    }

    #[test]
    fn all_sandboxes_together_stay_under_the_limit() {
        for (limit, sandboxes) in [(80, 4), (80, 15), (1000, 15), (20, 1)] {
            let concurrency = Concurrency {
                critical: sandboxes,
                rest: sandboxes,
            };
            let (mut critical, mut rest) = (
                Pacer::new(limit, concurrency),
                Pacer::new(limit, concurrency),
            );
            let sent =
                sent_in(60, &mut critical, Lane::Critical) + sent_in(60, &mut rest, Lane::Bulk);
            let all = sent * usize::try_from(sandboxes).expect("small");
            let minute = 60 * usize::try_from(limit).expect("small");
            // Beyond the rate only what may leave at once, in the first moment.
            let ahead = usize::try_from(limit + 12 * sandboxes).expect("small");
            assert!(all <= minute + ahead, "{all} at {limit} over {sandboxes}");
            assert!(all * 10 >= minute * 9, "{all} at {limit} over {sandboxes}");
        }
    }

    #[test]
    fn a_batch_of_codes_leaves_an_idle_sandbox_at_once() {
        let mut pacer = Pacer::new(
            80,
            Concurrency {
                critical: 10,
                rest: 15,
            },
        );
        let now = Timestamp::from_second(1_790_000_000).expect("time");
        let at_once = (0..20)
            .filter(|_| pacer.take(Lane::Critical, now).is_ok())
            .count();
        assert_eq!(at_once, 10);
    }

    #[test]
    fn a_campaign_never_takes_the_critical_slice() {
        let mut pacer = Pacer::new(80, alone());
        let now = Timestamp::from_second(1_790_000_000).expect("time");
        while pacer.take(Lane::Bulk, now).is_ok() {}
        assert!(pacer.take(Lane::Standard, now).is_err());
        assert!(pacer.take(Lane::Critical, now).is_ok());
    }

    #[test]
    fn throttling_halves_the_share_for_a_while() {
        let mut pacer = Pacer::new(100, alone());
        let usual = sent_in(20, &mut pacer.clone(), Lane::Bulk);
        pacer.calm_down(Timestamp::from_second(1_790_000_000).expect("time"));
        let calmed = sent_in(20, &mut pacer, Lane::Bulk);
        assert!(calmed * 2 <= usual, "{calmed} of {usual}");
    }

    #[test]
    fn who_has_to_wait_is_told_how_long_and_not_a_moment_more() {
        let mut pacer = Pacer::new(80, alone());
        let now = Timestamp::from_second(1_790_000_000).expect("time");
        let wait = std::iter::from_fn(|| Some(pacer.take(Lane::Bulk, now)))
            .take(1_000)
            .find_map(Result::err)
            .expect("a second's worth is less than a thousand");
        let just_before = wait - Duration::from_nanos(1);
        assert!(
            pacer
                .clone()
                .take(Lane::Bulk, plus(now, just_before))
                .is_err()
        );
        assert!(pacer.take(Lane::Bulk, plus(now, wait)).is_ok());
    }

    #[test]
    fn a_calmed_number_goes_at_its_full_share_again_after_half_a_minute() {
        let now = Timestamp::from_second(1_790_000_000).expect("time");
        let mut pacer = Pacer::new(80, alone());
        pacer.calm_down(now);
        let at_once = |after: Duration| {
            let mut pacer = pacer.clone();
            (0..10)
                .filter(|_| pacer.take(Lane::Bulk, plus(now, after)).is_ok())
                .count()
        };
        assert_eq!(at_once(CALMED - Duration::from_millis(1)), 1);
        assert_eq!(at_once(CALMED), 10);
    }
}
