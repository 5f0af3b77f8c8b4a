//! The profile, and the WhatsApp ids that lead to it.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use recado_domain::consent::Changed;
use recado_domain::ids::{RecipientToken, TenantId};
use recado_ports::{ProfileUpdate, StoreError};

use crate::attributes::{CURRENT, Reader, VERSION, millis, number, sealed, text};
use crate::errors::unavailable;
use crate::expression::{Clauses, Placeholders};
use crate::keys::Key;
use crate::recipient_item::{ALIASES, LOCALE, PHONE, REFUSED, USER, WINDOW};
use crate::store::Store;

const RECIPIENT: &str = "rc";

impl Store {
    pub(crate) async fn change_profile(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        update: &ProfileUpdate,
    ) -> Result<(), StoreError> {
        let key = Key::profile(tenant, recipient);
        if self.try_profile(&key, update, update.window_until).await? == Window::AlreadyLater {
            // The rest is stored without it.
            let rest = self.try_profile(&key, update, None).await?;
            debug_assert_eq!(rest, Window::Stored, "nothing else is conditional");
        }
        Ok(())
    }

    async fn try_profile(
        &self,
        key: &Key,
        update: &ProfileUpdate,
        window: Option<Timestamp>,
    ) -> Result<Window, StoreError> {
        let mut placeholders = Placeholders::default();
        let version = placeholders.name(VERSION);
        let current = placeholders.value(number(CURRENT));
        let mut set = vec![format!("{version} = {current}")];
        if let Some(phone) = &update.phone {
            let name = placeholders.name(PHONE);
            let value = placeholders.value(sealed(phone));
            set.push(format!("{name} = if_not_exists({name}, {value})"));
        }
        let replaced = [
            (LOCALE, update.locale.map(|locale| text(locale.code()))),
            (USER, update.user_digest.as_ref().map(text)),
        ];
        for (attribute, value) in replaced {
            let Some(value) = value else { continue };
            let name = placeholders.name(attribute);
            let value = placeholders.value(value);
            set.push(format!("{name} = {value}"));
        }
        let mut condition = None;
        if let Some(window) = window {
            let name = placeholders.name(WINDOW);
            let value = placeholders.value(millis(window));
            set.push(format!("{name} = {value}"));
            condition = Some(format!("attribute_not_exists({name}) OR {name} < {value}"));
        }
        let clauses = Clauses {
            set,
            ..Clauses::default()
        };
        let answer = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(key.item()))
            .set_condition_expression(condition)
            .set_update_expression(clauses.expression())
            .set_expression_attribute_names(Some(placeholders.names()))
            .set_expression_attribute_values(placeholders.values())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Window::Stored),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => {
                    Ok(Window::AlreadyLater)
                }
                Some(_) | None => Err(unavailable("change a profile", error)),
            },
        }
    }

    /// Only ever a later end, so that order and repetition decide nothing; only where there is a window,
    /// so that an erased person stays erased.
    pub(crate) async fn note_refusal(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        until: Timestamp,
    ) -> Result<Changed, StoreError> {
        let answer = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(Key::profile(tenant, recipient).item()))
            .condition_expression(
                "attribute_exists(#window) AND (attribute_not_exists(#refused) OR #refused < :until)",
            )
            .update_expression("SET #version = :version, #refused = :until")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_names("#window", WINDOW)
            .expression_attribute_names("#refused", REFUSED)
            .expression_attribute_values(":version", number(CURRENT))
            .expression_attribute_values(":until", millis(until))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Changed::Yes),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(Changed::No),
                Some(_) | None => Err(unavailable("close a window", error)),
            },
        }
    }

    /// The profile learns of the alias before the alias exists, so that an erasure finds it.
    pub(crate) async fn note_alias(
        &self,
        tenant: &TenantId,
        digest: &str,
        recipient: &RecipientToken,
    ) -> Result<(), StoreError> {
        const OPERATION: &str = "store an alias";
        if self.find_alias(tenant, digest).await?.as_ref() == Some(recipient) {
            return Ok(());
        }
        self.client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(Key::profile(tenant, recipient).item()))
            .update_expression("SET #version = :version ADD #aliases :digest")
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_names("#aliases", ALIASES)
            .expression_attribute_values(":version", number(CURRENT))
            .expression_attribute_values(":digest", AttributeValue::Ss(vec![digest.to_owned()]))
            .send()
            .await
            .map_err(|error| unavailable(OPERATION, error))?;
        let mut item = Key::alias(tenant, digest).item();
        item.insert(VERSION.to_owned(), number(CURRENT));
        item.insert(RECIPIENT.to_owned(), text(recipient.as_str()));
        self.client()
            .put_item()
            .table_name(self.table())
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| unavailable(OPERATION, error))?;
        Ok(())
    }

    pub(crate) async fn find_alias(
        &self,
        tenant: &TenantId,
        digest: &str,
    ) -> Result<Option<RecipientToken>, StoreError> {
        let item = self
            .get("read an alias", &Key::alias(tenant, digest))
            .await?;
        let Some(item) = item else { return Ok(None) };
        let item = Reader::new("an alias", &item)?;
        item.parsed(RECIPIENT, |text| RecipientToken::parse(text).ok())
            .map(Some)
    }

    /// Deletes an alias unless it has come to lead to somebody else.
    pub(crate) async fn delete_alias(
        &self,
        tenant: &TenantId,
        digest: &str,
        recipient: &RecipientToken,
    ) -> Result<usize, StoreError> {
        use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
        let answer = self
            .client()
            .delete_item()
            .table_name(self.table())
            .set_key(Some(Key::alias(tenant, digest).item()))
            .condition_expression("#recipient = :recipient")
            .expression_attribute_names("#recipient", RECIPIENT)
            .expression_attribute_values(":recipient", text(recipient.as_str()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(1),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(0),
                Some(_) | None => Err(unavailable("delete an alias", error)),
            },
        }
    }
}

/// What became of a window's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    Stored,
    AlreadyLater,
}
