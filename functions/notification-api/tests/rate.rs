//! A bank that goes too fast is told when to come back; another bank does not notice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use lambda_http::request::RequestContext;
use notification_api::{Deps, Rates, router};
use recado_domain::ids::{PhoneNumberId, TenantId};
use recado_domain::locale::Locale;
use recado_domain::seal::{Keyring, Pepper};
use recado_ports::TenantConfig;
use recado_runtime::Keys;
use recado_testing::twin::{Queues, Store, World};
use serde_json::json;
use tower::ServiceExt;

fn bank(store: &Store, name: &str, requests_per_second: Option<u32>) {
    let tenant = TenantId::parse(name).expect("valid");
    let config = TenantConfig {
        name: "Banco".to_owned(),
        phone_number_id: PhoneNumberId::parse("700").expect("valid"),
        messages_per_second: 80,
        requests_per_second,
        sms_sender_id: None,
        locale: Locale::PtBr,
        time_zone: "America/Sao_Paulo".to_owned(),
    };
    store.put_tenant(&tenant, &config);
    store.put_client(name, &tenant);
}

async fn post(app: &Router, bank: &str, key: &str) -> Response {
    let context = json!({
        "accountId": "0", "apiId": "api", "stage": "$default", "requestId": "r", "timeEpoch": 0,
        "authorizer": { "jwt": { "claims": { "client_id": bank }, "scopes": [] } },
        "http": {
            "method": "POST", "path": "/v1/notifications", "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1", "userAgent": "tests",
        },
    });
    let body = json!({
        "template": "pix_received", "to": "+5511987654321",
        "params": {
            "name": "Maria Souza", "payer": "João Lima",
            "amount": { "minor": 100, "currency": "BRL" }, "balance": { "minor": 100, "currency": "BRL" },
        },
    });
    let mut request = Request::post("/v1/notifications")
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .body(Body::from(body.to_string()))
        .expect("a request");
    let context = serde_json::from_value(context).expect("a context");
    request
        .extensions_mut()
        .insert(RequestContext::ApiGatewayV2(context));
    app.clone().oneshot(request).await.expect("an answer")
}

#[tokio::test]
async fn over_its_rate_a_bank_is_told_when_to_come_back_and_nothing_is_stored() {
    let world = World::new(1, Timestamp::from_second(1_790_000_000).expect("valid"));
    let store = Store::new();
    bank(&store, "hasty", Some(2));
    bank(&store, "other", None);
    let app = router(Arc::new(Deps {
        world: recado_ports::drive::World {
            store: store.clone(),
            queues: Queues::new(&world),
            chance: world.clone(),
        },
        keys: Keys {
            ring: Keyring::new("k", BTreeMap::from([("k".to_owned(), vec![1; 32])]))
                .expect("valid"),
            pepper: Pepper::new("1", &[2; 32]).expect("valid"),
        },
        rates: Rates::default(),
    }));
    for key in ["a", "b", "c"] {
        assert_eq!(
            post(&app, "hasty", key).await.status(),
            StatusCode::ACCEPTED,
            "{key}"
        );
    }
    let refused = post(&app, "hasty", "d").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(
        refused.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(store.notifications().len(), 3);
    assert_eq!(
        post(&app, "other", "d").await.status(),
        StatusCode::ACCEPTED
    );
    world.advance(Duration::from_secs(1));
    assert_eq!(
        post(&app, "hasty", "d").await.status(),
        StatusCode::ACCEPTED
    );
}
