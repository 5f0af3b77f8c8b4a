//! The timers of one invocation travel together, and none of them depends on another. Time is virtual.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot make its message has failed"
)]

mod scripted;

use std::future::{pending, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use jiff::Timestamp;
use recado_domain::class::Lane;
use recado_domain::delivery::TimerKind;
use recado_domain::ids::{NotificationId, TenantId};
use recado_ports::{Job, QueueError, Queues, TimerMessage};
use recado_sqs::{Gathering, LINGER, QueueUrls, Sender};
use scripted::{Asked, Scripted, takes_all, takes_but};
use serde_json::json;
use tokio::time::{Instant, sleep};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const ID: &str = "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa";
/// How long a record of these tests stalls: longer than anybody waits for it.
const STALL: Duration = Duration::from_secs(2);

type Work = Pin<Box<dyn Future<Output = Outcome>>>;
type Outcome = Result<(), QueueError>;

fn sender(sqs: &Scripted) -> Sender {
    let urls = QueueUrls {
        standard: Some("http://sqs/1/standard".to_owned()),
        fallback: Some("http://sqs/1/fallback".to_owned()),
        ..QueueUrls::default()
    };
    Sender::new(sqs.client(), urls)
}

/// Leg and delay tell the timers apart.
fn timer(leg: u8) -> TimerMessage {
    TimerMessage {
        tenant: TenantId::parse(&format!("bank-{leg}")).unwrap(),
        notification: NotificationId::parse(ID).unwrap(),
        leg,
        kind: TimerKind::Open,
        at: Timestamp::from_second(i64::from(leg)).unwrap(),
    }
}

/// A record that arms its timer after a while.
fn arms(sender: &Sender, leg: u8, after: Duration) -> Work {
    let sender = sender.clone();
    Box::pin(async move {
        sleep(after).await;
        sender.arm(&timer(leg), NOW).await
    })
}

fn at_once(sender: &Sender, legs: std::ops::RangeInclusive<u8>) -> Vec<Work> {
    legs.map(|leg| arms(sender, leg, Duration::ZERO)).collect()
}

/// Handles records as an invocation does: all futures are made, then polled together, each panic caught.
async fn invocation(records: Vec<Work>) -> Vec<Option<Outcome>> {
    let gathering = Gathering::default();
    let records = records.into_iter().map(|work| {
        let record = AssertUnwindSafe(gathering.record(work));
        async move { record.catch_unwind().await.ok() }
    });
    join_all(records).await
}

fn shape(asked: &[Asked]) -> Vec<(&str, Vec<u64>)> {
    let request = |asked: &'_ Asked| asked.legs();
    let operations = asked.iter().map(|asked| asked.operation.as_str());
    operations.zip(asked.iter().map(request)).collect()
}

fn all_armed(outcomes: &[Option<Outcome>]) -> bool {
    let armed = |outcome: &Option<Outcome>| matches!(outcome, Some(Ok(())));
    outcomes.iter().all(armed)
}

#[tokio::test(start_paused = true)]
async fn ten_records_arm_their_timers_by_one_request_and_wait_for_nothing_more() {
    let sqs = Scripted::new(takes_all);
    let began = Instant::now();
    let outcomes = invocation(at_once(&sender(&sqs), 1..=10)).await;
    assert!(all_armed(&outcomes));
    let asked = sqs.asked();
    assert_eq!(
        shape(&asked),
        [("SendMessageBatch", (1..=10).collect::<Vec<_>>())]
    );
    assert!(asked[0].at - began < Duration::from_millis(2), "no linger");
    let entries = asked[0].body["Entries"].as_array().unwrap();
    for (leg, entry) in (1..).zip(entries) {
        assert_eq!(entry["MessageGroupId"], format!("bank-{leg}"));
        assert_eq!(entry["DelaySeconds"], leg, "each its own delay");
    }
    let mut ids: Vec<_> = entries.iter().map(|e| e["Id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_lone_record_arms_its_timer_at_once_by_a_plain_request() {
    let sqs = Scripted::new(takes_all);
    let began = Instant::now();
    let sender = sender(&sqs);
    let work = sender.clone();
    let lone: Work = Box::pin(async move { work.arm(&timer(1), NOW).await });
    assert!(all_armed(&invocation(vec![lone]).await));
    assert_eq!(Instant::now(), began, "it waits for nobody");
    assert_eq!(shape(&sqs.asked()), [("SendMessage", vec![1])]);
    assert_eq!(sqs.asked()[0].body["DelaySeconds"], 1);
    assert_eq!(sqs.asked()[0].body["MessageGroupId"], "bank-1");

    sender.arm(&timer(2), NOW).await.unwrap();
    assert_eq!(Instant::now(), began, "nor does who is in no invocation");
    assert_eq!(shape(&sqs.asked())[1..], [("SendMessage", vec![2])]);
}

#[tokio::test(start_paused = true)]
async fn records_beyond_ten_go_by_a_second_request() {
    let sqs = Scripted::new(takes_all);
    assert!(all_armed(&invocation(at_once(&sender(&sqs), 1..=12)).await));
    let expected = [
        ("SendMessageBatch", (1..=10).collect()),
        ("SendMessageBatch", vec![11, 12]),
    ];
    assert_eq!(shape(&sqs.asked()), expected);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_ends_without_a_timer_holds_nobody() {
    let sqs = Scripted::new(takes_all);
    let mut records = at_once(&sender(&sqs), 1..=2);
    records.push(Box::pin(ready(Ok(()))));
    records.push(Box::pin(async {
        sleep(Duration::from_millis(5)).await;
        Ok(())
    }));
    let began = Instant::now();
    assert!(all_armed(&invocation(records).await));
    let asked = sqs.asked();
    assert_eq!(shape(&asked), [("SendMessageBatch", vec![1, 2])]);
    let waited = asked[0].at - began;
    assert!(
        waited >= Duration::from_millis(5) && waited < LINGER,
        "{waited:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_record_that_stalls_holds_the_others_for_the_linger_and_then_goes_alone() {
    let sqs = Scripted::new(takes_all);
    let sender = sender(&sqs);
    let mut records = at_once(&sender, 1..=3);
    records.push(arms(&sender, 4, STALL));
    let began = Instant::now();
    assert!(all_armed(&invocation(records).await));
    let asked = sqs.asked();
    let expected = [
        ("SendMessageBatch", vec![1, 2, 3]),
        ("SendMessage", vec![4]),
    ];
    assert_eq!(shape(&asked), expected);
    let waited = asked[0].at - began;
    let tick = Duration::from_millis(3);
    assert!(waited >= LINGER && waited < LINGER + tick, "{waited:?}");
    let late = asked[1].at - began;
    assert!(late >= STALL && late < STALL + tick, "{late:?}: no linger");
}

#[tokio::test(start_paused = true)]
async fn who_comes_after_the_linger_gathers_anew() {
    let sqs = Scripted::new(takes_all);
    let sender = sender(&sqs);
    let mut records = at_once(&sender, 1..=1);
    for (leg, after) in [(2, 1_000), (3, 1_010), (4, 1_015)] {
        records.push(arms(&sender, leg, Duration::from_millis(after)));
    }
    assert!(all_armed(&invocation(records).await));
    let expected = [
        ("SendMessage", vec![1]),
        ("SendMessageBatch", vec![2, 3, 4]),
    ];
    assert_eq!(shape(&sqs.asked()), expected);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_failed_goes_again_alone() {
    let sqs = Scripted::new(takes_but(&[2]));
    assert!(all_armed(&invocation(at_once(&sender(&sqs), 1..=3)).await));
    let expected = [
        ("SendMessageBatch", vec![1, 2, 3]),
        ("SendMessage", vec![2]),
    ];
    assert_eq!(shape(&sqs.asked()), expected, "and no other is armed twice");
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_the_answer_does_not_name_counts_as_failed() {
    let sqs = Scripted::new(|asked| {
        let mut answer = takes_all(asked)?;
        if let Some(successful) = answer.1["Successful"].as_array_mut() {
            successful.remove(0);
        }
        Some(answer)
    });
    assert!(all_armed(&invocation(at_once(&sender(&sqs), 1..=3)).await));
    let expected = [
        ("SendMessageBatch", vec![1, 2, 3]),
        ("SendMessage", vec![1]),
    ];
    assert_eq!(shape(&sqs.asked()), expected);
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_fails_alone_too_fails_its_own_record_only() {
    let sqs = Scripted::new(|asked| match asked.operation.as_str() {
        "SendMessage" => Some((500, json!({ "__type": "InternalError" }))),
        _ => takes_but(&[2])(asked),
    });
    let outcomes = invocation(at_once(&sender(&sqs), 1..=3)).await;
    let failed: Vec<bool> = outcomes
        .iter()
        .map(|outcome| matches!(outcome, Some(Err(_))))
        .collect();
    assert_eq!(failed, [false, true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_as_a_whole_fails_all_its_records_with_its_reason() {
    for (answer, reason) in [
        (None, "queue: fallback: unreachable"),
        (
            Some((400, json!({ "__type": "com.amazonaws.sqs#AccessDenied" }))),
            "queue: fallback: AccessDenied",
        ),
    ] {
        let sqs = Scripted::new(move |_| answer.clone());
        let outcomes = invocation(at_once(&sender(&sqs), 1..=3)).await;
        assert_eq!(outcomes.len(), 3);
        for outcome in outcomes {
            let error = outcome.unwrap().unwrap_err();
            assert_eq!(error.to_string(), reason);
            assert!(error.source.is_some(), "the cause is kept");
        }
        assert_eq!(sqs.asked().len(), 1, "the client has repeated it already");
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_records_first_timer_waits_and_jobs_never_do() {
    let sqs = Scripted::new(takes_all);
    let (first, second) = (sender(&sqs), sender(&sqs));
    let job = Job::Send {
        tenant: TenantId::parse("bank-1").unwrap(),
        notification: NotificationId::parse(ID).unwrap(),
        lane: Lane::Standard,
        attempt: 2,
    };
    let records: Vec<Work> = vec![
        Box::pin(async move {
            first.enqueue(&job, Duration::ZERO).await?;
            first.arm(&timer(1), NOW).await?;
            first.arm(&timer(3), NOW).await
        }),
        arms(&second, 2, Duration::ZERO),
    ];
    assert!(all_armed(&invocation(records).await));
    let asked = sqs.asked();
    assert_eq!(asked[0].operation, "SendMessage");
    assert!(asked[0].body["MessageBody"].to_string().contains("SendV1"));
    let expected = [("SendMessageBatch", vec![1, 2]), ("SendMessage", vec![3])];
    assert_eq!(shape(&asked[1..]), expected);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_panics_harms_itself_alone() {
    let sqs = Scripted::new(takes_all);
    let sender = sender(&sqs);
    let mut records = at_once(&sender, 1..=2);
    records.push(Box::pin(async {
        sleep(Duration::from_millis(5)).await;
        panic!("before its timer")
    }));
    let armed = sender.clone();
    records.push(Box::pin(async move {
        armed.arm(&timer(4), NOW).await?;
        panic!("after its timer")
    }));
    let began = Instant::now();
    let outcomes = invocation(records).await;
    assert!(all_armed(&outcomes[..2]));
    assert!(outcomes[2].is_none() && outcomes[3].is_none());
    assert_eq!(
        shape(&sqs.asked()),
        [("SendMessageBatch", vec![1, 2, 4])],
        "who panicked is waited for no longer"
    );
    assert!(Instant::now() - began < LINGER);
}

#[tokio::test(start_paused = true)]
async fn whoever_began_to_gather_may_be_cancelled_and_the_others_are_armed() {
    let sqs = Scripted::new(takes_all);
    let sender = sender(&sqs);
    let gathering = Gathering::default();
    let mut first = Box::pin(gathering.record(arms(&sender, 1, Duration::ZERO)));
    let second = gathering.record(arms(&sender, 2, Duration::from_millis(1)));
    let third = gathering.record(arms(&sender, 3, Duration::from_millis(5)));
    let cancelled = async {
        tokio::select! {
            biased;
            _ = &mut first => panic!("it waits for the third"),
            () = sleep(Duration::from_millis(3)) => drop(first),
        }
    };
    let (second, third, ()) = tokio::join!(second, third, cancelled);
    assert!(second.is_ok() && third.is_ok());
    // A timer without a claim after it is what every crash between the two leaves.
    let expected = [("SendMessageBatch", vec![1, 2, 3])];
    assert_eq!(shape(&sqs.asked()), expected);
}

#[tokio::test(start_paused = true)]
async fn where_all_who_waited_are_cancelled_the_next_is_armed_all_the_same() {
    let sqs = Scripted::new(takes_all);
    let sender = sender(&sqs);
    let gathering = Gathering::default();
    let mut first = Box::pin(gathering.record(arms(&sender, 1, Duration::ZERO)));
    let second = gathering.record(arms(&sender, 2, Duration::ZERO));
    let never: Work = Box::pin(pending());
    let dropped = gathering.record(never);
    tokio::select! {
        biased;
        _ = &mut first => panic!("it waits for the others"),
        () = sleep(Duration::from_millis(3)) => drop(first),
    }
    drop(dropped);
    assert!(second.await.is_ok());
    assert_eq!(shape(&sqs.asked()), [("SendMessage", vec![2])]);
}

#[tokio::test(start_paused = true)]
async fn timers_for_different_queues_do_not_share_a_request() {
    let sqs = Scripted::new(takes_all);
    let elsewhere = Sender::new(
        sqs.client(),
        QueueUrls {
            fallback: Some("http://sqs/1/elsewhere".to_owned()),
            ..QueueUrls::default()
        },
    );
    let mut records = at_once(&sender(&sqs), 1..=2);
    records.extend(at_once(&elsewhere, 3..=3));
    assert!(all_armed(&invocation(records).await));
    for asked in sqs.asked() {
        let url = asked.body["QueueUrl"].as_str().unwrap();
        assert_eq!(url.ends_with("elsewhere"), asked.legs() == [3], "{asked:?}");
    }
}
