//! From a template and its parameters to what each channel sends.
//!
//! The same template, language and parameters always make the same message. Nothing is cut: what does
//! not fit is an error, and [`Template::validate`](crate::template::Template::validate) makes sure that
//! it cannot happen with permitted parameters.

mod format;
mod value;
mod view;

use std::collections::BTreeMap;

use serde::Serialize;
use thiserror::Error;

pub use format::{hidden_money, shown_date, shown_money, shown_time};
pub(crate) use value::{Medium, SMS_NAME_MAX, shown};

use crate::channel::Channel;
use crate::ids::NotificationId;
use crate::locale::Locale;
use crate::masking::HIDDEN;
use crate::message::{BodyValues, TemplateMessage};
use crate::params::Params;
use crate::sms::{Encoding, SmsText};
use crate::template::{Category, Template, fill, variables};
use view::{View, whole_text};

/// Meta's limit for a body with its values, in characters.
pub(crate) const BODY_MAX: usize = 1_024;

/// Meta's limit for a header or a footer, in characters.
pub(crate) const HEADER_MAX: usize = 60;

/// Why a message cannot be made. Names fields, never values.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RenderError {
    /// The template has no such language; Meta substitutes none.
    #[error("the template has no texts in {0}")]
    Locale(Locale),
    /// The template says nothing over this channel.
    #[error("the template has no text for {0}")]
    Channel(Channel),
    /// The parameters are another template's.
    #[error("the parameter {0} is missing or of another type")]
    Param(String),
    /// A part is longer with its values than Meta takes.
    #[error("the {part} is longer than {limit} characters")]
    TooLong {
        /// The part.
        part: &'static str,
        /// Its limit.
        limit: usize,
    },
    /// The SMS needs more parts than the template promises.
    #[error("the SMS needs {parts} parts where {promised} are promised")]
    TooManyParts {
        /// What it would take.
        parts: u32,
        /// What the template promises.
        promised: u32,
    },
}

/// The WhatsApp message.
pub fn whatsapp(
    template: &Template,
    locale: Locale,
    params: &Params,
    notification: &NotificationId,
) -> Result<TemplateMessage, RenderError> {
    let view = View {
        template,
        locale,
        params,
        medium: Medium::Screen,
    };
    let texts = view.texts()?;
    let (header, body) = if template.category == Category::Authentication {
        (None, BodyValues::Positional(vec![view.code()?]))
    } else {
        let text = texts
            .whatsapp
            .as_ref()
            .ok_or(RenderError::Channel(Channel::Whatsapp))?;
        within("body", BODY_MAX, &view.fill(&text.body)?)?;
        let named = |name: &str| Ok((name.to_owned(), view.value(name)?));
        let body = variables(&text.body)
            .into_iter()
            .map(named)
            .collect::<Result<_, RenderError>>()?;
        (
            text.header
                .as_ref()
                .map(|header| view.header(header))
                .transpose()?
                .flatten(),
            BodyValues::Named(body),
        )
    };
    let mut buttons = Vec::new();
    for (index, button) in (0_u8..).zip(&template.buttons) {
        if let Some(value) = view.button(button, notification)? {
            buttons.push((index, value));
        }
    }
    Ok(TemplateMessage {
        name: template.meta_name(),
        language: locale,
        header,
        body,
        buttons,
    })
}

/// The SMS: folded to GSM-7, the bank's name in `{{bank}}`'s place.
pub fn sms(
    template: &Template,
    locale: Locale,
    params: &Params,
    bank: &str,
) -> Result<SmsText, RenderError> {
    let view = View {
        template,
        locale,
        params,
        medium: Medium::Sms,
    };
    let text = view
        .texts()?
        .sms
        .as_ref()
        .ok_or(RenderError::Channel(Channel::Sms))?;
    let sms = SmsText::folded(&view.fill_for(text, bank)?);
    if sms.parts > template.sms_parts {
        return Err(RenderError::TooManyParts {
            parts: sms.parts,
            promised: template.sms_parts,
        });
    }
    Ok(sms)
}

/// What a call says.
pub fn voice(
    template: &Template,
    locale: Locale,
    params: &Params,
    bank: &str,
) -> Result<String, RenderError> {
    let view = View {
        template,
        locale,
        params,
        medium: Medium::Voice,
    };
    let text = view
        .texts()?
        .voice
        .as_ref()
        .ok_or(RenderError::Channel(Channel::Voice))?;
    view.fill_for(text, bank)
}

