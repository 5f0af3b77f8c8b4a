//! Consent: the current state and its history, in one transaction.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::consent::{Changed, ChannelConsents, MetaPreference};
use recado_domain::ids::{RecipientToken, TenantId};
use recado_ports::{ConsentEvent, StoreError};

use crate::attributes::{CURRENT, VERSION, millis, number, text};
use crate::errors::{exhausted, unavailable};
use crate::expression::{Clauses, Placeholders};
use crate::history::history_item;
use crate::keys::Key;
use crate::recipient_item::{ConsentState, META, META_AT, REVISION, preference_name};
use crate::store::Store;

/// How often a lost race for one person's consent is run again.
const RACES: usize = 8;
const OPERATION: &str = "store a consent";
pub(crate) const CONDITION_FAILED: &str = "ConditionalCheckFailed";
const CONFLICT: &str = "TransactionConflict";

enum Race {
    Won,
    /// The history has the event already.
    Known,
    /// Somebody else wrote the state.
    Lost,
}

impl Store {
    pub(crate) async fn take_consent(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        event: &ConsentEvent,
    ) -> Result<(Changed, ChannelConsents), StoreError> {
        let key = Key::consent(tenant, recipient, event.channel);
        for _ in 0..RACES {
            let before = self.consent_state(&key).await?;
            let mut after = before.clone();
            if after.apply(event) == Changed::No {
                // Outdone events are history all the same. The state only ever grows newer, so
                // what outdoes the event now outdoes it for ever.
                self.append(tenant, recipient, event).await?;
                return Ok((Changed::No, before.consents));
            }
            match self
                .write_consent(tenant, recipient, event, &key, &before, &after)
                .await?
            {
                Race::Won => return Ok((Changed::Yes, after.consents)),
                Race::Known => return Ok((Changed::No, self.consent_state(&key).await?.consents)),
                Race::Lost => {}
            }
        }
        Err(exhausted(OPERATION, "every race for it was lost"))
    }

    pub(crate) async fn consent_state(&self, key: &Key) -> Result<ConsentState, StoreError> {
        let item = self.get("read a consent", key).await?;
        Ok(item
            .map(|item| ConsentState::from_item(&item))
            .transpose()?
            .unwrap_or_default())
    }

    async fn write_consent(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        event: &ConsentEvent,
        key: &Key,
        before: &ConsentState,
        after: &ConsentState,
    ) -> Result<Race, StoreError> {
        let mut state = Put::builder()
            .table_name(self.table())
            .set_item(Some(after.to_item(key)));
        state = if before.revision == 0 {
            state.condition_expression("attribute_not_exists(pk)")
        } else {
            state
                .condition_expression("#revision = :revision")
                .expression_attribute_names("#revision", REVISION)
                .expression_attribute_values(":revision", number(before.revision))
        };
        let history = Put::builder()
            .table_name(self.table())
            .set_item(Some(history_item(tenant, recipient, event)))
            .condition_expression("attribute_not_exists(pk)");
        let put = |put: aws_sdk_dynamodb::types::builders::PutBuilder| {
            let put = put.build().expect("table and item are set");
            TransactWriteItem::builder().put(put).build()
        };
        let answer = self
            .client()
            .transact_write_items()
            .transact_items(put(state))
            .transact_items(put(history))
            .send()
            .await;
        let error = match answer {
            Ok(_) => return Ok(Race::Won),
            Err(error) => error,
        };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        else {
            return Err(unavailable(OPERATION, error));
        };
        // One reason per item, in their order.
        let code = |index: usize| {
            cancelled
                .cancellation_reasons()
                .get(index)
                .and_then(|reason| reason.code())
                .unwrap_or("")
        };
        match (code(0), code(1)) {
            (_, CONDITION_FAILED) => Ok(Race::Known),
            (CONDITION_FAILED | CONFLICT, _) | (_, CONFLICT) => Ok(Race::Lost),
            (state, history) => {
                let codes = format!("cancelled: {state}, {history}");
                Err(StoreError::Unavailable(
                    format!("{OPERATION}: {codes}"),
                    error.into_source().ok(),
                ))
            }
        }
    }

    /// Appends to the history; what is there stays.
    async fn append(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        event: &ConsentEvent,
    ) -> Result<(), StoreError> {
        let answer = self
            .client()
            .put_item()
            .table_name(self.table())
            .set_item(Some(history_item(tenant, recipient, event)))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(()),
                Some(_) | None => Err(unavailable("append to a history", error)),
            },
        }
    }

    pub(crate) async fn put_preference(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        preference: MetaPreference,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut placeholders = Placeholders::default();
        let meta = placeholders.name(META);
        let since = placeholders.name(META_AT);
        let revision = placeholders.name(REVISION);
        let version = placeholders.name(VERSION);
        let word = placeholders.value(text(preference_name(preference)));
        let at = placeholders.value(millis(at));
        let zero = placeholders.value(number(0));
        // The current version and the next revision are both counted by one.
        let one = placeholders.value(number(CURRENT));
        let update = Clauses {
            set: vec![
                format!("{meta} = {word}"),
                format!("{since} = {at}"),
                format!("{version} = {one}"),
                format!("{revision} = if_not_exists({revision}, {zero}) + {one}"),
            ],
            ..Clauses::default()
        };
        // At the same moment a stop wins, whatever arrives first.
        let earlier = match preference {
            MetaPreference::Stop => "<=",
            MetaPreference::Resume => "<",
        };
        let answer = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(
                Key::consent(tenant, recipient, Channel::Whatsapp).item(),
            ))
            .condition_expression(format!(
                "attribute_not_exists({since}) OR {since} {earlier} {at}"
            ))
            .set_update_expression(update.expression())
            .set_expression_attribute_names(Some(placeholders.names()))
            .set_expression_attribute_values(placeholders.values())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                Some(_) | None => Err(unavailable("store Meta's preference", error)),
            },
        }
    }
}
