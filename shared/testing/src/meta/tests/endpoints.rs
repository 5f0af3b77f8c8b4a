//! Tokens, templates, media, the number.

use super::*;

impl World {
    fn call(&mut self, method: Method, path: &str, body: &Value) -> Reply {
        let authorization = format!("Bearer {TOKEN}");
        let bytes = body.to_string().into_bytes();
        let request = Request {
            method,
            path,
            authorization: Some(&authorization),
            content_type: Some("application/json"),
            file_offset: None,
            body: &bytes,
        };
        self.meta.request(&request, self.now)
    }

    fn get(&mut self, path: &str) -> Value {
        let reply = self.call(Method::Get, path, &Value::Null);
        reply.value().expect("JSON")
    }
}

#[test]
fn a_token_opens_its_own_account_only() {
    let mut world = World::new();
    let path = format!("/v25.0/{NUMBER}/messages");
    let (meta, now) = (&mut world.meta, world.now);
    let foreign = meta.post_json(&path, "token-boreal", &alert_to(ANA), now);
    assert_eq!((foreign.status, foreign.error_code()), (400, Some(100)));
    assert_eq!(foreign.value().expect("JSON")["error"]["error_subcode"], 33);
    let wrong = meta.post_json(&path, "nonsense", &alert_to(ANA), now);
    assert_eq!((wrong.status, wrong.error_code()), (401, Some(190)));
    let request = Request {
        method: Method::Get,
        path: &path,
        authorization: None,
        content_type: None,
        file_offset: None,
        body: b"",
    };
    assert_eq!(meta.request(&request, now).status, 401);
}

#[test]
fn a_template_is_reviewed_announced_and_sendable_afterwards() {
    let mut world = World::with(|settings| settings.approval_delay = Duration::from_secs(5));
    let path = format!("/v25.0/{WABA}/message_templates");
    let mut creation = alert();
    creation["name"] = json!("other_alert");
    let created = world
        .call(Method::Post, &path, &creation)
        .value()
        .expect("JSON");
    assert_eq!(created["status"], "PENDING");
    let mut send = alert_to(ANA);
    send["template"]["name"] = json!("other_alert");
    let early = world.send(&send);
    assert_eq!((early.status, early.error_code()), (404, Some(132_001)));
    world.pass(Duration::from_secs(5));
    let change = &world.posted[0].1["entry"][0]["changes"][0];
    assert_eq!(change["field"], "message_template_status_update");
    assert_eq!(change["value"]["event"], "APPROVED");
    assert_eq!(change["value"]["message_template_language"], "pt-BR");
    assert!(change["value"]["message_template_id"].is_u64());
    assert_eq!(world.send(&send).status, 200);

    let again = world
        .call(Method::Post, &path, &creation)
        .value()
        .expect("JSON");
    assert_eq!(again["error"]["error_subcode"], 2_388_024);
}

