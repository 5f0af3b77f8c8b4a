//! SQS over the wire.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};

use super::*;

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    let entry = SendMessageBatchRequestEntry::builder();
    entry
        .id(id)
        .message_body(body)
        .delay_seconds(0)
        .build()
        .unwrap()
}

async fn client() -> (Stack, Client, String) {
    let stack = start().await;
    let client = stack.sdk.sqs(Retries::Never, ATTEMPT);
    let url = stack.aws.queues().url(WORK).unwrap();
    (stack, client, url)
}

#[tokio::test]
async fn a_message_arrives_as_it_was_sent_with_what_sqs_says_of_it() {
    let (stack, client, url) = client().await;
    let named = client
        .get_queue_url()
        .queue_name(WORK)
        .send()
        .await
        .unwrap();
    assert_eq!(named.queue_url(), Some(url.as_str()));
    assert_eq!(url, format!("{}/000000000000/work", stack.aws.endpoint()));
    let attribute = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("v1");
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("The quick brown fox jumps over the lazy dog")
        .delay_seconds(0)
        .message_group_id("banco-aurora")
        .message_attributes("version", attribute.build().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(
        sent.md5_of_message_body(),
        Some("9e107d9d372bb6826bd81d3542a419d6")
    );
    let received = client
        .receive_message()
        .queue_url(&url)
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .message_attribute_names("All")
        .send()
        .await
        .unwrap();
    let message = &received.messages()[0];
    assert_eq!(
        message.body(),
        Some("The quick brown fox jumps over the lazy dog")
    );
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(
        message.md5_of_message_attributes(),
        sent.md5_of_message_attributes()
    );
    assert_eq!(
        message.message_attributes().unwrap()["version"].string_value(),
        Some("v1")
    );
    let attributes = message.attributes().unwrap();
    assert_eq!(
        attributes[&MessageSystemAttributeName::ApproximateReceiveCount],
        "1"
    );
    assert_eq!(
        attributes[&MessageSystemAttributeName::MessageGroupId],
        "banco-aurora"
    );
    let sent_at: i64 = attributes[&MessageSystemAttributeName::SentTimestamp]
        .parse()
        .unwrap();
    assert!((wall_clock().as_millisecond() - sent_at).abs() < 60_000);
    let handle = message.receipt_handle().unwrap();
    client
        .delete_message()
        .queue_url(&url)
        .receipt_handle(handle)
        .send()
        .await
        .unwrap();
    assert_eq!(stack.aws.queues().depth(WORK).unwrap().total(), 0);
}

#[tokio::test]
async fn a_bad_entry_of_a_batch_harms_itself_alone() {
    let (stack, client, url) = client().await;
    let too_late = SendMessageBatchRequestEntry::builder()
        .id("late")
        .message_body("x");
    let sent = client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("first", "a"))
        .entries(too_late.delay_seconds(901).build().unwrap())
        .entries(entry("control", "\u{1}"))
        .entries(entry("last", "b"))
        .send()
        .await
        .unwrap();
    let ids: Vec<_> = sent.successful().iter().map(|s| s.id()).collect();
    assert_eq!(ids, ["first", "last"]);
    let failed: Vec<_> = sent.failed().iter().map(|f| (f.id(), f.code())).collect();
    assert_eq!(
        failed,
        [
            ("late", "InvalidParameterValue"),
            ("control", "InvalidMessageContents")
        ]
    );
    assert!(sent.failed().iter().all(|f| f.sender_fault()));

    let received = client
        .receive_message()
        .queue_url(&url)
        .max_number_of_messages(10);
    let received = received.send().await.unwrap();
    let receipt = |id: &str, handle: &str| {
        let entry = DeleteMessageBatchRequestEntry::builder();
        entry.id(id).receipt_handle(handle).build().unwrap()
    };
    let handles: Vec<_> = received
        .messages()
        .iter()
        .filter_map(|m| m.receipt_handle())
        .collect();
    let deleted = client
        .delete_message_batch()
        .queue_url(&url)
        .entries(receipt("one", handles[0]))
        .entries(receipt("bad", "not a receipt"))
        .entries(receipt("two", handles[1]))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.successful().len(), 2);
    assert_eq!(deleted.failed()[0].code(), "ReceiptHandleIsInvalid");
    let report = stack.aws.report();
    assert_eq!(report["sqs"]["requests"]["SendMessageBatch"], 1);
    assert_eq!(report["sqs"]["requests"]["DeleteMessageBatch"], 1);
}

