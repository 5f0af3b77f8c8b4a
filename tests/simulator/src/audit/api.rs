//! I1 and I2: what banks are told.

use recado_domain::class::Lane;
use recado_domain::delivery::Fact;
use recado_domain::ids::NotificationId;

use super::{Auditor, Promise};

/// What a bank was told about one of its keys.
#[derive(Default)]
pub(super) struct Key {
    first: Option<(u8, String)>,
}

const MISMATCH: &str = "urn:recado:problem:idempotency-mismatch";
const INVALID: &str = "urn:recado:problem:invalid-content";

impl Auditor<'_> {
    pub(super) fn created(&mut self, id: &NotificationId) {
        let again = match self.cases.get_mut(id) {
            Some(case) => std::mem::replace(&mut case.created, true),
            None => false,
        };
        if again {
            self.broken(Promise::I2, Some(id), "stored twice");
        }
    }

    pub(super) fn answered(
        &mut self,
        key: usize,
        variant: u8,
        status: u16,
        word: &str,
        body: &str,
        replayed: bool,
    ) {
        let evidence = self.evidence;
        let order = &evidence.orders[key];
        let id = &order.id;
        let first = self.keys.entry(key).or_default().first.clone();
        match status {
            202 => {
                if word != id.as_str() {
                    self.broken(
                        Promise::I2,
                        Some(id),
                        format!("202 with another id: {word}"),
                    );
                }
                self.durable(id);
                match first {
                    None => {
                        let told = Some((variant, body.to_owned()));
                        self.keys.entry(key).or_default().first = told;
                    }
                    Some((with, _)) if with != variant => {
                        let what = "202 for the same key with other content";
                        self.broken(Promise::I2, Some(id), what);
                    }
                    Some((_, said)) if said != body => {
                        let what = format!("another answer to the same request: {said} | {body}");
                        self.broken(Promise::I2, Some(id), what);
                    }
                    Some(_) if !replayed => {
                        let what = "a repetition that is not called one";
                        self.broken(Promise::I2, Some(id), what);
                    }
                    Some(_) => {}
                }
            }
            503 if !self.is_calm() => {}
            422 if word == MISMATCH && order.contents.len() > 1 => {
                if first.is_some_and(|(with, _)| with == variant) {
                    let what = "422 for the content that was accepted";
                    self.broken(Promise::I2, Some(id), what);
                }
            }
            422 if word == INVALID && order.contents[0].body["valid_until"].is_string() => {
                if first.is_some_and(|(with, _)| with == variant) {
                    let what = "a repetition was refused that had been accepted";
                    self.broken(Promise::I2, Some(id), what);
                }
            }
            other => {
                let what = format!("the bank was told {other} {word}");
                self.broken(Promise::I1, Some(id), what);
            }
        }
    }

    /// `202` was given: item, guard and job must be there, unless it has gone on since.
    fn durable(&mut self, id: &NotificationId) {
        let at = self.at;
        let mut missing = None;
        match self.cases.get_mut(id) {
            Some(case) if case.created => {
                case.accepted = true;
                let item = case.item;
                let went_on =
                    !case.facts.is_empty() || at >= item.sendable_until().as_millisecond();
                let guarded = item.lane != Lane::Critical || case.legs() == 1 || case.timer_sent;
                if !went_on && !case.job_sent {
                    missing = Some("202 without a job in a queue");
                } else if !went_on && !guarded {
                    missing = Some("202 without its guard");
                }
            }
            Some(_) | None => missing = Some("202 for what is not stored"),
        }
        if let Some(what) = missing {
            self.broken(Promise::I1, Some(id), what);
        }
    }

    pub(super) fn shown(&mut self, what: &str, id: &NotificationId, status: u16, word: &str) {
        let case = self.cases.get(id);
        let cancelled = case.is_some_and(|case| case.has(&Fact::Cancelled));
        let fine = match (what, status) {
            (_, 503) => !self.is_calm(),
            ("cancel", 200) => cancelled,
            ("cancel", 409) => !cancelled,
            (_, 200) => true,
            _ => false,
        };
        if !fine {
            let what = format!("{what} was answered {status} {word}");
            self.broken(Promise::I1, Some(id), what);
        }
    }
}
