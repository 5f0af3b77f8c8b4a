//! What customers send: presses, words that stop or restart messages, and everything else, which is
//! masked and then kept sealed in the recipient's conversation.

use std::collections::BTreeSet;

use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{
    Action, ConsentEvent, HistoryEntry, Keyword, MetaPreference, PurposeConsent, State,
};
use recado_domain::ids::{RecipientToken, TenantId, UserId};
use recado_domain::{masking, window};
use recado_ports::{
    Chance, ChatEntry, Conversations, Job, Notifications, ProfileUpdate, Queues, Recipients,
    Registry, Reply,
};
use recado_runtime::{Metric, count};
use recado_whatsapp::webhook::{Choice, Inbound, InboundContent, Person, Preference};
use serde_json::{Value, json};

use crate::presses::{evidence, keyword};
use crate::{Deps, ReceiveError};

/// Events of a history read at once.
const LARGEST_PAGE: u32 = 100;

impl<S, Q, C> Deps<S, Q, C>
where
    S: Notifications + Recipients + Conversations + Registry,
    Q: Queues,
    C: Chance,
{
    /// Stores one inbound message. Everything here may be done twice: Meta repeats.
    pub(crate) async fn store_inbound(&self, inbound: Inbound) -> Result<(), ReceiveError> {
        let Some(tenant) = self.tenant_of(&inbound.number).await? else {
            return Ok(());
        };
        let Some(mut recipient) = self.recipient(&tenant, &inbound.from).await? else {
            return Ok(());
        };
        let at = inbound.at.unwrap_or_else(|| self.world.chance.now());
        let digest = self
            .keys
            .pepper
            .digest_of("inbound", &[inbound.id.expose()]);
        let keyword = keyword(&inbound.content);
        let pressed = self.store_press(&tenant, &inbound, &digest).await?;
        // The notification has its press; what is answered needs an entry as well, to be answered once.
        let kept_as_chat = pressed.is_none() || keyword.is_some();
        if let Some(addressee) = pressed.filter(|_| inbound.from.phone.is_none()) {
            // Meta need not tell the number of whoever pressed; the notification knows whose it was.
            recipient = addressee;
        }
        let mut kept = None;
        if kept_as_chat {
            let entry = self.chat_entry(&tenant, &recipient, &inbound, keyword, &digest, at)?;
            let store = &self.world.store;
            store.put_chat(&tenant, &recipient, &entry).await?;
            kept = Some(entry.sort_key);
        }
        // Asked once it is stored: an erasure before that is seen here, one after it finds the entry.
        if self.erased_after(&tenant, &recipient, at).await? {
            tracing::info!(tenant.id = %tenant, recipient = %recipient, "older than an erasure");
            if let Some(entry) = kept {
                let store = &self.world.store;
                store.drop_chat(&tenant, &recipient, &entry).await?;
            }
            return Ok(());
        }
        self.note_if_both(&tenant, &recipient, &inbound.from)
            .await?;
        let mut answered = false;
        if let Some(keyword) = keyword {
            let evidence = evidence(&inbound.content);
            let heard = self
                .obey(&tenant, &recipient, keyword, evidence, &digest, at)
                .await?;
            answered = heard == Heard::Obeyed;
        }
        if inbound.content.opens_window() {
            let opened = ProfileUpdate {
                window_until: window::end(at),
                ..ProfileUpdate::default()
            };
            let store = &self.world.store;
            store.update_profile(&tenant, &recipient, &opened).await?;
        }
        if let (Some(keyword), Some(entry)) = (keyword, kept.filter(|_| answered)) {
            // Also for a repetition: the sender claims the one answer.
            let reply = Reply {
                tenant: tenant.clone(),
                recipient,
                entry,
                from: inbound.number,
                keyword,
            };
            self.world
                .queues
                .enqueue(&Job::Reply(reply), std::time::Duration::ZERO)
                .await?;
        }
        Ok(())
    }

    /// Who wrote: by number if Meta tells it, else by the user id's alias, else by the user id alone.
    /// Nobody, where Meta tells neither.
    async fn recipient(
        &self,
        tenant: &TenantId,
        from: &Person,
    ) -> Result<Option<RecipientToken>, ReceiveError> {
        let pepper = &self.keys.pepper;
        if let Some(phone) = &from.phone {
            return Ok(Some(pepper.recipient(tenant, phone)));
        }
        let Some(user) = &from.user else {
            count(Metric::WebhookStrange, 1, self.world.chance.now());
            return Ok(None);
        };
        let digest = pepper.alias(tenant, user);
        let alias = self.world.store.alias(tenant, &digest).await?;
        Ok(Some(
            alias.unwrap_or_else(|| pepper.nameless(tenant, &digest)),
        ))
    }

    /// Notes the user id where Meta tells it beside the number.
    async fn note_if_both(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        from: &Person,
    ) -> Result<(), ReceiveError> {
        match (&from.phone, &from.user) {
            (Some(_), Some(user)) => self.note_user(tenant, recipient, user).await,
            (_, None) | (None, Some(_)) => Ok(()),
        }
    }

    /// Whether the person was erased after this was written. Meta repeats a webhook for days; what an
    /// erasure removed must not come back by one. Meta's clock has seconds, and so has the comparison.
    async fn erased_after(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        at: Timestamp,
    ) -> Result<bool, ReceiveError> {
        let known = self.world.store.recipient(tenant, recipient).await?;
        let erased_at = known.profile.and_then(|profile| profile.erased_at);
        Ok(erased_at.is_some_and(|erased| at.as_second() < erased.as_second()))
    }

    /// Notes that the user id is this recipient's. What the person revoked while only the user id was
    /// known holds from now on for the recipient.
    pub(crate) async fn note_user(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        user: &UserId,
    ) -> Result<(), ReceiveError> {
        let store = &self.world.store;
        let digest = self.keys.pepper.alias(tenant, user);
        if store.alias(tenant, &digest).await?.as_ref() == Some(recipient) {
            return Ok(());
        }
        let nameless = self.keys.pepper.nameless(tenant, &digest);
        let known = store.recipient(tenant, &nameless).await?;
        if let Some(whatsapp) = known.consents.0.get(&Channel::Whatsapp) {
            for purpose in whatsapp.revoked_by_phone() {
                // Each an event of its own: the store takes the same digest of the same moment for one.
                let digest = format!("{digest} {}", purpose.name());
                let event = self.reply_event(&[purpose], whatsapp.purposes[&purpose], &digest);
                store.consent(tenant, recipient, &event).await?;
            }
        }
        store.put_alias(tenant, &digest, recipient).await?;
        let update = ProfileUpdate {
            user_digest: Some(digest),
            ..ProfileUpdate::default()
        };
        store.update_profile(tenant, recipient, &update).await?;
        Ok(())
    }

    /// The word takes effect before the webhook is answered, and so before the next send.
    async fn obey(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        keyword: Keyword,
        evidence: Option<Value>,
        digest: &str,
        at: Timestamp,
    ) -> Result<Heard, ReceiveError> {
        let known = self.world.store.recipient(tenant, recipient).await?;
        let whatsapp = known.consents.0.get(&Channel::Whatsapp);
        // A grant of a clock that runs ahead of ours must not outdo what the customer says now.
        let now = self.world.chance.now();
        let ahead = whatsapp
            .into_iter()
            .flat_map(|consents| consents.purposes.values());
        let ahead = ahead
            .map(|consent| consent.since)
            .filter(|since| *since > now);
        let at = ahead.fold(at, Timestamp::max);
        let (action, purposes) = match keyword {
            Keyword::OptOut | Keyword::StopMarketing | Keyword::WrongPerson => {
                (Action::Revoke, keyword.revokes().to_vec())
            }
            Keyword::OptIn => {
                let mut purposes = whatsapp
                    .map(|consents| consents.revoked_by_reply())
                    .unwrap_or_default();
                if !purposes.is_empty() {
                    let granted = self.once_granted(tenant, recipient).await?;
                    purposes.retain(|purpose| granted.contains(purpose));
                }
                (Action::Grant, purposes)
            }
        };
        if purposes.is_empty() {
            let another = whatsapp.is_some_and(|consents| consents.is_another_persons());
            return Ok(if another {
                Heard::InVain
            } else {
                Heard::Obeyed
            });
        }
        let consent = PurposeConsent::new(action, at, keyword.source());
        let config = self.world.store.tenant(tenant).await?;
        let policy = config.map(|config| config.consent).unwrap_or_default();
        for (purposes, consent) in policy.apply(&purposes, consent) {
            let mut event = self.reply_event(&purposes, consent, digest);
            if let Some(evidence) = &evidence {
                let entry = ConsentEvent::associated(tenant, recipient, &event.sort_key());
                let (plain, nonce) = (evidence.to_string(), self.world.chance.nonce());
                event.evidence = Some(self.keys.ring.seal(&entry, plain.as_bytes(), nonce)?);
            }
            self.world.store.consent(tenant, recipient, &event).await?;
        }
        tracing::info!(tenant.id = %tenant, recipient = %recipient, keyword = keyword.name(), "consent by reply");
        Ok(Heard::Obeyed)
    }

    /// The purposes that the person ever agreed to on WhatsApp: an opt-out word also stands for what was
    /// never granted, and an opt-in word is no consent to that.
    async fn once_granted(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> Result<BTreeSet<Class>, ReceiveError> {
        let mut granted = BTreeSet::new();
        let mut after: Option<String> = None;
        loop {
            let page = self
                .world
                .store
                .history(tenant, recipient, after.as_deref(), LARGEST_PAGE)
                .await?;
            let whatsapp = |entry: &&HistoryEntry| entry.event.channel == Channel::Whatsapp;
            for entry in page.entries.iter().filter(whatsapp) {
                let after = entry.link.after.iter();
                let stood = after.filter(|(_, state)| **state == State::Granted);
                granted.extend(stood.map(|(purpose, _)| *purpose));
            }
            after = page.next;
            if after.is_none() {
                return Ok(granted);
            }
        }
    }

    fn reply_event(
        &self,
        purposes: &[Class],
        consent: PurposeConsent,
        digest: &str,
    ) -> ConsentEvent {
        let names: Vec<&str> = purposes.iter().map(|purpose| purpose.name()).collect();
        let parts = [digest, consent.action.name(), &names.join(",")];
        ConsentEvent {
            channel: Channel::Whatsapp,
            purposes: purposes.to_vec(),
            consent,
            digest: self.keys.pepper.digest_of("reply", &parts),
            received_at: self.world.chance.now(),
            evidence: None,
        }
    }

    fn chat_entry(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        inbound: &Inbound,
        keyword: Option<Keyword>,
        digest: &str,
        at: Timestamp,
    ) -> Result<ChatEntry, ReceiveError> {
        let text = match &inbound.content {
            InboundContent::Text { body } => Some(body.as_str()),
            InboundContent::Button { text, .. } => Some(text.as_str()),
            InboundContent::ButtonReply { title, .. } | InboundContent::ListReply { title, .. } => {
                Some(title.as_str())
            }
            InboundContent::Media { caption, .. } => caption.as_deref(),
            InboundContent::Reaction { emoji } => emoji.as_deref(),
            InboundContent::Location
            | InboundContent::Contacts
            | InboundContent::Order
            | InboundContent::System(_)
            | InboundContent::Unsupported
            | InboundContent::Other => None,
        };
        let sort_key = format!("{:015}#{digest}", at.as_millisecond());
        let plain = json!({
            "phone": inbound.from.phone.as_ref().map(exposed),
            "user": inbound.from.user.as_ref().map(UserId::as_str),
            "id": inbound.id.expose(),
            "masked": text.map(masking::for_transcript),
        });
        let associated = ChatEntry::associated(tenant, recipient, &sort_key);
        let content = self.keys.ring.seal(
            &associated,
            plain.to_string().as_bytes(),
            self.world.chance.nonce(),
        )?;
        let kind = keyword
            .map_or_else(|| inbound.content.label(), Keyword::name)
            .to_owned();
        Ok(ChatEntry {
            sort_key,
            kind,
            content,
        })
    }

    /// Meta's own marketing preference, a state of its own beside ours.
    pub(crate) async fn store_preference(
        &self,
        preference: Preference,
    ) -> Result<(), ReceiveError> {
        let Some(tenant) = self.tenant_of(&preference.number).await? else {
            return Ok(());
        };
        let Some(recipient) = self.recipient(&tenant, &preference.from).await? else {
            return Ok(());
        };
        self.note_if_both(&tenant, &recipient, &preference.from)
            .await?;
        let at = preference.at.unwrap_or_else(|| self.world.chance.now());
        let choice = match preference.choice {
            Choice::Stop => MetaPreference::Stop,
            Choice::Resume => MetaPreference::Resume,
        };
        self.world
            .store
            .meta_preference(&tenant, &recipient, choice, at)
            .await?;
        Ok(())
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the address is sealed right away, to answer by"
)]
fn exposed(phone: &recado_domain::phone::E164) -> &str {
    phone.expose()
}

/// What became of a customer's word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// It holds, now or before: it is confirmed.
    Obeyed,
    /// Whoever has the number said that they are not the customer: nothing of the customer's comes back by
    /// their word, and no confirmation may promise it.
    InVain,
}
