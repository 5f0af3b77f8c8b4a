//! Conversations: each message once, whatever Meta repeats.
//!
//! | attribute | holds |
//! |---|---|
//! | `kd` | what kind of message |
//! | `sc` | sealed: sender's address, and the text with everything sensitive masked |
//! | `rp` | the token of whoever answers it |

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use recado_domain::ids::{ClaimToken, RecipientToken, TenantId};
use recado_ports::{ChatEntry, ChatRecord, Conversations, StoreError};

use crate::attributes::{CURRENT, Item, Reader, VERSION, number, put, sealed, text};
use crate::errors::unavailable;
use crate::keys::{Key, SK, chat_partition};
use crate::store::Store;

const KIND: &str = "kd";
const CONTENT: &str = "sc";
const REPLIED: &str = "rp";

impl Conversations for Store {
    async fn put_chat(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        entry: &ChatEntry,
    ) -> Result<ChatRecord, StoreError> {
        let mut item = Key::chat(tenant, recipient, &entry.sort_key).item();
        put(&mut item, VERSION, Some(number(CURRENT)));
        put(&mut item, KIND, Some(text(&entry.kind)));
        put(&mut item, CONTENT, Some(sealed(&entry.content)));
        let answer = self
            .client()
            .put_item()
            .table_name(self.table())
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match answer {
            Ok(_) => Ok(ChatRecord::New),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(ChatRecord::Repeated),
                Some(_) | None => Err(unavailable("store a message", error)),
            },
        }
    }

    async fn drop_chat(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
    ) -> Result<(), StoreError> {
        self.client()
            .delete_item()
            .table_name(self.table())
            .set_key(Some(Key::chat(tenant, recipient, sort_key).item()))
            .send()
            .await
            .map_err(|error| unavailable("delete a message", error))?;
        Ok(())
    }

    async fn chat_entry(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
    ) -> Result<Option<ChatEntry>, StoreError> {
        let key = Key::chat(tenant, recipient, sort_key);
        self.get("read a message", &key)
            .await?
            .as_ref()
            .map(entry)
            .transpose()
    }

    async fn claim_reply(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
        token: &ClaimToken,
    ) -> Result<ChatRecord, StoreError> {
        let answer = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(Key::chat(tenant, recipient, sort_key).item()))
            .update_expression("SET #replied = :token")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(#replied)")
            .expression_attribute_names("#replied", REPLIED)
            .expression_attribute_values(":token", text(token.as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(ChatRecord::New),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => {
                    // The client repeats a request whose answer was lost: then its own claim is there.
                    let replied = refusal.item().and_then(|old| old.get(REPLIED));
                    Ok(if replied == Some(&text(token.as_str())) {
                        ChatRecord::New
                    } else {
                        ChatRecord::Repeated
                    })
                }
                Some(_) | None => Err(unavailable("claim an answer", error)),
            },
        }
    }

    async fn conversation(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> Result<Vec<ChatEntry>, StoreError> {
        let partition = chat_partition(tenant, recipient);
        let items = self
            .partition("read a conversation", partition, None)
            .await?;
        items.iter().map(entry).collect()
    }
}

fn entry(item: &Item) -> Result<ChatEntry, StoreError> {
    let item = Reader::new("a message", item)?;
    Ok(ChatEntry {
        sort_key: item.text(SK)?.to_owned(),
        kind: item.text(KIND)?.to_owned(),
        content: item.sealed(CONTENT)?,
    })
}
