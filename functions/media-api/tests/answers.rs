//! What a bank is answered for a file, whatever Meta makes of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use jiff::Timestamp;
use lambda_http::request::RequestContext;
use media_api::{Deps, router};
use recado_domain::catalogue;
use recado_domain::consent::ConsentPolicy;
use recado_domain::file::LARGEST;
use recado_domain::hours::Hours;
use recado_domain::ids::{AppId, BusinessAccountId, PhoneNumberId, TenantId};
use recado_domain::locale::Locale;
use recado_http::Http;
use recado_ports::TenantConfig;
use recado_runtime::{Tokens, Watched, WhatsappSecret};
use recado_testing::twin::{Fault, Store, StoreCall, World};
use recado_whatsapp::Client;
use serde_json::{Value, json};
use tower::ServiceExt;

const PDF: &[u8] = b"%PDF-1.4 xref startxref 9 %%EOF";
const TAKEN: &str = r#"{"id":"910000000000001"}"#;

/// What Meta answers next, and which addresses were asked.
#[derive(Default)]
struct Meta {
    next: (u16, &'static str),
    asked: Vec<String>,
}

async fn meta(
    State(meta): State<Arc<Mutex<Meta>>>,
    uri: Uri,
    _: Bytes,
) -> (StatusCode, &'static str) {
    let mut meta = meta.lock().expect("no panic");
    meta.asked.push(uri.path().to_owned());
    let status = StatusCode::from_u16(meta.next.0).expect("a status");
    (status, meta.next.1)
}

struct Scene {
    meta: Arc<Mutex<Meta>>,
    store: Store,
    app: Router,
}

struct Answer {
    status: u16,
    retry_after: Option<String>,
    body: Value,
}

impl Scene {
    async fn new() -> Self {
        let meta = Arc::new(Mutex::new(Meta::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = Router::new()
            .fallback(self::meta)
            .with_state(Arc::clone(&meta));
        tokio::spawn(async move { axum::serve(listener, server).await });
        Self::with(meta, &format!("http://{address}/v25.0"))
    }

    fn with(meta: Arc<Mutex<Meta>>, base: &str) -> Self {
        let store = Store::new();
        for (name, number) in [("banco-aurora", "700"), ("banco-boreal", "800")] {
            let tenant = TenantId::parse(name).expect("valid");
            let config = TenantConfig {
                name: "Banco".to_owned(),
                phone_number_id: PhoneNumberId::parse(number).expect("valid"),
                business_account_id: BusinessAccountId::parse("8001").expect("valid"),
                messages_per_second: 80,
                sms_sender_id: None,
                locale: Locale::PtBr,
                time_zone: "America/Sao_Paulo".to_owned(),
                hours: Hours::default(),
                hosts: catalogue::HOSTS.map(str::to_owned).to_vec(),
                consent: ConsentPolicy::default(),
            };
            store
                .put_tenant(&tenant, &config)
                .expect("a name that fits");
            store.put_client(name, &tenant);
        }
        let whatsapp = Client::new(Http::new(), base.to_owned(), Duration::from_secs(20));
        // Banco Boreal has no access token.
        let tenant = TenantId::parse("banco-aurora").expect("valid");
        let tokens = BTreeMap::from([(tenant, "EAAfictional".to_owned())]);
        let now = Timestamp::from_second(1_790_000_000).expect("valid");
        let deps = Deps {
            store: store.clone(),
            chance: World::new(1, now),
            whatsapp: whatsapp.expect("an address"),
            tokens: Tokens::of(&Arc::new(Watched::unchanging(WhatsappSecret {
                app_id: AppId::parse("600").expect("valid"),
                app_secrets: Vec::new(),
                verify_token: String::new(),
                access_tokens: tokens,
            }))),
        };
        let app = router(Arc::new(deps));
        Self { meta, store, app }
    }

    fn meta_answers(&self, status: u16, body: &'static str) {
        self.meta.lock().expect("no panic").next = (status, body);
    }

    fn asked(&self) -> Vec<String> {
        self.meta.lock().expect("no panic").asked.clone()
    }

    async fn post(&self, bank: &str, media_type: &str, file: &[u8]) -> Answer {
        let context = json!({
            "accountId": "0", "apiId": "api", "stage": "$default", "requestId": "r", "timeEpoch": 0,
            "authorizer": { "jwt": { "claims": { "client_id": bank }, "scopes": [] } },
            "http": {
                "method": "POST", "path": "/v1/media", "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "tests",
            },
        });
        let mut request = Request::post("/v1/media")
            .header(header::CONTENT_TYPE, media_type)
            .body(Body::from(file.to_vec()))
            .expect("a request");
        let context = serde_json::from_value(context).expect("a context");
        request
            .extensions_mut()
            .insert(RequestContext::ApiGatewayV2(context));
        let answer = self.app.clone().oneshot(request).await.expect("an answer");
        let retry_after = answer.headers().get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok().map(str::to_owned));
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("a body");
        Answer {
            status,
            retry_after,
            body: serde_json::from_slice(&body.to_bytes()).expect("JSON"),
        }
    }

    async fn pdf(&self) -> Answer {
        self.post("banco-aurora", "application/pdf", PDF).await
    }
}

#[tokio::test]
async fn a_file_that_meta_takes_has_an_id_for_thirty_days() {
    let scene = Scene::new().await;
    scene.meta_answers(200, TAKEN);
    let answer = scene.pdf().await;
    assert_eq!(answer.status, 201);
    let expected = json!({
        "media_id": "910000000000001", "kind": "document", "bytes": PDF.len(),
        "sha256": "3321b5225a334b811eabba3221ed3902a701819162eba044b0828b160dd08b51",
        "expires_at": "2026-10-21T14:13:20.000Z",
    });
    assert_eq!(answer.body, expected);
    assert_eq!(scene.asked(), ["/v25.0/700/media"]);
}

#[tokio::test]
async fn what_is_no_such_file_never_reaches_meta() {
    let scene = Scene::new().await;
    let too_large = vec![b' '; LARGEST + 1];
    let cases: [(&str, &[u8], u16, &str); 7] = [
        ("application/json", b"{}", 415, "unsupported-media-type"),
        ("text/plain", PDF, 415, "unsupported-media-type"),
        ("", PDF, 415, "unsupported-media-type"),
        ("image/png", PDF, 422, "invalid-content"),
        ("application/pdf", &PDF[..20], 422, "invalid-content"),
        ("application/pdf", b"", 422, "invalid-content"),
        ("application/pdf", &too_large, 413, "body-too-large"),
    ];
    for (media_type, file, status, problem) in cases {
        let answer = scene.post("banco-aurora", media_type, file).await;
        let named = format!("urn:recado:problem:{problem}");
        assert_eq!(answer.status, status, "{media_type}: {}", answer.body);
        assert_eq!(answer.body["type"], named, "{media_type}");
        if status == 422 {
            assert_eq!(answer.body["errors"][0]["field"], "body");
        }
    }
    let stranger = scene.post("nobody", "application/pdf", PDF).await;
    assert_eq!(stranger.status, 403);
    assert_eq!(scene.asked(), [""; 0]);
}

#[tokio::test]
async fn metas_refusals_become_the_banks_problem_ours_or_one_that_passes() {
    let scene = Scene::new().await;
    let cases = [
        (
            400,
            r#"{"error":{"code":131053}}"#,
            422,
            "invalid-content",
            None,
        ),
        (401, r#"{"error":{"code":190}}"#, 500, "internal", None),
        (400, r#"{"error":{"code":100}}"#, 500, "internal", None),
        (503, "<html>", 503, "meta-unavailable", Some("1")),
        (
            400,
            r#"{"error":{"code":4}}"#,
            503,
            "meta-unavailable",
            Some("60"),
        ),
    ];
    for (status, body, expected, problem, retry_after) in cases {
        scene.meta_answers(status, body);
        let answer = scene.pdf().await;
        let named = format!("urn:recado:problem:{problem}");
        assert_eq!(
            (answer.status, &answer.body["type"]),
            (expected, &json!(named))
        );
        assert_eq!(answer.retry_after.as_deref(), retry_after, "{body}");
    }
    let nobody_there = Scene::with(Arc::default(), "http://127.0.0.1:1/v25.0")
        .pdf()
        .await;
    assert_eq!(nobody_there.status, 503);
}

#[tokio::test]
async fn what_is_missing_on_our_side_is_our_fault_and_a_store_away_passes() {
    let scene = Scene::new().await;
    scene.meta_answers(200, TAKEN);
    let tokenless = scene.post("banco-boreal", "application/pdf", PDF).await;
    assert_eq!(tokenless.status, 500);
    let away = |call| (call == StoreCall::Tenant).then_some(Fault::Before);
    scene.store.break_calls(away);
    let answer = scene.pdf().await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.body["type"], "urn:recado:problem:unavailable");
    assert_eq!(scene.asked(), [""; 0]);
}
