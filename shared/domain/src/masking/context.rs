//! What only its surroundings give away: accounts, secrets, addresses.

use super::detect::{Search, tokens};
use super::view::View;

/// How far from its word a number is still meant by it, in characters.
const REACH: usize = 25;

/// Words before an account, without accents.
const ACCOUNT_WORDS: &[&str] = &[
    "ag",
    "agencia",
    "cc",
    "c/c",
    "conta",
    "account",
    "acct",
    "compte",
    "konto",
    "kontonummer",
];

/// Words beside a secret, without accents.
const SECRET_WORDS: &[&str] = &[
    "senha",
    "senhas",
    "password",
    "passwords",
    "passcode",
    "passwort",
    "kennwort",
    "mot de passe",
    "contrasena",
    "pin",
    "token",
    "tokens",
    "cvv",
    "cvv2",
    "cvc",
    "cvc2",
    "cv2",
    "codigo",
    "codigos",
    "code",
    "codes",
    "otp",
    "tan",
];

/// What stands between such a word and a secret without digits.
const COPULAS: &[&str] = &[":", "=", "e:", "e", "is", "est", "ist"];

/// Where the words stand, alone.
fn words(lower: &[char], words: &[&str]) -> Vec<(usize, usize)> {
    let alone = |place: Option<&char>| !place.is_some_and(|c| c.is_alphanumeric());
    let mut spans = Vec::new();
    for (from, _) in lower.iter().enumerate() {
        if from > 0 && !alone(lower.get(from - 1)) {
            continue;
        }
        for word in words {
            let to = from + word.chars().count();
            let same = lower
                .get(from..to)
                .is_some_and(|part| part.iter().copied().eq(word.chars()));
            if same && alone(lower.get(to)) {
                spans.push((from, to));
            }
        }
    }
    spans
}

/// Accounts: after one of their words, five digits or more, or four with a check digit.
pub(super) fn accounts(search: &Search<'_>) -> Vec<(usize, usize)> {
    let lengths = |length| (4..=13).contains(&length);
    let windows: Vec<_> = search
        .runs
        .iter()
        .flat_map(|run| run.windows(lengths))
        .map(|window| (window.span(), window.digits().len()))
        .collect();
    let mut spans = Vec::new();
    for (_, end) in words(&search.lower, ACCOUNT_WORDS) {
        // They are in order: a long text is not gone through again for each of its words.
        let behind = windows.partition_point(|((from, _), _)| *from < end);
        for ((from, to), digits) in windows[behind..]
            .iter()
            .take_while(|((from, _), _)| *from < end + REACH)
        {
            let letter = search.view.at(*to) == Some('-')
                && matches!(search.view.at(to + 1), Some('x' | 'X'));
            if *digits >= 5 || letter {
                spans.push((*from, if letter { to + 2 } else { *to }));
            }
        }
    }
    spans
}

/// Digits that stand together, and the run they belong to.
struct Group {
    run: usize,
    from: usize,
    to: usize,
    digits: usize,
}

/// Numbers near a secret's word: three digits or more within reach, before it or behind it.
pub(super) fn secret_digits(search: &Search<'_>) -> Vec<(usize, usize)> {
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
    for (start, end) in words(&search.lower, SECRET_WORDS) {
        // They are in order: a long text is not gone through again for each of its words.
        let first = groups.partition_point(|group| group.to + REACH <= start);
        let near: Vec<&Group> = groups[first..]
            .iter()
            .take_while(|group| group.from < end + REACH)
            .filter(|group| group.to <= start || end <= group.from)
            .collect();
        for run in near.chunk_by(|one, next| one.run == next.run) {
            if run.iter().map(|group| group.digits).sum::<usize>() >= 3 {
                spans.extend(run.iter().map(|group| (group.from, group.to)));
            }
        }
    }
    spans
}

/// What follows a secret's word and a colon, an equals sign or `é`: up to the next blank.
pub(super) fn secret_words(search: &Search<'_>) -> Vec<(usize, usize)> {
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
    let mut spans = Vec::new();
    for (_, end) in words(&search.lower, SECRET_WORDS) {
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
            if let Some(to) = word_ends.get(from).filter(|to| from < **to) {
                spans.push((from, *to));
            }
        }
    }
    spans
}

/// E-mail addresses.
pub(super) fn emails(view: &View) -> Vec<(usize, usize)> {
    let local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'');
    let domain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let mut spans = Vec::new();
    for at in (0..view.len()).filter(|place| view.at(*place) == Some('@')) {
        let from = (0..at)
            .rev()
            .take_while(|place| view.at(*place).is_some_and(local))
            .last();
        let mut to = (at + 1..view.len())
            .find(|place| !view.at(*place).is_some_and(domain))
            .unwrap_or(view.len());
        while view.before(to).is_some_and(|c| matches!(c, '.' | '-')) {
            to -= 1;
        }
        let host = view.text(at + 1, to);
        let named = host
            .rsplit_once('.')
            .is_some_and(|(name, top)| !name.is_empty() && top.chars().count() >= 2);
        if let Some(from) = from.filter(|_| named) {
            spans.push((from, to));
        }
    }
    spans
}

/// The values in an address: its user, what follows its `?`, what follows its `#`.
pub(super) fn query_values(view: &View) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    for (from, to) in tokens(view, |c| {
        !c.is_whitespace() && !matches!(c, '<' | '>' | '"')
    }) {
        let text: Vec<char> = view.text(from, to).chars().collect();
        let find = |wanted: &[char], after: usize| {
            (after..text.len()).find(|at| wanted.contains(&text[*at]))
        };
        if let Some(mark) = find(&['?', '#'], 0).filter(|mark| text[*mark..].contains(&'=')) {
            spans.push((from + mark + 1, to));
        }
        let scheme = text.windows(3).position(|part| part == [':', '/', '/']);
        if let Some(host) = scheme.map(|at| at + 3) {
            let end = find(&['/', '?', '#'], host).unwrap_or(text.len());
            if let Some(user) = (host..end)
                .rev()
                .find(|at| text[*at] == '@')
                .filter(|user| *user > host)
            {
                spans.push((from + host, from + user));
            }
        }
    }
    spans
}
