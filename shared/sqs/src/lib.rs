//! The queues between the functions: versioned messages that carry ids only (I11), and their sender.

mod dead_letters;
mod delay;
mod gather;
mod later;
mod messages;
mod sender;

pub use dead_letters::{Depth, RawMessage, RawQueue};
pub use delay::{LONGEST_DELAY, seconds_after, seconds_until};
pub use gather::{Gathering, LINGER};
pub use later::Later;
pub use messages::{DecodeError, decode_job, decode_timer, encode_job, encode_timer};
pub use sender::{QueueUrls, Sender};
