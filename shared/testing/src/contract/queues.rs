//! The queues: what is sent arrives as it was sent, in its queue, not before its time, and again until it
//! is acknowledged.

use std::time::Duration;

use jiff::Timestamp;
use recado_domain::class::Lane;
use recado_domain::consent::Keyword;
use recado_domain::delivery::{TimerKind, plus};
use recado_domain::ids::TenantId;
use recado_ports::{Job, QueueError, Queues, Reply, TimerMessage};

use super::{id, person, tenant};

pub use crate::twin::Place;

/// A message as a function reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// A job.
    Job(Job),
    /// A timer.
    Timer(TimerMessage),
}

/// A message that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its message group: keeps banks fair to each other.
    pub group: String,
    /// What it says.
    pub message: Arrived,
}

/// The receiving end of the queues under test.
pub trait Arrivals: Send + Sync {
    /// Takes out what can be received within this time; on the wire as long as that takes, and at once
    /// if something is there. None that is taken comes again.
    fn take(&self, place: Place, within: Duration) -> impl Future<Output = Vec<Arrival>> + Send;

    /// The same, and acknowledges nothing: each comes again when its visibility timeout is over, which
    /// is [`VISIBILITY`].
    fn look(&self, place: Place, within: Duration) -> impl Future<Output = Vec<Arrival>> + Send;

    /// How long each message that is not due yet still waits, the next one first.
    fn delays(&self, place: Place) -> Vec<Duration>;
}

/// The visibility timeout of the queues under test.
pub const VISIBILITY: Duration = Duration::from_secs(3);

/// How long a message without a delay may take to arrive.
const SOON: Duration = Duration::from_secs(2);
/// A delay that tells itself from [`SOON`] and does not hold a test up.
const DELAY: Duration = Duration::from_secs(4);
/// How long one with [`DELAY`] may take.
const LATER: Duration = Duration::from_secs(8);
/// What two clocks may differ by.
const CLOCKS: Duration = Duration::from_millis(50);

/// Exercises queues that are empty at the beginning; at the end they are empty again. `now` is the
/// queues' own time.
///
/// # Panics
/// Where the queues break the contract.
pub async fn queues_contract<Q: Queues>(
    queues: &Q,
    arrivals: &impl Arrivals,
    now: impl Fn() -> Timestamp,
) {
    every_message_arrives_in_its_place_as_it_was_sent(queues, arrivals, &now).await;
    what_is_not_acknowledged_comes_again(queues, arrivals, &now).await;
    a_delayed_message_is_never_early(queues, arrivals, &now).await;
}

fn job(bank: &TenantId, lane: Lane, attempt: u32) -> Job {
    Job::Send {
        tenant: bank.clone(),
        notification: id("queued"),
        lane,
        attempt,
    }
}

fn timer(bank: &TenantId, leg: u8, kind: TimerKind, at: Timestamp) -> TimerMessage {
    TimerMessage {
        tenant: bank.clone(),
        notification: id("timed"),
        leg,
        kind,
        at: Timestamp::from_millisecond(at.as_millisecond()).expect("a moment of ours"),
    }
}

/// Jobs of every kind, with what is hard to write down.
fn jobs() -> Vec<Job> {
    let banks = ["banco-aurora", "banco-boreal", "b"].map(tenant);
    let mut all = Vec::new();
    for bank in &banks {
        for lane in Lane::ALL {
            all.extend([1, 2, u32::MAX].map(|attempt| job(bank, lane, attempt)));
        }
        for (keyword, entry) in [
            (Keyword::OptOut, "001795269845123#inbound"),
            (Keyword::OptIn, "001795269845123#\"é\\ \u{1f4b8} <&>"),
        ] {
            all.push(Job::Reply(Reply {
                tenant: bank.clone(),
                recipient: person("queued"),
                entry: entry.to_owned(),
                from: recado_domain::ids::PhoneNumberId::parse("106012345678901").expect("digits"),
                keyword,
            }));
        }
    }
    all
}

