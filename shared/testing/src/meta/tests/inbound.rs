//! Customers who answer.

use super::*;

fn reply(world: &mut World, body: Value) -> Result<String, ReplyRefused> {
    let reply: CustomerReply = serde_json::from_value(body).expect("a good reply");
    world.meta.reply(ANA, &reply, world.now)
}

#[test]
fn a_text_reaches_the_business_and_opens_the_window() {
    let mut world = World::new();
    assert_eq!(world.send(&text_to(ANA, "Olá")).status, 200);
    world.pass(MINUTE);
    assert_eq!(world.updates("statuses")[0]["errors"][0]["code"], 131_047);

    let wamid = reply(&mut world, json!({ "text": "SAIR" })).expect("taken");
    world.pass(MINUTE);
    let message = world.updates("messages")[0].clone();
    assert_eq!(message["id"], json!(wamid));
    assert_eq!(message["from"], "5511987654321");
    assert_eq!(message["text"]["body"], "SAIR");

    let read = json!({ "messaging_product": "whatsapp", "status": "read", "message_id": wamid, "typing_indicator": { "type": "text" } });
    assert_eq!(world.send(&read).value(), Some(json!({ "success": true })));

    world.posted.clear();
    let accepted = world.send(&text_to(ANA, "Certo")).value().expect("JSON");
    assert!(accepted["messages"][0].get("message_status").is_none());
    world.pass(MINUTE);
    assert_eq!(world.statuses(), ["sent", "delivered", "read"]);

    world.pass(Duration::from_secs(24 * 3600));
    world.posted.clear();
    world.send(&text_to(ANA, "Ainda aí?"));
    world.pass(MINUTE);
    assert_eq!(world.statuses(), ["failed"]);
}

#[test]
fn a_pressed_button_carries_its_payload_and_the_message_it_belongs_to() {
    let mut world = World::new();
    world.switch(ANA, json!({ "reads_after_ms": null }));
    let wamid = world.send(&alert_to(ANA)).message_id();
    world.pass(MINUTE);
    let pressed = reply(&mut world, json!({ "button": "DISPUTE:ntf_1", "times": 3 }));
    pressed.expect("the button is there");
    world.pass(MINUTE);
    let messages = world.updates("messages");
    assert_eq!(messages.len(), 3, "the same webhook three times");
    assert!(messages.iter().all(|it| *it == messages[0]));
    assert_eq!(messages[0]["type"], "button");
    assert_eq!(
        messages[0]["button"],
        json!({ "payload": "DISPUTE:ntf_1", "text": "Não reconheço" })
    );
    assert_eq!(messages[0]["context"]["id"], json!(wamid));
    assert_eq!(
        world.statuses(),
        ["sent", "delivered", "read"],
        "who answers has read"
    );
}

#[test]
fn a_reply_button_of_an_interactive_message_comes_back_by_its_id() {
    let mut world = World::new();
    reply(&mut world, json!({ "text": "Oi" })).expect("taken");
    let sent = world.send(&json!({
        "messaging_product": "whatsapp", "to": ANA, "type": "interactive",
        "interactive": { "type": "button", "body": { "text": "Você reconhece?" },
            "action": { "buttons": [{ "type": "reply", "reply": { "id": "tx:no", "title": "Não" } }] } } }));
    assert_eq!(sent.status, 200);
    world.pass(MINUTE);
    reply(&mut world, json!({ "button": "tx:no" })).expect("taken");
    world.pass(MINUTE);
    assert_eq!(
        world.updates("messages")[1]["interactive"],
        json!({ "type": "button_reply", "button_reply": { "id": "tx:no", "title": "Não" } })
    );
}

#[test]
fn a_user_with_a_username_hides_the_number() {
    let mut world = World::new();
    world.switch(ANA, json!({ "username_only": true }));
    reply(&mut world, json!({ "text": "Oi" })).expect("taken");
    world.pass(MINUTE);
    let (message, contact) = (world.updates("messages")[0], world.updates("contacts")[0]);
    assert!(message.get("from").is_none() && contact.get("wa_id").is_none());
    assert_eq!(contact["profile"]["username"], "cliente.4321");
    let user_id = message["from_user_id"]
        .as_str()
        .expect("a BSUID")
        .to_owned();

    let mut to_user = text_to(ANA, "Oi, Ana");
    to_user["recipient"] = json!(user_id);
    to_user.as_object_mut().expect("an object").remove("to");
    let answer = world.send(&to_user).value().expect("JSON");
    assert_eq!(
        answer["contacts"][0],
        json!({ "input": user_id, "user_id": user_id })
    );
    world.pass(MINUTE);
    assert!(
        world
            .updates("statuses")
            .iter()
            .all(|it| it.get("recipient_id").is_none())
    );

    let mut code = code_to(ANA);
    code["recipient"] = json!(user_id);
    code.as_object_mut().expect("an object").remove("to");
    assert_eq!(world.send(&code).error_code(), Some(131_062));
}

#[test]
fn an_impossible_reply_is_refused() {
    let mut world = World::new();
    let cases = [
        (json!({}), ReplyRefused::NotOneThing),
        (
            json!({ "text": "a", "button": "b" }),
            ReplyRefused::NotOneThing,
        ),
        (json!({ "button": "nothing" }), ReplyRefused::NoSuchButton),
        (
            json!({ "text": "a", "phone_number_id": "1" }),
            ReplyRefused::NoSuchNumber,
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(reply(&mut world, body.clone()), Err(expected), "{body}");
    }
    world.switch(ANA, json!({ "online": false }));
    let offline = reply(&mut world, json!({ "text": "a" }));
    assert_eq!(offline, Err(ReplyRefused::NotReachable));
}

#[test]
fn sms_and_calls_arrive_beside_whatsapp() {
    let mut world = World::new();
    world.switch(ANA, json!({ "online": false, "on_whatsapp": false }));
    let (meta, now) = (&mut world.meta, world.now);
    let sms = meta
        .receive_sms("+551187654321", "Compra aprovada", "AURORA", now)
        .expect("taken");
    let call = meta.receive_call(ANA, "Seu código é 1 2 3", "+551140000001", now);
    assert_ne!(sms, call.expect("taken"));
    let inbox = serde_json::to_value(&meta.phones().get(ANA).expect("known").inbox);
    let inbox = inbox.expect("plain data");
    assert_eq!(inbox[0]["channel"], "sms");
    assert_eq!(inbox[0]["text"], "Compra aprovada");
    assert_eq!(inbox[0]["notification"], Value::Null);
    assert_eq!(inbox[1]["channel"], "voice");
}
