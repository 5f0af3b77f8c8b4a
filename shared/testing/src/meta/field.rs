//! Reading a request's JSON with the strictness and the wording of Meta.

use serde_json::{Map, Value};

use super::errors::GraphError;

/// A value and where it stands in the request: `text['body']`, as Meta's error details name it.
#[derive(Debug, Clone)]
pub(crate) struct Field<'a> {
    pub(crate) value: &'a Value,
    path: String,
}

type Outcome<T> = Result<T, GraphError>;

impl<'a> Field<'a> {
    pub(crate) fn root(value: &'a Value) -> Self {
        Self {
            value,
            path: String::new(),
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn child_path(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}['{name}']", self.path)
        }
    }

    /// A member; `None` when absent or null.
    pub(crate) fn get(&self, name: &str) -> Option<Field<'a>> {
        self.value
            .get(name)
            .filter(|value| !value.is_null())
            .map(|value| Field {
                value,
                path: self.child_path(name),
            })
    }

    pub(crate) fn require(&self, name: &str) -> Outcome<Field<'a>> {
        self.get(name).ok_or_else(|| {
            GraphError::invalid(format!(
                "The parameter {} is required.",
                self.child_path(name)
            ))
        })
    }

    pub(crate) fn object(&self) -> Outcome<&'a Map<String, Value>> {
        self.value
            .as_object()
            .ok_or_else(|| self.wrong("must be a JSON object"))
    }

    pub(crate) fn items(&self) -> Outcome<Vec<Field<'a>>> {
        Ok(self
            .value
            .as_array()
            .ok_or_else(|| self.wrong("must be an array"))?
            .iter()
            .enumerate()
            .map(|(index, value)| Field {
                value,
                path: format!("{}[{index}]", self.path),
            })
            .collect())
    }

    pub(crate) fn text(&self) -> Outcome<&'a str> {
        self.value
            .as_str()
            .ok_or_else(|| self.wrong("must be a string"))
    }

    /// A string of 1 to `max` characters.
    pub(crate) fn text_within(&self, max: usize) -> Outcome<&'a str> {
        let text = self.text()?;
        if text.is_empty() {
            return Err(self.wrong("cannot be empty"));
        }
        if text.chars().count() > max {
            return Err(self.wrong(&format!("must be at most {max} characters long")));
        }
        Ok(text)
    }

    pub(crate) fn integer(&self) -> Outcome<i64> {
        self.value
            .as_i64()
            .ok_or_else(|| self.wrong("must be an integer"))
    }

    pub(crate) fn boolean(&self) -> Outcome<bool> {
        self.value
            .as_bool()
            .ok_or_else(|| self.wrong("must be a boolean"))
    }

    /// A string out of a list, compared without regard to case; answers the list's spelling.
    pub(crate) fn one_of(&self, allowed: &[&'static str]) -> Outcome<&'static str> {
        let text = self.text()?;
        allowed
            .iter()
            .find(|option| option.eq_ignore_ascii_case(text))
            .copied()
            .ok_or_else(|| self.wrong(&format!("must be one of {{{}}}", allowed.join(", "))))
    }

    /// Refuses members that Meta does not know.
    pub(crate) fn only(&self, known: &[&str]) -> Outcome<()> {
        match self
            .object()?
            .keys()
            .find(|name| !known.contains(&name.as_str()))
        {
            None => Ok(()),
            Some(name) if self.path.is_empty() => {
                Err(GraphError::invalid(format!("Unexpected key \"{name}\".")))
            }
            Some(name) => Err(GraphError::invalid(format!(
                "Unexpected key \"{name}\" on param \"{}\".",
                self.path
            ))),
        }
    }

    /// 100 about this field.
    pub(crate) fn wrong(&self, what: &str) -> GraphError {
        GraphError::invalid(format!("Param {} {what}.", self.path))
    }

    /// Another code about this field.
    pub(crate) fn wrong_as(&self, code: u32, what: &str) -> GraphError {
        GraphError::new(code, format!("{}: {what}", self.path))
    }
}
