//! The local AWS as the functions meet it: through the AWS SDKs, over HTTP.

mod dynamodb;
mod roles;
mod sqs;

use std::sync::Mutex;

use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::types::MessageAttributeValue;
use recado_runtime::{Aws as Clients, AwsConfig, Retries, Settings};

use super::*;

const TABLE: &str = "recado";
const WORK: &str = "work";
const DEAD: &str = "work-dead";
const REFUSED_NUMBER: &str = "+5511900000012";

/// Longer than any request here takes, a long poll included.
const ATTEMPT: Duration = Duration::from_secs(30);

struct Stack {
    aws: Aws,
    sdk: Clients,
    inbox: Arc<Mutex<Vec<Sms>>>,
}

fn settings(inbox: &Arc<Mutex<Vec<Sms>>>) -> AwsSettings {
    let key = |name: &str, key_type| KeyElement {
        attribute_name: name.to_owned(),
        key_type,
    };
    let string = |name: &str| AttributeDefinition {
        attribute_name: name.to_owned(),
        attribute_type: AttributeType::S,
    };
    let mut work = QueueSettings::new(WORK);
    work.delay = Duration::from_secs(900);
    work.redrive = Some(Redrive {
        dead_letter_queue: DEAD.to_owned(),
        max_receive_count: 3,
    });
    let inbox = Arc::clone(inbox);
    AwsSettings {
        port: 0,
        data_dir: None,
        table: Table {
            table_name: TABLE.to_owned(),
            key_schema: vec![key("pk", KeyType::Hash), key("sk", KeyType::Range)],
            attribute_definitions: vec![string("pk"), string("sk")],
            ttl_attribute: Some("ttl".to_owned()),
        },
        ttl_sweep: Duration::from_secs(3600),
        queues: vec![work, QueueSettings::new(DEAD)],
        secrets: BTreeMap::from([("meta-app-secret".to_owned(), "s3cr3t".to_owned())]),
        sms: Arc::new(move |sms: Sms| {
            if sms.to == REFUSED_NUMBER {
                return Err(SmsRefusal::OptedOut);
            }
            inbox.lock().unwrap().push(sms);
            Ok("message-1".to_owned())
        }),
    }
}

async fn start() -> Stack {
    let inbox = Arc::default();
    let settings = settings(&inbox);
    start_with(settings, inbox).await
}

async fn start_with(settings: AwsSettings, inbox: Arc<Mutex<Vec<Sms>>>) -> Stack {
    let aws = Aws::start(settings).await.unwrap();
    let endpoint = aws.endpoint().to_owned();
    let environment = move |name: &str| match name {
        "AWS_REGION" => Some(REGION.to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
        "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
        _ => None,
    };
    let sdk = Clients::new(AwsConfig::read(&environment, &Settings::new(&environment)));
    Stack { aws, sdk, inbox }
}

fn attribute(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder()
        .data_type("String")
        .string_value(value)
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_sms_reaches_the_gateway_as_it_was_published() {
    let stack = start().await;
    let published = stack
        .sdk
        .sns(Retries::Never, ATTEMPT)
        .publish()
        .phone_number("+5511912345678")
        .message("Olá & <até> já: 100% + açúcar")
        .message_attributes("AWS.SNS.SMS.SMSType", attribute("Transactional"))
        .message_attributes("AWS.SNS.SMS.SenderID", attribute("Aurora"))
        .send()
        .await
        .unwrap();
    assert_eq!(published.message_id(), Some("message-1"));
    let inbox = stack.inbox.lock().unwrap();
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].to, "+5511912345678");
    assert_eq!(inbox[0].body, "Olá & <até> já: 100% + açúcar");
    assert_eq!(inbox[0].sms_type, SmsType::Transactional);
    assert_eq!(inbox[0].sender_id.as_deref(), Some("Aurora"));
    assert_eq!(
        stack.aws.report()["sns"],
        json!({ "published": 1, "refused": 0, "sms_parts": 1 })
    );
}

