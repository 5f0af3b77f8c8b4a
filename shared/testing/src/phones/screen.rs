//! What a phone shows of a message.

use serde::Serialize;
use serde_json::Value;

/// Header, text, footer and buttons of a message, with every parameter in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Screen {
    /// Text of the header, or what kind of media it is.
    pub header: Option<String>,
    /// The body.
    pub text: String,
    /// Footer.
    pub footer: Option<String>,
    /// Buttons, or the rows of a list.
    pub buttons: Vec<Button>,
}

/// What pressing a button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonKind {
    /// Answers a template with its payload.
    QuickReply,
    /// Answers an interactive message with its id.
    Reply,
    /// A row of a list; answers with its id.
    ListRow,
    /// Opens a link.
    Url,
    /// Calls a number.
    PhoneNumber,
    /// Copies a one-time code or a coupon.
    CopyCode,
    /// Opens a form.
    Flow,
    /// Shows an order and its Pix code, link or boleto.
    OrderDetails,
    /// Anything else.
    Other,
}

/// A button as the phone shows it; only the members that its kind has are set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Button {
    /// What it does.
    pub kind: ButtonKind,
    /// Its words.
    pub label: String,
    /// What the business gets when it is pressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// Where it leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What it copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// A list row's second line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Button {
    pub(crate) fn new(kind: ButtonKind, label: &str) -> Self {
        Self {
            kind,
            label: label.to_owned(),
            payload: None,
            url: None,
            code: None,
            description: None,
        }
    }

    pub(crate) fn payload(self, payload: &str) -> Self {
        Self {
            payload: Some(payload.to_owned()),
            ..self
        }
    }

    pub(crate) fn url(self, url: &str) -> Self {
        Self {
            url: Some(url.to_owned()),
            ..self
        }
    }

    pub(crate) fn code(self, code: Option<String>) -> Self {
        Self { code, ..self }
    }
}

impl Screen {
    pub(crate) fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::default()
        }
    }

    /// The screen of a free-form message that was found valid.
    pub(crate) fn free_form(kind: &str, body: &Value, pay_code: Option<String>) -> Self {
        match kind {
            "text" => Self::plain(word(body, "/body")),
            "reaction" => Self::plain(word(body, "/emoji")),
            "interactive" => interactive(body, pay_code),
            "contacts" => Self::plain(word(body, "/0/name/formatted_name")),
            media => Self {
                header: Some(media_line(media, body)),
                ..Self::plain(word(body, "/caption"))
            },
        }
    }
}

/// `[document extrato.pdf]`: media is named, not shown.
pub(crate) fn media_line(kind: &str, media: &Value) -> String {
    let name = ["/filename", "/name", "/link", "/id"]
        .into_iter()
        .map(|path| word(media, path))
        .find(|name| !name.is_empty())
        .unwrap_or_default();
    format!("[{kind} {name}]")
}

fn word<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or("")
}

fn interactive(body: &Value, pay_code: Option<String>) -> Screen {
    let header = body
        .get("header")
        .map(|header| match word(header, "/type") {
            "text" => word(header, "/text").to_owned(),
            kind => media_line(kind, &header[kind]),
        });
    let footer = body
        .pointer("/footer/text")
        .and_then(Value::as_str)
        .map(str::to_owned);
    Screen {
        header,
        text: word(body, "/body/text").to_owned(),
        footer,
        buttons: buttons(body, pay_code),
    }
}

fn buttons(body: &Value, pay_code: Option<String>) -> Vec<Button> {
    let action = &body["action"];
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match word(body, "/type") {
        "button" => list(&action["buttons"])
            .iter()
            .map(|button| {
                Button::new(ButtonKind::Reply, word(button, "/reply/title"))
                    .payload(word(button, "/reply/id"))
            })
            .collect(),
        "list" => list(&action["sections"])
            .iter()
            .flat_map(|section| list(&section["rows"]))
            .map(|row| {
                let button = Button::new(ButtonKind::ListRow, word(&row, "/title"))
                    .payload(word(&row, "/id"));
                let description = row["description"].as_str().map(str::to_owned);
                Button {
                    description,
                    ..button
                }
            })
            .collect(),
        "cta_url" => vec![
            Button::new(ButtonKind::Url, word(action, "/parameters/display_text"))
                .url(word(action, "/parameters/url")),
        ],
        "flow" => vec![Button::new(
            ButtonKind::Flow,
            word(action, "/parameters/flow_cta"),
        )],
        "order_details" => {
            vec![Button::new(ButtonKind::OrderDetails, "Revisar e pagar").code(pay_code)]
        }
        "location_request_message" => vec![Button::new(ButtonKind::Other, "Enviar localização")],
        "request_contact_info" => vec![Button::new(ButtonKind::Other, "Compartilhar contato")],
        _ => Vec::new(),
    }
}
