//! A message: what may be sent, and what is kept of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::errors::{SqsError, out_of_range};

/// A message, and all entries of a batch together, may hold 1 MiB: body and attributes
/// (AWS: SQS message quotas).
pub const MAX_BYTES: usize = 1024 * 1024;

/// A message's own attribute, as the sender gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MessageAttribute {
    /// `String`, `Number` or `Binary`, with an optional label after a dot.
    pub data_type: String,
    /// The value of a string or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// The value of a binary attribute, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
}

/// A message about to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// 1 byte to 1 MiB, characters that XML 1.0 knows.
    pub body: String,
    /// How long nobody receives it, up to 900 s; `None` leaves it to the queue, zero means zero.
    pub delay: Option<Duration>,
    /// Whose message it is, for fairness between tenants; 1–128 characters.
    pub group: Option<String>,
    /// The sender's attributes, at most 10.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// X-Ray's header, if the sender traces.
    pub trace_header: Option<String>,
}

impl Outgoing {
    /// A message with a body and nothing else.
    #[must_use]
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            ..Self::default()
        }
    }

    pub(super) fn check(&self) -> Result<(), SqsError> {
        if self.body.is_empty() {
            return Err(SqsError::MissingParameter("MessageBody"));
        }
        if bytes(&self.body, &self.attributes) > MAX_BYTES {
            return Err(SqsError::InvalidParameterValue(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than \
                 {MAX_BYTES} bytes."
            )));
        }
        if !self.body.chars().all(is_xml_character) {
            return Err(SqsError::InvalidMessageContents);
        }
        if let Some(delay) = self.delay.filter(|delay| *delay > Duration::from_secs(900)) {
            return Err(out_of_range("DelaySeconds", delay.as_secs(), &(0..=900)));
        }
        if let Some(group) = &self.group {
            let well_formed =
                (1..=128).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_graphic());
            if !well_formed {
                return Err(SqsError::InvalidParameterValue(
                    "Value for parameter MessageGroupId is invalid. Reason: MessageGroupId can only \
                     include alphanumeric and punctuation characters. 1 to 128 in length."
                        .to_owned(),
                ));
            }
        }
        if self.attributes.len() > 10 {
            return Err(SqsError::InvalidParameterValue(format!(
                "Number of message attributes [{}] exceeds the allowed maximum [10].",
                self.attributes.len()
            )));
        }
        self.attributes
            .iter()
            .try_for_each(|(name, a)| a.check(name))
    }
}

/// What of a message counts against [`MAX_BYTES`].
pub(super) fn bytes(body: &str, attributes: &BTreeMap<String, MessageAttribute>) -> usize {
    let attributes = attributes
        .iter()
        .map(|(name, attribute)| name.len() + attribute.data_type.len() + attribute.value().len());
    body.len() + attributes.sum::<usize>()
}

/// The characters SQS lets through (AWS: SendMessage, "message contents").
fn is_xml_character(c: char) -> bool {
    matches!(c, '\u{9}' | '\u{A}' | '\u{D}' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}'
        | '\u{10000}'..='\u{10FFFF}')
}

impl MessageAttribute {
    fn is_binary(&self) -> bool {
        self.data_type.split('.').next() == Some("Binary")
    }

    fn value(&self) -> Vec<u8> {
        if self.is_binary() {
            let encoded = self.binary_value.as_deref().unwrap_or_default();
            return BASE64.decode(encoded.as_bytes()).unwrap_or_default();
        }
        self.string_value.clone().unwrap_or_default().into_bytes()
    }

    fn check(&self, name: &str) -> Result<(), SqsError> {
        let kind = self.data_type.split('.').next().unwrap_or_default();
        if !matches!(kind, "String" | "Number" | "Binary") {
            return Err(SqsError::InvalidParameterValue(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of \
                 supported type prefixes is Binary, Number, and String."
            )));
        }
        if self.value().is_empty() {
            return Err(SqsError::InvalidParameterValue(format!(
                "Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
            )));
        }
        Ok(())
    }
}

