//! Payment data by its own structure: cards, IBANs, Pix transactions.

use super::runs::{MOST_SEPARATORS, is_separator};
use super::view::View;
use crate::iban;

/// Luhn's sum and 13–19 digits.
pub(super) fn is_luhn(digits: &[u8]) -> bool {
    (13..=19).contains(&digits.len())
        && digits.iter().any(|digit| *digit != b'0')
        && digits
            .iter()
            .rev()
            .enumerate()
            .map(|(at, digit)| {
                let value = u32::from(digit - b'0') * if at % 2 == 1 { 2 } else { 1 };
                value / 10 + value % 10
            })
            .sum::<u32>()
            .is_multiple_of(10)
}

/// The leading six digits of the brands seen in Brazil, Discover, JCB and Maestro included.
const RANGES: &[(u32, u32)] = &[
    (222_100, 272_099), // Mastercard
    (300_000, 305_999), // Diners
    (340_000, 349_999), // American Express
    (352_800, 358_999), // JCB
    (360_000, 369_999), // Diners
    (370_000, 379_999), // American Express
    (380_000, 399_999), // Diners, Hipercard's older numbers
    (400_000, 499_999), // Visa, some Elo
    (500_000, 509_999), // Elo, Maestro
    (510_000, 559_999), // Mastercard
    (560_000, 699_999), // Maestro, Hipercard 606282, Elo 627780–655058, Discover
];

/// A card number: Luhn's sum and a brand's range.
pub(super) fn is_card(digits: &[u8]) -> bool {
    is_luhn(digits) && {
        let lead = digits[..6]
            .iter()
            .fold(0, |lead, digit| lead * 10 + u32::from(digit - b'0'));
        RANGES
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&lead))
    }
}

/// The end of the IBAN that begins at a place, parted as a run of digits may be.
pub(super) fn iban_end(view: &View, from: usize) -> Option<usize> {
    // `IBANDE89…`: the word may stand right before it.
    let named = || from >= 4 && view.text(from - 4, from).eq_ignore_ascii_case("iban");
    if view.before(from).is_some_and(|c| c.is_ascii_alphanumeric()) && !named() {
        return None;
    }
    let country: String = [view.at(from)?, view.at(from + 1)?]
        .iter()
        .map(char::to_ascii_uppercase)
        .collect();
    let length = iban::length_in(&country)?;
    let mut plain = String::with_capacity(length);
    let (mut place, mut separators) = (from, 0);
    while plain.len() < length {
        let c = view.at(place)?;
        if c.is_ascii_alphanumeric() {
            plain.push(c.to_ascii_uppercase());
            separators = 0;
        } else {
            separators += 1;
            if !is_separator(c) || separators > MOST_SEPARATORS {
                return None;
            }
        }
        place += 1;
    }
    let ends = !view.at(place).is_some_and(|c| c.is_ascii_alphanumeric());
    // Words can add up, too: `depuis un nouvel appareil` would be a German one.
    let checked = plain.bytes().skip(2).take(2).all(|b| b.is_ascii_digit());
    (ends && checked && iban::is_right(&plain)).then_some(place)
}

/// Whether 32 characters identify a Pix transaction: `E` or `D`, the bank, the time, 11 characters
/// (Pix API 2.9: the bank may have letters).
pub(super) fn is_end_to_end_id(token: &str) -> bool {
    let number = |from: usize, to: usize| {
        token
            .get(from..to)
            .and_then(|part| part.parse::<u32>().ok())
    };
    token.len() == 32
        && token.bytes().all(|b| b.is_ascii_alphanumeric())
        && token.starts_with(['E', 'D'])
        && token[1..9]
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        && token[9..11].eq("20")
        && number(9, 13).is_some()
        && number(13, 15).is_some_and(|month| (1..=12).contains(&month))
        && number(15, 17).is_some_and(|day| (1..=31).contains(&day))
        && number(17, 19).is_some_and(|hour| hour < 24)
        && number(19, 21).is_some_and(|minute| minute < 60)
}

#[cfg(test)]
mod tests;
