//! Delays in whole seconds, as the queue takes them.

use std::time::Duration;

use jiff::Timestamp;

/// The longest delay of a message (SQS: 15 minutes). A timer that is further away hops: it is sent
/// again when it arrives before its time.
pub const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// A delay in whole seconds, rounded up and cut at [`LONGEST_DELAY`].
#[must_use]
pub fn seconds_after(delay: Duration) -> i32 {
    let whole = delay
        .as_secs()
        .saturating_add(u64::from(delay.subsec_nanos() > 0));
    i32::try_from(whole.min(LONGEST_DELAY.as_secs())).unwrap_or(0)
}

/// The seconds from `now` to `at`, rounded up and cut; none where `at` is past.
#[must_use]
pub fn seconds_until(at: Timestamp, now: Timestamp) -> i32 {
    seconds_after(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_never_shorter_than_asked_and_never_longer_than_the_queue_allows() {
        let check = |millis: u64, seconds: i32| {
            assert_eq!(
                seconds_after(Duration::from_millis(millis)),
                seconds,
                "{millis} ms"
            );
        };
        check(0, 0);
        check(1, 1);
        check(1_000, 1);
        check(30_001, 31);
        check(899_001, 900);
        check(900_001, 900);
        check(u64::MAX, 900);
        assert_eq!(seconds_after(Duration::MAX), 900);
    }

    #[test]
    fn a_timer_whose_time_is_past_is_due_at_once() {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        assert_eq!(seconds_until(at(1_000), at(5_000)), 0);
        assert_eq!(seconds_until(at(5_000), at(5_000)), 0);
        assert_eq!(seconds_until(at(5_001), at(5_000)), 1);
        assert_eq!(seconds_until(Timestamp::MAX, at(0)), 900);
        assert_eq!(seconds_until(Timestamp::MIN, Timestamp::MAX), 0);
    }
}
