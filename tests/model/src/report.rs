//! What an exploration came to, as a reader wants it.

use std::fmt;

use crate::case::{Bounds, Receipts, Times};
use crate::invariant::Broken;
use crate::seen::Seen;

/// A broken promise and the shortest way to it.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which promise.
    pub broken: Broken,
    /// What happened, a line each.
    pub trace: Vec<String>,
}

/// What was looked at.
#[derive(Clone, Debug)]
pub struct Report {
    /// The case.
    pub case: &'static str,
    /// Its bounds.
    pub bounds: Bounds,
    /// States found.
    pub states: usize,
    /// Steps from one state to another.
    pub steps: usize,
    /// The longest of the shortest ways from the start, in steps.
    pub depth: usize,
    /// Whether that is all of them.
    pub whole: bool,
    /// The situations that were met.
    pub seen: Seen,
    /// Broken promises, each with a shortest way to it.
    pub violations: Vec<Violation>,
}

/// The table's head.
pub const HEAD: &str = "case      faults lates drives cancels revokes turns receipts times       states      steps depth";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bounds {
            faults,
            lates,
            drives,
            cancels,
            revokes,
            turns,
            receipts,
            times,
            most_states: _,
        } = self.bounds;
        let (receipts, times) = (receipts_word(receipts), times_word(times));
        let whole = if self.whole { "" } else { "  not all of them" };
        write!(
            f,
            "{:<9} {faults:>6} {lates:>5} {drives:>6} {cancels:>7} {revokes:>7} {turns:>5} {receipts:>8} {times:<7} {:>10} {:>10} {:>5}{whole}",
            self.case, self.states, self.steps, self.depth,
        )?;
        for violation in &self.violations {
            let Broken { invariant, what } = violation.broken;
            write!(f, "\n{invariant} does not hold: {what}")?;
            for line in &violation.trace {
                write!(f, "\n  {line}")?;
            }
        }
        Ok(())
    }
}

impl Report {
    /// The command that explores the same again.
    #[must_use]
    pub fn command(&self) -> String {
        let Bounds {
            faults,
            lates,
            drives,
            cancels,
            revokes,
            turns,
            ..
        } = self.bounds;
        format!(
            "cargo run --release -p recado-model -- --case {} --faults {faults} --lates {lates} --drives {drives} \
             --cancels {cancels} --revokes {revokes} --turns {turns} --receipts {} --times {}",
            self.case,
            receipts_word(self.bounds.receipts),
            times_word(self.bounds.times),
        )
    }
}

fn receipts_word(receipts: Receipts) -> &'static str {
    match receipts {
        Receipts::None => "none",
        Receipts::Some => "some",
        Receipts::All => "all",
    }
}

fn times_word(times: Times) -> &'static str {
    match times {
        Times::Present => "present",
        Times::Exact => "exact",
    }
}
