//! A function: its instances, and who gets which.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use tokio::sync::Semaphore;

use super::instance::{Instance, Outcome, Phase};
use super::log::Log;
use super::{Invoke, InvokeError, MAX_PAYLOAD_BYTES, Settings, Setup};
use crate::ids;

/// A running function; clones are the same function.
#[derive(Clone)]
pub struct Function(Arc<Inner>);

struct Inner {
    setup: Setup,
    settings: Arc<Settings>,
    log: Arc<Log>,
    /// One permit per instance that may exist.
    slots: Semaphore,
    pool: Mutex<Pool>,
    closed: AtomicBool,
    down: AtomicBool,
    counters: Counters,
}

#[derive(Default)]
struct Pool {
    /// All that live, by id.
    live: BTreeMap<String, Arc<Instance>>,
    /// Those without work, the one used last at the end, which is taken first.
    idle: Vec<Arc<Instance>>,
}

#[derive(Default)]
struct Counters {
    invocations: AtomicU64,
    cold_starts: AtomicU64,
    errors: AtomicU64,
    timeouts: AtomicU64,
    crashes: AtomicU64,
}

/// What a function has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Invocations, whatever came of them.
    pub invocations: u64,
    /// Processes started.
    pub cold_starts: u64,
    /// Invocations that the function answered with an error, or that found no
    /// instance able to start.
    pub errors: u64,
    /// Invocations that took longer than the function's timeout.
    pub timeouts: u64,
    /// Invocations whose process died.
    pub crashes: u64,
}

/// What an instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceState {
    /// Before its first request for an invocation.
    Starting,
    /// Waiting for an invocation.
    Idle,
    /// Working on one.
    Busy,
}

/// A live instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceStatus {
    /// Its id.
    pub id: String,
    /// What it is doing.
    pub state: InstanceState,
    /// Its process.
    pub process: Option<u32>,
    /// From the process' start to its first request for an invocation; none while it starts.
    pub init: Option<Duration>,
}

impl Function {
    pub(super) fn new(setup: Setup, settings: Arc<Settings>) -> std::io::Result<Self> {
        let log = Log::open(
            &setup.name,
            Arc::clone(&settings.log),
            settings.log_directory.as_deref(),
        )?;
        Ok(Self(Arc::new(Inner {
            slots: Semaphore::new(setup.max_instances.max(1)),
            setup,
            settings,
            log: Arc::new(log),
            pool: Mutex::default(),
            closed: AtomicBool::new(false),
            down: AtomicBool::new(false),
            counters: Counters::default(),
        })))
    }

    /// The function's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.setup.name
    }

    /// Invokes the function: on an idle instance, else on a new one, else when an
    /// instance is free again.
    ///
    /// As on AWS the invocation goes on when the caller goes away.
    ///
    /// # Errors
    ///
    /// Every way in which the function can fail to answer.
    pub async fn invoke(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        let inner = Arc::clone(&self.0);
        let running = tokio::spawn(async move { inner.invoke(payload).await });
        running.await.unwrap_or_else(|error| {
            Err(InvokeError::Crashed {
                status: error.to_string(),
            })
        })
    }

    /// What the function has done so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let c = &self.0.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            invocations: read(&c.invocations),
            cold_starts: read(&c.cold_starts),
            errors: read(&c.errors),
            timeouts: read(&c.timeouts),
            crashes: read(&c.crashes),
        }
    }

    /// The instances that live now, in the order of their ids.
    #[must_use]
    pub fn instances(&self) -> Vec<InstanceStatus> {
        let pool = self.0.pool();
        pool.live
            .values()
            .filter_map(|instance| {
                let state = match instance.phase() {
                    Phase::Exited(_) => return None,
                    Phase::Starting => InstanceState::Starting,
                    Phase::Ready if instance.is_busy() => InstanceState::Busy,
                    Phase::Ready => InstanceState::Idle,
                };
                Some(InstanceStatus {
                    id: instance.id.clone(),
                    state,
                    process: instance.process,
                    init: instance.init.get().copied(),
                })
            })
            .collect()
    }

    /// Kills an instance, as a failing host would, and waits until it is dead.
    /// False when there is none with this id.
    pub async fn kill_instance(&self, id: &str) -> bool {
        let instance = self.0.pool().live.get(id).cloned();
        match instance {
            Some(instance) => {
                instance.kill();
                instance.exited().await;
                true
            }
            None => false,
        }
    }

    /// Kills one of the live instances, chosen by the seed among their places in
    /// [`Function::instances`], busy ones first since theirs is the death that
    /// matters. Tells which, if there was any.
    pub async fn kill_random(&self, seed: u64) -> Option<String> {
        let mut candidates = self.instances();
        if candidates.iter().any(|i| i.state == InstanceState::Busy) {
            candidates.retain(|i| i.state == InstanceState::Busy);
        }
        let count = u64::try_from(candidates.len()).ok().filter(|n| *n > 0)?;
        // Spreads neighbouring seeds (the increment of SplitMix64).
        let spread = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let chosen = usize::try_from(spread % count).ok()?;
        let id = candidates.swap_remove(chosen).id;
        self.kill_instance(&id).await.then_some(id)
    }

    /// Takes the function out of service, as a bad deployment would: every instance is killed, and each
    /// invocation fails at once until [`Function::come_back`].
    pub async fn go_down(&self) {
        self.0.down.store(true, Ordering::SeqCst);
        self.kill_all().await;
    }

    /// Puts the function back into service.
    pub fn come_back(&self) {
        self.0.down.store(false, Ordering::SeqCst);
    }

    pub(super) async fn shutdown(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        self.0.slots.close();
        self.kill_all().await;
    }

    /// An instance that was just starting is found by its invocation, which looks at `closed` and
    /// `down` after it has entered it.
    async fn kill_all(&self) {
        let live: Vec<_> = self.0.pool().live.values().cloned().collect();
        join_all(live.iter().map(|instance| async {
            instance.kill();
            instance.exited().await;
        }))
        .await;
    }
}

