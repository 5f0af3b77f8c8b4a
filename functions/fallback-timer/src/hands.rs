//! What only the timer can do: read the consent of a later leg and send it.

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::delivery::{
    CapVerdict, Claim, CloseReason, Event, Limits, Notification, Permission, PostOutcome,
};
use recado_domain::hours::Quiet;
use recado_domain::phone::E164;
use recado_domain::render;
use recado_domain::sms::SmsText;
use recado_domain::switches::{Gates, Spending};
use recado_ports::drive::{Hands, Paced, Unready};
use recado_ports::{
    Chance, Notifications, Queues, Recipients, Registry, SmsChannel, StoreError, Switches,
};
use recado_runtime::{
    Metric, broken, count, count_against_cap, count_progress, open_content, quiet_hours,
};

use crate::Deps;

impl<S, Q, C, M> Hands for Deps<S, Q, C, M>
where
    S: Notifications + Recipients + Registry + Switches,
    Q: Queues,
    C: Chance,
    M: SmsChannel,
{
    fn limits(&self) -> Limits {
        self.limits
    }

    /// Carriers pace themselves; SNS answers with throttling.
    async fn pace(&self, _item: &Notification) -> Paced {
        Paced::Ready
    }

    async fn permission(&self, item: &Notification, leg: u8) -> Result<Permission, StoreError> {
        let channel = item.ladder.get(usize::from(leg)).map(|rung| rung.channel);
        match channel {
            Some(Channel::Sms) => {
                let recipient = self
                    .world
                    .store
                    .recipient(&item.tenant, &item.recipient)
                    .await?;
                Ok(recipient
                    .consents
                    .permission(item.class, Channel::Sms, self.world.chance.now()))
            }
            Some(Channel::Whatsapp | Channel::Voice) | None => {
                Ok(Permission::NotThisLeg(CloseReason::ChannelUnavailable))
            }
        }
    }

    async fn quiet(&self, item: &Notification) -> Result<Option<Quiet>, StoreError> {
        quiet_hours(&self.world.store, item, self.world.chance.now()).await
    }

    async fn count(&self, item: &Notification) -> Result<CapVerdict, StoreError> {
        count_against_cap(&self.world.store, item, self.world.chance.now()).await
    }

    type Ready = (E164, SmsText, Option<String>);

    async fn prepare(&self, item: &Notification, _leg: u8) -> Result<Self::Ready, Unready> {
        let opened = open_content(&self.world.store, &self.keys, item).await?;
        let bank = opened.config;
        let sms = render::sms(&opened.template, item.locale, &opened.params, &bank.name)
            .map_err(|_| broken("content does not render"))?;
        Ok((opened.to, sms, bank.sms_sender_id))
    }

    async fn post(
        &self,
        _item: &Notification,
        _claim: &Claim,
        (to, sms, sender_id): Self::Ready,
    ) -> PostOutcome {
        self.sms.send(&to, &sms.text, sender_id.as_deref()).await
    }

    fn noticed(&self, item: &Notification, event: &Event) {
        if let Event::Spent { spending, .. } = event
            && *spending == Spending::Exceeded
            && item.class != Class::Authentication
        {
            count(Metric::SmsHeldBack, 1, self.world.chance.now());
        }
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
            leg, attempt = claim.attempt, outcome, code, "fallback"
        );
    }

    fn wrote(&self, before: &Notification, after: &Notification, gates: &Gates) {
        count_progress(before, after, gates, self.world.chance.now());
    }
}
