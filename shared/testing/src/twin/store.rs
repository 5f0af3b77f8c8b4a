//! The store's twin: what lies in it, and how its calls are broken.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use recado_domain::class::Class;
use recado_domain::consent::{Consents, HistoryEntry};
use recado_domain::delivery::Notification;
use recado_domain::ids::{
    BusinessAccountId, ClaimToken, NotificationId, PhoneNumberId, RecipientToken, TemplateName,
    TenantId,
};
use recado_domain::standing::{Edition, Standing};
use recado_domain::switches::{Counter, Turned};
use recado_domain::template::Template;
use recado_ports::{ChatEntry, Profile, StoreError, TenantConfig};

/// A call of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreCall {
    /// `Notifications::create`.
    Create,
    /// `Notifications::read`.
    Read,
    /// `Notifications::write`.
    Write,
    /// `Recipients::recipient`.
    Recipient,
    /// `Recipients::count`.
    Count,
    /// `Recipients::consent`.
    Consent,
    /// `Recipients::take_in`.
    TakeIn,
    /// `Recipients::meta_preference`.
    MetaPreference,
    /// `Recipients::history`.
    History,
    /// `Recipients::update_profile`.
    UpdateProfile,
    /// `Recipients::refuse_window`.
    RefuseWindow,
    /// `Recipients::put_alias`.
    PutAlias,
    /// `Recipients::alias`.
    Alias,
    /// `Recipients::erase`.
    Erase,
    /// `Conversations::put_chat`.
    PutChat,
    /// `Conversations::drop_chat`.
    DropChat,
    /// `Conversations::chat_entry`.
    ChatEntry,
    /// `Conversations::claim_reply`.
    ClaimReply,
    /// `Conversations::conversation`.
    Conversation,
    /// `Registry::tenant`.
    Tenant,
    /// `Registry::client`.
    Client,
    /// `Registry::number`.
    Number,
    /// `Registry::account`.
    Account,
    /// `Registry::template`.
    Template,
    /// `Standings::standing`.
    Standing,
    /// `Standings::note`.
    Note,
    /// `OwnTemplates::keep`.
    Keep,
    /// `OwnTemplates::own_names`.
    OwnNames,
    /// `OwnTemplates::shelf`.
    Shelf,
    /// `Switches::switchboard`.
    Switchboard,
    /// `Switches::tally`.
    Tally,
    /// `Switches::untally`.
    Untally,
    /// `Switchgear::turn`.
    Turn,
    /// `Switchgear::switches` and `Switchgear::turns`.
    Turns,
}

/// How a call breaks. Before or after its effect, the caller sees the same error, as it would on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Nothing took effect.
    Before,
    /// It took effect and its answer was lost.
    After,
    /// The store does not take it from us, now or later.
    Refused,
}

type FaultHook = Box<dyn FnMut(StoreCall) -> Option<Fault> + Send>;

/// Recado's table, in memory. Clones share it.
#[derive(Clone, Default)]
pub struct Store {
    state: Arc<Mutex<State>>,
    faults: Arc<Mutex<Option<FaultHook>>>,
}

/// Everything held of one person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person {
    /// The profile, where there is one.
    pub profile: Option<Profile>,
    /// Digests of the WhatsApp ids that lead here.
    pub aliases: BTreeSet<String>,
    /// The current consents.
    pub consents: Consents,
    /// The consent history by sort key.
    pub history: BTreeMap<String, HistoryEntry>,
    /// What was counted, by day and purpose.
    pub caps: BTreeMap<(String, Class), BTreeSet<NotificationId>>,
    /// The conversation by sort key.
    pub chat: BTreeMap<String, Chat>,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Chat {
    /// The message.
    pub entry: ChatEntry,
    /// When its one answer was claimed.
    pub replied: Option<ClaimToken>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) notifications: BTreeMap<NotificationId, Notification>,
    pub(super) people: BTreeMap<(TenantId, RecipientToken), Person>,
    pub(super) aliases: BTreeMap<(TenantId, String), RecipientToken>,
    pub(super) tenants: BTreeMap<TenantId, TenantConfig>,
    pub(super) clients: BTreeMap<String, TenantId>,
    pub(super) numbers: BTreeMap<PhoneNumberId, TenantId>,
    pub(super) accounts: BTreeMap<BusinessAccountId, TenantId>,
    pub(super) standings: BTreeMap<(TenantId, Edition), Standing>,
    pub(super) templates: BTreeMap<(TenantId, TemplateName, u32), Arc<Template>>,
    pub(super) turns: Vec<Turned>,
    pub(super) tallies: BTreeMap<Counter, u32>,
}

