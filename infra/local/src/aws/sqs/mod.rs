//! SQS: standard queues in memory, over the service's JSON protocol and, for the event sources of
//! the local stack, by calls in this process.
//!
//! Delays and visibility timeouts are kept by timers, not by polling: a message is handed over
//! within a few milliseconds of being due.

mod api;
mod batch;
mod errors;
mod looked_at;
mod message;
mod queue;
mod receipt;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{bail, ensure};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

pub use self::errors::SqsError;
pub use self::looked_at::Traffic;
pub use self::message::{MAX_BYTES, MessageAttribute, Outgoing, Received, Sent};
pub use self::queue::Depth;
pub use self::settings::{QueueSettings, Redrive};

use self::errors::out_of_range;
use self::message::{Content, Message, attributes_md5, hex_md5};
use self::queue::{HeldByNobody, Number, State, Taken};
use self::receipt::{Receipt, Receipts};
use super::counts::Counts;
use super::{ACCOUNT, REGION, wall_clock};

const VISIBILITY_SECONDS: RangeInclusive<i64> = 0..=43_200;
const WAIT_SECONDS: RangeInclusive<i64> = 0..=20;
const MAX_MESSAGES: RangeInclusive<i64> = 1..=10;
const BATCH_ENTRIES: usize = 10;

struct Queue {
    settings: QueueSettings,
    /// The dead-letter queue's index.
    dead_letters: Option<usize>,
    created: jiff::Timestamp,
    state: Mutex<State>,
    changed: Notify,
}

/// All queues of one local stack.
///
/// Every method that stands for a request to AWS counts as that request.
pub struct Queues {
    queues: Vec<Queue>,
    by_name: BTreeMap<String, usize>,
    base: String,
    receipts: Receipts,
    next_number: AtomicU64,
    pub(super) counts: Counts,
    received: AtomicU64,
    receives: AtomicU64,
    grouped: AtomicU64,
}

impl std::fmt::Debug for Queues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

