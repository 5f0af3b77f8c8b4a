//! Recipients, their consent and its history.

use std::collections::btree_map::Entry;
use std::ops::Bound;

use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{
    Action, Changed, ChannelConsents, ConsentEvent, HistoryEntry, MetaPreference, PurposeConsent,
    Source,
};
use recado_domain::delivery::CapVerdict;
use recado_domain::ids::{NotificationId, RecipientToken, TenantId};
use recado_ports::{
    ErasureReport, HistoryPage, Intake, Profile, ProfileUpdate, Recipient, Recipients, StoreError,
};

use super::store::{Person, Store, StoreCall};
use super::whole_millis;

/// The longest page of history.
const LONGEST_PAGE: u32 = 100;

impl Recipients for Store {
    async fn recipient(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> Result<Recipient, StoreError> {
        self.call(StoreCall::Recipient, |state| {
            let held = state.people.get(&(tenant.clone(), recipient.clone()));
            held.map_or_else(Recipient::default, |person| Recipient {
                profile: person.profile.clone().map(|profile| Profile {
                    aliases: person.aliases.iter().cloned().collect(),
                    ..profile
                }),
                consents: person.consents.clone(),
            })
        })
        .await
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
        self.call(StoreCall::Count, |state| {
            let person = state.person(tenant, recipient);
            let ids = person.caps.entry((day.to_owned(), purpose)).or_default();
            let room = u32::try_from(ids.len()).is_ok_and(|counted| counted < cap);
            if cap > 0 && (room || ids.contains(notification)) {
                ids.insert(notification.clone());
                CapVerdict::Within
            } else {
                CapVerdict::Exceeded
            }
        })
        .await
    }

    async fn consent(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        event: &ConsentEvent,
    ) -> Result<(Changed, ChannelConsents), StoreError> {
        self.call(StoreCall::Consent, |state| {
            let person = state.person(tenant, recipient);
            person.take_in(tenant, recipient, event)
        })
        .await
    }

    async fn take_in(
        &self,
        tenant: &TenantId,
        intakes: &[Intake],
    ) -> Result<Vec<Changed>, StoreError> {
        self.call(StoreCall::TakeIn, |state| {
            let each = intakes.iter().map(|intake| {
                let person = state.person(tenant, &intake.recipient);
                person.take_with_number(tenant, intake)
            });
            each.collect()
        })
        .await
    }

    async fn meta_preference(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        preference: MetaPreference,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.call(StoreCall::MetaPreference, |state| {
            let at = whole_millis(at);
            let person = state.person(tenant, recipient);
            let whatsapp = person.consents.0.entry(Channel::Whatsapp).or_default();
            // At the same moment a stop wins, whatever arrives first.
            let newer = whatsapp.meta.is_none_or(|(_, since)| match preference {
                MetaPreference::Stop => since <= at,
                MetaPreference::Resume => since < at,
            });
            if newer {
                whatsapp.meta = Some((preference, at));
            }
        })
        .await
    }

    async fn history(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        after: Option<&str>,
        limit: u32,
    ) -> Result<HistoryPage, StoreError> {
        self.call(StoreCall::History, |state| {
            let Some(person) = state.people.get(&(tenant.clone(), recipient.clone())) else {
                return HistoryPage::default();
            };
            let limit = usize::try_from(limit.clamp(1, LONGEST_PAGE)).unwrap_or(usize::MAX);
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let mut rest = person.history.range::<str, _>((from, Bound::Unbounded));
            let entries = rest.by_ref().take(limit);
            let entries: Vec<HistoryEntry> = entries.map(|(_, entry)| entry.clone()).collect();
            let more = rest.next().is_some();
            let next = entries.last().filter(|_| more).map(HistoryEntry::sort_key);
            HistoryPage { entries, next }
        })
        .await
    }

    async fn update_profile(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        update: &ProfileUpdate,
    ) -> Result<(), StoreError> {
        self.call(StoreCall::UpdateProfile, |state| {
            let profile = state
                .person(tenant, recipient)
                .profile
                .get_or_insert_default();
            if profile.phone.is_none() {
                profile.phone.clone_from(&update.phone);
            }
            profile.locale = update.locale.or(profile.locale);
            if update.user_digest.is_some() {
                profile.user_digest.clone_from(&update.user_digest);
            }
            profile.window_until = profile
                .window_until
                .max(update.window_until.map(whole_millis));
        })
        .await
    }

    async fn refuse_window(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        until: Timestamp,
    ) -> Result<Changed, StoreError> {
        self.call(StoreCall::RefuseWindow, |state| {
            let until = whole_millis(until);
            let known = state.people.get_mut(&(tenant.clone(), recipient.clone()));
            let profile = known.and_then(|person| person.profile.as_mut());
            match profile.filter(|profile| profile.window_until.is_some()) {
                Some(profile) if profile.window_refused < Some(until) => {
                    profile.window_refused = Some(until);
                    Changed::Yes
                }
                Some(_) | None => Changed::No,
            }
        })
        .await
    }

    async fn put_alias(
        &self,
        tenant: &TenantId,
        digest: &str,
        recipient: &RecipientToken,
    ) -> Result<(), StoreError> {
        self.call(StoreCall::PutAlias, |state| {
            let person = state.person(tenant, recipient);
            person.profile.get_or_insert_default();
            person.aliases.insert(digest.to_owned());
            state
                .aliases
                .insert((tenant.clone(), digest.to_owned()), recipient.clone());
        })
        .await
    }

    async fn alias(
        &self,
        tenant: &TenantId,
        digest: &str,
    ) -> Result<Option<RecipientToken>, StoreError> {
        self.call(StoreCall::Alias, |state| {
            state
                .aliases
                .get(&(tenant.clone(), digest.to_owned()))
                .cloned()
        })
        .await
    }

    async fn erase(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        at: Timestamp,
    ) -> Result<ErasureReport, StoreError> {
        self.call(StoreCall::Erase, |state| {
            let at = whole_millis(at);
            let person = state.person(tenant, recipient);
            let (aliases, mut items) = person.erase(tenant, recipient, at);
            for digest in aliases {
                let key = (tenant.clone(), digest);
                if state.aliases.get(&key) == Some(recipient) {
                    state.aliases.remove(&key);
                    items += 1;
                }
            }
            ErasureReport { items }
        })
        .await
    }
}

impl Person {
    fn take_in(
        &mut self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        event: &ConsentEvent,
    ) -> (Changed, ChannelConsents) {
        let held = self.consents.0.get(&event.channel);
        let mut consents = held.cloned().unwrap_or_default();
        let Entry::Vacant(free) = self.history.entry(event.sort_key()) else {
            return (Changed::No, consents);
        };
        let (changed, entry) = consents.take_in(tenant, recipient, event);
        free.insert(entry);
        self.consents.0.insert(event.channel, consents.clone());
        (changed, consents)
    }

