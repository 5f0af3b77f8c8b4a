//! Amounts, dates and times as each language writes them.

use jiff::civil::{Date, Time};

use crate::locale::Locale;
use crate::money::{Currency, Money};

const NO_BREAK_SPACE: char = '\u{a0}';
const NARROW_NO_BREAK_SPACE: char = '\u{202f}';

/// `R$ 1.234,56` (pt_BR), `R$1,234.56` (en), `1 234,56 R$` (fr), `1.234,56 R$` (de); the blanks do not
/// break.
#[must_use]
pub fn shown_money(money: Money, locale: Locale) -> String {
    let minor = money.minor.unsigned_abs();
    let (group, point) = match locale {
        Locale::PtBr | Locale::De => ('.', ','),
        Locale::En => (',', '.'),
        Locale::Fr => (NARROW_NO_BREAK_SPACE, ','),
    };
    let amount = format!("{}{point}{:02}", grouped(minor / 100, group), minor % 100);
    let sign = if money.minor < 0 { "-" } else { "" };
    format!("{sign}{}", with_symbol(&amount, money.currency, locale))
}

/// The amount hidden: `R$ ***`.
#[must_use]
pub fn hidden_money(currency: Currency, locale: Locale) -> String {
    with_symbol("***", currency, locale)
}

fn with_symbol(amount: &str, currency: Currency, locale: Locale) -> String {
    let symbol = match (currency, locale) {
        (Currency::Brl, _) => "R$",
        (Currency::Eur, _) => "€",
        (Currency::Usd, Locale::PtBr) => "US$",
        (Currency::Usd, Locale::Fr) => "$US",
        (Currency::Usd, Locale::En | Locale::De) => "$",
    };
    match locale {
        Locale::PtBr => format!("{symbol}{NO_BREAK_SPACE}{amount}"),
        Locale::En => format!("{symbol}{amount}"),
        Locale::Fr | Locale::De => format!("{amount}{NO_BREAK_SPACE}{symbol}"),
    }
}

fn grouped(whole: u64, group: char) -> String {
    let digits = whole.to_string();
    let mut grouped = String::with_capacity(digits.len() + 8);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(group);
        }
        grouped.push(digit);
    }
    grouped
}

/// `21/11/2026` (pt_BR, fr), `21.11.2026` (de), `Nov 21, 2026` (en).
#[must_use]
pub fn shown_date(date: Date, locale: Locale) -> String {
    let pattern = match locale {
        Locale::PtBr | Locale::Fr => "%d/%m/%Y",
        Locale::De => "%d.%m.%Y",
        Locale::En => "%b %-d, %Y",
    };
    date.strftime(pattern).to_string()
}

/// `14:05` (pt_BR, de), `14 h 05` (fr), `2:05 PM` (en).
#[must_use]
pub fn shown_time(time: Time, locale: Locale) -> String {
    let pattern = match locale {
        Locale::PtBr | Locale::De => "%H:%M",
        Locale::Fr => "%H\u{a0}h\u{a0}%M",
        Locale::En => "%-I:%M %p",
    };
    time.strftime(pattern).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_written_as_its_language_writes_it() {
        let check = |minor, currency, locale, expected: &str| {
            let shown = shown_money(Money { minor, currency }, locale)
                .replace([NO_BREAK_SPACE, NARROW_NO_BREAK_SPACE], "_");
            assert_eq!(shown, expected);
        };
        check(123_456, Currency::Brl, Locale::PtBr, "R$_1.234,56");
        check(-1_000, Currency::Brl, Locale::PtBr, "-R$_10,00");
        check(5, Currency::Brl, Locale::PtBr, "R$_0,05");
        check(0, Currency::Brl, Locale::PtBr, "R$_0,00");
        check(
            Money::LIMIT,
            Currency::Usd,
            Locale::PtBr,
            "US$_9.999.999.999,99",
        );
        check(123_456, Currency::Brl, Locale::En, "R$1,234.56");
        check(123_456, Currency::Usd, Locale::En, "$1,234.56");
        check(-123_456, Currency::Eur, Locale::En, "-€1,234.56");
        check(123_456_789, Currency::Eur, Locale::Fr, "1_234_567,89_€");
        check(-99, Currency::Usd, Locale::Fr, "-0,99_$US");
        check(123_456, Currency::Eur, Locale::De, "1.234,56_€");
        check(100_000, Currency::Brl, Locale::De, "1.000,00_R$");
        check(150_000, Currency::Brl, Locale::PtBr, "R$_1.500,00");
        check(150_000, Currency::Eur, Locale::Fr, "1_500,00_€");
        check(150_000, Currency::Eur, Locale::De, "1.500,00_€");
        check(150_000, Currency::Usd, Locale::En, "$1,500.00");
        assert_eq!(hidden_money(Currency::Brl, Locale::PtBr), "R$\u{a0}***");
        assert_eq!(hidden_money(Currency::Eur, Locale::De), "***\u{a0}€");
    }

    #[test]
    fn dates_and_times_are_written_as_their_language_writes_them() {
        let date = jiff::civil::date(2026, 3, 1);
        let check = |locale, expected: &str| assert_eq!(shown_date(date, locale), expected);
        check(Locale::PtBr, "01/03/2026");
        check(Locale::En, "Mar 1, 2026");
        check(Locale::Fr, "01/03/2026");
        check(Locale::De, "01.03.2026");
        let check = |hour, locale, expected: &str| {
            assert_eq!(
                shown_time(jiff::civil::time(hour, 5, 0, 0), locale).replace(NO_BREAK_SPACE, " "),
                expected
            );
        };
        check(14, Locale::PtBr, "14:05");
        check(0, Locale::En, "12:05 AM");
        check(14, Locale::En, "2:05 PM");
        check(9, Locale::Fr, "09 h 05");
        check(9, Locale::De, "09:05");
    }
}