#[test]
fn templates_are_listed_read_edited_and_deleted() {
    let mut world = World::new();
    let path = format!("/v25.0/{WABA}/message_templates");
    let first = world.get(&format!("{path}?limit=1&fields=name,status"));
    assert_eq!(first["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        first["data"][0].as_object().map(serde_json::Map::len),
        Some(3)
    );
    let after = first["paging"]["cursors"]["after"]
        .as_str()
        .expect("a cursor");
    let second = world.get(&format!("{path}?after={after}"));
    assert_eq!(second["data"][0]["name"], "login_code");
    let otp = second["data"][0]["components"][2]["buttons"][0].clone();
    assert_eq!(otp["type"], "URL", "a code's button becomes a URL button");

    let id = first["data"][0]["id"].as_str().expect("an id").to_owned();
    let edit = json!({ "message_send_ttl_seconds": 60 });
    let edited = world.call(Method::Post, &format!("/v25.0/{id}"), &edit);
    assert_eq!(edited.value(), Some(json!({ "success": true })));
    assert_eq!(
        world.get(&format!("/v25.0/{id}"))["message_send_ttl_seconds"],
        60
    );

    let gone = world.call(
        Method::Delete,
        &format!("{path}?name=card_alert"),
        &Value::Null,
    );
    assert_eq!(gone.status, 200);
    assert_eq!(world.send(&alert_to(ANA)).error_code(), Some(132_001));
    let locked = world
        .call(Method::Post, &path, &alert())
        .value()
        .expect("JSON");
    assert_eq!(locked["error"]["error_subcode"], 2_388_023);
}

#[test]
fn a_paused_template_is_refused_until_it_is_approved_again() {
    let mut world = World::new();
    for (status, expected) in [
        (TemplateStatus::Paused, Some(132_015)),
        (TemplateStatus::Disabled, Some(132_016)),
        (TemplateStatus::Rejected, Some(132_001)),
        (TemplateStatus::Approved, None),
    ] {
        let changed = world
            .meta
            .set_template_status(WABA, "card_alert", None, status, world.now);
        assert_eq!(changed, 1);
        assert_eq!(
            world.send(&alert_to(ANA)).error_code(),
            expected,
            "{status:?}"
        );
    }
}

#[test]
fn promotion_in_a_utility_template_makes_it_marketing() {
    let mut world = World::new();
    let mut creation = alert();
    creation["name"] = json!("promo");
    creation["components"][2]["text"] = json!("Conheça nosso desconto");
    creation["message_send_ttl_seconds"] = json!(43_200);
    let path = format!("/v25.0/{WABA}/message_templates");
    let created = world
        .call(Method::Post, &path, &creation)
        .value()
        .expect("JSON");
    assert_eq!(created["category"], "MARKETING");
}

#[test]
fn media_is_uploaded_linked_for_five_minutes_and_sent() {
    let mut world = World::with(|settings| settings.public_url = "http://meta.test".to_owned());
    let upload = |world: &mut World, file: &str| {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n{file}\r\n--b--\r\n"
        );
        let authorization = format!("Bearer {TOKEN}");
        let request = Request {
            method: Method::Post,
            path: &format!("/v25.0/{NUMBER}/media"),
            authorization: Some(&authorization),
            content_type: Some("multipart/form-data; boundary=b"),
            file_offset: None,
            body: body.as_bytes(),
        };
        let reply = world
            .meta
            .request(&request, world.now)
            .value()
            .expect("JSON");
        reply["id"].as_str().expect("an id").to_owned()
    };
    let id = upload(&mut world, "%PDF-1.7 extrato");
    let node = world.get(&format!("/v25.0/{id}"));
    assert_eq!(node["mime_type"], "application/pdf");
    let url = node["url"].as_str().expect("a link").to_owned();
    let path = url
        .strip_prefix("http://meta.test")
        .expect("the public address");
    let file = world.call(Method::Get, path, &Value::Null);
    assert_eq!(
        (file.status, file.body.as_slice()),
        (200, b"%PDF-1.7 extrato".as_slice())
    );
    world.pass(Duration::from_secs(301));
    assert_eq!(world.call(Method::Get, path, &Value::Null).status, 404);

    let no_pdf = upload(&mut world, "plain text");
    for (id, expected) in [(id.as_str(), "sent"), (&no_pdf, "failed")] {
        world.posted.clear();
        world
            .meta
            .reply(
                ANA,
                &CustomerReply {
                    text: Some("oi".to_owned()),
                    ..Default::default()
                },
                world.now,
            )
            .expect("taken");
        let body = json!({ "messaging_product": "whatsapp", "to": ANA, "type": "document", "document": { "id": id, "filename": "extrato.pdf" } });
        assert_eq!(world.send(&body).status, 200);
        world.pass(MINUTE);
        assert_eq!(world.statuses()[0], expected);
    }
    let unknown = json!({ "messaging_product": "whatsapp", "to": ANA, "type": "image", "image": { "id": "1" } });
    assert_eq!(world.send(&unknown).error_code(), Some(131_009));
}

#[test]
fn the_number_tells_about_itself() {
    let mut world = World::new();
    let node = world.get(&format!("/v25.0/{NUMBER}?fields=throughput,verified_name"));
    assert_eq!(
        node,
        json!({ "id": NUMBER, "verified_name": "Banco Aurora", "throughput": { "level": "HIGH" } })
    );
}
