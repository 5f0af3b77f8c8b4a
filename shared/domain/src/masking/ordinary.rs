//! Numbers that say themselves what they are. Dates, amounts and postal codes are no account's and,
//! unless they stand right beside a secret's word, no secret's; of court cases and invoices no part is
//! anybody's card, though one in ten looks like it.

use super::view::View;

/// Dates as they are written; `D`, `M` and `Y` are digits, everything else is itself.
const DATES: &[&str] = &[
    "DD/MM/YYYY",
    "D/M/YYYY",
    "DD.MM.YYYY",
    "D.M.YYYY",
    "DD-MM-YYYY",
    "YYYY-MM-DD",
    "YYYY/MM/DD",
    "DD/MM/YY",
    "DD.MM.YY",
    "DD/MM",
    "D/M",
    "DD.MM.",
    "MM/YYYY",
    "MM-YYYY",
    "YYYY-MM",
    "YYYY/MM",
    "MM/YY",
];

/// What stands before or behind an amount.
const CURRENCIES: &[&str] = &[
    "r$", "us$", "$us", "$", "€", "£", "brl", "eur", "usd", "chf", "reais", "real", "euro",
    "euros", "dollar", "dollars", "dolares",
];

/// The places of every such number, in order.
pub(super) fn all(view: &View, lower: &[char]) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut place = 0;
    while place < view.len() {
        let end = starts(view, place)
            .then(|| {
                date(view, place)
                    .or_else(|| amount(view, lower, place))
                    .or_else(|| postal_code(view, place))
                    .or_else(|| service_number(view, place))
                    .or_else(|| quantity(view, lower, place))
                    .or_else(|| last_four(view, lower, place))
                    .or_else(|| year(view, lower, place))
            })
            .flatten();
        match end {
            Some(end) => {
                spans.push((place, end));
                place = end;
            }
            None => place += 1,
        }
    }
    spans
}

fn is_digit(view: &View, place: usize) -> bool {
    view.at(place).is_some_and(|c| c.is_ascii_digit())
}

/// Whether a number begins here that is no part of a longer one.
fn starts(view: &View, place: usize) -> bool {
    let joined = |place: usize| matches!(view.at(place), Some('.' | ',' | '-' | '/'));
    let digit_before = |places: usize| {
        place
            .checked_sub(places)
            .is_some_and(|at| is_digit(view, at))
    };
    is_digit(view, place) && !digit_before(1) && !(digit_before(2) && joined(place - 1))
}

/// Whether no number goes on here.
fn ends(view: &View, place: usize) -> bool {
    let joined = matches!(view.at(place), Some('.' | ',' | '-' | '/'));
    let goes_on = is_digit(view, place) || (joined && is_digit(view, place + 1));
    !goes_on
}

fn date(view: &View, from: usize) -> Option<usize> {
    DATES.iter().find_map(|pattern| {
        let to = from + pattern.len();
        let (mut day, mut month, mut year) = (None, None, None);
        for (at, wanted) in pattern.chars().enumerate() {
            let c = view.at(from + at)?;
            let part = match wanted {
                'D' => &mut day,
                'M' => &mut month,
                'Y' => &mut year,
                other if other == c => continue,
                _ => return None,
            };
            *part = Some(part.unwrap_or(0) * 10 + c.to_digit(10)?);
        }
        let in_range = day.is_none_or(|day| (1..=31).contains(&day))
            && month.is_none_or(|month| (1..=12).contains(&month))
            && year.is_none_or(|year| year < 100 || (1900..2100).contains(&year));
        (in_range && ends(view, to)).then_some(to)
    })
}

/// `1.500,00`, `1 500,00`, `1,500.00`, `1500,00`; whole numbers and `1500.00` beside a currency only.
fn amount(view: &View, lower: &[char], from: usize) -> Option<usize> {
    let run = |start: usize| (start..).take_while(|place| is_digit(view, *place)).count();
    let first = run(from);
    let mut to = from + first;
    let group = view.at(to).filter(|c| matches!(c, '.' | ',' | ' ' | '\''));
    let mut grouped = false;
    if let Some(group) = group.filter(|_| first <= 3) {
        while view.at(to) == Some(group) && run(to + 1) == 3 {
            to += 4;
            grouped = true;
        }
    }
    let point = view
        .at(to)
        .filter(|c| matches!(c, '.' | ',') && run(to + 1) == 2);
    let point = point.filter(|point| !grouped || group != Some(*point));
    if point.is_some() {
        to += 3;
    }
    let says =
        point == Some(',') || (point == Some('.') && grouped) || has_currency(lower, from, to);
    // `0012345` is an account even where `$` follows.
    let padded = first > 1 && view.at(from) == Some('0');
    (first <= 9 && says && !padded && ends(view, to)).then_some(to)
}

