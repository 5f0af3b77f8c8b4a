//! The day's cap of a purpose.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use recado_domain::class::Class;
use recado_domain::delivery::{CapVerdict, Notification};
use recado_ports::{Recipients, Registry, StoreError};

/// Counts a notification against its purpose's cap on the local day of its bank; the same one counts once.
pub async fn count_against_cap<S: Recipients + Registry>(
    store: &S,
    item: &Notification,
    now: Timestamp,
) -> Result<CapVerdict, StoreError> {
    count_for_purpose(store, item, item.class, now).await
}

/// The same against another purpose's cap than its own.
pub async fn count_for_purpose<S: Recipients + Registry>(
    store: &S,
    item: &Notification,
    purpose: Class,
    now: Timestamp,
) -> Result<CapVerdict, StoreError> {
    let Some(cap) = purpose.daily_cap() else {
        return Ok(CapVerdict::Within);
    };
    let zone = match store.tenant(&item.tenant).await? {
        Some(config) => TimeZone::get(&config.time_zone).unwrap_or(TimeZone::UTC),
        None => TimeZone::UTC,
    };
    let day = now.to_zoned(zone).date().to_string();
    let (tenant, recipient) = (&item.tenant, &item.recipient);
    store
        .count(tenant, recipient, &day, purpose, &item.id, cap)
        .await
}
