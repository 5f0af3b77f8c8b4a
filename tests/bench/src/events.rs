//! Events as Lambda gives them to the functions.

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use recado_local::aws::{ACCOUNT, REGION};
use ring::hmac;
use serde_json::{Value, json};

/// A request of a bank's, past the gateway's authorizer.
pub(crate) fn request(client: &str, route: &str, key: Option<&str>, body: &str) -> Bytes {
    let mut headers = json!({ "content-type": "application/json", "host": "api.bank.example" });
    if let Some(key) = key {
        headers["idempotency-key"] = json!(key);
    }
    let authorizer = json!({ "jwt": { "claims": { "client_id": client }, "scopes": [] } });
    http(route, headers, Some(authorizer), body)
}

/// A webhook of Meta's, signed.
pub(crate) fn webhook(app_secret: &str, body: &str) -> Bytes {
    let key = hmac::Key::new(hmac::HMAC_SHA256, app_secret.as_bytes());
    let signature = HEXLOWER.encode(hmac::sign(&key, body.as_bytes()).as_ref());
    let headers = json!({
        "content-type": "application/json", "host": "webhook.bank.example",
        "user-agent": "facebookexternalua", "x-hub-signature-256": format!("sha256={signature}"),
    });
    http("POST /v1/webhooks/whatsapp", headers, None, body)
}

fn http(route: &str, headers: Value, authorizer: Option<Value>, body: &str) -> Bytes {
    let mut event = event(route, headers, authorizer);
    event["body"] = json!(body);
    Bytes::from(event.to_string())
}

fn event(route: &str, headers: Value, authorizer: Option<Value>) -> Value {
    let (method, path) = route.split_once(' ').unwrap_or(("GET", route));
    let mut context = json!({
        "accountId": ACCOUNT, "apiId": "benchmark", "domainName": "api.bank.example",
        "domainPrefix": "api", "requestId": "JKJaXmPLvHcESHA=", "routeKey": route, "stage": "$default",
        "time": "21/Nov/2026:12:00:00 +0000", "timeEpoch": 1_795_262_400_000_u64,
        "http": {
            "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
            "userAgent": "benchmark",
        },
    });
    if let Some(authorizer) = authorizer {
        context["authorizer"] = authorizer;
    }
    json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "", "headers": headers,
        "requestContext": context, "isBase64Encoded": false,
    })
}

/// A batch of a queue's messages.
pub(crate) fn messages(queue: &str, bodies: &[&str]) -> Bytes {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| {
            json!({
                "messageId": format!("059f36b4-87a3-44ab-83d2-{n:012}"),
                "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
                "body": body,
                "attributes": {
                    "ApproximateReceiveCount": "1", "SentTimestamp": "1795262400000",
                    "SenderId": "AIDAIENQZJOLO23YVJ4VO", "ApproximateFirstReceiveTimestamp": "1795262400001",
                },
                "messageAttributes": {},
                "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"),
                "awsRegion": REGION,
            })
        })
        .collect();
    Bytes::from(json!({ "Records": records }).to_string())
}

/// A receipt as Meta words it, for each of these notifications of a customer's.
pub(crate) fn receipts(
    phone_number_id: &str,
    status: &str,
    notifications: &[(usize, String)],
) -> String {
    let statuses: Vec<Value> = notifications
        .iter()
        .map(|(n, id)| {
            json!({
                "id": format!("wamid.HBgNNTUxMTk4ODg4{n:08}FQIAERgSQjZDOEFD"),
                "status": status, "timestamp": "1795262401",
                "recipient_id": format!("551198888{:04}", n),
                "recipient_user_id": format!("BR.44719200381{n:08}"),
                "biz_opaque_callback_data": format!("{id}.1"),
                "pricing": { "billable": true, "pricing_model": "PMP", "type": "regular", "category": "utility" },
            })
        })
        .collect();
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "551140000001", "phone_number_id": phone_number_id },
        "statuses": statuses,
    });
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "800000000000001", "changes": [{ "field": "messages", "value": value }] }],
    })
    .to_string()
}

/// An upload of a bank's.
pub(crate) fn file(client: &str, route: &str, media_type: &str, body: &[u8]) -> Bytes {
    let headers = json!({ "content-type": media_type, "host": "api.bank.example" });
    let authorizer = json!({ "jwt": { "claims": { "client_id": client }, "scopes": [] } });
    let mut event = event(route, headers, Some(authorizer));
    event["body"] = json!(BASE64.encode(body));
    event["isBase64Encoded"] = json!(true);
    Bytes::from(event.to_string())
}
