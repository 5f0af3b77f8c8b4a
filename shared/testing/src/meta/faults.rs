//! What is to go wrong next: answers to sends, and the ways of webhooks.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Faults that are set, as `_faults` shows them.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Faults {
    /// One for each of the next sends, in order.
    pub next: VecDeque<SendFault>,
    /// Until they are set again.
    pub webhooks: WebhookFaults,
}

/// A change of the faults: what is absent stays as it is, what is there replaces.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultsChange {
    /// Replaces the list.
    pub next: Option<VecDeque<SendFault>>,
    /// Replaces all of them; what it leaves out is as without faults.
    pub webhooks: Option<WebhookFaults>,
}

/// What happens to one send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawFault", into = "RawFault")]
pub enum SendFault {
    /// `{"ok": true}`: nothing, this one passes.
    Pass,
    /// `{"status": 500}`: the edge answers with a page that is not JSON, and nothing was accepted.
    Status(u16),
    /// `{"status": 500, "after_accept": true}`: the same page, but the message was accepted.
    StatusAfterAccept(u16),
    /// `{"error_code": 131056, "http_status": 400}`: Meta's error, by default with the HTTP status
    /// of Meta's table.
    ErrorCode(u32, Option<u16>),
    /// `{"timeout_after_accept": true}`: accepted, delivered, never answered.
    TimeoutAfterAccept,
    /// `{"timeout_before_accept": true}`: neither accepted nor answered.
    TimeoutBeforeAccept,
    /// `{"reset": true}`: the connection is cut, nothing was accepted.
    Reset,
    /// `{"reset_after_accept": true}`: accepted, then the connection is cut.
    ResetAfterAccept,
    /// `{"then_failed": 131049}`: accepted with 200, then a `failed` webhook with that code.
    ThenFailed(u32),
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawFault {
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after_accept: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_after_accept: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_before_accept: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_after_accept: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    then_failed: Option<u32>,
}

impl TryFrom<RawFault> for SendFault {
    type Error = String;

    fn try_from(raw: RawFault) -> Result<Self, String> {
        let on = |flag: Option<bool>, fault: Self| (flag == Some(true)).then_some(fault);
        let by_status = raw.status.map(|status| match raw.after_accept {
            Some(true) => Self::StatusAfterAccept(status),
            Some(false) | None => Self::Status(status),
        });
        let candidates = [
            on(raw.ok, Self::Pass),
            by_status,
            raw.error_code
                .map(|code| Self::ErrorCode(code, raw.http_status)),
            on(raw.timeout_after_accept, Self::TimeoutAfterAccept),
            on(raw.timeout_before_accept, Self::TimeoutBeforeAccept),
            on(raw.reset, Self::Reset),
            on(raw.reset_after_accept, Self::ResetAfterAccept),
            raw.then_failed.map(Self::ThenFailed),
        ];
        let mut chosen = candidates.into_iter().flatten();
        match (chosen.next(), chosen.next(), raw.status.or(raw.http_status)) {
            (Some(_), _, Some(status)) if !(200..600).contains(&status) => {
                Err("a status must be between 200 and 599".to_owned())
            }
            (Some(fault), None, _) => Ok(fault),
            _ => Err(
                "a fault is exactly one of status, error_code, timeout_after_accept, timeout_before_accept, reset, reset_after_accept, then_failed, ok"
                    .to_owned(),
            ),
        }
    }
}

impl From<SendFault> for RawFault {
    fn from(fault: SendFault) -> Self {
        let mut raw = Self::default();
        match fault {
            SendFault::Pass => raw.ok = Some(true),
            SendFault::Status(status) => raw.status = Some(status),
            SendFault::StatusAfterAccept(status) => {
                raw.status = Some(status);
                raw.after_accept = Some(true);
            }
            SendFault::ErrorCode(code, status) => {
                raw.error_code = Some(code);
                raw.http_status = status;
            }
            SendFault::TimeoutAfterAccept => raw.timeout_after_accept = Some(true),
            SendFault::TimeoutBeforeAccept => raw.timeout_before_accept = Some(true),
            SendFault::Reset => raw.reset = Some(true),
            SendFault::ResetAfterAccept => raw.reset_after_accept = Some(true),
            SendFault::ThenFailed(code) => raw.then_failed = Some(code),
        }
        raw
    }
}

/// What happens to webhooks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, try_from = "RawWebhookFaults")]
pub struct WebhookFaults {
    /// Probability that a POST is made twice.
    pub duplicate: f64,
    /// Whether updates overtake each other, by up to 1.5 s.
    pub shuffle: bool,
    /// Shortest and longest extra delay of an update.
    pub delay_ms: [u64; 2],
    /// Probability that a POST is never made.
    pub drop: f64,
    /// Gathers statuses into one POST.
    pub batch: Option<Batch>,
}

/// How statuses are gathered: whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Statuses in a POST, 1 to 1,000 (Meta's limit).
    pub size: usize,
    /// Milliseconds after which a smaller batch goes.
    #[serde(default = "half_a_second")]
    pub ms: u64,
}

fn half_a_second() -> u64 {
    500
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawWebhookFaults {
    duplicate: f64,
    shuffle: bool,
    delay_ms: [u64; 2],
    drop: f64,
    batch: Option<Batch>,
}

impl TryFrom<RawWebhookFaults> for WebhookFaults {
    type Error = &'static str;

    fn try_from(raw: RawWebhookFaults) -> Result<Self, Self::Error> {
        let certain = 0.0..=1.0;
        if !certain.contains(&raw.duplicate) || !certain.contains(&raw.drop) {
            return Err("duplicate and drop are probabilities between 0 and 1");
        }
        if raw.delay_ms[0] > raw.delay_ms[1] {
            return Err("delay_ms is [shortest, longest]");
        }
        if raw
            .batch
            .is_some_and(|batch| !(1..=1000).contains(&batch.size))
        {
            return Err("batch.size is between 1 and 1000");
        }
        Ok(Self {
            duplicate: raw.duplicate,
            shuffle: raw.shuffle,
            delay_ms: raw.delay_ms,
            drop: raw.drop,
            batch: raw.batch,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_they_are_written() {
        let written = r#"{"next":[{"status":500},{"timeout_after_accept":true},{"error_code":131056}],"webhooks":{"duplicate":0.3,"shuffle":true,"delay_ms":[0,5000],"drop":0.0}}"#;
        let change: FaultsChange = serde_json::from_str(written).expect("the documented example");
        assert_eq!(
            change.next.map(Vec::from),
            Some(vec![
                SendFault::Status(500),
                SendFault::TimeoutAfterAccept,
                SendFault::ErrorCode(131_056, None)
            ])
        );
        assert_eq!(
            serde_json::to_value(SendFault::StatusAfterAccept(502)).expect("plain data"),
            serde_json::json!({ "status": 502, "after_accept": true })
        );
    }

    #[test]
    fn a_misspelt_fault_is_refused() {
        for wrong in [
            r#"{"next":[{"statuss":500}]}"#,
            r#"{"next":[{}]}"#,
            r#"{"next":[{"status":500,"reset":true}]}"#,
            r#"{"next":[{"status":42}]}"#,
            r#"{"webhooks":{"duplicate":1.5}}"#,
            r#"{"webhooks":{"batch":{"size":1001}}}"#,
            r#"{"webhooks":{"delay_ms":[5,1]}}"#,
        ] {
            assert!(
                serde_json::from_str::<FaultsChange>(wrong).is_err(),
                "{wrong}"
            );
        }
    }
}
