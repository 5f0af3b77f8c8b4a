//! IBANs: a country's length and a checksum of modulo 97 (ISO 13616).

use thiserror::Error;

/// What stands at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Digit,
    Letter,
    Either,
}

use Sort::{Digit, Either, Letter};

/// What follows the check digits, by country (SWIFT's IBAN registry).
const STRUCTURES: &[(&str, &[(usize, Sort)])] = &[
    ("AD", &[(8, Digit), (12, Either)]),
    ("AE", &[(19, Digit)]),
    ("AL", &[(8, Digit), (16, Either)]),
    ("AT", &[(16, Digit)]),
    ("AZ", &[(4, Letter), (20, Either)]),
    ("BA", &[(16, Digit)]),
    ("BE", &[(12, Digit)]),
    ("BG", &[(4, Letter), (6, Digit), (8, Either)]),
    ("BH", &[(4, Letter), (14, Either)]),
    ("BI", &[(23, Digit)]),
    ("BR", &[(23, Digit), (1, Letter), (1, Either)]),
    ("BY", &[(4, Either), (4, Digit), (16, Either)]),
    ("CH", &[(5, Digit), (12, Either)]),
    ("CR", &[(18, Digit)]),
    ("CY", &[(8, Digit), (16, Either)]),
    ("CZ", &[(20, Digit)]),
    ("DE", &[(18, Digit)]),
    ("DJ", &[(23, Digit)]),
    ("DK", &[(14, Digit)]),
    ("DO", &[(4, Either), (20, Digit)]),
    ("EE", &[(16, Digit)]),
    ("EG", &[(25, Digit)]),
    ("ES", &[(20, Digit)]),
    ("FI", &[(14, Digit)]),
    ("FK", &[(2, Letter), (12, Digit)]),
    ("FO", &[(14, Digit)]),
    ("FR", &[(10, Digit), (11, Either), (2, Digit)]),
    ("GB", &[(4, Letter), (14, Digit)]),
    ("GE", &[(2, Letter), (16, Digit)]),
    ("GI", &[(4, Letter), (15, Either)]),
    ("GL", &[(14, Digit)]),
    ("GR", &[(7, Digit), (16, Either)]),
    ("GT", &[(24, Either)]),
    ("HN", &[(4, Letter), (20, Digit)]),
    ("HR", &[(17, Digit)]),
    ("HU", &[(24, Digit)]),
    ("IE", &[(4, Letter), (14, Digit)]),
    ("IL", &[(19, Digit)]),
    ("IQ", &[(4, Letter), (15, Digit)]),
    ("IS", &[(22, Digit)]),
    ("IT", &[(1, Letter), (10, Digit), (12, Either)]),
    ("JO", &[(4, Letter), (4, Digit), (18, Either)]),
    ("KW", &[(4, Letter), (22, Either)]),
    ("KZ", &[(3, Digit), (13, Either)]),
    ("LB", &[(4, Digit), (20, Either)]),
    ("LC", &[(4, Letter), (24, Either)]),
    ("LI", &[(5, Digit), (12, Either)]),
    ("LT", &[(16, Digit)]),
    ("LU", &[(3, Digit), (13, Either)]),
    ("LV", &[(4, Letter), (13, Either)]),
    ("LY", &[(21, Digit)]),
    ("MC", &[(10, Digit), (11, Either), (2, Digit)]),
    ("MD", &[(20, Either)]),
    ("ME", &[(18, Digit)]),
    ("MK", &[(3, Digit), (10, Either), (2, Digit)]),
    ("MN", &[(16, Digit)]),
    ("MR", &[(23, Digit)]),
    ("MT", &[(4, Letter), (5, Digit), (18, Either)]),
    ("MU", &[(4, Letter), (19, Digit), (3, Letter)]),
    ("NI", &[(4, Letter), (20, Digit)]),
    ("NL", &[(4, Letter), (10, Digit)]),
    ("NO", &[(11, Digit)]),
    ("OM", &[(3, Digit), (16, Either)]),
    ("PK", &[(4, Letter), (16, Either)]),
    ("PL", &[(24, Digit)]),
    ("PS", &[(4, Letter), (21, Either)]),
    ("PT", &[(21, Digit)]),
    ("QA", &[(4, Letter), (21, Either)]),
    ("RO", &[(4, Letter), (16, Either)]),
    ("RS", &[(18, Digit)]),
    ("RU", &[(14, Digit), (15, Either)]),
    ("SA", &[(2, Digit), (18, Either)]),
    ("SC", &[(4, Letter), (20, Digit), (3, Letter)]),
    ("SD", &[(14, Digit)]),
    ("SE", &[(20, Digit)]),
    ("SI", &[(15, Digit)]),
    ("SK", &[(20, Digit)]),
    ("SM", &[(1, Letter), (10, Digit), (12, Either)]),
    ("SO", &[(19, Digit)]),
    ("ST", &[(21, Digit)]),
    ("SV", &[(4, Letter), (20, Digit)]),
    ("TL", &[(19, Digit)]),
    ("TN", &[(20, Digit)]),
    ("TR", &[(5, Digit), (17, Either)]),
    ("UA", &[(6, Digit), (19, Either)]),
    ("VA", &[(18, Digit)]),
    ("VG", &[(4, Letter), (16, Digit)]),
    ("XK", &[(16, Digit)]),
    ("YE", &[(4, Letter), (4, Digit), (18, Either)]),
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
    /// A letter where its country has a digit, or the reverse.
    #[error("must be an IBAN with letters and digits where its country has them")]
    Structure,
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
        if !has_structure(&iban.0) {
            return Err(IbanError::Structure);
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

fn structure_in(country: &str) -> Option<&'static [(usize, Sort)]> {
    let of = STRUCTURES.iter().find(|(code, _)| *code == country)?;
    Some(of.1)
}

/// How long a country's numbers are.
pub(crate) fn length_in(country: &str) -> Option<usize> {
    let parts = structure_in(country)?;
    Some(4 + parts.iter().map(|(length, _)| length).sum::<usize>())
}

/// Whether every letter and digit behind the country stands where the country has one.
fn has_structure(iban: &str) -> bool {
    let parts = iban.get(..2).and_then(structure_in).unwrap_or_default();
    let sorts = parts
        .iter()
        .flat_map(|(length, sort)| std::iter::repeat_n(*sort, *length));
    iban.bytes().skip(2).take(2).all(|b| b.is_ascii_digit())
        && sorts.zip(iban.bytes().skip(4)).all(|(sort, b)| match sort {
            Digit => b.is_ascii_digit(),
            Letter => b.is_ascii_uppercase(),
            Either => b.is_ascii_alphanumeric(),
        })
}

/// Whether structure and checksum of capital letters and digits are right: modulo 97, the first four characters
/// moved to the end.
pub(crate) fn is_right(iban: &str) -> bool {
    if !has_structure(iban) {
        return false;
    }
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
