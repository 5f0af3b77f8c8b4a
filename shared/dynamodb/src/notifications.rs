//! Notifications: single-item, conditional, the old item in hand when a condition fails.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use recado_domain::delivery::{Change, Notification};
use recado_domain::ids::NotificationId;
use recado_ports::{Created, Notifications, StoreError, Written};

use crate::errors::{exhausted, unavailable};
use crate::expression::translate;
use crate::keys::Key;
use crate::notification_item::{from_item, to_item};
use crate::store::Store;

impl Notifications for Store {
    async fn create(&self, item: &Notification) -> Result<Created, StoreError> {
        let answer = self
            .client()
            .put_item()
            .table_name(self.table())
            .set_item(Some(to_item(item)))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let error = match answer {
            Ok(_) => return Ok(Created::New),
            Err(error) => error,
        };
        let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
        else {
            return Err(unavailable("create a notification", error));
        };
        match &failed.item {
            Some(old) => Ok(Created::Already(Box::new(from_item(&item.id, old)?))),
            // It was there when the condition was asked, so it can be read.
            None => match self.read(&item.id).await? {
                Some(old) => Ok(Created::Already(Box::new(old))),
                None => Err(exhausted(
                    "create a notification",
                    "refused by an item that is gone",
                )),
            },
        }
    }

    async fn read(&self, id: &NotificationId) -> Result<Option<Notification>, StoreError> {
        let item = self
            .get("read a notification", &Key::notification(id))
            .await?;
        item.map(|item| from_item(id, &item)).transpose()
    }

    async fn write(&self, id: &NotificationId, change: &Change) -> Result<Written, StoreError> {
        const OPERATION: &str = "write a notification";
        let update = translate(change);
        let answer = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(Key::notification(id).item()))
            .condition_expression(update.condition)
            .set_update_expression(update.update)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(update.values)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let error = match answer {
            Ok(written) => {
                let new = written.attributes.unwrap_or_default();
                return Ok(Written::Applied(Box::new(from_item(id, &new)?)));
            }
            Err(error) => error,
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(failed)) =
            error.as_service_error()
        else {
            return Err(unavailable(OPERATION, error));
        };
        let Some(old) = &failed.item else {
            return Ok(Written::Missing);
        };
        let old = Box::new(from_item(id, old)?);
        // The SDK may have repeated a write whose answer was lost (I5).
        Ok(if change.already_won(&old) {
            Written::Applied(old)
        } else {
            Written::Refused(old)
        })
    }
}
