//! A role as the functions meet it: through the AWS SDKs, each service refusing in its own words.

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::AttributeValue;

use super::*;
use crate::policy::{Condition, Effect, Statement};

/// The access key of every client here.
const KEY: &str = "local";

fn allow(action: &str, resource: &str, condition: Condition) -> Statement {
    Statement {
        sid: String::new(),
        effect: Effect::Allow,
        actions: vec![action.to_owned()],
        resources: vec![resource.to_owned()],
        condition,
    }
}

fn enforce(stack: &Stack, statements: Vec<Statement>) {
    let role = Role { statements };
    stack.aws.enforce(BTreeMap::from([(KEY.to_owned(), role)]));
}

#[tokio::test]
async fn each_service_refuses_what_a_role_does_not_give_and_does_not_carry_it_out() {
    let stack = start().await;
    enforce(&stack, Vec::new());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = stack.sdk.dynamodb(Retries::Three, ATTEMPT);
    let put = put.put_item().table_name(TABLE);
    let put = put.item("pk", text("NTF#1")).item("sk", text("STATE"));
    let refused = put.send().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 400);
    let refused = refused.into_service_error();
    assert_eq!(refused.code(), Some("AccessDeniedException"));
    let message = refused.message().unwrap();
    assert!(message.contains("dynamodb:PutItem"), "{message}");
    assert_eq!(stack.aws.dump_table().unwrap(), Vec::<Value>::new());

    let url = stack.aws.queues().url(WORK).unwrap();
    let send = stack.sdk.sqs(Retries::Three, ATTEMPT);
    let send = send.send_message().queue_url(url).message_body("x");
    let refused = send.send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("AccessDenied"));
    assert_eq!(stack.aws.queues().depth(WORK).unwrap().total(), 0);

    let sns = stack.sdk.sns(Retries::Three, ATTEMPT);
    let publish = sns.publish().phone_number("+5511912345678").message("Olá");
    let refused = publish.send().await.unwrap_err().into_service_error();
    assert!(refused.is_authorization_error_exception(), "{refused:?}");
    assert!(stack.inbox.lock().unwrap().is_empty());

    let secrets = stack.sdk.secrets(Retries::Three, ATTEMPT);
    let read = secrets.get_secret_value().secret_id("meta-app-secret");
    let refused = read.send().await.unwrap_err().into_service_error();
    assert_eq!(refused.code(), Some("AccessDeniedException"));

    let mut actions: Vec<(String, u64)> = Vec::new();
    for (refused, times) in stack.aws.refused() {
        actions.push((refused.action, times));
    }
    let once = |action: &str| (action.to_owned(), 1);
    let expected = [
        "dynamodb:PutItem",
        "secretsmanager:GetSecretValue",
        "sns:Publish",
        "sqs:SendMessage",
    ];
    assert_eq!(actions, expected.map(once), "and nobody tries again");
    assert!(stack.aws.used().is_empty());
}

#[tokio::test]
async fn a_transaction_asks_for_each_of_its_writes_and_a_batch_for_each_of_its_partitions() {
    let stack = start().await;
    let table = format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}");
    let people = || Condition::LeadingKeys(vec!["RCP#*".to_owned()]);
    let role = |actions: &[&str]| -> Vec<Statement> {
        let statement = |action: &&str| allow(action, &table, people());
        actions.iter().map(statement).collect()
    };
    let http = |operation: &str, body: Value| {
        let request = reqwest::Client::new().post(stack.aws.endpoint());
        request
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 Credential={KEY}/x"),
            )
            .body(body.to_string())
            .send()
    };
    let key = |pk: &str| json!({ "pk": { "S": pk }, "sk": { "S": "x" } });
    let both = json!({ "TransactItems": [
        { "Put": { "TableName": TABLE, "Item": key("RCP#1") } },
        { "Delete": { "TableName": TABLE, "Key": key("RCP#2") } },
    ] });
    enforce(&stack, role(&["dynamodb:PutItem"]));
    let refused = http("TransactWriteItems", both.clone()).await.unwrap();
    assert_eq!(refused.status().as_u16(), 400);
    assert!(stack.aws.dump_table().unwrap().is_empty(), "all or nothing");
    let writes = ["dynamodb:PutItem", "dynamodb:DeleteItem"];
    enforce(&stack, role(&writes));
    let done = http("TransactWriteItems", both).await.unwrap();
    assert_eq!(done.status().as_u16(), 200);

    enforce(&stack, role(&["dynamodb:BatchGetItem"]));
    for (other, expected) in [("RCP#3", 200), ("NTF#3", 400)] {
        let keys = json!([key("RCP#1"), key(other)]);
        let body = json!({ "RequestItems": { TABLE: { "Keys": keys } } });
        let answer = http("BatchGetItem", body).await.unwrap();
        assert_eq!(answer.status().as_u16(), expected, "{other}");
    }
    let requests = stack.aws.requests();
    let of = |operation: &str| {
        let mut found = requests.iter().filter(|(r, _)| r.operation == operation);
        found
            .next()
            .map(|(r, tally)| (r.kinds.clone(), tally.requests))
    };
    assert_eq!(
        of("dynamodb:TransactWriteItems"),
        Some(("RCP#".to_owned(), 1))
    );
}

#[tokio::test]
async fn whoever_has_no_role_may_do_everything_and_is_not_counted_among_the_functions() {
    let stack = start().await;
    let other = BTreeMap::from([("MediaApi".to_owned(), Role::default())]);
    stack.aws.enforce(other);
    let client = stack.sdk.secrets(Retries::Never, ATTEMPT);
    let read = client
        .get_secret_value()
        .secret_id("meta-app-secret")
        .send();
    assert!(read.await.is_ok());
    assert!(stack.aws.used().is_empty() && stack.aws.requests().is_empty());
}
