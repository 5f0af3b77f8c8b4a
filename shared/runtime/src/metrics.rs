//! Metrics in CloudWatch's embedded metric format: a log line each, low cardinality.

use jiff::{SignedDuration, Timestamp};
use recado_domain::delivery::{Notification, Progress, progress};
use recado_domain::switches::Gates;
use serde_json::{Value, json};

use crate::start;

/// What is counted or measured. Every one has the dimension `Stack`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// A request was accepted.
    Accepted,
    /// Meta took a message over.
    Submitted,
    /// An SMS was taken over by its carrier.
    FallbackSent,
    /// An SMS was held back by a budget: once for each minute in which it asked in vain.
    SmsHeldBack,
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
    /// A message was refused for good, and nobody's fault but ours or the provider's.
    TechnicalFailure,
    /// Meta refused a bank's access token, and the secret held no other one.
    TokenRefused,
    /// Meta no longer lets a language of a template out: paused, disabled, rejected, gone.
    TemplateStopped,
    /// Meta has put a language of a template into another category than it is written for, or will.
    TemplateRecategorised,
    /// Customers' reactions to a template are bad: Meta is about to pause it.
    TemplateQualityLow,
    /// From accepting a request until Meta took its message over, in milliseconds, by `Lane`; without what
    /// quiet hours or a switch may have held back.
    AcceptToSubmit,
    /// From the start of a process until it asked for its first invocation, in milliseconds, also by
    /// `Function`.
    ColdStart,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Submitted => "Submitted",
            Self::FallbackSent => "FallbackSent",
            Self::SmsHeldBack => "SmsHeldBack",
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
            Self::TechnicalFailure => "TechnicalFailure",
            Self::TokenRefused => "TokenRefused",
            Self::TemplateStopped => "TemplateStopped",
            Self::TemplateRecategorised => "TemplateRecategorised",
            Self::TemplateQualityLow => "TemplateQualityLow",
            Self::AcceptToSubmit => "AcceptToSubmit",
            Self::ColdStart => "ColdStart",
        }
    }
}

/// Counts something that happened `by` times at `now`. Nothing is written for nothing.
pub fn count(metric: Metric, by: usize, now: Timestamp) {
    if by > 0 {
        println!("{}", line(metric, Value::from(by), "Count", &[&[]], now));
    }
}

/// Counts what a write has made of a notification.
///
/// A write whose answer was lost and that is found done counts nothing, unless it was a claim: the items
/// are the truth, these are their pulse.
pub fn count_progress(before: &Notification, after: &Notification, gates: &Gates, now: Timestamp) {
    for step in progress(before, after) {
        let metric = match step {
            Progress::Submitted => {
                measure_submission(after, gates, now);
                Metric::Submitted
            }
            Progress::FallbackSent => Metric::FallbackSent,
            Progress::UncertainWhatsapp => Metric::UncertainWhatsapp,
            Progress::UncertainFallback => Metric::UncertainFallback,
            Progress::FallbackRepeated => Metric::FallbackRepeated,
            Progress::DeliveredTwice => Metric::DeliveredTwice,
        };
        count(metric, 1, now);
    }
}

fn measure_submission(item: &Notification, gates: &Gates, now: Timestamp) {
    let submitted = item.leg(0).submitted_at();
    if let Some(at) = submitted.filter(|_| !gates.held_back(item)) {
        let took = at.duration_since(item.accepted_at);
        let lane = [("Lane", item.lane.name())];
        println!("{}", lasted(Metric::AcceptToSubmit, took, &[&lane], now));
    }
}

/// Tells how long a process took to start.
pub(crate) fn measure_start(function: &str, took: SignedDuration, now: Timestamp) {
    let function = [("Function", function)];
    println!(
        "{}",
        lasted(Metric::ColdStart, took, &[&[], &function], now)
    );
}

/// Dimensions beside the stack's, as name and value.
type Dimensions<'a> = &'a [(&'a str, &'a str)];

fn lasted(metric: Metric, took: SignedDuration, sets: &[Dimensions<'_>], now: Timestamp) -> Value {
    let took = took.max(SignedDuration::ZERO).as_micros();
    // To the tenth of a millisecond: a code's whole way takes a few of them.
    let milliseconds =
        i32::try_from(took / 100).map_or(f64::MAX, |tenths| f64::from(tenths) / 10.0);
    line(metric, Value::from(milliseconds), "Milliseconds", sets, now)
}

/// One line. CloudWatch keeps the value under each of the sets of dimensions.
fn line(
    metric: Metric,
    value: Value,
    unit: &str,
    sets: &[Dimensions<'_>],
    now: Timestamp,
) -> Value {
    let name = metric.name();
    let names: Vec<Vec<&str>> = sets
        .iter()
        .map(|set| {
            let more = set.iter().map(|(name, _)| *name);
            std::iter::once("Stack").chain(more).collect()
        })
        .collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": "Recado",
                "Dimensions": names,
                "Metrics": [{ "Name": name, "Unit": unit }],
            }],
        },
        "Stack": start::stack(),
        name: value,
    });
    for (name, value) in sets.iter().flat_map(|set| set.iter()) {
        line[*name] = Value::from(*value);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_000).expect("time")
    }

    #[test]
    fn a_metric_is_one_line_of_the_embedded_format() {
        let line = line(Metric::UncertainFallback, 2.into(), "Count", &[&[]], now());
        assert_eq!(line["UncertainFallback"], 2);
        assert_eq!(line["Stack"], "recado");
        let described = &line["_aws"]["CloudWatchMetrics"][0];
        let metric = json!([{ "Name": "UncertainFallback", "Unit": "Count" }]);
        assert_eq!(described["Metrics"], metric);
        assert_eq!(described["Dimensions"], json!([["Stack"]]));
        assert!(!line.to_string().contains('\n'));
    }

    #[test]
    fn a_duration_is_told_in_milliseconds_under_each_set_of_dimensions() {
        let took = SignedDuration::from_micros(1_234_567);
        let function = [("Function", "outbound-sender")];
        let line = lasted(Metric::ColdStart, took, &[&[], &function], now());
        assert_eq!(line["ColdStart"], 1234.5);
        assert_eq!(line["Function"], "outbound-sender");
        let described = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            described["Dimensions"],
            json!([["Stack"], ["Stack", "Function"]])
        );
        assert_eq!(described["Metrics"][0]["Unit"], "Milliseconds");
        // A clock that was set back meanwhile.
        let back = lasted(Metric::ColdStart, -took, &[&[]], now());
        assert_eq!(back["ColdStart"], 0.0);
    }
}
