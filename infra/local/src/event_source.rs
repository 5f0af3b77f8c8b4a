//! The event source of a queue function: reads a queue in batches, invokes the function,
//! and deletes what it did.
//!
//! What the function did not do stays in the queue until its visibility timeout ends;
//! the queue's own redrive takes it from there.

mod batch;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::aws::{Queues, Received, SqsError};
use crate::lambda::{Invoke, MAX_PAYLOAD_BYTES};
use crate::template::{self, FailureReporting};

/// How long a receive waits for messages. AWS's pollers wait the longest that SQS allows.
const LONG_POLL: Duration = Duration::from_secs(20);
/// Most messages in one receive. SQS's limit.
const RECEIVE_LIMIT: usize = 10;
/// Pause after a receive that SQS refused.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// How a queue is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The queue's name.
    pub queue: String,
    /// Most records per invocation, at least 1.
    pub batch_size: usize,
    /// How long records are gathered after the first.
    pub window: Duration,
    /// How the function reports failures.
    pub failures: FailureReporting,
    /// Most invocations at once, at least 1.
    pub concurrency: usize,
}

impl Settings {
    /// As the template says, with at most `local_limit` invocations at once.
    #[must_use]
    pub fn from_template(
        event: &template::QueueEvent,
        queue: &template::Queue,
        local_limit: usize,
    ) -> Self {
        let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let concurrency = event.maximum_concurrency.map_or(local_limit, size);
        Self {
            queue: queue.name.clone(),
            batch_size: size(event.batch_size).max(1),
            window: event.window,
            failures: event.failures,
            concurrency: concurrency.min(local_limit).max(1),
        }
    }
}

/// What an event source has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Invocations that have ended.
    pub batches: u64,
    /// Records in them.
    pub records: u64,
    /// Records among these that failed and stay in the queue.
    pub failed_records: u64,
}

/// A running event source. Dropping it stops it without waiting.
pub struct EventSource {
    source: Arc<Source>,
    stop: Option<oneshot::Sender<()>>,
    poller: JoinHandle<()>,
}

struct Source {
    queues: Arc<Queues>,
    function: Arc<dyn Invoke>,
    settings: Settings,
    batches: AtomicU64,
    records: AtomicU64,
    failed_records: AtomicU64,
}

impl EventSource {
    /// Begins to read the queue.
    #[must_use]
    pub fn start(queues: Arc<Queues>, function: Arc<dyn Invoke>, settings: Settings) -> Self {
        let source = Arc::new(Source {
            queues,
            function,
            settings,
            batches: AtomicU64::new(0),
            records: AtomicU64::new(0),
            failed_records: AtomicU64::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let poller = tokio::spawn(poll(Arc::clone(&source), stopped));
        Self {
            source,
            stop: Some(stop),
            poller,
        }
    }

    /// Reads no more, waits for the invocations under way, and gives back what was
    /// received but not yet handed to the function.
    pub async fn stop(mut self) {
        self.stop = None;
        if let Err(error) = self.poller.await {
            tracing::error!(%error, queue = %self.source.settings.queue, "the event source failed");
        }
    }

    /// What it has done so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics {
            batches: self.source.batches.load(Ordering::Relaxed),
            records: self.source.records.load(Ordering::Relaxed),
            failed_records: self.source.failed_records.load(Ordering::Relaxed),
        }
    }
}

async fn poll(source: Arc<Source>, mut stopped: oneshot::Receiver<()>) {
    let slots = Arc::new(Semaphore::new(source.settings.concurrency.max(1)));
    let mut running = JoinSet::new();
    loop {
        while let Some(ended) = running.try_join_next() {
            report(&source, ended);
        }
        // Biased, so that nothing is read any more once it was told to stop.
        let slot = tokio::select! {
            biased;
            _ = &mut stopped => break,
            slot = Arc::clone(&slots).acquire_owned() => slot,
        };
        let mut batch = Vec::new();
        let gathered = tokio::select! {
            biased;
            _ = &mut stopped => {
                source.give_back(&batch);
                break;
            }
            gathered = source.gather(&mut batch) => gathered,
        };
        if let Err(error) = gathered {
            tracing::warn!(%error, queue = %source.settings.queue, "cannot receive");
            tokio::select! {
                () = tokio::time::sleep(AFTER_REFUSAL) => {}
                _ = &mut stopped => {
                    source.give_back(&batch);
                    break;
                }
            }
        }
        if !batch.is_empty() {
            let source = Arc::clone(&source);
            running.spawn(async move {
                source.deliver(batch).await;
                drop(slot);
            });
        }
    }
    while let Some(ended) = running.join_next().await {
        report(&source, ended);
    }
}

fn report(source: &Source, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, queue = %source.settings.queue, "a batch was not finished");
    }
}

impl Source {
    /// Receives until the batch is full or the window, counted from the first record, is over.
    async fn gather(&self, batch: &mut Vec<Received>) -> Result<(), SqsError> {
        let Settings {
            queue,
            batch_size,
            window,
            ..
        } = &self.settings;
        let mut wait = LONG_POLL;
        let mut end = None;
        while batch.len() < *batch_size {
            let most = (batch_size - batch.len()).min(RECEIVE_LIMIT);
            batch.extend(self.queues.receive(queue, most, None, Some(wait)).await?);
            if batch.is_empty() {
                return Ok(());
            }
            let now = Instant::now();
            let end = *end.get_or_insert(now + *window);
            if now >= end {
                return Ok(());
            }
            wait = (end - now).min(LONG_POLL);
        }
        Ok(())
    }

    /// Invokes the function with the records, in several events if one would be too large.
    async fn deliver(&self, mut batch: Vec<Received>) {
        let event = Bytes::from(batch::event(&batch, &self.settings.queue));
        if event.len() > MAX_PAYLOAD_BYTES && batch.len() > 1 {
            let second = batch.split_off(batch.len() / 2);
            Box::pin(self.deliver(batch)).await;
            return Box::pin(self.deliver(second)).await;
        }
        let queue = &self.settings.queue;
        let verdict = match self.function.invoke(event).await {
            Ok(response) => {
                let ids = batch.iter().map(Received::message_id).collect();
                batch::verdict(self.settings.failures, &response, &ids)
            }
            Err(error) => {
                tracing::warn!(%error, queue, records = batch.len(), "a batch failed");
                batch::Verdict::AllFailed
            }
        };
        let done: Vec<&str> = batch
            .iter()
            .filter(|record| verdict.is_done(record.message_id()))
            .map(|record| record.receipt_handle.as_str())
            .collect();
        let failed = batch.len() - done.len();
        match self.queues.delete_batch(queue, &done) {
            Ok(results) => {
                for error in results.into_iter().filter_map(Result::err) {
                    tracing::warn!(%error, queue, "a record was done but not deleted");
                }
            }
            Err(error) => tracing::warn!(%error, queue, "a batch was done but not deleted"),
        }
        self.batches.fetch_add(1, Ordering::Relaxed);
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        self.records
            .fetch_add(count(batch.len()), Ordering::Relaxed);
        self.failed_records
            .fetch_add(count(failed), Ordering::Relaxed);
    }

    fn give_back(&self, batch: &[Received]) {
        for record in batch {
            let given = self.queues.change_visibility(
                &self.settings.queue,
                &record.receipt_handle,
                Duration::ZERO,
            );
            if let Err(error) = given {
                tracing::warn!(%error, queue = %self.settings.queue, "a record was not given back");
            }
        }
    }
}