impl Queues {
    /// Makes the queues; their URLs begin with `base`, for example `http://127.0.0.1:4566`.
    ///
    /// # Errors
    /// When two queues share a name, a name or a setting is out of AWS's bounds, or a redrive names
    /// a queue that is not among them.
    pub fn new(base: &str, settings: Vec<QueueSettings>) -> anyhow::Result<Self> {
        let mut by_name = BTreeMap::new();
        for (index, queue) in settings.iter().enumerate() {
            queue.check()?;
            let earlier = by_name.insert(queue.name.clone(), index);
            ensure!(earlier.is_none(), "two queues are named {}", queue.name);
        }
        let queue = |settings: QueueSettings| {
            let dead_letters = match &settings.redrive {
                None => None,
                Some(Redrive {
                    dead_letter_queue, ..
                }) => match by_name.get(dead_letter_queue) {
                    Some(index) => Some(*index),
                    None => bail!(
                        "{} has no dead-letter queue {dead_letter_queue}",
                        settings.name
                    ),
                },
            };
            Ok(Queue {
                settings,
                dead_letters,
                created: wall_clock(),
                state: Mutex::default(),
                changed: Notify::new(),
            })
        };
        let queues = settings
            .into_iter()
            .map(queue)
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            queues,
            by_name,
            base: base.trim_end_matches('/').to_owned(),
            receipts: Receipts::new()?,
            next_number: AtomicU64::new(1),
            counts: Counts::default(),
            received: AtomicU64::new(0),
            receives: AtomicU64::new(0),
            grouped: AtomicU64::new(0),
        })
    }

    pub(super) fn reset_counts(&self) {
        self.counts.reset();
        self.received.store(0, Ordering::Relaxed);
        self.receives.store(0, Ordering::Relaxed);
        self.grouped.store(0, Ordering::Relaxed);
    }

    /// The URL by which clients name a queue.
    ///
    /// # Errors
    /// [`SqsError::QueueDoesNotExist`].
    pub fn url(&self, queue: &str) -> Result<String, SqsError> {
        self.index(queue)?;
        Ok(format!("{}/{ACCOUNT}/{queue}", self.base))
    }

    /// A queue's ARN, as event source mappings name it.
    #[must_use]
    pub fn arn(queue: &str) -> String {
        format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
    }

    /// Sends one message (`SendMessage`).
    ///
    /// # Errors
    /// What AWS refuses: an empty or too long body, a delay over 900 s, and so on.
    pub fn send(&self, queue: &str, message: Outgoing) -> Result<Sent, SqsError> {
        self.counts.add("SendMessage");
        let index = self.index(queue)?;
        message.check()?;
        Ok(self.store(index, message))
    }

    /// Receives up to `max` (1–10) messages, waiting up to `wait` (≤ 20 s) for the first
    /// (`ReceiveMessage`). `None` leaves visibility and wait to the queue's settings.
    ///
    /// Dropping the future loses nothing: a message is taken and returned without a wait between.
    ///
    /// # Errors
    /// What AWS refuses: no such queue, numbers out of bounds, 120,000 messages in flight.
    pub async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Option<Duration>,
        wait: Option<Duration>,
    ) -> Result<Vec<Received>, SqsError> {
        self.counts.add("ReceiveMessage");
        let index = self.index(queue)?;
        let settings = &self.queues[index].settings;
        let most = i64::try_from(max).unwrap_or(i64::MAX);
        in_bounds("MaxNumberOfMessages", most, &MAX_MESSAGES)?;
        if let Some(visibility) = visibility {
            in_bounds("VisibilityTimeout", ceil(visibility), &VISIBILITY_SECONDS)?;
        }
        if let Some(wait) = wait {
            in_bounds("WaitTimeSeconds", ceil(wait), &WAIT_SECONDS)?;
        }
        let visibility = visibility.unwrap_or(settings.visibility);
        let deadline = Instant::now() + wait.unwrap_or(settings.receive_wait);
        let queue = &self.queues[index];
        loop {
            // Registered before looking, so that a message sent in between wakes it all the same.
            let changed = queue.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let received = self.take(index, max, visibility)?;
            let now = Instant::now();
            if !received.is_empty() || now >= deadline {
                return Ok(received);
            }
            let due = queue.lock().next_due();
            let until = due.map_or(deadline, |due| due.min(deadline));
            match timeout_at(until, changed).await {
                Ok(()) | Err(_) => {}
            }
        }
    }

    /// Deletes messages by their receipts, ten to a request (`DeleteMessageBatch`). One result per
    /// receipt, in order.
    ///
    /// # Errors
    /// [`SqsError::QueueDoesNotExist`].
    pub fn delete_batch<H: AsRef<str>>(
        &self,
        queue: &str,
        receipts: &[H],
    ) -> Result<Vec<Result<(), SqsError>>, SqsError> {
        let index = self.index(queue)?;
        let mut results = Vec::with_capacity(receipts.len());
        for batch in receipts.chunks(BATCH_ENTRIES) {
            self.counts.add("DeleteMessageBatch");
            results.extend(
                batch
                    .iter()
                    .map(|receipt| self.delete(index, receipt.as_ref())),
            );
        }
        Ok(results)
    }

    /// Lets the holder of a receipt keep its message for `visibility` from now on; zero gives it
    /// back at once (`ChangeMessageVisibility`).
    ///
    /// # Errors
    /// What AWS refuses: a receipt that is not valid or no longer holds its message.
    pub fn change_visibility(
        &self,
        queue: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<(), SqsError> {
        self.counts.add("ChangeMessageVisibility");
        self.hold(self.index(queue)?, receipt, visibility)
    }

    fn index(&self, queue: &str) -> Result<usize, SqsError> {
        let index = self.by_name.get(queue).copied();
        index.ok_or(SqsError::QueueDoesNotExist)
    }

    /// Puts a checked message into its queue.
    fn store(&self, index: usize, message: Outgoing) -> Sent {
        let queue = &self.queues[index];
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        if message.group.is_some() {
            self.grouped.fetch_add(1, Ordering::Relaxed);
        }
        let content = Content {
            id: self.receipts.message_id(number),
            md5: hex_md5(message.body.as_bytes()),
            attributes_md5: attributes_md5(&message.attributes),
            body: message.body.into(),
            attributes: message.attributes,
            group: message.group,
            trace_header: message.trace_header,
            sent_at: wall_clock(),
        };
        let sent = Sent {
            message_id: content.id.clone(),
            md5_of_body: content.md5.clone(),
            md5_of_attributes: content.attributes_md5.clone(),
        };
        let now = Instant::now();
        let message_in_queue = Message {
            content: Arc::new(content),
            sent: now,
            first_received_at: None,
            receive_count: 0,
            dead_letter_source: None,
        };
        let delay = message.delay.unwrap_or(queue.settings.delay);
        let retention = queue.settings.retention;
        queue.change(|state| state.push(number, message_in_queue, delay, retention, now));
        sent
    }

    fn take(
        &self,
        index: usize,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Received>, SqsError> {
        let queue = &self.queues[index];
        let most = queue.settings.redrive.as_ref().map(|r| r.max_receive_count);
        let (now, wall) = (Instant::now(), wall_clock());
        let (received, dead) = queue.change(|state| {
            let Taken { live, dead } = state.take(max, visibility, most, now, wall)?;
            let receipt = |number: Number| {
                let message = state.get(number).expect("it was taken under this lock");
                Received {
                    content: Arc::clone(&message.content),
                    receipt_handle: self.receipts.issue(Receipt {
                        queue: index,
                        number,
                        receive_count: message.receive_count,
                    }),
                    receive_count: message.receive_count,
                    first_received_at: message.first_received_at.unwrap_or(wall),
                    dead_letter_source: message.dead_letter_source.clone(),
                }
            };
            Ok((live.into_iter().map(receipt).collect::<Vec<_>>(), dead))
        })?;
        let handed_over = u64::try_from(received.len()).unwrap_or(u64::MAX);
        self.received.fetch_add(handed_over, Ordering::Relaxed);
        let found = u64::from(handed_over > 0);
        self.receives.fetch_add(found, Ordering::Relaxed);
        if let Some(target) = queue.dead_letters {
            let target = &self.queues[target];
            let retention = target.settings.retention;
            for (number, mut message) in dead {
                message.dead_letter_source = Some(Self::arn(&queue.settings.name));
                target.change(|s| s.push(number, message, Duration::ZERO, retention, now));
            }
        }
        Ok(received)
    }

    fn delete(&self, index: usize, receipt: &str) -> Result<(), SqsError> {
        let Receipt {
            number,
            receive_count,
            ..
        } = self.receipts.read(receipt, index)?;
        self.queues[index].change(|state| state.delete(number, receive_count, Instant::now()));
        Ok(())
    }

    fn hold(&self, index: usize, receipt: &str, visibility: Duration) -> Result<(), SqsError> {
        in_bounds("VisibilityTimeout", ceil(visibility), &VISIBILITY_SECONDS)?;
        let Receipt {
            number,
            receive_count,
            ..
        } = self.receipts.read(receipt, index)?;
        let now = Instant::now();
        self.queues[index]
            .change(|state| state.change_visibility(number, receive_count, visibility, now))
            .map_err(|why| match why {
                HeldByNobody::Visible => SqsError::MessageNotInflight(receipt.to_owned()),
                HeldByNobody::Deleted => SqsError::InvalidParameterValue(format!(
                    "Value {receipt} for parameter ReceiptHandle is invalid. Reason: Message does \
                     not exist or is not available for visibility timeout change."
                )),
            })
    }
}

impl Queue {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes who waits for it: everybody when a message becomes due earlier
    /// than they sleep, else one receiver, who hands on to the next what it leaves over.
    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let due_before = state.next_due();
        let result = change(&mut state);
        let due_earlier = match (due_before, state.next_due()) {
            (Some(before), Some(after)) => after < before,
            (None, after) => after.is_some(),
            (Some(_), None) => false,
        };
        let ready = state.has_ready();
        drop(state);
        if due_earlier {
            self.changed.notify_waiters();
        }
        if ready {
            self.changed.notify_one();
        }
        result
    }
}

fn in_bounds(name: &str, value: i64, bounds: &RangeInclusive<i64>) -> Result<(), SqsError> {
    if bounds.contains(&value) {
        return Ok(());
    }
    Err(out_of_range(name, value, bounds))
}

/// Whole seconds, rounded up, so that a limit in seconds is not passed by a fraction.
fn ceil(duration: Duration) -> i64 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
