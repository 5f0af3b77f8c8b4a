//! Identifiers: newtypes with a printed prefix, so that a wrong one is seen in a log line.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not the identifier it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be {0}")]
pub struct IdError(pub &'static str);

/// RFC 4648 base32 in lower case, without padding: 16 bytes make 26 characters.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let mut text = BASE32_NOPAD.encode(bytes);
    text.make_ascii_lowercase();
    text
}

fn is_base32(text: &str) -> bool {
    text.len() == 26
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || matches!(b, b'2'..=b'7'))
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses the identifier; anything but its exact form is refused.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(IdError($rule)) }
            }

            /// The identifier as it is stored and sent.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

text_id! {
    /// A notification: `ntf_` and 26 base32 characters, derived from tenant and idempotency key.
    NotificationId, "ntf_ and 26 characters",
    |text| text.strip_prefix("ntf_").is_some_and(is_base32)
}

text_id! {
    /// A recipient's pseudonym: `rcp_`, the pepper's version, `_`, 26 base32 characters.
    RecipientToken, "rcp_, a version and 26 characters",
    |text| text.strip_prefix("rcp_").and_then(|rest| rest.split_once('_')).is_some_and(|(version, token)| {
        !version.is_empty() && version.len() <= 8 && version.bytes().all(|b| b.is_ascii_alphanumeric()) && is_base32(token)
    })
}

text_id! {
    /// A bank: lower-case letters, digits and hyphens, at most 40.
    TenantId, "1 to 40 lower-case letters, digits and hyphens",
    |text| (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

text_id! {
    /// A template's name (Meta: `[a-z0-9_]`, ≤ 512; ours ≤ 64).
    TemplateName, "1 to 64 lower-case letters, digits and underscores, without a version at the end",
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && version_suffix(text).is_none()
}

/// What stands before and after a version's `_v`, where a name ends in one. No template's own name does,
/// so that a name at Meta stands for one version only.
pub(crate) fn version_suffix(name: &str) -> Option<(&str, &str)> {
    let (before, digits) = name.rsplit_once("_v")?;
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    number.then_some((before, digits))
}

text_id! {
    /// Meta's id of a business phone number: decimal digits.
    PhoneNumberId, "1 to 32 digits",
    |text| (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

text_id! {
    /// Meta's id of an uploaded file.
    MediaId, "1 to 64 letters, digits and hyphens",
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

text_id! {
    /// Meta's id of an app: decimal digits.
    AppId, "1 to 32 digits",
    |text| (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

text_id! {
    /// Meta's id of a bank's WhatsApp business account: decimal digits.
    BusinessAccountId, "1 to 32 digits",
    |text| (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// The bank's key for one request: 1 to 255 printable ASCII characters. May hold personal data: it
/// does not print, is never stored, and only the notification's id is derived from it.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Parses the header's value.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let fits =
            (1..=255).contains(&text.len()) && text.bytes().all(|b| (0x20..=0x7e).contains(&b));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError("1 to 255 printable ASCII characters"))
        }
    }

    /// The key as the bank wrote it, for a digest.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_id! {
    /// Names one holder of a claim: 16 random bytes in base32.
    ClaimToken, "26 base32 characters", is_base32
}

/// Meta's business-scoped user id: `BR.` and up to 128 characters. Personal data: it does not print.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(String);

impl UserId {
    /// Parses the id; anything but its form is refused.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let fits = text.len() <= 2 + 1 + 256
            && text.split_once('.').is_some_and(|(country, rest)| {
                country.len() == 2
                    && country.bytes().all(|b| b.is_ascii_uppercase())
                    && !rest.is_empty()
                    && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
            });
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError(
                "a country code, a dot and 1 to 256 letters, digits and dots",
            ))
        }
    }

    /// The id as Meta wrote it, for Meta's API, a seal or a digest.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserId(…)")
    }
}

impl ClaimToken {
    /// Makes a token out of 16 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(base32(&bytes))
    }
}

impl NotificationId {
    /// Makes the id out of the 16 bytes derived from tenant and key.
    #[must_use]
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(format!("ntf_{}", base32(&bytes)))
    }
}

impl RecipientToken {
    /// Makes the token out of the pepper's version and 16 bytes of the keyed digest.
    #[must_use]
    pub(crate) fn from_bytes(version: &str, bytes: [u8; 16]) -> Self {
        Self(format!("rcp_{version}_{}", base32(&bytes)))
    }
}

