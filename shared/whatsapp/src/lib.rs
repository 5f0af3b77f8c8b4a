//! WhatsApp, through Meta's Cloud API: what is sent, what is answered, what comes back.
//!
//! [`Client`] posts a message once and says what is known of it, and uploads files; [`errors`] turns Meta's codes into
//! our outcomes; [`AtMeta`] is a template as Meta knows it,
//! and [`Reviewer`] hands one in; [`webhook`] verifies and reads what Meta posts to us; [`wire`] is the JSON.

mod answer;
mod client;
pub mod errors;
mod json;
mod review;
mod samples;
mod setup;
mod templates;
mod token;
pub mod webhook;
pub mod wire;

pub use client::{BaseUrlError, Client, MEDIA_KEPT};
pub use review::Reviewer;
pub use samples::SampleHandle;
pub use setup::{AppSubscription, NumberAtMeta, TokenAtMeta};
pub use templates::{AtMeta, ManageError, MetaId};
pub use token::{AccessToken, TokenError};
