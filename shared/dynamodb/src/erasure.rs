//! Erasing a person. Each step can be repeated, so that an erasure that broke off is asked for again.

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, ReturnValue, WriteRequest};
use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Action, ConsentEvent, PurposeConsent, Source};
use recado_domain::ids::{RecipientToken, TenantId};
use recado_ports::{ErasureReport, StoreError};

use crate::attributes::{CURRENT, Item, VERSION, millis, number};
use crate::errors::{exhausted, unavailable};
use crate::expression::{Clauses, Placeholders};
use crate::history::EVIDENCE;
use crate::keys::{Key, PK, SK, chat_partition, history_partition};
use crate::recipient_item::{ALIASES, ERASED, LOCALE, PHONE, REFUSED, USER, WINDOW, aliases};
use crate::store::Store;

/// What one batch may delete (the service's limit).
const BATCH: usize = 25;
/// How often what a batch left undone is asked for again.
const ROUNDS: usize = 8;

impl Store {
    /// Nobody may be written to before the rest goes, and the aliases go before the list that finds
    /// them.
    pub(crate) async fn erase_person(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        at: Timestamp,
    ) -> Result<ErasureReport, StoreError> {
        for channel in Channel::ALL {
            self.revoke_everything(tenant, recipient, channel, at)
                .await?;
        }
        let key = Key::profile(tenant, recipient);
        let before = self.empty_profile(&key, at).await?;
        let personal = [PHONE, LOCALE, USER, WINDOW];
        let mut items = usize::from(personal.iter().any(|name| before.contains_key(*name)));
        if before.contains_key(ALIASES) {
            let digests = aliases(&before)?;
            for digest in &digests {
                items += self.delete_alias(tenant, digest, recipient).await?;
            }
            self.forget_aliases(&key, digests).await?;
        }
        items += self.delete_conversation(tenant, recipient).await?;
        items += self.drop_evidence(tenant, recipient).await?;
        Ok(ErasureReport { items })
    }

    /// Revokes each purpose, granted or not: what rests on the contract ends as well. An entry in the
    /// history says so.
    async fn revoke_everything(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        channel: Channel,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let state = self
            .consent_state(&Key::consent(tenant, recipient, channel))
            .await?;
        let purposes = &state.consents.purposes;
        let revoked = |purpose: &Class| {
            purposes
                .get(purpose)
                .is_some_and(|consent| consent.action == Action::Revoke)
        };
        if Class::ALL.iter().all(revoked) {
            return Ok(());
        }
        // A grant captured by a clock ahead of ours is outdone too: at the same moment a revoke wins.
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
        self.take_consent(tenant, recipient, &event).await?;
        Ok(())
    }

    /// Answers the profile as it was; empty where there was none.
    async fn empty_profile(&self, key: &Key, at: Timestamp) -> Result<Item, StoreError> {
        let mut placeholders = Placeholders::default();
        let version = placeholders.name(VERSION);
        let current = placeholders.value(number(CURRENT));
        let erased = placeholders.name(ERASED);
        let at = placeholders.value(millis(at));
        let clauses = Clauses {
            set: vec![format!("{version} = {current}"), format!("{erased} = {at}")],
            remove: [PHONE, LOCALE, USER, WINDOW, REFUSED]
                .into_iter()
                .map(|name| placeholders.name(name))
                .collect(),
            ..Clauses::default()
        };
        let answer = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(key.item()))
            .set_update_expression(clauses.expression())
            .set_expression_attribute_names(Some(placeholders.names()))
            .set_expression_attribute_values(placeholders.values())
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(|error| unavailable("empty a profile", error))?;
        Ok(answer.attributes.unwrap_or_default())
    }

    async fn forget_aliases(&self, key: &Key, digests: Vec<String>) -> Result<(), StoreError> {
        self.client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(key.item()))
            .update_expression("DELETE #aliases :digests")
            .expression_attribute_names("#aliases", ALIASES)
            .expression_attribute_values(":digests", AttributeValue::Ss(digests))
            .send()
            .await
            .map_err(|error| unavailable("forget aliases", error))?;
        Ok(())
    }

    async fn delete_conversation(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> Result<usize, StoreError> {
        let partition = chat_partition(tenant, recipient);
        let entries = self
            .partition("read a conversation", partition, None)
            .await?;
        let requests: Vec<WriteRequest> = entries.iter().map(deletion).collect();
        for batch in requests.chunks(BATCH) {
            self.delete_batch(batch.to_vec()).await?;
        }
        Ok(entries.len())
    }

    async fn delete_batch(&self, requests: Vec<WriteRequest>) -> Result<(), StoreError> {
        const OPERATION: &str = "delete a conversation";
        let mut left = requests;
        for _ in 0..ROUNDS {
            let answer = self
                .client()
                .batch_write_item()
                .request_items(self.table(), left)
                .send()
                .await
                .map_err(|error| unavailable(OPERATION, error))?;
            left = answer
                .unprocessed_items
                .unwrap_or_default()
                .into_values()
                .flatten()
                .collect();
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(exhausted(OPERATION, "the service left items undone"))
    }

    async fn drop_evidence(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> Result<usize, StoreError> {
        let partition = history_partition(tenant, recipient);
        let rows = self.partition("read a history", partition, None).await?;
        let mut emptied = 0;
        for row in rows.iter().filter(|row| row.contains_key(EVIDENCE)) {
            self.client()
                .update_item()
                .table_name(self.table())
                .set_key(Some(key_of(row)))
                .update_expression("REMOVE #evidence")
                .condition_expression("attribute_exists(pk)")
                .expression_attribute_names("#evidence", EVIDENCE)
                .send()
                .await
                .map_err(|error| unavailable("remove evidence", error))?;
            emptied += 1;
        }
        Ok(emptied)
    }
}

fn deletion(item: &Item) -> WriteRequest {
    let request = DeleteRequest::builder().set_key(Some(key_of(item)));
    let request = request.build().expect("the key is set");
    WriteRequest::builder().delete_request(request).build()
}

fn key_of(item: &Item) -> Item {
    let keys = item
        .iter()
        .filter(|(name, _)| [PK, SK].contains(&name.as_str()));
    keys.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
