//! What the client asks of Meta, and what it says of Meta's answers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use recado_domain::carried::Carried;
use recado_domain::delivery::{FailureKind, PostOutcome};
use recado_domain::file::FileType;
use recado_domain::ids::PhoneNumberId;
use recado_domain::message::{Addressee, FreeText, Outgoing};
use recado_domain::phone::E164;
use recado_http::Http;
use recado_whatsapp::errors::UploadError;
use recado_whatsapp::webhook::MessageId;
use recado_whatsapp::{AccessToken, BaseUrlError, Client};

/// What Meta answers next, and what it was asked.
#[derive(Default)]
struct Meta {
    next: (u16, &'static str),
    asked: Vec<String>,
}

type Shared = Arc<Mutex<Meta>>;

async fn meta(
    State(meta): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, &'static str) {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|it| it.to_str().ok())
            .unwrap_or("-")
            .to_owned()
    };
    let mut meta = meta.lock().expect("no panic");
    let line = format!(
        "{method} {uri} {} {} {body}",
        header("authorization"),
        header("content-type")
    );
    meta.asked.push(line);
    (
        StatusCode::from_u16(meta.next.0).expect("a status"),
        meta.next.1,
    )
}

/// What a free-form message carries.
fn mark() -> Carried {
    Carried::parse("rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa.1793400012000").expect("a window")
}

struct Scene {
    meta: Shared,
    client: Client,
    from: PhoneNumberId,
    token: AccessToken,
}

impl Scene {
    async fn new() -> Self {
        let meta = Shared::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let base = format!(
            "http://{}/v25.0/",
            listener.local_addr().expect("an address")
        );
        let router = Router::new()
            .fallback(self::meta)
            .with_state(Arc::clone(&meta));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            meta,
            client: Client::new(Http::new(), base, Duration::from_secs(20)).expect("an address"),
            from: PhoneNumberId::parse("700000000000001").expect("valid"),
            token: AccessToken::parse("EAAfictional").expect("valid"),
        }
    }

    fn will_answer(&self, status: u16, body: &'static str) {
        self.meta.lock().expect("no panic").next = (status, body);
    }

    fn asked(&self) -> Vec<String> {
        self.meta.lock().expect("no panic").asked.clone()
    }

    async fn send(&self) -> PostOutcome {
        let to = Addressee::Phone(E164::parse("+5511987654321").expect("valid"));
        self.client
            .send(
                &self.from,
                &self.token,
                &to,
                &Outgoing::Text {
                    body: FreeText::new("text", "Olá".to_owned(), 4_096)
                        .unwrap_or_else(|faults| panic!("{faults:?}")),
                },
                &mark(),
            )
            .await
    }
}

const ACCEPTED: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+5511987654321",
    "wa_id":"5511987654321"}],"messages":[{"id":"wamid.SIMULATED0001=="}]}"#;

#[tokio::test]
async fn a_message_is_posted_to_its_number_with_the_token_and_the_plus() {
    let scene = Scene::new().await;
    scene.will_answer(200, ACCEPTED);
    assert_eq!(
        scene.send().await,
        PostOutcome::Accepted { provider_id: None }
    );
    let expected = concat!(
        "POST /v25.0/700000000000001/messages Bearer EAAfictional application/json ",
        r#"{"messaging_product":"whatsapp","recipient_type":"individual","to":"+5511987654321","#,
        r#""type":"text","text":{"body":"Olá"},"#,
        r#""biz_opaque_callback_data":"rcp_1_aaaaaaaaaaaaaaaaaaaaaaaaaa.1793400012000"}"#,
    );
    assert_eq!(scene.asked(), [expected]);
}

