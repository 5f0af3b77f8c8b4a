//! Passwords, PINs, security numbers and one-time codes: what stands beside their words.

use super::context::{self, Glue, Nearby, REACH, Spans, end_of, only_words};
use super::detect::Search;
use super::mixed;
use super::phrases::{ARTICLES, CONTINUATIONS, FILLERS, HARMLESS, OPENINGS, VERBS};

/// Words beside a secret, without accents.
pub(super) const SECRET_WORDS: &[&str] = &[
    "senha",
    "senhas",
    "assinatura eletronica",
    "password",
    "passwords",
    "passcode",
    "passwd",
    "pwd",
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
    "passphrase",
    "contrassenha",
    "palavra-passe",
    "palavra passe",
    "clave",
    "numero secreto",
    "numero de seguranca",
    "seguranca do cartao",
    "digitos de seguranca",
    "security number",
    "secret number",
    "numero de securite",
    "numero secret",
    "c.v.v",
    "c.v.c",
    "p.i.n",
];

/// German words that others stand glued before: `Kartenprüfnummer`, `Einmalpasswort`.
const ENDINGS: &[&str] = &[
    "passwort",
    "passworter",
    "kennwort",
    "geheimzahl",
    "geheimnummer",
    "geheimcode",
    "prufziffer",
    "prufnummer",
    "sicherheitsnummer",
];

/// Words beside a one-time code, without accents.
pub(super) const TOKEN_WORDS: &[&str] = &[
    "token",
    "tokens",
    "codigo",
    "codigos",
    "code",
    "codes",
    "otp",
    "tan",
    "mtan",
    "itan",
    "smstan",
    "pushtan",
    "phototan",
    "chiptan",
    "itoken",
    "cod",
    "verification number",
    "pincode",
    "sicherheitscode",
    "bestatigungscode",
    "verifizierungscode",
    "einmalcode",
    "zugangscode",
    "freischaltcode",
];

/// Digits that stand together, and the run they belong to.
struct Group {
    run: usize,
    from: usize,
    to: usize,
    digits: usize,
}

/// Words behind a secret's word, with what follows a colon, an equals sign or `é`.
#[derive(Default)]
pub(super) struct Told {
    /// Secrets.
    pub(super) certain: Spans,
    /// Letters behind a verb: a secret, or how the sentence goes on.
    pub(super) possible: Spans,
}

/// The words that are no part of something harmless.
fn places(lower: &[char], of: &[&str]) -> Spans {
    let mut spans = context::words(lower, of, Glue::Digits);
    if of == SECRET_WORDS {
        spans.extend(endings(lower));
        spans.sort_unstable();
    }
    if spans.is_empty() {
        return spans;
    }
    let harmless = context::words(lower, HARMLESS, Glue::Nothing);
    spans.retain(|(from, to)| {
        !harmless
            .iter()
            .any(|(start, end)| start <= from && to <= end)
    });
    spans
}

/// The places of words that end so.
fn endings(lower: &[char]) -> Spans {
    let mut spans = Vec::new();
    for (from, _) in lower.iter().enumerate() {
        let ends = ENDINGS.iter().filter_map(|word| end_of(word, lower, from));
        let last = |to: &usize| !lower.get(*to).is_some_and(|c| c.is_alphabetic());
        spans.extend(ends.filter(last).map(|to| (from, to)));
    }
    spans
}

/// Numbers near these words: three digits or more within reach, before one or behind it. Dates and amounts
/// only where nothing else stands between.
pub(super) fn digits(search: &Search<'_>, of: &[&str]) -> Nearby {
    let mut found = Nearby::default();
    let places = places(&search.lower, of);
    if places.is_empty() {
        return found;
    }
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
    for (start, end) in places {
        // They are in order: a long text is not gone through again for each of its words.
        let first = groups.partition_point(|group| group.to + REACH <= start);
        let near: Vec<&Group> = groups[first..]
            .iter()
            .take_while(|group| group.from < end + REACH)
            .filter(|group| group.to <= start || end <= group.from)
            .collect();
        for run in near.chunk_by(|one, next| one.run == next.run) {
            let beside = |group: &&&Group| {
                if group.to <= start {
                    // `100 est le code`; behind its word, an article leads to a date: `le 16/08`.
                    only_words(
                        &search.lower[group.to..start],
                        &[FILLERS, ARTICLES].concat(),
                    )
                } else {
                    only_words(&search.lower[end..group.from], FILLERS)
                }
            };
            let span = |group: &&Group| (group.from, group.to);
            let enough =
                |groups: &[&Group]| groups.iter().map(|group| group.digits).sum::<usize>() >= 3;
            let right: Vec<&Group> = run.iter().filter(beside).copied().collect();
            let plain: Vec<&Group> = run
                .iter()
                .filter(|group| beside(group) || !search.is_ordinary(group.from, group.to))
                .copied()
                .collect();
            if enough(&right) {
                found.beside.extend(right.iter().map(span));
            }
            if enough(&plain) {
                found.near.extend(plain.iter().map(span));
            }
        }
    }
    found
}

/// What follows one of these words and a colon, an equals sign, an arrow or a verb, up to the next blank;
/// and passwords of letters and digits near one.
pub(super) fn words(search: &Search<'_>, of: &[&str]) -> Told {
    let places = places(&search.lower, of);
    if places.is_empty() {
        return Told::default();
    }
    let mut told = told(search, &places);
    told.certain
        .extend(mixed::beside(search, &places, of == SECRET_WORDS));
    told
}

fn told(search: &Search<'_>, places: &[(usize, usize)]) -> Told {
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
    let starts = |at: usize, with: &str| end_of(with, &search.lower, at);
    let mark = |at: usize| {
        let marks = ["->", "=>", "→", "⇒", ":", "="];
        marks
            .into_iter()
            .find_map(|mark| Some((mark, starts(at, mark)?)))
    };
    let mut found = Told::default();
    for (_, end) in places.iter().copied() {
        let at = skip_blanks(end);
        let verb = VERBS
            .iter()
            .filter_map(|verb| Some((*verb, starts(at, verb)?)))
            .find(|(_, to)| !search.view.at(*to).is_some_and(char::is_alphanumeric));
        let behind_verb = verb.map_or(at, |(_, to)| skip_blanks(to));
        let marked = mark(behind_verb);
        let from = match (marked, verb) {
            (Some((_, to)), _) => skip_blanks(to),
            (None, Some((_, to))) if blank(to) => behind_verb,
            (None, Some(_) | None) => continue,
        };
        let Some(to) = word_ends.get(from).copied().filter(|to| from < *to) else {
            continue;
        };
        let word: Vec<char> = search.lower[from..to]
            .iter()
            .copied()
            .filter(|c| c.is_alphanumeric())
            .collect();
        let letters = word.iter().all(|c| c.is_alphabetic());
        // `e` may mean *and*; `é` does not.
        let and = verb.is_some_and(|(verb, _)| verb == "e" && !search.view.is_accented(at));
        let one_of = |list: &[&str]| {
            list.iter()
                .any(|known| known.chars().eq(word.iter().copied()))
        };
        match marked {
            _ if !letters => found.certain.push((from, to)),
            Some((":", _)) if one_of(OPENINGS) => {}
            Some(_) => found.certain.push((from, to)),
            None if and || one_of(CONTINUATIONS) || one_of(OPENINGS) => {}
            None => found.possible.push((from, to)),
        }
    }
    found
}
