//! Over real sockets.

use std::time::Duration;

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use recado_testing::{
    meta::{Account, BusinessNumber, EventKind, Meta, MetaTemplate, Settings, webhooks},
    phones::Channel,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

use super::*;

const NUMBER: &str = "700000000000001";
const ANA: &str = "+5511987654321";

struct Posted {
    signature: String,
    body: Vec<u8>,
}

struct Stack {
    sim: Sim,
    base: String,
    posted: mpsc::UnboundedReceiver<Posted>,
    client: reqwest::Client,
}

async fn take(
    State(posted): State<mpsc::UnboundedSender<Posted>>,
    headers: HeaderMap,
    body: Bytes,
) {
    let signature = headers["x-hub-signature-256"].to_str().expect("ASCII");
    let posted_body = Posted {
        signature: signature.to_owned(),
        body: body.to_vec(),
    };
    posted.send(posted_body).expect("the test listens");
}

async fn start() -> Stack {
    let (sender, posted) = mpsc::unbounded_channel();
    let mut settings = Settings::new(
        1,
        "secret",
        vec![Account {
            waba_id: "800000000000001".to_owned(),
            token: "token".to_owned(),
            numbers: vec![BusinessNumber {
                id: NUMBER.to_owned(),
                number: "+551140000001".to_owned(),
                name: "Banco Aurora".to_owned(),
            }],
        }],
    );
    settings.latency.sent = 1..=5;
    settings.latency.delivered = 1..=5;
    settings.switches.reads_after_ms = Some(1);
    let mut meta = Meta::new(settings);
    let template = MetaTemplate::from_creation(&json!({
        "name": "hello", "language": "pt_BR", "category": "UTILITY",
        "components": [{ "type": "BODY", "text": "Olá, {{1}}!", "example": { "body_text": [["Ana"]] } }] }));
    meta.seed_template("800000000000001", template.expect("good"));
    let sim = Sim::new(meta);
    let callback = Router::new().route("/hook", post(take)).with_state(sender);
    let router = Router::new()
        .nest("/sim/meta", sim.meta_router())
        .nest("/sim/phones", sim.phones_router())
        .merge(callback);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    tokio::spawn(sim.clone().post_webhooks(format!("http://{address}/hook")));
    Stack {
        sim,
        base: format!("http://{address}/sim"),
        posted,
        client: reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client"),
    }
}

impl Stack {
    async fn send(&self, to: &str) -> Result<reqwest::Response, reqwest::Error> {
        self.client
            .post(format!("{}/meta/v25.0/{NUMBER}/messages", self.base))
            .timeout(Duration::from_millis(500))
            .bearer_auth("token")
            .json(
                &json!({ "messaging_product": "whatsapp", "to": to, "type": "template",
                "template": { "name": "hello", "language": { "code": "pt_BR" }, "components": [
                    { "type": "body", "parameters": [{ "type": "text", "text": "João" }] }] } }),
            )
            .send()
            .await
    }

    async fn json(&self, method: reqwest::Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}{path}", self.base);
        let response = self.client.request(method, url).body(body.to_string());
        let response = response.send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    /// The next status that is posted, its signature checked.
    async fn status(&mut self) -> String {
        let posted = self.posted.recv().await.expect("a webhook");
        assert_eq!(posted.signature, webhooks::sign("secret", &posted.body));
        let body: Value = serde_json::from_slice(&posted.body).expect("JSON");
        let status = &body["entry"][0]["changes"][0]["value"]["statuses"][0]["status"];
        status.as_str().expect("a status").to_owned()
    }
}

#[tokio::test]
async fn a_message_goes_from_the_api_to_the_phone_and_its_statuses_to_the_callback() {
    let mut stack = start().await;
    let mut events = stack.sim.events();
    assert_eq!(stack.send(ANA).await.expect("an answer").status(), 200);
    for expected in ["sent", "delivered", "read"] {
        assert_eq!(stack.status().await, expected);
    }
    for path in [
        "/phones/+5511987654321/inbox",
        "/phones/%2B5511987654321/inbox",
    ] {
        let (_, inbox) = stack.json(reqwest::Method::GET, path, Value::Null).await;
        assert_eq!(inbox[0]["channel"], "whatsapp");
        assert_eq!(inbox[0]["text"], "Olá, João!");
    }
    let first = events.recv().await.expect("an event");
    assert!(matches!(first.kind, EventKind::Accepted { .. }));
    assert_eq!(first.phone.as_deref(), Some(ANA));
}

#[tokio::test]
async fn faults_cut_or_silence_the_connection() {
    let mut stack = start().await;
    let faults =
        json!({ "next": [{ "reset": true }, { "timeout_after_accept": true }, { "status": 502 }] });
    let (status, shown) = stack
        .json(reqwest::Method::POST, "/meta/_faults", faults.clone())
        .await;
    assert_eq!((status, &shown["next"]), (200, &faults["next"]));
    let cut = stack
        .send("+5511900000002")
        .await
        .expect_err("a cut connection");
    assert!(!cut.is_timeout());
    let silent = stack.send("+5511900000002").await.expect_err("silence");
    assert!(silent.is_timeout());
    assert_eq!(
        stack.status().await,
        "sent",
        "accepted although never answered"
    );
    assert_eq!(
        stack.send("+5511900000002").await.expect("a page").status(),
        502
    );
    let misspelt = json!({ "nxt": [] });
    let (status, _) = stack
        .json(reqwest::Method::POST, "/meta/_faults", misspelt)
        .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_phone_is_switched_written_to_and_answers() {
    let mut stack = start().await;
    let put = reqwest::Method::PUT;
    let path = format!("/phones/{ANA}");
    let (status, state) = stack
        .json(
            put.clone(),
            &path,
            json!({ "online": false, "reads_after_ms": null }),
        )
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        (&state["online"], &state["reads_after_ms"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(stack.send(ANA).await.expect("an answer").status(), 200);
    assert_eq!(stack.status().await, "sent");
    stack
        .sim
        .receive_sms(ANA, "Olá por SMS", "AURORA")
        .expect("taken");
    stack
        .json(put.clone(), &path, json!({ "online": true }))
        .await;
    assert_eq!(stack.status().await, "delivered");
    let channels: Vec<Channel> = stack.sim.with(|meta, _| {
        let inbox = &meta.phones().get(ANA).expect("known").inbox;
        inbox.iter().map(|arrival| arrival.channel).collect()
    });
    assert_eq!(channels, [Channel::Sms, Channel::Whatsapp]);

    let post = reqwest::Method::POST;
    let answer = format!("{path}/reply");
    let (status, _) = stack
        .json(post.clone(), &answer, json!({ "text": "SAIR" }))
        .await;
    assert_eq!(status, 200);
    for (body, expected) in [(json!({}), 400), (json!({ "button": "none" }), 404)] {
        assert_eq!(stack.json(post.clone(), &answer, body).await.0, expected);
    }
    assert_eq!(
        stack.json(put, &path, json!({ "onlin": true })).await.0,
        400
    );
    assert_eq!(
        stack
            .json(reqwest::Method::GET, "/phones/abc", Value::Null)
            .await
            .0,
        400
    );
    let (_, list) = stack
        .json(reqwest::Method::GET, "/phones", Value::Null)
        .await;
    assert_eq!(list[0]["number"], ANA);
}
