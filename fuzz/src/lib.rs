//! What must hold for any input from outside, whatever its bytes.
//!
//! One function per target: it panics where a promise is broken. The engine calls them
//! (`fuzz_targets/`), and `tests/corpus.rs` does so for every kept input and its mutations.

mod ids;
mod inbound;
mod masking;
mod phone;
mod pix;
mod queue;
mod quoting;
mod request;
mod signature;
mod template;
mod webhook;

pub use ids::{callback, idempotency_key};
pub use inbound::inbound_text;
pub use masking::masking;
pub use phone::phone;
pub use pix::pix_code;
pub use queue::{job_body, timer_body};
pub use request::request_body;
pub use signature::webhook_signature;
pub use template::template_file;
pub use webhook::webhook_body;

/// A property: it panics where it does not hold.
pub type Property = fn(&[u8]);

/// Every target and its property; the name is the corpus' folder too.
pub const TARGETS: [(&str, Property); 12] = [
    ("callback", callback),
    ("idempotency_key", idempotency_key),
    ("inbound_text", inbound_text),
    ("job_body", job_body),
    ("masking", masking),
    ("phone", phone),
    ("pix_code", pix_code),
    ("request_body", request_body),
    ("template_file", template_file),
    ("timer_body", timer_body),
    ("webhook_body", webhook_body),
    ("webhook_signature", webhook_signature),
];
