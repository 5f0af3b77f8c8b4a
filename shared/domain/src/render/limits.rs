//! What is too long for Meta is refused, and the buttons belong to WhatsApp alone.

use super::tests::{id, template, two_languages};
use super::*;
use crate::message::{ButtonValue, HeaderValue, Media};
use crate::params::parse;
use serde_json::{Value, json};

/// A template with these texts over WhatsApp; it is parsed, not validated.
fn with(whatsapp: Value, params: Value, buttons: Value) -> Template {
    Template::from_json(
        &json!({
            "name": "note", "version": 1, "class": "servicing", "category": "UTILITY",
            "ladder": [{ "channel": "whatsapp" }], "validity": "1h", "max_queue_wait": "10s",
            "when_queue_wait_exceeded": "expire", "params": params, "buttons": buttons,
            "locales": { "pt_BR": { "whatsapp": whatsapp } },
        })
        .to_string(),
    )
    .expect("a template")
}

fn note() -> Value {
    json!({ "note": { "type": "text", "max_length": 20, "example": "" } })
}

fn sent(template: &Template, given: Value) -> Result<TemplateMessage, RenderError> {
    let params = parse(template, given.as_object().expect("an object"))
        .unwrap_or_else(|faults| panic!("{faults:?}"));
    whatsapp(template, Locale::PtBr, &params, &id())
}

#[test]
fn a_body_or_a_header_that_its_values_make_too_long_is_refused() {
    let check = |part: &'static str, limit: usize| {
        let text = |words: usize| format!("{}{{{{note}}}}", "ã".repeat(words));
        let whatsapp = match part {
            "body" => json!({ "body": text(limit - 4) }),
            _ => json!({ "header": { "text": text(limit - 4) }, "body": "Olá" }),
        };
        let template = with(whatsapp, note(), json!([]));
        assert!(sent(&template, json!({ "note": "1234" })).is_ok(), "{part}");
        let refused = sent(&template, json!({ "note": "12345" })).err();
        assert_eq!(refused, Some(RenderError::TooLong { part, limit }));
    };
    check("body", 1_024);
    check("header", 60);
}

#[test]
fn a_header_carries_its_variable_its_document_or_its_image() {
    let header = |header: Value, kind: &str, value: Value| {
        let mut spec = json!({ "type": kind, "example": "" });
        if kind == "text" {
            spec["max_length"] = json!(20);
        }
        let whatsapp = json!({ "header": header, "body": "Olá" });
        let template = with(whatsapp, json!({ "top": spec }), json!([]));
        sent(&template, json!({ "top": value })).map(|message| message.header)
    };
    let words = header(json!({ "text": "Sobre {{top}}" }), "text", json!("Pix"));
    assert!(
        words
            == Ok(Some(HeaderValue::Text {
                name: "top".into(),
                value: "Pix".into()
            }))
    );
    assert!(header(json!({ "text": "Aviso" }), "text", json!("Pix")) == Ok(None));
    let file = json!({ "media_id": "7", "filename": "a.pdf" });
    let document = header(json!({ "document": "top" }), "document", file);
    assert!(
        document
            == Ok(Some(HeaderValue::Document {
                media: Media::Id("7".into()),
                filename: "a.pdf".into()
            }))
    );
    let picture = json!({ "media_id": "7" });
    let image = header(json!({ "image": "top" }), "image", picture.clone());
    assert!(image == Ok(Some(HeaderValue::Image(Media::Id("7".into())))));
    // Another type than the header's is refused, never sent.
    let wrong = header(json!({ "document": "top" }), "image", picture);
    assert!(wrong == Err(RenderError::Param("top".into())));
}

#[test]
fn a_button_without_a_value_carries_none_and_keeps_its_place() {
    let labels = json!({ "pt_BR": "Ver" });
    let buttons = json!([
        { "kind": "url", "base": "https://banco.example/a", "labels": labels },
        { "kind": "phone_number", "phone_number": "+551132654321", "labels": labels },
        { "kind": "copy_code", "code": "note" },
    ]);
    let template = with(json!({ "body": "Olá" }), note(), buttons);
    let message = sent(&template, json!({ "note": "PIX10" })).expect("renders");
    let code = "PIX10".to_owned();
    assert!(message.buttons == [(2, ButtonValue::CopyCode { code })]);
}

#[test]
fn a_preview_shows_buttons_over_whatsapp_and_parts_of_an_sms() {
    let template = template("payment_reminder");
    let given = template.example_params(Locale::PtBr);
    let params = parse(&template, &given).expect("its own examples");
    let previews = preview(&template, Locale::PtBr, &params, "Banco").expect("renders");
    let shown: Vec<_> = previews
        .iter()
        .map(|preview| {
            (
                preview.channel,
                preview.buttons.is_empty(),
                preview.parts,
                preview.encoding,
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (Channel::Whatsapp, false, None, None),
            (Channel::Sms, true, Some(1), Some(Encoding::Gsm7)),
        ]
    );
}

#[test]
fn a_masked_preview_shows_the_bank_and_hides_what_is_unknown() {
    let template = two_languages("pix_received");
    let previews = preview_masked(&template, Locale::PtBr, &BTreeMap::new(), "Banco");
    let previews = previews.expect("renders");
    assert_eq!(
        previews[1].text,
        "Banco: voce recebeu um Pix de *** de ***. Saldo atual: ***."
    );
    assert!(previews[0].text.contains("Olá, ***."));
    let unknown = preview_masked(&template, Locale::De, &BTreeMap::new(), "Banco");
    assert_eq!(unknown.err(), Some(RenderError::Locale(Locale::De)));
}
