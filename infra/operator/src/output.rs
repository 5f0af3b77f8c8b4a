//! Answers: a table for people, JSON for programs, from the same data.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// What a command found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// For people.
    pub(crate) text: String,
    /// For programs.
    pub(crate) json: Value,
    /// Whether all is as it should be.
    pub(crate) verdict: Fits,
}

/// Whether all is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fits {
    /// Exit code 0.
    Yes,
    /// Exit code 1.
    No,
}

impl Fits {
    /// From what was found.
    #[must_use]
    pub(crate) fn when(all_is_well: bool) -> Self {
        if all_is_well { Self::Yes } else { Self::No }
    }
}

/// A time as every answer writes it: UTC, to the millisecond.
#[must_use]
pub(crate) fn utc(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// The same beside the time in a bank's zone.
#[must_use]
pub(crate) fn in_zone(at: Timestamp, zone: &str) -> String {
    match TimeZone::get(zone) {
        Ok(known) => format!("{} ({})", utc(at), at.to_zoned(known).strftime("%F %T %:z")),
        Err(_) => utc(at),
    }
}

/// Rows under titles, each column as wide as its widest cell.
#[must_use]
pub(crate) fn table<const N: usize>(titles: [&str; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0).max(titles[column].chars().count())
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |cells: [&str; N]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut text = line(titles);
    for row in rows {
        text.push_str(&line(row.each_ref().map(String::as_str)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            ["a".to_owned(), "ção".to_owned(), String::new()],
            ["longer".to_owned(), "b".to_owned(), "c".to_owned()],
        ];
        assert_eq!(
            table(["x", "name", "y"], &rows),
            "x       name  y\na       ção\nlonger  b     c\n"
        );
    }

    #[test]
    fn a_time_is_utc_and_a_banks_zone_stands_beside_it() {
        let at = Timestamp::from_millisecond(1_795_269_845_120).unwrap();
        assert_eq!(utc(at), "2026-11-21T14:04:05.120Z");
        assert_eq!(
            in_zone(at, "America/Sao_Paulo"),
            "2026-11-21T14:04:05.120Z (2026-11-21 11:04:05 -03:00)"
        );
        assert_eq!(in_zone(at, "Nowhere/Else"), utc(at));
    }
}
