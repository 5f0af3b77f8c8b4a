//! In-memory twins of store, queues, clock and randomness.
//!
//! They keep the contracts of `contract`, which the adapters keep on the wire as well, and they let a
//! test see everything, move the clock, and break any call before or after it took effect.

mod conversations;
mod notifications;
mod queues;
mod recipients;
mod registry;
mod store;
mod switches;
mod templates;
mod world;

pub use queues::{Body, Message, Place, QueueFault, Queues};
pub use store::{Chat, Fault, Person, Store, StoreCall};
pub use world::World;

use jiff::Timestamp;

/// A time as every store and queue keeps it: whole milliseconds.
fn whole_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
