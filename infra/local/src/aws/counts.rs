//! How often each operation was asked for: what a run costs is reckoned from it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Requests by operation. A batch, and a long poll that finds nothing, is one request each, as
/// AWS bills them.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<BTreeMap<&'static str, u64>>);

impl Counts {
    pub(super) fn add(&self, operation: &'static str) {
        *self.lock().entry(operation).or_default() += 1;
    }

    /// The numbers so far, by the operation's name as AWS spells it.
    pub(super) fn snapshot(&self) -> BTreeMap<&'static str, u64> {
        self.lock().clone()
    }

    pub(super) fn reset(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
