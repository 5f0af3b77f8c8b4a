//! What Meta answered to a POST, as an outcome.

use recado_domain::delivery::{FailureKind, PostOutcome};
use recado_domain::ids::MediaId;
use recado_http::HttpError;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::errors::{self, MetaError};
use crate::json;

/// What an answer says, and Meta's name for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) outcome: PostOutcome,
    /// `fbtrace_id` of an error: what Meta's support asks for.
    pub(crate) trace: Option<String>,
}

/// Reads an answer. What says neither "accepted" nor why not is [`PostOutcome::Unknown`]: a 2xx
/// with an unreadable body was probably accepted, an error page in front of Meta says nothing of
/// what happened behind it, and sending again could be sending twice.
pub(crate) fn read(status: u16, body: &[u8]) -> Answer {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        error: Option<&'a RawValue>,
        #[serde(borrow)]
        messages: Option<&'a RawValue>,
        #[serde(borrow)]
        success: Option<&'a RawValue>,
    }
    let Ok(wire) = serde_json::from_slice::<Wire<'_>>(body) else {
        return Answer {
            outcome: PostOutcome::Unknown,
            trace: None,
        };
    };
    if let Some(error) = wire.error {
        let outcome = errors::synchronous(MetaError::read(error), status);
        return Answer {
            outcome,
            trace: trace(error),
        };
    }
    let outcome = match (200..300).contains(&status) {
        true => accepted(wire.messages, wire.success),
        false => PostOutcome::Unknown,
    };
    Answer {
        outcome,
        trace: None,
    }
}

/// The id of an uploaded file (`{"id":"910…"}`); else what the answer says.
pub(crate) fn media_id(status: u16, body: &[u8]) -> Result<MediaId, Answer> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
    }
    let wire = serde_json::from_slice::<Wire<'_>>(body).ok();
    let id = wire.and_then(|wire| json::text(wire.id));
    let id = id.and_then(|id| MediaId::parse(&id).ok());
    id.filter(|_| (200..300).contains(&status))
        .ok_or_else(|| read(status, body))
}

fn accepted(messages: Option<&RawValue>, success: Option<&RawValue>) -> PostOutcome {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
        #[serde(borrow)]
        message_status: Option<&'a RawValue>,
    }
    let taken = PostOutcome::Accepted { provider_id: None };
    if json::truth(success) == Some(true) {
        return taken;
    }
    let first = json::list(messages).unwrap_or_default().first().copied();
    let Some(message) = json::object::<Message<'_>>(first) else {
        return PostOutcome::Unknown;
    };
    if json::text(message.id).is_none() {
        return PostOutcome::Unknown;
    }
    match json::text(message.message_status).as_deref() {
        // `paused`: the template's pacing keeps it back, as it does what is held.
        Some("held_for_quality_assessment" | "paused") => PostOutcome::Held,
        // Absent for free-form messages; another word comes with a 200 and an id all the same.
        Some(_) | None => taken,
    }
}

