//! What a text holds that must not be shown, found in the order of its structure's strength.

use super::cards;
use super::context;
use super::ordinary;
use super::payment::{iban_end, is_card, is_end_to_end_id};
use super::runs::{Run, Window};
use super::secrets;
use super::view::View;
use crate::boleto::is_boleto;
use crate::brcode;
use crate::params::{is_cnpj, is_cpf, is_uuid};
use crate::phone::E164;

/// What every Pix code begins with.
const CODE_START: &str = "000201";

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    PixCode,
    Boleto,
    Transaction,
    Evp,
    Iban,
    Card,
    Cnpj,
    Phone,
    Cpf,
    Account,
    Secret,
    /// A one-time code.
    Token,
    /// A word that follows a secret's and a verb: one, or how a sentence goes on.
    SecretWord,
    Email,
    /// What stands in an address behind its `?` or `#`, or before its `@`.
    Query,
    /// Nobody's: a court case, an invoice. What lies inside of it is not looked at.
    Ordinary,
    /// Found as two kinds that overlap, or only suspected.
    Several,
}

/// Where it stands in the view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: Kind,
}

/// A search: what a stronger detector covers whole is not looked at again.
pub(super) struct Search<'a> {
    pub(super) view: &'a View,
    pub(super) lower: Vec<char>,
    pub(super) runs: Vec<Run>,
    ordinary: Vec<(usize, usize)>,
    found: Vec<Found>,
}

impl<'a> Search<'a> {
    pub(super) fn of(view: &'a View) -> Self {
        let lower = view.lower();
        Self {
            view,
            ordinary: ordinary::all(view, &lower),
            lower,
            runs: Run::all(view),
            found: Vec::new(),
        }
    }

    /// Whether a date, an amount or a postal code touches these places.
    pub(super) fn is_ordinary(&self, from: usize, to: usize) -> bool {
        let before = self.ordinary.partition_point(|(_, end)| *end <= from);
        self.ordinary
            .get(before)
            .is_some_and(|(start, _)| *start < to)
    }

    /// What every detector finds, in order; those that overlap as one.
    pub(super) fn everything(self) -> Vec<Found> {
        merged(self.found())
    }

    /// Runs every detector, the one for the strongest structure first.
    pub(super) fn found(mut self) -> Vec<Found> {
        self.pix_codes();
        self.windows(
            Kind::Boleto,
            |length| matches!(length, 44 | 47 | 48),
            is_boleto,
        );
        self.tokens();
        self.keep(Kind::Ordinary, ordinary::court_cases(self.view));
        self.windows(
            Kind::Ordinary,
            |length| length == 44,
            ordinary::is_invoice_key,
        );
        self.ibans();
        self.windows(Kind::Card, |length| (13..=19).contains(&length), is_card);
        self.keep(Kind::Card, cards::in_groups(self.view));
        self.windows(Kind::Cnpj, |length| length == 14, is_cnpj);
        self.phones();
        self.windows(Kind::Cpf, |length| length == 11, is_cpf);
        let cards = self.spans_of(Kind::Card);
        let secret_digits = secrets::digits(&self, secrets::SECRET_WORDS);
        let token_digits = secrets::digits(&self, secrets::TOKEN_WORDS);
        let secret_words = secrets::words(&self, secrets::SECRET_WORDS);
        let token_words = secrets::words(&self, secrets::TOKEN_WORDS);
        let accounts = context::accounts(&self);
        // Right behind its word a number is what the word says, though it looks like a telephone's.
        for (kind, spans) in [
            (Kind::Secret, secret_digits.beside),
            (Kind::Token, token_digits.beside),
            (Kind::Account, accounts.beside),
        ] {
            let not = |kind: Kind| !matches!(kind, Kind::Phone | Kind::Cpf | Kind::Cnpj);
            self.keep_uncovered(kind, spans, not);
        }
        for (kind, spans) in [
            (Kind::Secret, secret_digits.near),
            (Kind::Token, token_digits.near),
            (Kind::Secret, secret_words.certain),
            (Kind::Token, token_words.certain),
            (Kind::Secret, cards::security_numbers(&self, &cards)),
            // Behind secrets: an account shows its last four, and a PIN beside `conta` has no more.
            (Kind::Account, accounts.near),
            (Kind::SecretWord, secret_words.possible),
            (Kind::SecretWord, token_words.possible),
            (Kind::Email, context::emails(self.view)),
            (Kind::Query, context::query_values(self.view)),
        ] {
            self.keep(kind, spans);
        }
        self.damaged_pix_codes();
        self.found.retain(|found| found.kind != Kind::Ordinary);
        self.found
    }

    fn spans_of(&self, kind: Kind) -> Vec<(usize, usize)> {
        let of = self.found.iter().filter(|found| found.kind == kind);
        let mut spans: Vec<_> = of.map(|found| (found.from, found.to)).collect();
        spans.sort_unstable();
        spans
    }

