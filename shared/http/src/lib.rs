//! One HTTP client for everything that leaves a process: one TLS stack (rustls on ring), static roots.
//!
//! As it must be for a POST that may not be repeated: HTTP/1.1 (a stalled HTTP/2 connection would stall every
//! message on it), no redirect, no proxy (behind which a failed connection would prove nothing), and no
//! request goes twice: one that a kept connection ended under is repeated only while no byte of it was
//! written.

mod aws;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use thiserror::Error;
use tokio::net::TcpStream;
use tower::timeout::Timeout;
use tower::timeout::error::Elapsed;
use tower::util::BoxCloneSyncService;

pub use aws::{JsonService, ServiceError};

/// A connection (name, TCP and TLS) stands within this long, or nothing was sent.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Shorter than what Meta, AWS and the gateways on the way keep a silent connection for: a request on a
/// connection that is already dead, or was frozen with its sandbox, has an unknown outcome.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
type Connector = BoxCloneSyncService<Uri, Stream, Box<dyn Error + Send + Sync>>;

/// The client. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Http(legacy::Client<Connector, Full<Bytes>>);

/// Why there is no whole answer. Never holds the address, which may name a queue or a key.
#[derive(Debug, Error)]
pub enum HttpError {
    /// There is no such request: an address that is none, a value that no header can have, no signature.
    #[error("the request could not be built")]
    Unbuilt(#[source] Box<dyn Error + Send + Sync>),
    /// No connection came about: nothing was sent.
    #[error("no connection")]
    NoConnection(#[source] legacy::Error),
    /// None came about within [`CONNECT_TIMEOUT`]: nothing was sent.
    #[error("connecting took too long")]
    ConnectTimeout,
    /// There was no whole answer in time; the request may have arrived.
    #[error("timed out")]
    Timeout,
    /// The connection ended before a whole answer was there; the request may have arrived.
    #[error("the connection ended")]
    Ended(#[source] Box<dyn Error + Send + Sync>),
}

impl HttpError {
    /// Whether it is certain that nothing was sent.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        match self {
            Self::Unbuilt(_) | Self::NoConnection(_) | Self::ConnectTimeout => true,
            Self::Timeout | Self::Ended(_) => false,
        }
    }

    /// Whether time ran out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::ConnectTimeout | Self::Timeout => true,
            Self::Unbuilt(_) | Self::NoConnection(_) | Self::Ended(_) => false,
        }
    }
}

impl From<legacy::Error> for HttpError {
    fn from(error: legacy::Error) -> Self {
        if !error.is_connect() {
            return Self::Ended(Box::new(error));
        }
        let mut cause = error.source();
        while let Some(source) = cause {
            if source.is::<Elapsed>() {
                return Self::ConnectTimeout;
            }
            cause = source.source();
        }
        Self::NoConnection(error)
    }
}

impl Http {
    /// Builds the client. Opens no connection.
    #[must_use]
    pub fn new() -> Self {
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring offers TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let connector = BoxCloneSyncService::new(Timeout::new(https, CONNECT_TIMEOUT));
        let client = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Self(client)
    }

    /// Sends once and waits for the whole answer, for as long as it takes. An answer of more than `most` bytes
    /// is none.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn send(
        &self,
        request: Request<Bytes>,
        most: usize,
    ) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = self.0.request(request.map(Full::new)).await?.into_parts();
        let body = Limited::new(body, most).collect().await;
        let body = body.map_err(HttpError::Ended)?.to_bytes();
        Ok(Response::from_parts(head, body))
    }

    /// The same for what was built by hand, from connecting to the answer's last byte within `time`. Above
    /// [`CONNECT_TIMEOUT`], an address that does not answer is known as one.
    ///
    /// # Errors
    /// When there is no request, or no whole answer in time.
    pub async fn ask(
        &self,
        request: http::request::Builder,
        body: impl Into<Bytes>,
        time: Duration,
        most: usize,
    ) -> Result<Response<Bytes>, HttpError> {
        let request = request.body(body.into());
        let request = request.map_err(|error| HttpError::Unbuilt(error.into()))?;
        let answer = tokio::time::timeout(time, self.send(request, most)).await;
        answer.unwrap_or(Err(HttpError::Timeout))
    }

    /// Opens a connection ahead of the first request that needs it, with a HEAD. That it cannot be opened shows
    /// with that request.
    ///
    /// # Errors
    /// When there is no answer within a second.
    pub async fn warm_up(&self, url: &str) -> Result<(), HttpError> {
        let answer = self.ask(Request::head(url), Bytes::new(), WARM_UP, 0).await;
        answer.map(drop)
    }
}

/// Longer than this no start waits for a connection.
const WARM_UP: Duration = Duration::from_secs(1);

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}
