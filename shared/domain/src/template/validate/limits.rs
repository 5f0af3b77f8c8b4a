//! What just keeps a rule, and the next thing that breaks it.

use serde_json::{Value, json};

use super::tests::{faults_after, good};

/// What is wrong after the changes, without what every change of a text may cost.
fn faults(changes: &[(&str, Value)]) -> Vec<String> {
    faults_after(&good(), changes)
}

/// The first changes keep the rule, the second break it.
fn between(keeps: &[(&str, Value)], breaks: &[(&str, Value)], rule: &str) {
    let found = faults(keeps);
    assert!(found.is_empty(), "{rule}\n{found:#?}");
    let found = faults(breaks);
    assert!(
        found.iter().any(|fault| fault == rule),
        "{rule}\n{found:#?}"
    );
}

fn one(path: &str, keeps: Value, breaks: Value, rule: &str) {
    between(&[(path, keeps)], &[(path, breaks)], rule);
}

#[test]
fn numbers_and_waits_have_their_limits() {
    one(
        "/sms_parts",
        json!(10),
        json!(11),
        "sms_parts must be 1 to 10",
    );
    one(
        "/max_queue_wait",
        json!("1h"),
        json!("3601s"),
        "max_queue_wait must not be longer than the validity",
    );
    one(
        "/max_queue_wait",
        json!("1s"),
        json!("0s"),
        "max_queue_wait must be more than zero",
    );
    between(
        &[
            ("/lane", json!("critical")),
            ("/max_queue_wait", json!("15m")),
        ],
        &[
            ("/lane", json!("critical")),
            ("/max_queue_wait", json!("901s")),
        ],
        "max_queue_wait must be at most 900 s on the critical lane",
    );
    between(
        &[("/max_queue_wait", json!("901s"))],
        &[
            ("/ladder/1/after", json!("12h")),
            ("/validity", json!("12h")),
        ],
        "validity must be longer than all waits together",
    );
    between(
        &[
            ("/ladder/1/after", json!("12h")),
            ("/validity", json!("43201s")),
        ],
        &[
            ("/ladder/1/after", json!("43201s")),
            ("/validity", json!("24h")),
        ],
        "ladder must give WhatsApp 30 to 43200 s (Meta's range)",
    );
}

#[test]
fn a_class_belongs_to_its_category() {
    let check = |class: &str, category: &str, fits: bool| {
        let found = faults(&[("/class", json!(class)), ("/category", json!(category))]);
        let rule = format!("category must not be {category} for the class {class}");
        assert_eq!(!found.contains(&rule), fits, "{class} {category}");
    };
    for class in ["security", "transactional", "servicing"] {
        check(class, "UTILITY", true);
        check(class, "MARKETING", false);
        check(class, "AUTHENTICATION", false);
    }
    check("marketing", "MARKETING", true);
    check("marketing", "UTILITY", false);
    check("marketing", "AUTHENTICATION", false);
    check("authentication", "AUTHENTICATION", true);
    check("authentication", "UTILITY", false);
    check("authentication", "MARKETING", false);
}

#[test]
fn quiet_hours_and_a_cap_are_for_what_can_wait() {
    let found =
        |class: &str, path: &str, value: Value| faults(&[("/class", json!(class)), (path, value)]);
    for class in ["authentication", "security", "transactional"] {
        let rule = format!("quiet_hours must be ignored for the class {class}");
        for policy in ["deferred", "suppressed"] {
            assert!(found(class, "/quiet_hours", json!(policy)).contains(&rule));
        }
        assert!(!found(class, "/quiet_hours", json!("ignored")).contains(&rule));
        let rule = "daily_cap must be 1 to 20, for servicing and marketing only".to_owned();
        assert!(found(class, "/daily_cap", json!(3)).contains(&rule));
    }
    let rule = "quiet_hours must be deferred or suppressed for marketing".to_owned();
    assert!(faults(&[("/class", json!("marketing"))]).contains(&rule));
    assert!(!found("marketing", "/quiet_hours", json!("suppressed")).contains(&rule));
    between(
        &[("/class", json!("servicing")), ("/daily_cap", json!(20))],
        &[("/class", json!("servicing")), ("/daily_cap", json!(21))],
        "daily_cap must be 1 to 20, for servicing and marketing only",
    );
    between(
        &[("/class", json!("servicing")), ("/daily_cap", json!(1))],
        &[("/class", json!("servicing")), ("/daily_cap", json!(0))],
        "daily_cap must be 1 to 20, for servicing and marketing only",
    );
}

