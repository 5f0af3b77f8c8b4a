//! Conversations.

use std::collections::btree_map::Entry;

use recado_domain::ids::{ClaimToken, RecipientToken, TenantId};
use recado_ports::{ChatEntry, ChatRecord, Conversations, StoreError};

use super::store::{Chat, Store, StoreCall};

impl Conversations for Store {
    async fn put_chat(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        entry: &ChatEntry,
    ) -> Result<ChatRecord, StoreError> {
        self.call(StoreCall::PutChat, |state| {
            match state
                .person(tenant, recipient)
                .chat
                .entry(entry.sort_key.clone())
            {
                Entry::Vacant(free) => {
                    free.insert(Chat {
                        entry: entry.clone(),
                        replied: None,
                    });
                    ChatRecord::New
                }
                Entry::Occupied(_) => ChatRecord::Repeated,
            }
        })
        .await
    }

    async fn drop_chat(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
    ) -> Result<(), StoreError> {
        self.call(StoreCall::DropChat, |state| {
            let person = state.people.get_mut(&(tenant.clone(), recipient.clone()));
            if let Some(person) = person {
                person.chat.remove(sort_key);
            }
        })
        .await
    }

    async fn chat_entry(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
    ) -> Result<Option<ChatEntry>, StoreError> {
        self.call(StoreCall::ChatEntry, |state| {
            let person = state.people.get(&(tenant.clone(), recipient.clone()))?;
            person.chat.get(sort_key).map(|chat| chat.entry.clone())
        })
        .await
    }

    async fn claim_reply(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
        token: &ClaimToken,
    ) -> Result<ChatRecord, StoreError> {
        self.call(StoreCall::ClaimReply, |state| {
            let person = state.people.get_mut(&(tenant.clone(), recipient.clone()));
            match person.and_then(|person| person.chat.get_mut(sort_key)) {
                Some(chat) if chat.replied.as_ref().is_none_or(|won| won == token) => {
                    chat.replied = Some(token.clone());
                    ChatRecord::New
                }
                Some(_) | None => ChatRecord::Repeated,
            }
        })
        .await
    }

    async fn conversation(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> Result<Vec<ChatEntry>, StoreError> {
        self.call(StoreCall::Conversation, |state| {
            let person = state.people.get(&(tenant.clone(), recipient.clone()));
            let chat = person.map(|person| &person.chat);
            chat.into_iter()
                .flatten()
                .map(|(_, chat)| chat.entry.clone())
                .collect()
        })
        .await
    }
}
