//! Settings: read once, all mistakes reported in one go, no value ever echoed.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use recado_domain::delivery::Limits;

/// Where settings come from: the process's environment, or a map in a test.
pub trait Env {
    /// The variable's value, if it is set.
    fn get(&self, name: &str) -> Option<String>;
}

/// The process's environment.
#[derive(Clone, Copy, Debug)]
pub struct ProcessEnv;

impl Env for ProcessEnv {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl<F: Fn(&str) -> Option<String>> Env for F {
    fn get(&self, name: &str) -> Option<String> {
        self(name)
    }
}

/// Every mistake of a function's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Variable and rule, in the order in which they were read.
    pub faults: Vec<(String, String)>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings:")?;
        for (name, rule) in &self.faults {
            write!(f, " {name} {rule};")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Reads settings and collects what is wrong with them.
pub struct Settings<'a> {
    env: &'a dyn Env,
    faults: RefCell<Vec<(String, String)>>,
}

impl<'a> Settings<'a> {
    /// Starts reading.
    #[must_use]
    pub fn new(env: &'a dyn Env) -> Self {
        Self {
            env,
            faults: RefCell::default(),
        }
    }

    /// A text that must be there and not be empty. An absent one reads as empty and is a fault.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        match self.env.get(name).filter(|value| !value.is_empty()) {
            Some(value) => value,
            None => {
                self.fault(name, "is missing");
                String::new()
            }
        }
    }

    /// A text that may be absent; an empty one is.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        self.env.get(name).filter(|value| !value.is_empty())
    }

    /// A duration such as `8s`, `500ms` or `2m`.
    #[must_use]
    pub fn duration(&self, name: &str) -> Duration {
        let value = self.text(name);
        if value.is_empty() {
            return Duration::ZERO;
        }
        parse_duration(&value).unwrap_or_else(|| {
            self.fault(name, "must be a duration such as 8s or 500ms");
            Duration::ZERO
        })
    }

    /// Anything that parses.
    #[must_use]
    pub fn parsed<T: FromStr + Default>(&self, name: &str, rule: &str) -> T {
        let value = self.text(name);
        if value.is_empty() {
            return T::default();
        }
        value.parse().unwrap_or_else(|_| {
            self.fault(name, rule);
            T::default()
        })
    }

    /// The times that a claim rests on, in their order: `POST_TIMEOUT` < `FUNCTION_TIMEOUT` < `LEASE` <
    /// `VISIBILITY_TIMEOUT`, the last at least six times the function's (AWS's advice for SQS sources).
    #[must_use]
    pub fn limits(&self, retry_window: Duration) -> Limits {
        let post_timeout = self.duration("POST_TIMEOUT");
        let function = self.duration("FUNCTION_TIMEOUT");
        let lease = self.duration("LEASE");
        let visibility = self.duration("VISIBILITY_TIMEOUT");
        if self.faults.borrow().is_empty() {
            if post_timeout + retry_window >= function {
                self.fault(
                    "POST_TIMEOUT",
                    "with the retry window must be shorter than FUNCTION_TIMEOUT",
                );
            }
            if function >= lease {
                self.fault("FUNCTION_TIMEOUT", "must be shorter than LEASE");
            }
            if lease >= visibility {
                self.fault("LEASE", "must be shorter than VISIBILITY_TIMEOUT");
            }
            if visibility < function * 6 {
                self.fault(
                    "VISIBILITY_TIMEOUT",
                    "must be at least six times FUNCTION_TIMEOUT",
                );
            }
        }
        Limits {
            post_timeout,
            retry_window,
            lease,
        }
    }

    /// Notes a mistake.
    pub fn fault(&self, name: &str, rule: &str) {
        self.faults
            .borrow_mut()
            .push((name.to_owned(), rule.to_owned()));
    }

    /// Ends reading: the value, or everything that was wrong.
    pub fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        let faults = self.faults.into_inner();
        if faults.is_empty() {
            Ok(value)
        } else {
            Err(ConfigError { faults })
        }
    }
}

/// Reads `8s`, `500ms`, `2m`, `24h`.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn all_mistakes_are_reported_in_one_go_and_no_value_is_echoed() {
        let source = env(&[("A", ""), ("WAIT", "soon-secret"), ("N", "many-secret")]);
        let settings = Settings::new(&source);
        let _unused = (
            settings.text("A"),
            settings.text("B"),
            settings.duration("WAIT"),
            settings.parsed::<u32>("N", "must be a number"),
        );
        let error = settings.finish(()).expect_err("faults");
        let names: Vec<&str> = error.faults.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["A", "B", "WAIT", "N"]);
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn times_that_contradict_each_other_stop_the_start_up() {
        let check = |pairs: &'static [(&'static str, &'static str)], fault: Option<&str>| {
            let source = env(pairs);
            let settings = Settings::new(&source);
            let limits = settings.limits(Duration::from_secs(2));
            let result = settings.finish(limits);
            assert_eq!(
                result
                    .err()
                    .map(|error| error.faults[0].0.clone())
                    .as_deref(),
                fault,
                "{pairs:?}"
            );
        };
        check(
            &[
                ("POST_TIMEOUT", "8s"),
                ("FUNCTION_TIMEOUT", "20s"),
                ("LEASE", "60s"),
                ("VISIBILITY_TIMEOUT", "180s"),
            ],
            None,
        );
        check(
            &[
                ("POST_TIMEOUT", "19s"),
                ("FUNCTION_TIMEOUT", "20s"),
                ("LEASE", "60s"),
                ("VISIBILITY_TIMEOUT", "180s"),
            ],
            Some("POST_TIMEOUT"),
        );
        check(
            &[
                ("POST_TIMEOUT", "8s"),
                ("FUNCTION_TIMEOUT", "20s"),
                ("LEASE", "20s"),
                ("VISIBILITY_TIMEOUT", "180s"),
            ],
            Some("FUNCTION_TIMEOUT"),
        );
        check(
            &[
                ("POST_TIMEOUT", "8s"),
                ("FUNCTION_TIMEOUT", "20s"),
                ("LEASE", "60s"),
                ("VISIBILITY_TIMEOUT", "60s"),
            ],
            Some("LEASE"),
        );
        check(
            &[
                ("POST_TIMEOUT", "8s"),
                ("FUNCTION_TIMEOUT", "20s"),
                ("LEASE", "60s"),
                ("VISIBILITY_TIMEOUT", "100s"),
            ],
            Some("VISIBILITY_TIMEOUT"),
        );
    }
}
