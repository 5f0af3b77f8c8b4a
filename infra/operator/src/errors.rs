//! Why a command gave no answer.

use recado_ports::{QueueError, StoreError};
use recado_runtime::ConfigError;
use recado_setup::PoolError;
use thiserror::Error;

use crate::bank::BankFaults;
use crate::ledger::LedgerError;

/// Why a command gave no answer: exit code 2.
#[derive(Debug, Error)]
pub(crate) enum OperatorError {
    /// The command line cannot be carried out as it is.
    #[error("{0}")]
    Usage(String),
    /// Region or credentials are missing.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The table did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue did not answer.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The bank's list does not read.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
    /// An import broke off. What was taken stays.
    #[error("stopped before line {line}: {why}")]
    Import {
        /// The line of the file to go on at.
        line: usize,
        /// What the API said.
        why: String,
    },
    /// A bank's file has mistakes.
    #[error(transparent)]
    Bank(#[from] BankFaults),
    /// A secret does not read, or is not written.
    #[error("{what}: {why}")]
    Secret {
        /// Which.
        what: &'static str,
        /// Why not; never its content.
        why: String,
    },
    /// The pool of clients gave no answer.
    #[error("the user pool: {0}")]
    Pool(#[from] PoolError),
    /// A file does not read, or does not take what is written.
    #[error("cannot use {path}: {source}")]
    File {
        /// Its path.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
}

impl std::error::Error for BankFaults {}

impl From<lexopt::Error> for OperatorError {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}
