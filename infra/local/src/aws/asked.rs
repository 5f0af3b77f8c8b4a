//! What a request asks of its caller's role, as IAM names it.

use std::collections::HashMap;

use http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::front::Service;
use super::{ACCOUNT, Queues, REGION, Secrets};
use crate::policy::Asked;

/// The resource of an SMS: a telephone number has no ARN, so that only `*` is like it.
const NUMBER: &str = "a telephone number";

/// The access key that a request is signed with: whose it is. Signatures are not looked at.
pub(super) fn signer(headers: &HeaderMap) -> Option<&str> {
    let signature = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = signature.split_once("Credential=")?;
    credential.split('/').next()
}

/// What a DynamoDB request asks for, given the name of the table's partition key. A body that is not JSON
/// asks for nothing: the service refuses it.
pub(super) fn of_dynamodb(operation: &str, body: &[u8], partition_key: &str) -> Vec<Asked> {
    let Ok(Value::Object(request)) = serde_json::from_slice(body) else {
        return Vec::new();
    };
    let key_in = |item: Option<&Value>| text(item.and_then(|item| item.get(partition_key)));
    let one = |action: &str, request: &Value, keys: Vec<String>| Asked {
        action: format!("dynamodb:{action}"),
        resource: table_arn(request.get("TableName").and_then(Value::as_str)),
        leading_keys: keys,
    };
    let batch = |keys: &dyn Fn(&Value) -> Vec<String>| {
        let tables = request.get("RequestItems").and_then(Value::as_object);
        let asked = |(table, wanted): (&String, &Value)| Asked {
            action: format!("dynamodb:{operation}"),
            resource: table_arn(Some(table)),
            leading_keys: keys(wanted),
        };
        tables.into_iter().flatten().map(asked).collect()
    };
    let transaction = || {
        let mut asked = Vec::new();
        for entry in list(request.get("TransactItems")) {
            for (kind, body) in entry.as_object().into_iter().flatten() {
                let (action, keys) = match kind.as_str() {
                    "Put" => ("PutItem", key_in(body.get("Item"))),
                    "Update" => ("UpdateItem", key_in(body.get("Key"))),
                    "Delete" => ("DeleteItem", key_in(body.get("Key"))),
                    "ConditionCheck" => ("ConditionCheckItem", key_in(body.get("Key"))),
                    "Get" => ("GetItem", key_in(body.get("Key"))),
                    other => (other, String::new()),
                };
                asked.push(one(action, body, vec![keys]));
            }
        }
        asked
    };
    let whole = Value::Object(request.clone());
    match operation {
        "PutItem" => vec![one(operation, &whole, vec![key_in(request.get("Item"))])],
        "GetItem" | "UpdateItem" | "DeleteItem" => {
            vec![one(operation, &whole, vec![key_in(request.get("Key"))])]
        }
        "Query" => vec![one(
            operation,
            &whole,
            vec![queried(&request, partition_key)],
        )],
        "BatchGetItem" => batch(&|wanted| {
            let keys = list(wanted.get("Keys"));
            keys.iter().map(|key| key_in(Some(key))).collect()
        }),
        "BatchWriteItem" => batch(&|wanted| {
            let put = |one: &Value| one.pointer("/PutRequest/Item").cloned();
            let delete = |one: &Value| one.pointer("/DeleteRequest/Key").cloned();
            let writes = list(Some(wanted));
            let item = |one: &Value| put(one).or_else(|| delete(one));
            writes
                .iter()
                .map(|one| key_in(item(one).as_ref()))
                .collect()
        }),
        "TransactWriteItems" | "TransactGetItems" => transaction(),
        _ => vec![one(operation, &whole, Vec::new())],
    }
}

/// What an SQS request asks for: a batch asks for what its entries do.
pub(super) fn of_sqs(operation: &str, body: &[u8]) -> Vec<Asked> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let named = request.get("QueueUrl").or_else(|| request.get("QueueName"));
    let name = named.and_then(Value::as_str).unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    vec![Asked {
        action: format!(
            "sqs:{}",
            operation.strip_suffix("Batch").unwrap_or(operation)
        ),
        resource: if operation == "ListQueues" {
            "*".to_owned()
        } else {
            Queues::arn(name)
        },
        leading_keys: Vec::new(),
    }]
}

/// What a request to SNS asks for.
pub(super) fn of_sns(action: &str, form: &HashMap<String, String>) -> Vec<Asked> {
    let target = form.get("TopicArn").or_else(|| form.get("TargetArn"));
    vec![Asked {
        action: format!("sns:{action}"),
        resource: target.map_or(NUMBER, String::as_str).to_owned(),
        leading_keys: Vec::new(),
    }]
}

/// What a request to Secrets Manager asks for.
pub(super) fn of_secrets(operation: &str, body: &[u8]) -> Vec<Asked> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let id = request.get("SecretId").and_then(Value::as_str);
    let id = id.unwrap_or_default();
    vec![Asked {
        action: format!("secretsmanager:{operation}"),
        resource: if id.starts_with("arn:") {
            id.to_owned()
        } else {
            Secrets::arn(id)
        },
        leading_keys: Vec::new(),
    }]
}

/// The prefix of a service's actions.
pub(super) fn prefix(service: Service) -> &'static str {
    match service {
        Service::DynamoDb => "dynamodb",
        Service::Sqs => "sqs",
        Service::Sns => "sns",
        Service::SecretsManager => "secretsmanager",
    }
}

fn table_arn(name: Option<&str>) -> String {
    let name = name.unwrap_or_default();
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}")
}

