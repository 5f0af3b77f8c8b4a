//! Phones, time to live, limits.

use super::*;
use crate::phones::{ButtonKind, Channel, Ticks};

#[test]
fn a_message_is_sent_delivered_read_and_shown_as_the_template_says() {
    let mut world = World::new();
    let reply = world.send(&alert_to(ANA));
    assert_eq!(reply.status, 200);
    let body = reply.value().expect("JSON");
    assert_eq!(body["messages"][0]["message_status"], "accepted");
    assert_eq!(
        body["contacts"][0],
        json!({ "input": ANA, "wa_id": "5511987654321" })
    );
    let wamid = reply.message_id().expect("an id");
    world.pass(MINUTE);
    assert_eq!(world.statuses(), ["sent", "delivered", "read"]);

    let inbox = &world.meta.phones().get(ANA).expect("known").inbox;
    let [arrival] = inbox.as_slice() else {
        panic!("one message, not {}", inbox.len());
    };
    assert_eq!(arrival.id, wamid);
    assert_eq!(arrival.channel, Channel::Whatsapp);
    assert_eq!(
        arrival.screen.header.as_deref(),
        Some("Alerta do Banco Aurora")
    );
    assert_eq!(
        arrival.screen.text,
        "Compra de R$ 120,50 em Padaria São João no seu cartão."
    );
    assert_eq!(
        arrival.screen.footer.as_deref(),
        Some("Nunca pedimos sua senha")
    );
    assert_eq!(
        arrival.screen.buttons[0].payload.as_deref(),
        Some("DISPUTE:ntf_1")
    );
    assert_eq!(
        arrival.screen.buttons[1].url.as_deref(),
        Some("https://banco.example.test/tx/778")
    );
    assert_eq!(arrival.notification.as_deref(), Some("ntf_1"));
    assert_eq!(arrival.ticks, Some(Ticks::Read));
    assert_eq!(arrival.from.name.as_deref(), Some("Banco Aurora"));
}

#[test]
fn the_timeline_tells_each_step_once_as_flat_json() {
    let mut world = World::new();
    world.send(&alert_to(ANA));
    world.pass(MINUTE);
    let events = world.meta.take_events();
    let events: Vec<Value> = events
        .iter()
        .map(|event| serde_json::to_value(event).expect("plain data"))
        .filter(|event| event["kind"] != "webhook_posted")
        .collect();
    let kinds: Vec<&Value> = events.iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["accepted", "sent", "delivered", "read"]);
    assert!(events.iter().all(|event| event["phone"] == ANA));
    assert!(events.iter().all(|event| event["notification"] == "ntf_1"));
    assert!(world.meta.take_events().is_empty());
}

#[test]
fn a_wamid_contains_the_customers_number() {
    let mut world = World::new();
    let wamid = world.send(&alert_to(ANA)).message_id().expect("an id");
    let encoded = wamid.strip_prefix("wamid.").expect("the prefix");
    let bytes = data_encoding::BASE64
        .decode(encoded.as_bytes())
        .expect("base64");
    assert!(bytes.windows(13).any(|window| window == b"5511987654321"));
}

#[test]
fn a_code_is_shown_in_metas_words() {
    let mut world = World::new();
    assert_eq!(world.send(&code_to(ANA)).status, 200);
    world.pass(MINUTE);
    let screen = &world.meta.phones().get(ANA).expect("known").inbox[0].screen;
    assert!(screen.text.contains("*482913*"));
    assert_eq!(
        screen.footer.as_deref(),
        Some("Este código expira em 5 minutos.")
    );
    assert_eq!(screen.buttons[0].kind, ButtonKind::CopyCode);
    assert_eq!(screen.buttons[0].code.as_deref(), Some("482913"));
}

#[test]
fn an_offline_phone_gets_the_message_within_the_templates_ttl_and_not_after() {
    for (away, expected) in [(29, vec!["sent", "delivered", "read"]), (31, vec!["sent"])] {
        let mut world = World::new();
        world.switch(ANA, json!({ "online": false }));
        world.send(&alert_to(ANA));
        world.pass(Duration::from_secs(away));
        assert_eq!(world.statuses(), ["sent"]);
        assert_eq!(world.meta.waiting_for(ANA), 1);
        world.switch(ANA, json!({ "online": true }));
        world.pass(MINUTE);
        assert_eq!(world.statuses(), expected, "back after {away} s of 30");
    }
}

