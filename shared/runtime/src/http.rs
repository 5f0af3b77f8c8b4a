//! One HTTP client for everything: one TLS stack (rustls on ring), static roots, HTTP/1.1.
//!
//! The AWS SDK gets it too, through its connector trait, so that a binary holds one connector only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

/// Below the servers' own idle limits: a connection that was frozen with the sandbox is not reused.
const IDLE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(2);

/// Builds the client. It never repeats a request: who sends knows whether that is safe.
#[must_use]
pub fn shared_client() -> reqwest::Client {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .expect("ring offers TLS 1.2 and 1.3")
    .with_root_certificates(roots)
    .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .tcp_nodelay(true)
        .pool_idle_timeout(IDLE)
        .connect_timeout(CONNECT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .build()
        .expect("the TLS settings above are complete")
}

/// More addresses than a function has services.
const ADDRESSES: usize = 16;

/// The shared client as the AWS SDK sees it.
#[derive(Clone, Debug)]
pub(crate) struct SdkHttp {
    client: reqwest::Client,
    /// Addresses as they were parsed: a service has one, and every request names it.
    addresses: Arc<Mutex<HashMap<http::Uri, reqwest::Url>>>,
}

impl SdkHttp {
    pub(crate) fn new(client: reqwest::Client) -> Self {
        Self {
            client,
            addresses: Arc::default(),
        }
    }

    fn address(&self, uri: http::Uri) -> Result<reqwest::Url, ConnectorError> {
        let known = self.addresses.lock();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        if let Some(url) = known.get(&uri) {
            return Ok(url.clone());
        }
        let url = reqwest::Url::parse(&uri.to_string());
        let url = url.map_err(|error| ConnectorError::user(error.into()))?;
        if known.len() == ADDRESSES {
            known.clear();
        }
        known.insert(uri, url.clone());
        Ok(url)
    }
}

impl HttpClient for SdkHttp {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SdkHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.clone();
        HttpConnectorFuture::new(async move { exchange(&http, request).await })
    }
}

async fn exchange(http: &SdkHttp, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let bytes = match body.bytes() {
        Some(bytes) => bytes.to_vec(),
        None => {
            return Err(ConnectorError::user(
                "streamed request bodies are not used".into(),
            ));
        }
    };
    let mut request = reqwest::Request::new(parts.method, http.address(parts.uri)?);
    *request.headers_mut() = parts.headers;
    *request.body_mut() = Some(bytes.into());
    let response = http
        .client
        .execute(request)
        .await
        .map_err(connector_error)?;
    let mut builder = http::Response::builder().status(response.status());
    if let Some(headers) = builder.headers_mut() {
        headers.clone_from(response.headers());
    }
    let body = response.bytes().await.map_err(connector_error)?;
    let response = builder
        .body(SdkBody::from(body))
        .map_err(|error| ConnectorError::other(error.into(), None))?;
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}

fn connector_error(error: reqwest::Error) -> ConnectorError {
    // The address may name a queue or a key; the error's own text is enough.
    let error = error.without_url();
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
