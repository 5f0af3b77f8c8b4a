//! What Recado knows and decides, without doing any of it.
//!
//! No clock, no randomness, no environment, no network: all of them come in as arguments. Functions
//! around this crate only carry out what it answers.

pub mod boleto;
pub mod brcode;
pub mod carried;
pub mod catalogue;
pub mod channel;
pub mod class;
pub mod consent;
pub mod delivery;
pub mod fault;
pub mod file;
pub mod hours;
pub mod iban;
pub mod ids;
pub mod locale;
pub mod masking;
pub mod message;
pub mod money;
pub mod pacing;
pub mod params;
pub mod phone;
pub mod render;
pub mod request;
pub mod seal;
pub mod sms;
pub mod standing;
pub mod switches;
pub mod template;
pub mod window;
mod words;