/// One attempt at a notification's WhatsApp leg, as it travels in `biz_opaque_callback_data`
/// (`ntf_….1`, Meta's limit 512 characters) and comes back in every receipt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Callback {
    /// The notification.
    pub notification: NotificationId,
    /// Which job posted it, counted from 1.
    pub attempt: u32,
}

impl Callback {
    /// Reads `ntf_….1`; anything else is not ours, another spelling (`.01`, `.+1`) included.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let rule = IdError("a notification's id, a dot and its attempt");
        let (id, written) = text.split_once('.').ok_or(rule)?;
        let canonical = written == "0" || written.starts_with(|c| matches!(c, '1'..='9'));
        let attempt = written.parse().map_err(|_| rule)?;
        if !canonical {
            return Err(rule);
        }
        Ok(Self {
            notification: NotificationId::parse(id)?,
            attempt,
        })
    }
}

impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.notification, self.attempt)
    }
}

/// What a template's quick-reply button carries back: `ntf_…:dispute` (≤ 128 characters).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PressPayload {
    /// The notification whose button it is.
    pub notification: NotificationId,
    /// What a press means, as the template names it.
    pub action: String,
}

impl PressPayload {
    /// Reads `ntf_…:action`; anything else is not ours.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let rule = IdError("a notification's id, a colon and an action");
        let (id, action) = text.split_once(':').ok_or(rule)?;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if action.is_empty() || action.len() > 64 || !action.bytes().all(plain) {
            return Err(rule);
        }
        Ok(Self {
            notification: NotificationId::parse(id)?,
            action: action.to_owned(),
        })
    }
}

impl fmt::Display for PressPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.notification, self.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bytes_make_an_id_that_parses() {
        let id = NotificationId::from_bytes([0xa5; 16]);
        assert_eq!(NotificationId::parse(id.as_str()), Ok(id.clone()));
        let token = RecipientToken::from_bytes("1", [7; 16]);
        assert_eq!(RecipientToken::parse(token.as_str()), Ok(token));
        let callback = Callback {
            notification: id.clone(),
            attempt: 3,
        };
        assert_eq!(Callback::parse(&callback.to_string()), Ok(callback));
        let press = PressPayload {
            notification: id,
            action: "dispute".into(),
        };
        assert_eq!(PressPayload::parse(&press.to_string()), Ok(press));
    }

    #[test]
    fn what_is_not_ours_does_not_parse() {
        for text in [
            "",
            "ntf_",
            "ntf_x.1",
            "otp:01",
            "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa.",
            "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa.-1",
            "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa.+1",
            "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa.01",
        ] {
            assert!(Callback::parse(text).is_err(), "{text}");
        }
        for text in [
            "",
            "Fui eu",
            "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa:",
            "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa:Não",
            "x:dispute",
        ] {
            assert!(PressPayload::parse(text).is_err(), "{text}");
        }
        assert!(IdempotencyKey::parse("").is_err());
        assert!(IdempotencyKey::parse(&"k".repeat(256)).is_err());
        assert!(IdempotencyKey::parse("açúcar").is_err());
        assert!(IdempotencyKey::parse("order 77/1").is_ok());
        assert!(UserId::parse("BR.4471920038117265530").is_ok());
        assert!(UserId::parse("4471920038117265530").is_err());
    }

    #[test]
    fn a_user_id_is_a_country_and_what_follows_its_dot_and_does_not_print() {
        let longest = format!("BR.{}", "7".repeat(256));
        for text in ["BR.4471920038117265530", "US.ENT.44a7", &longest] {
            let user = UserId::parse(text).expect("Meta's form");
            assert_eq!(user.as_str(), text);
            assert_eq!(format!("{user:?}"), "UserId(…)");
        }
        let too_long = format!("{longest}7");
        for text in ["BR.", "BRA.44", "br.44", "B7.44", "BR.44-7", &too_long] {
            assert!(UserId::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_action_has_at_most_64_characters() {
        let press = |length: usize| {
            let action = "a".repeat(length);
            PressPayload::parse(&format!("ntf_{}:{action}", "a".repeat(26)))
        };
        assert!(press(64).is_ok());
        assert!(press(65).is_err());
    }
}
