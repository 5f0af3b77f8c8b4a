//! The customers' phones over HTTP.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::Bytes;
use recado_testing::{
    meta::{CustomerReply, Meta, ReplyRefused, parse_e164},
    phones::Change,
};
use serde_json::{Value, json};

use super::{Sim, problem, read};

impl Sim {
    /// Routes of the phones, to be nested under their base (`/sim/phones`).
    ///
    /// A number stands in the path as `+5511…`, percent-encoded or not.
    pub fn phones_router(&self) -> Router {
        Router::new()
            .route("/", get(list))
            .route("/{e164}", get(show).put(change))
            .route("/{e164}/inbox", get(inbox))
            .route("/{e164}/reply", post(reply))
            .with_state(self.clone())
    }
}

/// A number as it may stand in a path; the `+` may be left out.
fn number(text: &str) -> Result<String, Box<Response>> {
    let digits = text.trim().trim_start_matches('+');
    parse_e164(&format!("+{digits}")).ok_or_else(|| {
        let what = "the path needs a phone number in E.164, as +5511987654321";
        Box::new(problem(StatusCode::BAD_REQUEST, what))
    })
}

/// A phone's switches, and what follows from them.
fn state(meta: &mut Meta, e164: &str) -> Value {
    let waiting = meta.waiting_for(e164);
    let phone = meta.phone(e164);
    let mut state = json!(phone.switches);
    state["number"] = json!(phone.number);
    state["name"] = json!(phone.name());
    state["wa_id"] = json!(phone.wa_id());
    state["arrived"] = json!(phone.inbox.len());
    state["waiting"] = json!(waiting);
    state
}

async fn list(State(sim): State<Sim>) -> Response {
    let phones: Vec<Value> = sim.with(|meta, _| {
        let numbers: Vec<String> = meta
            .phones()
            .iter()
            .map(|phone| phone.number.clone())
            .collect();
        numbers.iter().map(|number| state(meta, number)).collect()
    });
    Json(phones).into_response()
}

async fn show(State(sim): State<Sim>, Path(e164): Path<String>) -> Response {
    match number(&e164) {
        Err(refusal) => *refusal,
        Ok(e164) => Json(sim.with(|meta, _| state(meta, &e164))).into_response(),
    }
}

async fn change(State(sim): State<Sim>, Path(e164): Path<String>, body: Bytes) -> Response {
    let (e164, change) = match (number(&e164), read::<Change>(&body)) {
        (Ok(e164), Ok(change)) => (e164, change),
        (Err(refusal), _) | (_, Err(refusal)) => return *refusal,
    };
    let state = sim.with(|meta, now| {
        meta.switch_phone(&e164, change, now);
        state(meta, &e164)
    });
    Json(state).into_response()
}

async fn inbox(State(sim): State<Sim>, Path(e164): Path<String>) -> Response {
    match number(&e164) {
        Err(refusal) => *refusal,
        Ok(e164) => Json(sim.with(|meta, _| meta.phone(&e164).inbox.clone())).into_response(),
    }
}

async fn reply(State(sim): State<Sim>, Path(e164): Path<String>, body: Bytes) -> Response {
    let (e164, reply) = match (number(&e164), read::<CustomerReply>(&body)) {
        (Ok(e164), Ok(reply)) => (e164, reply),
        (Err(refusal), _) | (_, Err(refusal)) => return *refusal,
    };
    match sim.with(|meta, now| meta.reply(&e164, &reply, now)) {
        Ok(id) => Json(json!({ "id": id })).into_response(),
        Err(refused) => {
            let status = match refused {
                ReplyRefused::NotOneThing => StatusCode::BAD_REQUEST,
                ReplyRefused::NoSuchButton | ReplyRefused::NoSuchNumber => StatusCode::NOT_FOUND,
                ReplyRefused::NotReachable => StatusCode::CONFLICT,
            };
            problem(status, refused)
        }
    }
}
