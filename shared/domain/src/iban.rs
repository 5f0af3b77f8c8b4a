//! IBANs: a country's length and a checksum of modulo 97 (ISO 13616).

use thiserror::Error;

/// The length by country (SWIFT's IBAN registry).
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// An international account number, without blanks. Holds personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Iban(String);

/// Why a text is no IBAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IbanError {
    /// Not capital letters and digits, bare or in groups of four, or of no country that has IBANs.
    #[error("must be an IBAN in capital letters and digits, bare or in groups of four")]
    Shape,
    /// Another length than the country's.
    #[error("must be an IBAN of its country's length")]
    Length,
    /// The checksum differs.
    #[error("must be an unchanged IBAN (its checksum differs)")]
    Checksum,
}

impl Iban {
    /// Reads `DE89370400440532013000` or `DE89 3704 0044 0532 0130 00`.
    pub fn parse(text: &str) -> Result<Self, IbanError> {
        let iban = Self(text.chars().filter(|c| *c != ' ').collect());
        let allowed = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
        if !iban.0.bytes().all(allowed) || (text != iban.0 && text != iban.printed()) {
            return Err(IbanError::Shape);
        }
        let length = iban.0.get(..2).and_then(length_in);
        let length = length.ok_or(IbanError::Shape)?;
        if iban.0.len() != length {
            return Err(IbanError::Length);
        }
        // 00, 01 and 99 leave the remainders of 97, 98 and 02, but are nobody's check digits.
        let issued = matches!(&iban.0.as_bytes()[2..4], [b'0'..=b'9', b'0'..=b'9'])
            && !matches!(&iban.0[2..4], "00" | "01" | "99");
        if issued && is_right(&iban.0) {
            Ok(iban)
        } else {
            Err(IbanError::Checksum)
        }
    }

    /// The number without blanks.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `DE** **** 3000`: the country and the last four.
    #[must_use]
    pub fn masked(&self) -> String {
        masked(&self.0)
    }

    /// In groups of four, as it is printed.
    fn printed(&self) -> String {
        let characters: Vec<char> = self.0.chars().collect();
        let groups: Vec<String> = characters
            .chunks(4)
            .map(|group| group.iter().collect())
            .collect();
        groups.join(" ")
    }
}

/// `DE** **** 3000` of an IBAN's letters and digits.
pub(crate) fn masked(plain: &str) -> String {
    let (country, last) = (&plain[..2], &plain[plain.len().saturating_sub(4)..]);
    format!("{}** **** {last}", country.to_ascii_uppercase())
}

/// How long a country's numbers are.
pub(crate) fn length_in(country: &str) -> Option<usize> {
    let of = LENGTHS.iter().find(|(code, _)| *code == country)?;
    Some(of.1)
}

/// Whether the checksum of capital letters and digits is right: modulo 97, the first four characters
/// moved to the end.
pub(crate) fn is_right(iban: &str) -> bool {
    let Some((head, tail)) = iban.split_at_checked(4) else {
        return false;
    };
    let remainder = tail.chars().chain(head.chars()).try_fold(0, |rest, c| {
        let value = c.to_digit(36)?;
        Some(if value < 10 {
            (rest * 10 + value) % 97
        } else {
            (rest * 100 + value) % 97
        })
    });
    remainder == Some(1)
}

#[cfg(test)]
mod tests;
