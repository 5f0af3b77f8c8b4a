//! The texts' limits, each from both sides.

use serde_json::{Value, json};

use super::tests::{faults_after, good};

fn faults(path: &str, value: Value) -> Vec<String> {
    faults_after(&good(), &[(path, value)])
}

/// One text that keeps the rule and one that breaks nothing else.
fn between(path: &str, keeps: Value, breaks: Value, rule: &str) {
    let found = faults(path, keeps);
    assert!(found.is_empty(), "{rule}\n{found:#?}");
    assert_eq!(faults(path, breaks), [rule]);
}

const HEADER: &str = "/locales/pt_BR/whatsapp/header";
const BODY: &str = "/locales/pt_BR/whatsapp/body";
const FOOTER: &str = "/locales/pt_BR/whatsapp/footer";
const SMS: &str = "/locales/pt_BR/sms";

#[test]
fn a_header_is_one_line_of_sixty_characters_with_its_value() {
    let place = "locales.pt_BR.whatsapp.header";
    let text = |length: usize| json!({ "text": "ã".repeat(length) });
    between(
        HEADER,
        text(60),
        text(61),
        &format!("{place} must fit 60 characters with its longest value, not 61"),
    );
    let value = |words: usize| json!({ "text": format!("{} {{{{note}}}}", "a".repeat(words)) });
    between(
        HEADER,
        value(29),
        value(30),
        &format!("{place} must fit 60 characters with its longest value, not 61"),
    );
    for broken in ["Um\naviso", "", "  "] {
        assert_eq!(
            faults(HEADER, json!({ "text": broken })),
            [format!("{place} must be one line")],
            "{broken}"
        );
    }
    assert_eq!(
        faults(HEADER, json!({ "image": "note" })),
        [format!("{place} must name a parameter of type image")]
    );
    let found = faults_after(
        &good(),
        &[
            (
                "/params/logo",
                json!({ "type": "image", "example": { "media_id": "1" } }),
            ),
            (HEADER, json!({ "image": "logo" })),
        ],
    );
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_footer_is_one_line_of_sixty_characters() {
    let place = "locales.pt_BR.whatsapp.footer";
    between(
        FOOTER,
        json!("ã".repeat(60)),
        json!("ã".repeat(61)),
        &format!("{place} must have 1 to 60 characters, not 61"),
    );
    between(
        FOOTER,
        json!("B"),
        json!(""),
        &format!("{place} must have 1 to 60 characters, not 0"),
    );
    assert_eq!(
        faults(FOOTER, json!("Um\nbanco")),
        [format!("{place} must be one line without variables")]
    );
}

#[test]
fn a_body_is_words_around_its_variables() {
    let at = |rule: &str| format!("locales.pt_BR.whatsapp.body {rule}");
    let with = |middle: &str| {
        json!(format!(
            "Olá, {{{{name}}}}, temos um aviso{middle}para você: {{{{note}}}}, até logo."
        ))
    };
    let blanks = at("must not have tabs or more than four spaces in a row");
    between(BODY, with("    "), with("     "), &blanks);
    between(BODY, with("\n"), with("\t"), &blanks);
    // Two variables: more than four words.
    between(
        BODY,
        json!("Um aviso, {{name}}, de hoje: {{note}}, veja."),
        json!("Um aviso, {{name}}, hoje - {{note}}, veja."),
        &at("must have more words for so many variables (Meta 2388293)"),
    );
    // One variable: more than two.
    between(
        BODY,
        json!("Um aviso: {{note}}, veja."),
        json!("Aviso: {{note}}, veja."),
        &at("must have more words for so many variables (Meta 2388293)"),
    );
    for blank in [" ", "\n"] {
        assert_eq!(
            faults(
                BODY,
                json!(format!(
                    "Você tem um novo aviso do banco {{{{name}}}}{blank}{{{{note}}}} no aplicativo."
                ))
            ),
            [at("must have words between its variables")]
        );
    }
    // 50 characters of its own, 100 and 30 for the longest values.
    let long = |more: usize| {
        json!(format!(
            "Olá, {{{{name}}}}, temos um aviso: {{{{note}}}}, {}",
            "a".repeat(more)
        ))
    };
    between(
        BODY,
        long(869),
        long(870),
        &at("must fit 1024 characters with its longest values, not 1025"),
    );
    let found = faults(BODY, json!(""));
    assert!(found.contains(&at("must not be empty")), "{found:#?}");
}

#[test]
fn an_sms_fits_its_parts_with_its_longest_values() {
    let place = "locales.pt_BR.sms";
    // 20 characters of a bank's name, 30 of the note.
    let text = |words: usize| json!(format!("{{{{bank}}}}: {} {{{{note}}}}", "a".repeat(words)));
    between(
        SMS,
        text(107),
        text(108),
        &format!(
            "{place} must fit 1 SMS part(s) of 160 characters in all with its longest values, not 161"
        ),
    );
    let two = |words| faults_after(&good(), &[("/sms_parts", json!(2)), (SMS, text(words))]);
    assert!(two(251).is_empty(), "{:#?}", two(251));
    assert_eq!(
        two(252),
        [format!(
            "{place} must fit 2 SMS part(s) of 304 characters in all with its longest values, not 305"
        )]
    );
    assert_eq!(
        faults(SMS, json!("{{bank}}: aviso\npara {{name}}: {{note}}.")),
        [format!(
            "{place} must be one line of characters that have a plain form"
        )]
    );
}

#[test]
fn each_type_counts_with_its_longest_form() {
    let longest = |kind: &str, example: Value, more: Value| {
        let mut spec = json!({ "type": kind, "example": example });
        for (field, value) in more.as_object().expect("fields") {
            spec[field] = value.clone();
        }
        let changes = [
            ("/params/extra", spec),
            (
                SMS,
                json!(format!("{{{{bank}}}}{}{{{{extra}}}}", "a".repeat(1_000))),
            ),
        ];
        let found = faults_after(&good(), &changes);
        let length: usize = found
            .iter()
            .find_map(|fault| fault.rsplit_once("values, not ")?.1.parse().ok())
            .unwrap_or_else(|| panic!("{kind}: {found:#?}"));
        length - 1_020
    };
    let none = json!({});
    let check = |kind, example, more: &Value, expected: &str| {
        assert_eq!(
            longest(kind, example, more.clone()),
            expected.len(),
            "{kind}"
        );
    };
    let amount = json!({ "minor": 1, "currency": "BRL" });
    check("money", amount, &none, "-US$ 9.999.999.999,99");
    check("date", json!("2026-11-21"), &none, "21/11/2026");
    check("time", json!("14:05"), &none, "14:05");
    check("person_name", json!("Ana"), &none, &"a".repeat(20));
    check(
        "person_name",
        json!("Ana"),
        &json!({ "max_length": 9 }),
        &"a".repeat(9),
    );
    check("card_last4", json!("4321"), &none, "4321");
    check("account", json!("12345-6"), &none, "****345-6");
    check(
        "phone",
        json!("+5511987654321"),
        &none,
        "+55 (11) *****-4321",
    );
    check("pix_key", json!("a@b.co"), &none, &"a".repeat(84));
    check("cpf", json!("52998224725"), &none, "***.982.247-**");
    check("cnpj", json!("11222333000181"), &none, "11.***.***/0001-**");
    check(
        "text",
        json!("a"),
        &json!({ "max_length": 30 }),
        &"a".repeat(30),
    );
    check(
        "url",
        json!("https://a.example/"),
        &json!({ "max_length": 40 }),
        &"a".repeat(40),
    );
    // Words in an absent value's place may be longer than any value.
    let words = json!({ "presence": "optional", "otherwise": { "pt_BR": "a data combinada" } });
    check("date", json!("2026-11-21"), &words, "a data combinada");
}
