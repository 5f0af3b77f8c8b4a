//! When and how often: the day's cap of a purpose, and quiet hours.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use recado_domain::class::Class;
use recado_domain::delivery::{CapVerdict, Notification};
use recado_domain::hours::{Hours, Quiet, Zone};
use recado_domain::template::QuietHours;
use recado_ports::{Recipients, Registry, StoreError, TenantConfig};

/// Counts a notification against its cap on the local day of its bank; the same one counts once.
pub async fn count_against_cap<S: Recipients + Registry>(
    store: &S,
    item: &Notification,
    now: Timestamp,
) -> Result<CapVerdict, StoreError> {
    count(store, item, item.class, item.daily_cap, now).await
}

/// The same against another purpose's cap than its own.
pub async fn count_for_purpose<S: Recipients + Registry>(
    store: &S,
    item: &Notification,
    purpose: Class,
    now: Timestamp,
) -> Result<CapVerdict, StoreError> {
    count(store, item, purpose, purpose.daily_cap(), now).await
}

async fn count<S: Recipients + Registry>(
    store: &S,
    item: &Notification,
    purpose: Class,
    cap: Option<u32>,
    now: Timestamp,
) -> Result<CapVerdict, StoreError> {
    let Some(cap) = cap else {
        return Ok(CapVerdict::Within);
    };
    let config = store.tenant(&item.tenant).await?;
    let zone = config.map_or(TimeZone::UTC, |config| own_zone(&config));
    let day = now.to_zoned(zone).date().to_string();
    let (tenant, recipient) = (&item.tenant, &item.recipient);
    store
        .count(tenant, recipient, &day, purpose, &item.id, cap)
        .await
}

/// The present or the next quiet hours of a notification's recipient; none where it does not heed them.
/// A bank without an entry keeps the default hours.
pub async fn quiet_hours<S: Registry>(
    store: &S,
    item: &Notification,
    now: Timestamp,
) -> Result<Option<Quiet>, StoreError> {
    if item.quiet_hours == QuietHours::Ignored {
        return Ok(None);
    }
    let config = store.tenant(&item.tenant).await?;
    Ok(quiet_time(config.as_ref(), item.class, item.zone, now))
}

/// The same for a message that is none yet.
#[must_use]
pub fn quiet_time(
    config: Option<&TenantConfig>,
    class: Class,
    zone: Option<Zone>,
    now: Timestamp,
) -> Option<Quiet> {
    let zones = match zone {
        Some(zone) => zone.time_zones(),
        None => config.map(own_zone).into_iter().collect(),
    };
    let standard = Hours::default();
    let hours = config.map_or(&standard, |config| &config.hours);
    hours.quiet(class, &zones, now)
}

fn own_zone(config: &TenantConfig) -> TimeZone {
    TimeZone::get(&config.time_zone).unwrap_or(TimeZone::UTC)
}
