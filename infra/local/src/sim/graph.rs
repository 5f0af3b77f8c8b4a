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
use recado_testing::meta::{Effect, FaultsChange, Method, Reply, Request, TemplateStatus};
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
    /// - `POST /_emit` `{"field", "value", "waba_id"?}`: a signed webhook of any field.
    pub fn meta_router(&self) -> Router {
        Router::new()
            .route("/_faults", get(faults).post(set_faults))
            .route("/_reset", post(reset))
            .route("/_templates", post(set_template))
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
    let reply = sim.with(|meta, now| meta.request(&request, now));
    deliver(reply).await
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
