//! The rules under examination: the domain's own functions, and nothing of ours between.

use jiff::Timestamp;
use recado_domain::delivery::{
    self, Change, Content, Context, Effect, Event, Failure, Handoff, Notification, Receipts, change,
};
use recado_domain::ids::TenantId;

/// Every rule that the functions ask. The provided methods are the real ones; a test replaces one of
/// them to see that the explorer notices.
pub trait Protocol {
    /// What notification-api hands on.
    fn accepted(&self, item: &Notification) -> Vec<Handoff> {
        delivery::accepted(item)
    }

    /// What outbound-sender and fallback-timer do next.
    fn step(&self, item: &Notification, event: &Event, context: &Context) -> Vec<Effect> {
        delivery::step(item, event, context)
    }

    /// What webhook-receiver hands on once a failure is stored.
    fn receipt_failed(&self, item: &Notification, attempt: u32, now: Timestamp) -> Vec<Handoff> {
        delivery::receipt_failed(item, attempt, now)
    }

    /// What webhook-receiver writes of `delivered` and `read`.
    fn receipts(&self, tenant: &TenantId, told: &Receipts, at: Timestamp) -> Option<Change> {
        change::receipts(tenant, told, at)
    }

    /// What webhook-receiver writes of `failed`.
    fn failed(&self, item: &Notification, attempt: u32, how: &Failure, at: Timestamp) -> Change {
        let content: Content = change::content_after_failure(item, 0);
        change::failed(0, attempt, how, at, content)
    }

    /// What notification-api writes of a cancel.
    fn cancel(&self, item: &Notification, at: Timestamp) -> Change {
        change::cancel(item, at)
    }
}

/// The protocol as it runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Real;

impl Protocol for Real {}
