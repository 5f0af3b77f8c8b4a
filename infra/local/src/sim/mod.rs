//! The simulated Meta and the phones over HTTP, in real time.
//!
//! What they do is decided in `recado_testing::meta`; here are the clock, the sockets and the task
//! that posts webhooks.

mod graph;
mod phones;
mod webhooks;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use recado_testing::meta::{Meta, SimEvent, SmsRefused};
use serde::de::DeserializeOwned;
use tokio::sync::{Notify, broadcast};

use crate::clock;

/// Events that a slow reader of the timeline may lag behind.
const EVENTS_KEPT: usize = 8192;
/// Webhooks whose waits are kept until somebody takes them.
const WAITS_KEPT: usize = 500_000;

/// A running simulated world; clones are the same one.
#[derive(Clone, Debug)]
pub struct Sim {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    meta: Mutex<Meta>,
    /// Something new may be due.
    changed: Notify,
    events: broadcast::Sender<SimEvent>,
    posts: AtomicU64,
    posted_bytes: AtomicU64,
    webhooks_under_way: AtomicUsize,
    webhook_waits: Mutex<Vec<Duration>>,
}

impl Sim {
    /// Takes over a simulated Meta. Nothing is posted before [`Sim::post_webhooks`] runs.
    pub fn new(meta: Meta) -> Self {
        Self {
            inner: Arc::new(Inner {
                meta: Mutex::new(meta),
                changed: Notify::new(),
                events: broadcast::Sender::new(EVENTS_KEPT),
                posts: AtomicU64::new(0),
                posted_bytes: AtomicU64::new(0),
                webhooks_under_way: AtomicUsize::new(0),
                webhook_waits: Mutex::default(),
            }),
        }
    }

    /// Everything that happens from now on, as it happens.
    pub fn events(&self) -> broadcast::Receiver<SimEvent> {
        self.inner.events.subscribe()
    }

    /// How many POSTs came to the Graph API, and the bytes of their bodies.
    #[must_use]
    pub fn posted(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.inner.posts), read(&self.inner.posted_bytes))
    }

    /// Webhooks that were posted and have no answer yet.
    #[must_use]
    pub fn webhooks_under_way(&self) -> usize {
        self.inner.webhooks_under_way.load(Ordering::Relaxed)
    }

    /// How many webhooks were answered since the last time that somebody asked how long they waited; no more
    /// than half a million.
    pub fn webhooks_answered(&self) -> usize {
        self.waits().len()
    }

    /// How long each answered webhook waited for its answer, since the last time that somebody asked; no more
    /// than half a million.
    pub fn take_webhook_waits(&self) -> Vec<Duration> {
        std::mem::take(&mut self.waits())
    }

    fn note_wait(&self, wait: Duration) {
        let mut waits = self.waits();
        if waits.len() < WAITS_KEPT {
            waits.push(wait);
        }
    }

    fn waits(&self) -> std::sync::MutexGuard<'_, Vec<Duration>> {
        let waits = self.inner.webhook_waits.lock();
        waits.unwrap_or_else(PoisonError::into_inner)
    }

    fn note_post(&self, body: &[u8]) {
        let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        self.inner.posts.fetch_add(1, Ordering::Relaxed);
        self.inner.posted_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Does something with the world at the present moment, and lets its consequences follow.
    pub fn with<T>(&self, act: impl FnOnce(&mut Meta, Timestamp) -> T) -> T {
        // A panic while it was held left plain data behind; the next request can go on.
        let mut meta = self
            .inner
            .meta
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let outcome = act(&mut meta, clock::now());
        for event in meta.take_events() {
            // An error only says that nobody listens.
            self.inner.events.send(event).ok();
        }
        drop(meta);
        self.inner.changed.notify_one();
        outcome
    }

    /// An SMS reaches a phone; answers the carrier's message id. `e164` with its `+`.
    pub fn receive_sms(&self, e164: &str, text: &str, from: &str) -> Result<String, SmsRefused> {
        self.with(|meta, now| meta.receive_sms(e164, text, from, now))
    }

    /// A call is answered on a phone; answers the carrier's message id.
    pub fn receive_call(&self, e164: &str, text: &str, from: &str) -> Result<String, SmsRefused> {
        self.with(|meta, now| meta.receive_call(e164, text, from, now))
    }
}

/// An answer of the simulator's own controls, which are no part of Meta.
fn problem(status: StatusCode, what: impl std::fmt::Display) -> Response {
    let body = serde_json::json!({ "error": what.to_string() });
    (status, Json(body)).into_response()
}

/// Reads a body as JSON whatever its media type, so that a bare `curl -d` works.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    serde_json::from_slice(body).map_err(|error| Box::new(problem(StatusCode::BAD_REQUEST, error)))
}

#[cfg(test)]
mod tests;
