use std::collections::BTreeSet;
use std::sync::Mutex;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::batch::Verdict;
use super::*;
use crate::aws::{Outgoing, QueueSettings, REGION};
use crate::lambda::InvokeError;

const QUEUE: &str = "jobs";

fn queues() -> Arc<Queues> {
    let mut settings = QueueSettings::new(QUEUE);
    settings.visibility = Duration::from_secs(600);
    Arc::new(Queues::new("http://sqs.local", vec![settings]).unwrap())
}

fn settings() -> Settings {
    Settings {
        queue: QUEUE.into(),
        batch_size: 10,
        window: Duration::ZERO,
        failures: FailureReporting::PerRecord,
        concurrency: 1,
    }
}

type Answer = Result<Bytes, InvokeError>;
type Work = dyn Fn(Value) -> BoxFuture<'static, Answer> + Send + Sync;

/// A function that tells its events, and answers as it is told.
struct Told(Box<Work>);

impl Invoke for Told {
    fn invoke(&self, payload: Bytes) -> BoxFuture<'_, Answer> {
        (self.0)(serde_json::from_slice(&payload).unwrap())
    }
}

/// A function whose answer depends on the event alone, and the events it was given.
fn function(
    answer: impl Fn(&Value) -> Answer + Send + Sync + 'static,
) -> (Arc<Told>, tokio::sync::mpsc::UnboundedReceiver<Value>) {
    let (sender, events) = tokio::sync::mpsc::unbounded_channel();
    let told = Told(Box::new(move |event| {
        let answer = answer(&event);
        sender.send(event).unwrap();
        async move { answer }.boxed()
    }));
    (Arc::new(told), events)
}

fn bodies(event: &Value) -> Vec<&str> {
    let records = event["Records"].as_array().unwrap();
    records
        .iter()
        .map(|r| r["body"].as_str().unwrap())
        .collect()
}

fn send(queues: &Queues, bodies: &[&str]) {
    for body in bodies {
        queues.send(QUEUE, Outgoing::new(*body)).unwrap();
    }
}

fn ok(value: &Value) -> Answer {
    Ok(value.to_string().into())
}

