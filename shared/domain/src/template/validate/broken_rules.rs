//! One change to a good template for every rule.

use serde_json::{Value, json};

use super::tests::{faults_after, good};

#[test]
fn each_broken_rule_is_named() {
    let check = |changes: &[(&str, Value)], expected: &str| {
        let faults = faults_after(&good(), changes);
        assert!(
            faults.iter().any(|fault| fault == expected),
            "{expected}\n{faults:#?}"
        );
    };
    let body = "/locales/pt_BR/whatsapp/body";
    let sms = "/locales/pt_BR/sms";
    let at_body = |rule: &str| format!("locales.pt_BR.whatsapp.body {rule}");
    let one = |path, value: Value, expected: &str| check(&[(path, value)], expected);

    one("/version", json!(0), "version must be 1 or more");
    one(
        "/category",
        json!("MARKETING"),
        "category must not be MARKETING for the class transactional",
    );
    one(
        "/ladder/1/after",
        json!("29s"),
        "ladder must give WhatsApp 30 to 43200 s (Meta's range)",
    );
    one(
        "/ladder/1/channel",
        json!("whatsapp"),
        "ladder must name each channel once",
    );
    one(
        "/ladder/0/channel",
        json!("voice"),
        "ladder must begin with whatsapp",
    );
    one(
        "/ladder/0/after",
        json!("5s"),
        "ladder must have a wait after the first channel, and none before",
    );
    one(
        "/ladder/1/after",
        json!("1h"),
        "validity must be longer than all waits together",
    );
    one(
        "/ladder",
        json!([{ "channel": "whatsapp" }]),
        "when_queue_wait_exceeded must be expire: there is no next leg",
    );
    one(
        "/max_queue_wait",
        json!("2h"),
        "max_queue_wait must not be longer than the validity",
    );
    check(
        &[
            ("/lane", json!("critical")),
            ("/max_queue_wait", json!("16m")),
        ],
        "max_queue_wait must be at most 900 s on the critical lane",
    );
    one("/sms_parts", json!(0), "sms_parts must be 1 to 10");
    one(
        "/authentication",
        json!({ "expires_in_minutes": 5, "security_advice": "shown" }),
        "authentication is for authentication templates only",
    );

    one(
        "/params/note/max_length",
        Value::Null,
        "params.note.max_length is required",
    );
    one(
        "/params/note/max_length",
        json!(1001),
        "params.note.max_length must be 1 to 1000",
    );
    one(
        "/params/note/example",
        json!("a\nb"),
        "params.note.example (pt_BR) must be one line without tabs or control characters",
    );
    one(
        "/params/extra",
        json!({ "type": "date", "example": "2026-11-21" }),
        "params.extra must be used somewhere",
    );
    one(
        "/params/note/type",
        json!("code"),
        "params.note must not be a one-time code: Meta wants those in authentication templates",
    );
    one(
        "/params/note/presence",
        json!("optional"),
        "params.note.otherwise must have words in pt_BR",
    );
    one(
        "/params/ticket/presence",
        json!("optional"),
        "params.ticket must be required: a header or a button needs it",
    );
    one(
        "/params/note/otherwise",
        json!({ "pt_BR": "nada" }),
        "params.note.otherwise is for optional parameters only",
    );

    one(
        body,
        json!("{{name}} tem um aviso no aplicativo do banco: {{note}} e mais."),
        &at_body("must not begin or end with a variable (Meta 2388299)"),
    );
    one(
        body,
        json!("Você tem um aviso no aplicativo do banco {{name}}: {{note}}"),
        &at_body("must not begin or end with a variable (Meta 2388299)"),
    );
    one(
        body,
        json!("Você tem um novo aviso do banco {{name}} {{note}} no aplicativo."),
        &at_body("must have words between its variables"),
    );
    one(
        body,
        json!("Você tem {{note}}, {{name}} e {{note}} no aplicativo do seu banco hoje."),
        &at_body("must use each variable once (Meta)"),
    );
    one(
        body,
        json!("Olá, {{name}}: {{note}}."),
        &at_body("must have more words for so many variables (Meta 2388293)"),
    );
    one(
        body,
        json!("Olá, {{name}}, este é o seu {{unknown}} e {{note}} de hoje."),
        &at_body("uses {{unknown}}, which is no parameter"),
    );
    one(
        body,
        json!("Olá, {{name}}, este é o seu {{bank}} e {{note}} de hoje."),
        &at_body("uses {{bank}}, which is no parameter"),
    );
    one(
        body,
        json!("Olá, {{name}}, veja {{ticket}} e também {{note}} no aplicativo."),
        &at_body("must not have {{ticket}} in its words: its type belongs to a header or a button"),
    );
    one(
        body,
        json!("Olá, {{name}, este é o seu aviso {{note}} de hoje."),
        &at_body("has a variable that is not lower_case_with_underscores"),
    );
    one(
        body,
        json!(format!(
            "Olá, {{{{name}}}}, temos um aviso: {{{{note}}}}, {}",
            "a".repeat(900)
        )),
        &at_body("must fit 1024 characters with its longest values, not 1055"),
    );
    one(
        body,
        json!(" Olá, {{name}}, temos um aviso para você: {{note}}, até logo."),
        &at_body("must not begin or end with blanks"),
    );
    one(
        "/locales/pt_BR/whatsapp/header",
        json!({ "text": "a".repeat(61) }),
        "locales.pt_BR.whatsapp.header must fit 60 characters with its longest value, not 61",
    );
    one(
        "/locales/pt_BR/whatsapp/header",
        json!({ "text": "{{note}} de {{name}}" }),
        "locales.pt_BR.whatsapp.header must have at most one variable",
    );
    one(
        "/locales/pt_BR/whatsapp/header",
        json!({ "document": "note" }),
        "locales.pt_BR.whatsapp.header must name a parameter of type document",
    );
    one(
        "/locales/pt_BR/whatsapp/footer",
        json!("a".repeat(61)),
        "locales.pt_BR.whatsapp.footer must have 1 to 60 characters, not 61",
    );
    one(
        "/locales/pt_BR/whatsapp/footer",
        json!("{{note}}"),
        "locales.pt_BR.whatsapp.footer must be one line without variables",
    );
    one(
        "/locales/pt_BR/whatsapp",
        Value::Null,
        "locales.pt_BR.whatsapp is required",
    );

    one(sms, Value::Null, "locales.pt_BR.sms is required");
    one(
        sms,
        json!("Aviso para {{name}}: {{note}}."),
        "locales.pt_BR.sms must begin with {{bank}}",
    );
    one(
        sms,
        json!("{{bank}}: 👍 {{note}} para {{name}}."),
        "locales.pt_BR.sms must be one line of characters that have a plain form",
    );
    one(
        sms,
        json!(format!("{{{{bank}}}}: {} {{{{note}}}}", "a".repeat(108))),
        "locales.pt_BR.sms must fit 1 SMS part(s) of 160 characters in all with its longest values, not 161",
    );
    check(
        &[
            ("/ladder", json!([{ "channel": "whatsapp" }])),
            ("/when_queue_wait_exceeded", json!("expire")),
        ],
        "locales.pt_BR.sms must be absent: the ladder has no sms",
    );
    one(
        "/ladder/2",
        json!({ "channel": "voice", "after": "1m" }),
        "locales.pt_BR.voice is required",
    );

    let quick = |action: &str, label: &str| json!({ "kind": "quick_reply", "action": action, "labels": { "pt_BR": label } });
    let link = |label: &str| json!({ "kind": "url", "base": "https://banco.example/b/", "labels": { "pt_BR": label } });
    one(
        "/buttons/2",
        quick("other", "Outro"),
        "buttons must keep the quick replies together",
    );
    check(
        &[("/buttons/2", link("B")), ("/buttons/3", link("C"))],
        "buttons must have at most 2 addresses",
    );
    one(
        "/buttons/0",
        quick("Fine!", "Certo"),
        "buttons[0].action must be 1 to 64 lower-case letters, digits and underscores",
    );
    one(
        "/buttons/0",
        quick("fine", &"a".repeat(26)),
        "buttons[0].labels.pt_BR must have 1 to 25 characters, not 26",
    );
    one(
        "/buttons/0/labels",
        json!({ "en": "Fine" }),
        "buttons[0].labels must be in the languages of the texts, all and no others",
    );
    one(
        "/buttons/0",
        quick("fine", "Ver"),
        "buttons must have different labels in pt_BR",
    );
    one(
        "/buttons/1/base",
        json!("https://banco.example"),
        "buttons[1].base must be an https address with a path, so that a suffix cannot change its host",
    );
    one(
        "/buttons/1/suffix",
        json!("note"),
        "buttons[1].suffix must name a parameter of type url_suffix",
    );
    one(
        "/buttons/2",
        json!({ "kind": "copy_code", "code": "note" }),
        "buttons[2].code must name a text of at most 20 characters",
    );
    one(
        "/buttons/2",
        json!({ "kind": "phone_number", "phone_number": "0800", "labels": { "pt_BR": "Ligar" } }),
        "buttons[2].phone_number must be a number in E.164",
    );
    let payment = json!({ "kind": "order_details", "pix_code": "note", "total": "name", "items": { "pt_BR": "Fatura" }, "labels": { "pt_BR": "Pagar" } });
    one(
        "/buttons/2",
        payment.clone(),
        "buttons must not have others beside order_details",
    );
    one(
        "/buttons/2",
        payment,
        "buttons[2].pix_code must name a parameter of type pix_code",
    );
}
