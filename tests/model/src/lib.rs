//! The delivery protocol, explored exhaustively within stated bounds.
//!
//! The rules are the domain's own (`recado_domain::delivery`), asked through [`Protocol`]; the model is
//! the world around them: queues that deliver late, twice and in any order, functions that die between
//! any two effects, answers that get lost, a Meta that tells anything or nothing, a bank that cancels and
//! a customer who revokes. [`explore`] visits every state that this world can reach within its
//! [`Bounds`], checks the promises of `docs/ARCHITECTURE.md` in each, and shows that every story ends.

mod action;
mod case;
mod check;
mod clock;
mod drive;
mod effect;
mod explore;
mod fingerprint;
mod gate;
mod invariant;
mod protocol;
mod report;
mod seen;
mod state;
mod table;
mod trace;
mod world;

pub use case::{Bounds, Case, Receipts, Times, Validity};
pub use explore::{Until, explore};
pub use invariant::Broken;
pub use protocol::{Protocol, Real};
pub use report::{HEAD, Report, Violation};
pub use seen::{Seen, Situation};
