//! recado-local
pub mod template;

pub mod aws;

mod clock;
pub mod cost;
pub mod demo;
pub mod event_source;
pub mod front_door;
pub mod functions;
mod ids;
pub mod lambda;
pub mod oauth;
pub mod page;
pub mod policy;
pub mod sim;
pub mod stack;
pub mod templates;
pub mod tenants;
pub mod timeline;