#[tokio::test]
async fn an_sms_to_what_is_not_a_number_or_not_a_willing_one_is_refused() {
    let stack = start().await;
    let sns = stack.sdk.sns(Retries::Never, ATTEMPT);
    for number in [
        "5511912345678",
        "+0511912345678",
        "+55 11 91234-5678",
        "+",
        REFUSED_NUMBER,
    ] {
        let refused = sns
            .publish()
            .phone_number(number)
            .message("Olá")
            .send()
            .await;
        let error = refused.unwrap_err().into_service_error();
        assert!(
            error.is_invalid_parameter_exception(),
            "{number}: {error:?}"
        );
        assert_eq!(error.code(), Some("InvalidParameter"));
        assert!(
            error.message().unwrap().starts_with("Invalid parameter: "),
            "{error:?}"
        );
    }
    assert!(stack.inbox.lock().unwrap().is_empty());
    assert_eq!(stack.aws.report()["sns"]["refused"], 5);
}

#[tokio::test]
async fn a_gateway_out_of_order_is_an_internal_error_and_not_the_callers_fault() {
    let mut settings = settings(&Arc::default());
    settings.sms = Arc::new(|_| Err(SmsRefusal::Unavailable));
    let stack = start_with(settings, Arc::default()).await;
    let sns = stack.sdk.sns(Retries::Never, ATTEMPT);
    let sent = sns
        .publish()
        .phone_number("+5511912345678")
        .message("Olá")
        .send()
        .await;
    let error = sent.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 500);
    assert!(error.into_service_error().is_internal_error_exception());
}

#[tokio::test]
async fn a_secret_is_read_by_name_and_by_arn_and_changes_while_running() {
    let stack = start().await;
    let client = stack.sdk.secrets(Retries::Never, ATTEMPT);
    let read = async |id: &str| client.get_secret_value().secret_id(id).send().await;
    assert_eq!(
        read("meta-app-secret").await.unwrap().secret_string(),
        Some("s3cr3t")
    );
    stack.aws.secrets().put("meta-app-secret", "rotated");
    let by_arn = read(&Secrets::arn("meta-app-secret")).await.unwrap();
    assert_eq!(by_arn.secret_string(), Some("rotated"));
    let put = async |id: &str| {
        let request = client.put_secret_value().secret_id(id);
        request.secret_string("once more").send().await
    };
    put("meta-app-secret").await.unwrap();
    assert_eq!(
        read("meta-app-secret").await.unwrap().secret_string(),
        Some("once more")
    );
    assert!(put("another").await.is_err());
    let missing = read("nowhere").await.unwrap_err().into_service_error();
    assert!(missing.is_resource_not_found_exception(), "{missing:?}");
    assert_eq!(
        stack.aws.report()["secretsmanager"]["requests"]["GetSecretValue"],
        4
    );
}

#[tokio::test]
async fn a_secrets_version_becomes_current_only_in_the_place_of_the_one_that_was_read() {
    let stack = start().await;
    let client = stack.sdk.secrets(Retries::Never, ATTEMPT);
    let id = "meta-app-secret";
    let read = async || {
        let answer = client
            .get_secret_value()
            .secret_id(id)
            .send()
            .await
            .unwrap();
        let version = answer.version_id().unwrap().to_owned();
        (version, answer.secret_string().unwrap().to_owned())
    };
    let prepare = async |text: &str| {
        let put = client.put_secret_value().secret_id(id).secret_string(text);
        let answer = put.version_stages("next").send().await.unwrap();
        answer.version_id().unwrap().to_owned()
    };
    let make_current = async |to: &str, from: &str| {
        let stage = client.update_secret_version_stage().secret_id(id);
        let stage = stage.version_stage("AWSCURRENT").move_to_version_id(to);
        stage.remove_from_version_id(from).send().await
    };
    let (first, _) = read().await;
    let second = prepare("second").await;
    assert_eq!(read().await.1, "s3cr3t");
    make_current(&second, &first).await.unwrap();
    assert_eq!(read().await, (second.clone(), "second".to_owned()));
    let third = prepare("third").await;
    let late = make_current(&third, &first)
        .await
        .unwrap_err()
        .into_service_error();
    assert!(late.is_invalid_parameter_exception(), "{late:?}");
    assert_eq!(read().await, (second, "second".to_owned()));

    stack.aws.secrets().empty("keys");
    let described = client.describe_secret().secret_id("keys").send().await;
    assert!(
        described
            .unwrap()
            .version_ids_to_stages()
            .unwrap()
            .is_empty()
    );
    let none = client.get_secret_value().secret_id("keys").send().await;
    assert!(
        none.unwrap_err()
            .into_service_error()
            .is_resource_not_found_exception()
    );
}

