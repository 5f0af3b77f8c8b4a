use insta::{assert_json_snapshot, assert_snapshot};
use serde_json::json;

use super::*;
use crate::channel::Channel;
use crate::class::Class;
use crate::consent::Keyword;
use crate::ids::NotificationId;
use crate::locale::Locale;
use crate::message::{BodyValues, ButtonValue, HeaderValue, TemplateMessage};
use crate::params::{self, Params};
use crate::render::{self, RenderError};
use crate::template::{Button, Category, Waits};

const BANK: &str = "Banco Aurora";

/// Everything about a template in every language, each under its code.
fn in_every_language(
    template: &Template,
    mut about: impl FnMut(Locale, &Params) -> serde_json::Value,
) -> serde_json::Value {
    let all = template.locales.keys().map(|locale| {
        let params =
            params::parse(template, &template.example_params(*locale)).expect("examples are valid");
        (locale.code().to_owned(), about(*locale, &params))
    });
    serde_json::Value::Object(all.collect())
}

#[test]
fn every_template_of_the_catalogue_follows_the_rules_and_speaks_every_language() {
    for name in names() {
        let template = find(&name, None).expect("a name that is listed is found");
        let faults: Vec<String> = template
            .validate()
            .err()
            .into_iter()
            .flatten()
            .chain(template.foreign_hosts(&HOSTS))
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
        assert!(template.locales.keys().eq(&Locale::ALL), "{name}");
        assert_eq!(
            Template::from_json(&template.to_json()).expect("its own JSON"),
            *template
        );
    }
}

#[test]
fn every_template_but_marketing_is_said_on_every_channel_and_its_sms_fits_one_part() {
    for name in names() {
        let template = find(&name, None).expect("a name that is listed is found");
        let sold = template.category == Category::Marketing;
        assert_eq!(sold, template.class == Class::Marketing, "{name}");
        for (locale, texts) in &template.locales {
            assert_eq!(texts.sms.is_some(), !sold, "{name} {locale}");
            assert_eq!(texts.voice.is_some(), !sold, "{name} {locale}");
            let parts = template.worst_sms_parts(*locale);
            assert_eq!(parts, (!sold).then_some(1), "{name} {locale}");
        }
        let counted = matches!(template.class, Class::Servicing | Class::Marketing);
        assert_eq!(template.daily_cap.is_some(), counted, "{name}");
    }
}

#[test]
fn no_two_templates_of_a_category_say_the_same() {
    // Meta refuses the second of two with the same body and footer.
    let mut said = std::collections::BTreeMap::new();
    for name in names() {
        let template = find(&name, None).expect("a name that is listed is found");
        for (locale, texts) in &template.locales {
            if let Some(text) = &texts.whatsapp {
                let key = (template.category.name(), *locale, text.body.clone());
                let other = said.insert(key, name.clone());
                assert_eq!(other, None, "{name} {locale}");
            }
        }
    }
}

#[test]
fn a_message_about_something_overdue_names_no_debt_before_it_is_the_right_person() {
    let name = TemplateName::parse("payment_overdue").expect("valid");
    let first = find(&name, None).expect("found");
    let name = TemplateName::parse("payment_overdue_details").expect("valid");
    let details = find(&name, None).expect("found");
    let debt = [
        "dívida",
        "débito",
        "atraso",
        "vencid",
        "vencimento",
        "pagament",
        "pagar",
        "cobrança",
        "debt",
        "overdue",
        "late",
        "payment",
        "pay ",
        "due",
        "dette",
        "impay",
        "retard",
        "paiement",
        "échéance",
        "schuld",
        "mahn",
        "fällig",
        "zahlung",
        "bezahl",
        "rückstand",
    ];
    let threats = [
        "processo",
        "judicial",
        "protesto",
        "serasa",
        "negativ",
        "última chance",
        "lawsuit",
        "legal",
        "court",
        "huissier",
        "justice",
        "tribunal",
        "gericht",
        "inkasso",
        "klage",
    ];
    for (locale, texts) in &first.locales {
        let said = format!("{texts:?}{:?}", first.buttons).to_lowercase();
        for word in debt.into_iter().chain(threats) {
            assert!(!said.contains(word), "{locale}: {word}");
        }
    }
    for (locale, texts) in &details.locales {
        let said = format!("{texts:?}").to_lowercase();
        for word in threats {
            assert!(!said.contains(word), "{locale}: {word}");
        }
        // What a locked screen and a call say is neutral still.
        let text = texts.whatsapp.as_ref().expect("a text");
        let first_line = text
            .body
            .split_inclusive("\n\n")
            .take(2)
            .collect::<String>();
        let seen = format!("{:?}{:?}{:?}", text.header, texts.sms, texts.voice).to_lowercase();
        for word in debt {
            assert!(!seen.contains(word), "{locale}: {word}");
        }
        assert!(!first_line.contains("{{principal}}"), "{locale}");
    }
    let helps = |template: &Template, wanted: &str| {
        template
            .buttons
            .iter()
            .any(|button| matches!(button, Button::QuickReply { action, .. } if action == wanted))
    };
    assert!(helps(&first, "talk_to_agent") && helps(&first, "wrong_person"));
    assert!(helps(&details, "hardship"));
}

