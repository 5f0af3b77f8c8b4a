use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::json;

use super::*;
use crate::ids::NotificationId;
use crate::locale::Locale;
use crate::message::{BodyValues, ButtonValue, HeaderValue, TemplateMessage};
use crate::params::{self, Params};
use crate::render;
use crate::template::Waits;

const BANK: &str = "Banco Aurora";

fn each(mut check: impl FnMut(&Template, Locale, &Params)) {
    for name in names() {
        let template = find(&name, None).expect("a name that is listed is found");
        for locale in template.locales.keys() {
            let params = params::parse(&template, &template.example_params(*locale))
                .expect("examples are valid");
            check(&template, *locale, &params);
        }
    }
}

#[test]
fn every_template_of_the_catalogue_follows_the_rules_and_speaks_both_languages() {
    for name in names() {
        let template = find(&name, None).expect("a name that is listed is found");
        let faults: Vec<String> = template
            .validate()
            .err()
            .into_iter()
            .flatten()
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
        assert!(
            [Locale::PtBr, Locale::En]
                .iter()
                .all(|locale| template.locales.contains_key(locale)),
            "{name}"
        );
        assert_eq!(
            Template::from_json(&template.to_json()).expect("its own JSON"),
            *template
        );
    }
}

#[test]
fn the_catalogue_has_the_templates_a_bank_starts_with() {
    let names: Vec<String> = names().iter().map(ToString::to_string).collect();
    let expected = [
        "card_purchase",
        "kyc_pending",
        "loan_preapproved",
        "one_time_code",
        "payment_reminder",
        "pix_received",
        "pix_sent",
        "statement_ready",
        "unusual_activity",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_highest_version_is_found_unless_one_is_named() {
    let name = TemplateName::parse("pix_received").expect("valid");
    assert_eq!(find(&name, None).map(|template| template.version), Some(1));
    assert_eq!(
        find(&name, Some(1)).map(|template| template.version),
        Some(1)
    );
    assert!(find(&name, Some(2)).is_none());
    assert!(find(&TemplateName::parse("unknown").expect("valid"), None).is_none());
    let first = find(&name, None).expect("found");
    assert!(
        Arc::ptr_eq(&first, &find(&name, None).expect("found")),
        "parsed once"
    );
}

#[test]
fn pix_received_takes_what_the_api_s_example_gives() {
    let name = TemplateName::parse("pix_received").expect("valid");
    let template = find(&name, None).expect("found");
    let given = json!({
        "name": "Maria Souza", "amount": { "minor": 20000, "currency": "BRL" },
        "payer": "João Lima", "balance": { "minor": 150_000, "currency": "BRL" }
    });
    let params = params::parse(&template, given.as_object().expect("an object")).expect("valid");
    assert_eq!(serde_json::Value::Object(params.to_json()), given);
    let sms = render::sms(&template, Locale::PtBr, &params, BANK).expect("fits");
    assert_eq!(
        sms.text,
        "Banco Aurora: voce recebeu um Pix de R$ 200,00 de Joao. Saldo atual: R$ 1.500,00."
    );
}

#[test]
fn every_template_reads_as_its_snapshot_on_every_channel() {
    each(|template, locale, params| {
        let previews = render::preview(template, locale, params, BANK).expect("examples fit");
        let mut shown = String::new();
        for preview in previews {
            let size = preview
                .parts
                .map(|parts| format!(" ({parts} part)"))
                .unwrap_or_default();
            let buttons: String = preview
                .buttons
                .iter()
                .map(|label| format!("\n[{label}]"))
                .collect();
            shown.push_str(&format!(
                "--- {}{size}\n{}{buttons}\n",
                preview.channel, preview.text
            ));
        }
        let masked = render::text(template, locale, &params.masked(locale));
        shown.push_str(&format!("--- masked\n{masked}\n"));
        assert_snapshot!(format!("preview_{}_{locale}", template.name), shown);
    });
}

#[test]
fn every_template_is_created_at_meta_as_its_snapshot_says() {
    each(|template, locale, _| {
        assert_json_snapshot!(
            format!("creation_{}_{locale}", template.name),
            template.creation_payload(locale)
        );
    });
}

#[test]
fn every_template_is_sent_as_its_snapshot_says() {
    let notification = NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid");
    each(|template, locale, params| {
        let message =
            render::whatsapp(template, locale, params, &notification).expect("examples fit");
        assert_json_snapshot!(
            format!("whatsapp_{}_{locale}", template.name),
            described(&message)
        );
    });
}

/// A message in JSON, since it has no `Debug`.
fn described(message: &TemplateMessage) -> serde_json::Value {
    let header = message.header.as_ref().map(|header| match header {
        HeaderValue::Text { name, value } => json!({ name: value }),
        HeaderValue::Image(_) => json!("image"),
        HeaderValue::Document { filename, .. } => json!({ "document": filename }),
    });
    let body = match &message.body {
        BodyValues::Named(values) => json!(values),
        BodyValues::Positional(values) => json!(values),
    };
    let button = |(index, value): &(u8, ButtonValue)| {
        let value = match value {
            ButtonValue::QuickReply { payload } => json!({ "quick_reply": payload }),
            ButtonValue::Url { suffix } => json!({ "url": suffix }),
            ButtonValue::OneTimeCode { code } => json!({ "one_time_code": code }),
            ButtonValue::CopyCode { code } => json!({ "copy_code": code }),
            ButtonValue::OrderDetails(order) => json!({
                "reference_id": order.reference_id, "total": order.total.minor, "item": order.item,
                "pix_code": order.pix_code, "merchant_name": order.merchant_name, "pix_key": order.pix_key,
                "pix_key_type": format!("{:?}", order.pix_key_type),
            }),
        };
        json!([index, value])
    };
    json!({
        "name": message.name, "language": message.language.code(), "header": header, "body": body,
        "buttons": message.buttons.iter().map(button).collect::<Vec<_>>(),
    })
}

#[test]
fn the_tests_own_templates_follow_the_rules_but_for_their_waits() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/catalogue");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the tests have a catalogue") {
        let path = entry.expect("readable").path();
        let text = std::fs::read_to_string(&path).expect("readable");
        let template: Template =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let faults: Vec<String> = template
            .validate_with(Waits::Test)
            .err()
            .into_iter()
            .flatten()
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", template.name);
        names.push(template.name.to_string());
    }
    for wanted in ["test_alert", "test_code", "test_notice", "test_offer"] {
        assert!(
            names.iter().any(|name| name == wanted),
            "{wanted} is missing"
        );
    }
}