#[tokio::test]
async fn a_record_has_everything_that_sqs_tells_of_it() {
    let queues = queues();
    let mut message = Outgoing::new("hello");
    message.group = Some("bank".into());
    let sent = queues.send(QUEUE, message).unwrap();
    let (function, mut events) = function(|_| ok(&json!({ "batchItemFailures": [] })));
    let source = EventSource::start(Arc::clone(&queues), function, settings());
    let event = events.recv().await.unwrap();
    source.stop().await;
    let record = &event["Records"][0];
    assert_eq!(record["messageId"], sent.message_id);
    assert_eq!(record["body"], "hello");
    assert_eq!(record["md5OfBody"], "5d41402abc4b2a76b9719d911017c592");
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(record["attributes"]["MessageGroupId"], "bank");
    let sent_at = record["attributes"]["SentTimestamp"].as_str().unwrap();
    assert!(sent_at.parse::<i64>().is_ok_and(|ms| ms > 0), "{sent_at}");
    assert_eq!(record["messageAttributes"], json!({}));
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(record["eventSourceARN"], Queues::arn(QUEUE));
    assert_eq!(record["awsRegion"], REGION);
    assert!(!record["receiptHandle"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn what_was_done_is_deleted_and_only_what_failed_stays() {
    let queues = queues();
    send(&queues, &["good", "bad", "fine"]);
    let (function, mut events) = function(|event| {
        let records = event["Records"].as_array().unwrap();
        let failures: Vec<Value> = records
            .iter()
            .filter(|r| r["body"] == "bad")
            .map(|r| json!({ "itemIdentifier": r["messageId"] }))
            .collect();
        ok(&json!({ "batchItemFailures": failures }))
    });
    let source = EventSource::start(Arc::clone(&queues), function, settings());
    let event = events.recv().await.unwrap();
    assert_eq!(bodies(&event).len(), 3);
    let statistics = stopped(source).await;
    assert_eq!((statistics.records, statistics.failed_records), (3, 1));
    let left = queues.all_bodies(QUEUE).unwrap();
    assert_eq!(
        left.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        ["bad"]
    );
    // It waits for its visibility timeout.
    assert_eq!(queues.depth(QUEUE).unwrap().in_flight, 1);
}

/// Stops the source; the invocations under way are finished by then.
async fn stopped(source: EventSource) -> Statistics {
    let inner = Arc::clone(&source.source);
    source.stop().await;
    Statistics {
        batches: inner.batches.load(Ordering::Relaxed),
        records: inner.records.load(Ordering::Relaxed),
        failed_records: inner.failed_records.load(Ordering::Relaxed),
    }
}

#[tokio::test]
async fn a_function_error_leaves_the_whole_batch_in_the_queue() {
    let queues = queues();
    send(&queues, &["a", "b"]);
    let (function, mut events) = function(|_| {
        Err(InvokeError::FunctionError {
            error_type: "Panic".into(),
            message: "no".into(),
        })
    });
    let source = EventSource::start(Arc::clone(&queues), function, settings());
    events.recv().await.unwrap();
    assert_eq!(stopped(source).await.failed_records, 2);
    assert_eq!(queues.depth(QUEUE).unwrap().in_flight, 2);
}

#[tokio::test]
async fn a_batch_is_no_larger_than_its_size_and_is_gathered_over_its_window() {
    let queues = queues();
    let all: Vec<String> = (0..25).map(|n| n.to_string()).collect();
    send(&queues, &all.iter().map(String::as_str).collect::<Vec<_>>());
    let (function, mut events) = function(|_| ok(&Value::Null));
    let settings = Settings {
        batch_size: 20,
        window: Duration::from_millis(200),
        ..settings()
    };
    let source = EventSource::start(Arc::clone(&queues), function, settings);
    let first = events.recv().await.unwrap();
    let second = events.recv().await.unwrap();
    source.stop().await;
    assert_eq!(bodies(&first).len(), 20);
    assert_eq!(bodies(&second).len(), 5);
    assert_eq!(queues.depth(QUEUE).unwrap().total(), 0);
}

#[tokio::test]
async fn no_more_invocations_run_at_once_than_the_concurrency_allows() {
    let queues = queues();
    send(&queues, &["a", "b", "c", "d", "e", "f"]);
    let running = Arc::new(Mutex::new((0_usize, 0_usize)));
    let (sender, mut ended) = tokio::sync::mpsc::unbounded_channel();
    let gauge = Arc::clone(&running);
    let function = Arc::new(Told(Box::new(move |_| {
        let (gauge, sender) = (Arc::clone(&gauge), sender.clone());
        async move {
            {
                let mut now = gauge.lock().unwrap();
                now.0 += 1;
                now.1 = now.1.max(now.0);
            }
            // Long enough for the others to begin if they were let.
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            gauge.lock().unwrap().0 -= 1;
            sender.send(()).unwrap();
            Ok(Bytes::new())
        }
        .boxed()
    })));
    let settings = Settings {
        batch_size: 1,
        concurrency: 2,
        ..settings()
    };
    let source = EventSource::start(Arc::clone(&queues), function, settings);
    for _ in 0..6 {
        ended.recv().await.unwrap();
    }
    source.stop().await;
    assert_eq!(running.lock().unwrap().1, 2);
    assert_eq!(queues.depth(QUEUE).unwrap().total(), 0);
}

#[tokio::test]
async fn stopping_waits_for_the_batch_under_way_and_reads_no_more() {
    let queues = queues();
    send(&queues, &["a"]);
    let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
    let release = Arc::new(tokio::sync::Notify::new());
    let held = Arc::clone(&release);
    let function = Arc::new(Told(Box::new(move |_| {
        let held = Arc::clone(&held);
        begun.send(()).unwrap();
        async move {
            held.notified().await;
            Ok(Bytes::new())
        }
        .boxed()
    })));
    let source = EventSource::start(Arc::clone(&queues), function, settings());
    has_begun.recv().await.unwrap();
    let mut stopping = Box::pin(source.stop());
    assert!(stopping.as_mut().now_or_never().is_none());
    send(&queues, &["b"]);
    release.notify_one();
    stopping.await;
    let left = queues.all_bodies(QUEUE).unwrap();
    assert_eq!(left.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["b"]);
}

#[tokio::test]
async fn stopping_gives_back_what_was_gathered_but_not_handed_over() {
    let queues = queues();
    send(&queues, &["a"]);
    let (function, _events) = function(|_| ok(&Value::Null));
    let settings = Settings {
        window: Duration::from_secs(300),
        ..settings()
    };
    let source = EventSource::start(Arc::clone(&queues), function, settings);
    while queues.depth(QUEUE).unwrap().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    source.stop().await;
    assert_eq!(queues.depth(QUEUE).unwrap().visible, 1);
}

#[tokio::test]
async fn records_too_large_for_one_event_come_in_several() {
    let queues = queues();
    let large = "x".repeat(900_000);
    send(&queues, &[large.as_str(); 8]);
    let (function, mut events) = function(|_| ok(&Value::Null));
    let source = EventSource::start(Arc::clone(&queues), function, settings());
    let first = events.recv().await.unwrap();
    let second = events.recv().await.unwrap();
    source.stop().await;
    assert_eq!(bodies(&first).len() + bodies(&second).len(), 8);
    assert_eq!(queues.depth(QUEUE).unwrap().total(), 0);
}

#[test]
fn an_answer_counts_as_aws_counts_it() {
    let ids = BTreeSet::from(["a", "b"]);
    let done =
        |failed: &[&str]| Verdict::DoneExcept(failed.iter().map(|id| (*id).to_owned()).collect());
    for (answer, expected) in [
        ("", done(&[])),
        ("null", done(&[])),
        ("{}", done(&[])),
        (r#"{"batchItemFailures":null}"#, done(&[])),
        (r#"{"batchItemFailures":[]}"#, done(&[])),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#,
            done(&["b"]),
        ),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            Verdict::AllFailed,
        ),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            Verdict::AllFailed,
        ),
        (
            r#"{"batchItemFailures":[{"itemIdentifier":"z"}]}"#,
            Verdict::AllFailed,
        ),
        (r#"{"batchItemFailures":[{"id":"b"}]}"#, Verdict::AllFailed),
        (r#"{"batchItemFailures":{}}"#, Verdict::AllFailed),
        ("\"ok\"", Verdict::AllFailed),
        ("{", Verdict::AllFailed),
    ] {
        let verdict = batch::verdict(FailureReporting::PerRecord, answer.as_bytes(), &ids);
        assert_eq!(verdict, expected, "{answer}");
    }
    let whole = batch::verdict(FailureReporting::WholeBatch, b"anything", &ids);
    assert_eq!(whole, done(&[]));
}

#[test]
fn the_local_limit_bounds_what_the_template_allows() {
    let event = |maximum_concurrency| template::QueueEvent {
        event: "Jobs".into(),
        queue: "Jobs".into(),
        batch_size: 5,
        window: Duration::ZERO,
        failures: FailureReporting::PerRecord,
        maximum_concurrency,
    };
    let queue = template::Queue {
        logical_id: "Jobs".into(),
        name: QUEUE.into(),
        delay: Duration::ZERO,
        visibility_timeout: Duration::from_secs(30),
        message_retention: Duration::from_secs(60),
        redrive: None,
    };
    for (maximum, limit, expected) in [(Some(200), 8, 8), (Some(2), 8, 2), (None, 8, 8)] {
        let settings = Settings::from_template(&event(maximum), &queue, limit);
        assert_eq!(settings.concurrency, expected);
        assert_eq!((settings.queue.as_str(), settings.batch_size), (QUEUE, 5));
    }
}
