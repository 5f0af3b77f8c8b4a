//! A clock that moves when it is told to, and randomness that a seed repeats.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use recado_domain::delivery::plus;
use recado_domain::ids::ClaimToken;
use recado_domain::seal::NONCE_BYTES;
use recado_ports::Chance;

/// Time and randomness of one test. Clones share both.
#[derive(Clone, Debug)]
pub struct World {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    random: StdRng,
}

impl World {
    /// Starts at a moment; the same seed gives the same tokens and nonces.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let random = StdRng::seed_from_u64(seed);
        Self {
            state: Arc::new(Mutex::new(State { now: start, random })),
        }
    }

    /// Moves the clock on.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.lock();
        state.now = plus(state.now, duration);
    }

    /// Moves the clock to a moment; one that is past leaves it where it is.
    pub fn advance_to(&self, at: Timestamp) {
        let mut state = self.lock();
        state.now = state.now.max(at);
    }

    /// A number below `end`, for a simulator's own choices.
    ///
    /// # Panics
    /// If `end` is 0.
    #[must_use]
    pub fn below(&self, end: u64) -> u64 {
        self.lock().random.random_range(0..end)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chance for World {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    fn token(&self) -> ClaimToken {
        ClaimToken::from_random(self.lock().random.random())
    }

    fn nonce(&self) -> [u8; NONCE_BYTES] {
        self.lock().random.random()
    }

    async fn rest(&self, duration: Duration) {
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_rest_moves_the_clock_and_a_seed_repeats_itself() {
        let start = Timestamp::from_second(1_000).unwrap();
        let (one, same, other) = (
            World::new(7, start),
            World::new(7, start),
            World::new(8, start),
        );
        one.rest(Duration::from_secs(30)).await;
        assert_eq!(one.now(), Timestamp::from_second(1_030).unwrap());
        one.advance_to(start);
        assert_eq!(one.now(), Timestamp::from_second(1_030).unwrap());
        let (first, second) = (one.token(), one.token());
        assert_ne!(first, second);
        assert_eq!((same.token(), same.token()), (first.clone(), second));
        assert_ne!(other.token(), first);
    }
}
