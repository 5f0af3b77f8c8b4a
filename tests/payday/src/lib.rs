//! Five million notifications in an hour.

mod chance;
pub mod count;
mod limits;
mod notes;
pub mod scenario;
pub mod settings;
mod wheel;
mod world;
