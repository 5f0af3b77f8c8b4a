//! Passwords that mix letters and digits: nothing else near their word looks like one.

use super::context::{REACH, Spans, only_words};
use super::detect::{Search, tokens};
use super::phrases::FILLERS;

/// The shortest such password; shorter ones are units and sizes.
const SHORTEST: usize = 4;

/// What follows digits in ordinary words: units, ordinals, hours.
const UNITS: &[&str] = &[
    "h", "hs", "hrs", "min", "mins", "s", "seg", "sec", "x", "km", "m", "cm", "kg", "g", "gb",
    "mb", "mil", "k", "am", "pm", "th", "st", "nd", "rd", "o", "a", "e", "er", "eme", "dias",
    "anos", "tage", "jours", "days", "reais", "euros", "usd", "eur", "brl",
];

/// Letters and digits in one word near one of these places; beside it only where the places are of a
/// code's word, since references are called codes too.
pub(super) fn beside(search: &Search<'_>, places: &[(usize, usize)], anywhere: bool) -> Spans {
    let blank =
        |c: char| c.is_whitespace() || matches!(c, '"' | '„' | '“' | '”' | '«' | '»' | '(' | ')');
    let words: Spans = tokens(search.view, |c| !blank(c))
        .into_iter()
        .map(|(from, to)| without_marks(search, from, to))
        .filter(|(from, to)| from < to && is_mixed(&search.lower[*from..*to]))
        .collect();
    let mut spans = Vec::new();
    for (start, end) in places.iter().copied() {
        let first = words.partition_point(|(_, to)| to + REACH <= start);
        for (from, to) in words[first..]
            .iter()
            .copied()
            .take_while(|(from, _)| *from < end + REACH)
        {
            let between = if to <= start {
                &search.lower[to..start]
            } else if end <= from {
                &search.lower[end..from]
            } else {
                continue;
            };
            if anywhere || only_words(between, FILLERS) {
                spans.push((from, to));
            }
        }
    }
    spans
}

/// A word without the marks that a sentence puts around it.
fn without_marks(search: &Search<'_>, mut from: usize, mut to: usize) -> (usize, usize) {
    let mark = |place: usize| {
        let c = search.view.at(place);
        c.is_some_and(|c| {
            matches!(
                c,
                '.' | ',' | ';' | ':' | '?' | '\'' | '*' | '_' | '`' | '>' | '<'
            )
        })
    };
    while from < to && mark(from) {
        from += 1;
    }
    while from < to && mark(to - 1) {
        to -= 1;
    }
    (from, to)
}

fn is_mixed(word: &[char]) -> bool {
    let letters = word.iter().filter(|c| c.is_ascii_alphabetic()).count();
    let digits = word.iter().filter(|c| c.is_ascii_digit()).count();
    word.len() >= SHORTEST
        && letters > 0
        && digits > 0
        && word.iter().all(char::is_ascii)
        && !word.contains(&'/')
        && !is_domain(word)
        && !is_quantity(word)
}

/// `14h05`, `180dias`, `R$200`: digits and a unit.
fn is_quantity(word: &[char]) -> bool {
    let digits = word
        .iter()
        .position(|c| !c.is_ascii_digit() && !matches!(c, '.' | ',' | ':'))
        .unwrap_or(word.len());
    let rest: String = word[digits..].iter().collect();
    let hour = rest.strip_prefix('h').is_some_and(|minutes| {
        minutes
            .trim_end_matches("min")
            .bytes()
            .all(|b| b.is_ascii_digit())
    });
    let amount = rest.trim_start_matches(|c: char| !c.is_ascii_digit());
    let currency = ["r$", "us$", "eur", "brl", "usd"]
        .iter()
        .any(|currency| digits == 0 && rest.strip_prefix(currency) == Some(amount));
    (digits > 0 && (UNITS.contains(&rest.as_str()) || hour)) || currency
}

/// Whether it ends like an address on the web or of e-mail.
fn is_domain(word: &[char]) -> bool {
    let text: String = word.iter().collect();
    text.rsplit_once('.').is_some_and(|(name, top)| {
        !name.is_empty() && top.len() >= 2 && top.bytes().all(|b| b.is_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::super::for_transcript;

    #[test]
    fn letters_and_digits_near_a_password_s_word_are_one() {
        let check =
            |text: &str, expected: &str| assert_eq!(for_transcript(text), expected, "{text}");
        check("senha abacaxi7", "senha ***");
        check("minha senha Xk9mP2.", "minha senha ***.");
        check("senha do app: Abacaxi7", "senha do app: ***");
        check("a senha é a abacaxi7", "a senha é a ***");
        check("hunter2 is my password", "*** is my password");
        check("Passwort „Geheim1x“", "Passwort „***“");
        check("seu código AB12CD", "seu código ***");
        for text in [
            "senha até 14h05",
            "trocou a senha há 180dias",
            "acesse banco24.example e mude a senha",
            "senha em https://banco.example/r/8b3d",
            "código do pedido AB12CD",
            "a senha do 3G",
            "paguei R$200 sem senha",
        ] {
            check(text, text);
        }
    }
}
