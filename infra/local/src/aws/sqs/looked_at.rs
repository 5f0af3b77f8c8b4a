//! What no client can ask of SQS: for the page, the costs and the tests. Nothing here counts as a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::{Depth, Queues, SqsError};

/// What went through all queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Messages handed over.
    pub received: u64,
    /// Receives that handed over any: the others are polling, which goes on without a single message.
    pub receives: u64,
    /// Messages sent with a group, which AWS bills by the message.
    pub grouped: u64,
}

impl Queues {
    /// The names of all queues, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// What went through all queues.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Traffic {
            received: read(&self.received),
            receives: read(&self.receives),
            grouped: read(&self.grouped),
        }
    }

    /// Hands nothing over until [`Queues::resume`], as if nobody polled: for whoever wants several messages
    /// to be taken at once. Messages come in and become due meanwhile.
    ///
    /// # Errors
    /// [`SqsError::QueueDoesNotExist`].
    pub fn pause(&self, queue: &str) -> Result<(), SqsError> {
        self.queues[self.index(queue)?].lock().pause(true);
        Ok(())
    }

    /// Hands over again what is there.
    ///
    /// # Errors
    /// [`SqsError::QueueDoesNotExist`].
    pub fn resume(&self, queue: &str) -> Result<(), SqsError> {
        self.queues[self.index(queue)?].change(|state| state.pause(false));
        Ok(())
    }

    /// How many messages are where.
    ///
    /// # Errors
    /// [`SqsError::QueueDoesNotExist`].
    pub fn depth(&self, queue: &str) -> Result<Depth, SqsError> {
        let index = self.index(queue)?;
        Ok(self.queues[index].lock().depth(Instant::now()))
    }

    /// How long each message that waits for its delay to pass still waits, the next one first.
    ///
    /// # Errors
    /// [`SqsError::QueueDoesNotExist`].
    pub fn delays(&self, queue: &str) -> Result<Vec<Duration>, SqsError> {
        let index = self.index(queue)?;
        Ok(self.queues[index].lock().delays(Instant::now()))
    }

    /// The bodies of all messages in a queue, wherever in it they are.
    ///
    /// # Errors
    /// [`SqsError::QueueDoesNotExist`].
    pub fn all_bodies(&self, queue: &str) -> Result<Vec<Arc<str>>, SqsError> {
        Ok(self.queues[self.index(queue)?].lock().bodies())
    }

    /// From now on each queue remembers the last `limit` bodies that came into it, deleted or not;
    /// 0, as at first, remembers none.
    pub fn keep_history(&self, limit: usize) {
        for queue in &self.queues {
            queue.lock().keep_history(limit);
        }
    }

    /// The bodies that came into a queue since [`Queues::keep_history`], oldest first.
    ///
    /// # Errors
    /// [`SqsError::QueueDoesNotExist`].
    pub fn history(&self, queue: &str) -> Result<Vec<Arc<str>>, SqsError> {
        Ok(self.queues[self.index(queue)?].lock().history())
    }
}
