//! What Meta refuses, and with which code.

use serde_json::{Value, json};

use crate::meta::tests::{ANA, World, alert_to, code_to, text_to};

/// Sends `base` with one place changed (`null` removes it); answers the error's code.
fn code_of(base: &Value, pointer: &str, value: Value) -> Option<u64> {
    let mut body = base.clone();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).expect("its parent");
    match (parent, name.parse::<usize>()) {
        (Value::Array(items), Ok(index)) if value.is_null() => {
            items.remove(index);
        }
        (Value::Array(items), Ok(index)) if index == items.len() => items.push(value),
        (Value::Array(items), Ok(index)) => items[index] = value,
        (Value::Object(members), _) if value.is_null() => {
            members.remove(name);
        }
        (other, _) => other[name] = value,
    }
    World::new().send(&body).error_code()
}

fn check(base: &Value, cases: &[(&str, Value, Option<u64>)]) {
    for (pointer, value, expected) in cases {
        let code = code_of(base, pointer, value.clone());
        let shown: String = value.to_string().chars().take(60).collect();
        assert_eq!(code, *expected, "{pointer} = {shown}");
    }
}

#[test]
fn envelopes() {
    let long = "x".repeat(513);
    let invalid = Some(100);
    check(
        &alert_to(ANA),
        &[
            ("/type", json!("template"), None),
            ("/messaging_product", Value::Null, invalid),
            ("/messaging_product", json!("telegram"), invalid),
            ("/type", json!("text"), invalid),
            ("/type", json!("poll"), invalid),
            ("/text", json!({ "body": "both" }), invalid),
            ("/to", json!("5511987654321"), Some(131_009)),
            ("/to", json!("+55"), Some(131_009)),
            ("/to", json!("+55 (11) 98765-4321"), None),
            ("/to", Value::Null, invalid),
            ("/to", json!("+551140000001"), Some(131_021)),
            ("/recipient_type", json!("group"), invalid),
            ("/ttl_seconds", json!(60), invalid),
            ("/category", json!("utility"), invalid),
            ("/callback", json!("x"), invalid),
            ("/biz_opaque_callback_data", json!(long), invalid),
            ("/biz_opaque_callback_data", json!(long[1..]), None),
            ("/context", json!({ "message_id": "wamid.X" }), None),
        ],
    );
}

#[test]
fn templates() {
    let mismatch = Some(132_012);
    let parameter =
        |name: &str, text: &str| json!({ "type": "text", "parameter_name": name, "text": text });
    let amount = "/template/components/1/parameters/0";
    check(
        &alert_to(ANA),
        &[
            ("/template/name", json!("unknown"), Some(132_001)),
            ("/template/language/code", json!("en_US"), Some(132_001)),
            ("/template/extra", json!(1), Some(100)),
            (amount, Value::Null, Some(132_000)),
            (
                "/template/components/1/parameters/2",
                parameter("x", "1"),
                Some(132_000),
            ),
            ("/template/components/1", Value::Null, Some(132_000)),
            ("/template/components/0", Value::Null, Some(132_000)),
            (amount, parameter("total", "1"), mismatch),
            (amount, parameter("merchant", "1"), mismatch),
            (amount, json!({ "type": "text", "text": "1" }), mismatch),
            (
                amount,
                json!({ "type": "payload", "payload": "1" }),
                mismatch,
            ),
            (
                amount,
                json!({ "type": "text", "parameter_name": "amount" }),
                Some(131_008),
            ),
            (amount, parameter("amount", ""), Some(132_018)),
            (amount, parameter("amount", "a\nb"), Some(132_018)),
            (amount, parameter("amount", "a\tb"), Some(132_018)),
            (amount, parameter("amount", "a     b"), Some(132_018)),
            (amount, parameter("amount", "a    b"), None),
            (
                amount,
                parameter("amount", &"x".repeat(1024)),
                Some(132_005),
            ),
            (
                "/template/components/0/parameters/0/text",
                json!("x".repeat(60)),
                Some(132_005),
            ),
            ("/template/components/2", Value::Null, None),
            (
                "/template/components/2/parameters/0/payload",
                json!("x".repeat(129)),
                Some(100),
            ),
            ("/template/components/2/index", json!("7"), mismatch),
            ("/template/components/2/index", json!(0), None),
            ("/template/components/2/sub_type", json!("url"), mismatch),
            ("/template/components/3", Value::Null, Some(131_008)),
            (
                "/template/components/3/parameters/0/text",
                json!(""),
                Some(132_018),
            ),
            (
                "/template/components/4",
                json!({ "type": "footer" }),
                Some(100),
            ),
            (
                "/template/components/4",
                json!({ "type": "body" }),
                mismatch,
            ),
        ],
    );
}

