//! The real handlers in a seeded, hostile world with a clock of its own.
//!
//! One seed is one run: banks, customers, what they do, what goes wrong, and in which order everything
//! that could happen next does happen. The same seed makes the same run, event for event, so that a
//! failure is repeated by its number:
//!
//! ```text
//! cargo run -p recado-simulator -- --seed 4711 --trace
//! ```
//!
//! [`story::tell`] runs a random story, [`run::World`] is for stories that a test makes up itself, and
//! [`audit::audit`] reads a run's history and names every promise that was not kept (I1 to I12 of
//! `docs/ARCHITECTURE.md`).

mod answers;
pub mod audit;
pub mod contents;
mod customers;
pub mod dice;
pub mod event;
pub mod executor;
pub mod fleet;
pub mod functions;
pub mod history;
mod life;
pub mod logs;
mod operator;
mod people;
pub mod queues;
pub mod report;
pub mod run;
pub mod sabotage;
pub mod sim;
pub mod sms;
pub mod store;
pub mod story;
pub mod town;
pub mod weather;
pub mod webhooks;
pub mod whatsapp;
