use serde_json::{Value, json};

use super::*;

/// A template that follows every rule.
pub(in crate::template) fn good() -> Value {
    json!({
        "name": "alert", "version": 1, "class": "transactional", "category": "UTILITY",
        "ladder": [{ "channel": "whatsapp" }, { "channel": "sms", "after": "30s" }],
        "validity": "1h", "max_queue_wait": "1m", "when_queue_wait_exceeded": "next_leg",
        "params": {
            "name": { "type": "person_name", "example": "Maria" },
            "note": { "type": "text", "max_length": 30, "example": "tudo certo" },
            "ticket": { "type": "url_suffix", "example": "a1" },
        },
        "buttons": [
            { "kind": "quick_reply", "action": "fine", "labels": { "pt_BR": "Certo" } },
            { "kind": "url", "base": "https://banco.example/a/", "suffix": "ticket", "labels": { "pt_BR": "Ver" } },
        ],
        "locales": { "pt_BR": {
            "whatsapp": { "header": { "text": "Aviso" }, "body": "Olá, {{name}}, temos um aviso para você: {{note}}, até logo.", "footer": "Banco" },
            "sms": "{{bank}}: {{note}} para {{name}}.",
        } },
    })
}

/// What is wrong after one change: `path` in JSON pointer form, null removes.
pub(in crate::template) fn faults_after(start: &Value, changes: &[(&str, Value)]) -> Vec<String> {
    let mut template = start.clone();
    for (path, value) in changes {
        let (parent, key) = path.rsplit_once('/').expect("a path");
        let parent = template.pointer_mut(parent).expect("an existing parent");
        match parent {
            Value::Array(items) => {
                let at: usize = key.parse().expect("an index");
                if at == items.len() {
                    items.push(value.clone())
                } else {
                    items[at] = value.clone()
                }
            }
            Value::Object(fields) if value.is_null() => {
                fields.remove(key);
            }
            Value::Object(fields) => {
                fields.insert(key.to_owned(), value.clone());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                panic!("{path} has no parent")
            }
        }
    }
    let template =
        Template::from_json(&template.to_string()).unwrap_or_else(|error| panic!("{error}"));
    template
        .validate()
        .err()
        .into_iter()
        .flatten()
        .map(|fault| fault.to_string())
        .collect()
}

#[test]
fn a_good_template_has_no_fault() {
    assert!(
        faults_after(&good(), &[]).is_empty(),
        "{:?}",
        faults_after(&good(), &[])
    );
}

#[test]
fn a_misspelt_field_is_not_a_template() {
    for (path, word) in [
        ("", "clas"),
        ("/params/name", "typ"),
        ("/locales/pt_BR", "smss"),
        ("/buttons/0", "label"),
        ("/ladder/1", "wait"),
    ] {
        let mut template = good();
        template.pointer_mut(path).expect("exists")[word] = json!("x");
        assert!(
            Template::from_json(&template.to_string()).is_err(),
            "{path}/{word}"
        );
    }
    for wait in ["30", "s", "1.5s", "-1s", "30 s", "30S", ""] {
        let mut template = good();
        template["ladder"][1]["after"] = json!(wait);
        assert!(
            Template::from_json(&template.to_string()).is_err(),
            "{wait}"
        );
    }
}

#[test]
fn a_marketing_template_has_no_fallback() {
    let changes = [
        ("/class", json!("marketing")),
        ("/category", json!("MARKETING")),
    ];
    let faults = faults_after(&good(), &changes);
    assert!(
        faults.contains(&"ladder must be whatsapp alone: marketing has no fallback".to_owned()),
        "{faults:#?}"
    );
}

#[test]
fn an_authentication_template_is_a_code_and_nothing_else() {
    let code = json!({
        "name": "code", "version": 1, "class": "authentication", "category": "AUTHENTICATION",
        "authentication": { "expires_in_minutes": 5, "security_advice": "omitted" },
        "ladder": [{ "channel": "whatsapp" }, { "channel": "sms", "after": "30s" }],
        "validity": "5m", "max_queue_wait": "10s", "when_queue_wait_exceeded": "next_leg",
        "params": { "code": { "type": "code", "example": "482913" } },
        "buttons": [{ "kind": "one_time_code", "code": "code", "labels": { "fr": "Copier" } }],
        "locales": { "fr": { "sms": "{{bank}}: votre code est {{code}}." } },
    });
    assert!(
        faults_after(&code, &[]).is_empty(),
        "{:?}",
        faults_after(&code, &[])
    );
    let check = |path, value: Value, expected: &str| {
        let faults = faults_after(&code, &[(path, value)]);
        assert!(
            faults.iter().any(|fault| fault == expected),
            "{expected}\n{faults:#?}"
        );
    };
    check(
        "/authentication",
        Value::Null,
        "authentication is required for authentication templates",
    );
    check(
        "/authentication/expires_in_minutes",
        json!(91),
        "authentication.expires_in_minutes must be 1 to 90",
    );
    check(
        "/validity",
        json!("6m"),
        "validity must not be longer than the code's",
    );
    check(
        "/ladder/1/after",
        json!("901s"),
        "ladder must give WhatsApp 30 to 900 s (Meta's range)",
    );
    check(
        "/buttons",
        json!([]),
        "buttons must be one one_time_code and nothing else",
    );
    check(
        "/locales/fr/whatsapp",
        json!({ "body": "Voici" }),
        "locales.fr.whatsapp must be absent: Meta fixes a code's text",
    );
    check(
        "/locales/fr/sms",
        json!("{{bank}}: bonjour."),
        "locales.fr.sms must say the code",
    );
}

#[test]
fn short_waits_are_for_tests_only() {
    let mut template = good();
    template["ladder"][1]["after"] = json!("2s");
    let template = Template::from_json(&template.to_string()).expect("a template");
    assert!(template.validate().is_err());
    assert_eq!(template.validate_with(Waits::Test), Ok(()));
}

#[test]
fn whatsapp_stops_trying_when_the_next_leg_opens() {
    let check = |changes: Value, seconds: u64| {
        let mut template = good();
        for (key, value) in changes.as_object().expect("an object") {
            template[key] = value.clone();
        }
        let template = Template::from_json(&template.to_string()).expect("a template");
        assert_eq!(template.whatsapp_ttl().as_secs(), seconds);
        assert_eq!(
            template.creation_payload(Locale::PtBr)["message_send_ttl_seconds"],
            seconds
        );
    };
    let alone = json!([{ "channel": "whatsapp" }]);
    check(json!({}), 30);
    check(
        json!({ "ladder": [{ "channel": "whatsapp" }, { "channel": "sms", "after": "2m" }] }),
        120,
    );
    check(json!({ "ladder": alone, "validity": "1h" }), 3_600);
    check(json!({ "ladder": alone, "validity": "24h" }), 43_200);
    check(
        json!({ "ladder": alone, "validity": "1h", "category": "MARKETING" }),
        43_200,
    );
}

#[test]
fn a_button_does_not_revoke_consent_by_accident() {
    let check = |label: &str, action: &str, refused: bool| {
        let changes = [
            ("/buttons/0/labels/pt_BR", json!(label)),
            ("/buttons/0/action", json!(action)),
        ];
        let faults = faults_after(&good(), &changes);
        let named = |fault: &String| fault.starts_with("buttons[0].labels.pt_BR must not be");
        assert_eq!(faults.iter().any(named), refused, "{label}: {faults:?}");
    };
    check("Cancelar", "refuse", true);
    check("Voltar", "back", true);
    check("Sair", "opt_out", false);
    check("Voltar", "opt_out", true);
    check("Cancelar cartão", "cancel_card", false);
}
