//! Metrics in CloudWatch's embedded metric format: a log line each, low cardinality.

use recado_domain::delivery::{Notification, Progress, progress};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// A request was accepted.
    Accepted,
    /// Meta took a message over.
    Submitted,
    /// An SMS was taken over by its carrier.
    FallbackSent,
    /// Nobody knows whether a WhatsApp message left: a receipt or the SMS settles it.
    UncertainWhatsapp,
    /// Nobody knows whether an SMS or a call left: its class repeats it once or leaves it.
    UncertainFallback,
    /// An SMS or a call of which nobody knew was sent once more.
    FallbackRepeated,
    /// A notification reached the handset by WhatsApp and went out by a later leg as well. Once each.
    DeliveredTwice,
    /// Meta said that a message was sent.
    ReceiptSent,
    /// A receipt names no notification of ours.
    ReceiptUnknown,
    /// An entry of a webhook could not be read or is of a kind unknown to us.
    WebhookStrange,
    /// A webhook's signature was missing or wrong.
    SignatureRefused,
    /// A queue's message could not be read.
    RecordUnreadable,
    /// A free-form message was not sent, because the 24-hour window was over.
    OutsideWindow,
    /// Meta refused a free-form message whose window we held open (131047).
    WindowRefused,
    /// Meta throttled a number.
    Throttled,
    /// Meta no longer lets a language of a template out: paused, disabled, rejected, gone.
    TemplateStopped,
    /// Meta has put a language of a template into another category than it is written for, or will.
    TemplateRecategorised,
    /// Customers' reactions to a template are bad: Meta is about to pause it.
    TemplateQualityLow,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Submitted => "Submitted",
            Self::FallbackSent => "FallbackSent",
            Self::UncertainWhatsapp => "UncertainWhatsapp",
            Self::UncertainFallback => "UncertainFallback",
            Self::FallbackRepeated => "FallbackRepeated",
            Self::DeliveredTwice => "DeliveredTwice",
            Self::ReceiptSent => "ReceiptSent",
            Self::ReceiptUnknown => "ReceiptUnknown",
            Self::WebhookStrange => "WebhookStrange",
            Self::SignatureRefused => "SignatureRefused",
            Self::RecordUnreadable => "RecordUnreadable",
            Self::OutsideWindow => "OutsideWindow",
            Self::WindowRefused => "WindowRefused",
            Self::Throttled => "Throttled",
            Self::TemplateStopped => "TemplateStopped",
            Self::TemplateRecategorised => "TemplateRecategorised",
            Self::TemplateQualityLow => "TemplateQualityLow",
        }
    }
}

/// Counts something that happened `by` times at `now`. Nothing is written for nothing.
pub fn count(metric: Metric, by: usize, now: jiff::Timestamp) {
    if by > 0 {
        println!("{}", line(metric, by, now));
    }
}

/// Counts what a write has made of a notification.
///
/// A write whose answer was lost and that is found done counts nothing, unless it was a claim: the items
/// are the truth, these are their pulse.
pub fn count_progress(before: &Notification, after: &Notification, now: jiff::Timestamp) {
    for step in progress(before, after) {
        let metric = match step {
            Progress::Submitted => Metric::Submitted,
            Progress::FallbackSent => Metric::FallbackSent,
            Progress::UncertainWhatsapp => Metric::UncertainWhatsapp,
            Progress::UncertainFallback => Metric::UncertainFallback,
            Progress::FallbackRepeated => Metric::FallbackRepeated,
            Progress::DeliveredTwice => Metric::DeliveredTwice,
        };
        count(metric, 1, now);
    }
}

fn line(metric: Metric, by: usize, now: jiff::Timestamp) -> serde_json::Value {
    let name = metric.name();
    serde_json::json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": "Recado",
                "Dimensions": [[]],
                "Metrics": [{ "Name": name, "Unit": "Count" }],
            }],
        },
        name: by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_one_line_of_the_embedded_format() {
        let now = jiff::Timestamp::from_second(1_790_000_000).expect("time");
        let line = line(Metric::UncertainFallback, 2, now);
        assert_eq!(line["UncertainFallback"], 2);
        assert_eq!(
            line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"],
            "UncertainFallback"
        );
        assert!(!line.to_string().contains('\n'));
    }
}
