//! A bank's day: what was accepted and what became of it. Pure: notifications in, report out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use recado_domain::delivery::{LegStatus, Notification, Status};
use recado_domain::ids::{NotificationId, TemplateName, TenantId};
use recado_dynamodb::UnreadableItem;

use crate::contradictions::{Contradiction, contradictions};
use crate::ledger::Ledger;
use crate::unfinished::{Unfinished, unfinished};

/// A day as a bank counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// Whose.
    pub tenant: TenantId,
    /// The date in the bank's zone.
    pub date: Date,
    /// The zone's name.
    pub zone: String,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment of the next one.
    pub until: Timestamp,
}

impl Day {
    /// The bank's day; none where the zone is unknown or the calendar ends. A day on which clocks change
    /// has 23 or 25 hours.
    #[must_use]
    pub fn of(tenant: TenantId, zone: &str, date: Date) -> Option<Self> {
        let known = TimeZone::get(zone).ok()?;
        let start = |date: Date| {
            let midnight = date.to_zoned(known.clone()).ok()?;
            Some(midnight.start_of_day().ok()?.timestamp())
        };
        Some(Self {
            tenant,
            date,
            zone: zone.to_owned(),
            from: start(date)?,
            until: start(date.tomorrow().ok()?)?,
        })
    }

    /// Whether something that was accepted then belongs to the day.
    #[must_use]
    pub fn holds(&self, tenant: &TenantId, accepted_at: Timestamp) -> bool {
        *tenant == self.tenant && (self.from..self.until).contains(&accepted_at)
    }

    /// Whether an item that does not read may belong to it.
    #[must_use]
    pub fn may_hold(&self, item: &UnreadableItem) -> bool {
        item.tenant
            .as_ref()
            .is_none_or(|tenant| *tenant == self.tenant)
            && item
                .accepted_at
                .is_none_or(|at| (self.from..self.until).contains(&at))
    }
}

/// Why something does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It owes something although its time is over.
    Unfinished(Unfinished),
    /// Its facts contradict each other.
    Contradiction(Contradiction),
}

/// A notification that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Which one.
    pub id: NotificationId,
    /// Its template.
    pub template: TemplateName,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Its status now.
    pub status: Status,
    /// Everything that does not fit; never empty.
    pub reasons: Vec<Reason>,
}

/// What is not as it should be with one notification.
#[must_use]
pub fn misfit(item: &Notification, now: Timestamp, grace: std::time::Duration) -> Option<Misfit> {
    let owed = unfinished(item, now, grace)
        .into_iter()
        .map(Reason::Unfinished);
    let wrong = contradictions(item).into_iter().map(Reason::Contradiction);
    let reasons: Vec<Reason> = owed.chain(wrong).collect();
    (!reasons.is_empty()).then(|| Misfit {
        id: item.id.clone(),
        template: item.template.clone(),
        accepted_at: item.accepted_at,
        status: item.status(now),
        reasons,
    })
}

/// A day's count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many have come to what, now. Those that have not ended are still open.
    pub by_status: BTreeMap<Status, usize>,
    /// Legs of which nobody knows whether their message left.
    pub uncertain_legs: usize,
    /// Notifications that the customer has twice.
    pub delivered_twice: Vec<NotificationId>,
    /// Those that do not fit.
    pub misfits: Vec<Misfit>,
    /// Items that do not read.
    pub unreadable: Vec<UnreadableItem>,
    /// All ids of the day.
    pub ids: BTreeSet<NotificationId>,
}

impl Tally {
    /// Counts a notification of the day; the same one again (a scan may meet an item twice) does not count.
    pub fn add(&mut self, item: &Notification, now: Timestamp, grace: std::time::Duration) {
        if !self.ids.insert(item.id.clone()) {
            return;
        }
        *self.by_status.entry(item.status(now)).or_default() += 1;
        self.uncertain_legs += (0..item.legs())
            .filter(|leg| {
                item.leg(*leg).uncertain_at().is_some()
                    || item.leg_status(*leg) == LegStatus::Uncertain
            })
            .count();
        if item.delivered_twice() {
            self.delivered_twice.push(item.id.clone());
        }
        self.misfits.extend(misfit(item, now, grace));
    }

    /// Notes an item that does not read.
    pub fn add_unreadable(&mut self, item: UnreadableItem) {
        if item.id.clone().is_none_or(|id| self.ids.insert(id)) {
            self.unreadable.push(item);
        }
    }

    /// How many were accepted: all that have ended, all that are still open, all that do not read.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.by_status.values().sum::<usize>() + self.unreadable.len()
    }

    /// How many have not ended.
    #[must_use]
    pub fn open(&self) -> usize {
        let open = self
            .by_status
            .iter()
            .filter(|(status, _)| !status.has_ended());
        open.map(|(_, count)| count).sum()
    }

    /// Whether the day fits, apart from a ledger.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.misfits.is_empty() && self.unreadable.is_empty()
    }
}

/// Where an id of the bank's list is that is not among the day's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// Accepted at another time.
    OtherDay(Timestamp),
    /// Another bank's.
    OtherBank,
    /// It is there and does not read.
    Unreadable,
}

impl Elsewhere {
    /// One word for it, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::OtherDay(_) => "other_day",
            Self::OtherBank => "other_bank",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The bank's list beside ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many ids the bank lists.
    pub listed: usize,
    /// How many of its lines repeat an id.
    pub repeated: usize,
    /// Ids that we do not have: lost, or older than what is kept.
    pub lost: Vec<NotificationId>,
    /// Ids that we have, but not on this day or not as this bank's.
    pub elsewhere: Vec<(NotificationId, Elsewhere)>,
    /// Ids that the bank does not know: it never got our answer.
    pub unknown_to_the_bank: Vec<NotificationId>,
}

impl Compared {
    /// Compares. What the bank lists and the day does not hold is `lost` until it is found elsewhere.
    #[must_use]
    pub fn of(ledger: &Ledger, tally: &Tally) -> Self {
        Self {
            listed: ledger.ids.len(),
            repeated: ledger.repeated,
            lost: ledger.ids.difference(&tally.ids).cloned().collect(),
            elsewhere: Vec::new(),
            unknown_to_the_bank: tally.ids.difference(&ledger.ids).cloned().collect(),
        }
    }

    /// Whether both lists are the same.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.lost.is_empty() && self.elsewhere.is_empty() && self.unknown_to_the_bank.is_empty()
    }
}

#[cfg(test)]
mod tests;
