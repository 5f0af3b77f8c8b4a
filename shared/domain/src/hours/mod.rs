//! When a message may leave that can wait: hours per class, in the recipient's own zone.
//!
//! No law names one window for the whole of Brazil; the default is the strictest of the customary ones
//! (collection: São Paulo's Lei 15.426/2014; offers: the carriers' rules). A bank sets its own.

mod holidays;
mod week;
mod zone;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub use holidays::Calendar;
pub use week::{Week, WeekError};
pub use zone::Zone;

use crate::class::Class;
use crate::template::QuietHours;

/// How far ahead the next open hour is looked for: longer than any row of holidays.
const HORIZON_DAYS: i32 = 21;

/// A bank's sending hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours {
    /// Statements, reminders, collection.
    pub servicing: Week,
    /// Offers.
    pub marketing: Week,
    /// Which days are public holidays.
    pub calendar: Calendar,
}

/// A time in which nothing leaves that can wait: the present one, or the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quiet {
    /// From this moment on; past where it is quiet now.
    pub from: Timestamp,
    /// Before this moment.
    pub until: Timestamp,
    /// When the one before it ended, where it is not quiet now.
    pub ended: Option<Timestamp>,
}

/// What quiet hours do to one message now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asleep {
    /// It waits until then.
    Until(Timestamp),
    /// It is not sent: its template says so, or it would no longer be valid.
    ForGood,
}

impl Quiet {
    /// What a message meets that would leave at this moment; nothing outside of quiet hours.
    #[must_use]
    pub fn meets(
        &self,
        policy: QuietHours,
        valid_until: Timestamp,
        now: Timestamp,
    ) -> Option<Asleep> {
        if !self.holds(now) {
            return None;
        }
        match policy {
            QuietHours::Ignored => None,
            QuietHours::Deferred if self.until < valid_until => Some(Asleep::Until(self.until)),
            QuietHours::Deferred | QuietHours::Suppressed => Some(Asleep::ForGood),
        }
    }

    /// Whether it is quiet at a moment.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

impl Hours {
    /// Hours without an end, for a bank that has agreed on that with its customers.
    #[must_use]
    pub fn around_the_clock() -> Self {
        Self {
            servicing: Week::AROUND_THE_CLOCK,
            marketing: Week::AROUND_THE_CLOCK,
            calendar: Calendar::None,
        }
    }

    /// The present or the next quiet time of a class for a recipient in these zones: quiet in one of them
    /// is quiet. None for a class that knows no such hours, or where they never end a day.
    #[must_use]
    pub fn quiet(&self, class: Class, zones: &[TimeZone], now: Timestamp) -> Option<Quiet> {
        let week = match class {
            Class::Authentication | Class::Security | Class::Transactional => return None,
            Class::Servicing => &self.servicing,
            Class::Marketing => &self.marketing,
        };
        let mut open = vec![(Timestamp::MIN, Timestamp::MAX)];
        for zone in zones {
            open = intersection(&open, &self.open(week, zone, now));
        }
        match open.iter().find(|(_, until)| now < *until) {
            // Open beyond the horizon: nothing to wait for.
            Some((from, until)) if *from <= now => {
                open.iter()
                    .find(|(next, _)| until < next)
                    .map(|(next, _)| Quiet {
                        from: *until,
                        until: *next,
                        ended: Some(*from),
                    })
            }
            Some((from, _)) => Some(Quiet {
                from: now,
                until: *from,
                ended: None,
            }),
            None => Some(Quiet {
                from: now,
                until: Timestamp::MAX,
                ended: None,
            }),
        }
    }

    /// When it is open in one zone, from yesterday to the horizon, in order; what touches is one.
    fn open(&self, week: &Week, zone: &TimeZone, now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let today = now.to_zoned(zone.clone()).date();
        let mut open: Vec<(Timestamp, Timestamp)> = Vec::new();
        for day in -1..=HORIZON_DAYS {
            let Some((from, until)) = self.open_on(week, zone, today, day) else {
                continue;
            };
            match open.last_mut() {
                Some(last) if last.1 == from => last.1 = until,
                Some(_) | None => open.push((from, until)),
            }
        }
        open
    }

    fn open_on(
        &self,
        week: &Week,
        zone: &TimeZone,
        today: Date,
        day: i32,
    ) -> Option<(Timestamp, Timestamp)> {
        let date = today.checked_add(jiff::Span::new().days(day)).ok()?;
        let span = week.on(date, self.calendar.has(date))?;
        let moment = |minutes: u16| {
            let (date, minutes) = match minutes.checked_sub(week::DAY) {
                Some(rest) => (date.tomorrow().ok()?, rest),
                None => (date, minutes),
            };
            let hour = i8::try_from(minutes / 60).ok()?;
            let minute = i8::try_from(minutes % 60).ok()?;
            let local = date.at(hour, minute, 0, 0);
            Some(local.to_zoned(zone.clone()).ok()?.timestamp())
        };
        Some((moment(span.from)?, moment(span.until)?))
    }
}

/// What lies in both of two ordered lists.
fn intersection(
    one: &[(Timestamp, Timestamp)],
    other: &[(Timestamp, Timestamp)],
) -> Vec<(Timestamp, Timestamp)> {
    let pairs = one.iter().flat_map(|a| other.iter().map(move |b| (a, b)));
    pairs
        .map(|(a, b)| (a.0.max(b.0), a.1.min(b.1)))
        .filter(|(from, until)| from < until)
        .collect()
}

#[cfg(test)]
mod tests;
