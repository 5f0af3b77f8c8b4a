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
use notification_api::{Deps, router};
use recado_domain::catalogue;
use recado_domain::consent::ConsentPolicy;
use recado_domain::hours::Hours;
use recado_domain::ids::{PhoneNumberId, TenantId};
use recado_domain::locale::Locale;
use recado_domain::seal::{Keyring, Pepper};
use recado_domain::switches::{Turn, Turned};
use recado_ports::{Switchgear, TenantConfig};
use recado_runtime::Keys;
use recado_testing::twin::{Fault, Queues, Store, StoreCall, World};
use serde_json::json;
use tower::ServiceExt;

fn bank(store: &Store, name: &str) {
    let tenant = TenantId::parse(name).expect("valid");
    let config = TenantConfig {
        name: "Banco".to_owned(),
        phone_number_id: PhoneNumberId::parse("700").expect("valid"),
        business_account_id: "800".parse().expect("valid"),
        messages_per_second: 80,
        sms_sender_id: None,
        locale: Locale::PtBr,
        time_zone: "America/Sao_Paulo".to_owned(),
        hours: Hours::around_the_clock(),
        hosts: catalogue::HOSTS.map(str::to_owned).to_vec(),
        consent: ConsentPolicy::default(),
    };
    store
        .put_tenant(&tenant, &config)
        .expect("a name that fits");
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

fn copy_of_the_function(store: &Store, world: &World) -> Router {
    router(Arc::new(Deps {
        world: recado_ports::drive::World {
            store: store.clone(),
            queues: Queues::new(world),
            chance: world.clone(),
        },
        keys: Keys::new(
            Keyring::new("k", BTreeMap::from([("k".to_owned(), vec![1; 32])])).expect("valid"),
            Pepper::new("1", &[2; 32]).expect("valid"),
        ),
    }))
}

async fn turn(store: &Store, bank: &str, per_second: Option<u32>) {
    let tenant = TenantId::parse(bank).expect("valid");
    let turned = Turned {
        turn: Turn::Rate(tenant, per_second),
        at: Timestamp::from_second(1_790_000_000).expect("valid"),
        by: "ops".to_owned(),
        why: "a loop in their core".to_owned(),
    };
    store.turn(&turned).await.expect("turned");
}

#[tokio::test]
async fn over_its_rate_a_bank_is_told_when_to_come_back_and_nothing_is_stored() {
    let world = World::new(
        1,
        Timestamp::from_millisecond(1_790_000_000_250).expect("valid"),
    );
    let store = Store::new();
    bank(&store, "hasty");
    bank(&store, "other");
    turn(&store, "hasty", Some(3)).await;
    let copies = [
        copy_of_the_function(&store, &world),
        copy_of_the_function(&store, &world),
    ];
    for (place, key) in ["a", "b", "c"].into_iter().enumerate() {
        let answer = post(&copies[place % 2], "hasty", key).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED, "{key}");
    }
    for app in &copies {
        let refused = post(app, "hasty", "d").await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()["retry-after"], "1");
        assert_eq!(
            refused.headers()["content-type"],
            "application/problem+json"
        );
    }
    assert_eq!(store.notifications().len(), 3);
    let other = post(&copies[0], "other", "d").await;
    assert_eq!(other.status(), StatusCode::ACCEPTED);
    world.advance(Duration::from_secs(1));
    let later = post(&copies[0], "hasty", "d").await;
    assert_eq!(later.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_rate_that_is_lifted_limits_nobody() {
    let world = World::new(1, Timestamp::from_second(1_790_000_000).expect("valid"));
    let store = Store::new();
    bank(&store, "hasty");
    turn(&store, "hasty", Some(1)).await;
    turn(&store, "hasty", None).await;
    let app = copy_of_the_function(&store, &world);
    for key in ["a", "b", "c"] {
        assert_eq!(
            post(&app, "hasty", key).await.status(),
            StatusCode::ACCEPTED
        );
    }
}

#[tokio::test]
async fn a_counter_that_does_not_answer_refuses_nobody() {
    let world = World::new(1, Timestamp::from_second(1_790_000_000).expect("valid"));
    let store = Store::new();
    bank(&store, "hasty");
    turn(&store, "hasty", Some(1)).await;
    store.break_calls(|call| {
        matches!(call, StoreCall::Tally | StoreCall::Switchboard).then_some(Fault::Before)
    });
    let app = copy_of_the_function(&store, &world);
    for key in ["a", "b"] {
        assert_eq!(
            post(&app, "hasty", key).await.status(),
            StatusCode::ACCEPTED
        );
    }
}
