//! What a message carries to Meta in `biz_opaque_callback_data` (≤ 512 characters), and every receipt of
//! it brings back. Nothing personal: ids and pseudonyms only (I11).

use std::fmt;

use jiff::Timestamp;

use crate::ids::{Callback, IdError, RecipientToken};

/// The window that a free-form message relied on, as it travels in `biz_opaque_callback_data`
/// (`rcp_….1793400012000`): if Meta refuses the message for it, this is what was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WindowMark {
    /// Whose window, by pseudonym.
    pub recipient: RecipientToken,
    /// When it was to end; whole milliseconds travel.
    pub until: Timestamp,
}

impl WindowMark {
    /// Reads `rcp_….1793400012000`; anything else is not ours, another spelling included.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let rule = IdError("a recipient's token, a dot and milliseconds");
        let (token, written) = text.split_once('.').ok_or(rule)?;
        let millis: i64 = written.parse().map_err(|_| rule)?;
        if millis.to_string() != written {
            return Err(rule);
        }
        Ok(Self {
            recipient: RecipientToken::parse(token)?,
            until: Timestamp::from_millisecond(millis).map_err(|_| rule)?,
        })
    }
}

impl fmt::Display for WindowMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.recipient, self.until.as_millisecond())
    }
}

/// What a message of ours carries to Meta, and every receipt of it brings back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Carried {
    /// A template: which notification's, and which attempt at it.
    Attempt(Callback),
    /// Free-form: on which window it relied.
    Window(WindowMark),
}

impl Carried {
    /// Reads either form; anything else is not ours.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        Callback::parse(text)
            .map(Self::Attempt)
            .or_else(|_| WindowMark::parse(text).map(Self::Window))
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempt(callback) => callback.fmt(f),
            Self::Window(mark) => mark.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NotificationId;

    #[test]
    fn what_a_message_carries_reads_back_as_what_it_was() {
        let attempt = Carried::Attempt(Callback {
            notification: NotificationId::from_bytes([3; 16]),
            attempt: 2,
        });
        let window = Carried::Window(WindowMark {
            recipient: RecipientToken::from_bytes("1", [5; 16]),
            until: Timestamp::from_millisecond(1_793_400_012_345).expect("valid"),
        });
        for carried in [attempt, window] {
            assert_eq!(Carried::parse(&carried.to_string()), Ok(carried));
        }
    }

    #[test]
    fn a_mark_has_one_spelling() {
        let token = RecipientToken::from_bytes("1", [5; 16]);
        for until in ["", "+1", "01", "1.5", "x", "9223372036854775807", "-0"] {
            let text = format!("{token}.{until}");
            assert!(Carried::parse(&text).is_err(), "{text}");
        }
        assert!(Carried::parse("rcp_1_x.1").is_err());
        assert!(Carried::parse(token.as_str()).is_err());
    }
}
