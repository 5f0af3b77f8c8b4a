//! What lies in the queues: ids in a known form and version, or nothing (I11).

use std::fmt::Debug;

use recado_sqs::{DecodeError, decode_job, decode_timer, encode_job, encode_timer};
use serde_json::{Map, Value};

use crate::quoting::quotes;

/// A job's body.
pub fn job_body(data: &[u8]) {
    body(data, decode_job, encode_job);
}

/// A timer's body.
pub fn timer_body(data: &[u8]) {
    body(data, decode_timer, encode_timer);
}

/// What is read is all that was written; what is not ours is refused, never dropped and never quoted.
fn body<T: PartialEq + Debug>(
    data: &[u8],
    decode: fn(&str) -> Result<T, DecodeError>,
    encode: fn(&T) -> String,
) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let value = serde_json::from_str::<Value>(text).ok();
    match decode(text) {
        Ok(message) => {
            let Some(value) = value else {
                panic!("something is read out of no JSON");
            };
            assert!(
                decode_job(text).is_err() || decode_timer(text).is_err(),
                "one body is a job and a timer"
            );
            let written = encode(&message);
            assert_eq!(decode(&written).as_ref(), Ok(&message));
            let again: Value = serde_json::from_str(&written).expect("what is written is JSON");
            // Serde takes a list for the fields in their order as well; nobody writes that form.
            if value
                .as_object()
                .is_some_and(|whole| whole.values().any(Value::is_array))
            {
                return;
            }
            assert_eq!(again, value, "something that was written is not read");
            other_forms_are_refused(&value, decode);
        }
        Err(DecodeError::NotJson) => assert!(
            serde_json::from_str::<serde::de::IgnoredAny>(text).is_err(),
            "JSON is called none"
        ),
        Err(error @ DecodeError::Unknown) => {
            assert!(serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
            assert!(!quotes(&error.to_string(), text), "{error}");
        }
    }
}

/// The next version, a field more, a field less, another field's type: none of them is read as this one.
fn other_forms_are_refused<T: PartialEq + Debug>(
    value: &Value,
    decode: fn(&str) -> Result<T, DecodeError>,
) {
    let refused = |tag: &str, fields: &Map<String, Value>| {
        let whole = Value::from(Map::from_iter([(
            tag.to_owned(),
            Value::from(fields.clone()),
        )]));
        assert_eq!(decode(&whole.to_string()), Err(DecodeError::Unknown));
    };
    let Some((tag, Value::Object(fields))) =
        value.as_object().and_then(|whole| whole.iter().next())
    else {
        panic!("the version stands outside, as the only member");
    };
    refused(&tag.replace("V1", "V2"), fields);
    refused(&tag.to_lowercase(), fields);
    let mut more = fields.clone();
    more.insert("z".to_owned(), Value::Null);
    refused(tag, &more);
    for name in fields.keys() {
        let mut fewer = fields.clone();
        fewer.remove(name);
        refused(tag, &fewer);
        fewer.insert(name.clone(), Value::Null);
        refused(tag, &fewer);
    }
}
