//! SMS of which the facts do not say what became of them: each must have a fault that the storm made.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use recado_domain::delivery::{Notification, plus};
use serde_json::Value;

use crate::case::Case;
use crate::times::Times;
use crate::world::World;

/// Timers that one invocation works on at most (`BatchSize` in `infra/template.yaml`).
pub(crate) const BATCH: u64 = 10;
/// What a process that is killed, or a log line, may be late on a busy machine.
const SLACK: Duration = Duration::from_secs(1);

/// What a holder lived to log of its Publish: it logs an answer before it records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Heard {
    /// That its answer was lost.
    Lost,
    /// An answer, which it did not record.
    Answered,
    /// Nothing.
    Nothing,
}

impl Heard {
    pub(crate) fn told(self) -> &'static str {
        match self {
            Self::Lost => "its answer was lost",
            Self::Answered => "its holder did not record the answer",
            Self::Nothing => "its holder had no answer",
        }
    }
}

/// An attempt in doubt.
#[derive(Clone, Debug)]
pub(crate) struct Doubt {
    pub(crate) id: String,
    pub(crate) attempt: u32,
    pub(crate) heard: Heard,
    /// Its holder cannot have been stopped before …
    pub(crate) from: Timestamp,
    /// … or after.
    pub(crate) to: Timestamp,
}

impl Doubt {
    pub(crate) fn told(&self) -> String {
        format!(
            "nothing stopped the holder of {}, attempt {}, from {} to {}; {}",
            self.id,
            self.attempt,
            self.from,
            self.to,
            self.heard.told()
        )
    }
}

/// What stops a holder from recording what it did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setback {
    pub(crate) at: Timestamp,
    /// The most holders that it stops.
    pub(crate) most: u64,
}

/// What fallback-timer has printed.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    /// The outcomes of each attempt's Publish.
    outcomes: BTreeMap<(String, u32), BTreeSet<String>>,
    /// Timers that were put back or came back since store or queue were away; invocations that took too long.
    pub(crate) setbacks: Vec<Setback>,
}

impl Printed {
    pub(crate) fn by(world: &World) -> Result<Self> {
        let timer = world.stack.functions["FallbackTimer"].name();
        let mut printed = Self::default();
        let mut latest = Timestamp::UNIX_EPOCH;
        for line in world.stack.logs.lines() {
            let Some(line) = line.strip_prefix(timer) else {
                continue;
            };
            if line.contains("Task timed out") {
                let (at, most) = (latest, BATCH);
                printed.setbacks.push(Setback { at, most });
                continue;
            }
            let Ok(line) = serde_json::from_str::<Value>(line.trim_start()) else {
                continue;
            };
            let Some(at) = line["timestamp"].as_str() else {
                continue;
            };
            latest = at.parse()?;
            match line["message"].as_str() {
                Some("timer put back" | "record failed") => {
                    let (at, most) = (latest, 1);
                    printed.setbacks.push(Setback { at, most });
                }
                Some("fallback") => {
                    let id = line["notification.id"].as_str().unwrap_or_default();
                    let attempt = line["attempt"].as_u64().unwrap_or_default();
                    let attempt = (id.to_owned(), u32::try_from(attempt)?);
                    let outcome = line["outcome"].as_str().unwrap_or_default();
                    let outcomes = printed.outcomes.entry(attempt).or_default();
                    outcomes.insert(outcome.to_owned());
                }
                Some(_) | None => {}
            }
        }
        Ok(printed)
    }

    pub(crate) fn heard(&self, id: &str, attempt: u32) -> Heard {
        let outcomes = self.outcomes.get(&(id.to_owned(), attempt));
        let has = |outcome: &str| outcomes.is_some_and(|all| all.contains(outcome));
        if has("unknown") {
            Heard::Lost
        } else if has("accepted") {
            Heard::Answered
        } else {
            Heard::Nothing
        }
    }
}

/// The attempts of its SMS of which nobody recorded an end.
pub(crate) fn attempts_in_doubt(item: &Notification) -> Vec<u32> {
    let later = item.leg(1);
    let open = later.token().is_some() && !later.is_done();
    match later.attempt() {
        Some(1) if open => vec![1],
        Some(2) if open => vec![1, 2],
        // That there was a second one says that the first was in doubt.
        Some(2) => vec![1],
        Some(_) | None => Vec::new(),
    }
}

/// Its attempts in doubt, each with when its holder was stopped if it was.
pub(crate) fn doubts(case: &Case<'_>, printed: &Printed, times: &Times) -> Vec<Doubt> {
    let (id, claimed) = (case.item.id.as_str(), case.item.leg(1).claimed_at());
    let before = |at: Timestamp, by: Duration| at.checked_sub(by).unwrap_or(Timestamp::MIN);
    let all = attempts_in_doubt(&case.item).into_iter();
    all.map(|attempt| {
        let last = case.item.leg(1).attempt() == Some(attempt);
        let first_came = case.sms.first().map(|sms| sms.at);
        let first_came = first_came.filter(|at| claimed.is_none_or(|claimed| *at < claimed));
        let (from, to) = match (last, claimed, first_came) {
            (true, Some(claimed), _) => (claimed, plus(claimed, times.timer)),
            (_, _, Some(came)) => (came, plus(came, times.timer)),
            (_, Some(second), None) => {
                let first = before(second, times.lease);
                (case.item.accepted_at, plus(first, times.timer))
            }
            (_, None, None) => (case.item.accepted_at, Timestamp::MAX),
        };
        Doubt {
            id: id.to_owned(),
            attempt,
            heard: printed.heard(id, attempt),
            from: before(from, SLACK),
            to: plus(to, SLACK),
        }
    })
    .collect()
}

/// Those that no setback explains, when each explains as many as it can.
pub(crate) fn unexplained(mut doubts: Vec<Doubt>, mut setbacks: Vec<Setback>) -> Vec<Doubt> {
    setbacks.sort_by_key(|setback| setback.at);
    // Who can be explained for the shortest time goes first: no other order explains more.
    doubts.sort_by_key(|doubt| doubt.to);
    for setback in setbacks {
        for _ in 0..setback.most {
            let fits = |doubt: &Doubt| (doubt.from..=doubt.to).contains(&setback.at);
            match doubts.iter().position(fits) {
                Some(place) => drop(doubts.remove(place)),
                None => break,
            }
        }
    }
    doubts
}