async fn every_message_arrives_in_its_place_as_it_was_sent<Q: Queues>(
    queues: &Q,
    arrivals: &impl Arrivals,
    now: impl Fn() -> Timestamp,
) {
    for job in jobs() {
        let sent = queues.enqueue(&job, Duration::ZERO).await;
        sent.expect("the queue answers");
    }
    let mut timers = Vec::new();
    for leg in [1, 2, u8::MAX] {
        for kind in [TimerKind::Open, TimerKind::Guard] {
            // One that is due at once, and one of long ago.
            for at in [now(), Timestamp::UNIX_EPOCH] {
                let timer = timer(&tenant("banco-aurora"), leg, kind, at);
                queues.arm(&timer, now()).await.expect("the queue answers");
                timers.push(Arrived::Timer(timer));
            }
        }
    }
    for lane in Lane::ALL {
        let here = jobs().into_iter().filter(|job| job.lane() == lane);
        let expected = here.map(Arrived::Job).collect();
        all_arrive(arrivals, Place::Lane(lane), SOON, expected).await;
    }
    all_arrive(arrivals, Place::Fallback, SOON, timers).await;
}

async fn what_is_not_acknowledged_comes_again<Q: Queues>(
    queues: &Q,
    arrivals: &impl Arrivals,
    now: impl Fn() -> Timestamp,
) {
    let place = Place::Lane(Lane::Critical);
    let job = job(&tenant("banco-aurora"), Lane::Critical, 7);
    let sent = queues.enqueue(&job, Duration::ZERO).await;
    sent.expect("the queue answers");
    let held_from = now();
    let looked = arrivals.look(place, SOON).await;
    assert_eq!(looked, [arrival(Arrived::Job(job.clone()))]);
    let hidden = arrivals.take(place, Duration::ZERO).await;
    // Unless the machine was so slow that it may be there again.
    if now() < plus(held_from, VISIBILITY) {
        assert_eq!(hidden, [], "what somebody holds is not handed out");
        all_arrive(arrivals, place, LATER, vec![Arrived::Job(job)]).await;
    }
    let after = arrivals.take(place, Duration::ZERO).await;
    assert_eq!(after, [], "what is acknowledged does not come again");
}

async fn a_delayed_message_is_never_early<Q: Queues>(
    queues: &Q,
    arrivals: &impl Arrivals,
    now: impl Fn() -> Timestamp,
) {
    let bank = tenant("banco-aurora");
    let sent_at = now();
    let late = job(&bank, Lane::Bulk, 9);
    let sent = queues.enqueue(&late, DELAY).await;
    sent.expect("the queue answers");
    let due = timer(&bank, 1, TimerKind::Open, plus(now(), DELAY));
    queues.arm(&due, now()).await.expect("the queue answers");
    let early = [
        arrivals.take(Place::Fallback, Duration::ZERO).await,
        arrivals.take(Place::Lane(Lane::Bulk), Duration::ZERO).await,
    ];
    if now() < plus(sent_at, DELAY) {
        assert_eq!(early, [[], []], "nothing comes before its time");
        all_arrive(
            arrivals,
            Place::Fallback,
            LATER,
            vec![Arrived::Timer(due.clone())],
        )
        .await;
        assert!(now() >= due.at, "a timer is never early");
        let place = Place::Lane(Lane::Bulk);
        all_arrive(arrivals, place, LATER, vec![Arrived::Job(late)]).await;
    }
}

