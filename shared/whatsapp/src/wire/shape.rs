//! The JSON objects of a send request.

use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Envelope<'a> {
    pub(super) messaging_product: &'static str,
    pub(super) recipient_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recipient: Option<&'a str>,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(flatten)]
    pub(super) content: Content<'a>,
    pub(super) biz_opaque_callback_data: String,
}

/// The object named after the message's type.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content<'a> {
    Template(Template<'a>),
    Text { body: &'a str },
    Interactive(Interactive<'a>),
}

#[derive(Serialize)]
pub(super) struct Template<'a> {
    pub(super) name: &'a str,
    pub(super) language: Language,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) components: Vec<Component<'a>>,
}

#[derive(Serialize)]
pub(super) struct Language {
    pub(super) code: &'static str,
}

#[derive(Serialize)]
pub(super) struct Component<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sub_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<String>,
    pub(super) parameters: Vec<Parameter<'a>>,
}

impl<'a> Component<'a> {
    pub(super) fn of(kind: &'static str, parameters: Vec<Parameter<'a>>) -> Self {
        Self {
            kind,
            sub_type: None,
            index: None,
            parameters,
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Parameter<'a> {
    Text {
        #[serde(skip_serializing_if = "Option::is_none")]
        parameter_name: Option<&'a str>,
        text: &'a str,
    },
    Image {
        image: MediaObject<'a>,
    },
    Document {
        document: MediaObject<'a>,
    },
    Payload {
        payload: &'a str,
    },
    CouponCode {
        coupon_code: &'a str,
    },
    Action {
        action: OrderAction<'a>,
    },
}

impl<'a> Parameter<'a> {
    pub(super) fn text(parameter_name: Option<&'a str>, text: &'a str) -> Self {
        Self::Text {
            parameter_name,
            text,
        }
    }
}

#[derive(Serialize)]
pub(super) struct MediaObject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) link: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filename: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct OrderAction<'a> {
    pub(super) order_details: Box<Order<'a>>,
}

#[derive(Serialize)]
pub(super) struct Interactive<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<TextHeader<'a>>,
    pub(super) body: TextObject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) footer: Option<TextObject<'a>>,
    pub(super) action: Action<'a>,
}

#[derive(Serialize)]
pub(super) struct TextHeader<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) text: &'a str,
}

#[derive(Serialize)]
pub(super) struct TextObject<'a> {
    pub(super) text: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Action<'a> {
    Buttons {
        buttons: Vec<ReplyButton<'a>>,
    },
    List {
        button: &'a str,
        sections: Vec<Section<'a>>,
    },
    Order {
        name: &'static str,
        parameters: Box<Order<'a>>,
    },
}

#[derive(Serialize)]
pub(super) struct ReplyButton<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) reply: Reply<'a>,
}

#[derive(Serialize)]
pub(super) struct Reply<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
}

#[derive(Serialize)]
pub(super) struct Section<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) title: &'a str,
    pub(super) rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Order<'a> {
    pub(super) reference_id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) payment_type: &'static str,
    pub(super) payment_settings: [PaymentSetting<'a>; 1],
    pub(super) currency: &'static str,
    pub(super) total_amount: Amount,
    pub(super) order: OrderContent<'a>,
}

#[derive(Serialize)]
pub(super) struct PaymentSetting<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) pix_dynamic_code: PixCode<'a>,
}

#[derive(Serialize)]
pub(super) struct PixCode<'a> {
    pub(super) code: &'a str,
    pub(super) merchant_name: &'a str,
    pub(super) key: &'a str,
    pub(super) key_type: &'static str,
}

#[derive(Serialize)]
pub(super) struct OrderContent<'a> {
    pub(super) status: &'static str,
    pub(super) items: [Item<'a>; 1],
    pub(super) subtotal: Amount,
    pub(super) tax: Amount,
}

#[derive(Serialize)]
pub(super) struct Item<'a> {
    pub(super) retailer_id: &'static str,
    pub(super) name: &'a str,
    pub(super) amount: Amount,
    pub(super) quantity: u8,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Amount {
    pub(super) value: i64,
    pub(super) offset: u8,
}
