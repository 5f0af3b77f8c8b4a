use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::catalogue;
use crate::ids::TemplateName;
use crate::params::parse;
use crate::sms::BANK_NAME_MAX;

pub(super) fn template(name: &str) -> Arc<Template> {
    catalogue::find(&TemplateName::parse(name).expect("valid"), None).expect("in the catalogue")
}

/// A template that speaks Portuguese and English alone.
pub(super) fn two_languages(name: &str) -> Template {
    let mut template = (*template(name)).clone();
    template
        .locales
        .retain(|locale, _| [Locale::PtBr, Locale::En].contains(locale));
    template
}

pub(super) fn id() -> NotificationId {
    NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid")
}

fn params(template: &Template, changes: Value) -> Params {
    let mut given: Map<String, Value> = template.example_params(Locale::PtBr);
    given.extend(changes.as_object().cloned().expect("an object"));
    parse(template, &given).unwrap_or_else(|faults| panic!("{faults:?}"))
}

#[test]
fn the_longest_permitted_values_fit_every_channel() {
    let long = |length: usize| "W".repeat(length);
    for name in catalogue::names() {
        let template = template(name.as_str());
        let mut given = template.example_params(Locale::PtBr);
        for (name, spec) in &template.params {
            use crate::template::ParamType as Type;
            let value = match spec.kind {
                Type::PersonName => Some(json!(format!("{} {}", long(20), long(79)))),
                Type::Text => spec.longest().map(|longest| json!(long(longest))),
                Type::Code => spec.longest().map(|longest| json!("8".repeat(longest))),
                Type::UrlSuffix => spec.longest().map(|longest| json!("a".repeat(longest))),
                Type::Money if name != "amount" || template.name.as_str() != "payment_reminder" => {
                    Some(json!({ "minor": -crate::money::Money::LIMIT, "currency": "USD" }))
                }
                Type::Time => Some(json!("22:30")),
                Type::Date => Some(json!("2026-12-30")),
                Type::Money
                | Type::CardLast4
                | Type::Account
                | Type::Phone
                | Type::PixKey
                | Type::PixCode
                | Type::BoletoLine
                | Type::Iban
                | Type::Cpf
                | Type::Cnpj
                | Type::Url
                | Type::Document
                | Type::Image => None,
            };
            if let Some(value) = value {
                given.insert(name.clone(), value);
            }
        }
        let params = parse(&template, &given).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        for locale in template.locales.keys() {
            let message = whatsapp(&template, *locale, &params, &id());
            assert!(message.is_ok(), "{name}: {:?}", message.err());
            if template.uses(Channel::Sms) {
                let sms = sms(&template, *locale, &params, &long(BANK_NAME_MAX))
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!((sms.parts, sms.encoding), (1, Encoding::Gsm7), "{name}");
            }
        }
    }
}

#[test]
fn a_press_carries_the_notification_and_the_action() {
    let template = template("card_purchase");
    let message = whatsapp(
        &template,
        Locale::PtBr,
        &params(&template, json!({})),
        &id(),
    )
    .expect("renders");
    let payloads: Vec<(u8, String)> = message
        .buttons
        .into_iter()
        .map(|(index, button)| match button {
            crate::message::ButtonValue::QuickReply { payload } => (index, payload),
            crate::message::ButtonValue::Url { .. }
            | crate::message::ButtonValue::OneTimeCode { .. }
            | crate::message::ButtonValue::CopyCode { .. }
            | crate::message::ButtonValue::OrderDetails(_) => panic!("two quick replies"),
        })
        .collect();
    let press = |action: &str| {
        crate::ids::PressPayload {
            notification: id(),
            action: action.into(),
        }
        .to_string()
    };
    assert_eq!(
        payloads,
        [(0, press("recognized")), (1, press("not_recognized"))]
    );
}

#[test]
fn what_cannot_be_rendered_says_why_and_nothing_is_cut() {
    let template = two_languages("pix_received");
    let params = params(&template, json!({}));
    assert_eq!(
        sms(&template, Locale::De, &params, "Banco").err(),
        Some(RenderError::Locale(Locale::De))
    );
    assert_eq!(
        whatsapp(&template, Locale::Fr, &params, &id()).err(),
        Some(RenderError::Locale(Locale::Fr))
    );
    assert_eq!(
        sms(&template, Locale::PtBr, &params, &"B".repeat(120)).err(),
        Some(RenderError::TooManyParts {
            parts: 2,
            promised: 1
        })
    );
    let offer = self::template("loan_preapproved");
    let params = self::params(&offer, json!({}));
    assert_eq!(
        voice(&offer, Locale::PtBr, &params, "Banco").err(),
        Some(RenderError::Channel(Channel::Voice))
    );
    assert_eq!(
        sms(&offer, Locale::PtBr, &params, "Banco").err(),
        Some(RenderError::Channel(Channel::Sms))
    );
    let other = whatsapp(&template, Locale::PtBr, &params, &id());
    assert_eq!(other.err(), Some(RenderError::Param("amount".into())));
}

