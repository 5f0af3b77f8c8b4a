//! What is done at AWS before the first message and never by a function: a secret is written ([`Secret`]), a
//! bank's client is made ([`Pool`]).

mod pool;
mod secret;

pub use pool::{Pool, PoolClient, PoolError};
pub use secret::{Held, Secret, SecretError};
