//! The languages Recado speaks.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language as Meta names it: there is no bare `pt`, no `fr_FR`, no `de_DE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Locale {
    /// Brazilian Portuguese.
    #[serde(rename = "pt_BR")]
    PtBr,
    /// English.
    #[serde(rename = "en")]
    En,
    /// French.
    #[serde(rename = "fr")]
    Fr,
    /// German.
    #[serde(rename = "de")]
    De,
}

impl Locale {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::PtBr, Self::En, Self::Fr, Self::De];

    /// Meta's code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::PtBr => "pt_BR",
            Self::En => "en",
            Self::Fr => "fr",
            Self::De => "de",
        }
    }

    /// Reads Meta's code; webhooks write a hyphen where the API writes an underscore.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let normal = text.replace('-', "_");
        Self::ALL.into_iter().find(|locale| locale.code() == normal)
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_reads_back_with_a_hyphen_as_well() {
        for (locale, code) in Locale::ALL.into_iter().zip(["pt_BR", "en", "fr", "de"]) {
            assert_eq!(locale.code(), code);
            assert_eq!(Locale::parse(code), Some(locale));
        }
        assert_eq!(Locale::parse("pt-BR"), Some(Locale::PtBr));
        for other in ["pt", "pt_PT", "EN", ""] {
            assert_eq!(Locale::parse(other), None, "{other}");
        }
    }
}
