//! The body with which a template is created at Meta.

use serde_json::{Value, json};

use super::model::{Authentication, Button, Header, SecurityAdvice, Template};
use super::text::variables;
use crate::locale::Locale;
use crate::params;
use crate::render::{Medium, shown};

impl Template {
    /// The body of `POST /{waba}/message_templates` for one language, with examples, named variables and
    /// the time to live that agrees with the ladder.
    ///
    /// A media header's `header_handle` holds the example's address or id: who creates the template
    /// uploads that file first and puts the handle in its place.
    #[must_use]
    pub fn creation_payload(&self, locale: Locale) -> Value {
        let mut payload = json!({
            "name": self.meta_name(),
            "language": locale.code(),
            "category": self.category.name(),
            "message_send_ttl_seconds": self.whatsapp_ttl().as_secs(),
        });
        if let Some(authentication) = &self.authentication {
            payload["components"] = self.fixed_components(authentication, locale);
            return payload;
        }
        payload["parameter_format"] = json!("NAMED");
        if self
            .buttons
            .iter()
            .any(|button| matches!(button, Button::OrderDetails { .. }))
        {
            payload["display_format"] = json!("ORDER_DETAILS");
        }
        payload["components"] = self.components(locale);
        payload
    }

    /// The two choices that Meta leaves, and the button.
    fn fixed_components(&self, authentication: &Authentication, locale: Locale) -> Value {
        json!([
            { "type": "BODY", "add_security_recommendation": authentication.security_advice == SecurityAdvice::Shown },
            { "type": "FOOTER", "code_expiration_minutes": authentication.expires_in_minutes },
            { "type": "BUTTONS", "buttons": self.created_buttons(locale) },
        ])
    }

    fn components(&self, locale: Locale) -> Value {
        let mut components = Vec::new();
        let Some(text) = self
            .locales
            .get(&locale)
            .and_then(|texts| texts.whatsapp.as_ref())
        else {
            return json!(components);
        };
        match &text.header {
            Some(Header::Text(words)) => {
                let mut header = json!({ "type": "HEADER", "format": "TEXT", "text": words });
                let examples = self.named_examples(words, locale);
                if !examples.is_empty() {
                    header["example"] = json!({ "header_text_named_params": examples });
                }
                components.push(header);
            }
            Some(Header::Document(name)) => {
                components.push(self.media_header("DOCUMENT", name, locale))
            }
            Some(Header::Image(name)) => components.push(self.media_header("IMAGE", name, locale)),
            None => {}
        }
        let mut body = json!({ "type": "BODY", "text": text.body });
        let examples = self.named_examples(&text.body, locale);
        if !examples.is_empty() {
            body["example"] = json!({ "body_text_named_params": examples });
        }
        components.push(body);
        if let Some(footer) = &text.footer {
            components.push(json!({ "type": "FOOTER", "text": footer }));
        }
        if !self.buttons.is_empty() {
            components.push(json!({ "type": "BUTTONS", "buttons": self.created_buttons(locale) }));
        }
        json!(components)
    }

    fn media_header(&self, format: &str, name: &str, locale: Locale) -> Value {
        let example = self.params.get(name).map(|spec| spec.example_in(locale));
        let file = example.and_then(|media| media.get("url").or_else(|| media.get("media_id")));
        json!({ "type": "HEADER", "format": format, "example": { "header_handle": [file] } })
    }

    fn named_examples(&self, text: &str, locale: Locale) -> Vec<Value> {
        let example = |name: &str| json!({ "param_name": name, "example": self.example_in_words(name, locale) });
        variables(text).into_iter().map(example).collect()
    }

    /// A parameter's example as a customer reads it.
    fn example_in_words(&self, name: &str, locale: Locale) -> String {
        let examples = self.example_params(locale);
        params::parse(self, &examples)
            .ok()
            .and_then(|params| {
                params
                    .get(name)
                    .map(|value| shown(value, locale, Medium::Screen))
            })
            .unwrap_or_default()
    }

    fn created_buttons(&self, locale: Locale) -> Vec<Value> {
        let button = |button: &Button| {
            let label = button.label(locale);
            match button {
                Button::QuickReply { .. } => json!({ "type": "QUICK_REPLY", "text": label }),
                Button::Url {
                    base, suffix: None, ..
                } => json!({ "type": "URL", "text": label, "url": base }),
                Button::Url {
                    base,
                    suffix: Some(name),
                    ..
                } => json!({
                    "type": "URL",
                    "text": label,
                    "url": format!("{base}{{{{1}}}}"),
                    "example": [format!("{base}{}", self.example_in_words(name, locale))],
                }),
                Button::CopyCode { code } => {
                    json!({ "type": "COPY_CODE", "example": self.example_in_words(code, locale) })
                }
                Button::OneTimeCode { autofill: None, .. } => {
                    json!({ "type": "OTP", "otp_type": "COPY_CODE", "text": label })
                }
                Button::OneTimeCode {
                    autofill: Some(autofill),
                    ..
                } => json!({
                    "type": "OTP",
                    "otp_type": "ONE_TAP",
                    "text": label,
                    "autofill_text": autofill.labels.get(&locale),
                    "supported_apps": autofill.apps,
                }),
                Button::OrderDetails { .. } => json!({ "type": "ORDER_DETAILS", "text": label }),
                Button::PhoneNumber { phone_number, .. } => {
                    json!({ "type": "PHONE_NUMBER", "text": label, "phone_number": phone_number })
                }
            }
        };
        self.buttons.iter().map(button).collect()
    }
}
