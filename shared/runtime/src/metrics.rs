//! Metrics in CloudWatch's embedded metric format: a log line each, low cardinality.

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// A request was accepted.
    Accepted,
    /// Meta took a message over.
    Submitted,
    /// An SMS was taken over by its carrier.
    FallbackSent,
    /// Nobody knows whether a message left.
    Uncertain,
    /// A receipt came although a later leg had gone out.
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
    /// Meta throttled a number.
    Throttled,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Submitted => "Submitted",
            Self::FallbackSent => "FallbackSent",
            Self::Uncertain => "Uncertain",
            Self::DeliveredTwice => "DeliveredTwice",
            Self::ReceiptSent => "ReceiptSent",
            Self::ReceiptUnknown => "ReceiptUnknown",
            Self::WebhookStrange => "WebhookStrange",
            Self::SignatureRefused => "SignatureRefused",
            Self::RecordUnreadable => "RecordUnreadable",
            Self::Throttled => "Throttled",
        }
    }
}

/// Counts something that happened `by` times at `now`. Nothing is written for nothing.
pub fn count(metric: Metric, by: usize, now: jiff::Timestamp) {
    if by > 0 {
        println!("{}", line(metric, by, now));
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
        let line = line(Metric::Uncertain, 2, now);
        assert_eq!(line["Uncertain"], 2);
        assert_eq!(
            line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"],
            "Uncertain"
        );
        assert!(!line.to_string().contains('\n'));
    }
}