fn trace(error: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        fbtrace_id: Option<&'a RawValue>,
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let id = json::owned(json::object::<Wire<'_>>(Some(error))?.fbtrace_id)?;
    (id.len() <= 64 && id.bytes().all(plain)).then_some(id)
}

/// What became of a request for which there is no answer.
///
/// Only a connection that never stood proves that nothing left. Whatever ends an established one
/// (a reset, an end, silence) may have come after Meta had read the request.
pub(crate) fn without_answer(error: &HttpError) -> PostOutcome {
    let failure = |title| errors::without_code(FailureKind::Technical, title);
    let not_sent = |title| PostOutcome::NotSent {
        failure: failure(title),
        retry_after: AFTER_NO_CONNECTION,
    };
    match error {
        HttpError::Unbuilt(_) => PostOutcome::Rejected(failure("the request could not be built")),
        HttpError::NoConnection(_) => not_sent("no connection"),
        HttpError::ConnectTimeout => not_sent("connecting took too long"),
        HttpError::Timeout | HttpError::Ended(_) => PostOutcome::Unknown,
    }
}

/// The sender repeats within about two seconds before it hands the message on.
const AFTER_NO_CONNECTION: std::time::Duration = std::time::Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> String {
        match read(status, body.as_bytes()).outcome {
            PostOutcome::Accepted { provider_id: None } => "accepted".into(),
            PostOutcome::Accepted {
                provider_id: Some(_),
            } => "accepted, with an id".into(),
            PostOutcome::Held => "held".into(),
            PostOutcome::Rejected(failure) => format!("rejected {:?}", failure.code),
            PostOutcome::NotSent { failure, .. } => format!("not sent {:?}", failure.code),
            PostOutcome::Unknown => "unknown".into(),
        }
    }

    #[test]
    fn an_accepted_message_is_told_from_one_that_is_kept_back() {
        let with = |status: &str| format!(r#"{{"messages":[{{"id":"wamid.SIM1=="{status}}}]}}"#);
        assert_eq!(said(200, &with("")), "accepted");
        assert_eq!(
            said(200, &with(r#","message_status":"accepted""#)),
            "accepted"
        );
        assert_eq!(
            said(200, &with(r#","message_status":"something_new""#)),
            "accepted"
        );
        assert_eq!(
            said(
                200,
                &with(r#","message_status":"held_for_quality_assessment""#)
            ),
            "held"
        );
        assert_eq!(said(200, &with(r#","message_status":"paused""#)), "held");
        assert_eq!(said(200, r#"{"success":true}"#), "accepted");
    }

    #[test]
    fn an_answer_that_says_nothing_leaves_the_outcome_open() {
        let pages = [
            "",
            "<html>Bad Gateway</html>",
            "{",
            "[]",
            "{}",
            "null",
            r#"{"messages":[]}"#,
        ];
        let more = [
            r#"{"messages":[{}]}"#,
            r#"{"messages":[{"id":""}]}"#,
            r#"{"messages":7}"#,
        ];
        for body in pages
            .into_iter()
            .chain(more)
            .chain([r#"{"success":false}"#])
        {
            for status in [200, 202, 301, 400, 404, 429, 500, 502, 503, 504] {
                assert_eq!(said(status, body), "unknown", "{status} {body}");
            }
        }
        assert_eq!(
            said(500, r#"{"messages":[{"id":"wamid.SIM1=="}]}"#),
            "unknown"
        );
    }

    #[test]
    fn the_code_decides_before_the_status_does() {
        let error = |code: u32| format!(r#"{{"error":{{"code":{code},"message":"x"}}}}"#);
        assert_eq!(said(500, &error(131_026)), "rejected Some(131026)");
        assert_eq!(said(200, &error(131_026)), "rejected Some(131026)");
        assert_eq!(said(500, &error(131_057)), "not sent Some(131057)");
        assert_eq!(said(400, &error(130_429)), "not sent Some(130429)");
        assert_eq!(said(400, &error(131_000)), "unknown");
        assert_eq!(said(400, r#"{"error":{}}"#), "rejected None");
        assert_eq!(said(400, r#"{"error":"no"}"#), "rejected None");
        assert_eq!(said(500, r#"{"error":{}}"#), "unknown");
    }

    #[test]
    fn only_a_trace_that_can_be_one_is_kept() {
        let trace = |id: &str| {
            read(
                400,
                format!(r#"{{"error":{{"fbtrace_id":{id}}}}}"#).as_bytes(),
            )
            .trace
        };
        assert_eq!(trace(r#""AbC-_123""#).as_deref(), Some("AbC-_123"));
        assert_eq!(trace(r#""+5511987654321""#), None);
        assert_eq!(trace(&format!("\"{}\"", "a".repeat(65))), None);
        assert_eq!(trace("7"), None);
    }
}
