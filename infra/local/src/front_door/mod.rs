//! The front door: behaves as API Gateway's HTTP APIs do, for all APIs of the template
//! on one address.
//!
//! Routes, payload format 2.0, JWT authorizers, limits and the gateway's own refusals
//! are imitated, so that a function sees and a caller gets what they would on AWS.

mod answer;
mod authorizer;
mod event;
mod routing;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{Request, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

pub use routing::{Access, Route, routes};

use crate::lambda::InvokeError;
use crate::oauth::Issuer;
use answer::{Answer, Refusal};
use routing::Routes;

/// Most bytes of a request's body. API Gateway HTTP API quotas, 10 MB.
pub const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// The longest that an integration may take. API Gateway HTTP API quotas.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);
/// How much of an over-long body is read and thrown away, so that its sender gets to
/// read the refusal instead of a reset.
const MAX_DISCARDED_BYTES: usize = 10 * MAX_BODY_BYTES;

/// What the front door needs.
#[derive(Clone)]
pub struct Settings {
    /// All routes; [`routes`] reads them from the template.
    pub routes: Vec<Route>,
    /// Verifies tokens.
    pub issuer: Issuer,
    /// After this the caller is told 503; [`TIME_LIMIT`] on AWS.
    pub time_limit: Duration,
    /// Region in the events.
    pub region: String,
    /// Account in the events.
    pub account_id: String,
    /// Told of every answer.
    pub observer: Observer,
}

/// An answer of the front door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The key of the route that was taken, such as `GET /v1/notifications/{id}`.
    pub route: Option<&'a str>,
    /// The request's path.
    pub path: &'a str,
    /// The answer's status.
    pub status: u16,
    /// The answer's body.
    pub body: &'a [u8],
}

/// Told of answers as they are given. It must not block.
pub type Observer = Arc<dyn Fn(&Exchange<'_>) + Send + Sync>;

/// The front door as a router's fallback, so that its owner can have routes of its own
/// beside it, which then win.
///
/// # Errors
///
/// When two routes have the same key.
pub fn router(settings: Settings) -> anyhow::Result<Router> {
    let door = FrontDoor {
        routes: Routes::new(settings.routes.clone())?,
        settings,
    };
    Ok(Router::new().fallback(handle).with_state(Arc::new(door)))
}

struct FrontDoor {
    routes: Routes,
    settings: Settings,
}

async fn handle(State(door): State<Arc<FrontDoor>>, request: Request<Body>) -> Response<Body> {
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let request_id = event::request_id();
    let found = door.routes.find(&method, &path);
    let route = found.as_ref().map(|(route, _)| *route);
    let answer = match found {
        Some((route, parameters)) => door.serve(route, parameters, request, &request_id).await,
        None => Refusal::NotFound.answer(),
    };
    (door.settings.observer)(&Exchange {
        method: &method,
        route: route.map(|r| r.key.as_str()),
        path: &path,
        status: answer.status.as_u16(),
        body: &answer.body,
    });
    answer.into_response(&request_id)
}

impl FrontDoor {
    async fn serve(
        &self,
        route: &Route,
        parameters: Vec<(String, String)>,
        request: Request<Body>,
        request_id: &str,
    ) -> Answer {
        let now = crate::clock::now();
        let authorized =
            match authorizer::authorize(&self.settings.issuer, route, request.headers(), now) {
                Ok(authorized) => authorized,
                Err(refusal) => return refusal.answer(),
            };
        let source = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
        let (parts, body) = request.into_parts();
        let body = match read(body).await {
            Ok(body) => body,
            Err(refusal) => return refusal.answer(),
        };
        let event = event::Incoming {
            route,
            parameters,
            parts: &parts,
            body: &body,
            authorized,
            source,
            request_id,
            now,
            region: &self.settings.region,
            account_id: &self.settings.account_id,
        };
        let invoked = route.function.invoke(Bytes::from(event.to_json()));
        match tokio::time::timeout(self.settings.time_limit, invoked).await {
            Ok(Ok(response)) => answer::from_function(&response).unwrap_or_else(|why| {
                tracing::warn!(route = %route.key, why, "the function's answer cannot be used");
                Refusal::Internal.answer()
            }),
            Ok(Err(InvokeError::RequestTooLarge)) => Refusal::TooLarge.answer(),
            Ok(Err(
                error @ (InvokeError::FunctionError { .. }
                | InvokeError::Timeout { .. }
                | InvokeError::Crashed { .. }
                | InvokeError::InitFailed { .. }),
            )) => {
                tracing::warn!(route = %route.key, %error, "the function failed");
                Refusal::Internal.answer()
            }
            Err(_) => Refusal::Unavailable.answer(),
        }
    }
}

/// The whole body, or a refusal when it is too large or breaks off.
async fn read(mut body: Body) -> Result<Bytes, Refusal> {
    let mut read = BytesMut::new();
    let mut total = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::BadRequest)?;
        if let Ok(data) = frame.into_data() {
            total = total.saturating_add(data.len());
            if total > MAX_DISCARDED_BYTES {
                break;
            }
            if total <= MAX_BODY_BYTES {
                read.extend_from_slice(&data);
            }
        }
    }
    if total > MAX_BODY_BYTES {
        return Err(Refusal::TooLarge);
    }
    Ok(read.freeze())
}
