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
        ParamValue::BoletoLine(line) => match medium {
            Medium::Screen | Medium::Sms => line.printed(),
            Medium::Voice => spoken(line.as_str()),
        },
        ParamValue::Iban(iban) => iban.masked(),
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
    use crate::boleto::BoletoLine;
    use crate::iban::Iban;

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

    #[test]
    fn a_boleto_is_shown_whole_and_an_iban_is_not() {
        let line = "83690000001-6 87500012345-0 67890123456-0 78901234567-2";
        let bare: String = line.chars().filter(char::is_ascii_digit).collect();
        let boleto = BoletoLine::parse(&bare).map(ParamValue::BoletoLine);
        let boleto = boleto.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(shown(&boleto, Locale::PtBr, Medium::Screen), line);
        assert_eq!(shown(&boleto, Locale::PtBr, Medium::Sms), line);
        assert!(shown(&boleto, Locale::PtBr, Medium::Voice).starts_with("8, 3, 6, 9"));
        let iban = Iban::parse("DE89370400440532013000").map(ParamValue::Iban);
        let iban = iban.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(shown(&iban, Locale::De, Medium::Screen), "DE** **** 3000");
    }
}
