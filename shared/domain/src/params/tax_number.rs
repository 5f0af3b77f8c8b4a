//! CPF and CNPJ: Brazil's tax numbers with their check digits.

/// A natural person's tax number, as its 11 digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Cpf(String);

impl Cpf {
    /// Reads `52998224725` or `529.982.247-25`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = unpunctuated(text, "NNN.NNN.NNN-NN")?;
        is_cpf(plain.as_bytes()).then_some(Self(plain))
    }

    /// The 11 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `***.982.247-**`: what the government's own publications leave visible.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("***.{}.{}-**", &self.0[3..6], &self.0[6..9])
    }
}

/// A company's tax number, as its 14 characters: letters are allowed from July 2026
/// (IN RFB 2.229/2024), the check digits stay digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Cnpj(String);

impl Cnpj {
    /// Reads `11222333000181`, `11.222.333/0001-81` or `12ABC34501DE35`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = unpunctuated(&text.to_ascii_uppercase(), "NN.NNN.NNN/NNNN-NN")?;
        is_cnpj(plain.as_bytes()).then_some(Self(plain))
    }

    /// The 14 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `11.***.***/0001-**`: a sole trader's number is a person's.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{}.***.***/{}-**", &self.0[..2], &self.0[8..12])
    }
}

/// The number without its punctuation, which must stand in the right places or nowhere.
fn unpunctuated(text: &str, pattern: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '.' | '-' | '/'))
        .collect();
    if !plain.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let mut characters = plain.chars();
    let formatted: String = pattern
        .chars()
        .map(|place| {
            if place == 'N' {
                characters.next().unwrap_or('?')
            } else {
                place
            }
        })
        .collect();
    (text == plain || text == formatted).then_some(plain)
}

/// Whether these are a CPF's 11 digits: modulo 11 twice, and not all the same.
pub(crate) fn is_cpf(digits: &[u8]) -> bool {
    digits.len() == 11
        && digits.iter().all(u8::is_ascii_digit)
        && digits.iter().any(|digit| *digit != digits[0])
        && digits[9] == check_digit(&digits[..9], 11)
        && digits[10] == check_digit(&digits[..10], 11)
}

/// Whether these are a CNPJ's 14 characters, in upper case.
pub(crate) fn is_cnpj(characters: &[u8]) -> bool {
    characters.len() == 14
        && characters[..12]
            .iter()
            .all(|c| c.is_ascii_digit() || c.is_ascii_uppercase())
        && characters.iter().any(|c| *c != characters[0])
        && characters[12] == check_digit(&characters[..12], 9)
        && characters[13] == check_digit(&characters[..13], 9)
}

/// Modulo 11 with weights 2, 3, … from the right, starting again after `heaviest`; a character weighs its
/// ASCII code less 48 (`A` = 17).
fn check_digit(characters: &[u8], heaviest: u32) -> u8 {
    let weights = (2..=heaviest).cycle();
    let sum: u32 = characters
        .iter()
        .rev()
        .zip(weights)
        .map(|(c, weight)| (u32::from(*c) - 48) * weight)
        .sum();
    match sum % 11 {
        0 | 1 => b'0',
        rest => u8::try_from(59 - rest).unwrap_or(b'0'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpf_needs_its_check_digits() {
        let check = |text: &str, masked: Option<&str>| {
            assert_eq!(
                Cpf::parse(text).map(|cpf| cpf.masked()).as_deref(),
                masked,
                "{text}"
            );
        };
        check("52998224725", Some("***.982.247-**"));
        check("529.982.247-25", Some("***.982.247-**"));
        check("12345678909", Some("***.456.789-**"));
        check("11144477735", Some("***.444.777-**"));
        check("52998224726", None);
        check("52998224735", None);
        check("00000000000", None);
        check("99999999999", None);
        check("529982.24725", None);
        check("5299822472", None);
        check(" 52998224725", None);
        check("", None);
    }

    #[test]
    fn a_cnpj_needs_its_check_digits_and_may_have_letters() {
        let check = |text: &str, masked: Option<&str>| {
            assert_eq!(
                Cnpj::parse(text).map(|cnpj| cnpj.masked()).as_deref(),
                masked,
                "{text}"
            );
        };
        check("11222333000181", Some("11.***.***/0001-**"));
        check("11.222.333/0001-81", Some("11.***.***/0001-**"));
        check("12ABC34501DE35", Some("12.***.***/01DE-**"));
        check("12abc34501de35", Some("12.***.***/01DE-**"));
        check("12.ABC.345/01DE-35", Some("12.***.***/01DE-**"));
        check("12ABC34501DE36", None);
        check("11222333000182", None);
        check("00000000000000", None);
        check("12ABC34501DEA5", None);
        check("1122233300018", None);
    }
}
