//! What the stack shows: the page, and the JSON behind it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::stream::{self, Stream, StreamExt};
use recado_domain::template::Template;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use crate::aws::Aws;
use crate::sim::Sim;
use crate::stack::{Logs, Ready, session};
use crate::templates::describe;
use crate::timeline::Timeline;

/// What the page tells of.
#[derive(Clone)]
pub struct Site {
    /// Where things are.
    pub ready: Ready,
    /// Every template that can be sent.
    pub templates: Vec<Arc<Template>>,
    /// The AWS stand-ins.
    pub aws: Arc<Aws>,
    /// The simulated world.
    pub sim: Sim,
    /// What the functions printed.
    pub logs: Logs,
    /// What happens.
    pub timeline: Timeline,
}

macro_rules! files {
    ($($path:literal => $file:literal, $type:literal;)+) => {
        &[$(($path, include_str!(concat!("../page/", $file)), $type),)+]
    };
}

const FILES: &[(&str, &str, &str)] = files! {
    "/" => "index.html", "text/html; charset=utf-8";
    "/style.css" => "style.css", "text/css; charset=utf-8";
    "/phone.css" => "phone.css", "text/css; charset=utf-8";
    "/activity.js" => "activity.js", "text/javascript; charset=utf-8";
    "/api.js" => "api.js", "text/javascript; charset=utf-8";
    "/app.js" => "app.js", "text/javascript; charset=utf-8";
    "/bubbles.js" => "bubbles.js", "text/javascript; charset=utf-8";
    "/controls.js" => "controls.js", "text/javascript; charset=utf-8";
    "/dom.js" => "dom.js", "text/javascript; charset=utf-8";
    "/form.js" => "form.js", "text/javascript; charset=utf-8";
    "/format.js" => "format.js", "text/javascript; charset=utf-8";
    "/notifications.js" => "notifications.js", "text/javascript; charset=utf-8";
    "/phone.js" => "phone.js", "text/javascript; charset=utf-8";
    "/timeline.js" => "timeline.js", "text/javascript; charset=utf-8";
};

/// The page and `/sim/…`.
pub fn router(site: Site) -> Router {
    let mut router = Router::new();
    for (path, text, media_type) in FILES {
        let answer = move || async move { ([(header::CONTENT_TYPE, *media_type)], *text) };
        router = router.route(path, get(answer));
    }
    router
        .route(
            "/sim/session",
            get(|State(site): State<Site>| async move { Json(session(&site.ready)) }),
        )
        .route("/sim/catalogue", get(templates))
        .route("/sim/events", get(events))
        .route("/sim/logs", get(logs))
        .route(
            "/sim/aws",
            get(|State(site): State<Site>| async move { Json(site.aws.report()) }),
        )
        .route(
            "/sim/aws/permissions",
            get(|State(site): State<Site>| async move { Json(site.aws.permissions()) }),
        )
        .route("/sim/aws/table", get(table))
        .route("/sim/aws/queues", get(queues))
        .with_state(site)
}

async fn templates(State(site): State<Site>) -> Json<Vec<Value>> {
    Json(
        site.templates
            .iter()
            .map(|template| describe(template))
            .collect(),
    )
}

async fn logs(State(site): State<Site>) -> Response {
    (
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8")],
        site.logs.lines().join("\n"),
    )
        .into_response()
}

/// Every item of the table, as DynamoDB writes it.
async fn table(State(site): State<Site>) -> Response {
    match site.aws.dump_table() {
        Ok(items) => Json(items).into_response(),
        Err(error) => (
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            error.to_string(),
        )
            .into_response(),
    }
}

/// Every queue: what it holds, and every body that was ever sent to it.
async fn queues(State(site): State<Site>) -> Json<Value> {
    let queues = site.aws.queues();
    let all = queues.names().map(|name| {
        let texts = |bodies: Result<Vec<Arc<str>>, _>| {
            bodies
                .unwrap_or_default()
                .iter()
                .map(|body| body.to_string())
                .collect::<Vec<_>>()
        };
        (
            name.to_owned(),
            json!({ "held": texts(queues.all_bodies(name)), "sent": texts(queues.history(name)) }),
        )
    });
    Json(Value::Object(all.collect()))
}

/// What was missed (all that is remembered, for a reader who comes anew), then everything as it happens.
async fn events(
    State(site): State<Site>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let seen = headers
        .get("last-event-id")
        .and_then(|name| name.to_str().ok());
    let (past, receiver) = site.timeline.resume(seen);
    let live = stream::unfold(receiver, |mut receiver| async move {
        loop {
            match receiver.recv().await {
                Ok(entry) => return Some((entry, receiver)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let timeline = site.timeline;
    let told = stream::iter(past).chain(live).map(move |entry| {
        let data = serde_json::to_string(&entry).unwrap_or_default();
        Ok(Event::default().id(timeline.name(&entry)).data(data))
    });
    Sse::new(told).keep_alive(KeepAlive::default())
}
