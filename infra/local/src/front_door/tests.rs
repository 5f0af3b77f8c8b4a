mod answers;
mod routes;

use std::sync::Mutex;

use axum::http::{StatusCode, header};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::lambda::Invoke;
use crate::oauth::Client;

const ISSUER: &str = "https://issuer.local";

/// Answers with the event itself, or as the event's path says.
struct Double;

impl Invoke for Double {
    fn invoke(&self, payload: Bytes) -> BoxFuture<'_, Result<Bytes, InvokeError>> {
        let event: Value = serde_json::from_slice(&payload).unwrap();
        let answer = match event["rawPath"].as_str().unwrap() {
            "/fails" => Err(InvokeError::Timeout {
                after: Duration::from_secs(3),
            }),
            "/hangs" => return futures::future::pending().boxed(),
            "/answers" => Ok(Bytes::from(event["body"].as_str().unwrap().to_owned())),
            _ => Ok(payload),
        };
        async move { answer }.boxed()
    }
}

fn route(key: &str, access: Access) -> Route {
    Route {
        key: key.into(),
        api_id: "bankapi".into(),
        function: Arc::new(Double),
        access,
    }
}

fn guarded(scopes: &[&str]) -> Access {
    Access::Jwt {
        issuer: ISSUER.into(),
        audience: vec!["someone".into(), "bank".into()],
        scopes: scopes.iter().map(|s| (*s).to_owned()).collect(),
    }
}

type Seen = Arc<Mutex<Vec<(String, Option<String>, u16, Vec<u8>)>>>;

struct Fixture {
    router: Router,
    issuer: Issuer,
    seen: Seen,
}

fn fixture() -> Fixture {
    let issuer = Issuer::new(
        ISSUER,
        Duration::from_secs(60),
        vec![Client {
            id: "bank".into(),
            secret: "s".into(),
            scopes: Vec::new(),
        }],
    );
    let seen = Seen::default();
    let notes = Arc::clone(&seen);
    let router = router(Settings {
        routes: vec![
            route("ANY /open/{proxy+}", Access::Open),
            route("GET /items/{id}", Access::Open),
            route("POST /answers", Access::Open),
            route("GET /fails", Access::Open),
            route("GET /hangs", Access::Open),
            route("GET /guarded", guarded(&["read", "recado/read"])),
            route("GET /anyone", guarded(&[])),
            route(
                "GET /elsewhere",
                Access::Jwt {
                    issuer: "https://elsewhere.local".into(),
                    audience: vec!["bank".into()],
                    scopes: Vec::new(),
                },
            ),
        ],
        issuer: issuer.clone(),
        time_limit: Duration::from_millis(50),
        region: "sa-east-1".into(),
        account_id: "000000000000".into(),
        observer: Arc::new(move |e| {
            notes.lock().unwrap().push((
                e.method.to_owned(),
                e.route.map(str::to_owned),
                e.status,
                e.body.to_vec(),
            ));
        }),
    })
    .unwrap();
    Fixture {
        router,
        issuer,
        seen,
    }
}

