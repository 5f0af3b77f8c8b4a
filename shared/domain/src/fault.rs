//! What is wrong with a request's content: the field and the rule, never the value.

use serde::Serialize;

/// One fault of a body; a problem document lists them all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// The field's path, as in `params.amount.currency`.
    pub field: String,
    /// What it must be. Never echoes the value.
    pub rule: String,
}

impl Fault {
    /// Names a field and its rule.
    #[must_use]
    pub fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            rule: rule.into(),
        }
    }
}
