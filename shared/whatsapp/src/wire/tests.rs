use recado_domain::carried::Carried;
use recado_domain::file::FileType;
use recado_domain::ids::{Callback, NotificationId, UserId};
use recado_domain::locale::Locale;
use recado_domain::message::FreeText;
use recado_domain::message::ListRow;
use recado_domain::money::Currency;
use recado_domain::phone::E164;
use serde_json::Value;

use super::*;

fn ana() -> Addressee {
    Addressee::Phone(E164::parse("+5511987654321").expect("valid"))
}

fn carried() -> Carried {
    let notification = NotificationId::parse("ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa").expect("valid");
    Carried::Attempt(Callback {
        notification,
        attempt: 1,
    })
}

fn window() -> Carried {
    Carried::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa.1793400012000").expect("a window")
}

fn sent(message: &Outgoing) -> Value {
    serde_json::from_slice(&super::message(&ana(), message, &carried())).expect("JSON")
}

fn filled(
    header: Option<HeaderValue>,
    body: BodyValues,
    buttons: Vec<(u8, ButtonValue)>,
) -> Outgoing {
    Outgoing::Template(TemplateMessage {
        name: "card_purchase_alert".into(),
        language: Locale::PtBr,
        header,
        body,
        buttons,
    })
}

fn named(values: &[(&str, &str)]) -> BodyValues {
    BodyValues::Named(
        values
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
    )
}

fn bill() -> OrderDetails {
    OrderDetails {
        reference_id: "FAT-2026-09-000778-1".into(),
        total: Money {
            minor: 12_050,
            currency: Currency::Brl,
        },
        item: "Fatura cartão final 4321".into(),
        pix_code: "00020101021226FICTICIO6304ABCD".into(),
        merchant_name: "BANCO AURORA SA".into(),
        pix_key: "12345678000199".into(),
        pix_key_type: PixKeyType::Cnpj,
    }
}

#[test]
fn a_template_with_named_values_and_buttons() {
    let buttons = vec![
        (
            0,
            ButtonValue::QuickReply {
                payload: "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa:dispute".into(),
            },
        ),
        (
            2,
            ButtonValue::Url {
                suffix: "tx_778".into(),
            },
        ),
    ];
    let header = HeaderValue::Text {
        name: "bank".into(),
        value: "Banco Aurora".into(),
    };
    let body = named(&[
        ("amount", "R$ 120,50"),
        ("merchant", "Padaria Sol"),
        ("last4", "4321"),
    ]);
    insta::assert_json_snapshot!(sent(&filled(Some(header), body, buttons)));
}

#[test]
fn an_authentication_template_carries_its_code_twice() {
    let code = || "482913".to_owned();
    let body = BodyValues::Positional(vec![code()]);
    insta::assert_json_snapshot!(sent(&filled(
        None,
        body,
        vec![(0, ButtonValue::OneTimeCode { code: code() })]
    )));
}

#[test]
fn a_template_without_values_has_no_components() {
    insta::assert_json_snapshot!(sent(&filled(None, named(&[]), vec![])));
}

#[test]
fn a_template_with_an_image_and_a_code_to_copy() {
    let header = HeaderValue::Image(Media::Id("910000000000001".into()));
    let buttons = vec![(
        0,
        ButtonValue::CopyCode {
            code: "AURORA10".into(),
        },
    )];
    insta::assert_json_snapshot!(sent(&filled(
        Some(header),
        named(&[("name", "Ana")]),
        buttons
    )));
}

#[test]
fn a_template_with_a_document() {
    let header = HeaderValue::Document {
        media: Media::Link("https://files.example.test/stmt.pdf".into()),
        filename: "extrato-2026-09.pdf".into(),
    };
    insta::assert_json_snapshot!(sent(&filled(
        Some(header),
        named(&[("month", "setembro")]),
        vec![]
    )));
}

#[test]
fn a_template_with_a_payment() {
    let buttons = vec![(0, ButtonValue::OrderDetails(Box::new(bill())))];
    insta::assert_json_snapshot!(sent(&filled(None, named(&[("name", "Ana")]), buttons)));
}

#[test]
fn free_form_text() {
    insta::assert_json_snapshot!(sent(&Outgoing::Text {
        body: free("Seu atendente é a Lia.")
    }));
}

#[test]
fn text_with_reply_buttons() {
    insta::assert_json_snapshot!(sent(&Outgoing::Buttons(ButtonsMessage {
        header: Some(free("Compra suspeita")),
        body: free("Você reconhece R$ 120,50 na Padaria Sol?"),
        footer: Some(free("Banco Aurora")),
        buttons: vec![
            ("tx_778:yes".into(), free("Sim, fui eu")),
            ("tx_778:no".into(), free("Não reconheço")),
        ],
    })));
}

#[test]
fn text_with_a_list_of_choices() {
    let row = |id: &str, title: &str, description: Option<&str>| ListRow {
        id: id.into(),
        title: free(title),
        description: description.map(free),
    };
    insta::assert_json_snapshot!(sent(&Outgoing::List(ListMessage {
        body: free("Escolha um assunto"),
        open: free("Ver opções"),
        sections: vec![(
            free("Cartões"),
            vec![
                row("card.block", "Bloquear cartão", Some("Efeito imediato")),
                row("card.limit", "Ver limite", None),
            ],
        )],
    })));
}

#[test]
fn a_payment_request() {
    insta::assert_json_snapshot!(sent(&Outgoing::OrderDetails {
        body: free("Fatura de setembro"),
        order: bill(),
    }));
}

#[test]
fn a_person_without_a_number_is_written_to_by_their_id() {
    let to = Addressee::User(UserId::parse("BR.4471920038117265530").expect("valid"));
    let body = super::message(&to, &Outgoing::Text { body: free("Olá") }, &window());
    insta::assert_json_snapshot!(serde_json::from_slice::<Value>(&body).expect("JSON"));
}

#[test]
fn a_read_mark() {
    let body = read_mark(&MessageId::new("wamid.INBOUND001=="));
    insta::assert_json_snapshot!(serde_json::from_slice::<Value>(&body).expect("JSON"));
}

#[test]
fn a_file_travels_whole_between_the_fields_that_name_it() {
    let file = b"%PDF-1.7\r\n--recado\r\n\0\xff";
    let (media_type, body) = upload(FileType::Pdf, file);
    let boundary = media_type
        .strip_prefix("multipart/form-data; boundary=")
        .expect("a boundary");
    assert!(boundary.len() <= 70, "RFC 2046");
    let field = |name: &str, value: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
    };
    let before = [
        field("messaging_product", "whatsapp"),
        field("type", "application/pdf"),
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"document.pdf\"\r\n\
             Content-Type: application/pdf\r\n\r\n"
        ),
    ]
    .concat();
    let behind = format!("\r\n--{boundary}--\r\n");
    assert_eq!(body, [before.as_bytes(), file, behind.as_bytes()].concat());
    let (other, _) = upload(FileType::Pdf, b"%PDF-1.7");
    assert_ne!(other, media_type, "each file has a boundary of its own");
}

fn free(text: &str) -> FreeText {
    FreeText::new("text", text.to_owned(), 4_096)
        .unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}
