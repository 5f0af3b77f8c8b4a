//! The rules of creation, one by one.

use serde_json::{Value, json};

use super::*;
use crate::meta::tests::{alert, code};

/// Changes the alert at a JSON pointer.
fn changed(base: Value, pointer: &str, value: Value) -> Value {
    let mut creation = base;
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = creation.pointer_mut(parent).expect("its parent");
    match name.parse::<usize>() {
        Ok(index) => parent[index] = value,
        Err(_) => parent[name] = value,
    }
    creation
}

#[test]
fn good_templates_are_read_with_their_time_to_live() {
    let alert = MetaTemplate::from_creation(&alert()).expect("good");
    assert_eq!(alert.parameter_format, ParameterFormat::Named);
    assert_eq!(alert.ttl_seconds(), 30);
    let code = MetaTemplate::from_creation(&code()).expect("good");
    assert_eq!(code.category, Category::Authentication);
    let default = MetaTemplate { ttl: None, ..code };
    assert_eq!(default.ttl_seconds(), 600);
    let longest = MetaTemplate {
        ttl: Some(-1),
        ..alert
    };
    assert_eq!(longest.ttl_seconds(), 30 * 24 * 3600);
}

#[test]
fn bad_templates_are_refused_with_metas_numbers() {
    let words = "palavra ".repeat(200);
    let body = |text: &str| {
        json!({ "type": "BODY", "text": text, "example": { "body_text_named_params": [
            { "param_name": "a", "example": "1" }, { "param_name": "b", "example": "2" }] } })
    };
    let footer = |text: &str| json!({ "type": "FOOTER", "text": text });
    let button = |kind: &str, text: &str| json!({ "type": kind, "text": text });
    let cases: [(&str, &str, Value, Option<u32>); 19] = [
        ("name", "/name", json!("Card-Alert"), None),
        ("language", "/language", json!("pt"), None),
        ("category", "/category", json!("ALERT"), None),
        ("ttl", "/message_send_ttl_seconds", json!(29), None),
        ("long ttl", "/message_send_ttl_seconds", json!(43_201), None),
        ("unknown field", "/allow_category_change", json!(true), None),
        (
            "start",
            "/components/1",
            body("{{a}} foi pago"),
            Some(2_388_299),
        ),
        (
            "end",
            "/components/1",
            body("Pagamento de {{a}}"),
            Some(2_388_299),
        ),
        (
            "adjacent",
            "/components/1",
            body("De {{a}}{{b}} reais"),
            Some(2_388_293),
        ),
        (
            "dense",
            "/components/1",
            body("A {{a}} {{b}}."),
            Some(2_388_293),
        ),
        ("long body", "/components/1", body(&words), Some(2_388_040)),
        (
            "twice",
            "/components/1",
            body("De {{a}} a {{a}} hoje"),
            Some(2_388_072),
        ),
        (
            "case",
            "/components/1",
            body("De {{A}} a hoje"),
            Some(2_388_072),
        ),
        (
            "no example",
            "/components/1",
            body("De {{c}} até hoje"),
            None,
        ),
        (
            "footer variable",
            "/components/2",
            footer("Oi {{a}}"),
            Some(2_388_073),
        ),
        (
            "long footer",
            "/components/2",
            footer(&"x".repeat(61)),
            Some(2_388_073),
        ),
        (
            "two variables in the header",
            "/components/0/text",
            json!("{{a}} {{b}}"),
            Some(2_388_047),
        ),
        (
            "long label",
            "/components/3/buttons/0",
            button("QUICK_REPLY", &"x".repeat(26)),
            None,
        ),
        (
            "variable inside a URL",
            "/components/3/buttons/1/url",
            json!("https://x.test/{{1}}/y"),
            None,
        ),
    ];
    for (what, pointer, value, subcode) in cases {
        let creation = changed(alert(), pointer, value);
        let error = MetaTemplate::from_creation(&creation).expect_err(what);
        assert_eq!(
            (error.code, error.subcode),
            (100, subcode),
            "{what}: {error}"
        );
    }
}

#[test]
fn quick_replies_stand_together_and_links_are_two_at_most() {
    let quick = json!({ "type": "QUICK_REPLY", "text": "Sim" });
    let link = json!({ "type": "URL", "text": "Ver", "url": "https://x.test/" });
    let cases = [
        (json!([quick, link, quick]), false),
        (json!([link, link, link]), false),
        (json!([]), false),
        (json!([quick, quick, link, link]), true),
    ];
    for (buttons, good) in cases {
        let creation = changed(alert(), "/components/3/buttons", buttons);
        assert_eq!(
            MetaTemplate::from_creation(&creation).is_ok(),
            good,
            "{creation}"
        );
    }
}

#[test]
fn a_code_template_keeps_to_metas_form() {
    let cases = [
        ("/message_send_ttl_seconds", json!(901)),
        ("/components/1/code_expiration_minutes", json!(91)),
        ("/components/0/text", json!("Seu código: {{1}}")),
        ("/components/2/buttons/0/type", json!("URL")),
        ("/components/2/buttons/0/otp_type", json!("one_tap")),
    ];
    for (pointer, value) in cases {
        let creation = changed(code(), pointer, value);
        assert!(MetaTemplate::from_creation(&creation).is_err(), "{pointer}");
    }
}

#[test]
fn a_value_that_looks_like_a_variable_stays_a_value() {
    let shape = TextShape::new("De {{a}} a {{b}}.");
    let values = [
        ("a".to_owned(), "{{b}}".to_owned()),
        ("b".to_owned(), "fim".to_owned()),
    ];
    assert_eq!(shape.fill(&values), "De {{b}} a fim.");
}
