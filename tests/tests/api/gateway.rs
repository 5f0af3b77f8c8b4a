//! What the gateway refuses itself, and that the contract, the template and the functions name the same
//! operations.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use data_encoding::BASE64URL_NOPAD;
use recado_tests::contract::{Contract, ask};
use recado_tests::{Bank, alert, fresh_key, fresh_number, shared};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{aurora, find, send};

/// A bank whose token has these scopes only.
async fn with_scopes(scopes: &str) -> Result<Bank> {
    let ready = &shared().ready;
    let (client, mut bank) = (&ready.clients[0], aurora().await?);
    let form = format!(
        "grant_type=client_credentials&scope={}",
        scopes.replace(' ', "+")
    );
    let answer = bank
        .http
        .post(&ready.token_url)
        .basic_auth(&client.client_id, Some(&client.client_secret));
    let answer = answer
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await?;
    let answer: Value = answer.error_for_status()?.json().await?;
    bank.token = answer["access_token"]
        .as_str()
        .context("no token")?
        .to_owned();
    Ok(bank)
}

#[tokio::test]
async fn without_a_valid_token_the_gateway_answers_401() -> Result<()> {
    let bank = aurora().await?;
    let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let claims = json!({ "iss": bank.api, "client_id": "aurora-core", "iat": 1_500_000_000, "exp": 1_500_003_600 });
    let expired = format!(
        "{}.{}.{}",
        part(json!({ "alg": "HS256" })),
        part(claims.clone()),
        "c2lnbmF0dXJl"
    );
    let unsigned = format!("{}.{}.", part(json!({ "alg": "none" })), part(claims));
    let cut = bank.token[..bank.token.len() - 4].to_owned();
    let headers = [
        ("none", None),
        ("garbage", Some("Bearer garbage".to_owned())),
        ("empty", Some("Bearer ".to_owned())),
        ("basic", Some("Basic YXVyb3JhOnNlY3JldA==".to_owned())),
        ("expired", Some(format!("Bearer {expired}"))),
        ("unsigned", Some(format!("Bearer {unsigned}"))),
        ("cut short", Some(format!("Bearer {cut}"))),
    ];
    let to = fresh_number();
    for (what, header) in headers {
        let mut request = bank
            .http
            .post(format!("{}/v1/notifications", bank.api))
            .json(&alert(&to));
        request = request.header("idempotency-key", fresh_key());
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let answer = request.send().await?;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
        assert!(answer.headers().contains_key("www-authenticate"), "{what}");
        assert_eq!(
            answer.json::<Value>().await?,
            json!({ "message": "Unauthorized" }),
            "{what}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_token_opens_what_its_scopes_name_and_nothing_else() -> Result<()> {
    let forbidden = |answer: &recado_tests::contract::Answer| {
        answer.status == StatusCode::FORBIDDEN && answer.body == json!({ "message": "Forbidden" })
    };
    let reader = with_scopes("notifications.read").await?;
    assert!(forbidden(
        &send(&reader, &fresh_key(), &alert(&fresh_number())).await?
    ));
    assert_eq!(
        find(&reader, &fresh_key()).await?.status,
        StatusCode::NOT_FOUND
    );
    for held in [
        "notifications.read",
        "notifications.write",
        "consents.read",
        "consents.write",
        "templates.read",
        "templates.write",
    ] {
        let bank = with_scopes(held).await?;
        let operations = Contract::get().operations();
        for (method, path, scopes) in operations
            .into_iter()
            .filter(|(_, _, scopes)| !scopes.is_empty())
        {
            let answer = ask(&bank, &format!("{method} {path}"), "x", |request| request).await?;
            assert_eq!(
                forbidden(&answer),
                scopes != [held],
                "{method} {path} with {held}: {}",
                answer.status
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_unknown_route_is_the_gateways_404() -> Result<()> {
    let bank = aurora().await?;
    let routes = [
        ("GET", "/v1/nothing"),
        ("GET", "/v1"),
        ("GET", "/v2/notifications"),
        ("DELETE", "/v1/notifications"),
        ("PUT", "/v1/notifications/ntf_x"),
        ("POST", "/v1/notifications/ntf_x"),
        ("GET", "/v1/consents"),
        ("POST", "/v1/consents/rcp_x/erase/now"),
    ];
    for (method, path) in routes {
        for token in [Some(&bank.token), None] {
            let mut request = bank
                .http
                .request(method.parse()?, format!("{}{path}", bank.api));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let answer = request.send().await?;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
            assert_eq!(
                answer.json::<Value>().await?,
                json!({ "message": "Not Found" }),
                "{method} {path}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_operation_of_the_contract_is_answered_by_a_function() -> Result<()> {
    let bank = aurora().await?;
    for (method, path, _) in Contract::get().operations() {
        // Held against the contract by `ask`.
        let answer = ask(&bank, &format!("{method} {path}"), "x", |request| request).await?;
        assert_eq!(
            answer.body.get("message"),
            None,
            "the gateway itself answered {method} {path}: {}",
            answer.body
        );
    }
    Ok(())
}

#[test]
fn the_contract_and_the_template_name_the_same_operations_and_scopes() -> Result<()> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let text = std::fs::read_to_string(format!("{root}/infra/template.yaml"))?;
    let template: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text)?;
    let mut routes = BTreeMap::new();
    for (_, resource) in template["Resources"].as_mapping().context("resources")? {
        for (_, event) in resource["Properties"]["Events"]
            .as_mapping()
            .into_iter()
            .flatten()
        {
            let properties = &event["Properties"];
            if event["Type"] == "HttpApi" {
                let word = |name: &str| {
                    properties[name]
                        .as_str()
                        .map(str::to_owned)
                        .context("a route's word")
                };
                let scopes = properties["Auth"]["AuthorizationScopes"]
                    .as_sequence()
                    .into_iter()
                    .flatten();
                let scopes: BTreeSet<String> = scopes
                    .filter_map(|scope| scope.as_str().map(str::to_owned))
                    .collect();
                // The sandbox plays Meta and a carrier: no part of the contract.
                if !word("Path")?.starts_with("/sandbox/") {
                    routes.insert((word("Method")?, word("Path")?), scopes);
                }
            }
        }
    }
    let described: BTreeMap<(String, String), BTreeSet<String>> = Contract::get()
        .operations()
        .into_iter()
        .map(|(method, path, scopes)| {
            // A Cognito pool prints each scope with its resource server in front.
            let scopes = scopes
                .into_iter()
                .flat_map(|scope| [format!("recado/{scope}"), scope])
                .collect();
            ((method, path), scopes)
        })
        .collect();
    assert_eq!(described, routes);
    Ok(())
}
