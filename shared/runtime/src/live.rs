//! What a function works with, built anew when a secret of it has changed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::secrets::Changing;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// A value that is built from secrets. An invocation keeps the one that it began with.
pub struct Live<D> {
    secrets: Arc<dyn Changing>,
    build: Box<dyn Fn() -> Result<D, Error> + Send + Sync>,
    built: Mutex<Built<D>>,
    doubted: AtomicBool,
}

struct Built<D> {
    /// How often the secrets had changed by then.
    changes: u64,
    value: Arc<D>,
}

impl<D> Live<D> {
    /// Builds the first value of one secret or a pair of them. What shall outlive a change, as clients and
    /// what they remember, is shared by the values that `build` makes.
    pub fn new<S: Changing + Clone + 'static>(
        secrets: S,
        build: impl Fn(&S) -> Result<D, Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let changes = secrets.changes();
        let value = Arc::new(build(&secrets)?);
        let kept = secrets.clone();
        Ok(Self {
            secrets: Arc::new(secrets),
            build: Box::new(move || build(&kept)),
            built: Mutex::new(Built { changes, value }),
            doubted: AtomicBool::new(false),
        })
    }

    /// Works with the present value while a secret that has grown old is read beside: no message waits for
    /// that, and the next invocation has it. Nothing runs on after the invocation, where Lambda would
    /// freeze it.
    pub async fn beside<F: Future>(&self, work: impl FnOnce(Arc<D>) -> F) -> F::Output {
        let (outcome, ()) = tokio::join!(work(self.present()), self.secrets.renew());
        outcome
    }

    /// The value after secrets that have grown old were read: for what nobody's code waits for.
    pub async fn renewed(&self) -> Arc<D> {
        if self.doubted.swap(false, Ordering::Relaxed) {
            self.secrets.doubt().await;
        } else {
            self.secrets.renew().await;
        }
        self.present()
    }

    /// Something did not fit the secrets held: they are read again before [`Live::renewed`] answers next.
    pub fn doubt(&self) {
        self.doubted.store(true, Ordering::Relaxed);
    }

    fn present(&self) -> Arc<D> {
        let changes = self.secrets.changes();
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if built.changes != changes {
            built.changes = changes;
            match (self.build)() {
                Ok(value) => built.value = Arc::new(value),
                Err(error) => {
                    let error = error.as_ref() as &dyn std::error::Error;
                    tracing::error!(error, "changed secret refused");
                }
            }
        }
        Arc::clone(&built.value)
    }
}

#[cfg(test)]
mod tests;
