//! One notification with everything that is known of it, and what was promised of its SMS.

use std::time::Duration;

use jiff::Timestamp;
use recado_domain::class::WhenUncertain;
use recado_domain::delivery::{Fact, LegFact, Notification, SuppressReason, plus};
use recado_operator::contradictions::contradictions;
use recado_testing::phones::Arrival;

use crate::plan::{Handset, Kind, Planned};
use crate::times::Times;

/// From the moment that a receipt's fact carries until it is stored: the store's client tries three times,
/// and may wait two seconds for one answer.
const BEING_STORED: Duration = Duration::from_secs(5);

/// A notification with everything that is known of it.
pub(crate) struct Case<'a> {
    pub(crate) planned: &'a Planned,
    pub(crate) handset: Handset,
    pub(crate) item: Notification,
    /// How often Meta took it.
    pub(crate) taken: u32,
    pub(crate) whatsapp: Vec<&'a Arrival>,
    /// In order of arrival.
    pub(crate) sms: Vec<&'a Arrival>,
}

impl Case<'_> {
    pub(crate) fn told(&self, rule: &str) -> String {
        let facts: Vec<String> = self
            .item
            .facts
            .iter()
            .map(|(fact, value)| format!("{}={value:?}", fact.attribute()))
            .collect();
        format!(
            "{rule}: {} {:?} to a phone {:?}, taken by Meta {}, on the phone {} WhatsApp {} SMS, {}",
            self.item.id,
            self.planned.kind,
            self.handset,
            self.taken,
            self.whatsapp.len(),
            self.sms.len(),
            facts.join(" ")
        )
    }

    /// Why a phone holds nothing; none if it should.
    pub(crate) fn why_nothing(&self) -> Option<&'static str> {
        let (first, later) = (self.item.leg(0), self.item.leg(1));
        if let Some(reason) = self.item.suppressed_because() {
            let capped = self.planned.kind == Kind::Offer && reason == SuppressReason::FrequencyCap;
            return capped.then_some(OVER_CAP);
        }
        if self.planned.kind == Kind::Offer {
            return match (first.failed_at().is_some(), self.taken, self.handset) {
                (true, _, _) => Some(REFUSED),
                (false, 0, _) if first.uncertain_at().is_some() => Some(OFFER_UNCERTAIN),
                (false, 1, Handset::Off | Handset::Flapping) => Some("an offer, phone off"),
                (false, _, _) => None,
            };
        }
        match (
            later.uncertain_at().is_some(),
            self.repeats(),
            later.attempt(),
        ) {
            (true, false, Some(1)) => Some("SMS uncertain, never repeated by its class"),
            (true, true, Some(2)) => Some("SMS uncertain twice"),
            (_, _, _) => None,
        }
    }

    fn repeats(&self) -> bool {
        self.item.class.when_uncertain() == WhenUncertain::RepeatOnce
    }

    /// The promises of its SMS that were not kept, and what can never stand in one item together.
    pub(crate) fn broken(&self, times: &Times) -> Vec<String> {
        let mut broken: Vec<String> = contradictions(&self.item)
            .iter()
            .map(|wrong| format!("a contradiction, {wrong}"))
            .collect();
        let claimed = self.item.leg(1).claimed_at();
        if claimed.is_some_and(|at| self.is_early(at, times)) {
            broken.push("an SMS was claimed before its time (I7)".to_owned());
        }
        if self.sms.iter().any(|sms| self.is_early(sms.at, times)) {
            broken.push("an SMS came before its time (I7)".to_owned());
        }
        if let Some(reached) = self.item.reached_at() {
            let stored = plus(reached, BEING_STORED);
            let came = |sms: &&Arrival| sms.at > plus(stored, times.timer);
            if claimed.is_some_and(|at| at > stored) || self.sms.iter().any(came) {
                broken.push("an SMS was claimed after a stored receipt (I6)".to_owned());
            }
        }
        broken.extend(self.broken_by_its_number(times).map(str::to_owned));
        broken
    }

    /// A second SMS is one of a class that repeats, claimed when the first one's lease had run out (I5).
    fn broken_by_its_number(&self, times: &Times) -> Option<&'static str> {
        let (first, second) = match self.sms.as_slice() {
            [] => return None,
            [_] => {
                let later = self.item.leg(1);
                let told = later.submitted_at().or(later.uncertain_at()).is_some();
                // Delivered after all: then nobody looks after the SMS of a holder that died.
                let claimed = told || (later.attempt().is_some() && self.item.reached());
                return (!claimed).then_some("an SMS was sent without a claim");
            }
            [first, second] => (first.at, second.at),
            _ => return Some("more than two SMS"),
        };
        if !self.repeats() || self.item.leg(1).attempt() != Some(2) {
            return Some("a second SMS that its class or its facts do not allow");
        }
        // The first claim is at most as much older than its Publish as its function may work.
        let leased = plus(first, times.lease.saturating_sub(times.timer));
        let claimed = self.item.leg(1).claimed_at().unwrap_or(second);
        (claimed.min(second) < leased).then_some("a second SMS within the first one's lease")
    }

    fn is_early(&self, at: Timestamp, times: &Times) -> bool {
        due(&self.item, at, times).is_none_or(|due| at < due)
    }
}

pub(crate) const OVER_CAP: &str = "an offer over the day's cap";
pub(crate) const REFUSED: &str = "an offer that WhatsApp refused";
pub(crate) const OFFER_UNCERTAIN: &str = "an offer, uncertain";

/// When the SMS was due by the timer's table, as far as the facts of a moment tell; none while nothing was
/// claimed or closed before it.
fn due(item: &Notification, at: Timestamp, times: &Times) -> Option<Timestamp> {
    let before = item.leg(0);
    let closed = item.facts.at(&Fact::Leg(0, LegFact::Closed));
    let ended = [before.failed_at(), closed].into_iter().flatten().min();
    if let Some(ended) = ended.filter(|ended| *ended <= at) {
        return Some(ended);
    }
    let wait = item.ladder.get(1)?.after;
    // The claim's end, which is not before the last POST's.
    let silent = || Some(before.until()?.max(plus(before.claimed_at()?, times.post)));
    let began = before.submitted_at().or(before.uncertain_at());
    began.or_else(silent).map(|from| plus(from, wait))
}