/// A currency right before or right behind, a blank apart at most.
fn has_currency(lower: &[char], from: usize, to: usize) -> bool {
    let before = from - usize::from(from > 0 && lower.get(from - 1) == Some(&' '));
    let behind = to + usize::from(lower.get(to) == Some(&' '));
    CURRENCIES.iter().any(|currency| {
        let length = currency.chars().count();
        let is = |start: usize| {
            let word = |at: Option<&char>| at.is_some_and(|c| c.is_alphanumeric());
            let whole = !currency.ends_with(char::is_alphabetic)
                || (!word(lower.get(start + length))
                    && (start == 0 || !word(lower.get(start - 1))));
            whole
                && lower
                    .get(start..start + length)
                    .is_some_and(|part| part.iter().copied().eq(currency.chars()))
        };
        before.checked_sub(length).is_some_and(is) || is(behind)
    })
}

/// A Brazilian CEP, `01310-100`.
fn postal_code(view: &View, from: usize) -> Option<usize> {
    let to = from + 9;
    let shape = (from..to).all(|place| {
        if place == from + 5 {
            view.at(place) == Some('-')
        } else {
            is_digit(view, place)
        }
    });
    (shape && ends(view, to)).then_some(to)
}

/// Telephone numbers of services, which nobody keeps secret; `N` is a digit.
const SERVICES: &[&str] = &[
    "0800 NNN NNNN",
    "0800-NNN-NNNN",
    "0800 NNN-NNNN",
    "0800NNNNNNN",
    "0800 NNNNNNN",
    "0300 NNN NNNN",
    "4004 NNNN",
    "4004-NNNN",
    "4003 NNNN",
    "4003-NNNN",
    "4020 NNNN",
    "4020-NNNN",
    "3003 NNNN",
    "3003-NNNN",
];

fn service_number(view: &View, from: usize) -> Option<usize> {
    SERVICES.iter().find_map(|pattern| {
        let to = from + pattern.len();
        let same = pattern.chars().enumerate().all(|(at, wanted)| {
            view.at(from + at).is_some_and(|c| match wanted {
                'N' => c.is_ascii_digit(),
                other => c == other,
            })
        });
        (same && ends(view, to)).then_some(to)
    })
}

/// What is counted, behind its number.
const UNITS: &[&str] = &[
    "dia",
    "dias",
    "hora",
    "horas",
    "minuto",
    "minutos",
    "min",
    "segundos",
    "semanas",
    "mes",
    "meses",
    "ano",
    "anos",
    "vezes",
    "caracteres",
    "digitos",
    "tentativas",
    "pontos",
    "mil",
    "milhoes",
    "jours",
    "heures",
    "minutes",
    "mois",
    "ans",
    "fois",
    "chiffres",
    "essais",
    "points",
    "day",
    "days",
    "hours",
    "months",
    "years",
    "times",
    "digits",
    "characters",
    "attempts",
    "points",
    "tage",
    "tagen",
    "stunden",
    "minuten",
    "monate",
    "monaten",
    "jahre",
    "jahren",
    "mal",
    "zeichen",
    "ziffern",
    "versuche",
    "km",
    "%",
];

/// `180 dias`: at most four digits and what they count.
fn quantity(view: &View, lower: &[char], from: usize) -> Option<usize> {
    let to = (from..).find(|place| !is_digit(view, *place))?;
    let unit = to + usize::from(view.at(to) == Some(' '));
    let counted = UNITS.iter().any(|word| {
        let end = unit + word.chars().count();
        let same = lower
            .get(unit..end)
            .is_some_and(|part| part.iter().copied().eq(word.chars()));
        same && !lower.get(end).is_some_and(|c| c.is_alphanumeric())
    });
    (to - from <= 4 && counted).then_some(to)
}

/// What stands before the last four of a card or an account.
const LAST_FOUR: &[&str] = &[
    "final",
    "terminado em",
    "terminada em",
    "ending in",
    "ending",
    "finissant par",
    "termine par",
    "terminant par",
    "endet auf",
    "endend auf",
    "mit der endung",
    "****",
    "*",
    "•",
];

fn last_four(view: &View, lower: &[char], from: usize) -> Option<usize> {
    let said = follows(view, lower, from, LAST_FOUR);
    four(view, from).filter(|_| said)
}

/// What stands before a year.
const SINCE: &[&str] = &["em", "en", "in", "im", "desde", "depuis", "since", "seit"];

fn year(view: &View, lower: &[char], from: usize) -> Option<usize> {
    let to = four(view, from)?;
    let this_century = view.text(from, from + 2) == "20";
    (this_century && follows(view, lower, from, SINCE)).then_some(to)
}

/// The end of four digits that stand by themselves.
fn four(view: &View, from: usize) -> Option<usize> {
    let to = from + 4;
    let digits = (from..to).all(|place| is_digit(view, place));
    (digits && ends(view, to)).then_some(to)
}

