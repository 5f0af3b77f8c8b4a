//! Reads a run's history from its beginning and names every promise that was not kept: I1 to I12 of
//! `docs/ARCHITECTURE.md`, and that what the phones hold is what the facts say.
//!
//! The auditor knows nothing of the protocol's code: it rebuilds each item out of the writes that took
//! effect, keeps account of every message in every queue, and has rules of its own.

mod api;
mod case;
mod claims;
mod consent;
mod end;
mod evidence;
mod queue;
mod sent;
mod switches;

use std::collections::BTreeMap;
use std::fmt;

use recado_domain::consent::Source;
use recado_domain::ids::{NotificationId, RecipientToken, TenantId};

use crate::history::{About, Actor, End, Event};
use case::Case;
use consent::Known;
pub use evidence::Evidence;

/// What was promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// Accepted means durable.
    I1,
    /// One request, one notification.
    I2,
    /// At most one WhatsApp message.
    I3,
    /// The timer comes first.
    I4,
    /// At most one SMS.
    I5,
    /// No fallback after delivery.
    I6,
    /// Not before its time, not much after.
    I7,
    /// Nobody is messaged against their will.
    I8,
    /// Every accepted notification ends.
    I9,
    /// Monotone facts.
    I10,
    /// Personal data lies in one place.
    I11,
    /// A bad record harms itself alone.
    I12,
    /// What an operator holds back does not leave.
    Switches,
    /// What phones hold is what the facts say.
    Conservation,
    /// Handlers do not panic.
    NoPanic,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub promise: Promise,
    /// Towards which notification.
    pub id: Option<NotificationId>,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// How.
    pub what: String,
}

/// What happens more than once and is permitted: counted, so that it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// A second SMS after a first of which nobody knew whether it had left.
    pub repeated_sms: u64,
    /// Customers who got a notification by WhatsApp and by SMS.
    pub delivered_twice: u64,
    /// WhatsApp messages that left and whose submission was never noted.
    pub unnoted_whatsapp: u64,
    /// SMS that left and whose submission was never noted.
    pub unnoted_sms: u64,
}

/// The findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Promises that were not kept.
    pub violations: Vec<Violation>,
    /// What was permitted and is counted.
    pub tally: Tally,
}

/// Audits a run.
#[must_use]
pub fn audit(evidence: &Evidence) -> Findings {
    let mut auditor = Auditor::new(evidence);
    for (at, event) in evidence.history.iter() {
        auditor.at = at;
        auditor.take(event);
    }
    auditor.finish();
    auditor.findings
}

struct Auditor<'a> {
    evidence: &'a Evidence,
    findings: Findings,
    at: i64,
    cases: BTreeMap<NotificationId, Case<'a>>,
    messages: BTreeMap<u64, (About, Original)>,
    keys: BTreeMap<usize, api::Key>,
    asked: BTreeMap<(Actor, TenantId, RecipientToken), Known>,
    consented: Vec<consent::Stored>,
    ends: BTreeMap<Actor, End>,
    switches: switches::Board,
    /// Words that revoke and were sent: the bank, the second, and how they are told in the history.
    words: Vec<(TenantId, i64, Source)>,
    /// By bank: words that are to be confirmed, less those that were.
    /// By bank, and whether the confirmation goes to a number.
    unconfirmed: BTreeMap<(TenantId, bool), i64>,
}

/// Whether a message is the one that was sent, or a copy that the queue made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Original {
    Itself,
    Copy,
}

impl<'a> Auditor<'a> {
    fn new(evidence: &'a Evidence) -> Self {
        let cases = evidence
            .items
            .iter()
            .map(|(id, item)| (id.clone(), Case::new(item)))
            .collect();
        Self {
            evidence,
            findings: Findings::default(),
            at: 0,
            cases,
            messages: BTreeMap::new(),
            keys: BTreeMap::new(),
            asked: BTreeMap::new(),
            consented: Vec::new(),
            ends: BTreeMap::new(),
            switches: switches::Board::default(),
            words: Vec::new(),
            unconfirmed: BTreeMap::new(),
        }
    }

    fn broken(&mut self, promise: Promise, id: Option<&NotificationId>, what: impl Into<String>) {
        self.findings.violations.push(Violation {
            promise,
            id: id.cloned(),
            at: self.at,
            what: what.into(),
        });
    }

    fn is_calm(&self) -> bool {
        self.evidence.climate.is_calm()
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Chapter(_)
            | Event::Struck { .. }
            | Event::GaveUp { .. }
            | Event::Refused { .. }
            | Event::Customer { .. }
            | Event::Preferred { .. }
            | Event::Began { .. }
            | Event::WebhookLost => {}
            Event::Answered {
                key,
                variant,
                status,
                word,
                body,
                replayed,
                ..
            } => self.answered(*key, *variant, *status, word, body, *replayed),
            Event::Shown {
                what,
                id,
                status,
                word,
            } => self.shown(what, id, *status, word),
            Event::Ended { actor, how } => {
                self.ends.insert(*actor, *how);
            }
            Event::Panicked(what) => self.broken(Promise::NoPanic, None, what.clone()),
            Event::Created { id, .. } => self.created(id),
            Event::Wrote {
                id,
                by,
                facts,
                sealed,
            } => self.wrote(id, *by, facts, *sealed),
            Event::Asked {
                by,
                tenant,
                recipient,
                consents,
            } => self.noted_question(*by, tenant, recipient, consents),
            Event::Consented {
                tenant,
                recipient,
                channel,
                purposes,
                action,
                since,
                source,
                ..
            } => self.consented.push(consent::Stored {
                tenant: tenant.clone(),
                recipient: recipient.clone(),
                channel: *channel,
                purposes: purposes.clone(),
                action: *action,
                since: *since,
                source: *source,
            }),
            Event::Turned(turn) => self.turned(turn),
            Event::Confirmed {
                tenant,
                phone,
                outcome,
            } => self.confirmed(tenant, phone, outcome),
            Event::Erased { tenant, recipient } => self.erased(tenant, recipient),
            Event::Word { tenant, keyword } => self.word(tenant, *keyword),
            Event::Sent {
                message,
                about,
                copy,
                ..
            } => self.sent(*message, about, *copy),
            Event::Acknowledged { message } => self.acknowledged(*message),
            Event::Died { message } => self.died(*message),
            Event::Redriven { message } => self.redriven(*message),
            Event::Leaked { place, what } => {
                self.broken(Promise::I11, None, format!("{what:?} in {place}"));
            }
            Event::Posting { id, by, .. } => self.posting(id, *by),
            Event::Posted {
                id, by, outcome, ..
            } => self.posted(id, *by, outcome),
            Event::Accepted { id, phone } => self.accepted(id, phone),
            Event::Told { id, what } => self.told(id, *what),
            Event::Publishing { id, by } => self.publishing(id.as_ref(), *by),
            Event::Taken { id, phone } => self.taken(id.as_ref(), phone),
            Event::Published { id, by, outcome } => self.published(id.as_ref(), *by, outcome),
            Event::Webhook { post, status, .. } => self.webhook(*post, *status),
            Event::Forged { status } => {
                if *status != 401 {
                    let what = format!("a webhook without Meta's signature was answered {status}");
                    self.broken(Promise::I12, None, what);
                }
            }
        }
    }
}
