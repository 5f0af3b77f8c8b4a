//! Reads the fields of an object; notes every fault and echoes no value.

use recado_domain::fault::Fault;
use recado_domain::phone::E164;
use serde_json::{Map, Value};

pub(crate) struct Reader {
    pub(crate) fields: Map<String, Value>,
    prefix: &'static str,
    pub(crate) faults: Vec<Fault>,
}

impl Reader {
    pub(crate) fn new(value: Option<Value>, prefix: &'static str, known: &[&str]) -> Self {
        let mut reader = Self {
            fields: Map::new(),
            prefix,
            faults: Vec::new(),
        };
        match value {
            Some(Value::Object(fields)) => {
                for name in fields.keys().filter(|name| !known.contains(&name.as_str())) {
                    reader.faults.push(Fault::new(
                        format!("{prefix}{name}"),
                        "is not a field of this request",
                    ));
                }
                reader.fields = fields;
            }
            Some(_) => reader.faults.push(Fault::new(
                prefix.trim_end_matches('.'),
                "must be an object",
            )),
            None => reader
                .faults
                .push(Fault::new(prefix.trim_end_matches('.'), "is required")),
        }
        reader
    }

    pub(crate) fn fault<T>(&mut self, field: &str, rule: impl Into<String>) -> Option<T> {
        let whole = self.prefix.trim_end_matches('.');
        // Where the object itself is missing, its fields are not faults of their own.
        if !self
            .faults
            .iter()
            .any(|fault| fault.field == whole && !whole.is_empty())
        {
            self.faults
                .push(Fault::new(format!("{}{field}", self.prefix), rule));
        }
        None
    }

    pub(crate) fn required<T>(
        &mut self,
        field: &str,
        rule: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        match self.fields.get(field) {
            None => self.fault(field, "is required"),
            Some(value) => match value.as_str().and_then(read) {
                Some(value) => Some(value),
                None => self.fault(field, rule),
            },
        }
    }

    /// The same, where the field may be missing.
    pub(crate) fn optional<T>(
        &mut self,
        field: &str,
        rule: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        if self.fields.contains_key(field) {
            self.required(field, rule, read)
        } else {
            None
        }
    }

    pub(crate) fn optional_text(&mut self, field: &str, longest: usize) {
        let Some(value) = self.fields.get(field) else {
            return;
        };
        let fits = value.as_str().is_some_and(|text| {
            !text.is_empty()
                && text.chars().count() <= longest
                && !text.chars().any(char::is_control)
        });
        if !fits {
            let _none: Option<()> = self.fault(
                field,
                format!("must be one line of 1 to {longest} characters"),
            );
        }
    }
}

/// The recipient's number.
pub(crate) fn phone(reader: &mut Reader) -> Option<E164> {
    match reader
        .fields
        .get("to")
        .map(|value| value.as_str().map(E164::parse))
    {
        None => reader.fault("to", "is required"),
        Some(None) => reader.fault("to", "must be a text in E.164"),
        Some(Some(Err(error))) => reader.fault("to", error.to_string()),
        Some(Some(Ok(to))) => Some(to),
    }
}

pub(crate) fn sorted(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort();
    faults.dedup();
    faults
}
