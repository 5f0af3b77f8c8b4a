//! Passwords, PINs, security numbers and one-time codes: what stands beside their words.

use super::context::{REACH, Spans, words};
use super::detect::Search;

/// Words beside a secret, without accents.
const SECRET_WORDS: &[&str] = &[
    "senha",
    "senhas",
    "assinatura eletronica",
    "password",
    "passwords",
    "passcode",
    "passwd",
    "pwd",
    "passwort",
    "kennwort",
    "geheimzahl",
    "geheimnummer",
    "mot de passe",
    "mdp",
    "contrasena",
    "pin",
    "pins",
    "cvv",
    "cvv2",
    "cvc",
    "cvc2",
    "cv2",
    "cvn",
    "cryptogramme",
    "prufziffer",
    "prufnummer",
    "kartenprufnummer",
];

/// Words beside a one-time code, without accents.
const TOKEN_WORDS: &[&str] = &[
    "token",
    "tokens",
    "codigo",
    "codigos",
    "code",
    "codes",
    "otp",
    "tan",
    "smstan",
    "pincode",
    "sicherheitscode",
    "bestatigungscode",
    "verifizierungscode",
    "einmalcode",
    "zugangscode",
    "freischaltcode",
];

/// Codes that are nobody's secret, though they are called so.
const HARMLESS: &[&str] = &[
    "codigo de barras",
    "codigo do pedido",
    "codigo do produto",
    "codigo do banco",
    "codigo do cliente",
    "codigo da agencia",
    "codigo de rastreio",
    "codigo de rastreamento",
    "codigo promocional",
    "codigo postal",
    "code postal",
    "code promo",
    "code client",
    "code banque",
    "code guichet",
    "code barres",
    "postal code",
    "zip code",
    "sort code",
    "promo code",
    "tracking code",
    "country code",
    "area code",
    "bank code",
    "error code",
    "status code",
    "codigo de erro",
    "code erreur",
];

/// What stands between such a word and a secret without digits. `é` is told from `e`, which may mean
/// *and*.
const COPULAS: &[&str] = &[":", "=", "e:", "e", "eh", "is", "est", "ist", "lautet"];

/// How a sentence about a secret goes on that does not tell it.
const CONTINUATIONS: &[&str] = &[
    "a",
    "o",
    "as",
    "os",
    "um",
    "uma",
    "muito",
    "de",
    "do",
    "da",
    "so",
    "que",
    "sempre",
    "essa",
    "esta",
    "errada",
    "invalida",
    "incorreta",
    "obrigatoria",
    "pessoal",
    "secreta",
    "necessaria",
    "nova",
    "the",
    "a",
    "an",
    "not",
    "now",
    "still",
    "always",
    "too",
    "very",
    "wrong",
    "invalid",
    "incorrect",
    "expired",
    "blocked",
    "locked",
    "required",
    "personal",
    "secret",
    "correct",
    "right",
    "being",
    "in",
    "la",
    "le",
    "les",
    "un",
    "une",
    "pas",
    "plus",
    "toujours",
    "bien",
    "tres",
    "incorrecte",
    "invalide",
    "faux",
    "fausse",
    "perdu",
    "bloque",
    "expire",
    "obligatoire",
    "personnel",
    "secret",
    "trop",
    "der",
    "die",
    "das",
    "ein",
    "eine",
    "nicht",
    "kein",
    "keine",
    "falsch",
    "ungultig",
    "abgelaufen",
    "gesperrt",
    "richtig",
    "zu",
    "sehr",
    "immer",
    "noch",
    "nun",
    "jetzt",
    "geheim",
    "personlich",
    "weg",
];

/// French articles.
const ARTICLES: &[&str] = &["le", "la"];

/// Words between a secret's word and a number that is the secret, whatever it looks like.
const FILLERS: &[&str] = &[
    "e",
    "eh",
    "era",
    "foi",
    "a",
    "o",
    "as",
    "os",
    "minha",
    "meu",
    "sua",
    "seu",
    "nova",
    "novo",
    "de",
    "do",
    "da",
    "numero",
    "no",
    "nr",
    "is",
    "was",
    "my",
    "your",
    "the",
    "new",
    "number",
    "est",
    "ma",
    "mon",
    "votre",
    "nouveau",
    "ist",
    "war",
    "lautet",
    "mein",
    "meine",
    "das",
    "der",
    "die",
    "neue",
    "neuer",
    "seguranca",
    "verificacao",
];

/// Digits that stand together, and the run they belong to.
struct Group {
    run: usize,
    from: usize,
    to: usize,
    digits: usize,
}

/// Numbers near a secret's word: three digits or more within reach, before it or behind it. Dates and
/// amounts only where nothing else stands between.
pub(super) fn secret_digits(search: &Search<'_>) -> Spans {
    digits_near(search, &secrets(&search.lower, SECRET_WORDS))
}