#[test]
fn older_versions_name_bad_white_space_by_another_code() {
    let mut world = World::new();
    let mut body = alert_to(ANA);
    body["template"]["components"][1]["parameters"][0]["text"] = json!("a\nb");
    let path = format!("/v22.0/{}/messages", crate::meta::tests::NUMBER);
    let token = crate::meta::tests::TOKEN;
    let reply = world.meta.post_json(&path, token, &body, world.now);
    assert_eq!(reply.error_code(), Some(100));
}

#[test]
fn one_time_codes() {
    let (in_body, in_button) = (
        "/template/components/0/parameters/0/text",
        "/template/components/1/parameters/0/text",
    );
    check(
        &code_to(ANA),
        &[
            ("/type", json!("template"), None),
            (in_body, json!("999999"), Some(132_012)),
            (in_button, json!("999999"), Some(132_012)),
            ("/template/components/1", Value::Null, Some(131_008)),
            ("/template/components/0", Value::Null, Some(132_000)),
            (
                "/template/components/0/parameters/0/parameter_name",
                json!("1"),
                Some(132_012),
            ),
        ],
    );
    let mut long = code_to(ANA);
    for index in 0..2 {
        long["template"]["components"][index]["parameters"][0]["text"] = json!("1".repeat(16));
    }
    assert_eq!(World::new().send(&long).error_code(), Some(132_005));
}

#[test]
fn texts_and_media() {
    let invalid = Some(100);
    check(
        &text_to(ANA, "Oi"),
        &[
            ("/text/body", json!("x".repeat(4096)), None),
            ("/text/body", json!("x".repeat(4097)), invalid),
            ("/text/body", json!(""), invalid),
            ("/text/preview_url", json!("yes"), invalid),
            ("/text/bold", json!(true), invalid),
        ],
    );
    let image = json!({ "messaging_product": "whatsapp", "to": ANA, "type": "image",
        "image": { "link": "https://files.example.test/a.png" } });
    check(
        &image,
        &[
            ("/image/caption", json!("x".repeat(1024)), None),
            ("/image/caption", json!("x".repeat(1025)), invalid),
            ("/image/id", json!("1"), invalid),
            ("/image/link", Value::Null, invalid),
            ("/image/link", json!("ftp://x"), invalid),
            ("/image/filename", json!("a.png"), invalid),
        ],
    );
}

fn interactive(content: Value) -> Value {
    json!({ "messaging_product": "whatsapp", "to": ANA, "type": "interactive", "interactive": content })
}

