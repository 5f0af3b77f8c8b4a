//! Recado's one table: keys, items, conditional writes.
//!
//! Nothing is decided here. A change of a notification comes as data ([`recado_domain::delivery::Change`])
//! and is translated; what the service answers is translated back. One item, one write, one condition:
//! the only transaction is that of a consent with its history, which no message waits for.

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
mod store;
mod warm_up;

pub use registry::PutTemplateError;
pub use store::{Clock, Store};
