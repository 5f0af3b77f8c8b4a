//! The rest of the store's ports: recipients, conversations, the registry of banks.

use std::sync::Arc;

use jiff::Timestamp;
use recado_domain::class::Class;
use recado_domain::consent::{Changed, ChannelConsents, ConsentEvent, MetaPreference};
use recado_domain::delivery::CapVerdict;
use recado_domain::hours::Hours;
use recado_domain::ids::{
    BusinessAccountId, ClaimToken, NotificationId, PhoneNumberId, RecipientToken, TemplateName,
    TenantId,
};
use recado_domain::standing::{Edition, Note, Standing};
use recado_domain::switches::{Counter, Spending, Switchboard};
use recado_domain::template::Template;
use recado_ports::{
    ChatEntry, ChatRecord, Conversations, ErasureReport, HistoryPage, Intake, ProfileUpdate,
    Recipient, Recipients, Registry, Standings, StoreError, Switches, TenantConfig,
};

use crate::history::Event;
use crate::sabotage::Sabotage;
use crate::store::{Store, at_once};

impl Recipients for Store {
    async fn recipient(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> Result<Recipient, StoreError> {
        self.call(|| {
            let mut found = at_once(self.twin.recipient(tenant, recipient))?;
            if self.sim.sabotaged(Sabotage::ConsentIsStale) {
                found.consents = self.first_consents(tenant, recipient);
            }
            self.sim.note(Event::Asked {
                by: self.sim.actor(),
                tenant: tenant.clone(),
                recipient: recipient.clone(),
                consents: Box::new(found.consents.clone()),
            });
            Ok(found)
        })
        .await?
    }

    async fn count(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        day: &str,
        purpose: Class,
        notification: &NotificationId,
        cap: u32,
    ) -> Result<CapVerdict, StoreError> {
        let twin = &self.twin;
        let cap = match self.sim.sabotaged(Sabotage::CountsNothing) {
            true => u32::MAX,
            false => cap,
        };
        self.call(|| at_once(twin.count(tenant, recipient, day, purpose, notification, cap)))
            .await?
    }

    async fn consent(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        event: &ConsentEvent,
    ) -> Result<(Changed, ChannelConsents), StoreError> {
        self.call(|| {
            let outcome = at_once(self.twin.consent(tenant, recipient, event))?;
            self.note_consent(tenant, recipient, event);
            Ok(outcome)
        })
        .await?
    }

    async fn take_in(
        &self,
        tenant: &TenantId,
        intakes: &[Intake],
    ) -> Result<Vec<Changed>, StoreError> {
        self.call(|| {
            let outcome = at_once(self.twin.take_in(tenant, intakes))?;
            for intake in intakes {
                self.note_consent(tenant, &intake.recipient, &intake.event);
            }
            Ok(outcome)
        })
        .await?
    }

    async fn meta_preference(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        preference: MetaPreference,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(|| at_once(self.twin.meta_preference(tenant, recipient, preference, at)))
            .await?
    }

    async fn history(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        after: Option<&str>,
        limit: u32,
    ) -> Result<HistoryPage, StoreError> {
        self.call(|| at_once(self.twin.history(tenant, recipient, after, limit)))
            .await?
    }

    async fn update_profile(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        update: &ProfileUpdate,
    ) -> Result<(), StoreError> {
        self.call(|| at_once(self.twin.update_profile(tenant, recipient, update)))
            .await?
    }

    async fn refuse_window(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        until: Timestamp,
    ) -> Result<Changed, StoreError> {
        self.call(|| at_once(self.twin.refuse_window(tenant, recipient, until)))
            .await?
    }

    async fn put_alias(
        &self,
        tenant: &TenantId,
        digest: &str,
        recipient: &RecipientToken,
    ) -> Result<(), StoreError> {
        self.call(|| at_once(self.twin.put_alias(tenant, digest, recipient)))
            .await?
    }

    async fn alias(
        &self,
        tenant: &TenantId,
        digest: &str,
    ) -> Result<Option<RecipientToken>, StoreError> {
        self.call(|| at_once(self.twin.alias(tenant, digest)))
            .await?
    }

    async fn erase(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        at: Timestamp,
    ) -> Result<ErasureReport, StoreError> {
        self.call(|| at_once(self.twin.erase(tenant, recipient, at)))
            .await?
    }
}

impl Store {
    fn note_consent(&self, tenant: &TenantId, recipient: &RecipientToken, event: &ConsentEvent) {
        self.sim.note(Event::Consented {
            by: self.sim.actor(),
            tenant: tenant.clone(),
            recipient: recipient.clone(),
            channel: event.channel,
            purposes: event.purposes.clone(),
            action: event.consent.action,
            since: event.consent.since.as_millisecond(),
            source: event.consent.source,
        });
    }

