//! Pix keys: five kinds, told apart by their shape.

use super::tax_number::{Cnpj, Cpf};
use crate::message::PixKeyType;
use crate::phone::E164;

/// A Pix key of a known kind. Holds personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PixKey {
    text: String,
    kind: PixKeyType,
}

impl PixKey {
    /// Reads a key as the DICT stores it. A bare 11-digit key is a CPF: telephone numbers carry a `+`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let kind = if text.starts_with('+') {
            E164::parse(text).ok().map(|_| PixKeyType::Phone)
        } else if text.contains('@') {
            is_email(text).then_some(PixKeyType::Email)
        } else if text.contains('-') {
            is_uuid(text).then_some(PixKeyType::Evp)
        } else if text.len() == 11 {
            Cpf::parse(text).map(|_| PixKeyType::Cpf)
        } else {
            Cnpj::parse(text)
                .filter(|cnpj| cnpj.as_str() == text)
                .map(|_| PixKeyType::Cnpj)
        }?;
        Some(Self {
            text: text.to_owned(),
            kind,
        })
    }

    /// The key as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> PixKeyType {
        self.kind
    }

    /// What may be shown of it.
    #[must_use]
    pub fn masked(&self) -> String {
        let hidden = || "***".to_owned();
        match self.kind {
            PixKeyType::Cpf => Cpf::parse(&self.text).map_or_else(hidden, |cpf| cpf.masked()),
            PixKeyType::Cnpj => Cnpj::parse(&self.text).map_or_else(hidden, |cnpj| cnpj.masked()),
            PixKeyType::Phone => {
                E164::parse(&self.text).map_or_else(|_| hidden(), |phone| phone.masked())
            }
            PixKeyType::Email => masked_email(&self.text),
            PixKeyType::Evp => masked_uuid(&self.text),
        }
    }
}

/// `m***@b***.com.br`: the first letters and what follows the domain's first point.
pub(crate) fn masked_email(email: &str) -> String {
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    let (host, rest) = domain.split_once('.').unwrap_or((domain, ""));
    format!("{}***@{}***.{rest}", first(local), first(host))
}

/// `123e****-****-0000`: four and four.
pub(crate) fn masked_uuid(uuid: &str) -> String {
    let first: String = uuid.chars().take(4).collect();
    let last: String = uuid.chars().skip(32).collect();
    format!("{first}****-****-{last}")
}

/// The DICT's addresses: lower case, ≤ 77 characters, a name, an `@` and a domain with a point.
fn is_email(text: &str) -> bool {
    let allowed =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".!#$&'*+/=?^_`{|}~-".contains(&b);
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.len() <= 77
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.bytes().all(allowed)
                && domain.contains('.')
                && domain.split('.').all(label)
        })
}

/// Whether the text is a UUID in lower case.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_shape_and_shown_masked() {
        let check = |text: &str, expected: Option<(PixKeyType, &str)>| {
            let key = PixKey::parse(text).map(|key| (key.kind(), key.masked()));
            assert_eq!(
                key,
                expected.map(|(kind, masked)| (kind, masked.to_owned())),
                "{text}"
            );
        };
        check("52998224725", Some((PixKeyType::Cpf, "***.982.247-**")));
        check(
            "11222333000181",
            Some((PixKeyType::Cnpj, "11.***.***/0001-**")),
        );
        check(
            "12ABC34501DE35",
            Some((PixKeyType::Cnpj, "12.***.***/01DE-**")),
        );
        check(
            "+5511987654321",
            Some((PixKeyType::Phone, "+55 (11) *****-4321")),
        );
        check(
            "maria@banco.com.br",
            Some((PixKeyType::Email, "m***@b***.com.br")),
        );
        check(
            "123e4567-e12b-12d1-a456-426655440000",
            Some((PixKeyType::Evp, "123e****-****-0000")),
        );
        for wrong in [
            "",
            "52998224726",
            "529.982.247-25",
            "12abc34501de35",
            "11987654321",
            "+551198765",
            "maria@banco",
            "Maria@banco.com.br",
            "a%b@banco.com.br",
            "maria@-banco.com",
            "123E4567-e12b-12d1-a456-426655440000",
            "123e4567e12b12d1a456426655440000",
        ] {
            check(wrong, None);
        }
        check(&format!("{}@b.com", "a".repeat(72)), None);
    }
}