    /// Keeps what no earlier kind covers whole. What overlaps only partly stays: better to hide too much.
    fn keep(&mut self, kind: Kind, spans: Vec<(usize, usize)>) {
        self.keep_uncovered(kind, spans, |_| true);
    }

    /// Keeps what none of these earlier kinds covers whole.
    fn keep_uncovered(
        &mut self,
        kind: Kind,
        spans: Vec<(usize, usize)>,
        covers: impl Fn(Kind) -> bool,
    ) {
        if spans.is_empty() {
            return;
        }
        // By where they begin, each with the farthest end so far: a long text holds thousands.
        let mut earlier: Vec<(usize, usize)> = self
            .found
            .iter()
            .filter(|found| covers(found.kind))
            .map(|found| (found.from, found.to))
            .collect();
        earlier.sort_unstable();
        let mut farthest = 0;
        for (_, to) in &mut earlier {
            farthest = farthest.max(*to);
            *to = farthest;
        }
        for (from, to) in spans {
            let begun = earlier.partition_point(|(start, _)| *start <= from);
            let covered = begun
                .checked_sub(1)
                .is_some_and(|last| to <= earlier[last].1);
            if !covered {
                self.found.push(Found { from, to, kind });
            }
        }
    }

    fn windows(&mut self, kind: Kind, length: fn(usize) -> bool, is: fn(&[u8]) -> bool) {
        let spans = self
            .runs
            .iter()
            .flat_map(|run| run.windows(length))
            .filter(|window| is(window.digits()))
            .map(|window| window.span())
            .collect();
        self.keep(kind, spans);
    }

    /// Pix codes with their checksum.
    fn pix_codes(&mut self) {
        let spans = self.codes_of(brcode::prefix_length);
        self.keep(Kind::PixCode, spans);
    }

    /// Pix codes that were cut or changed, by their beginning and end. They come last: where one ends is
    /// a guess, and what lies inside of it is looked at by itself.
    fn damaged_pix_codes(&mut self) {
        let spans = self.codes_of(damaged_length);
        self.keep(Kind::PixCode, spans);
    }

    /// What begins as a Pix code and has a length by this measure.
    fn codes_of(&self, length: impl Fn(&str) -> Option<usize>) -> Vec<(usize, usize)> {
        let plain = self.view.text(0, self.view.len());
        if !plain.contains(CODE_START) {
            return Vec::new();
        }
        let bytes: Vec<(usize, usize)> = plain
            .char_indices()
            .enumerate()
            .map(|(at, (byte, _))| (byte, at))
            .collect();
        let place_of = |byte: usize| {
            bytes
                .binary_search_by_key(&byte, |pair| pair.0)
                .map_or(bytes.len(), |at| bytes[at].1)
        };
        plain
            .match_indices(CODE_START)
            .filter_map(|(from, _)| {
                let to = from + length(&plain[from..])?;
                Some((place_of(from), place_of(to)))
            })
            .collect()
    }

    /// Transactions, UUIDs and CNPJs with letters: tokens of letters and digits.
    fn tokens(&mut self) {
        let (mut transactions, mut uuids, mut cnpjs) = (Vec::new(), Vec::new(), Vec::new());
        for (from, to) in tokens(self.view, |c| {
            c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '/')
        }) {
            for (from, to) in without_edges(self.view, from, to) {
                let token = self.view.text(from, to);
                if is_end_to_end_id(&token) {
                    transactions.push((from, to));
                } else if is_uuid(&token.to_ascii_lowercase()) {
                    uuids.push((from, to));
                } else {
                    let plain: Vec<u8> = token
                        .bytes()
                        .filter(u8::is_ascii_alphanumeric)
                        .map(|b| b.to_ascii_uppercase())
                        .collect();
                    // Digits alone are looked at behind cards: they may be one.
                    if plain.iter().any(u8::is_ascii_uppercase) && is_cnpj(&plain) {
                        cnpjs.push((from, to));
                    }
                }
            }
        }
        self.keep(Kind::Transaction, transactions);
        self.keep(Kind::Evp, uuids);
        self.keep(Kind::Cnpj, cnpjs);
    }

    /// Telephone numbers, with the plus or the bracket before them.
    fn phones(&mut self) {
        let mark = |place: usize| {
            self.view
                .before(place)
                .is_some_and(|c| matches!(c, '+' | '('))
        };
        let spans = self
            .runs
            .iter()
            .flat_map(|run| run.windows(|length| (8..=16).contains(&length)))
            .filter(|window| is_phone(self.view, window))
            .map(|window| {
                let (mut from, to) = window.span();
                while mark(from) {
                    from -= 1;
                }
                (from, to)
            })
            .collect();
        self.keep(Kind::Phone, spans);
    }

    fn ibans(&mut self) {
        let spans = (0..self.view.len())
            .filter_map(|from| Some((from, iban_end(self.view, from)?)))
            .collect();
        self.keep(Kind::Iban, spans);
    }
}

