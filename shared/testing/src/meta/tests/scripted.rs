//! The twelve reserved recipients.

use super::*;

fn reserved(number: u16) -> String {
    format!("+55119000{number:05}")
}

/// Sends the alert once; answers the reply and the statuses of the next minute.
fn outcome(number: u16) -> (Reply, Vec<String>) {
    let mut world = World::new();
    let reply = world.send(&alert_to(&reserved(number)));
    world.pass(MINUTE);
    let statuses = world.statuses().into_iter().map(str::to_owned).collect();
    (reply, statuses)
}

#[test]
fn each_reserved_recipient_has_its_outcome() {
    let cases: [(u16, Effect, &[&str]); 10] = [
        (1, Effect::Answer, &["sent", "delivered", "read"]),
        (2, Effect::Answer, &["sent", "delivered"]),
        (3, Effect::Answer, &[]),
        (4, Effect::Answer, &["failed"]),
        (7, Effect::TimeoutAfterAccept, &["sent", "delivered"]),
        (8, Effect::TimeoutAfterAccept, &[]),
        (9, Effect::Answer, &["sent", "read"]),
        (10, Effect::Answer, &["sent", "failed", "delivered"]),
        (11, Effect::Answer, &["sent", "delivered"]),
        (12, Effect::Answer, &["failed"]),
    ];
    for (number, effect, expected) in cases {
        let (reply, statuses) = outcome(number);
        assert_eq!((reply.status, reply.effect), (200, effect), "{number}");
        assert_eq!(statuses, expected, "{number}");
    }
}

#[test]
fn the_paused_template_is_refused_at_once() {
    let (reply, statuses) = outcome(5);
    assert_eq!((reply.status, reply.error_code()), (400, Some(132_015)));
    assert!(statuses.is_empty());
}

#[test]
fn the_throttled_recipient_takes_the_third_attempt_of_each_notification() {
    let mut world = World::new();
    for notification in ["ntf_a", "ntf_b"] {
        for (attempt, expected) in [(1, Some(131_056)), (2, Some(131_056)), (3, None)] {
            let mut body = alert_to(&reserved(6));
            body["biz_opaque_callback_data"] = json!(format!("{notification}.{attempt}"));
            assert_eq!(
                world.send(&body).error_code(),
                expected,
                "{notification}.{attempt}"
            );
        }
    }
    world.pass(MINUTE);
    assert_eq!(world.statuses(), ["sent", "sent", "delivered", "delivered"]);
}

#[test]
fn a_message_can_wait_for_the_sms_to_be_first() {
    let mut world = World::new();
    let to = reserved(11);
    world.send(&alert_to(&to));
    world.pass(Duration::from_secs(30));
    assert_eq!(world.statuses(), ["sent"]);
    world
        .meta
        .receive_sms(&to, "Compra de R$ 120,50", "AURORA", world.now)
        .expect("taken");
    world.pass(Duration::from_secs(1));
    assert_eq!(world.statuses(), ["sent", "delivered"]);
    world.pass(MINUTE);
    assert_eq!(world.statuses(), ["sent", "delivered"], "once only");
}

#[test]
fn the_last_one_gets_no_sms_either() {
    let mut world = World::new();
    let refused = world
        .meta
        .receive_sms(&reserved(12), "x", "AURORA", world.now);
    assert_eq!(refused, Err(SmsRefused));
}

#[test]
fn reserved_recipients_ignore_switches_and_the_pace_to_one_person() {
    let mut world = World::with(|settings| settings.pair_burst = 1);
    world.switch(
        &reserved(1),
        json!({ "online": false, "on_whatsapp": false }),
    );
    for _ in 0..5 {
        assert_eq!(world.send(&alert_to(&reserved(1))).status, 200);
    }
    world.pass(MINUTE);
    assert_eq!(world.statuses().len(), 15);
}
