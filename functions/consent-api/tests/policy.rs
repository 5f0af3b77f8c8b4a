//! What a bank asks of a grant, and an import whose store fails: the routes over the store's twin.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use consent_api::{Deps, router};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use lambda_http::request::RequestContext;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::ConsentPolicy;
use recado_domain::delivery::Permission;
use recado_domain::hours::Hours;
use recado_domain::ids::{BusinessAccountId, PhoneNumberId, RecipientToken, TenantId};
use recado_domain::locale::Locale;
use recado_domain::seal::{Keyring, Pepper};
use recado_ports::{Chance, Recipients, TenantConfig};
use recado_runtime::Keys;
use recado_testing::twin::{Fault, Store, StoreCall, World};
use serde_json::{Value, json};
use tower::ServiceExt;

const TO: &str = "+5511987654321";

struct Bank {
    store: Store,
    world: World,
    app: Router,
    tenant: TenantId,
}

impl Bank {
    fn with(consent: ConsentPolicy) -> Self {
        let start: Timestamp = "2026-11-21T14:04:05.123Z".parse().expect("a time");
        let (store, world) = (Store::new(), World::new(7, start));
        let tenant = TenantId::parse("aurora").expect("valid");
        let config = TenantConfig {
            name: "Banco".to_owned(),
            phone_number_id: PhoneNumberId::parse("700").expect("valid"),
            business_account_id: BusinessAccountId::parse("8001").expect("valid"),
            messages_per_second: 80,
            sms_sender_id: None,
            locale: Locale::De,
            time_zone: "Europe/Berlin".to_owned(),
            hours: Hours::default(),
            hosts: Vec::new(),
            consent,
        };
        store
            .put_tenant(&tenant, &config)
            .expect("a name that fits");
        store.put_client("aurora", &tenant);
        let keys = BTreeMap::from([("k".to_owned(), vec![1; 32])]);
        let app = router(Arc::new(Deps {
            store: store.clone(),
            keys: Keys::new(
                Keyring::new("k", keys).expect("a ring"),
                Pepper::new("1", &[2; 32]).expect("a pepper"),
            ),
            chance: world.clone(),
        }));
        Self {
            store,
            world,
            app,
            tenant,
        }
    }

    async fn post(&self, path: &str, media_type: &str, body: String) -> (StatusCode, Value) {
        let context = json!({
            "accountId": "0", "apiId": "api", "stage": "$default", "requestId": "r", "timeEpoch": 0,
            "authorizer": { "jwt": { "claims": { "client_id": "aurora" }, "scopes": [] } },
            "http": {
                "method": "POST", "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "tests",
            },
        });
        let context = serde_json::from_value(context).expect("a context");
        let request = Request::post(path)
            .header("content-type", media_type)
            .extension(RequestContext::ApiGatewayV2(context))
            .body(Body::from(body))
            .expect("a request");
        let answer = self.app.clone().oneshot(request).await.expect("an answer");
        let status = answer.status();
        let bytes = answer.into_body().collect().await.expect("a body");
        (
            status,
            serde_json::from_slice(&bytes.to_bytes()).expect("JSON"),
        )
    }