#[test]
fn a_number_without_whatsapp_is_told_by_webhook_after_a_200() {
    let mut world = World::new();
    world.switch(ANA, json!({ "on_whatsapp": false }));
    assert_eq!(world.send(&alert_to(ANA)).status, 200);
    world.pass(MINUTE);
    let statuses = world.updates("statuses");
    assert_eq!(statuses.len(), 1);
    assert_eq!(statuses[0]["errors"][0]["code"], 131_026);
    assert_eq!(statuses[0]["biz_opaque_callback_data"], "ntf_1.1");
    assert!(statuses[0].get("recipient_user_id").is_none());
    assert!(world.updates("contacts").is_empty());
}

#[test]
fn nobody_learns_of_reading_without_receipts_or_without_a_reader() {
    for change in [
        json!({ "read_receipts": false }),
        json!({ "reads_after_ms": null }),
    ] {
        let mut world = World::new();
        world.switch(ANA, change.clone());
        world.send(&alert_to(ANA));
        world.pass(MINUTE);
        assert_eq!(world.statuses(), ["sent", "delivered"], "{change}");
    }
}

#[test]
fn the_ninth_digit_can_be_missing_from_the_wa_id() {
    let mut world = World::new();
    world.switch(ANA, json!({ "drops_ninth_digit": true }));
    let reply = world.send(&alert_to(ANA)).value().expect("JSON");
    assert_eq!(reply["contacts"][0]["wa_id"], "551187654321");
    world.pass(MINUTE);
    let statuses = world.updates("statuses");
    assert!(
        statuses
            .iter()
            .all(|it| it["recipient_id"] == "551187654321")
    );
    assert_eq!(world.meta.phones().get(ANA).expect("known").inbox.len(), 1);
}

#[test]
fn price_and_contact_stand_where_meta_puts_them() {
    let mut world = World::new();
    world.send(&alert_to(ANA));
    world.pass(MINUTE);
    let statuses = world.updates("statuses");
    let priced: Vec<bool> = statuses
        .iter()
        .map(|it| it.get("pricing").is_some())
        .collect();
    assert_eq!(priced, [true, true, false]);
    assert_eq!(statuses[0]["pricing"]["category"], "utility");
    let contacts = world.updates("contacts");
    assert_eq!(contacts.len(), 3);
    assert!(contacts.iter().all(|it| it["wa_id"] == "5511987654321"));
    assert_eq!(contacts[0]["user_id"], statuses[0]["recipient_user_id"]);
}

#[test]
fn a_number_and_a_pair_have_their_pace() {
    let mut world = World::with(|settings| {
        settings.throughput_per_second = 3;
        settings.pair_burst = 2;
    });
    let other = "+5511911112222";
    let codes: Vec<Option<u64>> = [ANA, ANA, ANA, other]
        .into_iter()
        .map(|to| world.send(&alert_to(to)).error_code())
        .collect();
    assert_eq!(codes, [None, None, Some(131_056), Some(130_429)]);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.send(&alert_to(other)).error_code(), None);
    assert_eq!(world.send(&alert_to(ANA)).error_code(), Some(131_056));
    world.pass(Duration::from_secs(6));
    assert_eq!(world.send(&alert_to(ANA)).error_code(), None);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = |seed| {
        let mut world = World::with(|settings| settings.seed = seed);
        world.faults(json!({ "webhooks": { "duplicate": 0.3, "shuffle": true, "delay_ms": [0, 3000], "drop": 0.1, "batch": { "size": 4 } } }));
        for number in 0..40 {
            world.send(&alert_to(&format!("+55119876500{number:02}")));
            world.pass(Duration::from_millis(50));
        }
        world.pass(MINUTE);
        world.posted
    };
    let first = run(7);
    assert!(first.len() > 20);
    assert_eq!(first, run(7));
    assert_ne!(first, run(8));
}

#[test]
fn a_reset_brings_back_the_beginning() {
    let mut world = World::new();
    let first = world.send(&alert_to(ANA)).message_id();
    world.faults(json!({ "next": [{ "status": 500 }] }));
    world.meta.reset();
    assert_eq!(world.meta.phones().iter().count(), 0);
    assert_eq!(world.send(&alert_to(ANA)).message_id(), first);
}