impl Invoke for Function {
    fn invoke(&self, payload: Bytes) -> BoxFuture<'_, Result<Bytes, InvokeError>> {
        Function::invoke(self, payload).boxed()
    }
}

impl Inner {
    async fn invoke(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(InvokeError::RequestTooLarge);
        }
        let Ok(_slot) = self.slots.acquire().await else {
            return Err(shut_down());
        };
        self.counters.invocations.fetch_add(1, Ordering::Relaxed);
        let result = self.run(payload).await;
        let counter = match &result {
            Ok(_) | Err(InvokeError::RequestTooLarge) => return result,
            Err(InvokeError::FunctionError { .. } | InvokeError::InitFailed { .. }) => {
                &self.counters.errors
            }
            Err(InvokeError::Timeout { .. }) => &self.counters.timeouts,
            Err(InvokeError::Crashed { .. }) => &self.counters.crashes,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        result
    }

    async fn run(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        let request_id = ids::uuid();
        loop {
            if self.down.load(Ordering::SeqCst) {
                return Err(InvokeError::InitFailed {
                    message: "out of service".into(),
                });
            }
            let (instance, fresh) = match self.idle() {
                Some(instance) => (instance, false),
                None => (self.start().await?, true),
            };
            let outcome = instance
                .run(request_id.clone(), payload.clone(), self.setup.timeout)
                .await;
            let answer = match outcome {
                Outcome::Answered(answer) => answer,
                Outcome::NotTaken => {
                    self.forget(&instance);
                    if fresh {
                        let status = instance.exited().await;
                        return Err(InvokeError::Crashed { status });
                    }
                    continue;
                }
            };
            match &answer {
                Err(InvokeError::Timeout { .. }) => {
                    self.log.line(
                        &instance.id,
                        format!(
                            "{request_id} Task timed out after {:.2} seconds",
                            self.setup.timeout.as_secs_f64()
                        ),
                    );
                    self.forget(&instance);
                }
                Err(InvokeError::Crashed { .. }) => self.forget(&instance),
                Ok(_)
                | Err(
                    InvokeError::FunctionError { .. }
                    | InvokeError::InitFailed { .. }
                    | InvokeError::RequestTooLarge,
                ) => self.pool().idle.push(instance),
            }
            return answer;
        }
    }

    fn idle(&self) -> Option<Arc<Instance>> {
        let mut pool = self.pool();
        while let Some(instance) = pool.idle.pop() {
            if instance.phase() == Phase::Ready {
                return Some(instance);
            }
            pool.live.remove(&instance.id);
        }
        None
    }

    async fn start(&self) -> Result<Arc<Instance>, InvokeError> {
        self.counters.cold_starts.fetch_add(1, Ordering::Relaxed);
        let instance = Instance::start(&self.setup, &self.settings, &self.log)
            .await
            .map_err(|error| InvokeError::InitFailed {
                message: format!("{}: {error}", self.setup.binary.display()),
            })?;
        self.pool()
            .live
            .insert(instance.id.clone(), Arc::clone(&instance));
        if self.closed.load(Ordering::SeqCst) || self.down.load(Ordering::SeqCst) {
            instance.kill();
        }
        match instance.ready(self.settings.init_timeout).await {
            Ok(()) => Ok(instance),
            Err(error) => {
                self.forget(&instance);
                Err(error)
            }
        }
    }

    fn forget(&self, instance: &Instance) {
        self.pool().live.remove(&instance.id);
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for instance in self.pool().live.values() {
            instance.kill();
        }
    }
}

fn shut_down() -> InvokeError {
    InvokeError::InitFailed {
        message: "the stack is shutting down".into(),
    }
}
