//! What invokes this function: its queue, or API Gateway (payload format 2.0).

use aws_lambda_events::event::sqs::SqsEvent;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::{Body, request};
use lambda_runtime::Error;
use recado_testing::meta::Reply;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// An event, by its origin.
pub(crate) enum Incoming {
    Batch(SqsEvent),
    Http(Asked),
}

/// What is looked at of a request.
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// Tells a batch from a request by its `Records`.
pub(crate) fn read(event: &str) -> Result<Incoming, Error> {
    #[derive(Deserialize)]
    struct Peek {
        #[serde(rename = "Records")]
        records: Option<IgnoredAny>,
    }
    let peek: Peek = serde_json::from_str(event)?;
    if peek.records.is_some() {
        return Ok(Incoming::Batch(serde_json::from_str(event)?));
    }
    let (parts, body) = request::from_str(event)?.into_parts();
    let authorization = parts.headers.get(AUTHORIZATION);
    Ok(Incoming::Http(Asked {
        path: parts.uri.path().to_owned(),
        authorization: authorization
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
        body: body.to_vec(),
    }))
}

/// An answer as the gateway takes it.
pub(crate) fn write(reply: Reply) -> Result<ApiGatewayV2httpResponse, Error> {
    let content_type = HeaderValue::from_str(&reply.content_type)?;
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = i64::from(reply.status);
    answer.headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type)]);
    answer.body = Some(Body::Text(String::from_utf8(reply.body)?));
    Ok(answer)
}
