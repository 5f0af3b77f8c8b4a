//! The queues: what is sent arrives, in its queue, not before its time.

use std::time::Duration;

use jiff::Timestamp;
use recado_domain::class::Lane;
use recado_domain::consent::Keyword;
use recado_domain::delivery::{TimerKind, plus};
use recado_ports::{Job, Queues, Reply, TimerMessage};

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

/// The receiving end of the queues under test.
pub trait Arrivals: Send + Sync {
    /// Takes out what can be received within this time; on the wire as long as that takes, and at once
    /// if something is there. None that is taken comes again.
    fn take(&self, place: Place, within: Duration) -> impl Future<Output = Vec<Arrived>> + Send;
}

/// How long a message without a delay may take to arrive.
const SOON: Duration = Duration::from_secs(2);
/// A delay that tells itself from [`SOON`] and does not hold a test up.
const DELAY: Duration = Duration::from_secs(4);
/// How long one with [`DELAY`] may take.
const LATER: Duration = Duration::from_secs(8);

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
    let bank = tenant("banco-aurora");
    let job = |lane, attempt| Job::Send {
        tenant: bank.clone(),
        notification: id("queued"),
        lane,
        attempt,
    };
    let reply = Job::Reply(Reply {
        tenant: bank.clone(),
        recipient: person("queued"),
        entry: "001795269845123#inbound".to_owned(),
        from: recado_domain::ids::PhoneNumberId::parse("106012345678901").expect("digits"),
        keyword: Keyword::OptOut,
    });

    for (lane, attempt) in Lane::ALL.into_iter().zip(1..) {
        queues
            .enqueue(&job(lane, attempt), Duration::ZERO)
            .await
            .expect("the queue answers");
    }
    queues
        .enqueue(&reply, Duration::ZERO)
        .await
        .expect("the queue answers");
    for (lane, attempt) in Lane::ALL.into_iter().zip(1..) {
        let mut expected = vec![Arrived::Job(job(lane, attempt))];
        if lane == Lane::Standard {
            expected.push(Arrived::Job(reply.clone()));
        }
        let mut arrived = all_of(arrivals, Place::Lane(lane), SOON, expected.len()).await;
        // Standard queues keep no order.
        arrived.sort_by_key(|message| *message == Arrived::Job(reply.clone()));
        assert_eq!(arrived, expected, "{lane:?}");
    }

    let timer = |kind, at| TimerMessage {
        tenant: bank.clone(),
        notification: id("timed"),
        leg: 1,
        kind,
        at,
    };
    let moment =
        |at: Timestamp| Timestamp::from_millisecond(at.as_millisecond()).expect("a moment of ours");
    for kind in [TimerKind::Open, TimerKind::Guard] {
        let past = timer(kind, moment(now()));
        queues.arm(&past, now()).await.expect("the queue answers");
        let arrived = all_of(arrivals, Place::Fallback, SOON, 1).await;
        assert_eq!(
            arrived,
            [Arrived::Timer(past)],
            "a timer that is due comes at once"
        );
    }

    queues
        .enqueue(&job(Lane::Bulk, 9), DELAY)
        .await
        .expect("the queue answers");
    let due = timer(TimerKind::Open, moment(plus(now(), DELAY)));
    queues.arm(&due, now()).await.expect("the queue answers");
    let early = arrivals.take(Place::Fallback, Duration::ZERO).await;
    assert_eq!(early, [], "a delayed timer does not come before its time");
    let early = arrivals.take(Place::Lane(Lane::Bulk), Duration::ZERO).await;
    assert_eq!(early, [], "a delayed job does not come before its time");
    let arrived = all_of(arrivals, Place::Fallback, LATER, 1).await;
    assert_eq!(arrived, [Arrived::Timer(due.clone())]);
    assert!(now() >= due.at, "a timer is never early");
    let arrived = all_of(arrivals, Place::Lane(Lane::Bulk), LATER, 1).await;
    assert_eq!(arrived, [Arrived::Job(job(Lane::Bulk, 9))]);
}

/// Takes until as many have arrived as are expected, or nothing came any more.
async fn all_of(
    arrivals: &impl Arrivals,
    place: Place,
    within: Duration,
    expected: usize,
) -> Vec<Arrived> {
    let mut arrived = Vec::new();
    while arrived.len() < expected {
        let more = arrivals.take(place, within).await;
        if more.is_empty() {
            break;
        }
        arrived.extend(more);
    }
    arrived
}
