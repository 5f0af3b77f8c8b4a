//! The queues by calls in this process, on a clock that the tests move.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, advance};

use super::*;

const WORK: &str = "work";
const DEAD: &str = "work-dead";

fn queues(change: impl FnOnce(&mut QueueSettings)) -> Arc<Queues> {
    let mut work = QueueSettings::new(WORK);
    change(&mut work);
    let settings = vec![work, QueueSettings::new(DEAD)];
    Arc::new(Queues::new("http://127.0.0.1:1/", settings).unwrap())
}

fn delayed(body: &str, delay: Duration) -> Outgoing {
    Outgoing {
        delay: Some(delay),
        ..Outgoing::new(body)
    }
}

async fn receive_now(queues: &Queues, queue: &str) -> Vec<Received> {
    queues.receive(queue, 10, None, None).await.unwrap()
}

async fn bodies(queues: &Queues, queue: &str) -> Vec<String> {
    let received = receive_now(queues, queue).await;
    received.iter().map(|m| m.body().to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_delays_that_are_left_are_shown_the_shortest_first() {
    let queues = queues(|_| {});
    for seconds in [30, 7, 0] {
        let message = delayed("x", Duration::from_secs(seconds));
        queues.send(WORK, message).unwrap();
    }
    let seconds = |queues: &Queues| -> Vec<u64> {
        let left = queues.delays(WORK).unwrap();
        left.iter().map(Duration::as_secs).collect()
    };
    assert_eq!(seconds(&queues), [7, 30]);
    advance(Duration::from_secs(10)).await;
    assert_eq!(seconds(&queues), [20]);
}

#[tokio::test(start_paused = true)]
async fn a_delayed_message_arrives_when_its_delay_is_over_and_not_before() {
    let queues = queues(|_| {});
    let start = Instant::now();
    queues
        .send(WORK, delayed("late", Duration::from_secs(30)))
        .unwrap();
    queues
        .send(WORK, delayed("early", Duration::from_secs(7)))
        .unwrap();
    for (body, seconds) in [("early", 7), ("late", 30)] {
        let mut received = Vec::new();
        while received.is_empty() {
            let wait = Some(Duration::from_secs(20));
            received = queues.receive(WORK, 10, None, wait).await.unwrap();
        }
        assert_eq!(received[0].body().as_ref(), body);
        let late = start.elapsed() - Duration::from_secs(seconds);
        assert!(
            late < Duration::from_millis(5),
            "{body} was late by {late:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_waiting_receiver_notices_a_message_that_is_due_before_what_it_waits_for() {
    let queues = queues(|_| {});
    queues
        .send(WORK, delayed("later", Duration::from_secs(15)))
        .unwrap();
    let start = Instant::now();
    let receiver = tokio::spawn({
        let queues = Arc::clone(&queues);
        async move {
            queues
                .receive(WORK, 1, None, Some(Duration::from_secs(20)))
                .await
        }
    });
    tokio::task::yield_now().await;
    queues
        .send(WORK, delayed("sooner", Duration::from_secs(2)))
        .unwrap();
    let received = receiver.await.unwrap().unwrap();
    assert_eq!(received[0].body().as_ref(), "sooner");
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_message_without_a_delay_takes_the_queues_and_zero_means_zero() {
    let queues = queues(|work| work.delay = Duration::from_secs(5));
    queues.send(WORK, Outgoing::new("the queue's")).unwrap();
    queues.send(WORK, delayed("none", Duration::ZERO)).unwrap();
    assert_eq!(bodies(&queues, WORK).await, ["none"]);
    advance(Duration::from_secs(5)).await;
    assert_eq!(bodies(&queues, WORK).await, ["the queue's"]);
}

#[tokio::test(start_paused = true)]
async fn a_received_message_is_hidden_until_its_visibility_timeout_passes() {
    let queues = queues(|work| work.visibility = Duration::from_secs(60));
    queues.send(WORK, Outgoing::new("once")).unwrap();
    let first = receive_now(&queues, WORK).await.remove(0);
    assert_eq!(
        queues.depth(WORK).unwrap(),
        Depth {
            visible: 0,
            delayed: 0,
            in_flight: 1
        }
    );
    advance(Duration::from_secs(59)).await;
    assert!(receive_now(&queues, WORK).await.is_empty());
    advance(Duration::from_secs(1)).await;
    let second = receive_now(&queues, WORK).await.remove(0);
    assert_eq!((first.receive_count, second.receive_count), (1, 2));
    assert_eq!(first.message_id(), second.message_id());
    assert_eq!(first.first_received_at, second.first_received_at);
    assert_ne!(first.receipt_handle, second.receipt_handle);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_was_overtaken_deletes_nothing() {
    let queues = queues(|_| {});
    queues.send(WORK, Outgoing::new("held twice")).unwrap();
    let overtaken = receive_now(&queues, WORK).await.remove(0);
    advance(Duration::from_secs(30)).await;
    let holder = receive_now(&queues, WORK).await.remove(0);
    let deleted = queues
        .delete_batch(WORK, &[&overtaken.receipt_handle])
        .unwrap();
    assert_eq!(deleted, [Ok(())]);
    assert_eq!(queues.depth(WORK).unwrap().in_flight, 1);
    queues
        .delete_batch(WORK, &[&holder.receipt_handle])
        .unwrap();
    assert_eq!(queues.depth(WORK).unwrap().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_deletes_its_message_even_after_the_timeout_if_nobody_else_has_it() {
    let queues = queues(|_| {});
    queues.send(WORK, Outgoing::new("slow")).unwrap();
    let slow = receive_now(&queues, WORK).await.remove(0);
    advance(Duration::from_secs(31)).await;
    queues.delete_batch(WORK, &[&slow.receipt_handle]).unwrap();
    assert!(receive_now(&queues, WORK).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_holder_can_keep_its_message_longer_or_give_it_back() {
    let queues = queues(|_| {});
    queues.send(WORK, Outgoing::new("kept")).unwrap();
    let kept = receive_now(&queues, WORK).await.remove(0);
    queues
        .change_visibility(WORK, &kept.receipt_handle, Duration::from_secs(100))
        .unwrap();
    advance(Duration::from_secs(99)).await;
    assert!(receive_now(&queues, WORK).await.is_empty());
    queues
        .change_visibility(WORK, &kept.receipt_handle, Duration::ZERO)
        .unwrap();
    assert_eq!(bodies(&queues, WORK).await, ["kept"]);
    let late = queues.change_visibility(WORK, &kept.receipt_handle, Duration::ZERO);
    assert!(
        matches!(late, Err(SqsError::MessageNotInflight(_))),
        "{late:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_message_received_too_often_moves_to_the_dead_letter_queue() {
    let queues = queues(|work| {
        work.redrive = Some(Redrive {
            dead_letter_queue: DEAD.to_owned(),
            max_receive_count: 2,
        });
    });
    queues.send(WORK, Outgoing::new("poison")).unwrap();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let received = receive_now(&queues, WORK).await.remove(0);
        ids.push(received.message_id().to_owned());
        advance(Duration::from_secs(30)).await;
    }
    assert!(receive_now(&queues, WORK).await.is_empty());
    assert_eq!(queues.depth(WORK).unwrap().total(), 0);
    let dead = receive_now(&queues, DEAD).await.remove(0);
    assert_eq!(dead.body().as_ref(), "poison");
    assert_eq!(dead.message_id(), ids[0]);
    assert_eq!(dead.dead_letter_source, Some(Queues::arn(WORK)));
}

#[tokio::test(start_paused = true)]
async fn a_message_nobody_wants_is_forgotten_after_the_retention_period() {
    let queues = queues(|work| work.retention = Duration::from_secs(60));
    queues.send(WORK, Outgoing::new("old")).unwrap();
    queues
        .send(
            WORK,
            delayed("old before its time", Duration::from_secs(90)),
        )
        .unwrap();
    advance(Duration::from_secs(60)).await;
    assert!(receive_now(&queues, WORK).await.is_empty());
    assert_eq!(queues.depth(WORK).unwrap().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn several_receivers_share_what_arrives_and_none_sleeps_on_a_ready_message() {
    let queues = queues(|_| {});
    let start = Instant::now();
    let receivers: Vec<_> = (0..5)
        .map(|_| {
            let queues = Arc::clone(&queues);
            tokio::spawn(async move {
                queues
                    .receive(WORK, 1, None, Some(Duration::from_secs(20)))
                    .await
            })
        })
        .collect();
    tokio::task::yield_now().await;
    for n in 0..5 {
        queues.send(WORK, Outgoing::new(n.to_string())).unwrap();
    }
    let mut got = Vec::new();
    for receiver in receivers {
        got.extend(
            receiver
                .await
                .unwrap()
                .unwrap()
                .iter()
                .map(|m| m.body().to_string()),
        );
    }
    got.sort();
    assert_eq!(got, ["0", "1", "2", "3", "4"]);
    assert!(start.elapsed() < Duration::from_millis(5));
}

#[tokio::test(start_paused = true)]
async fn every_body_can_be_searched_wherever_it_is_and_after_it_is_gone() {
    let queues = queues(|_| {});
    queues.keep_history(3);
    queues.send(WORK, Outgoing::new("forgotten")).unwrap();
    queues.send(WORK, Outgoing::new("in flight")).unwrap();
    let received = receive_now(&queues, WORK).await;
    queues
        .delete_batch(WORK, &[&received[0].receipt_handle])
        .unwrap();
    queues
        .send(WORK, delayed("delayed", Duration::from_secs(9)))
        .unwrap();
    queues.send(WORK, Outgoing::new("visible")).unwrap();
    let sorted = |mut bodies: Vec<Arc<str>>| {
        bodies.sort();
        bodies.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let there = sorted(queues.all_bodies(WORK).unwrap());
    assert_eq!(there, ["delayed", "in flight", "visible"]);
    let ever: Vec<_> = queues.history(WORK).unwrap();
    assert_eq!(
        ever.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
        ["in flight", "delayed", "visible"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_receipt_is_worth_nothing_to_another_queue_or_another_run() {
    let queues = queues(|_| {});
    queues.send(WORK, Outgoing::new("mine")).unwrap();
    let receipt = receive_now(&queues, WORK).await.remove(0).receipt_handle;
    let elsewhere = queues.delete_batch(DEAD, &[&receipt]).unwrap();
    assert_eq!(elsewhere, [Err(SqsError::ReceiptHandleIsInvalid)]);
    let another_run = self::queues(|_| {});
    let refused = another_run.delete_batch(WORK, &[&receipt]).unwrap();
    assert_eq!(refused, [Err(SqsError::ReceiptHandleIsInvalid)]);
}

#[tokio::test(start_paused = true)]
async fn a_paused_queue_hands_nothing_over_and_then_all_at_once() {
    let queues = queues(|_| {});
    queues.pause(WORK).unwrap();
    let receiver = Arc::clone(&queues);
    let waiting = tokio::spawn(async move {
        let wait = Some(Duration::from_secs(20));
        receiver.receive(WORK, 10, None, wait).await.unwrap().len()
    });
    for delay in [0, 0, 3] {
        let message = delayed("x", Duration::from_secs(delay));
        queues.send(WORK, message).unwrap();
    }
    advance(Duration::from_secs(4)).await;
    assert_eq!(bodies(&queues, WORK).await, [""; 0]);
    assert_eq!(queues.depth(WORK).unwrap().visible, 3);
    queues.resume(WORK).unwrap();
    assert_eq!(waiting.await.unwrap(), 3);
    let traffic = queues.traffic();
    assert_eq!((traffic.received, traffic.receives), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn calls_in_this_process_count_as_the_requests_aws_would_bill() {
    let queues = queues(|_| {});
    for n in 0..12 {
        queues.send(WORK, Outgoing::new(n.to_string())).unwrap();
    }
    let mut receipts = Vec::new();
    while receipts.len() < 12 {
        let received = receive_now(&queues, WORK).await;
        receipts.extend(received.into_iter().map(|m| m.receipt_handle));
    }
    queues.delete_batch(WORK, &receipts).unwrap();
    let counts = queues.counts.snapshot();
    assert_eq!(counts["SendMessage"], 12);
    assert_eq!(counts["ReceiveMessage"], 2);
    assert_eq!(counts["DeleteMessageBatch"], 2);
}

#[test]
fn queues_that_aws_would_not_make_are_refused_with_their_name() {
    let check = |change: fn(&mut QueueSettings), expected: &str| {
        let mut settings = QueueSettings::new(WORK);
        change(&mut settings);
        let error = Queues::new("http://127.0.0.1:1", vec![settings]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(|q| q.delay = Duration::from_secs(901), "work: a delay");
    check(|q| q.name = "orders.fifo".to_owned(), "orders.fifo");
    check(
        |q| {
            q.redrive = Some(Redrive {
                dead_letter_queue: "nowhere".to_owned(),
                max_receive_count: 1,
            });
        },
        "no dead-letter queue nowhere",
    );
}
