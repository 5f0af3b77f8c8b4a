//! Secrets of every kind, each in several forms.

use std::collections::BTreeSet;

use recado_domain::boleto::{BoletoError, BoletoLine};
use recado_domain::iban::Iban;

/// Something planted: as it is written, in its bare form, and the forms in which it must be nowhere.
#[derive(Clone)]
pub(crate) struct Secret {
    pub(crate) written: String,
    pub(crate) bare: String,
    pub(crate) needles: Vec<String>,
}

/// What a secret is.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Card,
    Password,
    Code,
    Account,
    Iban,
    Cpf,
    Phone,
    Boleto,
}

pub(crate) const KINDS: [Kind; 8] = [
    Kind::Card,
    Kind::Password,
    Kind::Code,
    Kind::Account,
    Kind::Iban,
    Kind::Cpf,
    Kind::Phone,
    Kind::Boleto,
];

/// What is a fault in free text that a bank sends.
pub(crate) const NEVER_SENT: [Kind; 5] = [
    Kind::Card,
    Kind::Password,
    Kind::Code,
    Kind::Account,
    Kind::Iban,
];

impl Secret {
    /// The `n`th secret: no two are the same.
    pub(crate) fn new(kind: Kind, n: usize) -> Self {
        // Spread over all digits: nothing else on the stack looks like it.
        let unique = format!("{:09}", n * 7_919_331 % 1_000_000_000);
        let bare = match kind {
            Kind::Card => ending(&format!("401{unique}{:03}", n % 1_000), is_luhn),
            Kind::Password | Kind::Code => format!("{unique}{:03}", n % 1_000),
            Kind::Account => with_hyphen(&format!("{unique}7")),
            Kind::Iban => (2..=98)
                .map(|check| format!("DE{check:02}{unique}{unique}"))
                .find(|iban| Iban::parse(iban).is_ok())
                .expect("some check digits are right"),
            Kind::Cpf => {
                let first = ending(&unique, |text| has_check_digit(text, 10));
                ending(&first, |text| has_check_digit(text, 11))
            }
            Kind::Phone => format!("+55119{}", &unique[1..]),
            Kind::Boleto => boleto(&unique),
        };
        // As people write it, some in another script's digits; a plus makes a telephone number one.
        let shown = match (kind, n % 4) {
            (Kind::Phone | Kind::Account, _) | (_, 2) => bare.clone(),
            (_, 0) => grouped(&bare, " "),
            (_, 1) => in_script(&bare, '０'),
            _ => in_script(&grouped(&bare, "-"), '٠'),
        };
        let written = match kind {
            Kind::Password => format!("senha: {shown}"),
            Kind::Code => format!("your code is {shown}"),
            Kind::Account => format!("conta {shown}"),
            Kind::Phone | Kind::Card | Kind::Iban | Kind::Cpf | Kind::Boleto => shown.clone(),
        };
        let bare_digits = bare.replace('-', "");
        let national = bare.trim_start_matches("+55").to_owned();
        let needles = BTreeSet::from([
            bare.clone(),
            shown,
            grouped(&bare, " "),
            bare_digits,
            national,
        ]);
        Self {
            written,
            bare,
            needles: needles.into_iter().collect(),
        }
    }
}

/// `0012345-6`.
fn with_hyphen(bare: &str) -> String {
    let (body, check) = bare.split_at(bare.len() - 1);
    format!("{body}-{check}")
}

fn grouped(text: &str, separator: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = characters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(separator)
}

fn in_script(text: &str, zero: char) -> String {
    let digit = |c: char| {
        c.to_digit(10)
            .and_then(|value| char::from_u32(u32::from(zero) + value))
            .unwrap_or(c)
    };
    text.chars().map(digit).collect()
}

/// The digits and the one behind them that makes them right.
fn ending(digits: &str, right: impl Fn(&str) -> bool) -> String {
    (0..10)
        .map(|digit| format!("{digits}{digit}"))
        .find(|text| right(text))
        .expect("some digit is right")
}

fn is_luhn(text: &str) -> bool {
    let sum: u32 = text
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let value = u32::from(digit - b'0') * if at % 2 == 1 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether the last digit is the CPF's of those before it, the first of which weighs `heaviest`.
fn has_check_digit(text: &str, heaviest: u32) -> bool {
    let (body, check) = text.split_at(text.len() - 1);
    let weights = (2..=heaviest).rev();
    let sum: u32 = body
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let right = if sum % 11 < 2 { 0 } else { 11 - sum % 11 };
    check == right.to_string()
}

/// A bank's boleto over these nine digits.
fn boleto(unique: &str) -> String {
    let (free, value) = (format!("{unique}{unique}{unique}"), "16460000015990");
    let line = format!(
        "34191{}0{}0{}00{value}",
        &free[..4],
        &free[4..14],
        &free[14..24]
    );
    let mut line = line.into_bytes();
    let written = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    let checks = [
        (9, BoletoError::Part(1)),
        (20, BoletoError::Part(2)),
        (31, BoletoError::Part(3)),
        (32, BoletoError::Whole),
    ];
    for (place, wrong) in checks {
        for digit in b'0'..=b'9' {
            line[place] = digit;
            if BoletoLine::parse(&written(&line)).err() != Some(wrong) {
                break;
            }
        }
    }
    written(&line)
}
