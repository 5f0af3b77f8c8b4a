//! The Graph API over HTTP, and the simulator's own controls beside it.

use std::{io, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use futures::stream;
use recado_testing::meta::{
    Account, BusinessNumber, Effect, FaultsChange, Method, Reply, Request, TemplateStatus, form,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Sim, problem, read};

/// Largest request: a document of 100 MB and its multipart frame.
const BODY_MAX: usize = 101 << 20;
/// How long a connection that is never answered stays open. Longer than any client waits.
const SILENCE: Duration = Duration::from_secs(120);

impl Sim {
    /// Routes of the simulated Meta, to be nested under its base (`/sim/meta`): the Graph API, and
    ///
    /// - `GET|POST /_faults`: what goes wrong next;
    /// - `POST /_reset`: everything back to the beginning, seeded templates kept;
    /// - `POST /_templates` `{"name", "language"?, "status", "waba_id"?}`: pauses, disables, approves;
    /// - `POST /_accounts` `{"waba_id", "token", "phone_number_id", "number", "name"}`: another business opens
    ///   an account; no app gets its webhooks until one is subscribed;
    /// - `POST /_credentials` `{"app_secret"?, "token"?, "waba_id"?}`: exchanges the app's secret, an
    ///   account's access token;
    /// - `POST /_emit` `{"field", "value", "waba_id"?}`: a signed webhook of any field.
    pub fn meta_router(&self) -> Router {
        Router::new()
            .route("/_faults", get(faults).post(set_faults))
            .route("/_reset", post(reset))
            .route("/_templates", post(set_template))
            .route("/_accounts", post(open_account))
            .route("/_credentials", post(exchange))
            .route("/_emit", post(emit))
            .fallback(graph)
            .layer(DefaultBodyLimit::max(BODY_MAX))
            .with_state(self.clone())
    }
}

async fn graph(
    State(sim): State<Sim>,
    method: http::Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let method = match method {
        http::Method::GET => Method::Get,
        http::Method::POST => Method::Post,
        http::Method::DELETE => Method::Delete,
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    if method == Method::Post {
        sim.note_post(&body);
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let request = Request {
        method,
        path,
        authorization: text("authorization"),
        content_type: text("content-type"),
        file_offset: text("file_offset"),
        body: &body,
    };
    if let Err(refusal) = sim.asks_the_callback(&request).await {
        return deliver(refusal).await;
    }
    let reply = sim.with(|meta, now| meta.request(&request, now));
    deliver(reply).await
}

/// Meta's code for a callback that does not answer its verification.
const VERIFICATION_FAILED: u32 = 2200;

impl Sim {
    /// An app's new callback is verified before it is taken.
    async fn asks_the_callback(&self, request: &Request<'_>) -> Result<(), Reply> {
        let path = request.path.split('?').next().unwrap_or_default();
        if request.method != Method::Post || !path.ends_with("/subscriptions") {
            return Ok(());
        }
        let fields = form(request.body);
        let (Some(callback), Some(token)) =
            (fields.get("callback_url"), fields.get("verify_token"))
        else {
            return Ok(());
        };
        let verified = self.verify_callback(callback, token).await;
        verified.map_err(|error| {
            let body = json!({ "error": {
                "message": format!("(#{VERIFICATION_FAILED}) Callback verification failed: {error}"),
                "type": "OAuthException", "code": VERIFICATION_FAILED,
            } });
            Reply::json(400, &body)
        })
    }
}

async fn deliver(reply: Reply) -> Response {
    match reply.effect {
        Effect::Answer => {}
        Effect::TimeoutAfterAccept | Effect::TimeoutBeforeAccept => {
            tokio::time::sleep(SILENCE).await;
            return cut();
        }
        Effect::ResetAfterAccept | Effect::ResetBeforeAccept => return cut(),
    }
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content_type = [(header::CONTENT_TYPE, reply.content_type)];
    (status, content_type, reply.body).into_response()
}

/// Ends the connection without an answer: a body that fails before its first byte makes hyper close
/// it while the head is still unsent.
fn cut() -> Response {
    let failure = io::Error::new(io::ErrorKind::ConnectionReset, "cut by a fault");
    Body::from_stream(stream::iter([Err::<Bytes, _>(failure)])).into_response()
}

async fn faults(State(sim): State<Sim>) -> Response {
    Json(sim.with(|meta, _| meta.faults().clone())).into_response()
}

async fn set_faults(State(sim): State<Sim>, body: Bytes) -> Response {
    match read::<FaultsChange>(&body) {
        Err(refusal) => *refusal,
        Ok(change) => {
            sim.with(|meta, _| meta.set_faults(change));
            faults(State(sim)).await
        }
    }
}

async fn reset(State(sim): State<Sim>) -> Response {
    sim.with(|meta, _| meta.reset());
    Json(json!({ "success": true })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateChange {
    name: String,
    language: Option<String>,
    status: TemplateStatus,
    /// Every account without it.
    waba_id: Option<String>,
}

async fn set_template(State(sim): State<Sim>, body: Bytes) -> Response {
    let change: TemplateChange = match read(&body) {
        Ok(change) => change,
        Err(refusal) => return *refusal,
    };
    let changed: usize = sim.with(|meta, now| {
        let accounts = accounts(meta.settings(), change.waba_id.as_deref());
        let language = change.language.as_deref();
        accounts
            .iter()
            .map(|waba| meta.set_template_status(waba, &change.name, language, change.status, now))
            .sum()
    });
    match changed {
        0 => problem(StatusCode::NOT_FOUND, "no such template"),
        changed => Json(json!({ "changed": changed })).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAccount {
    waba_id: String,
    token: String,
    phone_number_id: String,
    /// E.164.
    number: String,
    name: String,
}

async fn open_account(State(sim): State<Sim>, body: Bytes) -> Response {
    let new: NewAccount = match read(&body) {
        Ok(new) => new,
        Err(refusal) => return *refusal,
    };
    let account = Account {
        waba_id: new.waba_id,
        token: new.token,
        numbers: vec![BusinessNumber {
            id: new.phone_number_id,
            number: new.number,
            name: new.name,
        }],
    };
    sim.with(|meta, _| meta.open_account(account));
    Json(json!({ "success": true })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    app_secret: Option<String>,
    token: Option<String>,
    /// The first account without it.
    waba_id: Option<String>,
}

async fn exchange(State(sim): State<Sim>, body: Bytes) -> Response {
    let exchange: Exchange = match read(&body) {
        Ok(exchange) => exchange,
        Err(refusal) => return *refusal,
    };
    let known = sim.with(|meta, _| {
        let wanted = accounts(meta.settings(), exchange.waba_id.as_deref());
        let wanted = wanted.first()?;
        let settings = meta.settings_mut();
        let accounts = settings.accounts.iter_mut();
        let mut accounts = accounts.filter(|account| account.waba_id == *wanted);
        if let (Some(token), Some(account)) = (exchange.token, accounts.next()) {
            account.token = token;
        }
        if let Some(secret) = exchange.app_secret {
            settings.app_secret = secret;
        }
        Some(())
    });
    match known {
        None => problem(StatusCode::NOT_FOUND, "no such account"),
        Some(()) => Json(json!({ "success": true })).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Emission {
    field: String,
    value: Value,
    /// The first account without it.
    waba_id: Option<String>,
}

async fn emit(State(sim): State<Sim>, body: Bytes) -> Response {
    let emission: Emission = match read(&body) {
        Ok(emission) => emission,
        Err(refusal) => return *refusal,
    };
    let known = sim.with(|meta, now| {
        let accounts = accounts(meta.settings(), emission.waba_id.as_deref());
        let waba = accounts.first()?;
        meta.emit(waba, &emission.field, emission.value, now);
        Some(())
    });
    match known {
        None => problem(StatusCode::NOT_FOUND, "no such account"),
        Some(()) => Json(json!({ "success": true })).into_response(),
    }
}

fn accounts(settings: &recado_testing::meta::Settings, waba_id: Option<&str>) -> Vec<String> {
    settings
        .accounts
        .iter()
        .map(|account| account.waba_id.clone())
        .filter(|waba| waba_id.is_none_or(|wanted| wanted == waba))
        .collect()
}