/// The digest by which a client checks the attributes it sent (AWS: "Calculating the MD5 message
/// digest for message attributes"); `None` without attributes.
pub(super) fn attributes_md5(attributes: &BTreeMap<String, MessageAttribute>) -> Option<String> {
    fn push(buffer: &mut Vec<u8>, part: &[u8]) {
        let length = u32::try_from(part.len()).expect("a message is at most 1 MiB");
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(part);
    }
    if attributes.is_empty() {
        return None;
    }
    let mut buffer = Vec::new();
    for (name, attribute) in attributes {
        push(&mut buffer, name.as_bytes());
        push(&mut buffer, attribute.data_type.as_bytes());
        buffer.push(if attribute.is_binary() { 2 } else { 1 });
        push(&mut buffer, &attribute.value());
    }
    Some(hex_md5(&buffer))
}

pub(super) fn hex_md5(bytes: &[u8]) -> String {
    format!("{:x}", md5::compute(bytes))
}

/// What stays the same of a message from its sending to its deletion.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) id: String,
    pub(super) body: Arc<str>,
    pub(super) md5: String,
    pub(super) attributes: BTreeMap<String, MessageAttribute>,
    pub(super) attributes_md5: Option<String>,
    pub(super) group: Option<String>,
    pub(super) trace_header: Option<String>,
    pub(super) sent_at: Timestamp,
}

/// A message in a queue.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) content: Arc<Content>,
    pub(super) sent: Instant,
    pub(super) first_received_at: Option<Timestamp>,
    pub(super) receive_count: u32,
    pub(super) dead_letter_source: Option<String>,
}

/// What was made of a message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The message's id.
    pub message_id: String,
    /// MD5 of the body, in lower-case hexadecimal.
    pub md5_of_body: String,
    /// MD5 of the attributes, if there are any.
    pub md5_of_attributes: Option<String>,
}

/// A message received: its receiver holds it until it is deleted or its visibility timeout passes.
#[derive(Debug, Clone)]
pub struct Received {
    pub(super) content: Arc<Content>,
    /// By this the receiver deletes it; every receipt has another one.
    pub receipt_handle: String,
    /// How often it has been received, this time included.
    pub receive_count: u32,
    /// When it was received for the first time.
    pub first_received_at: Timestamp,
    /// The ARN of the queue it failed in, if this is a dead-letter queue.
    pub dead_letter_source: Option<String>,
}

impl Received {
    /// The message's id; the same in every receipt and in the dead-letter queue.
    #[must_use]
    pub fn message_id(&self) -> &str {
        &self.content.id
    }

    /// The text that was sent.
    #[must_use]
    pub fn body(&self) -> &Arc<str> {
        &self.content.body
    }

    /// MD5 of the body, in lower-case hexadecimal.
    #[must_use]
    pub fn md5_of_body(&self) -> &str {
        &self.content.md5
    }

    /// The sender's attributes.
    #[must_use]
    pub fn attributes(&self) -> &BTreeMap<String, MessageAttribute> {
        &self.content.attributes
    }

    /// MD5 of the sender's attributes, if there are any.
    #[must_use]
    pub fn md5_of_attributes(&self) -> Option<&str> {
        self.content.attributes_md5.as_deref()
    }

    /// What SQS itself says of the message (`SentTimestamp`, `ApproximateReceiveCount`, …), under
    /// AWS's names; times are milliseconds since 1970.
    #[must_use]
    pub fn system_attributes(&self) -> BTreeMap<&'static str, String> {
        let millis = |at: Timestamp| at.as_millisecond().to_string();
        let mut attributes = BTreeMap::from([
            (
                "ApproximateFirstReceiveTimestamp",
                millis(self.first_received_at),
            ),
            ("ApproximateReceiveCount", self.receive_count.to_string()),
            ("SenderId", "AIDALOCAL".to_owned()),
            ("SentTimestamp", millis(self.content.sent_at)),
        ]);
        let optional = [
            ("AWSTraceHeader", &self.content.trace_header),
            ("DeadLetterQueueSourceArn", &self.dead_letter_source),
            ("MessageGroupId", &self.content.group),
        ];
        attributes.extend(
            optional
                .into_iter()
                .filter_map(|(k, v)| Some((k, v.clone()?))),
        );
        attributes
    }
}
