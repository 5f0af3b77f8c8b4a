//! The consent history: append-only, oldest first.
//!
//! | attribute | holds |
//! |---|---|
//! | `ch`, `pp` | channel, purposes (by comma) |
//! | `ac`, `si`, `so` | what the event did, when it was captured (milliseconds), where |
//! | `dg`, `ra` | its digest, when it reached us (milliseconds) |
//! | `ev` | sealed evidence, until an erasure |

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::PurposeConsent;
use recado_domain::ids::{RecipientToken, TenantId};
use recado_ports::{ConsentEvent, HistoryEntry, HistoryPage, StoreError};

use crate::attributes::{CURRENT, Item, Reader, VERSION, millis, number, put, sealed, text};
use crate::errors::unavailable;
use crate::keys::{Key, SK, history_partition};
use crate::recipient_item::{read_action, read_source};
use crate::store::Store;

/// The attribute with the sealed evidence.
pub(crate) const EVIDENCE: &str = "ev";
/// The longest page.
const LONGEST_PAGE: u32 = 100;

pub(crate) fn history_item(
    tenant: &TenantId,
    recipient: &RecipientToken,
    event: &ConsentEvent,
) -> Item {
    let mut item = Key::history(tenant, recipient, &event.sort_key()).item();
    let purposes: Vec<&str> = event
        .purposes
        .iter()
        .map(|purpose| purpose.name())
        .collect();
    let attributes = [
        (VERSION, number(CURRENT)),
        ("ch", text(event.channel.name())),
        ("pp", text(purposes.join(","))),
        ("ac", text(event.consent.action.state())),
        ("si", millis(event.consent.since)),
        ("so", text(event.consent.source.name())),
        ("dg", text(&event.digest)),
        ("ra", millis(event.received_at)),
    ];
    item.extend(attributes.map(|(name, value)| (name.to_owned(), value)));
    put(&mut item, EVIDENCE, event.evidence.as_ref().map(sealed));
    item
}

fn entry(item: &Item) -> Result<HistoryEntry, StoreError> {
    let item = Reader::new("a history entry", item)?;
    let event = ConsentEvent {
        channel: item.parsed("ch", Channel::parse)?,
        purposes: item.parsed("pp", purposes)?,
        consent: PurposeConsent {
            action: item.parsed("ac", read_action)?,
            since: item.time("si")?,
            source: item.parsed("so", read_source)?,
        },
        digest: item.text("dg")?.to_owned(),
        received_at: item.time("ra")?,
        evidence: item.optional_sealed(EVIDENCE)?,
    };
    Ok(HistoryEntry {
        sort_key: item.text(SK)?.to_owned(),
        event,
    })
}

fn purposes(text: &str) -> Option<Vec<Class>> {
    text.split(',')
        .filter(|name| !name.is_empty())
        .map(Class::parse)
        .collect()
}

impl Store {
    /// `limit` is brought into 1–100.
    pub(crate) async fn history_page(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        after: Option<&str>,
        limit: u32,
    ) -> Result<HistoryPage, StoreError> {
        let limit = limit.clamp(1, LONGEST_PAGE);
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        // One more than wanted tells whether there is a next page.
        let mut query = self
            .client()
            .query()
            .table_name(self.table())
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(history_partition(tenant, recipient)))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX).saturating_add(1));
        if let Some(after) = after.filter(|after| !after.is_empty()) {
            query = query
                .key_condition_expression("pk = :pk AND sk > :after")
                .expression_attribute_values(":after", text(after));
        }
        let page = query
            .send()
            .await
            .map_err(|error| unavailable("read a history", error))?;
        let cut_short = page.last_evaluated_key.is_some();
        let items = page.items.unwrap_or_default();
        let more = cut_short || items.len() > wanted;
        let entries: Vec<HistoryEntry> = items
            .iter()
            .take(wanted)
            .map(entry)
            .collect::<Result<_, _>>()?;
        let next = entries
            .last()
            .filter(|_| more)
            .map(|last| last.sort_key.clone());
        Ok(HistoryPage { entries, next })
    }
}
