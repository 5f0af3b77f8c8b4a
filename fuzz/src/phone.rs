//! Telephone numbers: one person, one canonical form, never printed.

use recado_domain::ids::TenantId;
use recado_domain::phone::{E164, PhoneError};
use recado_domain::seal::Pepper;

use crate::quoting::quotes;

/// A number as a bank writes it, and the same without its plus as Meta does.
#[allow(
    clippy::disallowed_methods,
    reason = "the number is compared with what was given, and looked for where it must not stand"
)]
pub fn phone(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let parsed = E164::parse(text);
    match text.strip_prefix('+') {
        Some(digits) => assert_eq!(parsed, E164::from_wa_id(digits), "the plus decides more"),
        None => assert_eq!(parsed, Err(PhoneError::NoPlus)),
    }
    let phone = match parsed.or_else(|_| E164::from_wa_id(text)) {
        Ok(phone) => phone,
        Err(error) => {
            let said = error.to_string();
            assert!(!quotes(&said, text), "{said}");
            return;
        }
    };
    assert_eq!(
        phone.expose().trim_start_matches('+'),
        text.trim_start_matches('+')
    );
    assert_eq!(E164::parse(phone.expose()).as_ref(), Ok(&phone));
    one_canonical_form(&phone);
    prints_masked(&phone);
}

#[allow(
    clippy::disallowed_methods,
    reason = "spellings of the number are made of it"
)]
fn one_canonical_form(phone: &E164) {
    let canonical = phone.canonical();
    assert_eq!(
        canonical.canonical(),
        canonical,
        "canonical is not idempotent"
    );
    assert_eq!(
        E164::parse(canonical.expose()).as_ref(),
        Ok(&canonical),
        "a canonical form is a number"
    );
    let pepper = Pepper::new("1", &[7; 32]).expect("the pepper is long enough");
    let tenant = TenantId::parse("banco-aurora").expect("the name is plain");
    let token = pepper.recipient(&tenant, phone);
    for spelling in spellings(canonical.expose()) {
        let Ok(other) = E164::parse(&spelling) else {
            panic!("Meta's spelling of a number is none");
        };
        assert_eq!(other.canonical(), canonical, "two people of one");
        assert_eq!(pepper.recipient(&tenant, &other), token);
    }
}

/// How Meta may write a canonical number: a Brazilian mobile without its ninth digit, a Mexican one with
/// a 1.
fn spellings(canonical: &str) -> Vec<String> {
    let mut spellings = vec![canonical.to_owned()];
    if let Some(national) = canonical.strip_prefix("+55")
        && national.len() == 11
        && matches!(national.as_bytes()[3], b'6'..=b'9')
    {
        spellings.push(format!("+55{}{}", &national[..2], &national[3..]));
    }
    if let Some(national) = canonical
        .strip_prefix("+52")
        .filter(|rest| rest.len() == 10)
    {
        spellings.push(format!("+521{national}"));
    }
    spellings
}

/// Country, area and the last four: nothing that a number could be put together from.
#[allow(
    clippy::disallowed_methods,
    reason = "the number is looked for where it must not stand"
)]
fn prints_masked(phone: &E164) {
    let digits = &phone.expose()[1..];
    let masked = phone.masked();
    assert_eq!(phone.to_string(), masked);
    for printed in [
        masked.clone(),
        format!("{phone:?}"),
        format!("{:?}", Some(phone)),
    ] {
        assert!(printed.contains(&masked));
        assert!(!printed.contains(digits), "{printed}");
        let shown: String = printed
            .trim_start_matches("Some(")
            .trim_start_matches("E164(")
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        assert!(
            shown.len() < digits.len(),
            "every digit of {printed} is shown"
        );
        assert!(shown.ends_with(&digits[digits.len() - 4..]));
        assert!(
            shown.len() <= 8,
            "{printed} shows more than country, area and four"
        );
    }
    let hidden = masked.chars().filter(|c| *c == '*').count();
    let shown = masked.chars().filter(char::is_ascii_digit).count();
    assert_eq!(hidden + shown, digits.len(), "{masked} has another length");
}
