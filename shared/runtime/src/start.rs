//! The beginning of a process: when it was, of which function and stack.

use std::sync::OnceLock;

use jiff::Timestamp;
use recado_ports::Chance;

use crate::chance::Process;
use crate::config::{Env, ProcessEnv};
use crate::{logs, metrics};

/// What the metrics of a process without `STACK_NAME` are of.
const UNNAMED: &str = "recado";

struct Start {
    function: &'static str,
    stack: String,
    at: Timestamp,
}

static START: OnceLock<Start> = OnceLock::new();

/// Begins: logs at `LOG_LEVEL`, metrics of the stack that `STACK_NAME` tells. Both are read apart from the
/// settings, whose mistakes must be told. `function` is the binary's name.
pub fn init(function: &'static str) {
    let started = START.set(Start {
        function,
        stack: ProcessEnv
            .get("STACK_NAME")
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| UNNAMED.to_owned()),
        at: Process::default().now(),
    });
    if started.is_ok() {
        logs::init();
    }
}

/// Tells how long the start took: just before the first invocation is asked for.
pub fn ready() {
    if let Some(start) = START.get() {
        let now = Process::default().now();
        metrics::measure_start(start.function, now.duration_since(start.at), now);
    }
}

pub(crate) fn stack() -> &'static str {
    START.get().map_or(UNNAMED, |start| &start.stack)
}
