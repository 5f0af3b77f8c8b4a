//! What the sandbox answers to the bytes that Recado sends.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use recado_domain::carried::Carried;
use recado_domain::catalogue;
use recado_domain::ids::{Callback, NotificationId, PhoneNumberId};
use recado_domain::message::{Addressee, Outgoing};
use recado_domain::phone::E164;
use recado_domain::{params, render};
use recado_testing::meta::Effect;
use recado_whatsapp::wire;
use sandbox::{Answered, Sent, answer};
use serde_json::{Value, json};

const LATE: Duration = Duration::from_secs(45);

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("valid")
}

fn ask(authorization: Option<&str>, body: &[u8]) -> Answered {
    let number = PhoneNumberId::parse("700000000000001").expect("valid");
    let sent = Sent {
        number: &number,
        authorization,
        body,
    };
    answer(&sent, LATE, 7, now())
}

fn send(body: &[u8]) -> Answered {
    ask(Some("Bearer token"), body)
}

/// Every template of the catalogue in every language, as outbound-sender would post it.
fn messages(to: &str, attempt: u32) -> Vec<(String, Vec<u8>)> {
    let notification = NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid");
    let to = Addressee::Phone(E164::parse(to).expect("valid"));
    let carried = Carried::Attempt(Callback {
        notification: notification.clone(),
        attempt,
    });
    let mut all = Vec::new();
    for name in catalogue::names() {
        let template = catalogue::find(&name, None).expect("a listed name");
        for locale in template.locales.keys() {
            let values = params::parse(&template, &template.example_params(*locale));
            let values = values.expect("examples are valid");
            let message = render::whatsapp(&template, *locale, &values, &notification);
            let message = Outgoing::Template(message.expect("examples fit"));
            let body = wire::message(&to, &message, &carried);
            all.push((format!("{name} in {}", locale.code()), body));
        }
    }
    all
}

fn an_alert(to: &str, attempt: u32) -> Vec<u8> {
    let (_, body) = messages(to, attempt)
        .into_iter()
        .find(|(name, _)| name == "pix_received in pt_BR")
        .expect("the catalogue has it");
    body
}

/// The statuses of the webhooks that follow, and after how many seconds.
fn follows(answered: &Answered) -> Vec<(String, i64)> {
    let told = |(at, body): &(Timestamp, Vec<u8>)| {
        let body: Value = serde_json::from_slice(body).expect("JSON");
        let change = &body["entry"][0]["changes"][0]["value"];
        assert_eq!(change["metadata"]["phone_number_id"], "700000000000001");
        let status = &change["statuses"][0];
        assert_eq!(
            status["biz_opaque_callback_data"]
                .as_str()
                .map(|it| it.len() > 26),
            Some(true)
        );
        let status = status["status"].as_str().expect("a status").to_owned();
        (status, at.duration_since(now()).as_secs())
    };
    answered.webhooks.iter().map(told).collect()
}

fn statuses(answered: &Answered) -> Vec<String> {
    follows(answered)
        .into_iter()
        .map(|(status, _)| status)
        .collect()
}

#[test]
fn whatever_recado_sends_is_taken_though_nobody_created_or_uploaded_it_here() {
    let all = messages("+5511900000002", 1);
    assert!(all.len() >= 4 * 40, "{}", all.len());
    for (name, body) in all {
        let answered = send(&body);
        let said = String::from_utf8_lossy(&answered.reply.body).into_owned();
        assert_eq!(answered.reply.status, 200, "{name}: {said}");
        assert!(answered.reply.message_id().is_some(), "{name}");
        assert_eq!(statuses(&answered), ["sent", "delivered"], "{name}");
    }
}

#[test]
fn each_reserved_recipient_has_the_outcome_that_the_api_promises() {
    let check = |last: u32, attempt: u32, code: Option<u64>, effect: Effect, told: &[&str]| {
        let answered = send(&an_alert(&format!("+5511900000{last:03}"), attempt));
        let case = format!("{last}, attempt {attempt}");
        assert_eq!(answered.reply.error_code(), code, "{case}");
        assert_eq!(answered.reply.effect, effect, "{case}");
        assert_eq!(statuses(&answered), told, "{case}");
    };
    let (answered, lost) = (Effect::Answer, Effect::TimeoutAfterAccept);
    check(1, 1, None, answered, &["sent", "delivered", "read"]);
    check(2, 1, None, answered, &["sent", "delivered"]);
    check(3, 1, None, answered, &[]);
    check(4, 1, None, answered, &["failed"]);
    check(5, 1, Some(132_015), answered, &[]);
    check(6, 1, Some(131_056), answered, &[]);
    check(6, 2, Some(131_056), answered, &[]);
    check(6, 3, None, answered, &["sent", "delivered"]);
    check(7, 1, None, lost, &["sent", "delivered"]);
    check(8, 1, None, lost, &[]);
    check(9, 1, None, answered, &["sent", "read"]);
    check(10, 1, None, answered, &["sent", "failed", "delivered"]);
    check(11, 1, None, answered, &["sent", "delivered"]);
    check(12, 1, None, answered, &["failed"]);
    // The rest of the range leaves as little; its phones are on.
    check(0, 1, None, answered, &["sent", "delivered", "read"]);
    check(999, 1, None, answered, &["sent", "delivered", "read"]);
}

#[test]
fn the_late_message_arrives_when_the_settings_say() {
    let told = follows(&send(&an_alert("+5511900000011", 1)));
    assert_eq!(told[1], ("delivered".to_owned(), 45));
    // A queue keeps nothing for longer than fifteen minutes.
    for last in 1..=12 {
        for (at, _) in send(&an_alert(&format!("+5511900000{last:03}"), 3)).webhooks {
            assert!(at <= now() + SignedDuration::from_secs(900), "{last}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_webhooks_and_another_seed_other_ids() {
    let body = an_alert("+5511900000001", 1);
    assert_eq!(send(&body).webhooks, send(&body).webhooks);
    let number = PhoneNumberId::parse("700000000000001").expect("valid");
    let sent = Sent {
        number: &number,
        authorization: Some("Bearer token"),
        body: &body,
    };
    let other = answer(&sent, LATE, 8, now());
    assert_ne!(other.reply.message_id(), send(&body).reply.message_id());
}

#[test]
fn nobody_without_a_token_and_nobody_who_is_not_reserved_is_served() {
    let body = an_alert("+5511900000001", 1);
    let refused = ask(None, &body);
    assert_eq!(
        (refused.reply.status, refused.reply.error_code()),
        (401, Some(190))
    );
    assert!(refused.webhooks.is_empty());
    for to in ["+5511987654321", "+5511900001000", "+33612345678"] {
        let refused = send(&an_alert(to, 1));
        assert_eq!(refused.reply.error_code(), Some(131_030), "{to}");
        assert!(refused.webhooks.is_empty(), "{to}");
    }
    let by_user = json!({ "messaging_product": "whatsapp", "recipient": "BR.1", "type": "text",
        "text": { "body": "x" } });
    let refused = send(by_user.to_string().as_bytes());
    assert_eq!(refused.reply.error_code(), Some(131_030));
    assert_eq!(send(b"{").reply.error_code(), Some(131_030));
}

#[test]
fn a_free_text_is_outside_the_window_since_a_reserved_recipient_never_writes() {
    let text = json!({ "messaging_product": "whatsapp", "to": "+5511900000001", "type": "text",
        "text": { "body": "oi" }, "biz_opaque_callback_data": "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa.1" });
    let answered = send(text.to_string().as_bytes());
    assert_eq!(answered.reply.status, 200);
    assert_eq!(statuses(&answered), ["failed"]);
}
