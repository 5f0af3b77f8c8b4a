//! Masking of free text, in two grades.
//!
//! [`for_log`] hides too much rather than too little; [`for_transcript`] hides what it recognises and
//! leaves the rest readable. Both see through other scripts' digits, full-width and invisible characters,
//! accents, and the separators that people write.

mod cards;
mod context;
mod detect;
mod forbidden;
mod mixed;
mod ordinary;
mod payment;
mod phrases;
mod runs;
mod secrets;
mod spoken;
mod view;

use detect::{Found, Kind, Search, merged, tokens};
pub use forbidden::{Forbidden, forbidden};
pub(crate) use forbidden::{forbidden_in_address, says_who, tells_a_secret};
use runs::Run;
use view::View;

use crate::iban;
use crate::params::{Cnpj, Cpf, masked_account, masked_email, masked_uuid};
use crate::phone::E164;

/// What stands for something hidden whole.
pub const HIDDEN: &str = "***";

/// From this many digits on, a run is hidden from logs whatever it is.
const LOG_DIGITS: usize = 7;

/// From this many characters on, a word with a digit in it is hidden from logs as well.
const LOG_WORD: usize = 20;

/// The text as a log may show it: whatever a detector knows, every run or word of seven digits or more,
/// every word that looks like an identifier, every address behind its host, each as `***`.
#[must_use]
pub fn for_log(text: &str) -> String {
    let view = View::of(text);
    let mut found = Search::of(&view).everything();
    let suspect = |(from, to)| Found {
        from,
        to,
        kind: Kind::Several,
    };
    let is_blank = |c: char| c.is_whitespace();
    found.extend(
        Run::all(&view)
            .iter()
            .filter(|run| run.digits.len() >= LOG_DIGITS)
            .map(|run| suspect((run.places[0], run.places[run.places.len() - 1] + 1))),
    );
    for (from, to) in tokens(&view, |c| !is_blank(c)) {
        let word = view.text(from, to);
        let digits = word.chars().filter(char::is_ascii_digit).count();
        // Identifiers in base64 (a wamid) hold a number that no detector sees.
        if digits >= LOG_DIGITS || (digits > 0 && to - from >= LOG_WORD) {
            found.push(suspect((from, to)));
        }
        if let Some(scheme) = word.find("://") {
            let host = word[..scheme].chars().count() + 3;
            let path = word
                .chars()
                .skip(host)
                .position(|c| matches!(c, '/' | '?' | '#'));
            if let Some(path) = path.filter(|path| from + host + path + 1 < to) {
                found.push(suspect((from + host + path + 1, to)));
            }
        }
    }
    replace(text, &view, merged(found), |_, _| HIDDEN.to_owned())
}

/// The text as an agent or a transcript may show it: each recognised kind by the mask it has everywhere
/// else.
#[must_use]
pub fn for_transcript(text: &str) -> String {
    let view = View::of(text);
    let found = Search::of(&view).everything();
    replace(text, &view, found, mask)
}

fn replace(
    text: &str,
    view: &View,
    found: Vec<Found>,
    mask: impl Fn(Kind, &str) -> String,
) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut copied = 0;
    for Found { from, to, kind } in found {
        let bytes = view.bytes(from, to);
        if let Some(before) = text.get(copied..bytes.start) {
            shown.push_str(before);
        }
        shown.push_str(&mask(kind, &view.text(from, to)));
        copied = bytes.end;
    }
    shown.push_str(&text[copied..]);
    shown
}

/// The mask of a kind; `***` where its value does not say enough for one.
fn mask(kind: Kind, plain: &str) -> String {
    let kept: String = plain.chars().filter(char::is_ascii_alphanumeric).collect();
    let last = |count: usize| &kept[kept.len().saturating_sub(count)..];
    let masked = match kind {
        Kind::Card => Some(format!("**** {}", last(4))),
        Kind::Iban => Some(iban::masked(&kept)),
        Kind::Evp => Some(masked_uuid(plain)),
        Kind::Cnpj => Cnpj::parse(&kept).map(|cnpj| cnpj.masked()),
        Kind::Cpf => Cpf::parse(&kept).map(|cpf| cpf.masked()),
        Kind::Phone => {
            let dialled = kept.trim_start_matches('0');
            let country =
                if plain.contains('+') || (dialled.starts_with("55") && dialled.len() > 11) {
                    "+"
                } else {
                    "+55"
                };
            E164::parse(&format!("{country}{dialled}"))
                .ok()
                .map(|phone| phone.masked())
        }
        Kind::Account => Some(masked_account(plain)),
        Kind::Email => Some(masked_email(plain)),
        Kind::PixCode
        | Kind::Boleto
        | Kind::Transaction
        | Kind::Secret
        | Kind::Token
        | Kind::SecretWord
        | Kind::Query
        | Kind::Ordinary
        | Kind::Several => None,
    };
    masked.unwrap_or_else(|| HIDDEN.to_owned())
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod edges;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod told;