/// Exercises the delays of queues that are empty at the beginning. They are not afterwards: some of what
/// is sent is due in a quarter of an hour.
///
/// # Panics
/// Where a delay is not whole seconds, rounded up and cut at 900.
pub async fn delays_contract<Q: Queues>(
    queues: &Q,
    arrivals: &impl Arrivals,
    now: impl Fn() -> Timestamp,
) {
    let bank = tenant("banco-aurora");
    // Each is longer than the one before, so that it is the last to wait.
    for (millis, seconds) in [
        (30_000, 30),
        (30_001, 31),
        (31_999, 32),
        (899_001, 900),
        (900_000, 900),
        (900_001, 900),
        (86_400_000, 900),
    ] {
        let delay = Duration::from_millis(millis);
        let expected = Duration::from_secs(seconds);
        for place in [Place::Lane(Lane::Standard), Place::Fallback] {
            let before = now();
            if place == Place::Fallback {
                let mut timer = timer(&bank, 1, TimerKind::Open, before);
                timer.at = plus(before, delay);
                queues.arm(&timer, before).await.expect("the queue answers");
            } else {
                let job = job(&bank, Lane::Standard, 1);
                queues
                    .enqueue(&job, delay)
                    .await
                    .expect("the queue answers");
            }
            let sent = now();
            let left = arrivals.delays(place);
            let seen = now();
            let last = *left.last().expect("the message waits");
            let (earliest, latest) = (plus(sent, last), plus(seen, last));
            assert!(
                plus(latest, CLOCKS) >= plus(before, expected)
                    && earliest <= plus(plus(sent, expected), CLOCKS),
                "{place:?}: {delay:?} became {last:?}"
            );
        }
    }
}

/// Exercises queues whose answers are lost; they are empty at the beginning and at the end. `lose(n)` has
/// the next `n` messages put into their queue and the sender not told. Whoever is told nothing sends again,
/// so the message lies there more than once: every consumer bears that.
///
/// # Panics
/// Where a message is not there, or there more often than it was sent.
pub async fn lost_sends_contract<Q: Queues>(
    queues: &Q,
    arrivals: &impl Arrivals,
    now: impl Fn() -> Timestamp,
    lose: impl Fn(u32),
) {
    let bank = tenant("banco-aurora");
    for lost in [1_u32, 4] {
        let job = job(&bank, Lane::Critical, lost);
        lose(lost);
        sent(async || queues.enqueue(&job, Duration::ZERO).await).await;
        let timer = timer(&bank, 1, TimerKind::Guard, now());
        lose(lost);
        sent(async || queues.arm(&timer, now()).await).await;
        let times = usize::try_from(lost).expect("a small number") + 1;
        let copies = vec![Arrived::Job(job); times];
        all_arrive(arrivals, Place::Lane(Lane::Critical), SOON, copies).await;
        let copies = vec![Arrived::Timer(timer); times];
        all_arrive(arrivals, Place::Fallback, SOON, copies).await;
    }
}

/// Sends until the queue says that it has the message.
async fn sent(mut send: impl AsyncFnMut() -> Result<(), QueueError>) {
    for _ in 0..8 {
        if send().await.is_ok() {
            return;
        }
    }
    panic!("the queue answers in the end");
}

fn arrival(message: Arrived) -> Arrival {
    let group = match &message {
        Arrived::Job(job) => job.tenant(),
        Arrived::Timer(timer) => &timer.tenant,
    };
    Arrival {
        group: group.as_str().to_owned(),
        message,
    }
}

/// Takes until nothing is missing and nothing more is there: exactly these arrive, in any order.
async fn all_arrive(
    arrivals: &impl Arrivals,
    place: Place,
    within: Duration,
    expected: Vec<Arrived>,
) {
    let mut arrived = Vec::new();
    while arrived.len() < expected.len() {
        let more = arrivals.take(place, within).await;
        if more.is_empty() {
            break;
        }
        arrived.extend(more);
    }
    arrived.extend(arrivals.take(place, Duration::ZERO).await);
    let mut expected: Vec<Arrival> = expected.into_iter().map(arrival).collect();
    // Standard queues keep no order.
    let order = |arrival: &Arrival| format!("{arrival:?}");
    arrived.sort_by_key(order);
    expected.sort_by_key(order);
    assert_eq!(arrived, expected, "{place:?}");
}
