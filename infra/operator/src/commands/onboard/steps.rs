//! What was done, step by step.

use serde_json::{Value, json};

use crate::arguments::Course;
use crate::output::table;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// It was so before.
    Same,
    /// It is so now.
    Done,
    /// It would be so.
    Planned,
    /// Nothing of it is done here.
    Told,
    /// It is not so, and the next run tries again.
    Failed,
}

impl Ended {
    fn word(self) -> &'static str {
        match self {
            Self::Same => "as it was",
            Self::Done => "done",
            Self::Planned => "would be done",
            Self::Told => "note",
            Self::Failed => "FAILED",
        }
    }
}

struct Step {
    name: &'static str,
    ended: Ended,
    detail: String,
}

/// The steps so far.
pub(super) struct Steps {
    course: Course,
    steps: Vec<Step>,
}

impl Steps {
    pub(super) fn new(course: Course) -> Self {
        Self {
            course,
            steps: Vec::new(),
        }
    }

    /// Whether something is changed.
    pub(super) fn applies(&self) -> bool {
        self.course == Course::Apply
    }

    fn end(&mut self, name: &'static str, ended: Ended, detail: String) {
        self.steps.push(Step {
            name,
            ended,
            detail,
        });
    }

    /// Nothing is to do.
    pub(super) fn same(&mut self, name: &'static str, detail: String) {
        self.end(name, Ended::Same, detail);
    }

    /// Something is to do: whether the caller does it now. If that fails the whole command ends.
    pub(super) fn change(&mut self, name: &'static str, detail: String) -> bool {
        let applies = self.applies();
        let ended = if applies { Ended::Done } else { Ended::Planned };
        self.end(name, ended, detail);
        applies
    }

    /// What somebody has to know, or to do elsewhere.
    pub(super) fn told(&mut self, name: &'static str, detail: String) {
        self.end(name, Ended::Told, detail);
    }

    /// What could not be done; the steps that do not need it go on.
    pub(super) fn failed(&mut self, name: &'static str, detail: String) {
        self.end(name, Ended::Failed, detail);
    }

    /// Whether nothing failed and nothing is left to do.
    pub(super) fn all_as_they_should_be(&self) -> bool {
        self.steps.iter().all(|step| match step.ended {
            Ended::Same | Ended::Done | Ended::Told => true,
            Ended::Planned | Ended::Failed => false,
        })
    }

    pub(super) fn text(&self) -> String {
        let rows: Vec<[String; 3]> = self
            .steps
            .iter()
            .map(|step| {
                let ended = step.ended.word().to_owned();
                [step.name.to_owned(), ended, step.detail.clone()]
            })
            .collect();
        table(["step", "", "what"], &rows)
    }

    pub(super) fn json(&self) -> Value {
        let one = |step: &Step| json!({ "step": step.name, "ended": step.ended.word(), "what": step.detail });
        self.steps.iter().map(one).collect()
    }
}
