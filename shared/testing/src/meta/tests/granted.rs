//! A Meta made for one request, which has seen nothing of what came before it.

use super::*;

/// Answers a request as the first and only one.
fn first(body: &Value) -> Reply {
    let mut world = World::new();
    world.meta.templates = templates::Store::default();
    world.meta.grant(NUMBER, body, world.now);
    world.send(body)
}

fn statement(parameters: Value) -> Value {
    json!({
        "messaging_product": "whatsapp", "to": "+5511900000002", "type": "template",
        "biz_opaque_callback_data": "ntf_a.1",
        "template": {
            "name": "extrato_v3", "language": { "code": "pt_BR" },
            "components": [
                { "type": "header", "parameters": [
                    { "type": "document", "document": { "id": "910000000000077", "filename": "a.pdf" } }] },
                { "type": "body", "parameters": parameters },
                { "type": "button", "sub_type": "url", "index": "0",
                  "parameters": [{ "type": "text", "text": "x/1" }] },
                { "type": "button", "sub_type": "quick_reply", "index": "2",
                  "parameters": [{ "type": "payload", "payload": "ntf_a:dispute" }] },
            ],
        },
    })
}

fn text(name: &str, value: &str) -> Value {
    json!({ "type": "text", "parameter_name": name, "text": value })
}

#[test]
fn a_template_and_a_file_that_nobody_created_here_are_taken() {
    let good = statement(json!([text("name", "Maria"), text("month", "maio")]));
    assert_eq!(first(&good).error_code(), None);
    let mut bare = good.clone();
    bare["template"] = json!({ "name": "aviso", "language": { "code": "en" } });
    assert_eq!(first(&bare).error_code(), None);
}

#[test]
fn what_the_request_itself_gets_wrong_is_refused_all_the_same() {
    let check = |parameters: Value, expected: u64| {
        let answer = first(&statement(parameters.clone()));
        assert_eq!(answer.error_code(), Some(expected), "{parameters}");
    };
    check(json!([text("name", "Maria\nSouza")]), 132_018);
    check(json!([text("name", "")]), 132_018);
    check(json!([text("name", "a"), text("name", "b")]), 132_000);
    check(
        json!([{ "type": "text", "parameter_name": "name" }]),
        131_008,
    );
    let mut long = statement(json!([]));
    long["template"]["components"][3]["parameters"][0]["payload"] = json!("x".repeat(129));
    assert_eq!(first(&long).status, 400);
    let mut nameless = statement(json!([]));
    nameless["template"]["name"] = Value::Null;
    assert_eq!(first(&nameless).status, 400);
}

#[test]
fn a_one_time_code_must_be_the_same_in_body_and_button() {
    let code = |button: &str| {
        json!({
            "messaging_product": "whatsapp", "to": "+5511900000002", "type": "template",
            "template": {
                "name": "code", "language": { "code": "pt_BR" },
                "components": [
                    { "type": "body", "parameters": [{ "type": "text", "text": "918273" }] },
                    { "type": "button", "sub_type": "url", "index": "0",
                      "parameters": [{ "type": "text", "text": button }] },
                ],
            },
        })
    };
    assert_eq!(first(&code("918273")).error_code(), None);
    assert_eq!(first(&code("918274")).error_code(), Some(132_012));
}

#[test]
fn the_throttled_recipient_counts_attempts_that_another_meta_refused() {
    for (attempt, expected) in [(1, Some(131_056)), (2, Some(131_056)), (3, None), (4, None)] {
        let mut body = statement(json!([]));
        body["to"] = json!("+5511900000006");
        body["biz_opaque_callback_data"] = json!(format!("ntf_a.{attempt}"));
        assert_eq!(first(&body).error_code(), expected, "{attempt}");
    }
}
