//! One message's template, language and values, looked at together.

use super::value::{Medium, shown};
use super::{HEADER_MAX, RenderError, within};
use crate::channel::Channel;
use crate::ids::{NotificationId, PressPayload};
use crate::locale::Locale;
use crate::message::{ButtonValue, HeaderValue, OrderDetails};
use crate::params::{self, ParamValue, Params};
use crate::template::{AuthenticationText, Button, Header, Template, Texts, fill, variables};

pub(super) struct View<'a> {
    pub(super) template: &'a Template,
    pub(super) locale: Locale,
    pub(super) params: &'a Params,
    pub(super) medium: Medium,
}

impl View<'_> {
    pub(super) fn texts(&self) -> Result<&Texts, RenderError> {
        self.template
            .locales
            .get(&self.locale)
            .ok_or(RenderError::Locale(self.locale))
    }

    /// A variable's value in words; an absent optional parameter's substitute.
    pub(super) fn value(&self, name: &str) -> Result<String, RenderError> {
        if let Some(value) = self.params.get(name) {
            return Ok(shown(value, self.locale, self.medium));
        }
        let otherwise = self
            .template
            .params
            .get(name)
            .and_then(|spec| spec.otherwise.get(&self.locale));
        otherwise
            .cloned()
            .ok_or_else(|| RenderError::Param(name.to_owned()))
    }

    pub(super) fn fill(&self, text: &str) -> Result<String, RenderError> {
        fill(text, |name| self.value(name))
    }

    /// The same where the bank's name is a variable too.
    pub(super) fn fill_for(&self, text: &str, bank: &str) -> Result<String, RenderError> {
        fill(text, |name| {
            if name == "bank" {
                Ok(bank.to_owned())
            } else {
                self.value(name)
            }
        })
    }

    /// The one-time code.
    pub(super) fn code(&self) -> Result<String, RenderError> {
        let code = self
            .template
            .buttons
            .iter()
            .find_map(|button| match button {
                Button::OneTimeCode { code, .. } => Some(code),
                Button::QuickReply { .. }
                | Button::Url { .. }
                | Button::CopyCode { .. }
                | Button::OrderDetails { .. }
                | Button::PhoneNumber { .. } => None,
            });
        self.value(code.ok_or(RenderError::Channel(Channel::Whatsapp))?)
    }

    /// The header's value; none for a header that is all words.
    pub(super) fn header(&self, header: &Header) -> Result<Option<HeaderValue>, RenderError> {
        let wrong = |name: &str| RenderError::Param(name.to_owned());
        match header {
            Header::Text(text) => {
                within("header", HEADER_MAX, &self.fill(text)?)?;
                let Some(name) = variables(text).first().copied() else {
                    return Ok(None);
                };
                Ok(Some(HeaderValue::Text {
                    name: name.to_owned(),
                    value: self.value(name)?,
                }))
            }
            Header::Document(name) => match self.params.get(name) {
                Some(ParamValue::Document { media, filename }) => Ok(Some(HeaderValue::Document {
                    media: media.clone(),
                    filename: filename.clone(),
                })),
                _ => Err(wrong(name)),
            },
            Header::Image(name) => match self.params.get(name) {
                Some(ParamValue::Image(media)) => Ok(Some(HeaderValue::Image(media.clone()))),
                _ => Err(wrong(name)),
            },
        }
    }

    /// What a button carries; none for one that is fixed at Meta.
    pub(super) fn button(
        &self,
        button: &Button,
        notification: &NotificationId,
    ) -> Result<Option<ButtonValue>, RenderError> {
        Ok(match button {
            Button::QuickReply { action, .. } => {
                let press = PressPayload {
                    notification: notification.clone(),
                    action: action.clone(),
                };
                Some(ButtonValue::QuickReply {
                    payload: press.to_string(),
                })
            }
            Button::Url {
                suffix: Some(suffix),
                ..
            } => Some(ButtonValue::Url {
                suffix: self.value(suffix)?,
            }),
            Button::Url { suffix: None, .. } | Button::PhoneNumber { .. } => None,
            Button::CopyCode { code } => Some(ButtonValue::CopyCode {
                code: self.value(code)?,
            }),
            Button::OneTimeCode { code, .. } => Some(ButtonValue::OneTimeCode {
                code: self.value(code)?,
            }),
            Button::OrderDetails {
                pix_code,
                total,
                pix_key,
                items,
                ..
            } => {
                let wrong = |name: &str| RenderError::Param(name.to_owned());
                let Some(ParamValue::Money(total)) = self.params.get(total) else {
                    return Err(wrong(total));
                };
                let Some(ParamValue::PixCode(code)) = self.params.get(pix_code) else {
                    return Err(wrong(pix_code));
                };
                let (key, pix_key_type) = params::key_of(self.params, pix_code, pix_key.as_deref())
                    .ok_or_else(|| wrong(pix_code))?;
                Some(ButtonValue::OrderDetails(Box::new(OrderDetails {
                    reference_id: notification.to_string(),
                    total: *total,
                    item: items
                        .get(&self.locale)
                        .cloned()
                        .ok_or(RenderError::Locale(self.locale))?,
                    pix_code: code.as_str().to_owned(),
                    merchant_name: code.merchant_name.clone(),
                    pix_key: key,
                    pix_key_type,
                })))
            }
        })
    }
}

/// The WhatsApp message with its variables still in it: header, body and footer.
pub(super) fn whole_text(template: &Template, locale: Locale) -> Result<String, RenderError> {
    let texts = template
        .locales
        .get(&locale)
        .ok_or(RenderError::Locale(locale))?;
    let mut parts = Vec::new();
    if let Some(authentication) = &template.authentication {
        let code = template
            .buttons
            .iter()
            .find_map(|button| button.params().first().copied())
            .unwrap_or("code");
        let fixed = AuthenticationText::of(authentication, code, locale);
        parts.extend([fixed.body, fixed.footer]);
    } else {
        let text = texts
            .whatsapp
            .as_ref()
            .ok_or(RenderError::Channel(Channel::Whatsapp))?;
        parts.extend(text.header.as_ref().map(|header| match header {
            Header::Text(text) => text.clone(),
            Header::Document(name) => format!("[{{{{{name}}}}}]"),
            Header::Image(_) => "[image]".to_owned(),
        }));
        parts.push(text.body.clone());
        parts.extend(text.footer.clone());
    }
    Ok(parts.join("\n\n"))
}
