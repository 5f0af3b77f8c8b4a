//! A week's open hours, written as OpenStreetMap's `opening_hours` writes them.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use thiserror::Error;

/// Minutes of a day.
pub(super) const DAY: u16 = 24 * 60;

/// From minute to minute of one day, the last one not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: u16,
    pub(super) until: u16,
}

/// The open hours of a week: one span a day at most; none is a day of silence.
///
/// `Mo-Fr 09:00-18:00; Sa 09:00-13:00; Su off; PH off`, or `24/7`. A day that is not named is `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    weekdays: Option<Span>,
    saturday: Option<Span>,
    sunday: Option<Span>,
    holidays: Option<Span>,
}

/// Why a text is no week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WeekError {
    /// Another shape.
    #[error("must be as in Mo-Fr 09:00-18:00; Sa 09:00-13:00; Su off; PH off")]
    Shape,
    /// A day stands in it twice.
    #[error("must name each of Mo-Fr, Sa, Su, PH once")]
    Twice,
    /// Hours that do not run forward within one day.
    #[error("must have hours from 00:00 to 24:00, the later one last")]
    Hours,
    /// No day is open.
    #[error("must be open on one day at least")]
    Closed,
}

impl Default for Week {
    /// Monday to Friday 9–18, Saturday 9–13, silence on Sundays and holidays.
    fn default() -> Self {
        Self {
            weekdays: Some(Span {
                from: 9 * 60,
                until: 18 * 60,
            }),
            saturday: Some(Span {
                from: 9 * 60,
                until: 13 * 60,
            }),
            sunday: None,
            holidays: None,
        }
    }
}

const ALL_DAY: Option<Span> = Some(Span {
    from: 0,
    until: DAY,
});

impl Week {
    /// Every hour of every day.
    pub const AROUND_THE_CLOCK: Self = Self {
        weekdays: ALL_DAY,
        saturday: ALL_DAY,
        sunday: ALL_DAY,
        holidays: ALL_DAY,
    };

    /// The open hours of a day.
    pub(super) fn on(&self, date: Date, holiday: bool) -> Option<Span> {
        if holiday {
            return self.holidays;
        }
        match date.weekday() {
            Weekday::Saturday => self.saturday,
            Weekday::Sunday => self.sunday,
            Weekday::Monday
            | Weekday::Tuesday
            | Weekday::Wednesday
            | Weekday::Thursday
            | Weekday::Friday => self.weekdays,
        }
    }
}

impl FromStr for Week {
    type Err = WeekError;

    fn from_str(text: &str) -> Result<Self, WeekError> {
        if text == "24/7" {
            return Ok(Self::AROUND_THE_CLOCK);
        }
        let mut days: [Option<Option<Span>>; 4] = [None; 4];
        for part in text.split(';') {
            let (day, hours) = part.trim().split_once(' ').ok_or(WeekError::Shape)?;
            let place = NAMES
                .iter()
                .position(|name| *name == day)
                .ok_or(WeekError::Shape)?;
            if days[place].is_some() {
                return Err(WeekError::Twice);
            }
            days[place] = Some(span(hours.trim())?);
        }
        let [weekdays, saturday, sunday, holidays] = days.map(Option::flatten);
        let week = Self {
            weekdays,
            saturday,
            sunday,
            holidays,
        };
        let open = [weekdays, saturday, sunday].iter().any(Option::is_some);
        open.then_some(week).ok_or(WeekError::Closed)
    }
}

const NAMES: [&str; 4] = ["Mo-Fr", "Sa", "Su", "PH"];

fn span(hours: &str) -> Result<Option<Span>, WeekError> {
    if hours == "off" {
        return Ok(None);
    }
    let (from, until) = hours.split_once('-').ok_or(WeekError::Shape)?;
    let (from, until) = (minutes(from)?, minutes(until)?);
    if from < until && until <= DAY {
        Ok(Some(Span { from, until }))
    } else {
        Err(WeekError::Hours)
    }
}

fn minutes(text: &str) -> Result<u16, WeekError> {
    let bytes = text.as_bytes();
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    if bytes.len() != 5 || bytes[2] != b':' || !digits(&bytes[..2]) || !digits(&bytes[3..]) {
        return Err(WeekError::Shape);
    }
    let number = |tens: u8, ones: u8| u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
    let (hour, minute) = (number(bytes[0], bytes[1]), number(bytes[3], bytes[4]));
    if minute < 60 {
        Ok(hour * 60 + minute)
    } else {
        Err(WeekError::Hours)
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::AROUND_THE_CLOCK {
            return f.write_str("24/7");
        }
        let days = [self.weekdays, self.saturday, self.sunday, self.holidays];
        for (place, (name, span)) in NAMES.iter().zip(days).enumerate() {
            let gap = if place == 0 { "" } else { "; " };
            match span {
                None => write!(f, "{gap}{name} off")?,
                Some(Span { from, until }) => write!(
                    f,
                    "{gap}{name} {:02}:{:02}-{:02}:{:02}",
                    from / 60,
                    from % 60,
                    until / 60,
                    until % 60
                )?,
            }
        }
        Ok(())
    }
}
