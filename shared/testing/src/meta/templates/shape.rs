//! A template's components, read once: what may be sent for them and what the phone shows.

use serde_json::Value;

use super::{Category, MetaTemplate, fixed_text};

/// A text with places for parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TextShape {
    pub(crate) text: String,
    /// Names between the braces, in order of first appearance.
    pub(crate) variables: Vec<String>,
}

impl TextShape {
    pub(crate) fn new(text: &str) -> Self {
        let mut variables: Vec<String> = Vec::new();
        for piece in text.split("{{").skip(1) {
            if let Some((name, _)) = piece.split_once("}}")
                && !variables.iter().any(|known| known == name)
            {
                variables.push(name.to_owned());
            }
        }
        Self {
            text: text.to_owned(),
            variables,
        }
    }

    /// The text with each variable replaced. A value that looks like a variable stays as it is.
    pub(crate) fn fill(&self, values: &[(String, String)]) -> String {
        let mut filled = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            let Some((name, tail)) = after.split_once("}}") else {
                filled.push_str("{{");
                rest = after;
                continue;
            };
            if let Some((_, value)) = values.iter().find(|(key, _)| key == name) {
                filled.push_str(value);
            }
            rest = tail;
        }
        filled.push_str(rest);
        filled
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HeaderShape {
    Text(TextShape),
    /// `image`, `video`, `document` or `location`: given with each message.
    Given(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ButtonShape {
    QuickReply { label: String },
    Url { label: String, url: TextShape },
    Phone { label: String, number: String },
    CopyCode { label: String },
    Otp { label: String },
    Flow { label: String },
    OrderDetails { label: String },
    Bare { kind: String, label: String },
}

impl ButtonShape {
    /// The `sub_type` that a send names for the button.
    pub(crate) fn sub_type(&self) -> &str {
        match self {
            Self::QuickReply { .. } => "quick_reply",
            // After creation the button of a one-time code is a URL button, and is sent as one.
            Self::Url { .. } | Self::Otp { .. } => "url",
            Self::Phone { .. } => "phone_number",
            Self::CopyCode { .. } => "copy_code",
            Self::Flow { .. } => "flow",
            Self::OrderDetails { .. } => "order_details",
            Self::Bare { kind, .. } => kind,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) header: Option<HeaderShape>,
    pub(crate) body: TextShape,
    pub(crate) footer: Option<String>,
    pub(crate) buttons: Vec<ButtonShape>,
}

impl Shape {
    /// Reads the components of a template whose creation was accepted.
    pub(crate) fn of(template: &MetaTemplate) -> Self {
        let mut shape = Self::default();
        let wording = fixed_text::wording(&template.language);
        for component in &template.components {
            let word = |name: &str| {
                component
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
            };
            match word("type").to_ascii_uppercase().as_str() {
                "HEADER" => shape.header = Some(header(word("format"), word("text"))),
                "BODY" if template.category == Category::Authentication => {
                    let security = match component.get("add_security_recommendation") {
                        Some(Value::Bool(true)) => wording.security,
                        _ => "",
                    };
                    shape.body = TextShape::new(&format!("{}{security}", wording.body));
                }
                "BODY" => shape.body = TextShape::new(word("text")),
                "FOOTER" if template.category == Category::Authentication => {
                    shape.footer = component
                        .get("code_expiration_minutes")
                        .and_then(Value::as_i64)
                        .map(|minutes| wording.expiry.replace("{}", &minutes.to_string()));
                }
                "FOOTER" => shape.footer = Some(word("text").to_owned()),
                _ => {
                    shape.buttons = component
                        .get("buttons")
                        .and_then(Value::as_array)
                        .map(|buttons| buttons.iter().map(|it| button(it, wording)).collect())
                        .unwrap_or_default();
                }
            }
        }
        shape
    }
}

fn header(format: &str, text: &str) -> HeaderShape {
    match format.to_ascii_lowercase() {
        format if format == "text" => HeaderShape::Text(TextShape::new(text)),
        format => HeaderShape::Given(format),
    }
}

fn button(button: &Value, wording: &fixed_text::Wording) -> ButtonShape {
    let word = |name: &str| button.get(name).and_then(Value::as_str);
    let label = word("text").unwrap_or_default().to_owned();
    let kind = word("type").unwrap_or_default().to_ascii_lowercase();
    match kind.as_str() {
        "quick_reply" => ButtonShape::QuickReply { label },
        "url" => ButtonShape::Url {
            label,
            url: TextShape::new(word("url").unwrap_or_default()),
        },
        "phone_number" => ButtonShape::Phone {
            label,
            number: word("phone_number").unwrap_or_default().to_owned(),
        },
        // Meta fixes the label of a coupon's button.
        "copy_code" => ButtonShape::CopyCode {
            label: wording.copy_code.to_owned(),
        },
        "otp" => ButtonShape::Otp {
            label: match label.is_empty() {
                true => wording.copy_code.to_owned(),
                false => label,
            },
        },
        "flow" => ButtonShape::Flow { label },
        "order_details" => ButtonShape::OrderDetails { label },
        _ => ButtonShape::Bare { kind, label },
    }
}