    /// Records an event of so many hours ago; answers the state of marketing and the token.
    async fn says(&self, action: &str, hours: i64, more: Value) -> (Value, RecipientToken) {
        let mut event = json!({
            "to": TO, "channel": "whatsapp", "purposes": ["servicing", "marketing"], "action": action,
            "evidence": { "source": "web", "captured_at": self.hours(-hours).to_string() },
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            event["evidence"][field] = value.clone();
        }
        let event = event.to_string();
        let (status, body) = self.post("/v1/consents", "application/json", event).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let token = body["recipient"].as_str().expect("a token");
        let mut consents = body["consents"].as_array().into_iter().flatten();
        let marketing = consents.find(|it| it["purpose"] == "marketing");
        (
            marketing.expect("marketing").clone(),
            RecipientToken::parse(token).expect("a token"),
        )
    }

    fn hours(&self, hours: i64) -> Timestamp {
        self.world.now() + SignedDuration::from_hours(hours)
    }

    /// Whether an offer may leave so many hours from now.
    async fn may(&self, who: &RecipientToken, class: Class, hours: i64) -> bool {
        let recipient = self.store.recipient(&self.tenant, who).await;
        let consents = recipient.expect("the twin answers").consents;
        let permission = consents.permission(class, Channel::Whatsapp, self.hours(hours));
        permission == Permission::Granted
    }
}

#[tokio::test]
async fn where_a_bank_asks_for_a_second_word_an_offer_waits_for_it() {
    let policy = || ConsentPolicy {
        double_opt_in: [Class::Marketing].into(),
        ..ConsentPolicy::default()
    };
    let bank = Bank::with(policy());
    let (marketing, who) = bank.says("grant", 5, json!({})).await;
    assert_eq!(marketing["state"], "pending");
    assert!(!bank.may(&who, Class::Marketing, 0).await);
    assert!(
        bank.may(&who, Class::Servicing, 0).await,
        "it needs no second word"
    );
    let (marketing, _) = bank.says("confirm", 3, json!({})).await;
    assert_eq!(marketing["state"], "granted");
    assert_eq!(
        marketing["double_opt_in_at"],
        json!(format!("{:.3}", bank.hours(-3)))
    );
    assert!(bank.may(&who, Class::Marketing, 0).await);
    // A word from before it, told late, outdoes it all the same.
    let (marketing, _) = bank.says("revoke", 4, json!({})).await;
    assert_eq!(marketing["state"], "revoked");
    assert!(!bank.may(&who, Class::Marketing, 0).await);

    let other = Bank::with(policy());
    let second = json!({ "double_opt_in_at": other.hours(-1).to_string() });
    let (marketing, who) = other.says("grant", 5, second).await;
    assert_eq!(marketing["state"], "granted");
    assert!(other.may(&who, Class::Marketing, 0).await);
}

#[tokio::test]
async fn a_grant_ends_after_the_banks_own_days_and_a_refresh_moves_the_end_on() {
    let bank = Bank::with(ConsentPolicy {
        days: [(Class::Marketing, 2)].into(),
        ..ConsentPolicy::default()
    });
    let (marketing, who) = bank.says("grant", 24, json!({})).await;
    assert_eq!(
        marketing["expires_at"],
        json!(format!("{:.3}", bank.hours(24)))
    );
    assert!(bank.may(&who, Class::Marketing, 23).await);
    assert!(!bank.may(&who, Class::Marketing, 24).await, "to the hour");
    assert!(bank.may(&who, Class::Servicing, 9_999).await);
    bank.says("refresh", 0, json!({})).await;
    assert!(bank.may(&who, Class::Marketing, 47).await);
    assert!(!bank.may(&who, Class::Marketing, 48).await);
    let again = Bank::with(ConsentPolicy {
        days: [(Class::Marketing, 2)].into(),
        ..ConsentPolicy::default()
    });
    let (marketing, _) = again.says("grant", 72, json!({})).await;
    assert_eq!(marketing["state"], "expired");
}

/// So many lines, each of somebody else.
fn lines(count: usize) -> String {
    let line = |number: usize| {
        let to = format!("+55119{:08}", 20_000_000 + number);
        format!(
            "{{\"to\":\"{to}\",\"channel\":\"whatsapp\",\"purposes\":[\"servicing\"],\"action\":\"grant\",\
             \"evidence\":{{\"captured_at\":\"2024-03-04T10:11:12Z\"}}}}\n"
        )
    };
    (0..count).map(line).collect()
}

#[tokio::test]
async fn an_import_whose_store_fails_tells_what_it_did_and_is_repeated_to_its_end() {
    let bank = Bank::with(ConsentPolicy::default());
    let calls = AtomicU32::new(0);
    bank.store.break_calls(move |call| {
        let third = call == StoreCall::TakeIn && calls.fetch_add(1, Ordering::Relaxed) >= 2;
        third.then_some(Fault::Before)
    });
    let body = format!("{}nonsense\n", lines(200));
    let import = || bank.post("/v1/consents/imports", "application/x-ndjson", body.clone());
    let (status, answer) = import().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    assert_eq!(answer["type"], "urn:recado:problem:unavailable");
    let report = &answer["import"];
    let counted = |report: &Value| {
        ["lines", "taken", "unchanged", "refused", "left"].map(|name| report[name].as_u64())
    };
    let expected = [201, 66, 0, 1, 134].map(Some);
    assert_eq!(counted(report), expected, "two requests of 33 lines each");
    bank.store.mend();
    let (status, report) = import().await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(counted(&report), [201, 134, 66, 1, 0].map(Some));
    let bad = json!([{ "line": 201, "field": "line", "rule": "must be a JSON object" }]);
    assert_eq!(report["errors"], bad);
    let (_, report) = import().await;
    assert_eq!(counted(&report), [201, 0, 200, 1, 0].map(Some));
}

#[tokio::test]
async fn a_throttled_store_is_asked_again_and_a_lost_answer_counts_once() {
    let bank = Bank::with(ConsentPolicy::default());
    let calls = AtomicU32::new(0);
    bank.store.break_calls(move |call| {
        let first_try = call == StoreCall::TakeIn && calls.fetch_add(1, Ordering::Relaxed) < 4;
        first_try.then_some(Fault::After)
    });
    let (status, report) = bank
        .post("/v1/consents/imports", "application/x-ndjson", lines(100))
        .await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["left"], 0);
    let people = bank.store.people();
    assert_eq!(people.len(), 100);
    assert!(people.iter().all(|(.., person)| person.history.len() == 1));
}

