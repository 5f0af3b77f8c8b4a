//! A value as a customer reads or hears it.

use super::format::{shown_date, shown_money, shown_time};
use crate::locale::Locale;
use crate::params::ParamValue;
use crate::params::masked_account;
use crate::sms;

/// The longest first name an SMS carries; a longer one becomes its initial.
pub(crate) const SMS_NAME_MAX: usize = 20;

/// Where a value is read or heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    /// WhatsApp.
    Screen,
    /// An SMS, where every character counts.
    Sms,
    /// A call.
    Voice,
}

/// The value in words. Identifiers of people and accounts are masked: Meta forbids them in messages, and
/// a preview on a locked screen shows them to anybody.
pub(crate) fn shown(value: &ParamValue, locale: Locale, medium: Medium) -> String {
    match value {
        ParamValue::Money(money) => shown_money(*money, locale),
        ParamValue::Date(date) => shown_date(*date, locale),
        ParamValue::Time(time) => shown_time(*time, locale),
        ParamValue::PersonName(name) => match medium {
            Medium::Screen | Medium::Voice => name.clone(),
            Medium::Sms => short_name(name),
        },
        ParamValue::CardLast4(digits) => match medium {
            Medium::Screen | Medium::Sms => digits.clone(),
            Medium::Voice => spoken(digits),
        },
        ParamValue::Code(code) => match medium {
            Medium::Screen | Medium::Sms => code.clone(),
            Medium::Voice => spoken(code),
        },
        ParamValue::Account(account) => masked_account(account),
        ParamValue::Phone(phone) => phone.masked(),
        ParamValue::PixKey(key) => key.masked(),
        ParamValue::Cpf(cpf) => cpf.masked(),
        ParamValue::Cnpj(cnpj) => cnpj.masked(),
        ParamValue::Url(text) | ParamValue::UrlSuffix(text) | ParamValue::Text(text) => {
            text.clone()
        }
        ParamValue::PixCode(code) => code.as_str().to_owned(),
        ParamValue::Document { filename, .. } => filename.clone(),
        ParamValue::Image(_) => String::new(),
    }
}

/// A name's first word; its initial where that is longer than [`SMS_NAME_MAX`].
fn short_name(name: &str) -> String {
    let first = name.split_whitespace().next().unwrap_or_default();
    if sms::septets(first) <= SMS_NAME_MAX {
        return first.to_owned();
    }
    first
        .chars()
        .next()
        .map(|initial| format!("{initial}."))
        .unwrap_or_default()
}

/// Character by character, with pauses.
fn spoken(text: &str) -> String {
    text.chars()
        .map(String::from)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sms_carries_a_first_name() {
        let check = |name: &str, expected: &str| assert_eq!(short_name(name), expected);
        check("Maria Souza", "Maria");
        check("Ana", "Ana");
        check(&"A".repeat(20), &"A".repeat(20));
        check(&"A".repeat(21), "A.");
        check("Wolfeschlegelsteinhausenbergerdorff Silva", "W.");
    }

    #[test]
    fn a_call_reads_a_code_digit_by_digit() {
        let code = ParamValue::Code("4829".into());
        assert_eq!(shown(&code, Locale::PtBr, Medium::Voice), "4, 8, 2, 9");
        assert_eq!(shown(&code, Locale::PtBr, Medium::Sms), "4829");
    }
}
