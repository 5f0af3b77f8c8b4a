//! What free text may never carry out of the bank.

use super::detect::{Kind, Search};
use super::secrets;
use super::view::View;

/// What was found in a text that must not be sent with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Forbidden {
    /// A full card number (PCI DSS 4.2.2).
    CardNumber,
    /// A password, a PIN, a one-time code or a card's security number.
    Secret,
    /// A full account number, national or IBAN.
    AccountNumber,
}

impl Forbidden {
    /// The rule, as a fault says it.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::CardNumber => "must not contain a card number",
            Self::Secret => "must not contain a password, a code or a card's security number",
            Self::AccountNumber => "must not contain an account number",
        }
    }
}

/// Everything in free text that must not be sent: none of it may leave in a parameter, a reply or a
/// label. Sees what [`for_transcript`](super::for_transcript) sees; of words without digits it refuses
/// those behind `senha:` and not those behind `senha é`, which may go on about the password.
#[must_use]
pub fn forbidden(text: &str) -> Vec<Forbidden> {
    found(text, |kind| match kind {
        Kind::Card => Some(Forbidden::CardNumber),
        Kind::Iban | Kind::Account => Some(Forbidden::AccountNumber),
        Kind::Secret | Kind::Token => Some(Forbidden::Secret),
        Kind::PixCode
        | Kind::Boleto
        | Kind::Transaction
        | Kind::Evp
        | Kind::Cnpj
        | Kind::Phone
        | Kind::Cpf
        | Kind::SecretWord
        | Kind::Email
        | Kind::Query
        | Kind::Ordinary
        | Kind::Several => None,
    })
}

/// The same of an address or a part of one, its percent-encoding undone. `token=` and `code=` are an
/// address's own way to say whose page it is.
#[must_use]
pub(crate) fn forbidden_in_address(address: &str) -> Vec<Forbidden> {
    found(&decoded(address), |kind| match kind {
        Kind::Card => Some(Forbidden::CardNumber),
        Kind::Iban | Kind::Account => Some(Forbidden::AccountNumber),
        Kind::Secret => Some(Forbidden::Secret),
        Kind::PixCode
        | Kind::Boleto
        | Kind::Transaction
        | Kind::Evp
        | Kind::Cnpj
        | Kind::Phone
        | Kind::Cpf
        | Kind::Token
        | Kind::SecretWord
        | Kind::Email
        | Kind::Query
        | Kind::Ordinary
        | Kind::Several => None,
    })
}

/// Whether the words make a secret of a number right beside them: `a senha é 4829`. A number that only
/// stands somewhere near is left out.
#[must_use]
pub(crate) fn tells_a_secret(text: &str) -> bool {
    let view = View::of(text);
    let search = Search::of(&view);
    [secrets::SECRET_WORDS, secrets::TOKEN_WORDS]
        .into_iter()
        .any(|words| !secrets::digits(&search, words).beside.is_empty())
}

/// Whether a label says who somebody is: an e-mail address, a CPF in its own form, a telephone number with
/// its plus or its brackets. Bare digits may be any number of the bank's own.
#[must_use]
pub(crate) fn says_who(text: &str) -> bool {
    let view = View::of(text);
    let found = Search::of(&view).found();
    found.into_iter().any(|found| {
        let written = view.text(found.from, found.to);
        match found.kind {
            Kind::Email => true,
            Kind::Cpf => written.contains(['.', '-']),
            Kind::Phone => written.contains(['+', '(']),
            Kind::PixCode
            | Kind::Boleto
            | Kind::Transaction
            | Kind::Evp
            | Kind::Iban
            | Kind::Card
            | Kind::Cnpj
            | Kind::Account
            | Kind::Secret
            | Kind::Token
            | Kind::SecretWord
            | Kind::Query
            | Kind::Ordinary
            | Kind::Several => false,
        }
    })
}

fn found(text: &str, is: impl Fn(Kind) -> Option<Forbidden>) -> Vec<Forbidden> {
    let view = View::of(text);
    let found = Search::of(&view).found();
    let mut forbidden: Vec<Forbidden> = found
        .into_iter()
        .filter_map(|found| is(found.kind))
        .collect();
    forbidden.sort_unstable();
    forbidden.dedup();
    forbidden
}

/// `%41` as `A` and `+` as a blank; what is no encoding stays.
fn decoded(address: &str) -> String {
    let bytes = address.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = address
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        plain.push(code.unwrap_or(if bytes[at] == b'+' { b' ' } else { bytes[at] }));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&plain).into_owned()
}