#[test]
fn a_press_is_about_messages_only_where_the_template_means_it() {
    let mut heard = Vec::new();
    for name in names() {
        let template = find(&name, None).expect("a name that is listed is found");
        for button in &template.buttons {
            let Button::QuickReply { action, labels } = button else {
                continue;
            };
            for label in labels.values() {
                assert_eq!(Keyword::read(label), None, "{}: {label}", template.name);
                heard.extend(Keyword::pressed(Some(action), label));
            }
        }
    }
    assert!(heard.contains(&Keyword::StopMarketing) && heard.contains(&Keyword::WrongPerson));
}

#[test]
fn a_pix_dispute_is_never_promised_its_money() {
    for name in ["pix_dispute_received", "pix_dispute_update"] {
        let name = TemplateName::parse(name).expect("valid");
        let template = find(&name, None).expect("found");
        let caveat = |locale: Locale| match locale {
            Locale::PtBr => "devolução",
            Locale::En => "refund",
            Locale::Fr => "remboursement",
            Locale::De => "Erstattung",
        };
        for (locale, texts) in &template.locales {
            let body = &texts.whatsapp.as_ref().expect("a text").body;
            let sentence = body
                .split(['.', '\n'])
                .find(|sentence| sentence.contains(caveat(*locale)))
                .expect("it speaks of the money");
            let depends = [
                "depende",
                "guaranteed",
                "depends",
                "garanti",
                "hängt",
                "dépend",
            ];
            assert!(
                depends.iter().any(|word| sentence.contains(word)),
                "{name} {locale}"
            );
            let elsewhere = format!("{:?}{:?}", texts.sms, texts.voice);
            assert!(!elsewhere.contains(caveat(*locale)), "{name} {locale}");
        }
    }
}

#[test]
fn the_catalogue_has_the_templates_that_a_bank_needs() {
    let names: Vec<String> = names().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("names", names.join("\n"));
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
    for name in names() {
        let template = find(&name, None).expect("a name that is listed is found");
        let mut shown = String::new();
        for locale in template.locales.keys() {
            let params = params::parse(&template, &template.example_params(*locale))
                .expect("examples are valid");
            for channel in Channel::ALL {
                let preview = render::preview_on(&template, *locale, &params, BANK, channel);
                let preview = match preview {
                    Err(RenderError::Channel(_)) => continue,
                    other => other.expect("examples fit"),
                };
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
                    "--- {locale}, {channel}{size}\n{}{buttons}\n",
                    preview.text
                ));
            }
            let masked = render::text(&template, *locale, &params.masked(*locale));
            shown.push_str(&format!("--- {locale}, masked\n{masked}\n"));
        }
        assert_snapshot!(format!("preview_{name}"), shown);
    }
}

#[test]
fn every_template_is_created_at_meta_as_its_snapshot_says() {
    for name in names() {
        let template = find(&name, None).expect("a name that is listed is found");
        let created = in_every_language(&template, |locale, _| template.creation_payload(locale));
        assert_json_snapshot!(format!("creation_{name}"), created);
    }
}

#[test]
fn every_template_is_sent_as_its_snapshot_says() {
    let notification = NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid");
    for name in names() {
        let template = find(&name, None).expect("a name that is listed is found");
        let sent = in_every_language(&template, |locale, params| {
            let message = render::whatsapp(&template, locale, params, &notification);
            described(&message.expect("examples fit"))
        });
        assert_json_snapshot!(format!("whatsapp_{name}"), sent);
    }
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
