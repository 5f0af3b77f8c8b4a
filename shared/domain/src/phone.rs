//! Telephone numbers: parsed strictly, masked whenever printed.

use std::fmt;

use thiserror::Error;

/// Area codes (DDD) in use in Brazil (ANATEL numbering plan).
const BRAZIL_AREA_CODES: &[u8] = &[
    11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 24, 27, 28, 31, 32, 33, 34, 35, 37, 38, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 51, 53, 54, 55, 61, 62, 63, 64, 65, 66, 67, 68, 69, 71, 73, 74, 75, 77,
    79, 81, 82, 83, 84, 85, 86, 87, 88, 89, 91, 92, 93, 94, 95, 96, 97, 98, 99,
];

/// Country codes of two digits that Recado's masks know; the rest of the world has one (1, 7) or three.
const TWO_DIGIT_COUNTRY_CODES: &[&str] = &[
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47",
    "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65",
    "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

/// A number in E.164: `+`, then 8 to 15 digits. Prints masked; [`E164::expose`] is the only way out.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct E164(String);

/// Why a text is not a telephone number we can write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PhoneError {
    /// The leading `+` is what tells the country: without it Meta misroutes.
    #[error("must start with + and the country code (E.164)")]
    NoPlus,
    /// Something other than digits follows the `+`.
    #[error("must hold only digits after the +")]
    NotDigits,
    /// E.164 has at most 15 digits; fewer than 8 reach nobody.
    #[error("must have 8 to 15 digits after the +")]
    Length,
    /// No country code starts with 0.
    #[error("must not start with 0 after the +")]
    LeadingZero,
    /// `+55` with an area code that does not exist or the wrong number of digits.
    #[error("must be a Brazilian number: area code and 8 digits, or 9 digits starting with 9")]
    Brazil,
}

