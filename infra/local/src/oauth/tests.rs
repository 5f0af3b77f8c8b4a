use axum::body::Body;
use axum::http::{Request, StatusCode};
use data_encoding::BASE64;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;

fn issuer() -> Issuer {
    Issuer::new(
        "https://issuer.local",
        Duration::from_secs(3600),
        vec![Client {
            id: "bank".into(),
            secret: "s3cret+/=&%".into(),
            scopes: vec!["read".into(), "write".into()],
        }],
    )
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

async fn post(issuer: &Issuer, basic: Option<&str>, body: &str) -> (StatusCode, Value) {
    let mut request =
        Request::post(TOKEN_PATH).header("content-type", "application/x-www-form-urlencoded");
    if let Some(credentials) = basic {
        let value = format!("Basic {}", BASE64.encode(credentials.as_bytes()));
        request = request.header("authorization", value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = issuer.router().oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

const SECRET: &str = "s3cret%2B%2F%3D%26%25";

#[tokio::test]
async fn a_client_gets_a_token_with_all_its_scopes_or_those_it_asks_for() {
    let issuer = issuer();
    let form = format!("grant_type=client_credentials&client_id=bank&client_secret={SECRET}");
    for (basic, body, scopes) in [
        (None, form.clone(), "read write"),
        (None, format!("{form}&scope=write"), "write"),
        (
            Some(format!("bank:{SECRET}")),
            "grant_type=client_credentials".into(),
            "read write",
        ),
        // Many clients do not encode what they put into Basic.
        (
            Some("bank:s3cret+/=&%".replace('+', "%2B")),
            "grant_type=client_credentials&scope=read".into(),
            "read",
        ),
    ] {
        let (status, answer) = post(&issuer, basic.as_deref(), &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(answer["token_type"], "Bearer");
        assert_eq!(answer["expires_in"], 3600);
        let token = answer["access_token"].as_str().unwrap();
        let claims = issuer.verify(token, crate::clock::now()).unwrap();
        assert_eq!(claims.scopes().collect::<Vec<_>>().join(" "), scopes);
        assert_eq!(claims.issuer(), "https://issuer.local");
        assert_eq!(claims.audience(), ["bank"]);
        assert_eq!(claims.texts()["token_use"], "access");
        assert!(!claims.texts().contains_key("aud"));
    }
}

#[tokio::test]
async fn refusals_have_the_shape_and_the_status_of_oauth() {
    let issuer = issuer();
    let form = format!("client_id=bank&client_secret={SECRET}");
    for (basic, body, status, error) in [
        (
            None,
            "grant_type=client_credentials&client_id=bank&client_secret=no".into(),
            401,
            "invalid_client",
        ),
        (
            None,
            "grant_type=client_credentials&client_id=nobody&client_secret=no".into(),
            401,
            "invalid_client",
        ),
        (
            None,
            "grant_type=client_credentials".into(),
            401,
            "invalid_client",
        ),
        (
            Some("bank:no"),
            "grant_type=client_credentials".into(),
            401,
            "invalid_client",
        ),
        (
            Some("bank"),
            "grant_type=client_credentials".into(),
            401,
            "invalid_client",
        ),
        (
            None,
            format!("{form}&grant_type=password"),
            400,
            "unsupported_grant_type",
        ),
        (None, form.clone(), 400, "invalid_request"),
        (
            None,
            format!("{form}&grant_type=client_credentials&scope=read+admin"),
            400,
            "invalid_scope",
        ),
    ] {
        let (got, answer) = post(&issuer, basic, &body).await;
        assert_eq!(
            (got.as_u16(), answer["error"].as_str()),
            (status, Some(error)),
            "{body}"
        );
    }
}

#[test]
fn a_token_is_valid_from_its_issue_until_just_before_its_end() {
    let issuer = issuer();
    let token = issuer.issue("bank", &[], at(1_000));
    assert_eq!(issuer.verify(&token, at(999)), Err(TokenError::NotYetValid));
    assert!(issuer.verify(&token, at(1_000)).is_ok());
    assert!(issuer.verify(&token, at(4_599)).is_ok());
    assert_eq!(issuer.verify(&token, at(4_600)), Err(TokenError::Expired));
}

#[test]
fn a_token_that_was_changed_or_signed_by_somebody_else_is_refused() {
    let issuer = issuer();
    let token = issuer.issue("bank", &["read".to_owned()], at(1_000));
    let parts: Vec<&str> = token.split('.').collect();
    let claims = BASE64URL_NOPAD.encode(br#"{"iss":"x","exp":9999999999,"scope":"write"}"#);
    let unsigned = BASE64URL_NOPAD.encode(br#"{"alg":"none"}"#);
    let other = self::issuer().issue("bank", &["read".to_owned()], at(1_000));
    for (token, error) in [
        (
            format!("{}.{claims}.{}", parts[0], parts[2]),
            TokenError::Signature,
        ),
        (format!("{unsigned}.{}.", parts[1]), TokenError::Signature),
        (
            format!("{unsigned}.{}.{}", parts[1], parts[2]),
            TokenError::Signature,
        ),
        (other, TokenError::Signature),
        ("a.b".to_owned(), TokenError::Malformed),
        ("a.b.c".to_owned(), TokenError::Malformed),
        (String::new(), TokenError::Malformed),
    ] {
        assert_eq!(issuer.verify(&token, at(1_001)), Err(error), "{token}");
    }
}
