//! One parameter's value: parsed by its type, never printed.

use jiff::civil::{Date, Time};
use serde_json::{Map, Value, json};

use super::line;
use super::link;
use super::pix_key::PixKey;
use super::tax_number::{Cnpj, Cpf};
use crate::boleto::BoletoLine;
use crate::brcode::BrCode;
use crate::fault::Fault;
use crate::iban::Iban;
use crate::masking::{self, Forbidden};
use crate::message::{Media, PixKeyType};
use crate::money::{Currency, Money};
use crate::phone::E164;
use crate::template::{ParamSpec, ParamType};

/// A typed value. Holds the customer's data: no `Debug`.
#[derive(Clone, PartialEq)]
pub enum ParamValue {
    /// An amount.
    Money(Money),
    /// A day.
    Date(Date),
    /// A time of day, to the minute.
    Time(Time),
    /// A person's or a company's name.
    PersonName(String),
    /// A card's last four digits.
    CardLast4(String),
    /// An account number, with its check digit.
    Account(String),
    /// A telephone number.
    Phone(E164),
    /// A Pix key.
    PixKey(PixKey),
    /// A Pix code.
    PixCode(Box<BrCode>),
    /// A boleto's typeable line.
    BoletoLine(BoletoLine),
    /// An international account number.
    Iban(Iban),
    /// A natural person's tax number.
    Cpf(Cpf),
    /// A company's tax number.
    Cnpj(Cnpj),
    /// A one-time code.
    Code(String),
    /// An address.
    Url(String),
    /// What is appended to a button's address.
    UrlSuffix(String),
    /// One line of text.
    Text(String),
    /// A PDF.
    Document {
        /// Where it is.
        media: Media,
        /// The name shown to the customer.
        filename: String,
    },
    /// An image.
    Image(Media),
}

impl ParamValue {
    /// Reads a value by its type; every fault is reported under `field`.
    pub(super) fn parse(
        spec: &ParamSpec,
        field: &str,
        value: &Value,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        match spec.kind {
            ParamType::Money => money(field, value, faults).map(Self::Money),
            ParamType::Document => document(field, value, faults),
            ParamType::Image => {
                let object = object(
                    field,
                    value,
                    "must be an object with url or media_id",
                    faults,
                )?;
                link::media(field, object, &[], faults).map(Self::Image)
            }
            ParamType::PersonName | ParamType::Text => {
                let text = string(field, value, faults)?;
                let broken = line::rules_broken(text, spec.longest().unwrap_or(usize::MAX));
                if broken.is_empty() {
                    let text = text.to_owned();
                    return Some(if spec.kind == ParamType::Text {
                        Self::Text(text)
                    } else {
                        Self::PersonName(text)
                    });
                }
                faults.extend(broken.into_iter().map(|rule| Fault::new(field, rule)));
                None
            }
            ParamType::Date
            | ParamType::Time
            | ParamType::CardLast4
            | ParamType::Account
            | ParamType::Phone
            | ParamType::PixKey
            | ParamType::PixCode
            | ParamType::BoletoLine
            | ParamType::Iban
            | ParamType::Cpf
            | ParamType::Cnpj
            | ParamType::Code
            | ParamType::Url
            | ParamType::UrlSuffix => {
                let text = string(field, value, faults)?;
                match token(spec, text).map(|value| (value.forbidden(), value)) {
                    Ok((forbidden, value)) => {
                        faults.extend(
                            forbidden
                                .iter()
                                .map(|found| Fault::new(field, found.rule())),
                        );
                        forbidden.is_empty().then_some(value)
                    }
                    Err(rule) => {
                        faults.push(Fault::new(field, rule));
                        None
                    }
                }
            }
        }
    }

