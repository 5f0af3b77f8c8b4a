//! Public holidays on which nothing leaves that can wait.

use jiff::Span;
use jiff::civil::{Date, date};

/// Whose national holidays count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calendar {
    /// Brazil's: Lei 662/1949, 6.802/1980 and 14.759/2023, and Good Friday (Lei 9.093/1995).
    #[default]
    Brazil,
    /// Nobody's.
    None,
}

/// Month and day of Brazil's fixed holidays.
const BRAZIL: [(i8, i8); 9] = [
    (1, 1),
    (4, 21),
    (5, 1),
    (9, 7),
    (10, 12),
    (11, 2),
    (11, 15),
    (11, 20),
    (12, 25),
];

impl Calendar {
    /// The word in a bank's entry.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Brazil => "BR",
            Self::None => "none",
        }
    }

    /// Reads [`Calendar::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Brazil, Self::None]
            .into_iter()
            .find(|calendar| calendar.name() == text)
    }

    /// Whether a day is a holiday.
    #[must_use]
    pub fn has(self, day: Date) -> bool {
        match self {
            Self::Brazil => {
                BRAZIL.contains(&(day.month(), day.day()))
                    || easter(day.year())
                        .checked_sub(Span::new().days(2))
                        .is_ok_and(|friday| friday == day)
            }
            Self::None => false,
        }
    }
}

/// Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher).
fn easter(year: i16) -> Date {
    let year = i32::from(year);
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let (month, day) = ((h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
    let small = |number: i32| i8::try_from(number).unwrap_or(1);
    date(
        i16::try_from(year).unwrap_or_default(),
        small(month),
        small(day),
    )
}
