//! One POST's receipts per notification, so that each costs at most two writes (one for a receipt,
//! one for a failure) however many statuses came.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use recado_domain::carried::{Carried, WindowMark};
use recado_domain::delivery::Receipts;
use recado_domain::ids::{Callback, NotificationId, PhoneNumberId};

use super::model::{Receipt, ReceiptStatus, Update};
use crate::errors::{self, Cause};

/// The receipts of one POST.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// What is to be written, per notification and per number of ours that reports it: a number of
    /// another tenant must not touch the notification.
    pub receipts: BTreeMap<(NotificationId, PhoneNumberId), Receipts>,
    /// The windows that Meta says are closed (131047), and the number of ours that reports it.
    pub closed: BTreeSet<(WindowMark, PhoneNumberId)>,
    /// The notifications that Meta refused since the person had stopped marketing (131050), the number of ours
    /// that reports it, and when the latest was refused, by Meta's clock.
    pub stopped: BTreeMap<(NotificationId, PhoneNumberId), Option<Timestamp>>,
    /// How many `sent` there were. They are counted, not written.
    pub sent: u32,
    /// How many receipts belong to no message of ours.
    pub foreign: u32,
    /// How many receipts change nothing: they say nothing of delivery, or tell of a free-form message,
    /// which nobody waits for.
    pub other: u32,
}

/// Folds the receipts among `updates`; the order in which they came does not matter. Of several
/// failures the newest attempt's stays.
#[must_use]
pub fn fold(updates: &[Update]) -> Folded {
    let mut folded = Folded::default();
    for update in updates {
        let Update::Receipt(receipt) = update else {
            continue;
        };
        match &receipt.carried {
            Some(Carried::Attempt(callback)) => folded.attempt(receipt, callback),
            Some(Carried::Window(mark)) => folded.free_form(receipt, mark),
            None => folded.foreign += 1,
        }
    }
    folded
}

impl Folded {
    fn attempt(&mut self, receipt: &Receipt, callback: &Callback) {
        let key = || (callback.notification.clone(), receipt.number.clone());
        match &receipt.status {
            ReceiptStatus::Sent => self.sent += 1,
            ReceiptStatus::Other(_) => self.other += 1,
            ReceiptStatus::Delivered => self.receipts.entry(key()).or_default().delivered = true,
            ReceiptStatus::Read => self.receipts.entry(key()).or_default().read = true,
            ReceiptStatus::Failed(failure) => {
                if failure.code.map(errors::cause) == Some(Cause::OptedOut) {
                    let latest = self.stopped.entry(key()).or_default();
                    *latest = (*latest).max(receipt.at);
                }
                let failed = &mut self.receipts.entry(key()).or_default().failed;
                // One attempt may fail twice, in other words: the higher code stays, so that the
                // order of arrival decides nothing and a failure without a code says least.
                let newer = failed.as_ref().is_none_or(|(attempt, known)| {
                    (callback.attempt, failure.code) > (*attempt, known.code)
                });
                if newer {
                    *failed = Some((callback.attempt, failure.clone()));
                }
            }
        }
    }

    fn free_form(&mut self, receipt: &Receipt, mark: &WindowMark) {
        match &receipt.status {
            ReceiptStatus::Sent => self.sent += 1,
            ReceiptStatus::Failed(failure)
                if failure.code.map(errors::cause) == Some(Cause::Window) =>
            {
                self.closed.insert((mark.clone(), receipt.number.clone()));
            }
            ReceiptStatus::Failed(_)
            | ReceiptStatus::Delivered
            | ReceiptStatus::Read
            | ReceiptStatus::Other(_) => self.other += 1,
        }
    }
}