impl Fixture {
    async fn call(&self, request: Request<Body>) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        (parts.status, parts.headers, body)
    }

    /// The event that a request becomes.
    async fn event(&self, request: Request<Body>) -> Value {
        let (status, _, body) = self.call(request).await;
        assert_eq!(status, StatusCode::OK);
        serde_json::from_slice(&body).unwrap()
    }

    async fn with_token(&self, path: &str, authorization: &str) -> (StatusCode, String, String) {
        let request = Request::get(path)
            .header(header::AUTHORIZATION, authorization)
            .body(Body::empty())
            .unwrap();
        let (status, headers, body) = self.call(request).await;
        let challenge = headers.get(header::WWW_AUTHENTICATE);
        let challenge = challenge.map(|c| c.to_str().unwrap().to_owned());
        let body = String::from_utf8(body).unwrap();
        (status, body, challenge.unwrap_or_default())
    }

    fn token(&self, client: &str, scopes: &[&str]) -> String {
        let scopes: Vec<String> = scopes.iter().map(|s| (*s).to_owned()).collect();
        self.issuer.issue(client, &scopes, crate::clock::now())
    }
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_request_becomes_an_event_of_payload_format_two() {
    let f = fixture();
    let mut request = Request::post("/open/a%20b/c?x=1&x=2&y=%C3%A9+z&empty=")
        .header("Host", "localhost:8080")
        .header("X-Many", "one")
        .header("X-Many", "two")
        .header("Cookie", "a=1; b=2")
        .header("User-Agent", "test")
        .header("X-Forwarded-For", "198.51.100.1")
        .header("Content-Type", "application/json; charset=utf-8")
        .body(Body::from("{\"a\":\"ç\"}"))
        .unwrap();
    let address = SocketAddr::from(([203, 0, 113, 7], 4000));
    request.extensions_mut().insert(ConnectInfo(address));
    let event = f.event(request).await;

    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "ANY /open/{proxy+}");
    assert_eq!(event["rawPath"], "/open/a b/c");
    assert_eq!(event["rawQueryString"], "x=1&x=2&y=%C3%A9+z&empty=");
    assert_eq!(
        event["queryStringParameters"],
        json!({ "x": "1,2", "y": "é z", "empty": "" })
    );
    assert_eq!(event["pathParameters"], json!({ "proxy": "a b/c" }));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["body"], "{\"a\":\"ç\"}");
    assert_eq!(event["isBase64Encoded"], false);
    let headers = &event["headers"];
    assert_eq!(headers["x-many"], "one,two");
    assert_eq!(headers["host"], "localhost:8080");
    assert_eq!(headers["content-length"], "10");
    assert_eq!(headers["x-forwarded-for"], "198.51.100.1, 203.0.113.7");
    assert_eq!(headers["x-forwarded-port"], "8080");
    assert_eq!(headers.get("cookie"), None);

    let context = &event["requestContext"];
    assert_eq!(context["http"]["method"], "POST");
    assert_eq!(context["http"]["path"], "/open/a b/c");
    assert_eq!(context["http"]["protocol"], "HTTP/1.1");
    assert_eq!(context["http"]["sourceIp"], "203.0.113.7");
    assert_eq!(context["http"]["userAgent"], "test");
    assert_eq!(context["stage"], "$default");
    assert_eq!(context["apiId"], "bankapi");
    assert_eq!(context["domainName"], "localhost");
    assert_eq!(context["routeKey"], "ANY /open/{proxy+}");
    assert!(context["timeEpoch"].as_i64().unwrap() > 1_700_000_000_000);
    let time = context["time"].as_str().unwrap();
    assert!(
        time.ends_with(" +0000") && time.as_bytes()[2] == b'/',
        "{time}"
    );
    assert_eq!(context.get("authorizer"), None);
}

#[tokio::test]
async fn a_request_without_query_cookies_and_body_has_none_of_them_in_its_event() {
    let event = fixture().event(get("/items/42")).await;
    for absent in ["queryStringParameters", "cookies", "body"] {
        assert_eq!(event.get(absent), None, "{absent}");
    }
    assert_eq!(event["rawQueryString"], "");
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["pathParameters"], json!({ "id": "42" }));
}

#[tokio::test]
async fn only_text_json_xml_and_javascript_are_handed_on_as_text() {
    let f = fixture();
    for (content_type, is_text) in [
        (Some("text/plain"), true),
        (Some("application/json"), true),
        (Some("Application/XML; charset=utf-8"), true),
        (Some("application/javascript"), true),
        (Some("application/x-www-form-urlencoded"), false),
        (Some("application/problem+json"), false),
        (Some("application/octet-stream"), false),
        (None, false),
    ] {
        let mut request = Request::post("/open/x");
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let event = f.event(request.body(Body::from("hello")).unwrap()).await;
        let expected = if is_text { "hello" } else { "aGVsbG8=" };
        assert_eq!(event["body"], expected, "{content_type:?}");
        assert_eq!(event["isBase64Encoded"], !is_text, "{content_type:?}");
    }
}

#[tokio::test]
async fn a_route_with_scopes_takes_a_token_with_any_one_of_them() {
    let f = fixture();
    let token = f.token("bank", &["other", "recado/read"]);
    for authorization in [format!("Bearer {token}"), format!("bearer {token}"), token] {
        let (status, body, _) = f.with_token("/guarded", &authorization).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let event: Value = serde_json::from_str(&body).unwrap();
        let jwt = &event["requestContext"]["authorizer"]["jwt"];
        assert_eq!(jwt["claims"]["client_id"], "bank");
        assert_eq!(jwt["claims"]["scope"], "other recado/read");
        assert!(jwt["claims"]["exp"].is_string());
        assert_eq!(jwt["scopes"], json!(["recado/read"]));
    }
    let bearer = format!("Bearer {}", f.token("bank", &[]));
    let (status, body, _) = f.with_token("/anyone", &bearer).await;
    assert_eq!(status, StatusCode::OK);
    let event: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        event["requestContext"]["authorizer"]["jwt"]["scopes"],
        Value::Null
    );
}

