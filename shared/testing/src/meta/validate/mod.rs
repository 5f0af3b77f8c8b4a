//! What `POST /messages` accepts: Meta's limits, one module per kind of content.

mod content;
mod envelope;
mod interactive;
mod order;
mod template;

pub(crate) use envelope::{Addressee, Content, Envelope, Sent, parse};
pub(crate) use order::OrderReference;
pub(crate) use template::check as check_template;

use super::errors::GraphError;

pub(crate) type Outcome<T> = Result<T, GraphError>;

#[cfg(test)]
mod tests;
