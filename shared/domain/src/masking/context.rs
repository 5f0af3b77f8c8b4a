//! What only its surroundings give away: accounts, addresses.

use super::detect::{Search, tokens};
use super::view::View;

/// Places from and to.
pub(super) type Spans = Vec<(usize, usize)>;

/// How far from its word a number is still meant by it, in characters.
pub(super) const REACH: usize = 25;

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

/// Where the words stand, alone.
pub(super) fn words(lower: &[char], words: &[&str]) -> Spans {
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
pub(super) fn accounts(search: &Search<'_>) -> Spans {
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
            if search.is_ordinary(*from, *to) {
                continue;
            }
            let letter = search.view.at(*to) == Some('-')
                && matches!(search.view.at(to + 1), Some('x' | 'X'));
            if *digits >= 5 || letter {
                spans.push((*from, if letter { to + 2 } else { *to }));
            }
        }
    }
    spans
}

/// E-mail addresses.
pub(super) fn emails(view: &View) -> Spans {
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
pub(super) fn query_values(view: &View) -> Spans {
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
