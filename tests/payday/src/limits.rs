//! What refuses: rates with a burst, places that are taken for a while, and the table's units.

use crate::wheel::SECOND;

/// A rate with a burst of one second's worth, as API Gateway, Meta and SNS count.
#[derive(Clone, Debug)]
pub(crate) struct Rate {
    per_second: u32,
    /// Thousandths of a token.
    left: u64,
    since: u32,
}

impl Rate {
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            per_second,
            left: u64::from(per_second) * 1_000,
            since: 0,
        }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, now: u32) -> bool {
        let now = now.max(self.since);
        let gained = u64::from(now - self.since) * u64::from(self.per_second);
        self.left = (self.left + gained).min(u64::from(self.per_second) * 1_000);
        self.since = now;
        let taken = self.left >= 1_000;
        if taken {
            self.left -= 1_000;
        }
        taken
    }
}

/// How many short invocations run at this moment.
pub(crate) struct Occupied {
    now: u32,
    at_once: u32,
    ends: Vec<u32>,
}

impl Occupied {
    pub(crate) fn new() -> Self {
        Self {
            now: 0,
            at_once: 0,
            ends: vec![0; 256],
        }
    }

    pub(crate) fn at(&mut self, now: u32) -> u32 {
        while self.now < now {
            self.now += 1;
            let place = self.now as usize % self.ends.len();
            self.at_once -= std::mem::take(&mut self.ends[place]);
        }
        self.at_once
    }

    /// One more for `ms` (less than a quarter of a second) from the moment asked about last.
    pub(crate) fn add(&mut self, ms: u32) {
        self.at_once += 1;
        let place = (self.now + ms) as usize % self.ends.len();
        self.ends[place] += 1;
    }
}

/// How long after each other a refused write or read is tried again: at once, and after what
/// `recado_ports::drive` and its store rest.
const TRIES: [u32; 4] = [0, 250, 1_000, 3_000];
/// Seconds that can lie between now and a try.
const AHEAD: usize = 8;
/// The time in which a table that is used more than ever grows.
const GROWS_EVERY: u32 = 30 * 60;

/// One kind of a table's units: so many a second, and after half an hour twice the busiest minute.
pub(crate) struct Units {
    warm: f64,
    used: [f64; AHEAD],
    cleared: u32,
    minute: f64,
    busiest: f64,
    /// All that were taken.
    pub(crate) taken: f64,
}

impl Units {
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            warm: f64::from(per_second),
            used: [0.0; AHEAD],
            cleared: 0,
            minute: 0.0,
            busiest: 0.0,
            taken: 0.0,
        }
    }

    /// A second has begun.
    pub(crate) fn tick(&mut self, second: u32) {
        let over = (second as usize + AHEAD - 1) % AHEAD;
        self.minute += self.used[over];
        self.used[over] = 0.0;
        self.cleared = second;
        if second.is_multiple_of(60) {
            self.busiest = self.busiest.max(self.minute / 60.0);
            self.minute = 0.0;
        }
        if second > 0 && second.is_multiple_of(GROWS_EVERY) {
            self.warm = self.warm.max(self.busiest * 2.0);
        }
    }

    /// Takes units with the patience of a function: after how long there were any, or never.
    pub(crate) fn take(&mut self, now: u32, units: f64) -> Option<u32> {
        TRIES
            .into_iter()
            .find(|rest| self.take_at(now + rest, units))
    }

    /// Takes units at that moment or not at all.
    pub(crate) fn take_at(&mut self, at: u32, units: f64) -> bool {
        let second = (at / SECOND).clamp(self.cleared, self.cleared + AHEAD as u32 - 2);
        let used = &mut self.used[second as usize % AHEAD];
        let fits = *used + units <= self.warm;
        if fits {
            *used += units;
            self.taken += units;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_lets_a_second_s_worth_go_at_once_and_then_its_rate() {
        let mut rate = Rate::new(80);
        let taken =
            |rate: &mut Rate, from: u32| (from..from + SECOND).filter(|ms| rate.take(*ms)).count();
        assert_eq!((0..200).filter(|_| rate.take(0)).count(), 80);
        assert_eq!(taken(&mut rate, 1), 80);
    }

    #[test]
    fn a_place_is_free_again_when_its_time_is_over() {
        let mut occupied = Occupied::new();
        assert_eq!(occupied.at(10), 0);
        occupied.add(15);
        occupied.add(16);
        assert_eq!(
            (occupied.at(24), occupied.at(25), occupied.at(26)),
            (2, 1, 0)
        );
    }

    #[test]
    fn a_table_grows_to_twice_its_busiest_minute_after_half_an_hour() {
        let mut units = Units::new(100);
        let taken = |units: &mut Units, second: u32| {
            units.tick(second);
            (0..400)
                .filter(|_| units.take_at(second * SECOND, 1.0))
                .count()
        };
        let by_second: Vec<usize> = (0..1_801).map(|second| taken(&mut units, second)).collect();
        assert!(by_second[..1_800].iter().all(|taken| *taken == 100));
        assert_eq!(by_second[1_800], 200);
    }
}
