//! Boletos: the typeable lines of banks (47 digits) and of utilities and taxes (48), and the barcode (44).
//!
//! A bank's line has a check digit of modulo 10 in each of its first three fields and one of modulo 11
//! over all of it; a utility's has one in each of its four blocks and one over all of it, of the modulus
//! that its third digit names. Source: FEBRABAN's layouts, as banks publish them.

use jiff::civil::{Date, date};
use jiff::{Span, ToSpan};
use thiserror::Error;

/// A bank's line as it is printed; `N` is a digit.
const BANK: &str = "NNNNN.NNNNN NNNNN.NNNNNN NNNNN.NNNNNN N NNNNNNNNNNNNNN";

/// A utility's line as it is printed.
const UTILITY: &str = "NNNNNNNNNNN-N NNNNNNNNNNN-N NNNNNNNNNNN-N NNNNNNNNNNN-N";

/// The longest printed line, in characters.
pub(crate) const LONGEST: usize = UTILITY.len();

/// A boleto's typeable line, as its 47 or 48 digits. Whoever has it knows a debt: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct BoletoLine(String);

/// Why a text is no typeable line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BoletoError {
    /// Neither 47 digits nor 48 that begin with 8, or punctuation where the paper has none.
    #[error(
        "must be a boleto's typeable line: 47 digits, or 48 that begin with 8, bare or punctuated as printed"
    )]
    Shape,
    /// A bank's boleto that is not in reais.
    #[error("must be a boleto line with a 9 (reais) behind the bank's three digits")]
    Currency,
    /// A bank's boleto whose due date has a factor that no date has.
    #[error("must be a boleto line whose due date has the factor 0000 or 1000 to 9999")]
    DueDate,
    /// A utility's boleto whose third digit names no modulus.
    #[error("must be a boleto line whose third digit is 6, 7, 8 or 9")]
    Modulus,
    /// One field's or block's check digit differs.
    #[error("must be an unchanged boleto line (the check digit of its part {0} differs)")]
    Part(u8),
    /// The check digit over the whole line differs.
    #[error("must be an unchanged boleto line (the check digit over all of it differs)")]
    Whole,
}

impl BoletoLine {
    /// Reads a line, bare or punctuated as it is printed.
    pub fn parse(text: &str) -> Result<Self, BoletoError> {
        let plain: String = text.chars().filter(char::is_ascii_digit).collect();
        let line = Self(plain);
        if text != line.0 && text != line.printed() {
            return Err(BoletoError::Shape);
        }
        let digits = line.0.as_bytes();
        match digits.len() {
            47 => check_bank_line(digits)?,
            48 if digits[0] == b'8' => utility_parts(digits)?,
            _ => return Err(BoletoError::Shape),
        }
        Ok(line)
    }

    /// The digits alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The line as it is printed: `34191.09123 34567.890123 34567.890008 1 16460000015990` or
    /// `83690000001-6 87500012345-0 67890123456-0 78901234567-2`.
    #[must_use]
    pub fn printed(&self) -> String {
        let mut digits = self.0.chars();
        let pattern = if self.0.len() == 48 { UTILITY } else { BANK };
        pattern
            .chars()
            .map(|place| {
                if place == 'N' {
                    digits.next().unwrap_or('?')
                } else {
                    place
                }
            })
            .collect()
    }

    /// When a bank's boleto is due. Its factor counted the days from 1997-10-07 to 9999 on 2025-02-21,
    /// began again with 1000 the next day and does so every 9,000 days: the date meant is the one
    /// between 3,000 days before and 5,500 days after `today` (FEBRABAN 082/2012). None for the factor
    /// 0000, for a date outside that range, and for utilities, whose lines promise no date.
    #[must_use]
    pub fn due(&self, today: Date) -> Option<Date> {
        let factor: i64 = self.0.get(33..37)?.parse().ok()?;
        if self.0.len() != 47 || factor == 0 {
            return None;
        }
        let earliest = today.checked_sub(3_000.days()).ok()?;
        let latest = today.checked_add(5_500.days()).ok()?;
        (0..)
            .map_while(|turn| {
                let days = Span::new().try_days(factor + turn * 9_000).ok()?;
                date(1997, 10, 7).checked_add(days).ok()
            })
            .take_while(|due| *due <= latest)
            .find(|due| earliest <= *due)
    }
}

