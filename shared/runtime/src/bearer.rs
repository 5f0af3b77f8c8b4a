//! A bearer token between two of our own functions, or of a caller who imitates Meta's.

use std::fmt;

use http::HeaderValue;
use ring::hmac;

use crate::secrets::{SecretError, SecretText};

/// A bearer token, as it stands in `Authorization`. Prints nothing of itself.
#[derive(Clone)]
pub struct Bearer {
    header: HeaderValue,
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Bearer {
    /// The value of `Authorization`, marked as secret.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// Whether a request's `Authorization` is this. Compares digests, so that neither the time nor the
    /// length tells how much was right.
    #[must_use]
    pub fn is(&self, authorization: Option<&str>) -> bool {
        authorization.is_some_and(|given| {
            hmac::verify(&self.key, given.as_bytes(), self.tag.as_ref()).is_ok()
        })
    }
}

impl SecretText for Bearer {
    const NAME: &'static str = "bearer";

    /// Reads a token as the secret store keeps it: visible ASCII. An empty one would let anybody in.
    fn parse(token: &str) -> Result<Self, SecretError> {
        let rule = SecretError::Unreadable("a token must be visible ASCII");
        let plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        let text = format!("Bearer {token}");
        let header = HeaderValue::from_str(&text).ok().filter(|_| plain);
        let mut header = header.ok_or(rule)?;
        header.set_sensitive(true);
        let key = hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes());
        let tag = hmac::sign(&key, text.as_bytes());
        Ok(Self { header, key, tag })
    }

    /// It is random, and another one as good.
    fn may_follow(&self, _old: &Self) -> Result<(), SecretError> {
        Ok(())
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_is_itself_and_nothing_shorter_or_longer() {
        let bearer = Bearer::parse("abc-DEF_1").expect("valid");
        assert!(bearer.is(Some("Bearer abc-DEF_1")));
        for other in [
            "",
            "abc-DEF_1",
            "Bearer abc-DEF_",
            "Bearer abc-DEF_12",
            "bearer abc-DEF_1",
        ] {
            assert!(!bearer.is(Some(other)), "{other}");
        }
        assert!(!bearer.is(None));
        assert!(bearer.header().is_sensitive());
        assert_eq!(format!("{bearer:?}"), "Bearer(…)");
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_no_token() {
        for text in ["", " ", "a b", "a\n", "ção"] {
            assert!(Bearer::parse(text).is_err(), "{text:?}");
        }
    }
}
