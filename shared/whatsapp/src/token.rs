//! The key to a business account at Meta.

use std::fmt;
use std::str::FromStr;

use http::header::HeaderValue;
use recado_domain::ids::AppId;
use thiserror::Error;

/// Why a text cannot be an access token. Never echoes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an access token is 1 to 1,024 visible ASCII characters")]
pub struct TokenError;

/// A system user's access token. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    bearer: HeaderValue,
    oauth: HeaderValue,
}

impl AccessToken {
    /// Reads a token as the secret store keeps it; white space around it is not part of it.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if !(1..=1024).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(TokenError);
        }
        let header = |scheme: &str| {
            let mut header =
                HeaderValue::try_from(format!("{scheme} {text}")).map_err(|_| TokenError)?;
            header.set_sensitive(true);
            Ok(header)
        };
        Ok(Self {
            bearer: header("Bearer")?,
            oauth: header("OAuth")?,
        })
    }

    /// The app's own token: what its own settings are read and written with.
    pub fn of_app(app: &AppId, secret: &str) -> Result<Self, TokenError> {
        Self::parse(&format!("{app}|{}", secret.trim()))
    }

    /// The token itself, for Meta to judge.
    pub(crate) fn text(&self) -> &str {
        let bearer = self.bearer.to_str().unwrap_or_default();
        bearer.strip_prefix("Bearer ").unwrap_or_default()
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.bearer.clone()
    }

    /// As the Resumable Upload API wants it.
    pub(crate) fn oauth(&self) -> HeaderValue {
        self.oauth.clone()
    }
}

impl FromStr for AccessToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        Self::parse(text)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_would_break_the_header_is_refused_and_none_prints_itself() {
        for text in [
            "",
            "  ",
            "two words",
            "line\nbreak",
            "açúcar",
            &"x".repeat(1025),
        ] {
            assert!(AccessToken::parse(text).is_err(), "{text}");
        }
        let token = AccessToken::parse("EAAfictional\n").expect("valid");
        assert_eq!(
            format!("{token:?} {:?} {:?}", token.header(), token.oauth()),
            "AccessToken(…) Sensitive Sensitive"
        );
    }
}
