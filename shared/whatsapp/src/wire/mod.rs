//! What is sent, as Meta wants to read it (`POST /{phone number id}/messages`, and `/media`).

mod shape;
mod upload;

use recado_domain::carried::Carried;
use recado_domain::message::{
    Addressee, BodyValues, ButtonValue, ButtonsMessage, FreeText, HeaderValue, ListMessage, Media,
    OrderDetails, Outgoing, PixKeyType, TemplateMessage,
};
use recado_domain::money::Money;
use serde::Serialize;

use shape::{
    Action, Amount, Component, Content, Envelope, Interactive, Item, Language, MediaObject, Order,
    OrderAction, OrderContent, Parameter, PaymentSetting, PixCode, Reply, ReplyButton, Row,
    Section, Template, TextHeader, TextObject,
};

use crate::webhook::MessageId;

pub use upload::{file_name, upload};

/// The body that sends `message`. Holds the customer's data: never logged, never stored.
#[must_use]
pub fn message(to: &Addressee, message: &Outgoing, carried: &Carried) -> Vec<u8> {
    let (to, recipient) = address(to);
    let (kind, content) = content(message);
    let envelope = Envelope {
        messaging_product: "whatsapp",
        recipient_type: "individual",
        to,
        recipient,
        kind,
        content,
        biz_opaque_callback_data: carried.to_string(),
    };
    serialise(&envelope)
}

/// The body that shows the customer that their message was read.
#[must_use]
pub fn read_mark(message: &MessageId) -> Vec<u8> {
    #[derive(Serialize)]
    struct ReadMark<'a> {
        messaging_product: &'static str,
        status: &'static str,
        message_id: &'a str,
    }
    serialise(&ReadMark {
        messaging_product: "whatsapp",
        status: "read",
        message_id: message.expose(),
    })
}

fn serialise(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("texts, numbers and lists always make JSON")
}

/// `to` and `recipient`, of which Meta wants one. The `+` stays: without it Meta puts the business
/// number's country in front.
#[allow(clippy::disallowed_methods, reason = "the wire needs the number")]
fn address(to: &Addressee) -> (Option<&str>, Option<&str>) {
    match to {
        Addressee::Phone(phone) => (Some(phone.expose()), None),
        Addressee::User(user) => (None, Some(user.as_str())),
    }
}

fn content(message: &Outgoing) -> (&'static str, Content<'_>) {
    match message {
        Outgoing::Template(it) => ("template", Content::Template(template(it))),
        Outgoing::Text { body } => (
            "text",
            Content::Text {
                body: body.as_str(),
            },
        ),
        Outgoing::Buttons(it) => ("interactive", Content::Interactive(buttons(it))),
        Outgoing::List(it) => ("interactive", Content::Interactive(list(it))),
        Outgoing::OrderDetails { body, order } => (
            "interactive",
            Content::Interactive(order_message(body.as_str(), order)),
        ),
    }
}

fn template(message: &TemplateMessage) -> Template<'_> {
    let header = message
        .header
        .as_ref()
        .map(|value| Component::of("header", vec![header(value)]));
    let body = match &message.body {
        BodyValues::Named(values) => values
            .iter()
            .map(|(name, value)| Parameter::text(Some(name.as_str()), value))
            .collect(),
        BodyValues::Positional(values) => values
            .iter()
            .map(|value| Parameter::text(None, value))
            .collect::<Vec<_>>(),
    };
    // Meta lets a component without values be left out.
    let body = (!body.is_empty()).then(|| Component::of("body", body));
    let buttons = message
        .buttons
        .iter()
        .map(|(place, value)| button(*place, value));
    Template {
        name: &message.name,
        language: Language {
            code: message.language.code(),
        },
        components: header.into_iter().chain(body).chain(buttons).collect(),
    }
}

fn header(value: &HeaderValue) -> Parameter<'_> {
    match value {
        HeaderValue::Text { name, value } => Parameter::text(Some(name), value),
        HeaderValue::Image(at) => Parameter::Image {
            image: media(at, None),
        },
        HeaderValue::Document {
            media: at,
            filename,
        } => Parameter::Document {
            document: media(at, Some(filename)),
        },
    }
}