/// The same near a one-time code's word.
pub(super) fn token_digits(search: &Search<'_>) -> Spans {
    digits_near(search, &secrets(&search.lower, TOKEN_WORDS))
}

/// The words that are no part of something harmless.
fn secrets(lower: &[char], of: &[&str]) -> Spans {
    let harmless = words(lower, HARMLESS);
    let mut spans = words(lower, of);
    spans.retain(|(from, to)| {
        !harmless
            .iter()
            .any(|(start, end)| start <= from && to <= end)
    });
    spans
}

fn digits_near(search: &Search<'_>, words: &[(usize, usize)]) -> Spans {
    let groups: Vec<Group> = search
        .runs
        .iter()
        .enumerate()
        .flat_map(|(run, all)| all.groups().map(move |group| (run, group)))
        .map(|(run, group)| {
            let ((from, to), digits) = (group.span(), group.digits().len());
            Group {
                run,
                from,
                to,
                digits,
            }
        })
        .collect();
    let mut spans = Vec::new();
    for (start, end) in words.iter().copied() {
        // They are in order: a long text is not gone through again for each of its words.
        let first = groups.partition_point(|group| group.to + REACH <= start);
        let near: Vec<&Group> = groups[first..]
            .iter()
            .take_while(|group| group.from < end + REACH)
            .filter(|group| group.to <= start || end <= group.from)
            .filter(|group| {
                let leads = if group.to <= start {
                    // `100 est le code`; behind its word, an article leads to a date: `le 16/08`.
                    only_words(
                        &search.lower[group.to..start],
                        &[FILLERS, ARTICLES].concat(),
                    )
                } else {
                    only_words(&search.lower[end..group.from], FILLERS)
                };
                leads || !search.is_ordinary(group.from, group.to)
            })
            .collect();
        for run in near.chunk_by(|one, next| one.run == next.run) {
            if run.iter().map(|group| group.digits).sum::<usize>() >= 3 {
                spans.extend(run.iter().map(|group| (group.from, group.to)));
            }
        }
    }
    spans
}

/// Whether no word stands here but these, and digits.
fn only_words(between: &[char], allowed: &[&str]) -> bool {
    between
        .split(|c| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .all(|word| {
            word.iter().all(char::is_ascii_digit)
                || allowed
                    .iter()
                    .any(|one| one.chars().eq(word.iter().copied()))
        })
}

/// What follows a secret's word and a colon, an equals sign or `é`: up to the next blank. First what is
/// a secret, then what may be one: letters behind a verb.
pub(super) fn secret_words(search: &Search<'_>) -> (Spans, Spans) {
    words_behind(search, &secrets(&search.lower, SECRET_WORDS))
}

/// The same behind a one-time code's word.
pub(super) fn token_words(search: &Search<'_>) -> (Spans, Spans) {
    words_behind(search, &secrets(&search.lower, TOKEN_WORDS))
}

fn words_behind(search: &Search<'_>, words: &[(usize, usize)]) -> (Spans, Spans) {
    let blank = |place: usize| search.view.at(place).is_some_and(char::is_whitespace);
    let skip_blanks = |mut place: usize| {
        while blank(place) {
            place += 1;
        }
        place
    };
    // Where the word that each place belongs to ends.
    let mut word_ends = vec![search.view.len(); search.view.len() + 1];
    for place in (0..search.view.len()).rev() {
        word_ends[place] = if blank(place) {
            place
        } else {
            word_ends[place + 1]
        };
    }
    let (mut certain, mut possible) = (Vec::new(), Vec::new());
    for (_, end) in words.iter().copied() {
        let at = skip_blanks(end);
        for copula in COPULAS {
            let behind = at + copula.chars().count();
            let same = search
                .lower
                .get(at..behind)
                .is_some_and(|part| part.iter().copied().eq(copula.chars()));
            let apart = copula.ends_with([':', '=']) || blank(behind);
            if !same || !apart {
                continue;
            }
            let from = skip_blanks(behind);
            let Some(to) = word_ends.get(from).copied().filter(|to| from < *to) else {
                continue;
            };
            let word: Vec<char> = search.lower[from..to]
                .iter()
                .copied()
                .filter(|c| c.is_alphanumeric())
                .collect();
            let verb = !copula.ends_with([':', '=']);
            let letters = word.iter().all(|c| c.is_alphabetic());
            let and = *copula == "e" && !search.view.is_accented(at);
            let goes_on = CONTINUATIONS
                .iter()
                .any(|known| known.chars().eq(word.iter().copied()));
            if !verb || !letters {
                certain.push((from, to));
            } else if !and && !goes_on {
                possible.push((from, to));
            }
        }
    }
    (certain, possible)
}
