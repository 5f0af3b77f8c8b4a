//! What one write has made of a notification: what is counted while everything runs.

use super::notification::Notification;

/// A step that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Meta took the message over.
    Submitted,
    /// A later leg's carrier took it over.
    FallbackSent,
    /// Nobody knows whether it left by WhatsApp: a receipt or the next leg settles it.
    UncertainWhatsapp,
    /// Nobody knows whether it left by a later leg: its class repeats it once or leaves it.
    UncertainFallback,
    /// A later leg of which nobody knew is sent once more.
    FallbackRepeated,
    /// It reached the handset by WhatsApp and went out by a later leg as well.
    DeliveredTwice,
}

/// Every step between two states of one notification.
#[must_use]
pub fn progress(before: &Notification, after: &Notification) -> Vec<Progress> {
    let mut found = Vec::new();
    for leg in 0..after.legs() {
        let (was, is) = (before.leg(leg), after.leg(leg));
        let either = |first, later| if leg == 0 { first } else { later };
        if was.submitted_at().is_none() && is.submitted_at().is_some() {
            found.push(either(Progress::Submitted, Progress::FallbackSent));
        }
        if was.uncertain_at().is_none() && is.uncertain_at().is_some() {
            found.push(either(
                Progress::UncertainWhatsapp,
                Progress::UncertainFallback,
            ));
        }
        if leg > 0 && was.attempt() == Some(1) && is.attempt() == Some(2) {
            found.push(Progress::FallbackRepeated);
        }
    }
    if !before.delivered_twice() && after.delivered_twice() {
        found.push(Progress::DeliveredTwice);
    }
    found
}
