//! Lambda: the real function binaries as processes, each instance with a Runtime API
//! of its own.
//!
//! An instance serves one invocation at a time. A function starts instances as it
//! needs them, up to its limit; beyond it invocations wait. What AWS does to an
//! instance happens here too: one that times out is killed, one that dies fails the
//! invocation it had and no other.

mod function;
mod instance;
mod log;
mod runtime_api;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, join_all};

pub use function::{Function, InstanceState, InstanceStatus, Statistics};
pub use log::{LogLine, LogSink};

use crate::template;

/// Most bytes of an invocation's payload, and of its response. AWS Lambda quotas, 6 MB.
pub const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

/// Why an invocation gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The function itself reported an error, or its answer broke a limit.
    #[error("function error {error_type}: {message}")]
    FunctionError {
        /// The error's name, as the function gave it.
        error_type: String,
        /// The error's text.
        message: String,
    },
    /// The function's timeout passed; the instance was killed.
    #[error("Task timed out after {:.2} seconds", .after.as_secs_f64())]
    Timeout {
        /// The function's timeout.
        after: Duration,
    },
    /// The process ended in the middle of the invocation.
    #[error("the instance ended during the invocation: {status}")]
    Crashed {
        /// How it ended.
        status: String,
    },
    /// No instance could be started.
    #[error("the function could not start: {message}")]
    InitFailed {
        /// What it said, or how it ended.
        message: String,
    },
    /// The payload is over [`MAX_PAYLOAD_BYTES`]; the function was not invoked.
    #[error("the payload is over Lambda's limit of {MAX_PAYLOAD_BYTES} bytes")]
    RequestTooLarge,
}

/// Anything that can be invoked as a Lambda function is.
pub trait Invoke: Send + Sync {
    /// Invokes the function and waits for its answer.
    fn invoke(&self, payload: Bytes) -> BoxFuture<'_, Result<Bytes, InvokeError>>;
}

/// What all functions of a stack share.
#[derive(Clone)]
pub struct Settings {
    /// `AWS_REGION`.
    pub region: String,
    /// Account in ARNs.
    pub account_id: String,
    /// Receives every line that a function prints.
    pub log: LogSink,
    /// Where `<function>.log` files go, if anywhere.
    pub log_directory: Option<PathBuf>,
    /// How long an instance may take until it asks for its first invocation.
    /// 10 s on AWS; give more where builds run beside it.
    pub init_timeout: Duration,
}

/// A function to run.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The function's name.
    pub name: String,
    /// The executable.
    pub binary: PathBuf,
    /// Arguments of the process. Lambda gives none, so this is empty but in tests.
    pub arguments: Vec<String>,
    /// Variables from the template.
    pub environment: BTreeMap<String, String>,
    /// Variables beside the template's, such as the addresses of the stand-ins;
    /// they win over all others.
    pub extra_environment: BTreeMap<String, String>,
    /// The longest an invocation may take.
    pub timeout: Duration,
    /// MB; only told to the function, not enforced.
    pub memory_mb: u32,
    /// The most instances at once, at least 1.
    pub max_instances: usize,
}

impl Setup {
    /// The function as the template describes it.
    ///
    /// `ReservedConcurrentExecutions` lowers `max_instances`.
    #[must_use]
    pub fn from_template(
        function: &template::Function,
        binary: PathBuf,
        extra_environment: BTreeMap<String, String>,
        max_instances: usize,
    ) -> Self {
        let reserved = function
            .reserved_concurrency
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(usize::MAX);
        Self {
            name: function.name.clone(),
            binary,
            arguments: Vec::new(),
            environment: function.environment.clone(),
            extra_environment,
            timeout: function.timeout,
            memory_mb: function.memory_mb,
            max_instances: max_instances.min(reserved).max(1),
        }
    }
}

/// All functions of a stack. [`Lambda::shutdown`] ends every process; so does, without
/// waiting for it, dropping this and every [`Function`].
pub struct Lambda {
    settings: Arc<Settings>,
    functions: Mutex<Vec<Function>>,
}

impl Lambda {
    /// A Lambda without functions.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            functions: Mutex::default(),
        }
    }

    /// Adds a function. No process starts before its first invocation.
    ///
    /// # Errors
    ///
    /// When its log file cannot be opened.
    pub fn add(&self, setup: Setup) -> std::io::Result<Function> {
        let function = Function::new(setup, Arc::clone(&self.settings))?;
        self.functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(function.clone());
        Ok(function)
    }

    /// Kills every instance and waits until all are gone. Invocations that were under
    /// way, or come later, fail.
    pub async fn shutdown(&self) {
        let functions = self
            .functions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        join_all(functions.iter().map(Function::shutdown)).await;
    }
}