#[tokio::test]
async fn a_batch_that_aws_would_not_look_into_is_refused_as_a_whole() {
    let (stack, client, url) = client().await;
    let send = async |entries: Vec<SendMessageBatchRequestEntry>| {
        let batch = client.send_message_batch().queue_url(&url);
        let refused = batch.set_entries(Some(entries)).send().await;
        refused.unwrap_err().into_service_error()
    };
    let eleven = (0..11).map(|n| entry(&n.to_string(), "x")).collect();
    assert!(send(eleven).await.is_too_many_entries_in_batch_request());
    assert!(send(vec![]).await.is_empty_batch_request());
    let twins = vec![entry("twin", "x"), entry("twin", "y")];
    assert!(send(twins).await.is_batch_entry_ids_not_distinct());
    assert!(
        send(vec![entry("a.b", "x")])
            .await
            .is_invalid_batch_entry_id()
    );
    let half = "x".repeat(MAX_BYTES / 2 + 1);
    let too_long = vec![entry("a", &half), entry("b", &half)];
    assert!(send(too_long).await.is_batch_request_too_long());
    assert_eq!(stack.aws.queues().depth(WORK).unwrap().total(), 0);
}

#[tokio::test]
async fn refusals_have_the_codes_that_the_sdk_knows() {
    let (stack, client, url) = client().await;
    let nowhere = format!("{}/000000000000/nowhere", stack.aws.endpoint());
    let sent = client
        .send_message()
        .queue_url(nowhere)
        .message_body("x")
        .send()
        .await;
    assert!(
        sent.unwrap_err()
            .into_service_error()
            .is_queue_does_not_exist()
    );

    let late = client
        .send_message()
        .queue_url(&url)
        .message_body("x")
        .delay_seconds(901);
    let error = late.send().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterValue"));
    assert_eq!(
        error.message(),
        Some(
            "Value 901 for parameter DelaySeconds is invalid. \
              Reason: Must be between 0 and 900, if provided."
        )
    );

    let empty = client
        .send_message()
        .queue_url(&url)
        .message_body("")
        .send()
        .await;
    assert_eq!(empty.unwrap_err().code(), Some("MissingParameter"));

    let eleven = client
        .receive_message()
        .queue_url(&url)
        .max_number_of_messages(11);
    assert_eq!(
        eleven.send().await.unwrap_err().code(),
        Some("InvalidParameterValue")
    );

    let deleted = client
        .delete_message()
        .queue_url(&url)
        .receipt_handle("?")
        .send()
        .await;
    assert!(
        deleted
            .unwrap_err()
            .into_service_error()
            .is_receipt_handle_is_invalid()
    );

    let held = client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle("?");
    let error = held
        .visibility_timeout(0)
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(error.is_receipt_handle_is_invalid());
}

#[tokio::test]
async fn a_long_poll_is_answered_when_a_message_comes_and_not_when_it_ends() {
    let (stack, client, url) = client().await;
    let started = tokio::time::Instant::now();
    let poll = client
        .receive_message()
        .queue_url(&url)
        .wait_time_seconds(20)
        .send();
    let poll = tokio::spawn(poll);
    while stack.aws.report()["sqs"]["requests"]["ReceiveMessage"] != 1 {
        tokio::task::yield_now().await;
    }
    let send = client.send_message().queue_url(&url).message_body("now");
    send.delay_seconds(0).send().await.unwrap();
    let received = poll.await.unwrap().unwrap();
    assert_eq!(received.messages()[0].body(), Some("now"));
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_queue_tells_its_settings_and_how_many_messages_are_where() {
    let (_stack, client, url) = client().await;
    for delay in [0, 0, 60] {
        let send = client.send_message().queue_url(&url).message_body("x");
        send.delay_seconds(delay).send().await.unwrap();
    }
    client
        .receive_message()
        .queue_url(&url)
        .send()
        .await
        .unwrap();
    let told = client.get_queue_attributes().queue_url(&url);
    let told = told
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .unwrap();
    let told = told.attributes().unwrap();
    for (name, expected) in [
        (QueueAttributeName::ApproximateNumberOfMessages, "1"),
        (
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            "1",
        ),
        (QueueAttributeName::ApproximateNumberOfMessagesDelayed, "1"),
        (QueueAttributeName::DelaySeconds, "900"),
        (QueueAttributeName::VisibilityTimeout, "30"),
        (
            QueueAttributeName::QueueArn,
            "arn:aws:sqs:sa-east-1:000000000000:work",
        ),
    ] {
        assert_eq!(told[&name], expected, "{name:?}");
    }
    let policy: Value = serde_json::from_str(&told[&QueueAttributeName::RedrivePolicy]).unwrap();
    assert_eq!(policy["maxReceiveCount"], 3);

    client.purge_queue().queue_url(&url).send().await.unwrap();
    let listed = client
        .list_queues()
        .queue_name_prefix("work-")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.queue_urls().len(), 1);
    let left = client
        .receive_message()
        .queue_url(&url)
        .send()
        .await
        .unwrap();
    assert!(left.messages().is_empty());
}