fn media<'a>(media: &'a Media, filename: Option<&'a str>) -> MediaObject<'a> {
    match media {
        Media::Id(id) => MediaObject {
            id: Some(id),
            link: None,
            filename,
        },
        Media::Link(link) => MediaObject {
            id: None,
            link: Some(link),
            filename,
        },
    }
}

fn button(place: u8, value: &ButtonValue) -> Component<'_> {
    let (sub_type, parameter) = match value {
        ButtonValue::QuickReply { payload } => ("quick_reply", Parameter::Payload { payload }),
        ButtonValue::Url { suffix } => ("url", Parameter::text(None, suffix)),
        // Meta keeps an authentication template's button as a link.
        ButtonValue::OneTimeCode { code } => ("url", Parameter::text(None, code)),
        ButtonValue::CopyCode { code } => {
            ("copy_code", Parameter::CouponCode { coupon_code: code })
        }
        ButtonValue::OrderDetails(it) => (
            "order_details",
            Parameter::Action {
                action: OrderAction {
                    order_details: order(it),
                },
            },
        ),
    };
    Component {
        kind: "button",
        sub_type: Some(sub_type),
        index: Some(place.to_string()),
        parameters: vec![parameter],
    }
}

fn buttons(message: &ButtonsMessage) -> Interactive<'_> {
    let replies = message.buttons.iter().map(|(id, title)| ReplyButton {
        kind: "reply",
        reply: Reply {
            id,
            title: title.as_str(),
        },
    });
    Interactive {
        kind: "button",
        header: message.header.as_ref().map(|text| TextHeader {
            kind: "text",
            text: text.as_str(),
        }),
        body: TextObject {
            text: message.body.as_str(),
        },
        footer: message.footer.as_ref().map(|text| TextObject {
            text: text.as_str(),
        }),
        action: Action::Buttons {
            buttons: replies.collect(),
        },
    }
}

fn list(message: &ListMessage) -> Interactive<'_> {
    let sections = message.sections.iter().map(|(title, rows)| Section {
        title: title.as_str(),
        rows: rows
            .iter()
            .map(|row| Row {
                id: &row.id,
                title: row.title.as_str(),
                description: row.description.as_ref().map(FreeText::as_str),
            })
            .collect(),
    });
    Interactive {
        kind: "list",
        header: None,
        body: TextObject {
            text: message.body.as_str(),
        },
        footer: None,
        action: Action::List {
            button: message.open.as_str(),
            sections: sections.collect(),
        },
    }
}

fn order_message<'a>(body: &'a str, details: &'a OrderDetails) -> Interactive<'a> {
    Interactive {
        kind: "order_details",
        header: None,
        body: TextObject { text: body },
        footer: None,
        action: Action::Order {
            name: "review_and_pay",
            parameters: order(details),
        },
    }
}

fn order(details: &OrderDetails) -> Box<Order<'_>> {
    let total = amount(details.total);
    Box::new(Order {
        reference_id: &details.reference_id,
        kind: "digital-goods",
        payment_type: "br",
        payment_settings: [PaymentSetting {
            kind: "pix_dynamic_code",
            pix_dynamic_code: PixCode {
                code: &details.pix_code,
                merchant_name: &details.merchant_name,
                key: &details.pix_key,
                key_type: key_type(details.pix_key_type),
            },
        }],
        currency: details.total.currency.code(),
        total_amount: total,
        order: OrderContent {
            status: "pending",
            // Meta adds up: the one item, no tax (which must be there even so), is the total.
            items: [Item {
                retailer_id: "1",
                name: &details.item,
                amount: total,
                quantity: 1,
            }],
            subtotal: total,
            tax: Amount {
                value: 0,
                offset: 100,
            },
        },
    })
}

fn amount(money: Money) -> Amount {
    Amount {
        value: money.minor,
        offset: 100,
    }
}

fn key_type(kind: PixKeyType) -> &'static str {
    match kind {
        PixKeyType::Cpf => "CPF",
        PixKeyType::Cnpj => "CNPJ",
        PixKeyType::Email => "EMAIL",
        PixKeyType::Phone => "PHONE",
        PixKeyType::Evp => "EVP",
    }
}

#[cfg(test)]
mod tests;