/// Whether one of these stands right before a place, a blank apart at most.
fn follows(view: &View, lower: &[char], from: usize, words: &[&str]) -> bool {
    let end = from - usize::from(from > 0 && view.at(from - 1) == Some(' '));
    words.iter().any(|word| {
        let length = word.chars().count();
        end.checked_sub(length).is_some_and(|start| {
            let same = lower[start..end].iter().copied().eq(word.chars());
            same && (start == 0 || !lower[start - 1].is_alphanumeric())
        })
    })
}

/// A court case as the courts write it, and `N` is a digit.
const COURT_CASE: &str = "NNNNNNN-NN.NNNN.N.NN.NNNN";

/// The places of court cases: their form and their two check digits (CNJ 65/2008: modulo 97, behind the
/// rest).
pub(super) fn court_cases(view: &View) -> Vec<(usize, usize)> {
    let case = |from: usize| {
        let to = from + COURT_CASE.len();
        let mut digits = Vec::with_capacity(20);
        for (at, wanted) in COURT_CASE.chars().enumerate() {
            let c = view.at(from + at)?;
            match (wanted, c.to_digit(10)) {
                ('N', Some(digit)) => digits.push(digit),
                (wanted, None) if wanted == c => {}
                _ => return None,
            }
        }
        let ordered = digits[..7].iter().chain(&digits[9..]).chain(&digits[7..9]);
        let remainder = ordered.fold(0, |rest, digit| (rest * 10 + digit) % 97);
        (remainder == 1 && ends(view, to)).then_some((from, to))
    };
    (0..view.len())
        .filter(|place| starts(view, *place))
        .filter_map(case)
        .collect()
}

/// Whether 44 digits are an electronic invoice's key (NF-e, NFC-e, CT-e): a state, a month, a model, and
/// a check digit of modulo 11.
pub(super) fn is_invoice_key(digits: &[u8]) -> bool {
    let number = |from: usize, to: usize| {
        digits[from..to]
            .iter()
            .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
    };
    let sum: u32 = digits[..43]
        .iter()
        .rev()
        .zip((2..=9).cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let check = match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    (11..=53).contains(&number(0, 2))
        && (1..=12).contains(&number(4, 6))
        && matches!(number(20, 22), 55 | 57 | 65)
        && check == number(43, 44)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_amounts_and_postal_codes_say_what_they_are() {
        let check = |text: &str, expected: &[&str]| {
            let view = View::of(text);
            let found: Vec<String> = all(&view, &view.lower())
                .into_iter()
                .map(|(from, to)| view.text(from, to))
                .collect();
            assert_eq!(found, expected, "{text}");
        };
        check("em 21/11/2026 e 2026-11-21", &["21/11/2026", "2026-11-21"]);
        check("am 21.11.2026.", &["21.11.2026"]);
        check("dia 21/11, fatura 11/2026", &["21/11", "11/2026"]);
        check("32/11/2026 21/13/2026 21/11/2126", &[]);
        check("R$ 1.500,00 e 1 500,00 €", &["1.500,00", "1 500,00"]);
        check("$1,500.00 / 1.500,00 €", &["1,500.00", "1.500,00"]);
        check("R$1500 ou 1500 reais ou 200€", &["1500", "1500", "200"]);
        check("0012345 $5", &["5"]);
        check("1500 realmente, 1500.00, 1.500", &[]);
        check("US$ 20.50 e 1'000.00", &["20.50", "1'000.00"]);
        check("CEP 01310-100", &["01310-100"]);
        check("12345-6 1234-5 0012345-67", &[]);
        check("1.234,56-7 e 21/11/2026-1", &[]);
        check("12.345.678/0001-90", &[]);
    }

    #[test]
    fn a_court_case_and_an_invoice_are_known_by_form_and_check_digits() {
        let cases = |text: &str| court_cases(&View::of(text)).len();
        assert_eq!(cases("processo 6600096-36.2026.8.26.9641."), 1);
        assert_eq!(cases("processo 6600096-37.2026.8.26.9641"), 0);
        assert_eq!(cases("processo 66000963620268269641"), 0);
        assert_eq!(cases("16600096-36.2026.8.26.9641"), 0);
        assert_eq!(cases("6600096-36.2026.8.26.96411"), 0);
        let key = "35251274701780536887550026140752941699756467";
        let invoice = |key: &str| is_invoice_key(key.as_bytes());
        assert!(invoice(key));
        assert!(invoice("35260521323451343604550013086214241427882352"));
        assert!(
            !invoice(&key.replace("6467", "6466")),
            "another check digit"
        );
        assert!(!invoice(&format!("99{}", &key[2..])), "no state");
        assert!(!invoice(&key.replace("7550026", "7560026")), "no model");
    }
}
