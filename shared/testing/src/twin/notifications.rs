//! Notifications: the change itself says whether and how it takes effect.

use std::collections::btree_map::Entry;
use std::time::Duration;

use recado_domain::delivery::{Change, Notification};
use recado_domain::ids::NotificationId;
use recado_ports::{Created, Notifications, StoreError, Written};

use super::store::{Store, StoreCall};
use super::whole_millis;

impl Notifications for Store {
    async fn create(&self, item: &Notification) -> Result<Created, StoreError> {
        self.call(StoreCall::Create, |state| {
            match state.notifications.entry(item.id.clone()) {
                Entry::Vacant(free) => {
                    free.insert(as_stored(item));
                    Created::New
                }
                Entry::Occupied(held) => Created::Already(Box::new(held.get().clone())),
            }
        })
        .await
    }

    async fn read(&self, id: &NotificationId) -> Result<Option<Notification>, StoreError> {
        self.call(StoreCall::Read, |state| {
            state.notifications.get(id).cloned()
        })
        .await
    }

    async fn write(&self, id: &NotificationId, change: &Change) -> Result<Written, StoreError> {
        self.call(StoreCall::Write, |state| {
            let Some(item) = state.notifications.get_mut(id) else {
                return Written::Missing;
            };
            if change.permits(item) {
                *item = change.apply(item.clone());
                return Written::Applied(Box::new(item.clone()));
            }
            let old = Box::new(item.clone());
            if change.already_won(&old) {
                Written::Applied(old)
            } else {
                Written::Refused(old)
            }
        })
        .await
    }
}

/// What is finer than a millisecond is lost, as it is in the table.
fn as_stored(item: &Notification) -> Notification {
    let millis = |duration: Duration| {
        Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    };
    let mut item = item.clone();
    item.accepted_at = whole_millis(item.accepted_at);
    item.valid_until = whole_millis(item.valid_until);
    item.max_queue_wait = millis(item.max_queue_wait);
    for rung in &mut item.ladder {
        rung.after = millis(rung.after);
    }
    item
}
