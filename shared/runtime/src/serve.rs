//! Runs HTTP functions whose router changes with their secrets.

use axum::Router;
use lambda_http::{Error, Request, Service, service_fn};

use crate::live::Live;
use crate::start::ready;

/// Answers the banks' requests.
pub async fn run_http(live: Live<Router>) -> Result<(), Error> {
    ready();
    lambda_http::run(service_fn(|request: Request| {
        live.beside(|router| router.as_ref().clone().call(request))
    }))
    .await
}

/// Answers Meta's requests, for which no message waits: by secrets that were read in time, and after one
/// that they did not fit, by secrets that were read since. Meta repeats what was refused.
pub async fn run_webhook(live: Live<Router>) -> Result<(), Error> {
    ready();
    lambda_http::run(service_fn(async |request: Request| {
        let mut router = live.renewed().await.as_ref().clone();
        let answer = router.call(request).await;
        if let Ok(answer) = &answer
            && matches!(answer.status().as_u16(), 401 | 403)
        {
            live.doubt();
        }
        answer
    }))
    .await
}
