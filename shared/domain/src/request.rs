//! A bank's request: parsed strictly, all faults named at once, nothing echoed.

mod draft;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use thiserror::Error;

pub use draft::{Draft, NotJson};

use crate::delivery::{Facts, Notification, Rung};
use crate::hours::Zone;
use crate::ids::{NotificationId, RecipientToken, TenantId};
use crate::locale::Locale;
use crate::params::{self, Params};
use crate::phone::E164;
use crate::seal::Sealed;
use crate::template::{QuietHours, Template};

/// A request that keeps every rule.
pub struct Request {
    /// To whom.
    pub to: E164,
    /// The language asked for, or the first default that the template has.
    pub locale: Locale,
    /// The parameters, typed.
    pub params: Params,
    /// The bank's own label.
    pub reference: Option<String>,
    /// When its validity ends.
    pub valid_until: Timestamp,
    /// The channels that may be used.
    pub ladder: Vec<Rung>,
    raw_params: Map<String, Value>,
}

/// What makes a request a notification.
pub struct Accepted {
    /// Derived from tenant and idempotency key.
    pub id: NotificationId,
    /// Whose it is.
    pub tenant: TenantId,
    /// To whom, by pseudonym.
    pub recipient: RecipientToken,
    /// [`Draft::digest`].
    pub digest: String,
    /// [`Request::content`], sealed.
    pub content: Sealed,
    /// Now.
    pub at: Timestamp,
}

impl Request {
    /// What is sealed in the notification's item: number and parameters.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the number is what is sealed")]
    pub fn content(&self) -> Vec<u8> {
        json!({ "to": self.to.expose(), "params": self.raw_params })
            .to_string()
            .into_bytes()
    }

    /// The notification as it is first stored.
    #[must_use]
    pub fn into_notification(self, template: &Template, accepted: Accepted) -> Notification {
        Notification {
            id: accepted.id,
            tenant: accepted.tenant,
            recipient: accepted.recipient,
            to_masked: self.to.masked(),
            template: template.name.clone(),
            template_version: template.version,
            locale: self.locale,
            class: template.class,
            lane: template.lane(),
            reference: self.reference,
            digest: accepted.digest,
            accepted_at: accepted.at,
            valid_until: self.valid_until,
            ladder: self.ladder,
            max_queue_wait: template.max_queue_wait,
            when_queue_wait_exceeded: template.when_queue_wait_exceeded,
            quiet_hours: template.quiet_hours,
            zone: Zone::of(&self.to).filter(|_| template.quiet_hours != QuietHours::Ignored),
            daily_cap: template.daily_cap.or(template.class.daily_cap()),
            masked: self.params.masked(self.locale),
            content: Some(accepted.content),
            facts: Facts::default(),
        }
    }
}

/// Why sealed content does not read. Names no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the sealed content does not fit its template")]
pub struct UnreadableContent;

/// Reads what [`Request::content`] wrote.
pub fn read_content(
    plain: &[u8],
    template: &Template,
) -> Result<(E164, Params), UnreadableContent> {
    let value: Value = serde_json::from_slice(plain).map_err(|_| UnreadableContent)?;
    let to = value
        .get("to")
        .and_then(Value::as_str)
        .and_then(|to| E164::parse(to).ok());
    let params = value
        .get("params")
        .and_then(Value::as_object)
        .and_then(|map| params::parse(template, map).ok());
    to.zip(params).ok_or(UnreadableContent)
}

#[cfg(test)]
mod tests;