#[test]
fn reply_buttons_lists_and_links() {
    let invalid = Some(100);
    let button =
        |id: &str, title: &str| json!({ "type": "reply", "reply": { "id": id, "title": title } });
    let buttons = "/interactive/action/buttons";
    let base = interactive(json!({ "type": "button", "body": { "text": "Reconhece?" },
        "action": { "buttons": [button("1", "Sim"), button("2", "Não")] } }));
    check(
        &base,
        &[
            ("/interactive/type", json!("button"), None),
            ("/interactive/body/text", json!("x".repeat(1025)), invalid),
            (
                "/interactive/footer",
                json!({ "text": "x".repeat(61) }),
                invalid,
            ),
            (
                "/interactive/header",
                json!({ "type": "text", "text": "x".repeat(61) }),
                invalid,
            ),
            (&format!("{buttons}/2"), button("3", "Talvez"), None),
            (&format!("{buttons}/2"), button("1", "Talvez"), invalid),
            (&format!("{buttons}/2"), button("3", "Sim"), invalid),
            (
                &format!("{buttons}/2"),
                button("3", &"x".repeat(21)),
                invalid,
            ),
            (
                &format!("{buttons}/2"),
                button(&"x".repeat(257), "x"),
                invalid,
            ),
            (buttons, json!([]), invalid),
            (
                buttons,
                json!(
                    (0..4)
                        .map(|n| button(&n.to_string(), &n.to_string()))
                        .collect::<Vec<_>>()
                ),
                invalid,
            ),
        ],
    );
    let rows = |count: usize| {
        (0..count)
            .map(|n| json!({ "id": format!("r{n}"), "title": format!("Linha {n}") }))
            .collect::<Vec<_>>()
    };
    let base = interactive(json!({ "type": "list", "body": { "text": "Escolha" },
        "action": { "button": "Ver", "sections": [{ "rows": rows(10) }] } }));
    let sections = "/interactive/action/sections";
    check(
        &base,
        &[
            ("/interactive/type", json!("list"), None),
            ("/interactive/body/text", json!("x".repeat(4096)), None),
            (
                "/interactive/header",
                json!({ "type": "image", "image": { "link": "https://x.test/" } }),
                invalid,
            ),
            (&format!("{sections}/0/rows"), json!(rows(11)), invalid),
            (
                &format!("{sections}/0/rows/0/title"),
                json!("x".repeat(25)),
                invalid,
            ),
            (&format!("{sections}/0/rows/0/id"), json!("r1"), invalid),
            (
                &format!("{sections}/1"),
                json!({ "title": "B", "rows": [] }),
                invalid,
            ),
            ("/interactive/action/button", json!("x".repeat(21)), invalid),
        ],
    );
    let base = interactive(json!({ "type": "cta_url", "body": { "text": "Abra" },
        "action": { "name": "cta_url", "parameters": { "display_text": "Abrir", "url": "https://x.test/" } } }));
    check(
        &base,
        &[
            ("/interactive/type", json!("cta_url"), None),
            ("/interactive/action/name", json!("url"), invalid),
            (
                "/interactive/action/parameters/display_text",
                json!("x".repeat(21)),
                invalid,
            ),
            (
                "/interactive/action/parameters/url",
                json!("x.test"),
                invalid,
            ),
        ],
    );
}

#[test]
fn orders() {
    let money = |value: i64| json!({ "value": value, "offset": 100 });
    let base = interactive(
        json!({ "type": "order_details", "body": { "text": "Fatura" },
        "action": { "name": "review_and_pay", "parameters": {
            "reference_id": "FAT-1", "type": "digital-goods", "payment_type": "br", "currency": "BRL",
            "payment_settings": [{ "type": "pix_dynamic_code", "pix_dynamic_code": {
                "code": "000201", "merchant_name": "BANCO AURORA", "key": "12345678000199", "key_type": "CNPJ" } }],
            "total_amount": money(12_050),
            "order": { "status": "pending", "subtotal": money(12_050), "tax": money(0),
                "expiration": { "timestamp": "1795350000", "description": "Vence logo" },
                "items": [{ "retailer_id": "fatura", "name": "Fatura", "amount": money(12_050), "quantity": 1 }] } } } }),
    );
    let (invalid, place) = (Some(100), |path: &str| {
        format!("/interactive/action/parameters{path}")
    });
    let cases = [
        ("/type", json!("physical-goods"), None),
        ("/reference_id", json!("a b"), invalid),
        ("/reference_id", json!("x".repeat(61)), invalid),
        ("/currency", json!("USD"), invalid),
        ("/total_amount", money(12_000), invalid),
        ("/total_amount/offset", json!(1000), invalid),
        ("/order/tax", Value::Null, invalid),
        ("/order/tax", money(50), invalid),
        ("/order/discount", money(50), invalid),
        ("/order/subtotal", money(1), invalid),
        ("/order/items/0/quantity", json!(2), invalid),
        ("/order/items/0/sale_amount", money(12_000), invalid),
        ("/order/items", json!([]), invalid),
        ("/order/expiration/timestamp", json!("1000"), invalid),
        (
            "/payment_settings/0/pix_dynamic_code/key_type",
            json!("RG"),
            invalid,
        ),
    ];
    for (path, value, expected) in cases {
        check(&base, &[(&place(path), value, expected)]);
    }
    let mut world = World::new();
    assert_eq!(world.send(&base).error_code(), None);
    assert_eq!(
        world.send(&base).error_code(),
        Some(100),
        "a reference is used once"
    );
}
