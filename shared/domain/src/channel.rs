//! The ways a message can reach a customer.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A channel of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// WhatsApp, through Meta's Cloud API.
    Whatsapp,
    /// A text message, through the carriers.
    Sms,
    /// A call that speaks the message.
    Voice,
}

impl Channel {
    /// Every channel, in the ladder's usual order.
    pub const ALL: [Self; 3] = [Self::Whatsapp, Self::Sms, Self::Voice];

    /// The name in the API, the store and the logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }

    /// Reads [`Channel::name`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == text)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
