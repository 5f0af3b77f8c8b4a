use serde_json::{Map, Value, json};

use super::*;
use crate::ids::TemplateName;
use crate::locale::Locale;

/// A template with one parameter of every type. It is parsed, not validated.
pub(super) fn all_types() -> Template {
    let param = |kind: &str| json!({ "type": kind, "example": "" });
    let mut template = json!({
        "name": "all", "version": 1, "class": "transactional", "category": "UTILITY",
        "ladder": [{ "channel": "whatsapp" }], "validity": "1h", "max_queue_wait": "10s",
        "when_queue_wait_exceeded": "expire", "params": {}, "locales": {},
    });
    for kind in [
        "money",
        "date",
        "time",
        "person_name",
        "card_last4",
        "account",
        "phone",
        "pix_key",
        "pix_code",
        "boleto_line",
        "iban",
        "cpf",
        "cnpj",
        "code",
        "url",
        "url_suffix",
        "document",
        "image",
    ] {
        template["params"][kind] = param(kind);
        template["params"][kind]["presence"] = json!("optional");
    }
    template["params"]["text"] =
        json!({ "type": "text", "max_length": 20, "presence": "optional", "example": "" });
    Template::from_json(&template.to_string()).expect("a template")
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

pub(super) fn faults(template: &Template, given: Value) -> Vec<(String, String)> {
    let faults = parse(template, &object(given)).err().unwrap_or_default();
    faults
        .into_iter()
        .map(|fault| (fault.field, fault.rule))
        .collect()
}

const PIX: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D";

#[test]
fn valid_values_are_kept_come_back_as_they_came_and_are_shown_masked() {
    let template = all_types();
    let check = |name: &str, value: Value, masked: &str| {
        let params = parse(&template, &object(json!({ name: value })))
            .unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        let again = parse(&template, &params.to_json()).expect("what was sealed opens");
        assert!(params == again, "{name}");
        assert_eq!(
            params.masked(Locale::PtBr).get(name).map(String::as_str),
            Some(masked),
            "{name}"
        );
    };
    check(
        "money",
        json!({ "minor": -150_000, "currency": "BRL" }),
        "R$\u{a0}***",
    );
    check(
        "money",
        json!({ "minor": 999_999_999_999_i64, "currency": "EUR" }),
        "€\u{a0}***",
    );
    check("date", json!("2028-02-29"), "29/02/2028");
    check("time", json!("00:00"), "00:00");
    check("person_name", json!("Maria Souza"), "Maria S***");
    check("card_last4", json!("0042"), "0042");
    check("account", json!("0012345-X"), "****345-X");
    check("account", json!("12345"), "****2345");
    check("phone", json!("+5511987654321"), "+55 (11) *****-4321");
    check("pix_key", json!("maria@banco.com.br"), "m***@b***.com.br");
    check("pix_code", json!(PIX), "***");
    check(
        "boleto_line",
        json!("34191.09123 34567.890123 34567.890008 1 16460000015990"),
        "***",
    );
    check(
        "iban",
        json!("DE89 3704 0044 0532 0130 00"),
        "DE** **** 3000",
    );
    check("cpf", json!("529.982.247-25"), "***.982.247-**");
    check("cnpj", json!("12.ABC.345/01DE-35"), "12.***.***/01DE-**");
    check("code", json!("482913"), "***");
    check(
        "url",
        json!("https://banco.example/a?b=c"),
        "banco.example/***",
    );
    check("url_suffix", json!("tx/1?a=b"), "***");
    check("text", json!("Padaria Sol"), "Padaria Sol");
    check("text", json!("fale 11987654321"), "fale ***");
    check(
        "document",
        json!({ "url": "https://banco.example/a.pdf", "filename": "Maria Souza.pdf" }),
        "***.pdf",
    );
    check(
        "document",
        json!({ "media_id": "910000000000001", "filename": "extrato.PDF" }),
        "***.pdf",
    );
    check("image", json!({ "media_id": "910000000000001" }), "***");
}

#[test]
fn a_value_of_the_wrong_form_is_a_fault_with_its_rule() {
    let template = all_types();
    let check = |name: &str, value: Value, field: &str, rule: &str| {
        assert_eq!(
            faults(&template, json!({ name: value.clone() })),
            [(format!("params.{field}"), rule.to_owned())],
            "{value}"
        );
    };
    let amount = "must be an object with minor and currency";
    check("money", json!(20000), "money", amount);
    check("money", json!("R$ 200,00"), "money", amount);
    check("money", json!(null), "money", amount);
    check(
        "money",
        json!({ "currency": "BRL" }),
        "money.minor",
        "is required",
    );
    check(
        "money",
        json!({ "minor": 1 }),
        "money.currency",
        "is required",
    );
    check(
        "money",
        json!({ "minor": 1.5, "currency": "BRL" }),
        "money.minor",
        "must be an integer in minor units",
    );
    check(
        "money",
        json!({ "minor": "1", "currency": "BRL" }),
        "money.minor",
        "must be an integer in minor units",
    );
    check(
        "money",
        json!({ "minor": 1_000_000_000_000_i64, "currency": "BRL" }),
        "money.minor",
        "must have at most 12 digits",
    );
    check(
        "money",
        json!({ "minor": -1_000_000_000_000_i64, "currency": "BRL" }),
        "money.minor",
        "must have at most 12 digits",
    );
    check(
        "money",
        json!({ "minor": u64::MAX, "currency": "BRL" }),
        "money.minor",
        "must have at most 12 digits",
    );
    check(
        "money",
        json!({ "minor": 1, "currency": "brl" }),
        "money.currency",
        "must be one of BRL, USD, EUR",
    );
    check(
        "money",
        json!({ "minor": 1, "currency": "BRL", "cents": 0 }),
        "money.cents",
        "is not a field of an amount",
    );
    let date = "must be a date, as in 2026-11-21";
    for wrong in [
        "2026-02-29",
        "21/11/2026",
        "2026-1-01",
        "2026-11-21T00:00",
        "",
        "２０２６-11-21",
    ] {
        check("date", json!(wrong), "date", date);
    }
    check("date", json!(20_261_121), "date", "must be a string");
    for wrong in ["24:00", "1:05", "14:05:00", "14h05", "14:0é"] {
        check(
            "time",
            json!(wrong),
            "time",
            "must be a time of day, as in 14:05",
        );
    }
    for wrong in ["432", "43210", "43 2", "٤٣٢١"] {
        check(
            "card_last4",
            json!(wrong),
            "card_last4",
            "must be the card's last 4 digits",
        );
    }
    let account = "must be 5 to 20 digits, the last of which may stand behind a hyphen or be an X";
    for wrong in [
        "1234", "12345-67", "12345-", "12.345-6", "conta", "12345é", "",
    ] {
        check("account", json!(wrong), "account", account);
    }
    check(
        "phone",
        json!("11987654321"),
        "phone",
        "must start with + and the country code (E.164)",
    );
    let key = "must be a Pix key: CPF, CNPJ, e-mail address, telephone number with + or random key";
    check("pix_key", json!("Maria"), "pix_key", key);
    check(
        "pix_code",
        json!(PIX.replace("Fulano", "Fulana")),
        "pix_code",
        "must be an unchanged Pix code (its checksum differs)",
    );
    check(
        "boleto_line",
        json!("34191091233456789012334567890008116460000015991"),
        "boleto_line",
        "must be an unchanged boleto line (the check digit over all of it differs)",
    );
    check(
        "iban",
        json!("DE88370400440532013000"),
        "iban",
        "must be an unchanged IBAN (its checksum differs)",
    );
    check("cpf", json!("52998224726"), "cpf", "must be a CPF");
    check("cnpj", json!("11222333000182"), "cnpj", "must be a CNPJ");
    for wrong in ["123", "1234567890123456", "48 2913", "4829-13", ""] {
        check(
            "code",
            json!(wrong),
            "code",
            "must be 4 to 15 letters and digits",
        );
    }
    check(
        "url",
        json!("http://banco.example/"),
        "url",
        "must be an https address of at most 2000 characters",
    );
    let long = format!("https://banco.example/{}", "a".repeat(2_000));
    check(
        "url",
        json!(long),
        "url",
        "must be an https address of at most 2000 characters",
    );
    check(
        "document",
        json!({ "url": "https://banco.example/a.pdf" }),
        "document.filename",
        "is required",
    );
    let named = "must be a file's name that ends with .pdf";
    check(
        "document",
        json!({ "media_id": "1", "filename": "a.exe" }),
        "document.filename",
        named,
    );
    check(
        "document",
        json!({ "media_id": "1", "filename": "../a.pdf" }),
        "document.filename",
        named,
    );
    check(
        "document",
        json!({ "media_id": "1", "url": "https://banco.example/a.pdf", "filename": "a.pdf" }),
        "document",
        "must have either url or media_id",
    );
    check(
        "image",
        json!({ "url": "https://banco.example/a.png", "alt": "a" }),
        "image.alt",
        "is not a field of a media file",
    );
    check(
        "image",
        json!({ "media_id": "a b" }),
        "image.media_id",
        "must be 1 to 64 letters, digits and hyphens",
    );
    check(
        "text",
        json!("a\nb"),
        "text",
        "must be one line without tabs or control characters",
    );
    check(
        "text",
        json!("a".repeat(21)),
        "text",
        "must have at most 20 characters",
    );
    check(
        "person_name",
        json!("a".repeat(101)),
        "person_name",
        "must have at most 100 characters",
    );
    check(
        "person_name",
        json!("Ana 4111 1111 1111 1111"),
        "person_name",
        "must not contain a card number",
    );
}

#[test]
fn all_faults_are_reported_at_once_and_none_echoes_its_value() {
    let name = TemplateName::parse("pix_received").expect("valid");
    let template = crate::catalogue::find(&name, None).expect("found");
    let given = json!({
        "foo": "SEGREDO", "name": "SEGREDO\n", "amount": { "minor": "SEGREDO", "currency": "SEGREDO" }, "payer": 77_777,
    });
    let faults = faults(&template, given);
    let expected = [
        ("params.amount.currency", "must be one of BRL, USD, EUR"),
        ("params.amount.minor", "must be an integer in minor units"),
        ("params.balance", "is required"),
        ("params.foo", "is not a parameter of this template"),
        (
            "params.name",
            "must be one line without tabs or control characters",
        ),
        ("params.payer", "must be a string"),
    ];
    let found: Vec<(&str, &str)> = faults
        .iter()
        .map(|(field, rule)| (field.as_str(), rule.as_str()))
        .collect();
    assert_eq!(found, expected);
    assert!(!format!("{faults:?}").contains("SEGREDO") && !format!("{faults:?}").contains("77777"));
}

#[test]
fn parameters_print_their_names_only() {
    let params = parse(
        &all_types(),
        &object(json!({ "code": "482913", "person_name": "Maria" })),
    )
    .expect("valid");
    assert_eq!(format!("{params:?}"), r#"{"code", "person_name"}"#);
}

#[test]
fn a_payment_must_be_payable() {
    let name = TemplateName::parse("payment_reminder").expect("valid");
    let template = crate::catalogue::find(&name, None).expect("found");
    let example = template.example_params(Locale::PtBr);
    let dynamic = "00020101021226760014br.gov.bcb.pix2554pix.example.com/qr/v2/8b3da2f39a4140d1a91abd93113bd4415204000053039865802BR5916BANCO EXEMPLO SA6009SAO PAULO62070503***63048974";
    let check = |changes: Value, expected: &[(&str, &str)]| {
        let mut given = example.clone();
        for (name, value) in object(changes) {
            if value.is_null() {
                given.remove(&name)
            } else {
                given.insert(name, value)
            };
        }
        let faults = faults(&template, Value::Object(given));
        let faults: Vec<(&str, &str)> = faults
            .iter()
            .map(|(field, rule)| (field.as_str(), rule.as_str()))
            .collect();
        assert_eq!(faults, expected);
    };
    check(json!({}), &[]);
    check(json!({ "pix_key": null }), &[]);
    check(json!({ "pix_code": dynamic }), &[]);
    check(
        json!({ "pix_code": PIX, "amount": { "minor": 1, "currency": "BRL" } }),
        &[],
    );
    check(
        json!({ "pix_code": dynamic, "pix_key": null }),
        &[(
            "params.pix_key",
            "is required: the Pix code holds no key that can be shown",
        )],
    );
    check(
        json!({ "amount": { "minor": 12_346, "currency": "BRL" } }),
        &[("params.pix_code", "must be for the amount in params.amount")],
    );
    check(
        json!({ "amount": { "minor": 0, "currency": "EUR" }, "pix_code": PIX }),
        &[
            ("params.amount.currency", "must be BRL: it is paid by Pix"),
            ("params.amount.minor", "must be more than zero"),
        ],
    );
}
