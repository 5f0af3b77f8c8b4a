//! Payment data by its own structure: cards, boletos, IBANs, Pix transactions.

use super::view::View;

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

/// A boleto by its check digits: 47 or 48 typed digits, or the barcode's 44.
pub(super) fn is_boleto(digits: &[u8]) -> bool {
    match digits.len() {
        47 => is_bank_line(digits),
        48 => is_utility_line(digits),
        44 if digits[0] == b'8' => is_utility_barcode(digits),
        44 => digits[3] == b'9' && digits[4] == bank_check(digits),
        _ => false,
    }
}

fn is_bank_line(line: &[u8]) -> bool {
    let fields = [(0, 9), (10, 20), (21, 31)];
    let barcode: Vec<u8> = [
        &line[0..4],
        &line[32..33],
        &line[33..47],
        &line[4..9],
        &line[10..20],
        &line[21..31],
    ]
    .concat();
    fields
        .iter()
        .all(|(from, to)| line[*to] == modulo_10(&line[*from..*to]))
        && barcode[4] == bank_check(&barcode)
}

fn is_utility_line(line: &[u8]) -> bool {
    let blocks: Vec<&[u8]> = line.chunks(12).collect();
    let barcode: Vec<u8> = blocks
        .iter()
        .flat_map(|block| block[..11].iter().copied())
        .collect();
    let Some(check) = utility_modulus(&barcode) else {
        return false;
    };
    blocks.iter().all(|block| block[11] == check(&block[..11])) && is_utility_barcode(&barcode)
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

/// An IBAN's fixed length by country.
const IBAN_LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AT", 20),
    ("BE", 16),
    ("BR", 29),
    ("CH", 21),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("EE", 20),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("GR", 27),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IT", 27),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MC", 27),
    ("MT", 31),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
    ("PT", 25),
    ("RO", 24),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
];

/// The end of the IBAN that begins at a place, its groups parted by single blanks or hyphens.
pub(super) fn iban_end(view: &View, from: usize) -> Option<usize> {
    if view.before(from).is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let country: String = [view.at(from)?, view.at(from + 1)?]
        .iter()
        .map(char::to_ascii_uppercase)
        .collect();
    let length = IBAN_LENGTHS.iter().find(|(code, _)| *code == country)?.1;
    let mut plain = String::with_capacity(length);
    let mut place = from;
    while plain.len() < length {
        let c = view.at(place)?;
        if c.is_ascii_alphanumeric() {
            plain.push(c.to_ascii_uppercase());
        } else if !matches!(c, ' ' | '-' | '.')
            || !view
                .before(place)
                .is_some_and(|b| b.is_ascii_alphanumeric())
        {
            return None;
        }
        place += 1;
    }
    let ends = !view.at(place).is_some_and(|c| c.is_ascii_alphanumeric());
    (ends && iban_remainder(&plain) == Some(1)).then_some(place)
}

/// The number modulo 97, its first four characters moved to the end.
fn iban_remainder(iban: &str) -> Option<u32> {
    let (head, tail) = iban.split_at(4);
    tail.chars().chain(head.chars()).try_fold(0, |rest, c| {
        let value = c.to_digit(36)?;
        Some(if value < 10 {
            (rest * 10 + value) % 97
        } else {
            (rest * 100 + value) % 97
        })
    })
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