/// Whether these digits are a boleto by their check digits: 47 or 48 typed, or the barcode's 44.
pub(crate) fn is_boleto(digits: &[u8]) -> bool {
    match digits.len() {
        47 => bank_parts(digits).is_ok(),
        48 => utility_parts(digits).is_ok(),
        44 if digits[0] == b'8' => is_utility_barcode(digits),
        44 => digits[3] == b'9' && digits[4] == bank_check(digits),
        _ => false,
    }
}

fn check_bank_line(line: &[u8]) -> Result<(), BoletoError> {
    if line[3] != b'9' {
        return Err(BoletoError::Currency);
    }
    // No date has had a factor below 1000 since July 2000.
    if line[33] == b'0' && line[33..37] != *b"0000" {
        return Err(BoletoError::DueDate);
    }
    bank_parts(line)
}

fn bank_parts(line: &[u8]) -> Result<(), BoletoError> {
    let barcode: Vec<u8> = [
        &line[0..4],
        &line[32..33],
        &line[33..47],
        &line[4..9],
        &line[10..20],
        &line[21..31],
    ]
    .concat();
    for (part, from, to) in [(1, 0, 9), (2, 10, 20), (3, 21, 31)] {
        if line[to] != modulo_10(&line[from..to]) {
            return Err(BoletoError::Part(part));
        }
    }
    if barcode[4] == bank_check(&barcode) {
        Ok(())
    } else {
        Err(BoletoError::Whole)
    }
}

fn utility_parts(line: &[u8]) -> Result<(), BoletoError> {
    let barcode: Vec<u8> = line
        .chunks(12)
        .flat_map(|block| block[..11].iter().copied())
        .collect();
    let check = utility_modulus(&barcode).ok_or(BoletoError::Modulus)?;
    for (part, block) in (1..).zip(line.chunks(12)) {
        if block[11] != check(&block[..11]) {
            return Err(BoletoError::Part(part));
        }
    }
    if is_utility_barcode(&barcode) {
        Ok(())
    } else {
        Err(BoletoError::Whole)
    }
}

fn is_utility_barcode(barcode: &[u8]) -> bool {
    let others: Vec<u8> = [&barcode[..3], &barcode[4..]].concat();
    barcode[0] == b'8' && utility_modulus(barcode).is_some_and(|check| barcode[3] == check(&others))
}

/// The third digit says how a utility's check digits are reckoned.
fn utility_modulus(barcode: &[u8]) -> Option<fn(&[u8]) -> u8> {
    match barcode[2] {
        b'6' | b'7' => Some(modulo_10),
        b'8' | b'9' => Some(utility_modulo_11),
        _ => None,
    }
}

fn modulo_10(digits: &[u8]) -> u8 {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let value = u32::from(digit - b'0') * if at % 2 == 0 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    digit((10 - sum % 10) % 10)
}

fn modulo_11(digits: impl DoubleEndedIterator<Item = u8>) -> u32 {
    digits
        .rev()
        .zip((2..=9).cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum::<u32>()
        % 11
}

/// The bank's rule: 0, 10 and 11 become 1.
fn bank_check(barcode: &[u8]) -> u8 {
    let others = barcode[..4].iter().chain(&barcode[5..]).copied();
    match 11 - modulo_11(others) {
        10 | 11 => b'1',
        check => digit(check),
    }
}

/// The utilities' rule: remainders 0 and 1 become 0.
fn utility_modulo_11(digits: &[u8]) -> u8 {
    match modulo_11(digits.iter().copied()) {
        0 | 1 => b'0',
        rest => digit(11 - rest),
    }
}

fn digit(value: u32) -> u8 {
    char::from_digit(value, 10)
        .and_then(|c| u8::try_from(c).ok())
        .unwrap_or(b'0')
}

#[cfg(test)]
mod tests;
