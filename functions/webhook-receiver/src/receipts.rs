//! What became of our messages: each fact stored once, in any order.

use std::collections::BTreeMap;

use jiff::Timestamp;
use recado_domain::carried::{Carried, WindowMark};
use recado_domain::consent::{Changed, MetaPreference};
use recado_domain::delivery::{Notification, Receipts, change, receipt_failed};
use recado_domain::ids::{NotificationId, PhoneNumberId, TenantId};
use recado_ports::{Chance, Conversations, Notifications, Queues, Recipients, Registry, Written};
use recado_runtime::{Metric, count};
use recado_whatsapp::webhook::{Person, Update};

use crate::{Deps, ReceiveError};

/// Who got which notification, where a receipt tells both number and user id.
pub(crate) fn people(updates: &[Update]) -> BTreeMap<NotificationId, Person> {
    let mut people = BTreeMap::new();
    for update in updates {
        let Update::Receipt(receipt) = update else {
            continue;
        };
        if let (Some(Carried::Attempt(callback)), Some(person)) =
            (&receipt.carried, &receipt.contact)
            && person.phone.is_some()
            && person.user.is_some()
        {
            people.insert(callback.notification.clone(), person.clone());
        }
    }
    people
}

impl<S, Q, C> Deps<S, Q, C>
where
    S: Notifications + Recipients + Conversations + Registry,
    Q: Queues,
    C: Chance,
{
    /// Stores a notification's receipts. The number's tenant must be the notification's; a failure of
    /// an older attempt opens nothing.
    pub(crate) async fn store_receipts(
        &self,
        id: &NotificationId,
        number: &PhoneNumberId,
        receipts: &Receipts,
        person: Option<&Person>,
    ) -> Result<(), ReceiveError> {
        let Some(tenant) = self.tenant_of(number).await? else {
            return Ok(());
        };
        let now = self.world.chance.now();
        if let Some(change) = change::receipts(&tenant, receipts, now) {
            match self.world.store.write(id, &change).await? {
                Written::Applied(item) => {
                    self.note_if_twice(&item, now);
                    self.learn(&tenant, &item, person).await?;
                }
                // Known already; but the function may have died before it learnt the alias.
                Written::Refused(item) if item.tenant == tenant => {
                    self.learn(&tenant, &item, person).await?;
                }
                Written::Refused(_) | Written::Missing => {
                    count(Metric::ReceiptUnknown, 1, now);
                    return Ok(());
                }
            }
        }
        match &receipts.failed {
            Some((attempt, failure)) => self.store_failure(&tenant, id, *attempt, failure).await,
            None => Ok(()),
        }
    }

    /// Meta refused a free-form message for the window it relied on: that window is closed in our books
    /// too. The recipient is known under the number's tenant only, so another's number closes nothing.
    pub(crate) async fn close_window(
        &self,
        mark: &WindowMark,
        number: &PhoneNumberId,
    ) -> Result<(), ReceiveError> {
        let Some(tenant) = self.tenant_of(number).await? else {
            return Ok(());
        };
        let (store, recipient) = (&self.world.store, &mark.recipient);
        let closed = store.refuse_window(&tenant, recipient, mark.until).await?;
        if closed == Changed::Yes {
            count(Metric::WindowRefused, 1, self.world.chance.now());
            tracing::info!(tenant.id = %tenant, recipient = %recipient, "Meta says the window is closed");
        }
        Ok(())
    }

    /// Meta refused a message since its addressee stopped this business's marketing: the same preference that
    /// `user_preferences` tells, so that the next offer is not even tried. By Meta's clock, as that is: a
    /// failure that is repeated does not outdo a resume from after it.
    pub(crate) async fn stop_marketing(
        &self,
        id: &NotificationId,
        number: &PhoneNumberId,
        at: Option<Timestamp>,
    ) -> Result<(), ReceiveError> {
        let Some(tenant) = self.tenant_of(number).await? else {
            return Ok(());
        };
        let (store, now) = (&self.world.store, self.world.chance.now());
        // One that is not there is counted with its receipt.
        let item = store.read(id).await?;
        if let Some(item) = item.filter(|item| item.tenant == tenant) {
            let (stop, at) = (MetaPreference::Stop, at.unwrap_or(now));
            let stored = store.meta_preference(&tenant, &item.recipient, stop, at);
            stored.await?;
            tracing::info!(notification.id = %id, tenant.id = %tenant, "Meta says that marketing was stopped");
        }
        Ok(())
    }

    async fn store_failure(
        &self,
        tenant: &TenantId,
        id: &NotificationId,
        attempt: u32,
        failure: &recado_domain::delivery::Failure,
    ) -> Result<(), ReceiveError> {
        let now = self.world.chance.now();
        let Some(item) = self
            .world
            .store
            .read(id)
            .await?
            .filter(|item| item.tenant == *tenant)
        else {
            count(Metric::ReceiptUnknown, 1, now);
            return Ok(());
        };
        let content = change::content_after_failure(&item, 0);
        let written = self
            .world
            .store
            .write(id, &change::failed(0, attempt, failure, now, content))
            .await?;
        // Refused: stored before. The timer goes out again all the same, since the function may have
        // died between the write and the timer; one too many opens nothing.
        if let Written::Applied(item) | Written::Refused(item) = written {
            for handoff in receipt_failed(&item, attempt, now) {
                self.world.hand_off(&item, &handoff).await?;
            }
        }
        Ok(())
    }

    /// Counts a notification that came by WhatsApp and by a later leg, once: with the write that was the
    /// first to say that it reached the handset.
    pub(crate) fn note_if_twice(&self, item: &Notification, now: Timestamp) {
        let first = item.reached_at().map(Timestamp::as_millisecond) == Some(now.as_millisecond());
        if first && item.delivered_twice() {
            count(Metric::DeliveredTwice, 1, now);
            tracing::warn!(notification.id = %item.id, tenant.id = %item.tenant, template = %item.template, "delivered twice");
        }
    }

    /// Notes under which user id the recipient is known, unless the claim knew it already.
    async fn learn(
        &self,
        tenant: &TenantId,
        item: &Notification,
        person: Option<&Person>,
    ) -> Result<(), ReceiveError> {
        let Some(user) = person.and_then(|person| person.user.as_ref()) else {
            return Ok(());
        };
        let digest = self.keys.pepper.alias(tenant, user);
        if item.leg(0).known_user() == Some(digest.as_str()) {
            return Ok(());
        }
        self.note_user(tenant, &item.recipient, user).await
    }
}
