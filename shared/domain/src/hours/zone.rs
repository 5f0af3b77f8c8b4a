//! In which zone a recipient probably lives: the area code is no residence, but the only hint there is.

use jiff::tz::TimeZone;

use crate::phone::E164;

/// A recipient's zone where the number tells another one than the bank's own might be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Zone {
    /// Most of Brazil, UTC-3 (no daylight saving time since 2019).
    Brasilia,
    /// Pernambuco (81): UTC-3, but on Fernando de Noronha UTC-2, so both count.
    Pernambuco,
    /// Mato Grosso, Mato Grosso do Sul, Rondônia, Roraima and most of Amazonas, UTC-4.
    Amazon,
    /// The west of Amazonas (97): UTC-4 or UTC-5, so both count.
    Solimoes,
    /// Acre, UTC-5.
    Acre,
    /// France.
    France,
    /// Germany.
    Germany,
}

impl Zone {
    /// Every zone.
    pub const ALL: [Self; 7] = [
        Self::Brasilia,
        Self::Pernambuco,
        Self::Amazon,
        Self::Solimoes,
        Self::Acre,
        Self::France,
        Self::Germany,
    ];

    /// The word in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Brasilia => "brt",
            Self::Pernambuco => "pe",
            Self::Amazon => "amt",
            Self::Solimoes => "sol",
            Self::Acre => "act",
            Self::France => "fr",
            Self::Germany => "de",
        }
    }

    /// Reads [`Zone::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|zone| zone.name() == text)
    }

    /// The zone of a number; none where it tells nothing, and the bank's own counts.
    #[must_use]
    #[allow(
        clippy::disallowed_methods,
        reason = "country and area code are read, which the masked number shows too"
    )]
    pub fn of(number: &E164) -> Option<Self> {
        let number = number.expose();
        if let Some(national) = number.strip_prefix("+55") {
            return Some(match national.get(..2)? {
                "65" | "66" | "67" | "69" | "92" | "95" => Self::Amazon,
                "81" => Self::Pernambuco,
                "97" => Self::Solimoes,
                "68" => Self::Acre,
                _ => Self::Brasilia,
            });
        }
        if number.starts_with("+33") {
            return Some(Self::France);
        }
        number.starts_with("+49").then_some(Self::Germany)
    }

    /// Its zones in the tz database: it is quiet where it is quiet in one of them.
    #[must_use]
    pub fn time_zones(self) -> Vec<TimeZone> {
        let names: &[&str] = match self {
            Self::Brasilia => &["America/Sao_Paulo"],
            Self::Pernambuco => &["America/Recife", "America/Noronha"],
            Self::Amazon => &["America/Manaus"],
            Self::Solimoes => &["America/Manaus", "America/Eirunepe"],
            Self::Acre => &["America/Rio_Branco"],
            Self::France => &["Europe/Paris"],
            Self::Germany => &["Europe/Berlin"],
        };
        names
            .iter()
            .map(|name| TimeZone::get(name).unwrap_or(TimeZone::UTC))
            .collect()
    }
}
