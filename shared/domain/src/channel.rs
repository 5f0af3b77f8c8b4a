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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_reads_back_from_its_word() {
        for (channel, word) in Channel::ALL.into_iter().zip(["whatsapp", "sms", "voice"]) {
            assert_eq!(channel.name(), word);
            assert_eq!(Channel::parse(word), Some(channel));
        }
        assert_eq!(Channel::parse("email"), None);
    }
}
