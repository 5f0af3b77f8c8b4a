//! Counting in windows of time, seen from outside.

use std::ops::RangeInclusive;

use jiff::Timestamp;

/// Between which windows something was counted, ends included. Only that it was counted before it showed
/// is known: something counted at a window's end may show in the next.
pub(crate) type Span = RangeInclusive<i64>;

/// Windows of so many seconds since 1970.
pub(crate) fn span(from: Timestamp, to: Timestamp, seconds: i64) -> Span {
    let window = |at: Timestamp| at.as_second().div_euclid(seconds);
    window(from)..=window(to)
}

/// Whether they can all have been counted without more than `limit` in any window.
pub(crate) fn fit(spans: &[Span], limit: usize) -> bool {
    let mut waiting = spans.to_vec();
    // Window by window, whoever must be counted soonest goes first: if that fails, every way fails.
    waiting.sort_by_key(|span| *span.end());
    let first = waiting.iter().map(|span| *span.start()).min();
    let last = waiting.last().map(|span| *span.end());
    for window in first.unwrap_or(0)..=last.unwrap_or(0) {
        for _ in 0..limit {
            if let Some(place) = waiting.iter().position(|span| span.contains(&window)) {
                waiting.remove(place);
            }
        }
    }
    waiting.is_empty()
}

#[test]
fn more_than_the_limit_in_a_window_do_not_fit() {
    assert!(fit(&[], 2));
    assert!(fit(&[5..=5, 5..=5, 6..=6], 2));
    assert!(!fit(&[5..=5, 5..=5, 5..=5], 2));
    assert!(fit(&[5..=5, 5..=5, 5..=6], 2));
    assert!(!fit(&[5..=6, 5..=6, 5..=6, 5..=6, 6..=6], 2));
    assert!(fit(&[4..=6, 6..=6, 5..=6], 1));
}
