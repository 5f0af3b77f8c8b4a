//! The operations of SQS's JSON protocol, as the AWS SDKs speak it.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::response::Response;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::batch::{each_entry, with_ids};
use super::errors::{SqsError, out_of_range};
use super::message::{self, MAX_BYTES, MessageAttribute, Outgoing, Received};
use super::{Queues, Sent, VISIBILITY_SECONDS, WAIT_SECONDS};
use crate::aws::ACCOUNT;
use crate::aws::wire::{self, Protocol};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NamesQueue {
    queue_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEntry {
    id: Option<String>,
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
    #[serde(default)]
    message_attributes: BTreeMap<String, MessageAttribute>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, MessageAttribute>,
}

impl SendEntry {
    fn into_message(mut self) -> Result<Outgoing, SqsError> {
        if self.message_deduplication_id.is_some() {
            return Err(SqsError::InvalidParameterValue(
                "The request include parameter that is not valid for this queue type".to_owned(),
            ));
        }
        let delay = self
            .delay_seconds
            .map(|s| seconds("DelaySeconds", s, &(0..=900)));
        let trace = self.message_system_attributes.remove("AWSTraceHeader");
        let message = Outgoing {
            body: self.message_body.unwrap_or_default(),
            delay: delay.transpose()?,
            group: self.message_group_id,
            attributes: self.message_attributes,
            trace_header: trace.and_then(|header| header.string_value),
        };
        message.check()?;
        Ok(message)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<E> {
    #[serde(default = "Vec::new")]
    entries: Vec<E>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiptEntry {
    id: Option<String>,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveMessage {
    max_number_of_messages: Option<usize>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MessageView<'a> {
    message_id: &'a str,
    receipt_handle: &'a str,
    #[serde(rename = "MD5OfBody")]
    md5_of_body: &'a str,
    body: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
    #[serde(
        rename = "MD5OfMessageAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    md5_of_attributes: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<&'a str, &'a MessageAttribute>,
}

impl Queues {
    /// Carries out one request.
    pub(crate) async fn handle(&self, operation: &str, body: &[u8]) -> Response {
        let answer = match operation {
            "SendMessage" => self.send_message(body),
            "SendMessageBatch" => self.send_message_batch(body),
            "ReceiveMessage" => self.receive_message(body).await,
            "DeleteMessage" => self.delete_message(body),
            "DeleteMessageBatch" => self.delete_message_batch(body),
            "ChangeMessageVisibility" => self.change_message_visibility(body),
            "ChangeMessageVisibilityBatch" => self.change_message_visibility_batch(body),
            "GetQueueUrl" => self.get_queue_url(body),
            "GetQueueAttributes" => self.get_queue_attributes(body),
            "ListQueues" => self.list_queues(body),
            "PurgeQueue" => self.purge_queue(body),
            other => Err(SqsError::UnknownOperation(other.to_owned())),
        };
        answer.unwrap_or_else(|error| error.response())
    }

    fn send_message(&self, body: &[u8]) -> Result<Response, SqsError> {
        self.counts.add("SendMessage");
        let (index, _) = self.addressed(body)?;
        let sent = self.store(index, parse::<SendEntry>(body)?.into_message()?);
        Ok(ok(&sent_view(&sent)))
    }

    fn send_message_batch(&self, body: &[u8]) -> Result<Response, SqsError> {
        self.counts.add("SendMessageBatch");
        let (index, _) = self.addressed(body)?;
        let entries = parse::<Batch<SendEntry>>(body)?.entries;
        let entries = with_ids("SendMessageBatch", entries, |entry| entry.id.take())?;
        let bytes = entries.iter().map(|(_, entry)| {
            let body = entry.message_body.as_deref().unwrap_or_default();
            message::bytes(body, &entry.message_attributes)
        });
        let bytes = bytes.sum();
        if bytes > MAX_BYTES {
            return Err(SqsError::BatchRequestTooLong(bytes));
        }
        each_entry(entries, |id, entry| {
            let mut view = sent_view(&self.store(index, entry.into_message()?));
            view["Id"] = json!(id);
            Ok(view)
        })
    }

    async fn receive_message(&self, body: &[u8]) -> Result<Response, SqsError> {
        let (_, name) = self.addressed(body)?;
        let request: ReceiveMessage = parse(body)?;
        let visibility = request.visibility_timeout;
        let visibility = visibility.map(|s| seconds("VisibilityTimeout", s, &VISIBILITY_SECONDS));
        let wait = request.wait_time_seconds;
        let wait = wait.map(|s| seconds("WaitTimeSeconds", s, &WAIT_SECONDS));
        let max = request.max_number_of_messages.unwrap_or(1);
        let received = self
            .receive(&name, max, visibility.transpose()?, wait.transpose()?)
            .await?;
        let mut system = request.message_system_attribute_names;
        system.extend(request.attribute_names);
        let views = received
            .iter()
            .map(|message| view(message, &system, &request.message_attribute_names));
        let views: Vec<MessageView<'_>> = views.collect();
        // AWS leaves the member out when there is nothing to receive.
        Ok(if views.is_empty() {
            ok(&json!({}))
        } else {
            ok(&BTreeMap::from([("Messages", views)]))
        })
    }

    fn delete_message(&self, body: &[u8]) -> Result<Response, SqsError> {
        self.counts.add("DeleteMessage");
        let (index, _) = self.addressed(body)?;
        self.delete(index, &handle(parse(body)?)?)?;
        Ok(ok(&json!({})))
    }

    fn delete_message_batch(&self, body: &[u8]) -> Result<Response, SqsError> {
        self.counts.add("DeleteMessageBatch");
        let (index, _) = self.addressed(body)?;
        let entries = parse::<Batch<ReceiptEntry>>(body)?.entries;
        let entries = with_ids("DeleteMessageBatch", entries, |entry| entry.id.take())?;
        each_entry(entries, |id, entry| {
            self.delete(index, &handle(entry)?)?;
            Ok(json!({ "Id": id }))
        })
    }

    fn change_message_visibility(&self, body: &[u8]) -> Result<Response, SqsError> {
        self.counts.add("ChangeMessageVisibility");
        let (index, _) = self.addressed(body)?;
        self.hold_entry(index, parse(body)?)?;
        Ok(ok(&json!({})))
    }

    fn change_message_visibility_batch(&self, body: &[u8]) -> Result<Response, SqsError> {
        self.counts.add("ChangeMessageVisibilityBatch");
        let (index, _) = self.addressed(body)?;
        let entries = parse::<Batch<ReceiptEntry>>(body)?.entries;
        let entries = with_ids("ChangeMessageVisibilityBatch", entries, |entry| {
            entry.id.take()
        })?;
        each_entry(entries, |id, entry| {
            self.hold_entry(index, entry)?;
            Ok(json!({ "Id": id }))
        })
    }

    fn hold_entry(&self, index: usize, entry: ReceiptEntry) -> Result<(), SqsError> {
        let timeout = entry.visibility_timeout;
        let timeout = timeout.ok_or(SqsError::MissingParameter("VisibilityTimeout"))?;
        let timeout = seconds("VisibilityTimeout", timeout, &VISIBILITY_SECONDS)?;
        self.hold(index, &handle(entry)?, timeout)
    }

    fn get_queue_url(&self, body: &[u8]) -> Result<Response, SqsError> {
        self.counts.add("GetQueueUrl");
        let request: Value = parse(body)?;
        let name = request["QueueName"].as_str();
        let name = name.ok_or(SqsError::MissingParameter("QueueName"))?;
        Ok(ok(&json!({ "QueueUrl": self.url(name)? })))
    }

    fn list_queues(&self, body: &[u8]) -> Result<Response, SqsError> {
        self.counts.add("ListQueues");
        let request: Value = parse(body)?;
        let prefix = request["QueueNamePrefix"].as_str().unwrap_or_default();
        let names = self.names().filter(|name| name.starts_with(prefix));
        let urls = names
            .map(|name| self.url(name))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(ok(&json!({ "QueueUrls": urls })))
    }

    fn purge_queue(&self, body: &[u8]) -> Result<Response, SqsError> {
        self.counts.add("PurgeQueue");
        let (index, _) = self.addressed(body)?;
        self.queues[index].lock().purge();
        Ok(ok(&json!({})))
    }

    fn get_queue_attributes(&self, body: &[u8]) -> Result<Response, SqsError> {
        self.counts.add("GetQueueAttributes");
        let (index, name) = self.addressed(body)?;
        let request: Value = parse(body)?;
        let queue = &self.queues[index];
        let settings = &queue.settings;
        let depth = queue.lock().depth(Instant::now());
        let created = queue.created.as_second().to_string();
        let mut all = BTreeMap::from([
            ("ApproximateNumberOfMessages", depth.visible.to_string()),
            (
                "ApproximateNumberOfMessagesDelayed",
                depth.delayed.to_string(),
            ),
            (
                "ApproximateNumberOfMessagesNotVisible",
                depth.in_flight.to_string(),
            ),
            ("CreatedTimestamp", created.clone()),
            ("DelaySeconds", settings.delay.as_secs().to_string()),
            ("LastModifiedTimestamp", created),
            ("MaximumMessageSize", MAX_BYTES.to_string()),
            (
                "MessageRetentionPeriod",
                settings.retention.as_secs().to_string(),
            ),
            ("QueueArn", Self::arn(&name)),
            (
                "ReceiveMessageWaitTimeSeconds",
                settings.receive_wait.as_secs().to_string(),
            ),
            (
                "VisibilityTimeout",
                settings.visibility.as_secs().to_string(),
            ),
        ]);
        if let Some(redrive) = &settings.redrive {
            let policy = json!({
                "deadLetterTargetArn": Self::arn(&redrive.dead_letter_queue),
                "maxReceiveCount": redrive.max_receive_count,
            });
            all.insert("RedrivePolicy", policy.to_string());
        }
        let names = request["AttributeNames"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let mut wanted = BTreeMap::new();
        for name in names.iter().filter_map(Value::as_str) {
            match all.get_key_value(name) {
                Some((name, value)) => {
                    wanted.insert(*name, value.clone());
                }
                None if name == "All" => wanted.clone_from(&all),
                None if name == "RedrivePolicy" => {}
                None => return Err(SqsError::InvalidAttributeName(name.to_owned())),
            }
        }
        Ok(ok(&json!({ "Attributes": wanted })))
    }

    /// The queue a request names by its URL. The URL's host is not looked at: the endpoint that
    /// the client was given decides where a request goes.
    fn addressed(&self, body: &[u8]) -> Result<(usize, String), SqsError> {
        let url = parse::<NamesQueue>(body)?.queue_url;
        let url = url.ok_or(SqsError::MissingParameter("QueueUrl"))?;
        let path = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let mut parts = path.rsplit('/');
        let (name, account) = (parts.next(), parts.next());
        let name = name
            .filter(|_| account == Some(ACCOUNT))
            .unwrap_or_default();
        Ok((self.index(name)?, name.to_owned()))
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    serde_json::from_slice(body).map_err(|error| SqsError::malformed(&error))
}

pub(super) fn ok<T: Serialize>(body: &T) -> Response {
    wire::json(Protocol::Json10, body)
}

fn seconds(
    name: &str,
    value: i64,
    bounds: &std::ops::RangeInclusive<i64>,
) -> Result<Duration, SqsError> {
    match u64::try_from(value) {
        Ok(seconds) if bounds.contains(&value) => Ok(Duration::from_secs(seconds)),
        Ok(_) | Err(_) => Err(out_of_range(name, value, bounds)),
    }
}

fn handle(entry: ReceiptEntry) -> Result<String, SqsError> {
    entry
        .receipt_handle
        .ok_or(SqsError::MissingParameter("ReceiptHandle"))
}

fn sent_view(sent: &Sent) -> Value {
    let mut view = json!({ "MessageId": sent.message_id, "MD5OfMessageBody": sent.md5_of_body });
    if let Some(md5) = &sent.md5_of_attributes {
        view["MD5OfMessageAttributes"] = json!(md5);
    }
    view
}

fn view<'a>(message: &'a Received, system: &[String], wanted: &[String]) -> MessageView<'a> {
    let mut attributes = message.system_attributes();
    attributes.retain(|name, _| system.iter().any(|s| s == "All" || s == name));
    let matches = |name: &str| {
        wanted
            .iter()
            .any(|pattern| match pattern.strip_suffix(".*") {
                Some(prefix) => name.starts_with(prefix),
                None => pattern == "All" || pattern == name,
            })
    };
    let own = message
        .attributes()
        .iter()
        .filter(|(name, _)| matches(name));
    let message_attributes: BTreeMap<&str, &MessageAttribute> = own
        .map(|(name, attribute)| (name.as_str(), attribute))
        .collect();
    MessageView {
        message_id: message.message_id(),
        receipt_handle: &message.receipt_handle,
        md5_of_body: message.md5_of_body(),
        body: message.body(),
        attributes,
        md5_of_attributes: message
            .md5_of_attributes()
            .filter(|_| !message_attributes.is_empty()),
        message_attributes,
    }
}