#[tokio::test]
async fn what_is_no_file_of_consents_is_refused_as_a_whole_and_echoes_nothing() {
    let bank = Bank::with(ConsentPolicy::default());
    let path = "/v1/consents/imports";
    let check = async |media_type: &str, body: String, status: u16, field: &str| {
        let (answered, problem) = bank.post(path, media_type, body).await;
        assert_eq!(answered.as_u16(), status, "{problem}");
        assert_eq!(problem["errors"][0]["field"].as_str().unwrap_or(""), field);
        assert!(!problem.to_string().contains("98765"), "{problem}");
    };
    check("application/json", lines(1), 415, "").await;
    check("text/csv", format!("{TO},whatsapp"), 422, "header[0]").await;
    check("application/x-ndjson", lines(5_001), 422, "lines").await;
    check("text/csv", " ".repeat(2 * 1024 * 1024 + 1), 413, "").await;
    assert!(bank.store.people().is_empty());
}

#[tokio::test]
async fn several_events_of_one_person_in_one_file_count_in_their_order() {
    let bank = Bank::with(ConsentPolicy {
        double_opt_in: [Class::Marketing].into(),
        ..ConsentPolicy::default()
    });
    let body = format!(
        "to,channel,purposes,action,captured_at,source,actor\n\
         {TO},whatsapp,marketing,grant,2024-03-04T10:11:12Z,web,\n\
         {TO},whatsapp,marketing,confirm,2024-03-05T10:11:12Z,web,ana\n\
         {TO},whatsapp,marketing,grant,soon,rumour,\n"
    );
    let (status, report) = bank.post("/v1/consents/imports", "text/csv", body).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        (&report["taken"], &report["refused"]),
        (&json!(2), &json!(1))
    );
    let faults = report["errors"].as_array().expect("errors");
    let named: Vec<_> = faults
        .iter()
        .map(|it| (&it["line"], &it["field"]))
        .collect();
    let (line, at, source) = (json!(4), json!("captured_at"), json!("source"));
    assert_eq!(named, [(&line, &at), (&line, &source)]);
    let (_, who, person) = bank.store.people().remove(0);
    assert_eq!(person.history.len(), 2);
    assert!(bank.may(&who, Class::Marketing, 0).await);
}
