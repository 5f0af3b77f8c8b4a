//! What leaves for AWS, and what is made of its answers, over a wire.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use recado_runtime::{Aws, AwsConfig, Retries, SDK_ATTEMPT, SecretError, Settings, Source};

/// What AWS answers next, the first first, and the headers of what it was asked.
#[derive(Default)]
struct Script {
    answers: VecDeque<(u16, &'static str)>,
    asked: Vec<HeaderMap>,
}

type Shared = Arc<Mutex<Script>>;

async fn answer(State(script): State<Shared>, headers: HeaderMap) -> (StatusCode, &'static str) {
    let mut script = script.lock().expect("no panic");
    script.asked.push(headers);
    let (status, body) = script.answers.pop_front().unwrap_or((200, "{}"));
    (StatusCode::from_u16(status).expect("a status"), body)
}

async fn start(answers: &[(u16, &'static str)]) -> (Aws, Shared) {
    let script = Shared::default();
    script.lock().expect("no panic").answers = answers.iter().copied().collect();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new()
        .fallback(answer)
        .with_state(Arc::clone(&script));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let environment = move |name: &str| match name {
        "AWS_REGION" => Some("sa-east-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
        "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
        _ => None,
    };
    let settings = Settings::new(&environment);
    let config = AwsConfig::read(&environment, &settings);
    let config = settings.finish(config).expect("settings");
    (Aws::new(config), script)
}

#[tokio::test]
async fn the_sdk_s_requests_name_recado_and_nothing_else() {
    let (aws, script) = start(&[]).await;
    let client = aws.dynamodb(Retries::Three, SDK_ATTEMPT);
    client
        .list_tables()
        .send()
        .await
        .expect("an answer without tables");
    let script = script.lock().expect("no panic");
    let [headers] = script.asked.as_slice() else {
        panic!("{} requests", script.asked.len());
    };
    let named: Vec<_> = headers.get_all("user-agent").iter().collect();
    assert_eq!(named, [concat!("recado/", env!("CARGO_PKG_VERSION"))]);
    assert!(!headers.contains_key("x-amz-user-agent"));
    assert!(headers.contains_key("authorization"), "signed all the same");
}

#[tokio::test]
async fn a_secret_is_asked_for_again_after_what_may_pass_and_three_times_at_most() {
    const HELD: (u16, &str) = (200, r#"{"SecretString":"held","Name":"n"}"#);
    const AWAY: (u16, &str) = (500, r#"{"__type":"InternalServiceError"}"#);
    const FAST: (u16, &str) = (400, r#"{"__type":"ThrottlingException"}"#);
    const REFUSED: (u16, &str) = (400, r#"{"__type":"AccessDeniedException"}"#);
    let read = async |answers: &[(u16, &'static str)]| {
        let (aws, script) = start(answers).await;
        let text = aws.secrets_manager().read("id").await;
        let script = script.lock().expect("no panic");
        for headers in &script.asked {
            assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
        }
        (text, script.asked.len())
    };
    for answers in [&[HELD] as &[_], &[AWAY, HELD], &[FAST, AWAY, HELD]] {
        let (text, asked) = read(answers).await;
        assert_eq!(text.expect("a text"), "held");
        assert_eq!(asked, answers.len());
    }
    for (answers, expected) in [
        (&[AWAY, AWAY, AWAY, HELD] as &[_], 3),
        (&[REFUSED, HELD], 1),
    ] {
        let (text, asked) = read(answers).await;
        assert!(matches!(text, Err(SecretError::Unavailable(_))), "{text:?}");
        assert_eq!(asked, expected);
    }
    let (binary, _) = read(&[(200, r#"{"SecretBinary":"aGVsZA=="}"#)]).await;
    assert!(
        matches!(binary, Err(SecretError::Unreadable(_))),
        "{binary:?}"
    );
}
