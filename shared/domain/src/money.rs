//! Money: minor units and a currency, never a floating-point number.

use serde::{Deserialize, Serialize};

/// Currencies Recado can name in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Brazilian real.
    Brl,
    /// US dollar.
    Usd,
    /// Euro.
    Eur,
}

impl Currency {
    /// Every currency, in the order in which an error names them.
    pub const ALL: [Self; 3] = [Self::Brl, Self::Usd, Self::Eur];

    /// ISO 4217's code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Brl => "BRL",
            Self::Usd => "USD",
            Self::Eur => "EUR",
        }
    }
}

/// An amount: `minor` is in cents. Within ± 9,999,999,999.99 (a Pix code's amount has ten digits before the point).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount in the currency's smallest unit.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// The largest amount, and with a minus sign the smallest, in minor units.
    pub const LIMIT: i64 = 999_999_999_999;
}