    /// What must not be sent with a value that has its type's form: the types with a free form may hold
    /// anything. Lines of text name it among their own rules.
    #[allow(
        clippy::disallowed_methods,
        reason = "what is a card's number is not sent as a telephone's"
    )]
    fn forbidden(&self) -> Vec<Forbidden> {
        match self {
            Self::Code(text) => masking::forbidden(text),
            Self::Url(text) | Self::UrlSuffix(text) => masking::forbidden_in_address(text),
            Self::Account(text) => only_cards(text),
            // Brazil's numbers begin like a Mastercard's; none in use has E.164's fifteen digits.
            Self::Phone(phone) if phone.expose().len() > 15 => only_cards(phone.expose()),
            Self::PixKey(key) if key.kind() == PixKeyType::Email => {
                masking::forbidden(key.as_str())
            }
            // The names in a code are shown beside it; the rest is its checksum's.
            Self::PixCode(code) => [&code.merchant_name, &code.merchant_city]
                .into_iter()
                .flat_map(|name| masking::forbidden(name))
                .collect(),
            Self::Money(_)
            | Self::Date(_)
            | Self::Time(_)
            | Self::PersonName(_)
            | Self::CardLast4(_)
            | Self::Phone(_)
            | Self::PixKey(_)
            | Self::BoletoLine(_)
            | Self::Iban(_)
            | Self::Cpf(_)
            | Self::Cnpj(_)
            | Self::Text(_)
            | Self::Document { .. }
            | Self::Image(_) => Vec::new(),
        }
    }

    /// An address that the customer's phone opens, with the field's part that holds it. What follows a
    /// button's own address stays on its host.
    pub(crate) fn address(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Url(url) => Some(("", url)),
            Self::Document { media, .. } | Self::Image(media) => match media {
                Media::Link(url) => Some((".url", url)),
                Media::Id(_) => None,
            },
            Self::Money(_)
            | Self::Date(_)
            | Self::Time(_)
            | Self::PersonName(_)
            | Self::CardLast4(_)
            | Self::Account(_)
            | Self::Phone(_)
            | Self::PixKey(_)
            | Self::PixCode(_)
            | Self::BoletoLine(_)
            | Self::Iban(_)
            | Self::Cpf(_)
            | Self::Cnpj(_)
            | Self::Code(_)
            | Self::UrlSuffix(_)
            | Self::Text(_) => None,
        }
    }

    /// The value as a request gives it.
    #[must_use]
    #[allow(
        clippy::disallowed_methods,
        reason = "what is sealed must be able to come back as it was"
    )]
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Money(money) => {
                json!({ "minor": money.minor, "currency": money.currency.code() })
            }
            Self::Date(date) => json!(date.strftime("%Y-%m-%d").to_string()),
            Self::Time(time) => json!(time.strftime("%H:%M").to_string()),
            Self::PersonName(text)
            | Self::CardLast4(text)
            | Self::Account(text)
            | Self::Code(text)
            | Self::Url(text)
            | Self::UrlSuffix(text)
            | Self::Text(text) => json!(text),
            Self::Phone(phone) => json!(phone.expose()),
            Self::PixKey(key) => json!(key.as_str()),
            Self::PixCode(code) => json!(code.as_str()),
            Self::BoletoLine(line) => json!(line.as_str()),
            Self::Iban(iban) => json!(iban.as_str()),
            Self::Cpf(cpf) => json!(cpf.as_str()),
            Self::Cnpj(cnpj) => json!(cnpj.as_str()),
            Self::Document { media, filename } => {
                let mut document = link::media_json(media);
                document["filename"] = json!(filename);
                document
            }
            Self::Image(media) => link::media_json(media),
        }
    }
}

/// A card's number where another number is expected.
fn only_cards(text: &str) -> Vec<Forbidden> {
    let mut found = masking::forbidden(text);
    found.retain(|found| *found == Forbidden::CardNumber);
    found
}

fn string<'a>(field: &str, value: &'a Value, faults: &mut Vec<Fault>) -> Option<&'a str> {
    let text = value.as_str();
    if text.is_none() {
        faults.push(Fault::new(field, "must be a string"));
    }
    text
}

fn object<'a>(
    field: &str,
    value: &'a Value,
    rule: &str,
    faults: &mut Vec<Fault>,
) -> Option<&'a Map<String, Value>> {
    let object = value.as_object();
    if object.is_none() {
        faults.push(Fault::new(field, rule));
    }
    object
}

