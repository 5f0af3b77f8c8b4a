//! Attributes of items: written by small functions, read by one reader that names what is missing
//! and never a value.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use recado_domain::seal::Sealed;
use recado_ports::StoreError;

/// An item, or a part of one.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The attribute with the item's version.
pub(crate) const VERSION: &str = "v";
/// The only version so far.
pub(crate) const CURRENT: i64 = 1;
/// The attribute after whose moment (seconds since 1970) the service deletes the item.
pub(crate) const TTL: &str = "ttl";

pub(crate) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn number(number: impl Into<i64>) -> AttributeValue {
    AttributeValue::N(number.into().to_string())
}

/// A time, in milliseconds since 1970.
pub(crate) fn millis(at: Timestamp) -> AttributeValue {
    number(at.as_millisecond())
}

/// Sealed content: one attribute, so that it is there or not there as a whole.
pub(crate) fn sealed(sealed: &Sealed) -> AttributeValue {
    AttributeValue::M(HashMap::from([
        ("k".to_owned(), text(&sealed.key)),
        (
            "b".to_owned(),
            AttributeValue::B(Blob::new(sealed.bytes.clone())),
        ),
    ]))
}

/// Reads a list by comma.
pub(crate) fn listed<T, L: FromIterator<T>>(
    text: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Option<L> {
    text.split(',')
        .filter(|part| !part.is_empty())
        .map(read)
        .collect()
}

/// Adds an attribute where there is something to add.
pub(crate) fn put(item: &mut Item, name: &str, value: Option<AttributeValue>) {
    if let Some(value) = value {
        item.insert(name.to_owned(), value);
    }
}

/// Reads an item. Errors name the kind of item and the attribute.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    item: &'a Item,
    kind: &'static str,
}

impl<'a> Reader<'a> {
    /// Takes an item of the current version; another one is not read.
    pub(crate) fn new(kind: &'static str, item: &'a Item) -> Result<Self, StoreError> {
        let reader = Self { item, kind };
        match reader.optional_number(VERSION)? {
            Some(CURRENT) => Ok(reader),
            Some(other) => Err(StoreError::Unreadable(format!("{kind} of version {other}"))),
            None => Err(StoreError::Unreadable(format!("{kind} without a version"))),
        }
    }

    pub(crate) fn unreadable(&self, name: &str) -> StoreError {
        StoreError::Unreadable(format!(
            "{} with attribute {name} missing or of another form",
            self.kind
        ))
    }

    /// Every attribute.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'a String, &'a AttributeValue)> {
        self.item.iter()
    }

    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, StoreError> {
        let Some(value) = self.item.get(name) else {
            return Ok(None);
        };
        value
            .as_s()
            .map(|text| Some(text.as_str()))
            .map_err(|_| self.unreadable(name))
    }

    pub(crate) fn text(&self, name: &str) -> Result<&'a str, StoreError> {
        self.optional_text(name)?
            .ok_or_else(|| self.unreadable(name))
    }

    /// A text that a type of the domain reads.
    pub(crate) fn parsed<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(self.text(name)?).ok_or_else(|| self.unreadable(name))
    }

    /// The same, where the attribute may be missing.
    pub(crate) fn optional_parsed<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let Some(text) = self.optional_text(name)? else {
            return Ok(None);
        };
        parse(text).map(Some).ok_or_else(|| self.unreadable(name))
    }

    pub(crate) fn optional_number(&self, name: &str) -> Result<Option<i64>, StoreError> {
        let Some(value) = self.item.get(name) else {
            return Ok(None);
        };
        let number = value.as_n().ok().and_then(|digits| digits.parse().ok());
        number.map(Some).ok_or_else(|| self.unreadable(name))
    }

    /// A number that fits where it belongs.
    pub(crate) fn number<T: TryFrom<i64>>(&self, name: &str) -> Result<T, StoreError> {
        let number = self
            .optional_number(name)?
            .ok_or_else(|| self.unreadable(name))?;
        T::try_from(number).map_err(|_| self.unreadable(name))
    }

    pub(crate) fn optional_time(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        let Some(number) = self.optional_number(name)? else {
            return Ok(None);
        };
        Timestamp::from_millisecond(number)
            .map(Some)
            .map_err(|_| self.unreadable(name))
    }

    pub(crate) fn time(&self, name: &str) -> Result<Timestamp, StoreError> {
        self.optional_time(name)?
            .ok_or_else(|| self.unreadable(name))
    }

    pub(crate) fn optional_sealed(&self, name: &str) -> Result<Option<Sealed>, StoreError> {
        let Some(value) = self.item.get(name) else {
            return Ok(None);
        };
        let parts = value.as_m().map_err(|_| self.unreadable(name))?;
        let key = parts.get("k").and_then(|key| key.as_s().ok());
        let bytes = parts.get("b").and_then(|bytes| bytes.as_b().ok());
        match (key, bytes) {
            (Some(key), Some(bytes)) => Ok(Some(Sealed {
                key: key.clone(),
                bytes: bytes.as_ref().to_vec(),
            })),
            _ => Err(self.unreadable(name)),
        }
    }

    pub(crate) fn sealed(&self, name: &str) -> Result<Sealed, StoreError> {
        self.optional_sealed(name)?
            .ok_or_else(|| self.unreadable(name))
    }

    /// A set of texts; none is an empty set, since the service has no empty ones.
    pub(crate) fn set(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let Some(value) = self.item.get(name) else {
            return Ok(Vec::new());
        };
        value.as_ss().cloned().map_err(|_| self.unreadable(name))
    }

    /// A map of texts.
    pub(crate) fn map(
        &self,
        name: &str,
    ) -> Result<impl Iterator<Item = (String, String)>, StoreError> {
        let Some(value) = self.item.get(name) else {
            return Err(self.unreadable(name));
        };
        let map = value.as_m().map_err(|_| self.unreadable(name))?;
        let read = |(key, value): (&String, &AttributeValue)| {
            Some((key.clone(), value.as_s().ok()?.clone()))
        };
        let entries: Option<Vec<_>> = map.iter().map(read).collect();
        Ok(entries.ok_or_else(|| self.unreadable(name))?.into_iter())
    }
}
