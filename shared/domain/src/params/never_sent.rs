//! What a bank must not send, tried as every type that takes free text.

use serde_json::json;

use super::tests::{all_types, faults};

#[test]
fn what_must_not_be_sent_is_a_fault_wherever_a_type_s_form_is_free() {
    let template = all_types();
    let file = |name: &str| json!({ "media_id": "1", "filename": name });
    let at = |address: &str| json!({ "url": address, "filename": "a.pdf" });
    let (card, secret, account) = (
        "must not contain a card number",
        "must not contain a password, a code or a card's security number",
        "must not contain an account number",
    );
    let cases = [
        ("text", json!("4111111111111111"), "text", card),
        ("text", json!("４１１１ 1111-1111.1111"), "text", card),
        ("text", json!("sua senha é 1234"), "text", secret),
        ("text", json!("CVV 123"), "text", secret),
        ("text", json!("PIN: ٤٨٢٩"), "text", secret),
        ("text", json!("conta 0012345-6"), "text", account),
        (
            "person_name",
            json!("Ana 5555 5555 5555 4444"),
            "person_name",
            card,
        ),
        (
            "person_name",
            json!("Ana, senha 4829"),
            "person_name",
            secret,
        ),
        (
            "person_name",
            json!("DE89 3704 0044 0532 0130 00"),
            "person_name",
            account,
        ),
        ("code", json!("378282246310005"), "code", card),
        ("code", json!("NO9386011117947"), "code", account),
        (
            "url",
            json!("https://banco.example/c/4111-1111-1111-1111"),
            "url",
            card,
        ),
        (
            "url",
            json!("https://banco.example/?pin=4829"),
            "url",
            secret,
        ),
        (
            "url",
            json!("https://banco.example/?iban=DE89%203704%200044%200532%200130%2000"),
            "url",
            account,
        ),
        (
            "url_suffix",
            json!("c?n=4111%201111%201111%201111"),
            "url_suffix",
            card,
        ),
        ("url_suffix", json!("senha=1234"), "url_suffix", secret),
        (
            "url_suffix",
            json!("conta/0012345-6"),
            "url_suffix",
            account,
        ),
        (
            "document",
            file("fatura_4111111111111111.pdf"),
            "document.filename",
            card,
        ),
        (
            "document",
            file("conta 0012345-6.pdf"),
            "document.filename",
            account,
        ),
        (
            "document",
            at("https://banco.example/4111111111111111.pdf"),
            "document.url",
            card,
        ),
        (
            "image",
            json!({ "url": "https://banco.example/?senha=1234" }),
            "image.url",
            secret,
        ),
        ("account", json!("4111111111111111"), "account", card),
        ("phone", json!("+378282246310005"), "phone", card),
        ("pix_key", json!("4111111111111111@x.co"), "pix_key", card),
        (
            "pix_code",
            json!(
                "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR591641111111111111116008BRASILIA62070503***6304070B"
            ),
            "pix_code",
            card,
        ),
    ];
    for (name, value, field, rule) in cases {
        assert_eq!(
            faults(&template, json!({ name: value.clone() })),
            [(format!("params.{field}"), rule.to_owned())],
            "{value}"
        );
    }
}