#[tokio::test]
async fn a_read_mark_is_posted_to_the_same_place() {
    let scene = Scene::new().await;
    scene.will_answer(200, r#"{"success":true}"#);
    let message = MessageId::from_stored("wamid.INBOUND001==".to_owned());
    let outcome = scene
        .client
        .mark_read(&scene.from, &scene.token, &message)
        .await;
    assert_eq!(outcome, PostOutcome::Accepted { provider_id: None });
    let expected = concat!(
        "POST /v25.0/700000000000001/messages Bearer EAAfictional application/json ",
        r#"{"messaging_product":"whatsapp","status":"read","message_id":"wamid.INBOUND001=="}"#,
    );
    assert_eq!(scene.asked(), [expected]);
}

#[tokio::test]
async fn each_answer_of_metas_is_asked_for_once_and_becomes_its_outcome() {
    let scene = Scene::new().await;
    let kind = |outcome: PostOutcome| {
        let PostOutcome::Rejected(failure) = outcome else {
            panic!("{outcome:?}")
        };
        (failure.kind, failure.code)
    };
    scene.will_answer(
        401,
        r#"{"error":{"code":190,"message":"EAAfictional expired"}}"#,
    );
    assert_eq!(
        kind(scene.send().await),
        (FailureKind::Technical, Some(190))
    );
    scene.will_answer(500, r#"{"error":{"code":131026,"fbtrace_id":"AbC"}}"#);
    assert_eq!(
        kind(scene.send().await),
        (FailureKind::Permanent, Some(131_026))
    );
    scene.will_answer(400, r#"{"error":{"code":131056}}"#);
    let outcome = scene.send().await;
    let PostOutcome::NotSent {
        failure,
        retry_after,
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        (failure.code, retry_after),
        (Some(131_056), Duration::from_secs(4))
    );
    scene.will_answer(503, r#"{"error":{"code":2,"is_transient":true}}"#);
    assert_eq!(scene.send().await, PostOutcome::Unknown);
    scene.will_answer(
        200,
        r#"{"messages":[{"id":"wamid.1","message_status":"held_for_quality_assessment"}]}"#,
    );
    assert_eq!(scene.send().await, PostOutcome::Held);
    assert_eq!(scene.asked().len(), 5);
}

#[test]
fn an_address_that_is_not_an_apis_stops_the_start() {
    let check =
        |base: &str| Client::new(Http::new(), base.to_owned(), Duration::from_secs(8)).map(|_| ());
    assert_eq!(check("https://graph.facebook.com/v25.0"), Ok(()));
    assert_eq!(check("http://127.0.0.1:8080/sim/meta"), Ok(()));
    for base in [
        "",
        "graph.facebook.com",
        "ftp://graph.facebook.com",
        "https://x/?a=1",
        "https://x/#a",
        "data:x",
    ] {
        assert_eq!(check(base), Err(BaseUrlError), "{base}");
    }
}

#[tokio::test]
async fn an_upload_answers_the_files_id_or_what_to_do_about_it() {
    let scene = Scene::new().await;
    let upload = || {
        let file = b"%PDF-1.7";
        scene
            .client
            .upload_media(&scene.from, &scene.token, FileType::Pdf, file)
    };
    scene.will_answer(200, r#"{"id":"910000000000001"}"#);
    let id = upload().await.expect("an id");
    assert_eq!(id.as_str(), "910000000000001");
    let asked = scene.asked().remove(0);
    let expected =
        "POST /v25.0/700000000000001/media Bearer EAAfictional multipart/form-data; boundary=";
    assert!(asked.starts_with(expected), "{asked}");
    assert!(asked.contains("%PDF-1.7"), "{asked}");

    let file = |error: &UploadError| matches!(error, UploadError::File(_));
    let refused = |error: &UploadError| matches!(error, UploadError::Refused(_));
    let away = |seconds: u64| {
        move |error: &UploadError| {
            let after = Duration::from_secs(seconds);
            matches!(error, UploadError::Away { retry_after, .. } if *retry_after == after)
        }
    };
    type Expected<'a> = &'a dyn Fn(&UploadError) -> bool;
    let cases: [(u16, &'static str, Expected<'_>); 10] = [
        (400, r#"{"error":{"code":131053}}"#, &file),
        (401, r#"{"error":{"code":190}}"#, &refused),
        (400, r#"{"error":{"code":100}}"#, &refused),
        (403, r#"{"error":{"code":131031}}"#, &refused),
        (400, r#"{"error":{"code":4}}"#, &away(60)),
        (500, r#"{"error":{"code":131000}}"#, &away(1)),
        (503, "<html>", &away(1)),
        (200, "", &away(1)),
        (200, r#"{"id":"+5511987654321"}"#, &away(1)),
        (500, r#"{"id":"910000000000001"}"#, &away(1)),
    ];
    for (status, body, expected) in cases {
        scene.will_answer(status, body);
        let error = upload().await.expect_err(body);
        assert!(expected(&error), "{status} {body}: {error:?}");
    }
}