impl E164 {
    /// Parses `+5511987654321`. No spaces, brackets or hyphens: what the bank sends is what is dialled.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let digits = text.strip_prefix('+').ok_or(PhoneError::NoPlus)?;
        Self::from_digits(digits)
    }

    /// Parses what Meta calls a `wa_id`: the same digits without the `+`.
    pub fn from_wa_id(digits: &str) -> Result<Self, PhoneError> {
        Self::from_digits(digits)
    }

    fn from_digits(digits: &str) -> Result<Self, PhoneError> {
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneError::NotDigits);
        }
        if !(8..=15).contains(&digits.len()) {
            return Err(PhoneError::Length);
        }
        if digits.starts_with('0') {
            return Err(PhoneError::LeadingZero);
        }
        if let Some(national) = digits.strip_prefix("55") {
            let area: u8 = national[..2].parse().unwrap_or(0);
            let local = &national[2..];
            let fits = local.len() == 8 || (local.len() == 9 && local.starts_with('9'));
            if !BRAZIL_AREA_CODES.contains(&area) || !fits || local.starts_with('0') {
                return Err(PhoneError::Brazil);
            }
        }
        Ok(Self(["+", digits].concat()))
    }

    /// The number as it is dialled. Only adapters whose wire needs it may call this.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The form under which a person is recognised: a Brazilian mobile always with its ninth digit, a
    /// Mexican one never with the 1 after its country code, because Meta may leave out the one and put
    /// in the other in a `wa_id`. Never what is sent to.
    #[must_use]
    pub fn canonical(&self) -> Self {
        if let Some(national) = self.0.strip_prefix("+521")
            && national.len() == 10
        {
            return Self(format!("+52{national}"));
        }
        match self.0.strip_prefix("+55") {
            Some(national)
                if national.len() == 10 && matches!(national.as_bytes()[2], b'6'..=b'9') =>
            {
                Self(format!("+55{}9{}", &national[..2], &national[2..]))
            }
            _ => self.clone(),
        }
    }

    /// Whether it is one of the recipients that need no phone, `+55 11 90000-0000` to `-0999`: in a
    /// stage with the sandbox nothing sent to them leaves, and `-0001` to `-0012` have an outcome of
    /// their own (`docs/openapi.yaml`). Elsewhere they are numbers like any other.
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        let last = self.0.strip_prefix("+5511900000");
        last.is_some_and(|last| last.len() == 3)
    }

    /// What may be shown: country, Brazilian area code, last four digits.
    #[must_use]
    pub fn masked(&self) -> String {
        let digits = &self.0[1..];
        let last = &digits[digits.len() - 4..];
        if let Some(national) = digits.strip_prefix("55") {
            let hidden = "*".repeat(national.len() - 6);
            return format!("+55 ({}) {hidden}-{last}", &national[..2]);
        }
        let country = match digits.as_bytes()[0] {
            b'1' | b'7' => 1,
            _ if TWO_DIGIT_COUNTRY_CODES.contains(&&digits[..2]) => 2,
            _ => 3,
        };
        let hidden = digits.len() - country - 4;
        format!("+{} {}{last}", &digits[..country], "*".repeat(hidden))
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E164({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plus_and_plausible_digits_are_a_number() {
        let check = |text: &str, expected: Result<(), PhoneError>| {
            assert_eq!(E164::parse(text).map(|_| ()), expected, "{text}");
        };
        check("+5511987654321", Ok(()));
        check("+551132654321", Ok(()));
        check("+33612345678", Ok(()));
        check("+12025550123", Ok(()));
        check("5511987654321", Err(PhoneError::NoPlus));
        check("", Err(PhoneError::NoPlus));
        check("+", Err(PhoneError::Length));
        check("+1234567", Err(PhoneError::Length));
        check("+1234567890123456", Err(PhoneError::Length));
        check("+55 11 98765-4321", Err(PhoneError::NotDigits));
        check("+55119876543ab", Err(PhoneError::NotDigits));
        check("+٥٥١١٩٨٧٦٥٤٣٢١", Err(PhoneError::NotDigits));
        check("+0511987654321", Err(PhoneError::LeadingZero));
        check("+5510987654321", Err(PhoneError::Brazil));
        check("+5511887654321", Err(PhoneError::Brazil));
        check("+551198765432", Ok(()));
        check("+55119876543", Err(PhoneError::Brazil));
    }

    #[test]
    fn a_number_never_prints_itself() {
        let check = |text: &str, masked: &str| {
            let phone = E164::parse(text).expect("valid");
            assert_eq!(phone.to_string(), masked);
            assert_eq!(format!("{phone:?}"), format!("E164({masked})"));
        };
        check("+5511987654321", "+55 (11) *****-4321");
        check("+551132654321", "+55 (11) ****-4321");
        check("+12025550123", "+1 ******0123");
        check("+33612345678", "+33 *****5678");
        check("+351912345678", "+351 *****5678");
    }

    #[test]
    fn a_thousand_numbers_of_sao_paulo_are_reserved() {
        let check = |text: &str, expected: bool| {
            let phone = E164::parse(text).expect("valid");
            assert_eq!(phone.is_reserved(), expected, "{text}");
        };
        check("+5511900000000", true);
        check("+5511900000001", true);
        check("+551190000012", false);
        check("+5511900000012", true);
        check("+5511900000999", true);
        check("+5511900001000", false);
        check("+5521900000001", false);
        check("+5511987654321", false);
        check("+351911900000", false);
    }

    #[test]
    fn a_brazilian_mobile_is_the_same_person_with_and_without_its_ninth_digit() {
        let check = |text: &str, canonical: &str| {
            let parse = |text| E164::parse(text).expect("valid");
            assert_eq!(parse(text).canonical(), parse(canonical), "{text}");
        };
        check("+551187654321", "+5511987654321");
        check("+5511987654321", "+5511987654321");
        check("+551132654321", "+551132654321");
        check("+12025550123", "+12025550123");
        check("+5215512345678", "+525512345678");
        check("+525512345678", "+525512345678");
        assert_eq!(
            E164::from_wa_id("551187654321").expect("valid").canonical(),
            E164::parse("+5511987654321").expect("valid")
        );
    }
}
