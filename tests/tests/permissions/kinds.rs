//! What lies in the table, by the beginning of its partition keys.

/// A kind of partition.
pub(crate) struct Kind {
    /// The beginning of its keys, up to and with the first `#`; the whole key where there is none.
    pub(crate) prefix: &'static str,
    pub(crate) holds: &'static str,
    pub(crate) personal: Personal,
}

/// Whether customers' data lies there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Personal {
    /// Sealed data, which only a holder of the sealing keys can open, besides pseudonyms.
    Sealed,
    /// Pseudonyms and what is said of them.
    Pseudonyms,
    /// Nothing about a customer.
    No,
}

impl Personal {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Pseudonyms => "pseudonyms",
            Self::No => "none",
        }
    }
}

const fn kind(prefix: &'static str, holds: &'static str, personal: Personal) -> Kind {
    Kind {
        prefix,
        holds,
        personal,
    }
}

/// Every kind there is; a test holds the table's items against it.
pub(crate) const KINDS: [Kind; 15] = [
    kind(
        "NTF#",
        "notifications: their facts, masked parameters; number and parameters until they end",
        Personal::Sealed,
    ),
    kind(
        "RCP#",
        "recipients: profile with the number, current consents, what counts against the day's cap",
        Personal::Sealed,
    ),
    kind(
        "RCPH#",
        "the history of consents with its evidence",
        Personal::Sealed,
    ),
    kind("CHAT#", "conversations, masked", Personal::Sealed),
    kind(
        "ALIAS#",
        "which recipient a WhatsApp id leads to, as digests",
        Personal::Pseudonyms,
    ),
    kind(
        "TNT#",
        "banks: numbers at Meta, limits, hours",
        Personal::No,
    ),
    kind("CLIENT#", "which bank an OAuth2 client is", Personal::No),
    kind("NUMBER#", "which bank a number at Meta is", Personal::No),
    kind("WABA#", "which bank an account at Meta is", Personal::No),
    kind(
        "TPL#",
        "a bank's own template versions, and what Meta says of every version",
        Personal::No,
    ),
    kind("TPLS#", "the names of a bank's own templates", Personal::No),
    kind(
        "PEPPER",
        "by which pepper the table's people are known: a digest of it",
        Personal::No,
    ),
    kind("SWITCHES", "what is turned now", Personal::No),
    kind(
        "SWITCH#",
        "who turned a switch, when and why (operators only)",
        Personal::No,
    ),
    kind(
        "TALLY#",
        "what counts against SMS budgets and rates",
        Personal::No,
    ),
];

/// The kind that a pattern of partition keys is about.
pub(crate) fn of_pattern(pattern: &str) -> Option<&'static Kind> {
    KINDS
        .iter()
        .find(|kind| pattern == kind.prefix || pattern.strip_suffix('*') == Some(kind.prefix))
}