impl State {
    pub(super) fn person(&mut self, tenant: &TenantId, recipient: &RecipientToken) -> &mut Person {
        self.people
            .entry((tenant.clone(), recipient.clone()))
            .or_default()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Store")
            .field("notifications", &state.notifications.len())
            .field("people", &state.people.len())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks `hook` before every call whether and how it breaks.
    pub fn break_calls(&self, hook: impl FnMut(StoreCall) -> Option<Fault> + Send + 'static) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(hook));
    }

    /// Lets every call work again.
    pub fn mend(&self) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Every notification, by id.
    #[must_use]
    pub fn notifications(&self) -> Vec<Notification> {
        self.lock().notifications.values().cloned().collect()
    }

    /// One notification.
    #[must_use]
    pub fn notification(&self, id: &NotificationId) -> Option<Notification> {
        self.lock().notifications.get(id).cloned()
    }

    /// Everything held of one person.
    #[must_use]
    pub fn person(&self, tenant: &TenantId, recipient: &RecipientToken) -> Option<Person> {
        self.lock()
            .people
            .get(&(tenant.clone(), recipient.clone()))
            .cloned()
    }

    /// Everybody of whom something is held.
    #[must_use]
    pub fn people(&self) -> Vec<(TenantId, RecipientToken, Person)> {
        let state = self.lock();
        let each = |((tenant, recipient), person): (&(TenantId, RecipientToken), &Person)| {
            (tenant.clone(), recipient.clone(), person.clone())
        };
        state.people.iter().map(each).collect()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries a call out. Others get their turn first, as they would while a request is under way.
    pub(super) async fn call<T: Send>(
        &self,
        call: StoreCall,
        effect: impl FnOnce(&mut State) -> T + Send,
    ) -> Result<T, StoreError> {
        tokio::task::yield_now().await;
        let fault = match self
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
        {
            Some(hook) => hook(call),
            None => None,
        };
        let broken = || StoreError::Unavailable(format!("{call:?} was broken"), None);
        match fault {
            Some(Fault::Before) => Err(broken()),
            Some(Fault::After) => {
                drop(effect(&mut self.lock()));
                Err(broken())
            }
            Some(Fault::Refused) => Err(StoreError::Refused(format!("{call:?} was refused"), None)),
            None => Ok(effect(&mut self.lock())),
        }
    }
}

#[cfg(test)]
mod tests {
    use recado_ports::{ProfileUpdate, Recipients};

    use super::*;

    #[tokio::test]
    async fn a_call_breaks_before_or_after_its_effect_as_it_is_told() {
        let tenant = TenantId::parse("aurora").unwrap();
        let person = RecipientToken::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap();
        let update = ProfileUpdate {
            user_digest: Some("u".to_owned()),
            ..ProfileUpdate::default()
        };
        let store = Store::new();

        store.break_calls(|call| (call == StoreCall::UpdateProfile).then_some(Fault::Before));
        assert!(
            store
                .update_profile(&tenant, &person, &update)
                .await
                .is_err()
        );
        assert_eq!(store.person(&tenant, &person), None);
        assert!(store.recipient(&tenant, &person).await.is_ok());

        store.break_calls(|call| (call == StoreCall::UpdateProfile).then_some(Fault::After));
        assert!(
            store
                .update_profile(&tenant, &person, &update)
                .await
                .is_err()
        );
        assert!(store.person(&tenant, &person).unwrap().profile.is_some());

        store.mend();
        assert!(
            store
                .update_profile(&tenant, &person, &update)
                .await
                .is_ok()
        );
    }
}
