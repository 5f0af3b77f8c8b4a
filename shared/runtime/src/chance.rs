//! The process's clock and randomness.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use recado_domain::ids::ClaimToken;
use recado_domain::seal::NONCE_BYTES;
use recado_ports::Chance;
use ring::rand::{SecureRandom, SystemRandom};

/// The wall clock and the system's random numbers.
#[derive(Clone, Debug)]
pub struct Process {
    random: SystemRandom,
}

impl Default for Process {
    fn default() -> Self {
        Self {
            random: SystemRandom::new(),
        }
    }
}

impl Process {
    /// The clock alone, for what only needs the time.
    #[must_use]
    pub fn clock() -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let process = Self::default();
        Arc::new(move || process.now())
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random
            .fill(&mut bytes)
            .expect("the operating system has random numbers");
        bytes
    }
}

impl Chance for Process {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn token(&self) -> ClaimToken {
        ClaimToken::from_random(self.bytes())
    }

    fn nonce(&self) -> [u8; NONCE_BYTES] {
        self.bytes()
    }

    async fn rest(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
