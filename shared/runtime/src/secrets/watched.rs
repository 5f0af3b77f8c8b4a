//! One secret that may change while the process is warm.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::{SecretError, Secrets};

/// How old what is held of a secret may be when a function is busy. A minute bounds how long a secret
/// that was taken away is still believed; whatever meets a new one reads at once. One read costs 0.05 USD
/// per 10,000 (AWS Secrets Manager): a process that is busy all day pays less than a cent.
pub(super) const MOST_AGE: Duration = Duration::from_secs(60);

/// How often, at most, what does not fit has a secret read out of turn: anybody can sign wrongly.
pub(super) const PAUSE: Duration = Duration::from_secs(5);

/// Longer than this nobody waits for a read of a secret that is held already.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is made of a secret's text.
pub trait SecretText: Send + Sync + Sized + 'static {
    /// Its name in a log line.
    const NAME: &'static str;

    /// Reads it.
    fn parse(text: &str) -> Result<Self, SecretError>;

    /// Whether it may take the place of what was held.
    fn may_follow(&self, old: &Self) -> Result<(), SecretError>;
}

/// A secret as it was last read. What cannot be read, or may not follow, leaves it as it is.
pub struct Watched<T> {
    id: String,
    /// None for what never changes.
    secrets: Option<Secrets>,
    held: Mutex<Held<T>>,
    /// Held while the secret is being read: many records of a batch may ask at once.
    reading: tokio::sync::Mutex<()>,
}

struct Held<T> {
    value: Arc<T>,
    text: String,
    changes: u64,
    reads: u64,
    read_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
    trouble: Option<Trouble>,
}

/// What the log knows already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Unavailable,
    Refused,
}

impl<T> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

impl<T: SecretText> Watched<T> {
    pub(super) fn new(secrets: Secrets, id: &str, text: String) -> Result<Self, SecretError> {
        let now = (secrets.clock)();
        Ok(Self::holding(
            T::parse(&text)?,
            Some(secrets),
            id,
            text,
            Some(now),
        ))
    }

    /// A secret that nobody changes.
    #[must_use]
    pub fn unchanging(value: T) -> Self {
        Self::holding(value, None, "", String::new(), None)
    }

    fn holding(
        value: T,
        secrets: Option<Secrets>,
        id: &str,
        text: String,
        read_at: Option<Timestamp>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            secrets,
            held: Mutex::new(Held {
                value: Arc::new(value),
                text,
                changes: 0,
                reads: 0,
                read_at,
                asked_at: None,
                trouble: None,
            }),
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// What is held.
    #[must_use]
    pub fn current(&self) -> Arc<T> {
        Arc::clone(&self.held().value)
    }

    /// For what does not fit what is held: reads the secret, at most once in [`PAUSE`], and gives what is
    /// held then. Whoever asks while it is being read has that read's answer.
    pub async fn again(&self) -> Arc<T> {
        let Some(secrets) = &self.secrets else {
            return self.current();
        };
        let reads = self.held().reads;
        let _one_at_a_time = self.reading.lock().await;
        let now = (secrets.clock)();
        let due = {
            let mut held = self.held();
            let due = held.reads == reads && is_old(held.asked_at, PAUSE, now);
            if due {
                held.asked_at = Some(now);
            }
            due
        };
        if due {
            self.read(secrets).await;
        }
        self.current()
    }

    async fn read(&self, secrets: &Secrets) {
        let read = tokio::time::timeout(PATIENCE, secrets.source.read(&self.id)).await;
        let read = read.unwrap_or_else(|late| Err(SecretError::Unavailable(late.into())));
        let mut held = self.held();
        held.reads += 1;
        held.read_at = Some((secrets.clock)());
        let outcome = read.and_then(|text| held.take(text));
        let trouble = match &outcome {
            Ok(()) => None,
            Err(SecretError::Unavailable(_)) => Some(Trouble::Unavailable),
            Err(SecretError::Unreadable(_) | SecretError::Keys(_) | SecretError::AnotherPepper) => {
                Some(Trouble::Refused)
            }
        };
        if trouble == held.trouble {
            return;
        }
        held.trouble = trouble;
        if let Err(error) = outcome {
            let (secret, error) = (T::NAME, &error as &dyn std::error::Error);
            match trouble {
                Some(Trouble::Refused) => tracing::error!(secret, error, "changed secret refused"),
                Some(Trouble::Unavailable) | None => {
                    tracing::warn!(secret, error, "secret not read again");
                }
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Held<T>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: SecretText> Held<T> {
    fn take(&mut self, text: String) -> Result<(), SecretError> {
        if text == self.text {
            return Ok(());
        }
        let value = T::parse(&text)?;
        value.may_follow(&self.value)?;
        self.value = Arc::new(value);
        self.text = text;
        self.changes += 1;
        tracing::info!(secret = T::NAME, "secret changed");
        Ok(())
    }
}

/// A secret, or a pair of them: what a [`Live`](crate::Live) value is built from.
pub trait Changing: Send + Sync {
    /// How often it has changed.
    fn changes(&self) -> u64;

    /// Reads it if it has grown old. Whoever comes while it is being read does not wait.
    fn renew(&self) -> BoxFuture<'_, ()>;

    /// Reads it out of turn, though not as often as anybody likes.
    fn doubt(&self) -> BoxFuture<'_, ()>;
}

impl<T: SecretText> Changing for Arc<Watched<T>> {
    fn changes(&self) -> u64 {
        self.held().changes
    }

    fn renew(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let (Some(secrets), Ok(_one_at_a_time)) = (&self.secrets, self.reading.try_lock())
            else {
                return;
            };
            let read_at = self.held().read_at;
            if is_old(read_at, MOST_AGE, (secrets.clock)()) {
                self.read(secrets).await;
            }
        })
    }

    fn doubt(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.again().await;
        })
    }
}

impl<A: Changing, B: Changing> Changing for (A, B) {
    fn changes(&self) -> u64 {
        self.0.changes() + self.1.changes()
    }

    fn renew(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            tokio::join!(self.0.renew(), self.1.renew());
        })
    }

    fn doubt(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            tokio::join!(self.0.doubt(), self.1.doubt());
        })
    }
}

/// A clock that was set back makes everything old, not eternal.
fn is_old(since: Option<Timestamp>, most: Duration, now: Timestamp) -> bool {
    since.is_none_or(|since| {
        let age = now.duration_since(since);
        age.is_negative() || age.unsigned_abs() >= most
    })
}
