//! recado-local
pub mod template;

pub mod aws;

mod ids;
pub mod lambda;
pub mod event_source;
pub mod front_door;
pub mod functions;
pub mod oauth;
pub mod sim;
mod clock;
pub mod demo;
pub mod page;
pub mod stack;
pub mod templates;
pub mod tenants;
pub mod timeline;
