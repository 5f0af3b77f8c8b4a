//! What happens when: a wheel of seconds, the present one spread by its milliseconds.

/// Milliseconds in a second.
pub(crate) const SECOND: u32 = 1_000;

/// Things in the order of their time; those of one millisecond in the order in which they were put in.
pub(crate) struct Wheel<T> {
    seconds: Vec<Vec<(u16, T)>>,
    present: Vec<Vec<T>>,
    now: u32,
}

impl<T: Copy> Wheel<T> {
    /// For `seconds` from zero on.
    pub(crate) fn new(seconds: u32) -> Self {
        Self {
            seconds: (0..seconds).map(|_| Vec::new()).collect(),
            present: (0..SECOND).map(|_| Vec::new()).collect(),
            now: 0,
        }
    }

    /// Puts something in, at the present moment if its own is past. What lies beyond the end never happens.
    pub(crate) fn put(&mut self, at: u32, what: T) {
        let at = at.max(self.now);
        let (second, ms) = (at / SECOND, at % SECOND);
        if second == self.now / SECOND {
            self.present[ms as usize].push(what);
        } else if let Some(later) = self.seconds.get_mut(second as usize) {
            later.push((u16::try_from(ms).unwrap_or_default(), what));
        }
    }

    /// Goes on to the beginning of a second.
    pub(crate) fn enter(&mut self, second: u32) {
        self.now = second * SECOND;
        for (ms, what) in std::mem::take(&mut self.seconds[second as usize]) {
            self.present[usize::from(ms)].push(what);
        }
    }

    /// Goes on to a millisecond of the second.
    pub(crate) fn turn(&mut self, now: u32) {
        self.now = now;
    }

    /// What happens as the `place`th of the present millisecond.
    pub(crate) fn next(&mut self, place: usize) -> Option<T> {
        let present = &mut self.present[(self.now % SECOND) as usize];
        let what = present.get(place).copied();
        if what.is_none() {
            present.clear();
        }
        what
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_happens_once_in_its_order_and_what_is_late_happens_now() {
        let mut wheel = Wheel::new(3);
        for (at, what) in [
            (2_001, 'd'),
            (5, 'a'),
            (2_000, 'c'),
            (1_999, 'b'),
            (9_000, 'z'),
        ] {
            wheel.put(at, what);
        }
        let mut seen = Vec::new();
        for second in 0..3 {
            wheel.enter(second);
            for ms in 0..SECOND {
                let now = second * SECOND + ms;
                wheel.turn(now);
                let mut place = 0;
                while let Some(what) = wheel.next(place) {
                    place += 1;
                    seen.push((now, what));
                    if what == 'b' {
                        wheel.put(3, 'e');
                    }
                }
            }
        }
        let expected = [
            (5, 'a'),
            (1_999, 'b'),
            (1_999, 'e'),
            (2_000, 'c'),
            (2_001, 'd'),
        ];
        assert_eq!(seen, expected);
    }
}
