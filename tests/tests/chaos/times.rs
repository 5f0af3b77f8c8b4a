//! The times that a run's functions work with.

use std::time::Duration;

/// Read from the run's parameters; what these leave out is as `infra/template.yaml` has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// How long one POST to Meta may take.
    pub(crate) post: Duration,
    /// How long fallback-timer may work.
    pub(crate) timer: Duration,
    /// How long a claimed SMS is its holder's.
    pub(crate) lease: Duration,
}

impl Times {
    pub(crate) fn of(parameters: &[(&str, &str)]) -> Self {
        let given = |name: &str, usual: u64| {
            let found = parameters.iter().find(|(given, _)| *given == name);
            found.map_or(Duration::from_secs(usual), |(_, text)| duration(text))
        };
        Self {
            post: given("PostTimeout", 8),
            timer: given("TimerFunctionTimeout", 20),
            lease: given("Lease", 60),
        }
    }
}

/// `1500ms`, `6s`, or seconds alone.
fn duration(text: &str) -> Duration {
    let number = |digits: &str| digits.parse().expect("a whole number");
    match text.strip_suffix("ms") {
        Some(digits) => Duration::from_millis(number(digits)),
        None => Duration::from_secs(number(text.strip_suffix('s').unwrap_or(text))),
    }
}

#[test]
fn times_are_read_as_the_template_writes_them() {
    let times = Times::of(&[("PostTimeout", "1500ms"), ("TimerFunctionTimeout", "4")]);
    assert_eq!(times.post, Duration::from_millis(1_500));
    assert_eq!(times.timer, Duration::from_secs(4));
    assert_eq!(times.lease, Duration::from_secs(60));
}
