//! Recado's one table: keys, items, conditional writes.
//!
//! Nothing is decided here. A change of a notification comes as data ([`recado_domain::delivery::Change`])
//! and is translated; what the service answers is translated back. One item, one write, one condition:
//! the only transactions are those of a consent and of a switch with their histories, which no message
//! waits for.

mod attributes;
mod cache;
mod consent;
mod conversations;
mod erasure;
mod errors;
mod expression;
mod history;
mod keys;
mod notification_item;
mod notifications;
mod profile;
mod recipient_item;
mod recipients;
mod registry;
mod registry_item;
mod scan;
mod standing_item;
mod store;
mod switch_item;
mod switches;
mod templates;
mod warm_up;

pub use scan::{NotificationPage, Position, UnreadableItem};
pub use store::{Clock, Store};
pub use warm_up::{AnotherPepper, KnownPepper};
