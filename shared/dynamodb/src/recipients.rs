//! Recipients: the hot path's read and count here, the rest in modules of its own.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Changed, ChannelConsents, ConsentEvent, Consents, MetaPreference};
use recado_domain::delivery::CapVerdict;
use recado_domain::ids::{NotificationId, RecipientToken, TenantId};
use recado_ports::{
    ErasureReport, HistoryPage, Intake, ProfileUpdate, Recipient, Recipients, StoreError,
};

use crate::attributes::{CURRENT, TTL, VERSION, number};
use crate::errors::unavailable;
use crate::expression::{Clauses, Placeholders};
use crate::keys::{FIRST_CONSENT, Key, PROFILE, SK, recipient_partition};
use crate::recipient_item::{ConsentState, profile};
use crate::store::Store;

/// How long a day's count is kept: past the end of that day in every zone.
const CAP_KEPT_SECONDS: i64 = 3 * 24 * 60 * 60;

impl Recipients for Store {
    async fn recipient(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> Result<Recipient, StoreError> {
        let partition = recipient_partition(tenant, recipient);
        let items = self
            .partition("read a recipient", partition, Some(FIRST_CONSENT))
            .await?;
        let mut found = Recipient {
            profile: None,
            consents: Consents::default(),
        };
        for item in &items {
            let sort_key = item
                .get(SK)
                .and_then(|key| key.as_s().ok())
                .map_or("", String::as_str);
            if sort_key == PROFILE {
                found.profile = Some(profile(item)?);
            } else if let Some(channel) = sort_key
                .strip_prefix(FIRST_CONSENT)
                .and_then(Channel::parse)
            {
                let state = ConsentState::from_item(item)?;
                found.consents.0.insert(channel, state.consents);
            }
        }
        Ok(found)
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
        if cap == 0 {
            return Ok(CapVerdict::Exceeded);
        }
        let mut placeholders = Placeholders::default();
        let ids = placeholders.name("ids");
        let ttl = placeholders.name(TTL);
        let version = placeholders.name(VERSION);
        let id = notification.as_str().to_owned();
        let one = placeholders.value(aws_sdk_dynamodb::types::AttributeValue::Ss(vec![
            id.clone(),
        ]));
        let id = placeholders.value(crate::attributes::text(id));
        let cap = placeholders.value(number(cap));
        let current = placeholders.value(number(CURRENT));
        let gone = placeholders.value(number(self.now().as_second() + CAP_KEPT_SECONDS));
        let update = Clauses {
            set: vec![
                format!("{version} = {current}"),
                format!("{ttl} = if_not_exists({ttl}, {gone})"),
            ],
            add: vec![format!("{ids} {one}")],
            ..Clauses::default()
        };
        let answer = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(Key::cap(tenant, recipient, day, purpose).item()))
            .condition_expression(format!(
                "attribute_not_exists({ids}) OR contains({ids}, {id}) OR size({ids}) < {cap}"
            ))
            .set_update_expression(update.expression())
            .set_expression_attribute_names(Some(placeholders.names()))
            .set_expression_attribute_values(placeholders.values())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(CapVerdict::Within),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => {
                    Ok(CapVerdict::Exceeded)
                }
                Some(_) | None => Err(unavailable("count against a cap", error)),
            },
        }
    }

    async fn consent(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        event: &ConsentEvent,
    ) -> Result<(Changed, ChannelConsents), StoreError> {
        self.take_consent(tenant, recipient, event).await
    }

    async fn take_in(
        &self,
        tenant: &TenantId,
        intakes: &[Intake],
    ) -> Result<Vec<Changed>, StoreError> {
        self.take_intakes(tenant, intakes).await
    }

    async fn meta_preference(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        preference: MetaPreference,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.put_preference(tenant, recipient, preference, at).await
    }

    async fn history(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        after: Option<&str>,
        limit: u32,
    ) -> Result<HistoryPage, StoreError> {
        self.history_page(tenant, recipient, after, limit).await
    }

    async fn update_profile(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        update: &ProfileUpdate,
    ) -> Result<(), StoreError> {
        self.change_profile(tenant, recipient, update).await
    }

    async fn refuse_window(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        until: Timestamp,
    ) -> Result<Changed, StoreError> {
        self.note_refusal(tenant, recipient, until).await
    }

    async fn put_alias(
        &self,
        tenant: &TenantId,
        digest: &str,
        recipient: &RecipientToken,
    ) -> Result<(), StoreError> {
        self.note_alias(tenant, digest, recipient).await
    }

    async fn alias(
        &self,
        tenant: &TenantId,
        digest: &str,
    ) -> Result<Option<RecipientToken>, StoreError> {
        self.find_alias(tenant, digest).await
    }

    async fn erase(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        at: Timestamp,
    ) -> Result<ErasureReport, StoreError> {
        self.erase_person(tenant, recipient, at).await
    }
}
