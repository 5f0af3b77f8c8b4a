//! Runs HTTP functions whose router changes with their secrets.
//!
//! The answers are turned into API Gateway's by ourselves: they are UTF-8 or bytes, and what turns any
//! other character set into text weighs more than some functions' own code.

use axum::Router;
use axum::response::Response;
use http_body_util::BodyExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Error, LambdaEvent, Request, Service, service_fn};

use crate::live::Live;
use crate::start::ready;

/// Answers the banks' requests.
pub async fn run_http(live: Live<Router>) -> Result<(), Error> {
    ready();
    lambda_runtime::run(service_fn(async |event: LambdaEvent<LambdaRequest>| {
        let request = Request::from(event.payload);
        let answer = live.beside(|router| router.as_ref().clone().call(request));
        for_gateway(answer.await?).await
    }))
    .await
}

/// Answers Meta's requests, for which no message waits: by secrets that were read in time, and after one
/// that they did not fit, by secrets that were read since. Meta repeats what was refused.
pub async fn run_webhook(live: Live<Router>) -> Result<(), Error> {
    ready();
    lambda_runtime::run(service_fn(async |event: LambdaEvent<LambdaRequest>| {
        let mut router = live.renewed().await.as_ref().clone();
        let answer = router.call(Request::from(event.payload)).await?;
        if matches!(answer.status().as_u16(), 401 | 403) {
            live.doubt();
        }
        for_gateway(answer).await
    }))
    .await
}

/// An answer as API Gateway takes it (payload format 2.0): text, or bytes in base64. None of ours sets a
/// cookie.
async fn for_gateway(answer: Response) -> Result<ApiGatewayV2httpResponse, Error> {
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = parts.status.as_u16().into();
    response.headers = parts.headers;
    response.body = match String::from_utf8(bytes.into()) {
        Ok(text) if text.is_empty() => None,
        Ok(text) => Some(Body::Text(text)),
        Err(error) => {
            response.is_base64_encoded = true;
            Some(Body::Binary(error.into_bytes()))
        }
    };
    Ok(response)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use http::StatusCode;
    use serde_json::json;

    use super::*;

    async fn check(answer: impl IntoResponse, expected: serde_json::Value) {
        let answer = for_gateway(answer.into_response())
            .await
            .expect("an answer");
        let answer = serde_json::to_value(answer).expect("JSON");
        for (field, expected) in expected.as_object().expect("an object") {
            assert_eq!(&answer[field], expected, "{field} of {answer}");
        }
    }

    #[tokio::test]
    async fn an_answer_reaches_the_gateway_as_text_and_as_base64_where_it_is_none() {
        let headers = [
            ("content-type", "application/problem+json"),
            ("retry-after", "7"),
        ];
        check(
            (
                StatusCode::TOO_MANY_REQUESTS,
                headers,
                r#"{"title":"São Paulo"}"#,
            ),
            json!({
                "statusCode": 429, "isBase64Encoded": false, "body": r#"{"title":"São Paulo"}"#,
                "headers": { "content-type": "application/problem+json", "retry-after": "7" },
            }),
        )
        .await;
        check(
            vec![0xff_u8, 0x00, 0x10],
            json!({ "statusCode": 200, "isBase64Encoded": true, "body": "/wAQ" }),
        )
        .await;
        check(
            StatusCode::NO_CONTENT,
            json!({ "statusCode": 204, "isBase64Encoded": false, "body": null }),
        )
        .await;
    }
}
