//! What is explored: which notifications, and how much may go wrong.

use std::time::Duration;

use jiff::Timestamp;
use recado_domain::delivery::{Context, Limits, Notification, plus};
use recado_domain::ids::ClaimToken;
use recado_domain::switches::Gates;

/// The limits as `infra/template.yaml` sets them.
pub(crate) const LIMITS: Limits = Limits {
    post_timeout: Duration::from_secs(POST_TIMEOUT as u64),
    retry_window: Duration::from_secs(2),
    lease: Duration::from_secs(60),
};
/// A POST's timeout, in seconds.
pub(crate) const POST_TIMEOUT: u16 = 8;
/// A function's timeout, in seconds.
pub(crate) const FUNCTION_TIMEOUT: u16 = 20;
/// A message's visibility timeout, in seconds.
pub(crate) const VISIBILITY: u16 = 180;
/// How soon a message comes again whose store or queue was away (`recado_ports::drive::PUT_BACK`).
pub(crate) const PUT_BACK: u16 = 5;
/// The longest delay of a message (SQS).
pub(crate) const LONGEST_DELAY: u16 = 900;
/// From the leg before to the next one, in seconds.
pub(crate) const WAIT: u16 = 30;

/// How much may go wrong, and how far the world is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Crashes, duplicates, lost answers, refusals to answer, POSTs that do not leave or whose outcome
    /// is unknown: so many in all. Five receives end in a dead letter, which is not modelled: ≤ 4.
    pub faults: u8,
    /// How often time passes to the next moment that matters although something could happen before.
    pub lates: u8,
    /// Functions at work at the same time.
    pub drives: u8,
    /// How often the bank cancels (each notification: at most once).
    pub cancels: u8,
    /// How often the customer revokes everything.
    pub revokes: u8,
    /// How often an operator turns a switch, or an SMS budget is found used up.
    pub turns: u8,
    /// Meta's receipts.
    pub receipts: Receipts,
    /// What is kept of the times in facts.
    pub times: Times,
    /// More states than this are not looked at, and the report says so.
    pub most_states: usize,
}

/// What Meta tells of a message that left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipts {
    /// Nothing.
    None,
    /// `delivered` or `failed`, in any order, at any time; `failed` of older attempts as well.
    Some,
    /// `read` as well, with or without `delivered`.
    All,
}

/// What is kept of the times of facts whose mere presence decides (cancelled, suppressed, claimed,
/// failed, closed, delivered, read).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Nothing: states that differ in them alone are one.
    Present,
    /// Everything.
    Exact,
}

/// One world to explore.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// The notifications, as accepted at the same moment for the same recipient.
    pub notes: Vec<Notification>,
    /// Room under the day's cap; none: other messages may use it up at any time.
    pub cap: Option<u8>,
    /// The switches as they stand at first.
    pub gates: Gates,
    /// Whether validity outlasts whatever the faults can delay.
    pub validity: Validity,
    /// How much may go wrong.
    pub bounds: Bounds,
}

/// How long a case's notifications are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Faults may outlast it.
    Short,
    /// Nothing but lateness can: then the fallback must happen.
    Roomy,
}

/// The moment of acceptance, to which every time of the model is relative.
pub(crate) fn accepted_at() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("a time within the calendar")
}

/// A time of the model.
pub(crate) fn at(second: u16) -> Timestamp {
    plus(accepted_at(), Duration::from_secs(second.into()))
}

/// A time of the domain in the model, rounded up.
pub(crate) fn second_of(at: Timestamp) -> u16 {
    let ms = at.as_millisecond() - accepted_at().as_millisecond();
    u16::try_from((ms.max(0) + 999) / 1000).unwrap_or(u16::MAX)
}

/// A duration of the domain in the model, rounded up as the queues do.
pub(crate) fn seconds(duration: Duration) -> u16 {
    u16::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(u16::MAX)
}

/// A token of the model: those in use are told apart, a free one is used again.
pub(crate) fn token(number: u8) -> ClaimToken {
    ClaimToken::from_random([number; 16])
}

/// What a step is given besides item and event.
pub(crate) fn context(now: u16, number: u8, gates: &Gates) -> Context {
    Context {
        now: at(now),
        token: token(number),
        limits: LIMITS,
        gates: gates.clone(),
    }
}
