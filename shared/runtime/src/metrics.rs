//! Metrics in CloudWatch's embedded metric format: a log line each, low cardinality.

use jiff::{SignedDuration, Timestamp};
use recado_domain::delivery::{Notification, Progress, progress};
use recado_domain::switches::Gates;
use serde::ser::{Serialize, SerializeMap, Serializer};

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
        Line::of(metric, Measure::Count(by), &[&[]], now).print();
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
        Line::of(Metric::AcceptToSubmit, lasted(took), &[&lane], now).print();
    }
}

/// Tells how long a process took to start.
pub(crate) fn measure_start(function: &str, took: SignedDuration, now: Timestamp) {
    let function = [("Function", function)];
    Line::of(Metric::ColdStart, lasted(took), &[&[], &function], now).print();
}

/// Dimensions beside the stack's, as name and value.
type Dimensions<'a> = &'a [(&'a str, &'a str)];

/// A metric's value.
#[derive(Clone, Copy)]
enum Measure {
    Count(usize),
    Milliseconds(f64),
}

impl Measure {
    fn unit(self) -> &'static str {
        match self {
            Self::Count(_) => "Count",
            Self::Milliseconds(_) => "Milliseconds",
        }
    }
}

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => count.serialize(serializer),
            Self::Milliseconds(milliseconds) => milliseconds.serialize(serializer),
        }
    }
}

/// To the tenth of a millisecond: a code's whole way takes a few of them.
fn lasted(took: SignedDuration) -> Measure {
    let tenths = i32::try_from(took.max(SignedDuration::ZERO).as_micros() / 100);
    Measure::Milliseconds(tenths.map_or(f64::MAX, |tenths| f64::from(tenths) / 10.0))
}

/// One line. CloudWatch keeps the value under each of the sets of dimensions.
struct Line<'a> {
    stack: &'a str,
    metric: Metric,
    value: Measure,
    sets: &'a [Dimensions<'a>],
    now: Timestamp,
}

impl<'a> Line<'a> {
    fn of(metric: Metric, value: Measure, sets: &'a [Dimensions<'a>], now: Timestamp) -> Self {
        let stack = start::stack();
        Self {
            stack,
            metric,
            value,
            sets,
            now,
        }
    }

    fn print(&self) {
        if let Ok(line) = serde_json::to_string(self) {
            println!("{line}");
        }
    }
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("_aws", &Described(self))?;
        line.serialize_entry("Stack", self.stack)?;
        line.serialize_entry(self.metric.name(), &self.value)?;
        for (name, value) in self.sets.iter().flat_map(|set| set.iter()) {
            line.serialize_entry(name, value)?;
        }
        line.end()
    }
}

/// What CloudWatch is to take out of a line (CloudWatch's "embedded metric format specification").
struct Described<'a>(&'a Line<'a>);

impl Serialize for Described<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Directive<'a> {
            namespace: &'a str,
            dimensions: Vec<Vec<&'a str>>,
            metrics: [Named<'a>; 1],
        }
        #[derive(serde::Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Named<'a> {
            name: &'a str,
            unit: &'a str,
        }
        let Self(line) = self;
        let mut dimensions = Vec::with_capacity(line.sets.len());
        for set in line.sets {
            let more = set.iter().map(|(name, _)| *name);
            dimensions.push(std::iter::once("Stack").chain(more).collect());
        }
        let directive = Directive {
            namespace: "Recado",
            dimensions,
            metrics: [Named {
                name: line.metric.name(),
                unit: line.value.unit(),
            }],
        };
        let mut described = serializer.serialize_map(Some(2))?;
        described.serialize_entry("Timestamp", &line.now.as_millisecond())?;
        described.serialize_entry("CloudWatchMetrics", &[directive])?;
        described.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(line: &Line<'_>) -> Value {
        let text = serde_json::to_string(line).expect("a line");
        assert!(!text.contains('\n'));
        serde_json::from_str(&text).expect("JSON")
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_000).expect("time")
    }

    #[test]
    fn a_metric_is_one_line_of_the_embedded_format() {
        let two = Measure::Count(2);
        let line = read(&Line::of(Metric::UncertainFallback, two, &[&[]], now()));
        assert_eq!(line["UncertainFallback"], 2);
        assert_eq!(line["Stack"], "recado");
        let described = &line["_aws"]["CloudWatchMetrics"][0];
        let metric = json!([{ "Name": "UncertainFallback", "Unit": "Count" }]);
        assert_eq!(described["Metrics"], metric);
        assert_eq!(described["Dimensions"], json!([["Stack"]]));
    }

    #[test]
    fn a_duration_is_told_in_milliseconds_under_each_set_of_dimensions() {
        let took = SignedDuration::from_micros(1_234_567);
        let function = [("Function", "outbound-sender")];
        let sets: [Dimensions<'_>; 2] = [&[], &function];
        let line = read(&Line::of(Metric::ColdStart, lasted(took), &sets, now()));
        assert_eq!(line["_aws"]["Timestamp"], 1_790_000_000_000_i64);
        assert_eq!(line["ColdStart"], 1234.5);
        assert_eq!(line["Function"], "outbound-sender");
        let described = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            described["Dimensions"],
            json!([["Stack"], ["Stack", "Function"]])
        );
        assert_eq!(described["Metrics"][0]["Unit"], "Milliseconds");
        // A clock that was set back meanwhile.
        let back = read(&Line::of(Metric::ColdStart, lasted(-took), &[&[]], now()));
        assert_eq!(back["ColdStart"], 0.0);
    }
}
