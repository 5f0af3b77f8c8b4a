//! The buttons' limits, each from both sides.

use serde_json::{Value, json};

use super::tests::{faults_after, good};

fn quick(at: usize) -> Value {
    let labels = json!({ "pt_BR": format!("Opção {at}") });
    json!({ "kind": "quick_reply", "action": format!("option_{at}"), "labels": labels })
}

fn link(at: usize) -> Value {
    json!({ "kind": "url", "base": "https://banco.example/b/", "labels": { "pt_BR": format!("Ver {at}") } })
}

fn call(at: usize) -> Value {
    json!({ "kind": "phone_number", "phone_number": "+551132654321", "labels": { "pt_BR": format!("Ligar {at}") } })
}

fn copy() -> Value {
    json!({ "kind": "copy_code", "code": "coupon" })
}

/// What is wrong with these buttons beside the good template's own address.
fn faults(buttons: Vec<Value>) -> Vec<String> {
    let coupon = json!({ "type": "text", "max_length": 20, "example": "PIX10" });
    let mut changes = vec![
        ("/params/coupon", coupon),
        (
            "/locales/pt_BR/sms",
            json!("{{bank}}: {{note}} para {{name}}, {{coupon}}."),
        ),
    ];
    let mut all = vec![good()["buttons"][1].clone()];
    all.extend(buttons);
    changes.push(("/buttons", json!(all)));
    faults_after(&good(), &changes)
}

#[test]
fn ten_buttons_two_addresses_one_number_and_one_copied_code_are_the_most() {
    let check = |keeps: Vec<Value>, one_more: Value, rule: &str| {
        let found = faults(keeps.clone());
        assert!(found.is_empty(), "{rule}\n{found:#?}");
        let mut buttons = keeps;
        buttons.push(one_more);
        assert_eq!(faults(buttons), [rule]);
    };
    check(
        (0..9).map(quick).collect(),
        quick(9),
        "buttons must be at most 10",
    );
    check(
        vec![link(0)],
        link(1),
        "buttons must have at most 2 addresses",
    );
    check(vec![call(0)], call(1), "buttons must have at most 1 number");
    check(
        vec![copy()],
        copy(),
        "buttons must have at most 1 copied code",
    );
    check(
        vec![quick(0), link(0)],
        quick(1),
        "buttons must keep the quick replies together",
    );
}

#[test]
fn a_one_time_code_belongs_to_authentication() {
    let code = json!({ "kind": "one_time_code", "code": "note", "labels": { "pt_BR": "Copiar" } });
    let found = faults(vec![code]);
    let rule = "buttons must not have a one_time_code: it belongs to authentication templates";
    assert!(found.contains(&rule.to_owned()), "{found:#?}");
    let rule = "buttons[1].code must name a parameter of type code";
    assert!(found.contains(&rule.to_owned()), "{found:#?}");
}

#[test]
fn two_presses_do_not_mean_the_same() {
    let mut twin = quick(1);
    twin["action"] = json!("option_0");
    assert_eq!(
        faults(vec![quick(0), twin]),
        ["buttons[2].action must differ from the others'"]
    );
}

#[test]
fn a_label_is_one_line_of_twenty_five_characters() {
    let labelled = |label: &str| {
        let mut button = call(0);
        button["labels"]["pt_BR"] = json!(label);
        faults(vec![button])
    };
    assert!(labelled(&"ã".repeat(25)).is_empty());
    assert_eq!(
        labelled(&"ã".repeat(26)),
        ["buttons[1].labels.pt_BR must have 1 to 25 characters, not 26"]
    );
    assert_eq!(
        labelled(""),
        ["buttons[1].labels.pt_BR must have 1 to 25 characters, not 0"]
    );
    for label in [" Ligar", "Ligar ", "Li\ngar", "Li\tgar", "{{note}}"] {
        assert_eq!(
            labelled(label),
            ["buttons[1].labels.pt_BR must be one line without variables"],
            "{label}"
        );
    }
}

#[test]
fn an_address_has_room_for_its_suffix() {
    // The suffix may take 200 of the 2,000 characters.
    let based = |length: usize| {
        let base = format!("https://banco.example/{}", "a".repeat(length - 22));
        faults_after(&good(), &[("/buttons/1/base", json!(base))])
    };
    assert!(based(1_800).is_empty(), "{:#?}", based(1_800));
    assert_eq!(
        based(1_801),
        ["buttons[1].base must fit 2000 characters with its suffix"]
    );
    for base in [
        "http://banco.example/a/",
        "https://banco/a/",
        "banco.example/",
    ] {
        let found = faults_after(&good(), &[("/buttons/1/base", json!(base))]);
        assert_eq!(
            found,
            [
                "buttons[1].base must be an https address with a path, so that a suffix cannot change its host"
            ],
            "{base}"
        );
    }
}

