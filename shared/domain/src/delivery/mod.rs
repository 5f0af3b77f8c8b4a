//! The delivery protocol: facts of one item, conditional changes of them, and the step that decides.
//!
//! Invariants I1–I12 of `docs/ARCHITECTURE.md` are its specification.

pub mod change;
mod facts;
mod notification;
mod outcome;
mod progress;
mod reason;
mod status;
mod step;

pub use change::{Change, Claim, Condition, Content};
pub use facts::{Fact, Facts, LegFact, Value};
pub use notification::{Leg, Notification, Response, Rung, WhenQueueWaitExceeded, plus};
pub use outcome::{Failure, FailureKind, PostOutcome, Receipts};
pub use progress::{Progress, progress};
pub use reason::{CloseReason, OpenedBecause, SuppressReason};
pub use status::{LegStatus, Status};
pub use step::{
    CapVerdict, Context, Effect, Event, Handoff, Limits, Permission, TimerKind, accepted,
    ends_unsent, receipt_failed, step,
};

#[cfg(test)]
pub(crate) mod tests;
