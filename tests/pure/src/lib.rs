//! What the functions do between two requests, ready to be timed and to have its allocations counted: the
//! same calls in the same order, on inputs as large as Meta and the banks send them.
//!
//! ```text
//! cargo bench -p recado-pure      # how long
//! cargo test -p recado-pure       # how many allocations, against a budget
//! ```

#![allow(
    clippy::unwrap_used,
    reason = "the inputs are constants; one that does not read has no measurement"
)]

pub mod protocol;
pub mod request;
pub mod template;
pub mod webhook;

use jiff::Timestamp;
use recado_domain::ids::TenantId;
use recado_domain::seal::Pepper;

/// The moment at which everything here happens.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

pub(crate) fn tenant() -> TenantId {
    TenantId::parse("banco-aurora").unwrap()
}

pub(crate) fn pepper() -> Pepper {
    Pepper::new("1", &[7; 32]).unwrap()
}
