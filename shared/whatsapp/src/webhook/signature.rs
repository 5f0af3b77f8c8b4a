//! Who may post to the webhook: Meta, by the app's secret; and who may register it.

use std::fmt;

use data_encoding::HEXLOWER;
use ring::hmac;
use thiserror::Error;

/// Why a secret cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must not be empty")]
pub struct EmptySecret;

/// The secret of the Meta app that is subscribed: neither the verify token nor the access token.
/// Prints nothing of itself.
#[derive(Clone)]
pub struct AppSecret(hmac::Key);

impl AppSecret {
    /// Reads a secret as the secret store keeps it. An empty one would let anybody sign.
    pub fn parse(text: &str) -> Result<Self, EmptySecret> {
        key(text).map(Self)
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(…)")
    }
}

/// The word that the operator and Meta's dashboard share. Prints nothing of itself.
#[derive(Clone)]
pub struct VerifyToken {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl VerifyToken {
    /// Reads a token as the secret store keeps it. An empty one would let anybody register.
    pub fn parse(text: &str) -> Result<Self, EmptySecret> {
        let key = key(text)?;
        let tag = hmac::sign(&key, text.trim().as_bytes());
        Ok(Self { key, tag })
    }

    /// Compares digests, so that neither the time nor the length tells how much was right.
    fn is(&self, given: &str) -> bool {
        hmac::verify(&self.key, given.as_bytes(), self.tag.as_ref()).is_ok()
    }
}

impl fmt::Debug for VerifyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyToken(…)")
    }
}

fn key(text: &str) -> Result<hmac::Key, EmptySecret> {
    match text.trim() {
        "" => Err(EmptySecret),
        text => Ok(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())),
    }
}

/// Why a POST is not taken for Meta's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// There is no `X-Hub-Signature-256`.
    #[error("the signature is missing")]
    Missing,
    /// It is not `sha256=` and 64 lower-case hexadecimal digits.
    #[error("the signature is malformed")]
    Malformed,
    /// No secret makes it of this body.
    #[error("the signature does not match")]
    Mismatch,
}

impl SignatureError {
    /// The word in metrics and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Mismatch => "mismatch",
        }
    }
}

/// Verifies `X-Hub-Signature-256` over the body's exact bytes, before anything reads them. Any of
/// the secrets will do, so that old and new hold while they are exchanged.
pub fn verify(
    secrets: &[AppSecret],
    header: Option<&str>,
    body: &[u8],
) -> Result<(), SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let hex = header
        .strip_prefix("sha256=")
        .ok_or(SignatureError::Malformed)?;
    let given = HEXLOWER
        .decode(hex.as_bytes())
        .map_err(|_| SignatureError::Malformed)?;
    if given.len() != ring::digest::SHA256_OUTPUT_LEN {
        return Err(SignatureError::Malformed);
    }
    match secrets
        .iter()
        .any(|AppSecret(key)| hmac::verify(key, body, &given).is_ok())
    {
        true => Ok(()),
        false => Err(SignatureError::Mismatch),
    }
}

/// Answers Meta's registration of the webhook: the challenge, which is sent back as plain text, or
/// nothing (answer 403) where the query is not Meta's. `query` is the part after the `?`.
#[must_use]
pub fn verify_challenge(query: &str, token: &VerifyToken) -> Option<String> {
    let (mut mode, mut given, mut challenge) = (None, None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let place = match name.as_ref() {
            "hub.mode" => &mut mode,
            "hub.verify_token" => &mut given,
            "hub.challenge" => &mut challenge,
            _ => continue,
        };
        if place.replace(value).is_some() {
            return None;
        }
    }
    let known = token.is(&given?);
    let challenge = challenge?;
    // Meta sends a number; what a browser could read as a page is not sent back.
    let plain = (1..=256).contains(&challenge.len())
        && challenge
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    (known && mode.as_deref() == Some("subscribe") && plain).then(|| challenge.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"object":"whatsapp_business_account","entry":[]}"#;

    fn secret(text: &str) -> AppSecret {
        AppSecret::parse(text).expect("not empty")
    }

    fn signed(by: &AppSecret, body: &[u8]) -> String {
        format!(
            "sha256={}",
            HEXLOWER.encode(hmac::sign(&by.0, body).as_ref())
        )
    }

    #[test]
    fn the_signature_is_the_keyed_digest_that_others_compute_too() {
        // RFC 4231, test case 2.
        let header = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(
            verify(
                &[secret("Jefe")],
                Some(header),
                b"what do ya want for nothing?"
            ),
            Ok(())
        );
    }

    #[test]
    fn while_secrets_are_exchanged_both_are_accepted_and_no_other() {
        let (old, new, foreign) = (secret("old"), secret("new"), secret("foreign"));
        let secrets = [new.clone(), old.clone()];
        assert_eq!(verify(&secrets, Some(&signed(&old, BODY)), BODY), Ok(()));
        assert_eq!(verify(&secrets, Some(&signed(&new, BODY)), BODY), Ok(()));
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(
            verify(&secrets, Some(&signed(&foreign, BODY)), BODY),
            mismatch
        );
        assert_eq!(verify(&[], Some(&signed(&old, BODY)), BODY), mismatch);
    }

    #[test]
    fn one_changed_byte_is_noticed() {
        let secret = [secret("secret")];
        let header = signed(&secret[0], BODY);
        for place in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[place] ^= 1;
            assert_eq!(
                verify(&secret, Some(&header), &body),
                Err(SignatureError::Mismatch)
            );
        }
    }

    #[test]
    fn a_header_of_another_form_is_refused() {
        let secret = [secret("secret")];
        let header = signed(&secret[0], BODY);
        assert_eq!(verify(&secret, None, BODY), Err(SignatureError::Missing));
        let hex = header.trim_start_matches("sha256=");
        let wrong = [
            "",
            "sha256=",
            hex,
            &format!("sha1={hex}"),
            &format!("sha256={}", hex.to_uppercase()),
            &format!("sha256={}", &hex[..62]),
            &format!("sha256={hex}00"),
            &format!("sha256= {hex}"),
            &format!("sha256={}zz", &hex[..62]),
        ];
        for header in wrong {
            assert_eq!(
                verify(&secret, Some(header), BODY),
                Err(SignatureError::Malformed),
                "{header}"
            );
        }
    }

    #[test]
    fn the_webhook_is_registered_only_with_the_token() {
        let token = VerifyToken::parse("a word/ação").expect("not empty");
        let check = |query: &str, expected: Option<&str>| {
            assert_eq!(
                verify_challenge(query, &token).as_deref(),
                expected,
                "{query}"
            );
        };
        let right =
            "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a+word%2Fa%C3%A7%C3%A3o";
        check(right, Some("1158201444"));
        check(&format!("{right}&more=1"), Some("1158201444"));
        check(&right.replace("a+word", "a+Word"), None);
        check(&right.replace("subscribe", "unsubscribe"), None);
        check(&right.replace("1158201444", ""), None);
        check(&right.replace("1158201444", "%3Cscript%3E"), None);
        check(&format!("{right}&hub.challenge=2"), None);
        check(&format!("{right}&hub.verify_token=x"), None);
        check("hub.mode=subscribe&hub.challenge=1", None);
        check("", None);
    }

    #[test]
    fn an_empty_secret_is_none_and_no_secret_prints_itself() {
        assert!(AppSecret::parse(" \n").is_err());
        assert!(VerifyToken::parse("").is_err());
        let token = VerifyToken::parse("word").expect("not empty");
        assert_eq!(
            format!("{:?} {token:?}", secret("word")),
            "AppSecret(…) VerifyToken(…)"
        );
    }
}
