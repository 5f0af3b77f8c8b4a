//! What only the sender can do: pace, count against the cap, POST.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use recado_domain::carried::Carried;
use recado_domain::channel::Channel;
use recado_domain::consent::MetaPreference;
use recado_domain::delivery::{
    CapVerdict, Claim, Event, Limits, Notification, Permission, PostOutcome,
};
use recado_domain::hours::Quiet;
use recado_domain::ids::{Callback, PhoneNumberId};
use recado_domain::message::{Addressee, Outgoing};
use recado_domain::pacing::{Concurrency, Pacer};
use recado_domain::render;
use recado_domain::switches::Gates;
use recado_ports::drive::{Hands, Paced, Unready};
use recado_ports::{
    Chance, Conversations, Notifications, Queues, Recipients, Registry, StoreError, Switches,
    TenantConfig, WhatsappChannel,
};
use recado_runtime::{
    Metric, broken, count, count_against_cap, count_progress, open_content, quiet_hours,
};
use recado_whatsapp::errors::{Cause, cause};

use crate::Deps;

/// A wait for a token that is longer than this goes back to the queue.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Meta's codes for a number, an app or a pair of sender and recipient going too fast.
const THROTTLED: [u32; 3] = [4, 80_007, 130_429];

/// The numbers' shares in this sandbox. Clones share them.
#[derive(Clone)]
pub struct Pacers {
    concurrency: Concurrency,
    numbers: Arc<Mutex<HashMap<PhoneNumberId, (u32, Pacer)>>>,
}

impl Pacers {
    /// `concurrency`: how many sandboxes may send at once.
    #[must_use]
    pub fn new(concurrency: Concurrency) -> Self {
        Self {
            concurrency,
            numbers: Arc::default(),
        }
    }

    fn with<T>(&self, config: &TenantConfig, act: impl FnOnce(&mut Pacer) -> T) -> T {
        let mut numbers = self
            .numbers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let rate = config.messages_per_second;
        let fresh = || (rate, Pacer::new(rate, self.concurrency));
        let known = numbers
            .entry(config.phone_number_id.clone())
            .or_insert_with(fresh);
        if known.0 != rate {
            *known = fresh();
        }
        act(&mut known.1)
    }
}

impl<S, Q, C, W> Hands for Deps<S, Q, C, W>
where
    S: Notifications + Recipients + Conversations + Registry + Switches,
    Q: Queues,
    C: Chance,
    W: WhatsappChannel,
{
    fn limits(&self) -> Limits {
        self.limits
    }

    async fn pace(&self, item: &Notification) -> Paced {
        // Without an entry the POST itself fails with a reason; pacing has nothing to say.
        let Ok(Some(config)) = self.world.store.tenant(&item.tenant).await else {
            return Paced::Ready;
        };
        let mut waited = Duration::ZERO;
        loop {
            let now = self.world.chance.now();
            match self
                .pacers
                .with(&config, |pacer| pacer.take(item.lane, now))
            {
                Ok(()) => return Paced::Ready,
                Err(wait) if waited + wait > LONGEST_WAIT => {
                    return Paced::Busy(wait.max(Duration::from_secs(1)));
                }
                Err(wait) => {
                    self.world.chance.rest(wait).await;
                    waited += wait;
                }
            }
        }
    }

    async fn permission(&self, item: &Notification, leg: u8) -> Result<Permission, StoreError> {
        let recipient = self
            .world
            .store
            .recipient(&item.tenant, &item.recipient)
            .await?;
        let channel = item
            .ladder
            .get(usize::from(leg))
            .map_or(Channel::Whatsapp, |rung| rung.channel);
        Ok(recipient
            .consents
            .permission(item.class, channel, self.world.chance.now()))
    }

    async fn quiet(&self, item: &Notification) -> Result<Option<Quiet>, StoreError> {
        quiet_hours(&self.world.store, item, self.world.chance.now()).await
    }

    async fn count(&self, item: &Notification) -> Result<CapVerdict, StoreError> {
        count_against_cap(&self.world.store, item, self.world.chance.now()).await
    }

    type Ready = (TenantConfig, Addressee, Outgoing);

    async fn prepare(&self, item: &Notification, _leg: u8) -> Result<Self::Ready, Unready> {
        let opened = open_content(&self.world.store, &self.keys, item).await?;
        let message = render::whatsapp(&opened.template, item.locale, &opened.params, &item.id)
            .map_err(|_| broken("content does not render"))?;
        let to = Addressee::Phone(opened.to);
        Ok((opened.config, to, Outgoing::Template(message)))
    }

    async fn post(
        &self,
        item: &Notification,
        claim: &Claim,
        (config, to, message): Self::Ready,
    ) -> PostOutcome {
        let carried = Carried::Attempt(Callback {
            notification: item.id.clone(),
            attempt: claim.attempt,
        });
        let from = &config.phone_number_id;
        let outcome = self
            .whatsapp
            .send(&item.tenant, from, &to, &message, &carried)
            .await;
        self.calm_down_if_throttled(&config, &outcome);
        self.heed_if_opted_out(item, &outcome).await;
        outcome
    }

    fn noticed(&self, item: &Notification, event: &Event) {
        let Event::Posted {
            leg,
            claim,
            outcome,
        } = event
        else {
            return;
        };
        if let Some(failure) = outcome.to_mend() {
            count(Metric::TechnicalFailure, 1, self.world.chance.now());
            let (title, code) = (&failure.title, failure.code);
            tracing::error!(notification.id = %item.id, tenant.id = %item.tenant, leg, title, code, "refused for a technical reason");
        }
        let (outcome, code) = (outcome.label(), outcome.code());
        tracing::info!(
            notification.id = %item.id, tenant.id = %item.tenant, template = %item.template,
            leg, attempt = claim.attempt, outcome, code, "posted"
        );
    }

    fn wrote(&self, before: &Notification, after: &Notification, gates: &Gates) {
        count_progress(before, after, gates, self.world.chance.now());
    }
}

impl<S, Q, C, W> Deps<S, Q, C, W>
where
    S: Notifications + Recipients + Conversations + Registry + Switches,
    Q: Queues,
    C: Chance,
    W: WhatsappChannel,
{
    /// Meta refuses marketing to whoever stopped it (131050): its own preference, kept beside our consents, so
    /// that the next offer is not tried.
    async fn heed_if_opted_out(&self, item: &Notification, outcome: &PostOutcome) {
        if outcome.code().map(cause) != Some(Cause::OptedOut) {
            return;
        }
        let (store, now) = (&self.world.store, self.world.chance.now());
        let stored = store
            .meta_preference(&item.tenant, &item.recipient, MetaPreference::Stop, now)
            .await;
        // The outcome must be recorded whatever becomes of this: the next offer is refused again.
        if let Err(error) = stored {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, notification.id = %item.id, tenant.id = %item.tenant, "preference not stored");
        }
    }

    fn calm_down_if_throttled(&self, config: &TenantConfig, outcome: &PostOutcome) {
        if let PostOutcome::NotSent { failure, .. } = outcome
            && failure.code.is_some_and(|code| THROTTLED.contains(&code))
        {
            let now = self.world.chance.now();
            count(Metric::Throttled, 1, now);
            self.pacers.with(config, |pacer| pacer.calm_down(now));
        }
    }
}
