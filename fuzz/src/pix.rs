//! Pix copy-and-paste codes: unchanged or refused.

use recado_domain::brcode::{BrCode, BrCodeError};
use recado_domain::masking;

use crate::quoting::quotes;

/// A code, or the first part of one, which gets its right checksum so that what follows it is tried too.
pub fn pix_code(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    code(text);
    code(&sealed(text));
    let body = text.split("6304").next().unwrap_or_default();
    code(&sealed(body));
}

/// The text with the checksum field that belongs behind it.
fn sealed(body: &str) -> String {
    let open = format!("{body}6304");
    format!("{open}{:04X}", checksum(open.as_bytes()))
}

/// CRC-16/IBM-3740 once more, bit by bit, so that a fault of the parser's own is seen.
fn checksum(bytes: &[u8]) -> u16 {
    let bits = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1 == 1));
    bits.fold(0xffff, |register: u16, bit| {
        let shifted = register << 1;
        if (register >> 15 == 1) == bit {
            shifted
        } else {
            shifted ^ 0x1021
        }
    })
}

fn code(text: &str) {
    let code = match BrCode::parse(text) {
        Ok(code) => code,
        Err(error) => {
            let said = error.to_string();
            assert!(!quotes(&said, text), "{said}");
            return;
        }
    };
    assert_eq!(code.as_str(), text, "a code is rewritten");
    let again = BrCode::parse(code.as_str()).ok();
    assert!(
        again.as_ref() == Some(&code),
        "what is read once is read twice"
    );
    assert!(
        text.is_ascii() && text.len() <= 100 * 103,
        "{} bytes",
        text.len()
    );
    well_formed(&code);
    changed_is_refused(text);
    // Whoever pastes it into a chat shows nothing of it.
    assert_eq!(masking::for_transcript(text), masking::HIDDEN);
    assert_eq!(masking::for_log(text), masking::HIDDEN);
}

fn well_formed(code: &BrCode) {
    let text = code.as_str();
    let parts = [&code.key, &code.url, &code.recurrence_url, &code.txid];
    for part in parts.into_iter().flatten() {
        assert!(!part.is_empty() && part.len() <= 77 && text.contains(part.as_str()));
    }
    assert!(
        code.key.is_some() || code.url.is_some() || code.recurrence_url.is_some(),
        "a code without an end"
    );
    assert!(code.key.is_none() || code.url.is_none(), "two receivers");
    for (name, most) in [(&code.merchant_name, 25), (&code.merchant_city, 15)] {
        assert!((1..=most).contains(&name.len()) && text.contains(name.as_str()));
    }
    if let Some(cents) = code.amount {
        assert!((0..=999_999_999_999).contains(&cents), "{cents}");
        assert!(text.contains(&(cents / 100).to_string()), "{cents}");
    }
    for url in code.url.iter().chain(&code.recurrence_url) {
        assert!(!url.contains("://") && !url.contains(' '));
    }
}

/// One changed, missing or added character: never another code. The place is taken from the checksum.
fn changed_is_refused(text: &str) {
    let right = checksum(&text.as_bytes()[..text.len() - 4]);
    let place = usize::from(right) % text.len();
    let mut bytes = text.as_bytes().to_vec();
    bytes[place] = if bytes[place] == b'7' { b'8' } else { b'7' };
    let changed = String::from_utf8(bytes).expect("ASCII stays ASCII");
    let cut = &text[..text.len() - 1];
    for other in [
        changed.as_str(),
        cut,
        &text[1..],
        &format!("{text} "),
        &format!("{text}0"),
    ] {
        assert!(BrCode::parse(other).is_err(), "a changed code is taken");
    }
    let wrong = format!("{}{:04X}", &text[..text.len() - 4], right ^ 1);
    assert_eq!(BrCode::parse(&wrong).err(), Some(BrCodeError::Checksum));
    let spelt = format!("{}{right:04x}", &text[..text.len() - 4]);
    assert!(BrCode::parse(&spelt).is_ok(), "a checksum's case decides");
}