/// The token itself, and the same without the punctuation a sentence puts around it or between two.
fn without_edges(view: &View, from: usize, to: usize) -> Vec<(usize, usize)> {
    let edge = |place: usize| view.at(place).is_some_and(|c| matches!(c, '-' | '.' | '/'));
    let (mut start, mut end) = (from, to);
    while start < end && edge(start) {
        start += 1;
    }
    while end > start && edge(end - 1) {
        end -= 1;
    }
    let mut spans = vec![(start, end)];
    // `…:id/E123…` and `id.123e…`: the parts between points and strokes as well.
    let mut part = start;
    for place in start..=end {
        if place == end || view.at(place).is_some_and(|c| matches!(c, '.' | '/')) {
            if part < place && (part, place) != (start, end) {
                spans.push((part, place));
            }
            part = place + 1;
        }
    }
    spans
}

/// The places of every token made of some characters.
pub(super) fn tokens(view: &View, of: impl Fn(char) -> bool) -> Vec<(usize, usize)> {
    let mut tokens = Vec::new();
    let mut from = None;
    for place in 0..=view.len() {
        match (view.at(place).is_some_and(&of), from) {
            (true, None) => from = Some(place),
            (false, Some(start)) => {
                tokens.push((start, place));
                from = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    tokens
}

/// The farthest that a damaged code's name, and then its checksum, is looked for, in bytes.
const DAMAGED_REACH: usize = 600;

/// A code whose checksum is wrong, from its beginning to the first `6304` and four characters behind it.
fn damaged_length(text: &str) -> Option<usize> {
    let near = |from: usize, wanted: &str| {
        let end = text.ceil_char_boundary(from + DAMAGED_REACH + wanted.len());
        text.get(from..end)?
            .to_ascii_lowercase()
            .find(wanted)
            .map(|at| from + at)
    };
    let checksum = near(near(0, "br.gov.bcb.pix")?, "6304")?;
    Some(
        text[checksum..]
            .char_indices()
            .nth(8)
            .map_or(text.len(), |(at, _)| checksum + at),
    )
}

/// A telephone number: with a plus; Brazilian with 55; area code in brackets; a bare Brazilian mobile.
fn is_phone(view: &View, window: &Window<'_>) -> bool {
    let digits = String::from_utf8_lossy(window.digits()).into_owned();
    let (from, _) = window.span();
    // `+55 …` or `+(55) …`: a country has one to three digits. A bracket that only opens is a sentence's.
    let places = &window.run.places[window.from..window.to];
    let bracketed = || {
        view.before(from) == Some('(')
            && view.before(from - 1) == Some('+')
            && places[..3]
                .iter()
                .any(|place| view.at(place + 1) == Some(')'))
    };
    let international = view.before(from) == Some('+') || bracketed();
    let brazilian = |digits: &str| E164::parse(&format!("+55{digits}")).is_ok();
    // Eleven digits are a mobile's: nine behind the area code, the first of them a 9.
    let mobile = |digits: &str| digits.len() == 11 && brazilian(digits);
    let dialled = digits.trim_start_matches('0');
    (international && (8..=15).contains(&digits.len()) && !digits.starts_with('0'))
        || (view.before(from) == Some('(') && matches!(digits.len(), 10 | 11) && brazilian(&digits))
        || (digits.len() - dialled.len() <= 3
            && (mobile(dialled) || dialled.strip_prefix("55").is_some_and(brazilian)))
        || local_mobile(view, window)
}

/// `98765-4321`: nine digits with the hyphen where people write it.
fn local_mobile(view: &View, window: &Window<'_>) -> bool {
    let digits = window.digits();
    let places = &window.run.places[window.from..window.to];
    digits.len() == 9
        && digits[0] == b'9'
        && view.before(places[5]) == Some('-')
        && places[5] == places[4] + 2
        && places[8] == places[5] + 3
}

/// The spans in order, those that overlap as one; a kind is kept where its longest span holds the others.
pub(super) fn merged(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|found| (found.from, std::cmp::Reverse(found.to)));
    let mut merged: Vec<Found> = Vec::with_capacity(found.len());
    for next in found {
        match merged.last_mut() {
            Some(last) if next.from < last.to => {
                let inside = next.kind == last.kind && next.to <= last.to;
                if !inside {
                    *last = Found {
                        from: last.from,
                        to: last.to.max(next.to),
                        kind: Kind::Several,
                    };
                }
            }
            _ => merged.push(next),
        }
    }
    merged
}
