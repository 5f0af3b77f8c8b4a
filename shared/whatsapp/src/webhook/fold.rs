//! One POST's receipts per notification, so that each costs at most two writes (one for a receipt,
//! one for a failure) however many statuses came.

use std::collections::BTreeMap;

use recado_domain::delivery::Receipts;
use recado_domain::ids::{NotificationId, PhoneNumberId};

use super::model::{ReceiptStatus, Update};

/// The receipts of one POST.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// What is to be written, per notification and per number of ours that reports it: a number of
    /// another tenant must not touch the notification.
    pub receipts: BTreeMap<(NotificationId, PhoneNumberId), Receipts>,
    /// How many `sent` there were. They are counted, not written.
    pub sent: u32,
    /// How many receipts belong to no notification of ours.
    pub foreign: u32,
    /// How many receipts say nothing of delivery.
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
        let Some(callback) = &receipt.callback else {
            folded.foreign += 1;
            continue;
        };
        let key = || (callback.notification.clone(), receipt.number.clone());
        match &receipt.status {
            ReceiptStatus::Sent => folded.sent += 1,
            ReceiptStatus::Other(_) => folded.other += 1,
            ReceiptStatus::Delivered => folded.receipts.entry(key()).or_default().delivered = true,
            ReceiptStatus::Read => folded.receipts.entry(key()).or_default().read = true,
            ReceiptStatus::Failed(failure) => {
                let failed = &mut folded.receipts.entry(key()).or_default().failed;
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
    folded
}