/// The types whose text has one form.
fn token(spec: &ParamSpec, text: &str) -> Result<ParamValue, String> {
    let longest = spec.longest().unwrap_or(usize::MAX);
    let digits = |range: std::ops::RangeInclusive<usize>| {
        range.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    let owned = || text.to_owned();
    match spec.kind {
        ParamType::Date => date(text).map(ParamValue::Date).ok_or_else(|| "must be a date, as in 2026-11-21".into()),
        ParamType::Time => time(text).map(ParamValue::Time).ok_or_else(|| "must be a time of day, as in 14:05".into()),
        ParamType::CardLast4 if digits(4..=4) => Ok(ParamValue::CardLast4(owned())),
        ParamType::CardLast4 => Err("must be the card's last 4 digits".into()),
        ParamType::Account if is_account(text) => Ok(ParamValue::Account(owned())),
        ParamType::Account => Err("must be 5 to 20 digits, the last of which may stand behind a hyphen or be an X".into()),
        ParamType::Phone => E164::parse(text).map(ParamValue::Phone).map_err(|error| error.to_string()),
        ParamType::PixKey => PixKey::parse(text)
            .filter(|_| text.len() <= longest)
            .map(ParamValue::PixKey)
            .ok_or_else(|| "must be a Pix key: CPF, CNPJ, e-mail address, telephone number with + or random key".into()),
        ParamType::PixCode => {
            BrCode::parse(text).map(|code| ParamValue::PixCode(Box::new(code))).map_err(|error| error.to_string())
        }
        ParamType::BoletoLine => {
            BoletoLine::parse(text).map(ParamValue::BoletoLine).map_err(|error| error.to_string())
        }
        ParamType::Iban => Iban::parse(text).map(ParamValue::Iban).map_err(|error| error.to_string()),
        ParamType::Cpf => Cpf::parse(text).map(ParamValue::Cpf).ok_or_else(|| "must be a CPF".into()),
        ParamType::Cnpj => Cnpj::parse(text).map(ParamValue::Cnpj).ok_or_else(|| "must be a CNPJ".into()),
        ParamType::Code if (4..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Ok(ParamValue::Code(owned()))
        }
        ParamType::Code => Err(format!("must be 4 to {longest} letters and digits")),
        ParamType::Url if text.len() <= longest && link::is_https(text) => Ok(ParamValue::Url(owned())),
        ParamType::Url => Err(format!("must be an https address of at most {longest} characters")),
        ParamType::UrlSuffix if text.len() <= longest && link::is_suffix(text) => Ok(ParamValue::UrlSuffix(owned())),
        ParamType::UrlSuffix => {
            Err(format!("must be the rest of an address: at most {longest} characters, not starting with /, without .. and //"))
        }
        ParamType::Money | ParamType::PersonName | ParamType::Text | ParamType::Document | ParamType::Image => {
            Err("must be a string".into())
        }
    }
}

fn date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.is_char_boundary(4)
        && text.as_bytes()[4] == b'-'
        && text.as_bytes()[7] == b'-';
    shape.then(|| text.parse().ok())?
}

fn time(text: &str) -> Option<Time> {
    let shape = text.len() == 5
        && text.as_bytes()[2] == b':'
        && text.bytes().all(|b| b.is_ascii_digit() || b == b':');
    shape.then(|| text.parse().ok())?
}

fn is_account(text: &str) -> bool {
    let (body, check) = match text.split_once('-') {
        Some((body, check)) => (body, check),
        None => text.split_at(text.floor_char_boundary(text.len().saturating_sub(1))),
    };
    (4..=19).contains(&body.len())
        && body.bytes().all(|b| b.is_ascii_digit())
        && check.len() == 1
        && check
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b'X' || b == b'x')
}

fn money(field: &str, value: &Value, faults: &mut Vec<Fault>) -> Option<Money> {
    let object = object(
        field,
        value,
        "must be an object with minor and currency",
        faults,
    )?;
    let before = faults.len();
    for name in object
        .keys()
        .filter(|name| !matches!(name.as_str(), "minor" | "currency"))
    {
        faults.push(Fault::new(
            format!("{field}.{name}"),
            "is not a field of an amount",
        ));
    }
    let minor_field = format!("{field}.minor");
    let minor = match object.get("minor") {
        None => Err("is required"),
        Some(Value::Number(number)) if number.is_i64() || number.is_u64() => number
            .as_i64()
            .filter(|minor| (-Money::LIMIT..=Money::LIMIT).contains(minor))
            .ok_or("must have at most 12 digits"),
        Some(_) => Err("must be an integer in minor units"),
    };
    let currency_field = format!("{field}.currency");
    let currency = match object.get("currency") {
        None => Err("is required"),
        Some(value) => Currency::ALL
            .into_iter()
            .find(|currency| value.as_str() == Some(currency.code()))
            .ok_or("must be one of BRL, USD, EUR"),
    };
    match (minor, currency) {
        (Ok(minor), Ok(currency)) => (faults.len() == before).then_some(Money { minor, currency }),
        (minor, currency) => {
            faults.extend(minor.err().map(|rule| Fault::new(minor_field, rule)));
            faults.extend(currency.err().map(|rule| Fault::new(currency_field, rule)));
            None
        }
    }
}

fn document(field: &str, value: &Value, faults: &mut Vec<Fault>) -> Option<ParamValue> {
    let object = object(
        field,
        value,
        "must be an object with url or media_id, and filename",
        faults,
    )?;
    let before = faults.len();
    let media = link::media(field, object, &["filename"], faults);
    let name_field = format!("{field}.filename");
    let filename = match object.get("filename") {
        None => {
            faults.push(Fault::new(name_field, "is required"));
            None
        }
        Some(name) => string(&name_field, name, faults),
    };
    if let Some(filename) = filename {
        let broken = link::filename_rules_broken(filename);
        faults.extend(
            broken
                .into_iter()
                .map(|rule| Fault::new(format!("{field}.filename"), rule)),
        );
    }
    match (media, filename) {
        (Some(media), Some(filename)) if faults.len() == before => Some(ParamValue::Document {
            media,
            filename: filename.to_owned(),
        }),
        _ => None,
    }
}