/// The partition that a query reads; empty, which no pattern is like, where its condition does not tell.
fn queried(request: &Map<String, Value>, partition_key: &str) -> String {
    let condition = request.get("KeyConditionExpression");
    let condition = condition.and_then(Value::as_str).unwrap_or_default();
    let names = request.get("ExpressionAttributeNames");
    let values = request.get("ExpressionAttributeValues");
    let spaced = condition.replace('=', " = ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let is_key = |word: &str| {
        let name = names
            .and_then(|names| names.get(word))
            .and_then(Value::as_str);
        name.unwrap_or(word) == partition_key
    };
    let place = words.windows(3).find_map(|three| match three {
        [name, "=", value] if is_key(name) => Some(*value),
        _ => None,
    });
    text(place.and_then(|place| values?.get(place)))
}

/// The text of an attribute; empty for any other.
fn text(attribute: Option<&Value>) -> String {
    let text = attribute.and_then(|attribute| attribute.get("S"));
    text.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(operation: &str, request: &Value, expected: &[(&str, &[&str])]) {
        let asked = of_dynamodb(operation, request.to_string().as_bytes(), "pk");
        let found: Vec<(String, Vec<String>)> = asked
            .into_iter()
            .map(|asked| {
                assert!(asked.resource.ends_with(":table/T"), "{}", asked.resource);
                (asked.action, asked.leading_keys)
            })
            .collect();
        let expected: Vec<(String, Vec<String>)> = expected
            .iter()
            .map(|(action, keys)| {
                let keys = keys.iter().map(|key| (*key).to_owned()).collect();
                (format!("dynamodb:{action}"), keys)
            })
            .collect();
        assert_eq!(found, expected, "{operation}");
    }

    #[test]
    fn every_way_to_name_an_item_tells_its_partition() {
        let item = json!({ "pk": { "S": "NTF#1" }, "sk": { "S": "STATE" } });
        let other = json!({ "pk": { "S": "RCP#2" }, "sk": { "S": "PROFILE" } });
        for operation in ["GetItem", "UpdateItem", "DeleteItem"] {
            let request = json!({ "TableName": "T", "Key": item });
            check(operation, &request, &[(operation, &["NTF#1"])]);
        }
        let put = json!({ "TableName": "T", "Item": item });
        check("PutItem", &put, &[("PutItem", &["NTF#1"])]);
        let query = json!({
            "TableName": "T", "KeyConditionExpression": "#p=:p AND sk >= :from",
            "ExpressionAttributeNames": { "#p": "pk" },
            "ExpressionAttributeValues": { ":p": { "S": "NTF#1" }, ":from": { "S": "A" } },
        });
        check("Query", &query, &[("Query", &["NTF#1"])]);
        let legacy = json!({ "TableName": "T", "KeyConditions": {} });
        check("Query", &legacy, &[("Query", &[""])]);
        check("Scan", &json!({ "TableName": "T" }), &[("Scan", &[])]);
        let batch = json!({ "RequestItems": { "T": { "Keys": [item, other] } } });
        let both: (&str, &[&str]) = ("BatchGetItem", &["NTF#1", "RCP#2"]);
        check("BatchGetItem", &batch, &[both]);
        let batch = json!({ "RequestItems": { "T": [
            { "PutRequest": { "Item": item } }, { "DeleteRequest": { "Key": other } },
        ] } });
        let both: (&str, &[&str]) = ("BatchWriteItem", &["NTF#1", "RCP#2"]);
        check("BatchWriteItem", &batch, &[both]);
        let write = |kind: &str, part: &str| json!({ kind: { "TableName": "T", part: item } });
        let transaction = json!({ "TransactItems": [
            write("Put", "Item"), write("Update", "Key"), write("Delete", "Key"),
            write("ConditionCheck", "Key"),
        ] });
        let expected: [(&str, &[&str]); 4] = [
            ("PutItem", &["NTF#1"]),
            ("UpdateItem", &["NTF#1"]),
            ("DeleteItem", &["NTF#1"]),
            ("ConditionCheckItem", &["NTF#1"]),
        ];
        check("TransactWriteItems", &transaction, &expected);
    }

    #[test]
    fn queues_secrets_topics_and_numbers_are_named_as_policies_name_them() {
        let url = json!({ "QueueUrl": "http://127.0.0.1:1/000000000000/jobs" }).to_string();
        let sent = of_sqs("SendMessageBatch", url.as_bytes());
        assert_eq!(sent[0].action, "sqs:SendMessage");
        assert_eq!(sent[0].resource, Queues::arn("jobs"));
        for id in ["Keys".to_owned(), Secrets::arn("Keys")] {
            let body = json!({ "SecretId": id }).to_string();
            let read = of_secrets("GetSecretValue", body.as_bytes());
            assert_eq!(read[0].resource, Secrets::arn("Keys"));
        }
        let form = |name: &str, value: &str| HashMap::from([(name.to_owned(), value.to_owned())]);
        let number = of_sns("Publish", &form("PhoneNumber", "+5511987654321"));
        assert_eq!(number[0].resource, NUMBER, "and not the number itself");
        let topic = of_sns("Publish", &form("TopicArn", "arn:aws:sns:x:y:z"));
        assert_eq!(topic[0].resource, "arn:aws:sns:x:y:z");
    }

    #[test]
    fn the_signer_is_told_by_the_signature() {
        let mut headers = HeaderMap::new();
        assert_eq!(signer(&headers), None);
        let signature = "AWS4-HMAC-SHA256 Credential=MediaApi/20261121/sa-east-1/sqs/aws4_request, \
                         SignedHeaders=host, Signature=0";
        headers.insert(header::AUTHORIZATION, signature.parse().unwrap());
        assert_eq!(signer(&headers), Some("MediaApi"));
    }
}
