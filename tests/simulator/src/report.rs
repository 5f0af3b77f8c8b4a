//! What many runs came to: counts of everything that happened, so that a sum of green runs in which
//! nothing happened is seen as one; and each promise that was not kept, with its story.

use std::collections::BTreeMap;
use std::fmt;

use recado_domain::delivery::{LegStatus, Status};
use recado_domain::switches::Turn;
use serde_json::{Value, json};

use crate::audit::{Evidence, Findings, audit};
use crate::history::{End, Event};
use crate::sim::time;
use crate::story;
use crate::weather::Fault;

/// More stories than this nobody reads.
const MOST_STORIES: usize = 20;

/// A promise that a seed's run did not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The seed.
    pub seed: u64,
    /// The promise and how.
    pub what: String,
    /// What happened to the notification.
    pub story: String,
}

/// The sum of many runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What was counted, by name.
    pub counts: BTreeMap<String, u64>,
    /// What was broken.
    pub broken: Vec<Broken>,
}

impl Report {
    /// Runs one seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let told = story::tell(seed);
        let evidence = Evidence::of(&told);
        let findings = audit(&evidence);
        let mut report = Self::default();
        report.count(&evidence, &findings);
        for violation in findings.violations {
            let id = violation.id.as_ref();
            let story = id.map(|id| evidence.history.of(id)).unwrap_or_default();
            let of = id.map(|id| format!(" ({id})")).unwrap_or_default();
            report.broken.push(Broken {
                seed,
                what: format!("{}{of}: {}", violation.promise, violation.what),
                story,
            });
        }
        report
    }

    /// Adds another report to this one.
    pub fn add(&mut self, other: Self) {
        for (name, count) in other.counts {
            *self.counts.entry(name).or_default() += count;
        }
        self.broken.extend(other.broken);
        for broken in self.broken.iter_mut().skip(MOST_STORIES) {
            broken.story.clear();
        }
    }

    fn plus(&mut self, name: impl Into<String>, by: u64) {
        *self.counts.entry(name.into()).or_default() += by;
    }

    fn count(&mut self, evidence: &Evidence, findings: &Findings) {
        self.plus("runs", 1);
        self.plus("runs without faults", u64::from(evidence.climate.is_calm()));
        self.plus("orders", wide(evidence.orders.len()));
        self.plus("notifications", wide(evidence.items.len()));
        for phone in &evidence.phones {
            self.plus("arrivals on phones", wide(phone.inbox.len()));
        }
        let tally = findings.tally;
        self.plus("second SMS after a first in doubt", tally.repeated_sms);
        self.plus("got by WhatsApp and by SMS", tally.delivered_twice);
        self.plus("WhatsApp left, never noted", tally.unnoted_whatsapp);
        self.plus("SMS left, never noted", tally.unnoted_sms);
        for (_, event) in evidence.history.iter() {
            self.count_event(event);
        }
        let end = time(evidence.ended);
        for item in evidence.items.values() {
            self.plus(format!("status {}", item.status(end).name()), 1);
            for leg in 0..item.legs() {
                if item.leg_shows(leg) {
                    let status = item.leg_status(leg).name();
                    self.plus(format!("leg {leg} {status}"), 1);
                }
                if let Some(reason) = item.leg(leg).closed_because() {
                    self.plus(format!("closed {}", reason.name()), 1);
                }
                if let Some(because) = item.leg(leg).opened_because() {
                    self.plus(format!("opened {}", because.name()), 1);
                }
            }
            if let Some(reason) = item.suppressed_because() {
                self.plus(format!("suppressed {}", reason.name()), 1);
            }
            self.plus(format!("class {}", item.class), 1);
        }
    }

    fn count_event(&mut self, event: &Event) {
        match event {
            Event::Struck { fault, .. } => self.plus(format!("fault {}", fault.name()), 1),
            Event::Answered {
                status, replayed, ..
            } => {
                self.plus(format!("requests answered {status}"), 1);
                self.plus("requests answered as repetitions", u64::from(*replayed));
            }
            Event::GaveUp { .. } => self.plus("orders given up", 1),
            Event::Shown { what, word, .. } => {
                self.plus(format!("asked to {what}"), 1);
                if !word.starts_with("urn:") && !word.is_empty() {
                    self.plus(format!("status {word}"), 1);
                }
            }
            Event::Ended { how, .. } => match how {
                End::Done => self.plus("invocations", 1),
                End::Crashed => self.plus("invocations that crashed", 1),
                End::TimedOut => self.plus("invocations that timed out", 1),
            },
            Event::Sent { copy, .. } => {
                self.plus("messages in queues", 1);
                self.plus("messages in queues twice", u64::from(*copy));
            }
            Event::Died { .. } => self.plus("dead letters", 1),
            Event::Posted { outcome, code, .. } => {
                self.plus(format!("WhatsApp {outcome}"), 1);
                if let Some(code) = code {
                    self.plus(format!("WhatsApp code {code}"), 1);
                }
            }
            Event::Published { outcome, .. } => self.plus(format!("SMS {outcome}"), 1),
            Event::Confirmed { .. } => self.plus("confirmations to customers", 1),
            Event::Webhook { .. } => self.plus("webhooks", 1),
            Event::Word { .. } => self.plus("words of customers", 1),
            Event::Erased { .. } => self.plus("persons erased", 1),
            Event::Preferred { .. } => self.plus("preferences told by Meta", 1),
            Event::Turned(turn) => {
                let what = match turn {
                    Turn::Sending(..) => "sending",
                    Turn::Breaker(..) => "breaker",
                    Turn::SmsBudget(..) => "SMS budget",
                    Turn::Rate(..) => "rate",
                };
                self.plus(format!("switch {what}"), 1);
            }
            Event::Chapter(_)
            | Event::Began { .. }
            | Event::Panicked(_)
            | Event::Created { .. }
            | Event::Wrote { .. }
            | Event::Asked { .. }
            | Event::Consented { .. }
            | Event::Acknowledged { .. }
            | Event::Redriven { .. }
            | Event::Leaked { .. }
            | Event::Posting { .. }
            | Event::Accepted { .. }
            | Event::Refused { .. }
            | Event::Told { .. }
            | Event::Publishing { .. }
            | Event::Taken { .. }
            | Event::Customer { .. }
            | Event::Forged { .. }
            | Event::WebhookLost => {}
        }
    }

    /// What must have happened somewhere in many runs and did not: without it they prove nothing.
    #[must_use]
    pub fn never_happened(&self) -> Vec<String> {
        let faults = Fault::ALL.iter().map(|it| format!("fault {}", it.name()));
        let statuses = Status::ALL.iter().map(|it| format!("status {}", it.name()));
        let first = [
            LegStatus::Pending,
            LegStatus::Submitted,
            LegStatus::Uncertain,
            LegStatus::Delivered,
            LegStatus::Read,
            LegStatus::Failed,
            LegStatus::Skipped,
        ];
        let later = [
            LegStatus::Uncertain,
            LegStatus::Sent,
            LegStatus::Failed,
            LegStatus::Skipped,
        ];
        let first = first.iter().map(|it| format!("leg 0 {}", it.name()));
        let later = later.iter().map(|it| format!("leg 1 {}", it.name()));
        let others = [
            "runs without faults",
            "second SMS after a first in doubt",
            "got by WhatsApp and by SMS",
            "WhatsApp left, never noted",
            "dead letters",
            "invocations that crashed",
            "invocations that timed out",
            "requests answered as repetitions",
            "requests answered 422",
            "confirmations to customers",
            "closed no_whatsapp_consent",
            "closed queue_wait_exceeded",
            "closed guard",
            "closed opted_out",
            "opened not_delivered_in_time",
            "opened previous_failed",
            "suppressed no_consent",
            "suppressed opted_out",
            "suppressed frequency_cap",
            "class authentication",
            "class security",
            "class transactional",
            "class servicing",
            "class marketing",
            "switch sending",
            "switch breaker",
            "switch SMS budget",
            "persons erased",
            "preferences told by Meta",
        ];
        let all = faults
            .chain(statuses)
            .chain(first)
            .chain(later)
            .chain(others.iter().map(|it| (*it).to_owned()));
        all.filter(|name| self.counts.get(name).is_none_or(|count| *count == 0))
            .collect()
    }

    /// As a worker hands it over.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let broken = self.broken.iter();
        let broken: Vec<Value> = broken
            .map(|it| json!({ "seed": it.seed, "what": it.what, "story": it.story }))
            .collect();
        json!({ "counts": self.counts, "broken": broken })
    }

    /// Reads [`Report::to_json`].
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Self> {
        let counts = value.get("counts")?.as_object()?.iter();
        let text = |value: &Value, name: &str| Some(value.get(name)?.as_str()?.to_owned());
        let broken = value.get("broken")?.as_array()?.iter();
        let broken = broken.map(|it| {
            Some(Broken {
                seed: it.get("seed")?.as_u64()?,
                what: text(it, "what")?,
                story: text(it, "story")?,
            })
        });
        Some(Self {
            counts: counts
                .map(|(name, count)| Some((name.clone(), count.as_u64()?)))
                .collect::<Option<_>>()?,
            broken: broken.collect::<Option<_>>()?,
        })
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in &self.counts {
            writeln!(f, "{count:>10}  {name}")?;
        }
        for broken in self.broken.iter().take(MOST_STORIES) {
            let seed = broken.seed;
            writeln!(f, "\nseed {seed}: {}\n{}", broken.what, broken.story)?;
            writeln!(
                f,
                "again: cargo run -p recado-simulator -- --seed {seed} --trace"
            )?;
        }
        if !self.broken.is_empty() {
            writeln!(f, "\n{} promises were not kept:", self.broken.len())?;
        }
        for broken in &self.broken {
            writeln!(f, "seed {}: {}", broken.seed, broken.what)?;
        }
        Ok(())
    }
}
