//! The timers of one invocation's records, sent together: ten to a request instead of one.
//!
//! Nobody's timer depends on somebody else's future being polled or living on. Whoever waits drives the
//! one request, and each reads of the answer what became of its own message.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::Client;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use recado_ports::QueueError;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::sender::{FALLBACK, Message, send_alone, send_together};

/// How long the first message waits for the others at the most. Records of a batch arrive here within
/// milliseconds of each other. One that does not is repeating a read, or waits for a token of its
/// number's pace, for up to two seconds; its neighbours' one-time codes must not wait with it.
pub const LINGER: Duration = Duration::from_millis(20);

/// SQS: at most ten messages to a request. What ten of ours weigh is a hundredth of its limit in bytes.
const MOST: usize = 10;

tokio::task_local! {
    static TICKET: Ticket;
}

/// The records of one invocation, whose timers travel together. Make all of its records' futures before
/// any is polled: whoever is not known yet is not waited for.
#[derive(Clone, Default)]
pub struct Gathering(Arc<Mutex<Gathered>>);

#[derive(Default)]
struct Gathered {
    /// Records that may still hand in their first timer.
    under_way: usize,
    forming: Option<Round>,
}

/// Messages that wait for one request.
struct Round {
    url: String,
    messages: Vec<Message>,
    complete: oneshot::Sender<Vec<Message>>,
    /// Weak, since the request keeps the gathering: it lives as long as somebody waits for it.
    request: WeakShared<Request>,
}

type Request = BoxFuture<'static, Answer>;

/// The places of the messages that are durable.
type Answer = Result<Arc<BTreeSet<usize>>, Broken>;

/// What broke a whole request, for each who took part in it.
#[derive(Clone)]
struct Broken {
    reason: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// A message's place in a request that others take part in.
pub(crate) struct Seat {
    place: usize,
    request: Shared<Request>,
}

impl Gathering {
    /// The record's future, taking part: its first timer goes together with those of the others. It is
    /// waited for no longer once it ends, panics or is dropped.
    pub fn record<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        self.lock().under_way += 1;
        let ticket = Ticket {
            gathering: self.clone(),
            spent: AtomicBool::new(false),
        };
        // Within a block of its own the ticket is dropped where the work ends, and not where somebody
        // gets round to dropping the future.
        async move { TICKET.scope(ticket, work).await }
    }

    fn hand_in(&self, client: &Client, url: &str, message: &Message) -> Option<Seat> {
        let mut gathered = self.lock();
        gathered.under_way -= 1;
        let seat = gathered.join(url, message).or_else(|| {
            // One queue to a request: where another's is forming, this one goes alone.
            let vacant = gathered.forming.as_ref().is_none_or(Round::is_forsaken);
            vacant.then(|| self.open(&mut gathered, client, url, message))
        });
        gathered.close_if_complete();
        seat
    }

    fn open(&self, gathered: &mut Gathered, client: &Client, url: &str, message: &Message) -> Seat {
        let (complete, completed) = oneshot::channel();
        let (gathering, client, to) = (self.clone(), client.clone(), url.to_owned());
        let request = async move {
            let messages = gathering.completed(completed).await;
            let sent = match messages.as_slice() {
                [] => Ok(BTreeSet::new()),
                [message] => {
                    let sent = send_alone(&client, FALLBACK, &to, message).await;
                    sent.map(|()| BTreeSet::from([0]))
                }
                messages => send_together(&client, FALLBACK, &to, messages).await,
            };
            sent.map(Arc::new).map_err(Broken::from)
        };
        let request = request.boxed().shared();
        gathered.forming = request.downgrade().map(|request| Round {
            url: url.to_owned(),
            messages: vec![message.clone()],
            complete,
            request,
        });
        Seat { place: 0, request }
    }

    /// The messages of a round once it is complete, or what there is of it after [`LINGER`].
    async fn completed(&self, mut complete: oneshot::Receiver<Vec<Message>>) -> Vec<Message> {
        if let Ok(completed) = timeout(LINGER, &mut complete).await {
            return completed.unwrap_or_default();
        }
        // A round is completed under this lock: one that is not yet is the one that is forming.
        let mut gathered = self.lock();
        complete.try_recv().unwrap_or_else(|_| {
            let forming = gathered.forming.take();
            forming.map(|round| round.messages).unwrap_or_default()
        })
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    fn join(&mut self, url: &str, message: &Message) -> Option<Seat> {
        let round = self.forming.as_mut().filter(|round| round.url == url)?;
        let request = round.request.upgrade()?;
        let place = round.messages.len();
        round.messages.push(message.clone());
        Some(Seat { place, request })
    }

    fn close_if_complete(&mut self) {
        let none_to_come = self.under_way == 0;
        let complete = |round: &mut Round| none_to_come || round.messages.len() == MOST;
        if let Some(round) = self.forming.take_if(complete) {
            // Nobody takes them where all who waited are gone.
            drop(round.complete.send(round.messages));
        }
    }
}

impl Round {
    /// Whether everybody who waited for it is gone: cancelled before their timers left.
    fn is_forsaken(&self) -> bool {
        self.request.upgrade().is_none()
    }
}

impl Seat {
    /// Takes a seat for this record's message, if it is the first of a record that takes part.
    pub(crate) fn take(client: &Client, url: &str, message: &Message) -> Option<Self> {
        let take = |ticket: &Ticket| {
            let fresh = ticket.spend();
            fresh.then(|| ticket.gathering.hand_in(client, url, message))
        };
        TICKET.try_with(take).ok().flatten().flatten()
    }

    /// Whether the message is in the queue; if the answer does not say so, it is to be sent again. An
    /// error of the whole request, which the client has repeated, is everybody's.
    pub(crate) async fn durable(self) -> Result<bool, QueueError> {
        let durable = self.request.await.map_err(QueueError::from)?;
        Ok(durable.contains(&self.place))
    }
}

/// A record's right to be waited for, once.
struct Ticket {
    gathering: Gathering,
    spent: AtomicBool,
}

impl Ticket {
    fn spend(&self) -> bool {
        !self.spent.swap(true, Ordering::Relaxed)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.spend() {
            let mut gathered = self.gathering.lock();
            gathered.under_way -= 1;
            gathered.close_if_complete();
        }
    }
}

impl From<QueueError> for Broken {
    fn from(error: QueueError) -> Self {
        Self {
            reason: error.reason,
            source: error.source.map(Arc::from),
        }
    }
}

impl From<Broken> for QueueError {
    fn from(broken: Broken) -> Self {
        Self {
            reason: broken.reason,
            source: broken.source.map(|source| Box::new(source) as _),
        }
    }
}
