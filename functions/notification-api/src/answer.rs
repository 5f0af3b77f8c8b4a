//! What a bank reads of a notification. Masked throughout.

use std::collections::BTreeMap;

use jiff::Timestamp;
use recado_domain::delivery::{
    CloseReason, Failure, LegStatus, Notification, OpenedBecause, Status, SuppressReason,
};
use recado_domain::hours::{Asleep, Quiet};
use recado_domain::render;
use recado_domain::template::Template;
use serde::Serialize;

/// The answer to an accepted request.
#[derive(Serialize)]
pub(crate) struct Accepted<'a> {
    id: &'a str,
    status: &'static str,
    template: &'a str,
    template_version: u32,
    locale: &'static str,
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    accepted_at: String,
}

pub(crate) fn accepted(item: &Notification, status: Status) -> Accepted<'_> {
    Accepted {
        id: item.id.as_str(),
        status: status.name(),
        template: item.template.as_str(),
        template_version: item.template_version,
        locale: item.locale.code(),
        to: &item.to_masked,
        reference: item.reference.as_deref(),
        accepted_at: time(item.accepted_at),
    }
}

/// A notification with its legs.
#[derive(Serialize)]
pub(crate) struct Shown<'a> {
    id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    template: &'a str,
    template_version: u32,
    locale: &'static str,
    class: &'static str,
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    text: String,
    accepted_at: String,
    valid_until: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deferred_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<String>,
    delivered_twice: bool,
    legs: Vec<ShownLeg<'a>>,
    responses: Vec<BTreeMap<&'static str, String>>,
}

#[derive(Serialize)]
struct ShownLeg<'a> {
    channel: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_because: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submitted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uncertain_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opens_next_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<ShownFailure>,
}

#[derive(Serialize)]
struct ShownFailure {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
    title: String,
}

impl From<Failure> for ShownFailure {
    fn from(failure: Failure) -> Self {
        Self {
            kind: failure.kind.name(),
            code: failure.code,
            title: failure.title,
        }
    }
}

pub(crate) fn notification<'a>(
    item: &'a Notification,
    template: Option<&Template>,
    quiet: Option<Quiet>,
    now: Timestamp,
) -> Shown<'a> {
    let met = quiet.and_then(|quiet| quiet.meets(item.quiet_hours, item.valid_until, now));
    let deferred_until = match met {
        Some(Asleep::Until(open)) if item.untouched() => Some(time(open)),
        Some(Asleep::Until(_) | Asleep::ForGood) | None => None,
    };
    Shown {
        id: item.id.as_str(),
        status: item.status(now).name(),
        reason: item.reason(now),
        template: item.template.as_str(),
        template_version: item.template_version,
        locale: item.locale.code(),
        class: item.class.name(),
        to: &item.to_masked,
        reference: item.reference.as_deref(),
        text: template
            .map(|template| render::text(template, item.locale, &item.masked))
            .unwrap_or_default(),
        accepted_at: time(item.accepted_at),
        valid_until: time(item.valid_until),
        deferred_until,
        cancelled_at: item.cancelled_at().map(time),
        delivered_twice: item.delivered_twice(),
        legs: (0..item.legs())
            .filter(|leg| item.leg_shows(*leg))
            .map(|leg| shown_leg(item, leg, now))
            .collect(),
        responses: item
            .responses()
            .into_iter()
            .map(|response| {
                BTreeMap::from([("at", time(response.at)), ("action", response.action)])
            })
            .collect(),
    }
}

fn shown_leg(item: &Notification, leg: u8, now: Timestamp) -> ShownLeg<'_> {
    let facts = item.leg(leg);
    let status = item.leg_status(leg);
    ShownLeg {
        channel: item.ladder[usize::from(leg)].channel.name(),
        status: status.name(),
        opened_because: facts
            .opened_because()
            .map(OpenedBecause::name)
            .or((leg == 0).then_some("first")),
        reason: (status == LegStatus::Skipped)
            .then(|| skipped(item, leg))
            .flatten(),
        submitted_at: facts.submitted_at().map(time),
        uncertain_at: facts.uncertain_at().map(time),
        delivered_at: facts.delivered_at().map(time),
        read_at: facts.read_at().map(time),
        failed_at: facts.failed_at().map(time),
        opens_next_at: item.opens_next_at(leg, now).map(time),
        provider_id: facts.provider_id(),
        failure: facts.failure().map(ShownFailure::from),
    }
}

/// Why a leg was not sent, where the notification's own status does not say it.
fn skipped(item: &Notification, leg: u8) -> Option<&'static str> {
    let closed = item.leg(leg).closed_because().map(CloseReason::name);
    closed.or_else(|| item.suppressed_because().map(SuppressReason::name))
}

/// RFC 3339 in UTC with milliseconds.
pub(crate) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}
