//! Reading every notification, for the operator: page by page, strongly consistent.
//!
//! No function does this: it reads the whole table, up to 1 MB (256 read units) a page. What is accepted
//! or changed meanwhile may be seen before or after.

use jiff::Timestamp;
use recado_domain::delivery::Notification;
use recado_domain::ids::{NotificationId, TenantId};
use recado_ports::StoreError;

use crate::attributes::{Item, text};
use crate::errors::unavailable;
use crate::keys::{PK, SK};
use crate::notification_item::{TENANT, from_item};
use crate::store::Store;

const PREFIX: &str = "NTF#";

/// Where the next page starts.
pub struct Position(Item);

/// What one page of the table held of notifications.
pub struct NotificationPage {
    /// Those that read.
    pub notifications: Vec<Notification>,
    /// Those that do not.
    pub unreadable: Vec<UnreadableItem>,
    /// Where the next page starts; none at the end.
    pub next: Option<Position>,
}

/// A notification's item that no code of this version reads. Names no value but the key and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableItem {
    /// Its id, where its key is one of ours.
    pub id: Option<NotificationId>,
    /// Whose it is, where that reads.
    pub tenant: Option<TenantId>,
    /// When it was accepted, where that reads.
    pub accepted_at: Option<Timestamp>,
    /// What does not read.
    pub reason: String,
}

impl Store {
    /// One page of all notifications; the first one without a position.
    pub async fn notifications_page(
        &self,
        from: Option<Position>,
    ) -> Result<NotificationPage, StoreError> {
        let answer = self
            .client()
            .scan()
            .table_name(self.table())
            .consistent_read(true)
            .filter_expression("begins_with(#pk, :prefix) AND #sk = :state")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":prefix", text(PREFIX))
            .expression_attribute_values(":state", text("STATE"))
            .set_exclusive_start_key(from.map(|position| position.0))
            .send()
            .await
            .map_err(|error| unavailable("read all notifications", error))?;
        let mut page = NotificationPage {
            notifications: Vec::new(),
            unreadable: Vec::new(),
            next: answer.last_evaluated_key.map(Position),
        };
        for item in answer.items.unwrap_or_default() {
            match read(&item) {
                Ok(notification) => page.notifications.push(notification),
                Err(unreadable) => page.unreadable.push(unreadable),
            }
        }
        Ok(page)
    }
}

fn read(item: &Item) -> Result<Notification, UnreadableItem> {
    let of = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let id = of(PK)
        .and_then(|key| key.strip_prefix(PREFIX))
        .and_then(|id| NotificationId::parse(id).ok());
    let read = match &id {
        Some(id) => from_item(id, item),
        None => Err(StoreError::Unreadable(
            "a notification under a key of another form".to_owned(),
        )),
    };
    read.map_err(|error| UnreadableItem {
        id,
        tenant: of(TENANT).and_then(|tenant| TenantId::parse(tenant).ok()),
        accepted_at: item
            .get("at")
            .and_then(|at| at.as_n().ok()?.parse().ok())
            .and_then(|at| Timestamp::from_millisecond(at).ok()),
        reason: match error {
            StoreError::Unreadable(reason) => reason,
            StoreError::Unavailable(..) | StoreError::Refused(..) => error.to_string(),
        },
    })
}

#[cfg(test)]
mod tests {
    use crate::attributes::{VERSION, number};

    use super::*;

    const ID: &str = "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn item(pk: &str) -> Item {
        Item::from([
            (PK.to_owned(), text(pk)),
            (SK.to_owned(), text("STATE")),
            (VERSION.to_owned(), number(9)),
            (TENANT.to_owned(), text("banco-aurora")),
            ("at".to_owned(), number(1_795_269_845_123_i64)),
        ])
    }

    #[test]
    fn an_item_that_does_not_read_tells_whose_it_is_and_why_but_no_other_value() {
        let unreadable = read(&item(&format!("{PREFIX}{ID}"))).unwrap_err();
        assert_eq!(unreadable.id, NotificationId::parse(ID).ok());
        assert_eq!(unreadable.tenant, TenantId::parse("banco-aurora").ok());
        assert_eq!(
            unreadable.accepted_at,
            Timestamp::from_millisecond(1_795_269_845_123).ok()
        );
        assert_eq!(unreadable.reason, "a notification of version 9");

        let strange = read(&item("NTF#+5511987654321")).unwrap_err();
        assert_eq!(strange.id, None);
        assert!(!format!("{strange:?}").contains("98765"), "{strange:?}");
    }
}
