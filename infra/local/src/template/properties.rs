//! Reads typed values out of a resource's evaluated properties.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::evaluation::scalar_text;
use super::syntax::kind;

/// A mapping of properties, after evaluation.
#[derive(Clone, Copy)]
pub(super) struct Properties<'a>(pub(super) Option<&'a Map<String, Value>>);

impl<'a> Properties<'a> {
    /// The mapping in `value`; absent and null count as empty.
    pub(super) fn of(value: Option<&'a Value>) -> Result<Self> {
        match value {
            None | Some(Value::Null) => Ok(Self(None)),
            Some(Value::Object(map)) => Ok(Self(Some(map))),
            Some(other) => bail!("a mapping is needed, not {}", kind(other)),
        }
    }

    pub(super) fn get(self, key: &str) -> Option<&'a Value> {
        self.0?.get(key).filter(|v| !v.is_null())
    }

    pub(super) fn entries(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.0.into_iter().flatten()
    }

    pub(super) fn mapping(self, key: &str) -> Result<Properties<'a>> {
        Properties::of(self.get(key)).with_context(|| key.to_owned())
    }

    pub(super) fn text(self, key: &str) -> Result<Option<String>> {
        self.get(key)
            .map(scalar_text)
            .transpose()
            .with_context(|| key.to_owned())
    }

    pub(super) fn required_text(self, key: &str) -> Result<String> {
        self.text(key)?.with_context(|| format!("{key} is missing"))
    }

    pub(super) fn texts(self, key: &str) -> Result<Vec<String>> {
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(scalar_text).collect(),
            Some(other) => bail!("a list is needed, not {}", kind(other)),
        }
        .with_context(|| key.to_owned())
    }

    pub(super) fn list(self, key: &str) -> Result<&'a [Value]> {
        match self.get(key) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => bail!("{key}: a list is needed, not {}", kind(other)),
        }
    }

    /// A whole number within the range that AWS accepts.
    pub(super) fn number(self, key: &str, accepted: RangeInclusive<u32>) -> Result<Option<u32>> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let number: u32 = text
            .parse()
            .with_context(|| format!("{key}: \"{text}\" is not a whole number"))?;
        if !accepted.contains(&number) {
            bail!(
                "{key}: {number} is not between {} and {}",
                accepted.start(),
                accepted.end()
            );
        }
        Ok(Some(number))
    }

    pub(super) fn seconds(
        self,
        key: &str,
        accepted: RangeInclusive<u32>,
    ) -> Result<Option<Duration>> {
        Ok(self
            .number(key, accepted)?
            .map(|s| Duration::from_secs(s.into())))
    }
}
