//! Phone numbers, WhatsApp ids and business-scoped user ids of simulated customers.

use ring::digest;

/// Reads a number as Meta does: `+` in front, and `-`, `(`, `)` and spaces ignored.
///
/// A Brazilian mobile written without its ninth digit is the same phone as with it.
pub fn parse_e164(input: &str) -> Option<String> {
    let rest = input.trim().strip_prefix('+')?;
    let mut digits = String::with_capacity(rest.len());
    for character in rest.chars() {
        match character {
            '0'..='9' => digits.push(character),
            '-' | '(' | ')' | ' ' => {}
            _ => return None,
        }
    }
    if !(8..=15).contains(&digits.len()) || digits.starts_with('0') {
        return None;
    }
    if let Some(national) = digits.strip_prefix("55")
        && national.len() == 10
        && national.as_bytes()[2] >= b'6'
    {
        digits.insert(4, '9');
    }
    Some(format!("+{digits}"))
}

/// `wa_id` of a number: its digits, in Brazil without the ninth one when `drop` says so.
pub(crate) fn wa_id(e164: &str, ninth: NinthDigit) -> String {
    let digits = e164.trim_start_matches('+');
    match (ninth, brazilian_mobile(digits)) {
        (NinthDigit::Dropped, true) => format!("{}{}", &digits[..4], &digits[5..]),
        (NinthDigit::Dropped | NinthDigit::Kept, _) => digits.to_owned(),
    }
}

/// Whether Meta knows a Brazilian number by its old form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NinthDigit {
    Kept,
    Dropped,
}

/// Accounts opened before the ninth digit came keep the old `wa_id`: here about half of the
/// Brazilian mobiles outside area codes 11 to 28, always the same ones.
pub(crate) fn usually_drops_ninth(e164: &str) -> bool {
    let digits = e164.trim_start_matches('+');
    brazilian_mobile(digits)
        && digits
            .get(2..4)
            .and_then(|area| area.parse::<u8>().ok())
            .is_some_and(|area| area >= 31)
        && digest_of(&["ninth digit", e164])[0] & 1 == 0
}

fn brazilian_mobile(digits: &str) -> bool {
    digits.len() == 13 && digits.starts_with("55") && digits.as_bytes()[4] == b'9'
}

/// Business-scoped user id of a phone: stable, and another one for every business portfolio.
pub(crate) fn bsuid(portfolio: &str, e164: &str) -> String {
    let hash = digest_of(&["bsuid", portfolio, e164]);
    let number = hash[..8]
        .iter()
        .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    format!("{}.{number:020}", country(e164))
}

/// The form of a BSUID: `CC.` and 1 to 128 letters or digits; a parent's has `ENT.` between.
pub(crate) fn is_bsuid(text: &str) -> bool {
    let Some((country, id)) = text.split_once('.') else {
        return false;
    };
    let id = id.strip_prefix("ENT.").unwrap_or(id);
    country.len() == 2
        && country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=128).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn country(e164: &str) -> &'static str {
    const BY_CODE: [(&str, &str); 10] = [
        ("+55", "BR"),
        ("+351", "PT"),
        ("+34", "ES"),
        ("+44", "GB"),
        ("+52", "MX"),
        ("+54", "AR"),
        ("+57", "CO"),
        ("+56", "CL"),
        ("+91", "IN"),
        ("+1", "US"),
    ];
    BY_CODE
        .iter()
        .find(|(code, _)| e164.starts_with(code))
        .map_or("ZZ", |(_, country)| country)
}

/// A given name for the profile; always the same one for a number.
pub(crate) fn profile_name(e164: &str) -> &'static str {
    const NAMES: [&str; 8] = [
        "Ana",
        "João",
        "Maria",
        "Lúcia",
        "Pedro",
        "Inês",
        "Rafael",
        "Conceição",
    ];
    NAMES[usize::from(digest_of(&["name", e164])[0]) % NAMES.len()]
}

fn digest_of(parts: &[&str]) -> Vec<u8> {
    digest::digest(&digest::SHA256, parts.join("\n").as_bytes())
        .as_ref()
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_meta_reads_them() {
        let cases = [
            ("+55 (11) 98765-4321", Some("+5511987654321")),
            ("+551187654321", Some("+5511987654321")),
            ("+551133334444", Some("+551133334444")),
            ("5511987654321", None),
            ("+55119876x4321", None),
            ("+123", None),
        ];
        for (input, expected) in cases {
            assert_eq!(parse_e164(input).as_deref(), expected, "{input}");
        }
    }

    #[test]
    fn a_wa_id_may_lack_the_ninth_digit_of_a_brazilian_mobile_only() {
        assert_eq!(wa_id("+5585987654321", NinthDigit::Dropped), "558587654321");
        assert_eq!(wa_id("+5585987654321", NinthDigit::Kept), "5585987654321");
        assert_eq!(wa_id("+551133334444", NinthDigit::Dropped), "551133334444");
        assert!(!usually_drops_ninth("+5511987654321"));
        let dropped = (0..100)
            .filter(|n| usually_drops_ninth(&format!("+55859876543{n:02}")))
            .count();
        assert!((20..=80).contains(&dropped), "{dropped} of 100");
    }

    #[test]
    fn a_bsuid_is_stable_and_belongs_to_one_portfolio() {
        let id = bsuid("1", "+5511987654321");
        assert!(is_bsuid(&id) && id.starts_with("BR."));
        assert_eq!(id, bsuid("1", "+5511987654321"));
        assert_ne!(id, bsuid("2", "+5511987654321"));
        for wrong in ["BR.", "br.12", "BR12", "BR.a-b"] {
            assert!(!is_bsuid(wrong), "{wrong}");
        }
    }
}