#[test]
fn a_copied_code_is_a_short_text() {
    let coupon = |kind: &str, length: Value| {
        let mut spec = json!({ "type": kind, "example": "PIX10" });
        if !length.is_null() {
            spec["max_length"] = length;
        }
        let changes = [("/params/coupon", spec), ("/buttons/2", copy())];
        faults_after(&good(), &changes)
    };
    let rule = "buttons[2].code must name a text of at most 20 characters";
    assert!(coupon("text", json!(20)).is_empty());
    assert_eq!(coupon("text", json!(21)), [rule]);
    assert_eq!(coupon("person_name", json!(20)), [rule]);
}

#[test]
fn a_payment_names_a_code_an_amount_and_a_key_that_may_be_absent() {
    let pix = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D";
    let bill = |changes: &[(&str, Value)]| {
        let mut button = json!({
            "kind": "order_details", "pix_code": "pix", "total": "amount", "pix_key": "key",
            "items": { "pt_BR": "Fatura" }, "labels": { "pt_BR": "Pagar" },
        });
        let mut key =
            json!({ "type": "pix_key", "presence": "optional", "example": "maria@banco.com.br" });
        for (field, value) in changes {
            match *field {
                "presence" => key["presence"] = value.clone(),
                field => button[field] = value.clone(),
            }
        }
        let mut template = good();
        template["params"]["pix"] = json!({ "type": "pix_code", "example": pix });
        template["params"]["amount"] =
            json!({ "type": "money", "example": { "minor": 1, "currency": "BRL" } });
        template["params"]["key"] = key;
        template["params"]
            .as_object_mut()
            .expect("parameters")
            .remove("ticket");
        faults_after(&template, &[("/buttons", json!([button]))])
    };
    assert!(bill(&[]).is_empty(), "{:#?}", bill(&[]));
    assert!(bill(&[("items", json!({ "pt_BR": "ã".repeat(60) }))]).is_empty());
    let check = |field: &str, value: Value, rule: &str| {
        let found = bill(&[(field, value)]);
        assert!(found.contains(&rule.to_owned()), "{rule}\n{found:#?}");
    };
    check(
        "items",
        json!({ "pt_BR": "ã".repeat(61) }),
        "buttons[0].items.pt_BR must have 1 to 60 characters, not 61",
    );
    check(
        "pix_code",
        json!("note"),
        "buttons[0].pix_code must name a parameter of type pix_code",
    );
    check(
        "total",
        json!("note"),
        "buttons[0].total must name a parameter of type money",
    );
    let rule = "buttons[0].pix_key must name an optional parameter of type pix_key";
    check("pix_key", json!("note"), rule);
    check("presence", json!("required"), rule);
}

#[test]
fn an_autofill_button_names_one_to_five_apps_as_android_does() {
    let app =
        |package: &str, hash: &str| json!({ "package_name": package, "signature_hash": hash });
    let good_app = || app("br.example.bank", "K8a/AINcGX7");
    let found = |apps: Vec<Value>| {
        let button = json!({
            "kind": "one_time_code", "code": "code", "labels": { "pt_BR": "Copiar código" },
            "autofill": { "labels": { "pt_BR": "Preencher código" }, "apps": apps },
        });
        let code = json!({
            "name": "code", "version": 1, "class": "authentication", "category": "AUTHENTICATION",
            "authentication": { "expires_in_minutes": 5, "security_advice": "shown" },
            "ladder": [{ "channel": "whatsapp" }], "validity": "5m", "max_queue_wait": "10s",
            "when_queue_wait_exceeded": "expire", "buttons": [button], "locales": { "pt_BR": {} },
            "params": { "code": { "type": "code", "example": "482913" } },
        });
        faults_after(&code, &[])
    };
    assert_eq!(found(vec![good_app()]), Vec::<String>::new());
    assert_eq!(
        found((0..5).map(|_| good_app()).collect()),
        Vec::<String>::new()
    );
    for wrong in [0, 6] {
        let rule = "buttons[0].autofill.apps must be 1 to 5";
        assert_eq!(found((0..wrong).map(|_| good_app()).collect()), [rule]);
    }
    for wrong in ["bank", "br..bank", "br.1bank", "br.bank-app", ".bank"] {
        let rule = "buttons[0].autofill.apps[0].package_name must be an Android package of at most 224 characters, as in br.example.bank";
        assert_eq!(found(vec![app(wrong, "K8a/AINcGX7")]), [rule], "{wrong}");
    }
    for wrong in ["K8a/AINcGX", "K8a/AINcGX77", "K8a/AINcGX!"] {
        let rule = "buttons[0].autofill.apps[0].signature_hash must be the 11 characters of the app's signature hash";
        assert_eq!(
            found(vec![app("br.example.bank", wrong)]),
            [rule],
            "{wrong}"
        );
    }
}
