//! Signatures, repetition, faults.

use super::*;

#[test]
fn every_post_is_signed_over_its_exact_bytes() {
    let mut world = World::new();
    world.send(&alert_to(ANA));
    world.now += MINUTE;
    let mut posts = Vec::new();
    while world.meta.next_due().is_some_and(|due| due <= world.now) {
        posts.extend(world.meta.take_due(world.now));
    }
    assert_eq!(posts.len(), 3);
    for post in posts {
        assert_eq!(
            post.signature,
            super::super::webhooks::sign(SECRET, &post.body)
        );
        assert!(post.body.is_ascii());
        assert_eq!(post.phone_number_id.as_deref(), Some(NUMBER));
    }
}

#[test]
fn a_refused_webhook_comes_again_at_once_and_then_later_and_later_until_meta_gives_up() {
    let mut world = World::with(|settings| {
        settings.retries.give_up_after = Duration::from_secs(100);
    });
    world
        .meta
        .emit(WABA, "account_update", json!({ "event": "X" }), world.now);
    let start = world.now;
    world.pass_answering(Duration::from_secs(3600), Some(500));
    let at: Vec<i64> = world
        .posted
        .iter()
        .map(|(at, _)| at.duration_since(start).as_secs())
        .collect();
    assert_eq!(at, [0, 0, 1, 5, 21, 85]);
    let lost = EventKind::WebhookLost { updates: 1 };
    assert!(
        world
            .meta
            .take_events()
            .iter()
            .any(|event| event.kind == lost)
    );
}

#[test]
fn an_answered_webhook_does_not_come_again() {
    let mut world = World::new();
    world.send(&alert_to("+5511900000002"));
    world.pass_answering(Duration::from_millis(450), None);
    world.posted.clear();
    world.pass(Duration::from_secs(7200));
    assert_eq!(
        world.statuses().iter().filter(|it| **it == "sent").count(),
        1
    );
}

#[test]
fn posts_are_doubled_dropped_and_batched_as_the_faults_say() {
    let send_ten = |faults: Value| {
        let mut world = World::new();
        world.faults(json!({ "webhooks": faults }));
        for _ in 0..10 {
            world.send(&alert_to("+5511900000002"));
        }
        world.pass(MINUTE);
        (world.posted.len(), world.statuses().len())
    };
    assert_eq!(send_ten(json!({})), (20, 20));
    assert_eq!(send_ten(json!({ "duplicate": 1.0 })), (40, 40));
    assert_eq!(send_ten(json!({ "drop": 1.0 })), (0, 0));
    assert_eq!(
        send_ten(json!({ "batch": { "size": 5, "ms": 60000 } })),
        (4, 20)
    );
    assert_eq!(
        send_ten(json!({ "batch": { "size": 1000, "ms": 5000 } })),
        (1, 20)
    );
}

#[test]
fn a_shuffle_lets_later_statuses_overtake() {
    let mut world = World::new();
    world.faults(json!({ "webhooks": { "shuffle": true } }));
    for _ in 0..20 {
        world.send(&alert_to("+5511900000001"));
    }
    world.pass(MINUTE);
    let mut seen: Vec<(&str, Vec<&str>)> = Vec::new();
    for status in world.updates("statuses") {
        let (id, word) = (status["id"].as_str(), status["status"].as_str());
        let (id, word) = (id.expect("an id"), word.expect("a status"));
        match seen.iter_mut().find(|(known, _)| *known == id) {
            Some((_, words)) => words.push(word),
            None => seen.push((id, vec![word])),
        }
    }
    assert_eq!(seen.len(), 20);
    assert!(
        seen.iter()
            .any(|(_, words)| *words != ["sent", "delivered", "read"])
    );
}

#[test]
fn each_fault_meets_one_send() {
    let faults = [
        (json!({ "status": 502 }), 502, Effect::Answer, None, 0),
        (
            json!({ "status": 500, "after_accept": true }),
            500,
            Effect::Answer,
            None,
            2,
        ),
        (
            json!({ "error_code": 131_000 }),
            500,
            Effect::Answer,
            Some(131_000),
            0,
        ),
        (
            json!({ "error_code": 130_429, "http_status": 429 }),
            429,
            Effect::Answer,
            Some(130_429),
            0,
        ),
        (
            json!({ "timeout_after_accept": true }),
            200,
            Effect::TimeoutAfterAccept,
            None,
            2,
        ),
        (
            json!({ "timeout_before_accept": true }),
            503,
            Effect::TimeoutBeforeAccept,
            None,
            0,
        ),
        (
            json!({ "reset": true }),
            503,
            Effect::ResetBeforeAccept,
            None,
            0,
        ),
        (
            json!({ "reset_after_accept": true }),
            200,
            Effect::ResetAfterAccept,
            None,
            2,
        ),
        (
            json!({ "then_failed": 131_049 }),
            200,
            Effect::Answer,
            None,
            1,
        ),
        (json!({ "ok": true }), 200, Effect::Answer, None, 2),
    ];
    for (fault, status, effect, code, statuses) in faults {
        let mut world = World::new();
        world.faults(json!({ "next": [fault] }));
        let reply = world.send(&alert_to("+5511900000002"));
        assert_eq!((reply.status, reply.effect), (status, effect), "{fault}");
        assert_eq!(reply.error_code(), code, "{fault}");
        if status == 502 {
            assert_eq!(reply.value(), None, "an edge's page is not JSON");
        }
        world.pass(MINUTE);
        assert_eq!(world.statuses().len(), statuses, "{fault}");
        assert!(world.meta.faults().next.is_empty());
    }
}