#[test]
fn a_parameter_has_a_name_a_length_and_words_in_its_place() {
    let length = "/params/note/max_length";
    let example = ("/params/note/example", json!("a"));
    let rule = "params.note.max_length must be 1 to 1000";
    let found = faults(&[example.clone(), (length, json!(1))]);
    assert!(found.is_empty(), "{found:#?}");
    let found = faults(&[example, (length, json!(0))]);
    assert!(found.contains(&rule.to_owned()), "{found:#?}");
    // Long enough for Meta's 1,024 characters, not for an SMS.
    let found = faults(&[(length, json!(1_000))]);
    assert!(!found.contains(&rule.to_owned()), "{found:#?}");

    let spec = json!({ "type": "date", "example": "2026-11-21" });
    let body = |name: &str| {
        json!(format!(
            "Olá, {{{{name}}}}, temos um aviso para você: {{{{note}}}}, hoje, dia {{{{{name}}}}} do mês."
        ))
    };
    let named = |name: &str| {
        faults(&[
            (&format!("/params/{name}"), spec.clone()),
            ("/locales/pt_BR/whatsapp/body", body(name)),
        ])
    };
    let longest = "d".repeat(40);
    for name in ["day_1", &longest] {
        assert!(named(name).is_empty(), "{name}: {:#?}", named(name));
    }
    let too_long = "d".repeat(41);
    for name in ["bank", "Day", "1day", "_day", "dia-1", &too_long] {
        let rule = format!("params.{name} must be called lower_case_with_underscores and not bank");
        assert!(named(name).contains(&rule), "{name}: {:#?}", named(name));
    }

    let mut sized = spec.clone();
    sized["max_length"] = json!(10);
    let found = faults(&[
        ("/params/day", sized),
        ("/locales/pt_BR/whatsapp/body", body("day")),
    ]);
    assert_eq!(
        found,
        ["params.day.max_length is for types of variable length only"]
    );

    let otherwise = |words: Value| {
        faults(&[
            ("/params/note/presence", json!("optional")),
            ("/params/note/otherwise", json!({ "pt_BR": words })),
        ])
    };
    assert!(otherwise(json!("nada")).is_empty());
    for words in ["", "  ", "a\nb", "a\tb", "{{name}}"] {
        let rule = "params.note.otherwise must be one line of words".to_owned();
        assert!(otherwise(json!(words)).contains(&rule), "{words}");
    }
}

#[test]
fn what_a_header_or_a_payment_needs_is_required() {
    let file = json!({ "url": "https://banco.example/a.pdf", "filename": "a.pdf" });
    let header = |presence: &str| {
        faults(&[
            (
                "/params/file",
                json!({ "type": "document", "presence": presence, "example": file }),
            ),
            (
                "/locales/pt_BR/whatsapp/header",
                json!({ "document": "file" }),
            ),
        ])
    };
    assert!(header("required").is_empty(), "{:#?}", header("required"));
    assert_eq!(
        header("optional"),
        ["params.file must be required: a header or a button needs it"]
    );
}

#[test]
fn a_language_has_the_texts_of_its_ladder() {
    let spoken = (
        "/locales/pt_BR/voice",
        json!("Aqui é do {{bank}}: {{note}}."),
    );
    let ladder = ("/ladder/2", json!({ "channel": "voice", "after": "1m" }));
    let found = faults(&[ladder.clone(), spoken]);
    assert!(found.is_empty(), "{found:#?}");
    let empty = ("/locales/pt_BR/voice", json!(" "));
    assert_eq!(
        faults(&[ladder.clone(), empty]),
        ["locales.pt_BR.voice must not be empty"]
    );
    let unknown = ("/locales/pt_BR/voice", json!("Aqui é do {{banco}}."));
    assert_eq!(
        faults(&[ladder, unknown]),
        ["locales.pt_BR.voice uses {{banco}}, which is no parameter"]
    );
    let found = faults(&[("/locales", json!({}))]);
    assert!(
        found.contains(&"locales must name one language at least".to_owned()),
        "{found:#?}"
    );
}

#[test]
fn a_code_expires_within_ninety_minutes_and_not_before_its_message() {
    let code = json!({
        "name": "code", "version": 1, "class": "authentication", "category": "AUTHENTICATION",
        "authentication": { "expires_in_minutes": 90, "security_advice": "omitted" },
        "ladder": [{ "channel": "whatsapp" }, { "channel": "sms", "after": "15m" }],
        "validity": "90m", "max_queue_wait": "10s", "when_queue_wait_exceeded": "next_leg",
        "params": { "code": { "type": "code", "example": "482913" } },
        "buttons": [{ "kind": "one_time_code", "code": "code", "labels": { "fr": "Copier" } }],
        "locales": { "fr": { "sms": "{{bank}}: votre code est {{code}}." } },
    });
    assert!(faults_after(&code, &[]).is_empty());
    let minutes = "/authentication/expires_in_minutes";
    let found = faults_after(&code, &[(minutes, json!(0))]);
    let rule = "authentication.expires_in_minutes must be 1 to 90".to_owned();
    assert!(found.contains(&rule), "{found:#?}");
    let found = faults_after(&code, &[("/validity", json!("5401s"))]);
    assert_eq!(found, ["validity must not be longer than the code's"]);
    // Its only button must be the code's.
    let button = json!({ "kind": "quick_reply", "action": "fine", "labels": { "fr": "Bon" } });
    for buttons in [
        json!([button]),
        json!([code["buttons"][0], button]),
        json!([code["buttons"][0], code["buttons"][0]]),
    ] {
        let found = faults_after(&code, &[("/buttons", buttons)]);
        let rule = "buttons must be one one_time_code and nothing else".to_owned();
        assert!(found.contains(&rule), "{found:#?}");
    }
}