#[tokio::test]
async fn a_throttled_request_is_not_carried_out_and_not_counted() {
    let stack = start().await;
    stack
        .aws
        .interfere(Arc::new(|service, operation| match (service, operation) {
            (Service::Sqs, "SendMessage") | (Service::DynamoDb, _) | (Service::Sns, _) => {
                Verdict::Throttle
            }
            (_, _) => Verdict::Pass,
        }));
    let url = stack.aws.queues().url(WORK).unwrap();
    let sqs = stack.sdk.sqs(Retries::Never, ATTEMPT);
    let sent = sqs
        .send_message()
        .queue_url(&url)
        .message_body("x")
        .send()
        .await;
    assert!(
        sent.unwrap_err()
            .into_service_error()
            .is_request_throttled()
    );
    sqs.get_queue_attributes()
        .queue_url(&url)
        .send()
        .await
        .unwrap();
    let dynamodb = stack.sdk.dynamodb(Retries::Never, ATTEMPT);
    let listed = dynamodb
        .list_tables()
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert_eq!(listed.code(), Some("ThrottlingException"));
    let sns = stack.sdk.sns(Retries::Never, ATTEMPT);
    let published = sns
        .publish()
        .phone_number("+5511912345678")
        .message("x")
        .send()
        .await;
    assert_eq!(published.unwrap_err().code(), Some("Throttling"));
    let report = stack.aws.report();
    assert_eq!(
        report["sqs"]["requests"],
        json!({ "GetQueueAttributes": 1 })
    );
    assert_eq!(report["dynamodb"]["requests"], json!({}));
    assert_eq!(
        report["sqs"]["queues"][WORK],
        json!({ "visible": 0, "delayed": 0, "in_flight": 0 })
    );
    stack.aws.reset_counts();
    assert_eq!(stack.aws.report()["sqs"]["requests"], json!({}));
}

#[tokio::test]
async fn a_request_whose_answer_is_lost_is_carried_out_and_whoever_asked_does_not_know() {
    for loss in [Loss::Cut, Loss::InternalError] {
        let stack = start().await;
        stack
            .aws
            .interfere(Arc::new(move |_, _| Verdict::LoseAnswer(loss)));
        let url = stack.aws.queues().url(WORK).unwrap();
        let sqs = stack.sdk.sqs(Retries::Never, ATTEMPT).send_message();
        let sent = sqs.queue_url(&url).message_body("x").send().await;
        lost(&sent.unwrap_err(), loss);
        assert_eq!(stack.aws.queues().depth(WORK).unwrap().total(), 1);

        let item = HashMap::from(["pk", "sk"].map(|key| {
            let value = aws_sdk_dynamodb::types::AttributeValue::S("a".to_owned());
            (key.to_owned(), value)
        }));
        let dynamodb = stack.sdk.dynamodb(Retries::Never, ATTEMPT).put_item();
        let put = dynamodb.table_name(TABLE).set_item(Some(item)).send().await;
        lost(&put.unwrap_err(), loss);
        assert_eq!(stack.aws.dump_table().unwrap().len(), 1);

        let sns = stack.sdk.sns(Retries::Never, ATTEMPT).publish();
        let published = sns.phone_number("+5511912345678").message("x").send().await;
        lost(&published.unwrap_err(), loss);
        assert_eq!(stack.inbox.lock().unwrap().len(), 1);

        let secrets = stack.sdk.secrets(Retries::Never, ATTEMPT);
        let read = secrets.get_secret_value().secret_id("meta-app-secret");
        lost(&read.send().await.unwrap_err(), loss);

        stack.aws.interfere(Arc::new(|_, _| Verdict::Pass));
        assert_eq!(stack.aws.report()["sqs"]["requests"]["SendMessage"], 1);
        assert_eq!(stack.aws.report()["dynamodb"]["requests"]["PutItem"], 1);
    }
}

/// Fails unless the answer is lost in this way: no byte of one, or status 500.
fn lost<E: std::fmt::Debug>(
    error: &aws_sdk_sns::error::SdkError<E, aws_sdk_sns::config::http::HttpResponse>,
    loss: Loss,
) {
    use aws_sdk_sns::error::SdkError;
    match (error, loss) {
        (SdkError::DispatchFailure(failure), Loss::Cut) => assert!(failure.is_io(), "{failure:?}"),
        (SdkError::ServiceError(answer), Loss::InternalError) => {
            assert_eq!(answer.raw().status().as_u16(), 500);
        }
        (other, loss) => panic!("{loss:?} looks like {other:?}"),
    }
}
