//! What only its surroundings give away: accounts, addresses.

use super::detect::{Search, tokens};
use super::view::View;

/// Places from and to.
pub(super) type Spans = Vec<(usize, usize)>;

/// How far from its word a number is still meant by it, in characters.
pub(super) const REACH: usize = 25;

/// How far an account in its own form, with a check digit behind a hyphen, is looked for.
const FORM_REACH: usize = 60;

/// Words before an account, without accents.
const ACCOUNT_WORDS: &[&str] = &[
    "ag",
    "agencia",
    "cc",
    "c/c",
    "c.c",
    "cta",
    "conta",
    "contas",
    "poupanca",
    "account",
    "acct",
    "acc",
    "compte",
    "konto",
    "kto",
    "kontonr",
    "kontonummer",
    "girokonto",
    "sparkonto",
];

/// Words between an account's word and its number.
const FILLERS: &[&str] = &[
    "e",
    "eh",
    "a",
    "o",
    "de",
    "da",
    "do",
    "minha",
    "meu",
    "sua",
    "seu",
    "corrente",
    "poupanca",
    "pagamento",
    "salario",
    "numero",
    "num",
    "no",
    "n",
    "nr",
    "is",
    "my",
    "your",
    "the",
    "number",
    "est",
    "mon",
    "votre",
    "courant",
    "numero",
    "ist",
    "mein",
    "meine",
    "ihr",
    "ihre",
    "nummer",
    "lautet",
    "digito",
];

/// What stands near a word: right beside it, with nothing but its own words between, or somewhere near.
#[derive(Default)]
pub(super) struct Nearby {
    pub(super) beside: Spans,
    pub(super) near: Spans,
}

/// Whether digits may stand right beside a word without a blank, as in `CVV123`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Glue {
    Digits,
    Nothing,
}

/// Where the words stand, alone; of those that begin at one place, the longest.
pub(super) fn words(lower: &[char], words: &[&str], glue: Glue) -> Spans {
    let alone = |place: Option<&char>| {
        place.is_none_or(|c| !c.is_alphanumeric() || (glue == Glue::Digits && c.is_ascii_digit()))
    };
    let mut spans = Vec::new();
    for (from, _) in lower.iter().enumerate() {
        if from > 0 && !alone(lower.get(from - 1)) {
            continue;
        }
        let ends = words.iter().filter_map(|word| end_of(word, lower, from));
        let longest = ends.filter(|to| alone(lower.get(*to))).max();
        spans.extend(longest.map(|to| (from, to)));
    }
    spans
}

/// Where a word ends that begins here; most end with their first letter.
pub(super) fn end_of(word: &str, lower: &[char], from: usize) -> Option<usize> {
    let mut to = from;
    for letter in word.chars() {
        if *lower.get(to)? != letter {
            return None;
        }
        to += 1;
    }
    Some(to)
}

/// Whether no word stands here but these, and digits.
pub(super) fn only_words(between: &[char], allowed: &[&str]) -> bool {
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

/// A number that may be an account's.
struct Account {
    from: usize,
    to: usize,
    digits: usize,
    /// Whether a check digit stands behind a hyphen.
    checked: bool,
}

/// Accounts by their words: five digits or more, or four with a check digit.
pub(super) fn accounts(search: &Search<'_>) -> Nearby {
    let mut accounts: Vec<Account> = search
        .runs
        .iter()
        .flat_map(|run| run.windows(|length| (4..=20).contains(&length)))
        .map(|window| account(search.view, window.span(), window.digits().len()))
        .filter(|account| account.digits >= 5 || account.checked)
        .filter(|account| !search.is_ordinary(account.from, account.to))
        .collect();
    accounts.sort_by_key(|account| account.from);
    let mut found = Nearby::default();
    for (start, end) in words(&search.lower, ACCOUNT_WORDS, Glue::Nothing) {
        // They are in order: a long text is not gone through again for each of its words.
        let behind = accounts.partition_point(|account| account.from < end);
        for account in accounts[behind..]
            .iter()
            .take_while(|account| account.from < end + FORM_REACH)
        {
            let span = (account.from, account.to);
            if only_words(&search.lower[end..account.from], FILLERS) {
                found.beside.push(span);
            } else if (account.from < end + REACH && account.digits <= 13) || account.checked {
                found.near.push(span);
            }
        }
        // `0012345-6 é minha conta`: by its form only, any number may stand before a word.
        for account in accounts[..behind]
            .iter()
            .rev()
            .skip_while(|account| account.from >= start)
            .take_while(|account| account.to + REACH > start)
        {
            let before = account.to <= start;
            if before && account.checked && only_words(&search.lower[account.to..start], FILLERS) {
                found.near.push((account.from, account.to));
            }
        }
    }
    found
}

fn account(view: &View, (from, to): (usize, usize), digits: usize) -> Account {
    let letter = view.at(to) == Some('-')
        && matches!(view.at(to + 1), Some('x' | 'X'))
        && !view.at(to + 2).is_some_and(char::is_alphanumeric);
    let checked = letter || (to >= from + 6 && view.at(to - 2) == Some('-'));
    Account {
        from,
        to: if letter { to + 2 } else { to },
        digits,
        checked,
    }
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
