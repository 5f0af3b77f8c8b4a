//! Recado's HTTP client as the AWS SDK sees it, so that a binary holds one connector only.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::header::{HeaderValue, USER_AGENT};
use recado_http::{Http, HttpError};

/// Who asks, as CloudTrail shows it.
const NAME: HeaderValue = HeaderValue::from_static(concat!("recado/", env!("CARGO_PKG_VERSION")));

/// Twice as much as the longest answer of any service (DynamoDB, a batch of reads: 16 MB).
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// The connector. The SDK bounds the time of each attempt itself.
#[derive(Clone, Debug)]
pub(crate) struct SdkHttp(pub(crate) Http);

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
        let http = self.0.clone();
        HttpConnectorFuture::new(async move { exchange(&http, request).await })
    }
}

async fn exchange(http: &Http, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let (mut head, body) = request.into_parts();
    head.headers.insert(USER_AGENT, NAME);
    let Some(body) = body.bytes() else {
        return Err(ConnectorError::user(
            "streamed request bodies are not used".into(),
        ));
    };
    let request = http::Request::from_parts(head, Bytes::copy_from_slice(body));
    let answer = http.send(request, MAX_ANSWER).await;
    let answer = answer.map_err(connector_error)?.map(SdkBody::from);
    HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
}

fn connector_error(error: HttpError) -> ConnectorError {
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