    /// What a recipient permitted at the very beginning.
    fn first_consents(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> recado_domain::consent::Consents {
        let mut first = recado_domain::consent::Consents::default();
        let person = self.twin.person(tenant, recipient);
        let events = person.into_iter().flat_map(|person| person.history);
        for event in events.map(|(_, entry)| entry.event) {
            let held = first.0.entry(event.channel).or_default();
            for purpose in event.purposes {
                held.purposes.entry(purpose).or_insert(event.consent);
            }
        }
        first
    }
}

impl Conversations for Store {
    async fn put_chat(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        entry: &ChatEntry,
    ) -> Result<ChatRecord, StoreError> {
        self.call(|| at_once(self.twin.put_chat(tenant, recipient, entry)))
            .await?
    }

    async fn drop_chat(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
    ) -> Result<(), StoreError> {
        self.call(|| at_once(self.twin.drop_chat(tenant, recipient, sort_key)))
            .await?
    }

    async fn chat_entry(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
    ) -> Result<Option<ChatEntry>, StoreError> {
        self.call(|| at_once(self.twin.chat_entry(tenant, recipient, sort_key)))
            .await?
    }

    async fn claim_reply(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
        token: &ClaimToken,
    ) -> Result<ChatRecord, StoreError> {
        self.call(|| at_once(self.twin.claim_reply(tenant, recipient, sort_key, token)))
            .await?
    }

    async fn conversation(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> Result<Vec<ChatEntry>, StoreError> {
        self.call(|| at_once(self.twin.conversation(tenant, recipient)))
            .await?
    }
}

impl Switches for Store {
    async fn switchboard(&self) -> Result<Arc<Switchboard>, StoreError> {
        if self.sim.sabotaged(Sabotage::IgnoresSwitches) {
            return Ok(Arc::default());
        }
        if let Some(known) = self.known_board()
            && self.sim.throw(|dice| dice.hits(0.5))
        {
            return Ok(known);
        }
        let board = self.call(|| at_once(self.twin.switchboard())).await??;
        self.know_board(&board);
        Ok(board)
    }

    async fn tally(&self, counter: &Counter, limit: u32) -> Result<Spending, StoreError> {
        self.call(|| at_once(self.twin.tally(counter, limit)))
            .await?
    }

    async fn untally(&self, counter: &Counter) -> Result<(), StoreError> {
        self.call(|| at_once(self.twin.untally(counter))).await?
    }
}

impl Registry for Store {
    async fn tenant(&self, tenant: &TenantId) -> Result<Option<TenantConfig>, StoreError> {
        let config = self.call(|| at_once(self.twin.tenant(tenant))).await??;
        Ok(config.map(|config| TenantConfig {
            hours: if self.sim.sabotaged(Sabotage::KnowsNoNight) {
                Hours::around_the_clock()
            } else {
                config.hours
            },
            ..config
        }))
    }

    async fn client(&self, client_id: &str) -> Result<Option<TenantId>, StoreError> {
        self.call(|| at_once(self.twin.client(client_id))).await?
    }

    async fn number(&self, number: &PhoneNumberId) -> Result<Option<TenantId>, StoreError> {
        self.call(|| at_once(self.twin.number(number))).await?
    }

    async fn account(&self, account: &BusinessAccountId) -> Result<Option<TenantId>, StoreError> {
        self.call(|| at_once(self.twin.account(account))).await?
    }

    async fn template(
        &self,
        tenant: &TenantId,
        name: &TemplateName,
        version: Option<u32>,
    ) -> Result<Option<Arc<Template>>, StoreError> {
        self.call(|| at_once(self.twin.template(tenant, name, version)))
            .await?
    }
}

impl Standings for Store {
    async fn standing(&self, tenant: &TenantId, edition: &Edition) -> Result<Standing, StoreError> {
        self.call(|| at_once(self.twin.standing(tenant, edition)))
            .await?
    }

    async fn note(
        &self,
        tenant: &TenantId,
        edition: &Edition,
        note: &Note,
    ) -> Result<Changed, StoreError> {
        self.call(|| at_once(self.twin.note(tenant, edition, note)))
            .await?
    }
}
