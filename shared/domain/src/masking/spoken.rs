//! Numbers in words, as people dictate them: `quatro oito dois nove`.

use super::view::Seen;

/// This many number words in a row are digits; fewer are a sentence's (`uma ou duas vezes`).
const FEWEST: usize = 3;

/// What may stand between two of them, at most this many characters.
const GAP: usize = 3;

/// Number words of the four languages without accents, with their digits.
const NUMBERS: &[(&str, &[&str])] = &[
    ("0", &["zero", "null"]),
    ("1", &["um", "uma", "one", "un", "une", "eins", "ein"]),
    ("2", &["dois", "duas", "two", "deux", "zwei", "zwo"]),
    ("3", &["tres", "three", "trois", "drei"]),
    ("4", &["quatro", "four", "quatre", "vier"]),
    ("5", &["cinco", "five", "cinq", "funf", "fuenf"]),
    ("6", &["seis", "meia", "six", "sechs"]),
    ("7", &["sete", "seven", "sept", "sieben"]),
    ("8", &["oito", "eight", "huit", "acht"]),
    ("9", &["nove", "nine", "neuf", "neun"]),
    ("10", &["dez", "ten", "dix", "zehn"]),
    ("11", &["onze", "eleven", "elf"]),
    ("12", &["doze", "twelve", "douze", "zwolf", "zwoelf"]),
    ("13", &["treze", "thirteen", "treize", "dreizehn"]),
    ("14", &["quatorze", "catorze", "fourteen", "vierzehn"]),
    ("15", &["quinze", "fifteen", "funfzehn"]),
    ("16", &["dezesseis", "sixteen", "seize", "sechzehn"]),
    ("17", &["dezessete", "seventeen", "siebzehn"]),
    ("18", &["dezoito", "eighteen", "achtzehn"]),
    ("19", &["dezenove", "nineteen", "neunzehn"]),
    ("20", &["vinte", "twenty", "vingt", "zwanzig"]),
    ("30", &["trinta", "thirty", "trente", "dreissig"]),
    ("40", &["quarenta", "forty", "quarante", "vierzig"]),
    ("50", &["cinquenta", "fifty", "cinquante", "funfzig"]),
    ("60", &["sessenta", "sixty", "soixante", "sechzig"]),
    ("70", &["setenta", "seventy", "siebzig"]),
    ("80", &["oitenta", "eighty", "achtzig"]),
    ("90", &["noventa", "ninety", "neunzig"]),
];

/// Words between the parts of one number.
const AND: &[&str] = &["e", "and", "et", "und"];

/// A word of the view.
struct Word {
    from: usize,
    to: usize,
    means: Means,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Means {
    Number(&'static str),
    And,
    Else,
}

/// The view with every row of number words as digits, each over the place of its word.
pub(super) fn as_digits(seen: Vec<Seen>) -> Vec<Seen> {
    let words = words(&seen);
    let rows = rows(&words);
    if rows.is_empty() {
        return seen;
    }
    let mut spoken = Vec::with_capacity(seen.len());
    let mut copied = 0;
    for word in rows.into_iter().flatten() {
        spoken.extend_from_slice(&seen[copied..word.from]);
        let whole = |c: char| Seen {
            c,
            accented: false,
            from: seen[word.from].from,
            to: seen[word.to - 1].to,
        };
        match word.means {
            Means::Number(digits) => spoken.extend(digits.chars().map(whole)),
            Means::And | Means::Else => spoken.push(whole(' ')),
        }
        copied = word.to;
    }
    spoken.extend_from_slice(&seen[copied..]);
    spoken
}

fn words(seen: &[Seen]) -> Vec<Word> {
    let mut words = Vec::new();
    let mut from = None;
    for place in 0..=seen.len() {
        let inside = seen.get(place).is_some_and(|seen| seen.c.is_alphanumeric());
        match (inside, from) {
            (true, None) => from = Some(place),
            (false, Some(start)) => {
                let text: String = seen[start..place]
                    .iter()
                    .flat_map(|seen| seen.c.to_lowercase())
                    .collect();
                words.push(Word {
                    from: start,
                    to: place,
                    means: meaning(&text),
                });
                from = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    words
}

fn meaning(word: &str) -> Means {
    let number = NUMBERS.iter().find(|(_, words)| words.contains(&word));
    match number {
        Some((digits, _)) => Means::Number(digits),
        None if AND.contains(&word) => Means::And,
        None => Means::Else,
    }
}

/// The rows of number words that are long enough, from a number to a number.
fn rows(words: &[Word]) -> Vec<&[Word]> {
    let mut rows = Vec::new();
    let mut start = 0;
    while start < words.len() {
        if !matches!(words[start].means, Means::Number(_)) {
            start += 1;
            continue;
        }
        let (mut end, mut last) = (start + 1, start + 1);
        while end < words.len()
            && words[end].from - words[end - 1].to <= GAP
            && words[end].means != Means::Else
        {
            end += 1;
            if matches!(words[end - 1].means, Means::Number(_)) {
                last = end;
            }
        }
        let row = &words[start..last];
        let numbers = row.iter().filter(|word| word.means != Means::And).count();
        if numbers >= FEWEST {
            rows.push(row);
        }
        start = end;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::view::View;

    #[test]
    fn a_row_of_number_words_is_digits_in_its_place() {
        let check = |text: &str, expected: &str| {
            let view = View::of(text);
            assert_eq!(view.text(0, view.len()), expected, "{text}");
        };
        check("é quatro oito dois nove.", "e 4 8 2 9.");
        check("Um, Dois, TRÊS", "1, 2, 3");
        check("four-eight-two-nine", "4-8-2-9");
        check("vingt et un, neuf", "20   1, 9");
        check("fünf sechs sieben acht", "5 6 7 8");
        check("quarenta e oito vinte e nove ok", "40   8 20   9 ok");
        check("uma ou duas vezes", "uma ou duas vezes");
        check("um dois e meio", "um dois e meio");
        check("um de três ou quatro", "um de tres ou quatro");
        let text = "a quatro oito dois z";
        let view = View::of(text);
        assert_eq!(&text[view.bytes(2, 5)], "quatro oito");
    }
}
