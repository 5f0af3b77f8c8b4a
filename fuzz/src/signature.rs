//! Who may post to the webhook: nobody without the secret, whatever the header looks like.

use data_encoding::HEXLOWER;
use recado_whatsapp::webhook::{AppSecret, SignatureError, VerifyToken, verify, verify_challenge};
use ring::hmac;

const SECRETS: [&str; 2] = ["the app's new secret", "the app's old secret"];

/// A secret that is not the app's.
const FOREIGN: &str = "somebody else's secret";

/// The header's value up to the first line feed, the body behind it; the header's value is also tried
/// as the query with which a webhook is registered.
pub fn webhook_signature(data: &[u8]) {
    let mut parts = data.splitn(2, |b| *b == b'\n');
    let header = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let body = parts.next().unwrap_or_default();
    let secrets = SECRETS.map(secret);
    let right = SECRETS.map(|text| signed(text, body));

    assert_eq!(verify(&secrets, None, body), Err(SignatureError::Missing));
    let expected = if right.iter().any(|right| *right == header) {
        Ok(())
    } else if is_well_formed(&header) {
        Err(SignatureError::Mismatch)
    } else {
        Err(SignatureError::Malformed)
    };
    assert_eq!(verify(&secrets, Some(&header), body), expected);
    assert!(
        verify(&[], Some(&header), body).is_err(),
        "without a secret nobody is Meta"
    );

    for right in &right {
        assert_eq!(verify(&secrets, Some(right), body), Ok(()));
        altered(&secrets, right, &header, body);
    }
    assert_eq!(
        verify(&secrets, Some(&signed(FOREIGN, body)), body),
        Err(SignatureError::Mismatch)
    );
    registration(&header);
}

fn secret(text: &str) -> AppSecret {
    AppSecret::parse(text).expect("the text is not empty")
}

fn signed(text: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes());
    format!(
        "sha256={}",
        HEXLOWER.encode(hmac::sign(&key, body).as_ref())
    )
}

fn is_well_formed(header: &str) -> bool {
    header.strip_prefix("sha256=").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// A right signature with something else around or inside it is wrong, and so is another body.
fn altered(secrets: &[AppSecret], right: &str, other: &str, body: &[u8]) {
    let hex = right.trim_start_matches("sha256=");
    let mut wrong = vec![
        hex.to_owned(),
        right.to_uppercase(),
        format!("{right},{right}"),
        right[..right.len() - 1].to_owned(),
    ];
    if !other.is_empty() {
        wrong.extend([format!("{other}{right}"), format!("{right}{other}")]);
    }
    // Which digit is changed, and into what, is taken from the data.
    let seed = other.bytes().chain(body.iter().copied());
    let place = seed.fold(7_usize, |sum, b| {
        sum.wrapping_mul(31).wrapping_add(b.into())
    });
    let digit = 7 + place % 64;
    let changed = if right.as_bytes()[digit] == b'0' {
        "1"
    } else {
        "0"
    };
    wrong.push(format!(
        "{}{changed}{}",
        &right[..digit],
        &right[digit + 1..]
    ));
    for header in wrong {
        assert!(verify(secrets, Some(&header), body).is_err(), "{header}");
    }
    let mut changed = body.to_vec();
    match changed.len() {
        0 => changed.push(0),
        length => changed[place % length] ^= 1 << (place % 8),
    }
    assert_eq!(
        verify(secrets, Some(right), &changed),
        Err(SignatureError::Mismatch)
    );
}

/// A query opens for one token at most, and what is answered is what no browser reads as a page.
fn registration(query: &str) {
    let tokens = ["our-word", "another-word"].map(|word| {
        verify_challenge(
            query,
            &VerifyToken::parse(word).expect("the word is not empty"),
        )
    });
    assert!(
        tokens.iter().flatten().count() <= 1,
        "one query opens for two tokens"
    );
    for challenge in tokens.iter().flatten() {
        assert!((1..=256).contains(&challenge.len()));
        assert!(
            challenge
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')),
            "{challenge}"
        );
    }
}
