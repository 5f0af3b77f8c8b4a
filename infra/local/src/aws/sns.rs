//! SNS, as far as it sends an SMS: `Publish` to a phone number over the Query protocol, and what an
//! operator asks of the account.

mod parts;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::response::Response;
use http::StatusCode;

pub use self::parts::sms_parts;

use super::wall_clock;
use super::wire::{self, Protocol};

/// How a carrier should treat an SMS (`AWS.SNS.SMS.SMSType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsType {
    /// Delivered with priority; one-time codes and alerts.
    Transactional,
    /// Delivered cheaply; what AWS assumes unless told.
    Promotional,
}

/// An SMS that SNS has accepted. Its number and text do not show in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Sms {
    /// The recipient, in E.164.
    pub to: String,
    /// The text, up to 1,600 characters.
    pub body: String,
    /// How the carrier should treat it.
    pub sms_type: SmsType,
    /// The sender's name, if one was given; 1–11 letters and digits.
    pub sender_id: Option<String>,
    /// How many parts the carrier bills.
    pub parts: usize,
    /// When it was published.
    pub at: jiff::Timestamp,
}

impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms")
            .field("sms_type", &self.sms_type)
            .field("parts", &self.parts)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Why the gateway does not take an SMS; SNS answers each as AWS does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmsRefusal {
    /// The recipient has opted out of SMS (`InvalidParameter`).
    #[error("the recipient has opted out")]
    OptedOut,
    /// More than the account may send (`Throttling`, 400).
    #[error("rate exceeded")]
    Throttled,
    /// SNS is out of order (`InternalError`, 500).
    #[error("the service is unavailable")]
    Unavailable,
}

/// Takes an accepted SMS and answers with its message id, or refuses it.
pub type SmsGateway = Arc<dyn Fn(Sms) -> Result<String, SmsRefusal> + Send + Sync>;

/// The SMS half of SNS.
pub(super) struct Sns {
    gateway: SmsGateway,
    published: AtomicU64,
    refused: AtomicU64,
    sms_parts: AtomicU64,
}

#[derive(Debug, thiserror::Error)]
enum SnsError {
    #[error("Invalid parameter: {0}")]
    InvalidParameter(String),
    #[error("Invalid parameter value: {0}")]
    InvalidParameterValue(String),
    #[error("Rate exceeded")]
    Throttling,
    #[error("The service is unavailable.")]
    Internal,
    #[error("Could not find operation {0} for version 2010-03-31")]
    InvalidAction(String),
    #[error("{0}")]
    Authorization(String),
}

impl SnsError {
    fn on_the_wire(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidParameter(_) => (StatusCode::BAD_REQUEST, "InvalidParameter"),
            Self::InvalidParameterValue(_) => (StatusCode::BAD_REQUEST, "ParameterValueInvalid"),
            Self::Throttling => (StatusCode::BAD_REQUEST, "Throttling"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
            Self::InvalidAction(_) => (StatusCode::BAD_REQUEST, "InvalidAction"),
            Self::Authorization(_) => (StatusCode::FORBIDDEN, "AuthorizationError"),
        }
    }

    fn response(&self) -> Response {
        let (status, code) = self.on_the_wire();
        let fault = if status.is_server_error() {
            "Receiver"
        } else {
            "Sender"
        };
        let message = wire::xml_escaped(&self.to_string());
        let id = wire::request_id();
        let body = format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{fault}</Type><Code>{code}</Code>\
             <Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
        );
        wire::respond(Protocol::Query, status, body)
    }
}

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// AWS: "total size limit for a single SMS Publish action is 1,600 characters".
const MAX_CHARACTERS: usize = 1600;

impl Sns {
    pub(super) fn new(gateway: SmsGateway) -> Self {
        Self {
            gateway,
            published: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            sms_parts: AtomicU64::new(0),
        }
    }

