//! The 24-hour window: whether a person may be written to freely.
//!
//! Meta opens it with each message of the person's to a number of the bank's, for 24 hours; outside it
//! only templates may be sent. A send that Meta refuses for it (131047) proves that the window it relied
//! on is over, and no other: what is refused is noted as that window's end, so that a message which
//! came meanwhile keeps its own, later one, and a repeated webhook of the old one opens nothing.

use jiff::{SignedDuration, Timestamp};

/// How long after the person's last message free-form messages may be sent (Meta).
pub const LENGTH: SignedDuration = SignedDuration::from_hours(24);

/// Whether free-form messages may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// They may.
    Open {
        /// Until, and not at, this time.
        until: Timestamp,
    },
    /// Only templates may.
    Closed,
}

impl Window {
    /// The window at `now`: `until` is the end of the last that the person opened, `refused` the latest
    /// end that Meta did not honour.
    #[must_use]
    pub fn at(until: Option<Timestamp>, refused: Option<Timestamp>, now: Timestamp) -> Self {
        match until {
            Some(until) if now < until && refused.is_none_or(|refused| refused < until) => {
                Self::Open { until }
            }
            Some(_) | None => Self::Closed,
        }
    }
}

/// When the window ends that a message of this time opens; the end of time itself opens none.
#[must_use]
pub fn end(written: Timestamp) -> Option<Timestamp> {
    written.checked_add(LENGTH).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("valid")
    }

    #[test]
    fn a_window_is_open_for_24_hours_to_the_last_millisecond() {
        let until = end(at(1_000));
        assert_eq!(until, Some(at(1_000 + 24 * 60 * 60)));
        let open = |now| Window::at(until, None, now) != Window::Closed;
        let last = at(1_000 + 24 * 60 * 60);
        assert!(open(at(1_000)));
        assert!(open(last - SignedDuration::from_millis(1)));
        assert!(!open(last));
        assert!(!open(at(1_000_000)));
        assert_eq!(end(Timestamp::MAX), None);
    }

    #[test]
    fn whoever_never_wrote_has_no_window() {
        assert_eq!(Window::at(None, None, at(5)), Window::Closed);
        assert_eq!(Window::at(None, Some(at(9)), at(5)), Window::Closed);
    }

    #[test]
    fn a_refusal_closes_the_window_it_was_about_and_none_that_came_later() {
        let check = |until, refused, expected| {
            let found = Window::at(Some(at(until)), Some(at(refused)), at(50));
            assert_eq!(found, expected, "until {until}, refused {refused}");
        };
        check(100, 100, Window::Closed);
        check(100, 120, Window::Closed);
        check(101, 100, Window::Open { until: at(101) });
    }
}
