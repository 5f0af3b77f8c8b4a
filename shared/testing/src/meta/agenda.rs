//! What is due, and when.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    delivery::Stage,
    webhooks::{Update, WebhookPost},
};

#[derive(Debug, Clone)]
pub(crate) enum Due {
    /// A message's next step.
    Step { wamid: String, stage: Stage },
    /// An update that sets out on its way to the business.
    Tell { number: String, update: Update },
    /// An update whose delay on that way is over.
    Update { number: String, update: Update },
    /// A batch of statuses that has waited long enough.
    Flush { number: String },
    /// A POST to make.
    Post(WebhookPost),
    /// The end of a template's review.
    Review { template: u64 },
}

/// Things due in order of time, and in order of entry at the same time.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    entries: BTreeMap<(Timestamp, u64), Due>,
    entered: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: Timestamp, due: Due) {
        self.entered += 1;
        self.entries.insert((at, self.entered), due);
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.entries.keys().next().map(|(at, _)| *at)
    }

    pub(crate) fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, Due)> {
        let entry = self.entries.first_entry()?;
        let at = entry.key().0;
        (at <= now).then(|| (at, entry.remove()))
    }
}