    fn take_with_number(&mut self, tenant: &TenantId, intake: &Intake) -> Changed {
        let Intake {
            recipient,
            event,
            phone,
        } = intake;
        if self.history.contains_key(&event.sort_key()) {
            return Changed::No;
        }
        let (changed, after) = self.take_in(tenant, recipient, event);
        let held = self.profile.as_ref();
        let known = held.is_some_and(|profile| profile.phone.is_some());
        let erased = held.is_some_and(|profile| profile.erased_at.is_some());
        if phone.is_some() && !known && (!erased || after.agrees_to_anything()) {
            self.profile.get_or_insert_default().phone.clone_from(phone);
        }
        changed
    }

    /// Answers the aliases that led here and how many items were deleted or emptied.
    fn erase(
        &mut self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        at: Timestamp,
    ) -> (Vec<String>, usize) {
        for channel in Channel::ALL {
            self.revoke_everything(tenant, recipient, channel, at);
        }
        let before = self.profile.replace(Profile {
            erased_at: Some(at),
            ..Profile::default()
        });
        let personal = |profile: &Profile| {
            Profile {
                erased_at: None,
                ..profile.clone()
            } != Profile::default()
        };
        let mut items = usize::from(before.as_ref().is_some_and(personal));
        items += std::mem::take(&mut self.chat).len();
        for entry in self.history.values_mut() {
            items += usize::from(entry.event.evidence.take().is_some());
        }
        (
            std::mem::take(&mut self.aliases).into_iter().collect(),
            items,
        )
    }

    fn revoke_everything(
        &mut self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        channel: Channel,
        at: Timestamp,
    ) {
        let held = self.consents.0.get(&channel);
        let purposes = held.map(|held| held.purposes.clone()).unwrap_or_default();
        let revoked = |purpose: &Class| {
            purposes
                .get(purpose)
                .is_some_and(|consent| consent.action == Action::Revoke)
        };
        if Class::ALL.iter().all(revoked) {
            return;
        }
        let since = purposes
            .values()
            .map(|consent| consent.since)
            .fold(at, Timestamp::max);
        let event = ConsentEvent {
            channel,
            purposes: Class::ALL.to_vec(),
            consent: PurposeConsent::new(Action::Revoke, since, Source::App),
            digest: format!("erasure-{channel}"),
            received_at: at,
            evidence: None,
        };
        self.take_in(tenant, recipient, &event);
    }
}
