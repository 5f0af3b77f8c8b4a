//! Reading JSON that others wrote: a field of another shape than expected is an absent field.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::value::RawValue;

/// The object behind a raw value, or nothing.
pub(crate) fn object<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    object_in(raw?.get())
}

/// The object in a text, or nothing. A list is none: serde would take its members for fields, in their
/// order.
pub(crate) fn object_in<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let text = text.trim_start_matches([' ', '\n', '\r', '\t']);
    if !text.starts_with('{') {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// True or false, or nothing.
pub(crate) fn truth(raw: Option<&RawValue>) -> Option<bool> {
    serde_json::from_str(raw?.get()).ok()
}

/// The members of a raw list; an absent list has none, another shape is nothing.
pub(crate) fn list(raw: Option<&RawValue>) -> Option<Vec<&RawValue>> {
    raw.map_or_else(
        || Some(Vec::new()),
        |raw| serde_json::from_str(raw.get()).ok(),
    )
}

/// A text that says something: Meta writes an empty string where it leaves a value out. Copied only where
/// something in it is escaped.
pub(crate) fn text(raw: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let Lossy(text) = serde_json::from_str(raw?.get()).ok()?;
    if text.is_empty() { None } else { Some(text) }
}

/// The same, kept.
pub(crate) fn owned(raw: Option<&RawValue>) -> Option<String> {
    text(raw).map(Cow::into_owned)
}

/// A whole number, written as a number or as a string of digits (Meta does both).
pub(crate) fn number(raw: Option<&RawValue>) -> Option<i64> {
    raw?.get().trim_matches('"').parse().ok()
}

/// A text in which half an emoji (a lone surrogate) becomes a replacement character, so that a
/// customer's message is not lost for it.
struct Lossy<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Lossy<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Lossy<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Lossy<'de>, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes)))
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Lossy<'de>, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes).into_owned().into()))
            }
        }
        deserializer.deserialize_bytes(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).expect("valid JSON")
    }

    #[test]
    fn a_number_is_read_in_both_spellings_and_nothing_else_is_a_number() {
        let check = |json: &str, expected| assert_eq!(number(Some(&raw(json))), expected, "{json}");
        check("1793400012", Some(1_793_400_012));
        check(r#""1793400012""#, Some(1_793_400_012));
        check("-1", Some(-1));
        check("1.5", None);
        check("true", None);
        check("[1]", None);
        check(r#""""#, None);
        check("99999999999999999999", None);
    }

    #[test]
    fn a_list_is_no_object() {
        #[derive(serde::Deserialize)]
        struct Message {
            id: Option<String>,
        }
        let id = |json: &str| object::<Message>(Some(&raw(json))).map(|message| message.id);
        assert_eq!(id(r#"{"id":"wamid.A"}"#), Some(Some("wamid.A".to_owned())));
        assert_eq!(id("{}"), Some(None));
        assert_eq!(id(r#"["wamid.A"]"#), None);
        assert_eq!(id("[]"), None);
        assert_eq!(id("null"), None);
        assert_eq!(truth(Some(&raw("true"))), Some(true));
        assert_eq!(truth(Some(&raw("1"))), None);
    }

    #[test]
    fn a_text_is_a_string_that_says_something() {
        let check = |json: &str, expected: Option<&str>| {
            assert_eq!(owned(Some(&raw(json))).as_deref(), expected, "{json}");
        };
        check(r#""Ol\u00e1 \/ 👍""#, Some("Olá / 👍"));
        check(r#""\ud83d\udc4d""#, Some("👍"));
        check(r#""""#, None);
        check("7", None);
        check("[104,105]", None);
        check("null", None);
    }

    #[test]
    fn a_text_is_copied_only_where_something_in_it_is_escaped() {
        let copied = |json: &str| matches!(text(Some(&raw(json))), Some(Cow::Owned(_)));
        assert!(!copied(r#""Olá 👍""#));
        assert!(copied(r#""Ol\u00e1""#));
    }

    #[test]
    fn half_an_emoji_does_not_cost_the_customer_their_message() {
        let read = owned(Some(&raw(r#""Perdi o cart\u00e3o \ud83d""#))).expect("text");
        assert!(read.starts_with("Perdi o cartão "), "{read}");
        assert!(read.contains('\u{fffd}'), "{read}");
    }
}
