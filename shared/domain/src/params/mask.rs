//! What may be shown, stored or logged of each value.

use std::collections::BTreeMap;

use super::link::host;
use super::{ParamValue, Params};
use crate::locale::Locale;
use crate::masking::{self, HIDDEN};
use crate::render::{hidden_money, shown_date, shown_time};

/// Words inside a name that are no name of their own.
const PARTICLES: &[&str] = &[
    "da", "das", "de", "do", "dos", "e", "du", "des", "la", "le", "van", "von", "der", "di", "del",
];

impl Params {
    /// Every value as it may be shown, stored and logged. Amounts are hidden: showing them is the
    /// customer's choice, which is not known here.
    #[must_use]
    pub fn masked(&self, locale: Locale) -> BTreeMap<String, String> {
        self.values
            .iter()
            .map(|(name, value)| (name.clone(), masked(value, locale)))
            .collect()
    }
}

fn masked(value: &ParamValue, locale: Locale) -> String {
    match value {
        ParamValue::Money(money) => hidden_money(money.currency, locale),
        ParamValue::Date(date) => shown_date(*date, locale),
        ParamValue::Time(time) => shown_time(*time, locale),
        ParamValue::PersonName(name) => masked_name(name),
        ParamValue::CardLast4(digits) => digits.clone(),
        ParamValue::Account(account) => masked_account(account),
        ParamValue::Phone(phone) => phone.masked(),
        ParamValue::PixKey(key) => key.masked(),
        ParamValue::Iban(iban) => iban.masked(),
        ParamValue::Cpf(cpf) => cpf.masked(),
        ParamValue::Cnpj(cnpj) => cnpj.masked(),
        ParamValue::Url(url) => format!("{}/{HIDDEN}", host(url)),
        ParamValue::Text(text) => masking::for_log(text),
        ParamValue::Document { .. } => format!("{HIDDEN}.pdf"),
        ParamValue::PixCode(_)
        | ParamValue::BoletoLine(_)
        | ParamValue::Code(_)
        | ParamValue::UrlSuffix(_)
        | ParamValue::Image(_) => HIDDEN.to_owned(),
    }
}

/// `Maria S***`: the first name and the next one's initial; a single name is its initial.
pub(crate) fn masked_name(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().unwrap_or_default();
    let next = words.find(|word| !PARTICLES.contains(&word.to_lowercase().as_str()));
    let initial = |word: &str| word.chars().next().map(String::from).unwrap_or_default();
    match next {
        Some(next) => format!("{} {}{HIDDEN}", masking::for_log(first), initial(next)),
        None => format!("{}{HIDDEN}", initial(first)),
    }
}

/// `****234-5`: the last four, check digit included.
pub(crate) fn masked_account(account: &str) -> String {
    let kept: Vec<char> = account
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let last: String = kept[kept.len().saturating_sub(4)..].iter().collect();
    match last.split_at_checked(3) {
        Some((body, check)) if account.ends_with(&format!("-{check}")) && !check.is_empty() => {
            format!("****{body}-{check}")
        }
        _ => format!("****{last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_shows_its_first_word_and_an_initial() {
        let check = |name: &str, expected: &str| assert_eq!(masked_name(name), expected);
        check("Maria Souza", "Maria S***");
        check("Maria Souza Lima", "Maria S***");
        check("José dos Santos", "José S***");
        check("Ana", "A***");
        check("Ana de", "A***");
        check("Érica Ávila", "Érica Á***");
        check("12345678901 Silva", "*** S***");
    }

    #[test]
    fn an_account_shows_its_last_four() {
        let check = |account: &str, expected: &str| assert_eq!(masked_account(account), expected);
        check("0001234-5", "****234-5");
        check("12345-X", "****345-X");
        check("123456", "****3456");
    }
}
