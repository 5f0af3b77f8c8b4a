//! Templates: what may be said, in which languages, over which channels, with which waits.
//!
//! A template is a file of the catalogue (see `catalogue/`), checked by [`Template::validate`] against
//! Meta's limits and ours before anything is sent with it.

mod buttons;
mod creation;
mod hosts;
mod model;
mod rules;
mod text;
mod unspeakable;
mod validate;
mod wording;

use std::time::Duration;

use serde_json::{Map, Value};

pub use hosts::host;
pub use model::{
    AndroidApp, Authentication, Autofill, Button, Category, Header, ParamSpec, ParamType, Presence,
    QuietHours, SecurityAdvice, Template, Texts, WhatsappText,
};
pub(crate) use text::{AuthenticationText, fill, variables};
pub use validate::{TemplateFault, Waits};

use crate::channel::Channel;
use crate::class::Lane;
pub use crate::delivery::{Rung, WhenQueueWaitExceeded};
use crate::locale::Locale;

impl Template {
    /// Reads the JSON that the catalogue's TOML becomes; unknown fields are an error. The rules are
    /// checked by [`Template::validate`].
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// The template as compact JSON, the form in which a version is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a template holds nothing that JSON cannot")
    }

    /// The queue it waits in.
    #[must_use]
    pub fn lane(&self) -> Lane {
        self.own_lane.unwrap_or(self.class.lane())
    }

    /// Its name at Meta, where every version is a template of its own: `pix_received`, then
    /// `pix_received_v2`.
    #[must_use]
    pub fn meta_name(&self) -> String {
        crate::standing::meta_name(&self.name, self.version)
    }

    /// Whether the ladder has the channel.
    #[must_use]
    pub fn uses(&self, channel: Channel) -> bool {
        self.ladder.iter().any(|rung| rung.channel == channel)
    }

    /// The rung after the channel's.
    #[must_use]
    pub fn rung_after(&self, channel: Channel) -> Option<&Rung> {
        let place = self
            .ladder
            .iter()
            .position(|rung| rung.channel == channel)?;
        self.ladder.get(place + 1)
    }

    /// How long WhatsApp tries (`message_send_ttl_seconds`): the wait of the rung after it, so that it
    /// stops when the SMS goes; without such a rung the validity, within Meta's range.
    #[must_use]
    pub fn whatsapp_ttl(&self) -> Duration {
        match self.rung_after(Channel::Whatsapp) {
            Some(next) => next.after,
            None => {
                let (shortest, longest) = self.category.ttl_range();
                self.validity.clamp(shortest, longest)
            }
        }
    }

    /// How many SMS parts the language's text takes with the longest permitted values; none where it has
    /// no SMS.
    #[must_use]
    pub fn worst_sms_parts(&self, locale: Locale) -> Option<u32> {
        let septets = rules::longest_sms(self, locale)?;
        Some(match septets {
            0..=160 => 1,
            more => u32::try_from(more.div_ceil(rules::SMS_PART)).unwrap_or(u32::MAX),
        })
    }

    /// Parameters as a request would give them, made of the examples.
    #[must_use]
    pub fn example_params(&self, locale: Locale) -> Map<String, Value> {
        self.params
            .iter()
            .map(|(name, spec)| (name.clone(), spec.example_in(locale).clone()))
            .collect()
    }
}

impl Category {
    /// Meta's word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Utility => "UTILITY",
            Self::Marketing => "MARKETING",
            Self::Authentication => "AUTHENTICATION",
        }
    }

    /// Reads [`Category::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Utility, Self::Marketing, Self::Authentication]
            .into_iter()
            .find(|category| category.name() == text)
    }

    /// The shortest and the longest `message_send_ttl_seconds` that Meta accepts.
    #[must_use]
    pub fn ttl_range(self) -> (Duration, Duration) {
        let (shortest, longest) = match self {
            Self::Authentication => (30, 900),
            Self::Utility => (30, 43_200),
            Self::Marketing => (43_200, 2_592_000),
        };
        (Duration::from_secs(shortest), Duration::from_secs(longest))
    }
}

impl ParamSpec {
    /// The example for a language.
    #[must_use]
    pub fn example_in(&self, locale: Locale) -> &Value {
        self.examples.get(&locale).unwrap_or(&self.example)
    }

    /// The longest value a request may give, in characters, for the types of variable length.
    #[must_use]
    pub fn longest(&self) -> Option<usize> {
        let most = self.kind.most_characters()?;
        Some(self.max_length.unwrap_or(most).min(most))
    }
}

impl ParamType {
    /// The type's own limit in characters, for the types of variable length.
    #[must_use]
    pub(crate) fn most_characters(self) -> Option<usize> {
        match self {
            Self::PersonName => Some(100),
            Self::PixKey => Some(77),
            Self::Code => Some(15),
            Self::Url => Some(2_000),
            Self::UrlSuffix => Some(200),
            Self::Text => Some(1_000),
            Self::Money
            | Self::Date
            | Self::Time
            | Self::CardLast4
            | Self::Account
            | Self::Phone
            | Self::PixCode
            | Self::BoletoLine
            | Self::Iban
            | Self::Cpf
            | Self::Cnpj
            | Self::Document
            | Self::Image => None,
        }
    }
}

impl Button {
    /// The label in a language; Meta fixes a copy-code button's.
    #[must_use]
    pub fn label(&self, locale: Locale) -> Option<&str> {
        match self {
            Self::QuickReply { labels, .. }
            | Self::Url { labels, .. }
            | Self::OneTimeCode { labels, .. }
            | Self::OrderDetails { labels, .. }
            | Self::PhoneNumber { labels, .. } => labels.get(&locale).map(String::as_str),
            Self::CopyCode { .. } => None,
        }
    }

    /// The parameters it takes.
    #[must_use]
    pub fn params(&self) -> Vec<&str> {
        match self {
            Self::QuickReply { .. } | Self::PhoneNumber { .. } => Vec::new(),
            Self::Url { suffix, .. } => suffix.as_deref().into_iter().collect(),
            Self::CopyCode { code } | Self::OneTimeCode { code, .. } => vec![code],
            Self::OrderDetails {
                pix_code,
                total,
                pix_key,
                ..
            } => [pix_code.as_str(), total]
                .into_iter()
                .chain(pix_key.as_deref())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests;