#[tokio::test]
async fn without_a_token_that_counts_the_answer_is_the_gateways_own_401() {
    let f = fixture();
    let other_key = Issuer::new(ISSUER, Duration::from_secs(60), Vec::new());
    let other_key = other_key.issue("bank", &["read".to_owned()], crate::clock::now());
    let other_key = format!("Bearer {other_key}");
    let stranger = format!("Bearer {}", f.token("stranger", &["read"]));
    let old = crate::clock::now() - jiff::SignedDuration::from_secs(61);
    let expired = format!(
        "Bearer {}",
        f.issuer.issue("bank", &["read".to_owned()], old)
    );
    for authorization in [
        "",
        "Bearer",
        "Bearer x.y.z",
        "Basic YTpi",
        other_key.as_str(),
        stranger.as_str(),
        expired.as_str(),
    ] {
        let (status, body, challenge) = f.with_token("/guarded", authorization).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{authorization}");
        assert_eq!(body, r#"{"message":"Unauthorized"}"#);
        assert!(challenge.starts_with("Bearer"), "{challenge}");
    }
    let good = format!("Bearer {}", f.token("bank", &["read"]));
    let (status, _, challenge) = f.with_token("/elsewhere", &good).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(challenge.contains("wrong issuer"), "{challenge}");
    let (status, _, body) = f.call(get("/guarded")).await;
    assert_eq!(
        (status, body.as_slice()),
        (
            StatusCode::UNAUTHORIZED,
            &br#"{"message":"Unauthorized"}"#[..]
        )
    );
}

#[tokio::test]
async fn a_token_without_the_routes_scopes_is_forbidden() {
    let f = fixture();
    let bearer = format!("Bearer {}", f.token("bank", &["write"]));
    let (status, body, challenge) = f.with_token("/guarded", &bearer).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(body, r#"{"message":"Forbidden"}"#);
    assert!(challenge.contains("insufficient_scope"), "{challenge}");
}

#[tokio::test]
async fn the_gateways_other_refusals_have_their_own_bodies() {
    let f = fixture();
    let large = Request::post("/open/x")
        .body(Body::from(vec![b'x'; MAX_BODY_BYTES + 1]))
        .unwrap();
    let wrong_method = Request::delete("/items/1").body(Body::empty()).unwrap();
    for (request, status, message) in [
        (get("/nowhere"), 404, "Not Found"),
        (wrong_method, 404, "Not Found"),
        (get("/items/1/2"), 404, "Not Found"),
        (get("/items/"), 404, "Not Found"),
        (large, 413, "Request Entity Too Large"),
        (get("/fails"), 500, "Internal Server Error"),
        (get("/hangs"), 503, "Service Unavailable"),
    ] {
        let path = request.uri().path().to_owned();
        let (got, headers, body) = f.call(request).await;
        assert_eq!(got.as_u16(), status, "{path}");
        assert_eq!(
            String::from_utf8(body).unwrap(),
            format!(r#"{{"message":"{message}"}}"#)
        );
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        assert!(headers.contains_key("apigw-requestid"));
    }
}

#[tokio::test]
async fn the_observer_is_told_of_answers_and_refusals() {
    let f = fixture();
    f.call(get("/items/1")).await;
    f.call(get("/nowhere")).await;
    let seen = f.seen.lock().unwrap();
    assert_eq!(seen[0].0, "GET");
    assert_eq!(seen[0].1.as_deref(), Some("GET /items/{id}"));
    assert_eq!(seen[0].2, 200);
    assert_eq!(seen[1].1, None);
    assert_eq!(
        (seen[1].2, seen[1].3.as_slice()),
        (404, &br#"{"message":"Not Found"}"#[..])
    );
}

#[tokio::test]
async fn the_owners_routes_beside_the_front_door_win() {
    let f = fixture();
    let owned = Router::new()
        .route("/items/{id}", axum::routing::get(|| async { "mine" }))
        .merge(f.router.clone());
    let response = owned.oneshot(get("/items/1")).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "mine");
}
