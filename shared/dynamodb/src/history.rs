//! The consent history: append-only, oldest first.
//!
//! | attribute | holds |
//! |---|---|
//! | `ch`, `pp` | channel, purposes (by comma) |
//! | `ac`, `si`, `so` | what the event did, when it was captured (milliseconds), where |
//! | `ex`, `oi`, `lb` | its grant's end, its second word (milliseconds), its legal basis, where it says so |
//! | `dg`, `ra` | its digest, when it reached us (milliseconds) |
//! | `ev` | sealed evidence, until an erasure |
//! | `no`, `ph`, `hs` | its place in its channel's chain, the hash before it, its own |
//! | `ed`, `af` | digest of the sealed evidence, which stays; how its purposes stood after it |

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{
    Action, ConsentEvent, HistoryEntry, LegalBasis, Link, PurposeConsent, Source, State,
};
use recado_domain::ids::{RecipientToken, TenantId};
use recado_ports::{HistoryPage, StoreError};

use crate::attributes::{
    CURRENT, Item, Reader, VERSION, listed, millis, number, put, sealed, text,
};
use crate::errors::unavailable;
use crate::keys::{Key, history_partition};
use crate::store::Store;

/// The attribute with the sealed evidence.
pub(crate) const EVIDENCE: &str = "ev";
/// The longest page.
const LONGEST_PAGE: u32 = 100;

pub(crate) fn history_item(key: &Key, entry: &HistoryEntry) -> Item {
    let (event, link) = (&entry.event, &entry.link);
    let consent = &event.consent;
    let mut item = key.item();
    let purposes: Vec<&str> = event
        .purposes
        .iter()
        .map(|purpose| purpose.name())
        .collect();
    let after = link.after.iter();
    let after: Vec<String> = after
        .map(|(purpose, state)| format!("{purpose}:{}", state.name()))
        .collect();
    let attributes = [
        (VERSION, number(CURRENT)),
        ("ch", text(event.channel.name())),
        ("pp", text(purposes.join(","))),
        ("ac", text(consent.action.name())),
        ("si", millis(consent.since)),
        ("so", text(consent.source.name())),
        ("dg", text(&event.digest)),
        ("ra", millis(event.received_at)),
        ("no", number(i64::try_from(link.number).unwrap_or(i64::MAX))),
        ("ph", text(&link.previous)),
        ("hs", text(&link.hash)),
        ("af", text(after.join(","))),
    ];
    item.extend(attributes.map(|(name, value)| (name.to_owned(), value)));
    put(&mut item, "ex", consent.expires_at.map(millis));
    put(&mut item, "oi", consent.double_opt_in_at.map(millis));
    put(&mut item, "lb", consent.basis.map(|it| text(it.name())));
    put(&mut item, "ed", link.evidence.as_ref().map(text));
    put(&mut item, EVIDENCE, event.evidence.as_ref().map(sealed));
    item
}

fn entry(item: &Item) -> Result<HistoryEntry, StoreError> {
    let item = Reader::new("a history entry", item)?;
    let event = ConsentEvent {
        channel: item.parsed("ch", Channel::parse)?,
        purposes: item.parsed("pp", |text| listed(text, Class::parse))?,
        consent: PurposeConsent {
            action: item.parsed("ac", Action::parse)?,
            since: item.time("si")?,
            source: item.parsed("so", Source::parse)?,
            expires_at: item.optional_time("ex")?,
            double_opt_in_at: item.optional_time("oi")?,
            basis: item.optional_parsed("lb", LegalBasis::parse)?,
        },
        digest: item.text("dg")?.to_owned(),
        received_at: item.time("ra")?,
        evidence: item.optional_sealed(EVIDENCE)?,
    };
    let link = Link {
        number: item.number("no")?,
        previous: item.text("ph")?.to_owned(),
        hash: item.text("hs")?.to_owned(),
        evidence: item.optional_text("ed")?.map(str::to_owned),
        after: item.parsed("af", |text| listed(text, stood))?,
    };
    Ok(HistoryEntry { event, link })
}

fn stood(text: &str) -> Option<(Class, State)> {
    let (purpose, state) = text.split_once(':')?;
    Some((Class::parse(purpose)?, State::parse(state)?))
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
        let next = entries.last().filter(|_| more).map(HistoryEntry::sort_key);
        Ok(HistoryPage { entries, next })
    }
}