#[test]
fn a_strange_or_long_name_still_makes_an_alert() {
    let template = template("pix_received");
    for name in [
        "Wolfeschlegelsteinhausenbergerdorff Silva",
        "李明",
        "Ünsal Öztürk",
        "👩‍💻 Ana",
        &"ﷺ".repeat(20),
    ] {
        let given = json!({ "payer": name });
        let params = params(&template, given);
        assert!(
            sms(&template, Locale::PtBr, &params, &"B".repeat(BANK_NAME_MAX)).is_ok(),
            "{name}"
        );
        assert!(
            whatsapp(&template, Locale::PtBr, &params, &id()).is_ok(),
            "{name}"
        );
    }
}

#[test]
fn an_absent_optional_parameter_leaves_its_words() {
    let template = Template::from_json(
        &json!({
            "name": "note", "version": 3, "class": "servicing", "category": "UTILITY",
            "ladder": [{ "channel": "whatsapp" }, { "channel": "sms", "after": "30s" }, { "channel": "voice", "after": "1m" }],
            "validity": "1h", "max_queue_wait": "10s", "when_queue_wait_exceeded": "next_leg",
            "params": {
                "branch": { "type": "text", "max_length": 20, "presence": "optional", "otherwise": { "pt_BR": "sua agência" }, "example": "Centro" },
                "card": { "type": "card_last4", "example": "4321" },
            },
            "locales": { "pt_BR": {
                "whatsapp": { "header": { "text": "Cartão {{card}}" }, "body": "Seu novo cartão espera por você em {{branch}} a partir de hoje." },
                "sms": "{{bank}}: cartão final {{card}} em {{branch}}.",
                "voice": "Aqui é do {{bank}}. Seu cartão final {{card}} chegou.",
            } },
        })
        .to_string(),
    )
    .expect("a template");
    assert_eq!(template.validate(), Ok(()));
    let params = parse(
        &template,
        json!({ "card": "4321" }).as_object().expect("an object"),
    )
    .expect("valid");
    let previews = preview(&template, Locale::PtBr, &params, "Banco").expect("renders");
    let texts: Vec<(Channel, &str, Option<u32>)> = previews
        .iter()
        .map(|p| (p.channel, p.text.as_str(), p.parts))
        .collect();
    let expected = [
        (
            Channel::Whatsapp,
            "Cartão 4321\n\nSeu novo cartão espera por você em sua agência a partir de hoje.",
            None,
        ),
        (
            Channel::Sms,
            "Banco: cartao final 4321 em sua agencia.",
            Some(1),
        ),
        (
            Channel::Voice,
            "Aqui é do Banco. Seu cartão final 4, 3, 2, 1 chegou.",
            None,
        ),
    ];
    assert_eq!(texts, expected);
    let masked = preview_masked(
        &template,
        Locale::PtBr,
        &params.masked(Locale::PtBr),
        "Banco",
    )
    .expect("renders");
    assert!(
        previews[..2] == masked[..2],
        "a card's last digits may be shown"
    );
    let message = whatsapp(&template, Locale::PtBr, &params, &id()).expect("renders");
    assert_eq!(message.name, "note_v3");
}

#[test]
fn a_masked_text_shows_no_value_that_is_hidden() {
    let template = two_languages("one_time_code");
    let params = params(&template, json!({ "code": "482913" }));
    let masked = params.masked(Locale::PtBr);
    let shown = text(&template, Locale::PtBr, &masked);
    assert!(shown.starts_with("*** é seu código"), "{shown}");
    for preview in preview_masked(&template, Locale::PtBr, &masked, "Banco").expect("renders") {
        assert!(!preview.text.contains("482913"), "{}", preview.text);
    }
    assert_eq!(text(&template, Locale::De, &masked), "");
    assert!(text(&template, Locale::En, &BTreeMap::new()).starts_with("*** is your"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_accepted_is_rendered_on_every_channel(
        payer in "\\PC{1,110}", name in "[\\p{L} ']{1,110}", minor in any::<i64>(), currency in prop::sample::select(vec!["BRL", "USD", "EUR"]),
    ) {
        let template = template("pix_received");
        let money = json!({ "minor": minor % crate::money::Money::LIMIT, "currency": currency });
        let given = json!({ "payer": payer, "name": name, "amount": money, "balance": money });
        if let Ok(params) = parse(&template, given.as_object().expect("an object")) {
            for locale in [Locale::PtBr, Locale::En] {
                prop_assert!(whatsapp(&template, locale, &params, &id()).is_ok());
                prop_assert!(sms(&template, locale, &params, &"B".repeat(BANK_NAME_MAX)).is_ok());
            }
        }
    }
}