    pub(super) fn handle(&self, action: &str, form: &HashMap<String, String>) -> Response {
        match action {
            "Publish" => {}
            // An account that may write to everybody, and spend.
            "GetSMSSandboxAccountStatus" => {
                return answer(action, "<IsInSandbox>false</IsInSandbox>");
            }
            "GetSMSAttributes" => {
                let entry = "<key>MonthlySpendLimit</key><value>1000</value>";
                let attributes = format!("<attributes><entry>{entry}</entry></attributes>");
                return answer(action, &attributes);
            }
            _ => return SnsError::InvalidAction(action.to_owned()).response(),
        }
        match self.publish(form) {
            Ok(message_id) => {
                let message_id = wire::xml_escaped(&message_id);
                answer(action, &format!("<MessageId>{message_id}</MessageId>"))
            }
            Err(error) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                error.response()
            }
        }
    }

    fn publish(&self, form: &HashMap<String, String>) -> Result<String, SnsError> {
        let sms = accept(form)?;
        let parts = sms.parts;
        let to = sms.to.clone();
        let message_id = (self.gateway)(sms).map_err(|refusal| match refusal {
            SmsRefusal::OptedOut => SnsError::InvalidParameter(format!(
                "Cannot publish to opted out phone number: {to}"
            )),
            SmsRefusal::Throttled => SnsError::Throttling,
            SmsRefusal::Unavailable => SnsError::Internal,
        })?;
        self.published.fetch_add(1, Ordering::Relaxed);
        let parts = u64::try_from(parts).unwrap_or(u64::MAX);
        self.sms_parts.fetch_add(parts, Ordering::Relaxed);
        Ok(message_id)
    }

    pub(super) fn report(&self) -> serde_json::Value {
        serde_json::json!({
            "published": self.published.load(Ordering::Relaxed),
            "refused": self.refused.load(Ordering::Relaxed),
            "sms_parts": self.sms_parts.load(Ordering::Relaxed),
        })
    }

    pub(super) fn reset_counts(&self) {
        for count in [&self.published, &self.refused, &self.sms_parts] {
            count.store(0, Ordering::Relaxed);
        }
    }
}

fn answer(action: &str, result: &str) -> Response {
    let id = wire::request_id();
    let body = format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>"
    );
    wire::respond(Protocol::Query, StatusCode::OK, body)
}

/// The answer to a request that SNS has no room for.
pub(super) fn throttled() -> Response {
    SnsError::Throttling.response()
}

/// The answer to a request that the caller's role does not allow.
pub(super) fn authorization_error(message: &str) -> Response {
    SnsError::Authorization(message.to_owned()).response()
}

/// The answer of an SNS that is out of order.
pub(super) fn internal_error() -> Response {
    SnsError::Internal.response()
}

/// Reads and checks an SMS as SNS does before it hands it to a carrier.
fn accept(form: &HashMap<String, String>) -> Result<Sms, SnsError> {
    let invalid = |what: &str| Err(SnsError::InvalidParameter(what.to_owned()));
    let Some(to) = form.get("PhoneNumber") else {
        return invalid("TopicArn or TargetArn Reason: the local stack publishes to numbers only");
    };
    if !is_e164(to) {
        return invalid(&format!(
            "PhoneNumber Reason: {to} is not valid to publish to"
        ));
    }
    let body = form.get("Message").map(String::as_str).unwrap_or_default();
    if body.is_empty() {
        return invalid("Empty message");
    }
    if body.chars().count() > MAX_CHARACTERS {
        return invalid("Message too long");
    }
    let attributes = message_attributes(form)?;
    let sms_type = match attributes.get("AWS.SNS.SMS.SMSType").copied() {
        Some("Transactional") => SmsType::Transactional,
        None | Some("Promotional") => SmsType::Promotional,
        Some(_) => return invalid("AWS.SNS.SMS.SMSType Reason: Invalid SMSType"),
    };
    let sender_id = attributes.get("AWS.SNS.SMS.SenderID").copied();
    if sender_id.is_some_and(|id| !is_sender_id(id)) {
        return invalid("AWS.SNS.SMS.SenderID Reason: Invalid SenderID");
    }
    Ok(Sms {
        to: to.clone(),
        body: body.to_owned(),
        sms_type,
        sender_id: sender_id.map(str::to_owned),
        parts: sms_parts(body),
        at: wall_clock(),
    })
}

/// `MessageAttributes.entry.<n>.Name` and its `.Value.StringValue`, by name.
fn message_attributes(form: &HashMap<String, String>) -> Result<HashMap<&str, &str>, SnsError> {
    let mut attributes = HashMap::new();
    for n in 1.. {
        let entry = |part: &str| form.get(&format!("MessageAttributes.entry.{n}.{part}"));
        let Some(name) = entry("Name") else { break };
        if entry("Value.DataType").is_none() {
            return Err(SnsError::InvalidParameterValue(format!(
                "The message attribute '{name}' must contain non-empty message attribute type."
            )));
        }
        if let Some(value) = entry("Value.StringValue") {
            attributes.insert(name.as_str(), value.as_str());
        }
    }
    Ok(attributes)
}

/// A plus sign, then up to 15 digits of which the first is not 0 (ITU-T E.164).
fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// 1–11 letters and digits, at least one letter (AWS: "Sender ID").
fn is_sender_id(id: &str) -> bool {
    (1..=11).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric())
        && id.bytes().any(|b| b.is_ascii_alphabetic())
}