/// What one channel would show. Holds the customer's data, unless made by [`preview_masked`]: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The channel.
    pub channel: Channel,
    /// The text as it is read or heard.
    pub text: String,
    /// The buttons' labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<String>,
    /// How many SMS parts it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<u32>,
    /// How the SMS is coded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
}

/// What every channel of the ladder would show.
pub fn preview(
    template: &Template,
    locale: Locale,
    params: &Params,
    bank: &str,
) -> Result<Vec<Preview>, RenderError> {
    template
        .ladder
        .iter()
        .map(|rung| preview_on(template, locale, params, bank, rung.channel))
        .collect()
}

/// What one channel would show, on the ladder or not: a text that no rung uses yet is reviewed as well.
pub fn preview_on(
    template: &Template,
    locale: Locale,
    params: &Params,
    bank: &str,
    channel: Channel,
) -> Result<Preview, RenderError> {
    let screen = View {
        template,
        locale,
        params,
        medium: Medium::Screen,
    };
    let text = match channel {
        Channel::Whatsapp => screen.fill(&whole_text(template, locale)?),
        Channel::Sms => sms(template, locale, params, bank).map(|sms| sms.text),
        Channel::Voice => voice(template, locale, params, bank),
    }?;
    Ok(previewed(template, locale, channel, text))
}

/// The same from [masked values](Params::masked).
pub fn preview_masked(
    template: &Template,
    locale: Locale,
    masked: &BTreeMap<String, String>,
    bank: &str,
) -> Result<Vec<Preview>, RenderError> {
    let texts = template
        .locales
        .get(&locale)
        .ok_or(RenderError::Locale(locale))?;
    let spoken = |text: &Option<String>, channel| {
        let text = text.as_ref().ok_or(RenderError::Channel(channel))?;
        fill(text, |name| {
            Ok(if name == "bank" {
                bank.to_owned()
            } else {
                masked_value(template, locale, masked, name)
            })
        })
    };
    let shown = |channel| match channel {
        Channel::Whatsapp => Ok(text(template, locale, masked)),
        Channel::Sms => spoken(&texts.sms, channel).map(|text| SmsText::folded(&text).text),
        Channel::Voice => spoken(&texts.voice, channel),
    };
    template
        .ladder
        .iter()
        .map(|rung| {
            let text = shown(rung.channel)?;
            Ok(previewed(template, locale, rung.channel, text))
        })
        .collect()
}

/// The WhatsApp message in words, from [masked values](Params::masked): header, body and footer, parted
/// by empty lines. A value that is not there is `***`; a language that is not there is an empty text.
#[must_use]
pub fn text(template: &Template, locale: Locale, masked: &BTreeMap<String, String>) -> String {
    let Ok(whole) = whole_text(template, locale) else {
        return String::new();
    };
    fill(&whole, |name| {
        Ok::<_, std::convert::Infallible>(masked_value(template, locale, masked, name))
    })
    .unwrap_or_else(|never| match never {})
}

fn masked_value(
    template: &Template,
    locale: Locale,
    masked: &BTreeMap<String, String>,
    name: &str,
) -> String {
    let otherwise = || {
        template
            .params
            .get(name)
            .and_then(|spec| spec.otherwise.get(&locale))
            .cloned()
    };
    masked
        .get(name)
        .cloned()
        .or_else(otherwise)
        .unwrap_or_else(|| HIDDEN.to_owned())
}

fn within(part: &'static str, limit: usize, text: &str) -> Result<(), RenderError> {
    if text.chars().count() > limit {
        Err(RenderError::TooLong { part, limit })
    } else {
        Ok(())
    }
}

/// A text with what its channel shows beside it.
fn previewed(template: &Template, locale: Locale, channel: Channel, text: String) -> Preview {
    let measured = (channel == Channel::Sms).then(|| SmsText::measure(text.clone()));
    let labels = template
        .buttons
        .iter()
        .filter_map(|button| button.label(locale))
        .map(str::to_owned);
    Preview {
        channel,
        buttons: if channel == Channel::Whatsapp {
            labels.collect()
        } else {
            Vec::new()
        },
        parts: measured.as_ref().map(|sms| sms.parts),
        encoding: measured.as_ref().map(|sms| sms.encoding),
        text,
    }
}

#[cfg(test)]
mod limits;
#[cfg(test)]
mod tests;
