//! DynamoDB over the wire, and what it is billed as.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem,
};

use super::*;

fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn item(pk: &str, bytes: usize) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("pk".to_owned(), s(pk)),
        ("sk".to_owned(), s("STATE")),
        ("text".to_owned(), s("x".repeat(bytes))),
    ])
}

const ABSENT: &str = "attribute_not_exists(pk)";

async fn client() -> (Stack, Client) {
    let stack = start().await;
    let client = stack.sdk.dynamodb(Retries::Never, ATTEMPT);
    (stack, client)
}

/// Units since the last call.
fn units(stack: &Stack) -> (f64, f64) {
    let report = stack.aws.report();
    let (read, write) = (
        &report["dynamodb"]["read_units"],
        &report["dynamodb"]["write_units"],
    );
    let units = (read.as_f64().unwrap(), write.as_f64().unwrap());
    stack.aws.reset_counts();
    units
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_claim_at_once_exactly_one_wins() {
    let (stack, client) = client().await;
    let claims: Vec<_> = (0..100)
        .map(|n| {
            let put = client.put_item().table_name(TABLE);
            let put = put
                .set_item(Some(item("NTF#1", n)))
                .condition_expression(ABSENT);
            tokio::spawn(put.send())
        })
        .collect();
    let mut won = 0;
    for claim in claims {
        match claim.await.unwrap() {
            Ok(_) => won += 1,
            Err(error) => {
                assert!(
                    error
                        .into_service_error()
                        .is_conditional_check_failed_exception()
                );
            }
        }
    }
    assert_eq!(won, 1);
    assert_eq!(
        stack.aws.report()["dynamodb"]["requests"],
        json!({ "PutItem": 100 })
    );
    assert_eq!(units(&stack), (0.0, 100.0));
}

fn old_item(error: PutItemError) -> Option<HashMap<String, AttributeValue>> {
    let PutItemError::ConditionalCheckFailedException(failed) = error else {
        panic!("{error:?}");
    };
    failed.item
}

#[tokio::test]
async fn a_failed_condition_shows_the_item_to_who_asks_and_is_billed_either_way() {
    let (stack, client) = client().await;
    let put = |bytes| {
        let put = client.put_item().table_name(TABLE);
        put.set_item(Some(item("NTF#1", bytes)))
            .condition_expression(ABSENT)
    };
    put(2500).send().await.unwrap();
    assert_eq!(units(&stack), (0.0, 3.0));

    let failed = put(10)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let error = failed.send().await.unwrap_err().into_service_error();
    assert_eq!(old_item(error).unwrap()["pk"], s("NTF#1"));
    assert_eq!(units(&stack), (0.0, 3.0));

    let error = put(4000).send().await.unwrap_err().into_service_error();
    assert!(old_item(error).is_none());
    assert_eq!(units(&stack), (0.0, 4.0));

    let update = client
        .update_item()
        .table_name(TABLE)
        .key("pk", s("NTF#2"))
        .key("sk", s("STATE"));
    let update = update
        .update_expression("SET a = :a")
        .condition_expression("attribute_exists(pk)");
    let update = update
        .expression_attribute_values(":a", s("b"))
        .send()
        .await;
    assert!(
        update
            .unwrap_err()
            .into_service_error()
            .is_conditional_check_failed_exception()
    );
    assert_eq!(units(&stack), (0.0, 1.0));
}

#[tokio::test]
async fn reads_and_writes_are_billed_by_size_and_consistency() {
    let (stack, client) = client().await;
    let put = client
        .put_item()
        .table_name(TABLE)
        .set_item(Some(item("NTF#1", 5000)));
    let put = put.send().await.unwrap();
    assert!(put.consumed_capacity().is_none(), "nobody asked for it");
    assert_eq!(units(&stack), (0.0, 5.0));
    let get = || {
        client
            .get_item()
            .table_name(TABLE)
            .key("pk", s("NTF#1"))
            .key("sk", s("STATE"))
    };
    get().consistent_read(true).send().await.unwrap();
    assert_eq!(units(&stack), (2.0, 0.0));
    let asked = get()
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    assert_eq!(
        asked.consumed_capacity().unwrap().capacity_units(),
        Some(1.0)
    );
    assert_eq!(units(&stack), (1.0, 0.0));
    let query = client
        .query()
        .table_name(TABLE)
        .key_condition_expression("pk = :pk");
    let query = query
        .expression_attribute_values(":pk", s("NTF#1"))
        .send()
        .await
        .unwrap();
    assert_eq!(query.count(), 1);
    assert_eq!(units(&stack), (1.0, 0.0));
}

#[tokio::test]
async fn a_transaction_is_billed_twice_whether_it_happens_or_not() {
    let (stack, client) = client().await;
    let put = |pk: &str| {
        let put = Put::builder()
            .table_name(TABLE)
            .set_item(Some(item(pk, 10)));
        let put = put.condition_expression(ABSENT).build().unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    let both = || {
        client
            .transact_write_items()
            .transact_items(put("A"))
            .transact_items(put("B"))
    };
    both().send().await.unwrap();
    assert_eq!(units(&stack), (0.0, 4.0));
    let error = both().send().await.unwrap_err().into_service_error();
    assert!(error.is_transaction_canceled_exception());
    assert_eq!(units(&stack), (0.0, 4.0));
}

#[tokio::test]
async fn an_item_whose_time_is_up_is_swept_away_and_the_others_stay() {
    let (stack, client) = client().await;
    let now = wall_clock().as_second();
    for (pk, ttl) in [("over", now - 60), ("to come", now + 3600)] {
        let mut item = item(pk, 1);
        item.insert("ttl".to_owned(), AttributeValue::N(ttl.to_string()));
        client
            .put_item()
            .table_name(TABLE)
            .set_item(Some(item))
            .send()
            .await
            .unwrap();
    }
    assert_eq!(stack.aws.sweep_ttl().unwrap(), 1);
    let left = stack.aws.dump_table().unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["pk"], json!({ "S": "to come" }));
}

#[tokio::test]
async fn a_dump_shows_every_item_and_costs_nothing() {
    let (stack, client) = client().await;
    // More than the 1 MB that one page of a scan holds.
    for n in 0..30 {
        let put = client
            .put_item()
            .table_name(TABLE)
            .set_item(Some(item(&n.to_string(), 50_000)));
        put.send().await.unwrap();
    }
    stack.aws.reset_counts();
    assert_eq!(stack.aws.dump_table().unwrap().len(), 30);
    assert_eq!(units(&stack), (0.0, 0.0));
    assert_eq!(stack.aws.report()["dynamodb"]["requests"], json!({}));
}

#[tokio::test]
async fn a_request_that_dynamodb_does_not_understand_is_refused_in_its_words() {
    let (stack, client) = client().await;
    let other = client
        .get_item()
        .table_name("nowhere")
        .key("pk", s("a"))
        .key("sk", s("b"));
    let error = other.send().await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception());
    let half_a_key = client
        .get_item()
        .table_name(TABLE)
        .key("pk", s("a"))
        .send()
        .await;
    assert_eq!(
        half_a_key.unwrap_err().into_service_error().code(),
        Some("ValidationException")
    );
    let (malformed, _) = stack
        .aws
        .front
        .dynamodb
        .handle("GetItem", br#"{"TableName": 7}"#);
    assert_eq!(malformed.status().as_u16(), 400);
    let body = axum::body::to_bytes(malformed.into_body(), 1024)
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        body["__type"],
        "com.amazon.coral.service#SerializationException"
    );
}

#[tokio::test]
async fn a_table_in_a_directory_is_there_again_after_a_restart() {
    let directory = std::env::temp_dir().join(format!("recado-aws-{}", std::process::id()));
    let settings = || AwsSettings {
        data_dir: Some(directory.clone()),
        ..settings(&Arc::default())
    };
    let stack = start_with(settings(), Arc::default()).await;
    let client = stack.sdk.dynamodb(Retries::Never, ATTEMPT);
    let put = client
        .put_item()
        .table_name(TABLE)
        .set_item(Some(item("kept", 1)));
    put.send().await.unwrap();
    drop((client, stack));
    let again = Aws::start(settings()).await.unwrap();
    assert_eq!(again.dump_table().unwrap()[0]["pk"], json!({ "S": "kept" }));
    drop(again);

    let mut other_keys = settings();
    other_keys.table.key_schema.pop();
    other_keys.table.attribute_definitions.pop();
    let refused = Aws::start(other_keys).await.unwrap_err().to_string();
    assert!(refused.contains("other keys"), "{refused}");
    std::fs::remove_dir_all(directory).unwrap();
}
