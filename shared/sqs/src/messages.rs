//! Messages as they lie in the queues. The version stands in the variant, so that a function meets
//! an unknown one as an error and leaves it to the dead-letter queue.
//!
//! ```json
//! {"SendV1":{"t":"banco-aurora","n":"ntf_…","l":"standard","a":1}}
//! {"ReplyV1":{"t":"banco-aurora","r":"rcp_…","e":"1795269845123#…","f":"1060…","k":"opt_out"}}
//! {"OpenV1":{"t":"banco-aurora","n":"ntf_…","leg":1,"at":1795269876123}}
//! {"GuardV1":{"t":"banco-aurora","n":"ntf_…","leg":1,"at":1795269875123}}
//! ```

use jiff::Timestamp;
use recado_domain::class::Lane;
use recado_domain::consent::Keyword;
use recado_domain::delivery::TimerKind;
use recado_domain::ids::{NotificationId, PhoneNumberId, RecipientToken, TenantId};
use recado_ports::{Job, Reply, TimerMessage};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A body that no version of ours wrote. Says where it broke, not what stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Not JSON.
    #[error("the message is not JSON")]
    NotJson,
    /// JSON of an unknown kind or version, or with a field that does not read.
    #[error("the message is of no known kind and version")]
    Unknown,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum JobBody {
    SendV1 {
        t: TenantId,
        n: NotificationId,
        l: Lane,
        a: u32,
    },
    ReplyV1 {
        t: TenantId,
        r: RecipientToken,
        e: String,
        f: PhoneNumberId,
        k: KeywordWord,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum TimerBody {
    OpenV1(TimerFields),
    GuardV1(TimerFields),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TimerFields {
    t: TenantId,
    n: NotificationId,
    leg: u8,
    /// Milliseconds since 1970.
    at: i64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeywordWord {
    OptOut,
    OptIn,
    StopMarketing,
    WrongPerson,
}

/// Writes a job.
#[must_use]
pub fn encode_job(job: &Job) -> String {
    json(&match job.clone() {
        Job::Send {
            tenant,
            notification,
            lane,
            attempt,
        } => JobBody::SendV1 {
            t: tenant,
            n: notification,
            l: lane,
            a: attempt,
        },
        Job::Reply(reply) => JobBody::ReplyV1 {
            t: reply.tenant,
            r: reply.recipient,
            e: reply.entry,
            f: reply.from,
            k: match reply.keyword {
                Keyword::OptOut => KeywordWord::OptOut,
                Keyword::OptIn => KeywordWord::OptIn,
                Keyword::StopMarketing => KeywordWord::StopMarketing,
                Keyword::WrongPerson => KeywordWord::WrongPerson,
            },
        },
    })
}

/// Reads a job.
pub fn decode_job(body: &str) -> Result<Job, DecodeError> {
    Ok(match parse(body)? {
        JobBody::SendV1 { t, n, l, a } => Job::Send {
            tenant: t,
            notification: n,
            lane: l,
            attempt: a,
        },
        JobBody::ReplyV1 { t, r, e, f, k } => Job::Reply(Reply {
            tenant: t,
            recipient: r,
            entry: e,
            from: f,
            keyword: match k {
                KeywordWord::OptOut => Keyword::OptOut,
                KeywordWord::OptIn => Keyword::OptIn,
                KeywordWord::StopMarketing => Keyword::StopMarketing,
                KeywordWord::WrongPerson => Keyword::WrongPerson,
            },
        }),
    })
}

/// Writes a timer.
#[must_use]
pub fn encode_timer(timer: &TimerMessage) -> String {
    let fields = TimerFields {
        t: timer.tenant.clone(),
        n: timer.notification.clone(),
        leg: timer.leg,
        at: timer.at.as_millisecond(),
    };
    json(&match timer.kind {
        TimerKind::Open => TimerBody::OpenV1(fields),
        TimerKind::Guard => TimerBody::GuardV1(fields),
    })
}

/// Reads a timer.
pub fn decode_timer(body: &str) -> Result<TimerMessage, DecodeError> {
    let (kind, fields) = match parse(body)? {
        TimerBody::OpenV1(fields) => (TimerKind::Open, fields),
        TimerBody::GuardV1(fields) => (TimerKind::Guard, fields),
    };
    let at = Timestamp::from_millisecond(fields.at).map_err(|_| DecodeError::Unknown)?;
    Ok(TimerMessage {
        tenant: fields.t,
        notification: fields.n,
        leg: fields.leg,
        kind,
        at,
    })
}

fn json<T: Serialize>(body: &T) -> String {
    serde_json::to_string(body).expect("ids, words and numbers are JSON")
}

fn parse<'de, T: Deserialize<'de>>(body: &'de str) -> Result<T, DecodeError> {
    serde_json::from_str::<IgnoredAny>(body).map_err(|_| DecodeError::NotJson)?;
    serde_json::from_str(body).map_err(|_| DecodeError::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa";

    fn id() -> NotificationId {
        NotificationId::parse(ID).unwrap()
    }

    fn tenant() -> TenantId {
        TenantId::parse("banco-aurora").unwrap()
    }

    fn reply(keyword: Keyword) -> Job {
        Job::Reply(Reply {
            tenant: TenantId::parse("banco-aurora").unwrap(),
            recipient: RecipientToken::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa").unwrap(),
            entry: "001795269845123#bbb".to_owned(),
            from: PhoneNumberId::parse("106012345678901").unwrap(),
            keyword,
        })
    }

    fn timer(kind: TimerKind) -> TimerMessage {
        let at = Timestamp::from_millisecond(1_795_269_876_123).unwrap();
        TimerMessage {
            tenant: tenant(),
            notification: id(),
            leg: 1,
            kind,
            at,
        }
    }

    #[test]
    fn what_is_put_into_a_queue_reads_back() {
        let send = Job::Send {
            tenant: tenant(),
            notification: id(),
            lane: Lane::Bulk,
            attempt: 3,
        };
        for job in std::iter::once(send).chain(Keyword::ALL.map(reply)) {
            assert_eq!(decode_job(&encode_job(&job)), Ok(job));
        }
        for kind in [TimerKind::Open, TimerKind::Guard] {
            assert_eq!(decode_timer(&encode_timer(&timer(kind))), Ok(timer(kind)));
        }
    }

    /// Messages lie in queues while a new release goes out: their form is a contract.
    #[test]
    fn version_one_keeps_its_form() {
        let job = Job::Send {
            tenant: tenant(),
            notification: id(),
            lane: Lane::Critical,
            attempt: 1,
        };
        assert_eq!(
            encode_job(&job),
            format!(r#"{{"SendV1":{{"t":"banco-aurora","n":"{ID}","l":"critical","a":1}}}}"#)
        );
        assert_eq!(
            encode_job(&reply(Keyword::OptOut)),
            r#"{"ReplyV1":{"t":"banco-aurora","r":"rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa","e":"001795269845123#bbb","f":"106012345678901","k":"opt_out"}}"#
        );
        assert_eq!(
            encode_timer(&timer(TimerKind::Guard)),
            format!(
                r#"{{"GuardV1":{{"t":"banco-aurora","n":"{ID}","leg":1,"at":1795269876123}}}}"#
            )
        );
    }

    #[test]
    fn a_body_that_is_not_ours_is_refused_without_being_quoted() {
        let check = |body: &str, expected: DecodeError| {
            assert_eq!(decode_job(body).map(drop), Err(expected), "{body}");
            assert_eq!(decode_timer(body).map(drop), Err(expected), "{body}");
            assert!(!expected.to_string().contains("5511987654321"));
        };
        check("", DecodeError::NotJson);
        check("+5511987654321", DecodeError::NotJson);
        check("{\"SendV1\":", DecodeError::NotJson);
        check("null", DecodeError::Unknown);
        check("{}", DecodeError::Unknown);
        check("[]", DecodeError::Unknown);
        check(
            &format!(r#"{{"SendV2":{{"n":"{ID}","a":1}}}}"#),
            DecodeError::Unknown,
        );
        check(
            r#"{"SendV1":{"n":"+5511987654321","a":1}}"#,
            DecodeError::Unknown,
        );
        check(
            &format!(r#"{{"SendV1":{{"n":"{ID}","a":-1}}}}"#),
            DecodeError::Unknown,
        );
        check(
            &format!(r#"{{"SendV1":{{"n":"{ID}","a":1,"b":2}}}}"#),
            DecodeError::Unknown,
        );
        check(
            &format!(r#"{{"OpenV1":{{"n":"{ID}","leg":1}}}}"#),
            DecodeError::Unknown,
        );
        check(
            &format!(r#"{{"OpenV1":{{"n":"{ID}","leg":300,"at":1}}}}"#),
            DecodeError::Unknown,
        );
        let beyond = format!(r#"{{"OpenV1":{{"n":"{ID}","leg":1,"at":{}}}}}"#, i64::MAX);
        check(&beyond, DecodeError::Unknown);
    }
}
