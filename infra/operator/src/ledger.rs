//! The bank's own list of what we accepted, and what it says beside ours.

use std::collections::BTreeSet;

use recado_domain::ids::NotificationId;
use thiserror::Error;

/// A list that does not read. Names the line, never what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// The first column of a line is no notification's id.
    #[error("line {line}: the first column is not ntf_ and 26 characters")]
    NotAnId {
        /// Counted from 1.
        line: usize,
    },
    /// No line holds an id: an empty list proves nothing.
    #[error("no line holds an id")]
    Empty,
}

/// The bank's ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Each once.
    pub ids: BTreeSet<NotificationId>,
    /// How many lines repeated an earlier one.
    pub repeated: usize,
}

impl Ledger {
    /// Reads one id a line, or CSV whose first column it is (separated by comma, semicolon or tab, quoted
    /// or not). A first line that does not begin as an id does is taken for the columns' names; blank
    /// lines do not count.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let mut ledger = Self::default();
        let lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
        for (number, line) in (1..).zip(lines) {
            let first = line.split([',', ';', '\t']).next().unwrap_or_default();
            let first = first.trim().trim_matches('"').trim();
            if line.trim().is_empty() || (number == 1 && is_a_title(first)) {
                continue;
            }
            let id =
                NotificationId::parse(first).map_err(|_| LedgerError::NotAnId { line: number })?;
            if !ledger.ids.insert(id) {
                ledger.repeated += 1;
            }
        }
        if ledger.ids.is_empty() {
            return Err(LedgerError::Empty);
        }
        Ok(ledger)
    }
}

/// A word, not a value: an id that is spelt wrong in the first line must not pass for a title.
fn is_a_title(text: &str) -> bool {
    !text.starts_with("ntf_")
        && text
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, '_' | ' ' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "ntf_bbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn a_list_and_a_csv_read_alike() {
        let check = |text: &str, repeated: usize| {
            let ledger = Ledger::parse(text).unwrap();
            let ids: Vec<&str> = ledger.ids.iter().map(NotificationId::as_str).collect();
            assert_eq!(
                (ids.as_slice(), ledger.repeated),
                ([A, B].as_slice(), repeated),
                "{text:?}"
            );
        };
        check(&format!("{A}\n{B}\n"), 0);
        check(&format!("{B}\r\n\r\n{A}\r\n{A}"), 1);
        check(
            &format!("\u{feff}Notification id,when\n{A},today\n{B},today"),
            0,
        );
        check(&format!("id;value\n\"{A}\";1\n \"{B}\" ;2\n"), 0);
        check(&format!("{A}\tx\n{B}\ty\n"), 0);
    }

    #[test]
    fn a_line_that_is_no_id_is_named_by_its_number_and_not_quoted() {
        let check = |text: &str, expected: LedgerError| {
            let error = Ledger::parse(text).unwrap_err();
            assert_eq!(error, expected, "{text:?}");
            assert!(!error.to_string().contains("98765"));
        };
        check(
            &format!("{A}\n+5511987654321\n"),
            LedgerError::NotAnId { line: 2 },
        );
        check("5511987654321\n", LedgerError::NotAnId { line: 1 });
        check(
            &format!("ntf_short\n{A}\n"),
            LedgerError::NotAnId { line: 1 },
        );
        check(&format!("id\nid\n{A}\n"), LedgerError::NotAnId { line: 2 });
        check("", LedgerError::Empty);
        check("id\n\n", LedgerError::Empty);
    }
}
