//! The SMS channel, through Amazon SNS.
//!
//! SNS has no idempotency key and tells nothing about the handset: a Publish is made once per claim,
//! and what its answer says is all that is known.

mod client;
mod errors;

pub use client::Sms;
