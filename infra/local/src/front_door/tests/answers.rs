use data_encoding::BASE64;

use super::*;

async fn answered(response: &Value) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
    let request = Request::post("/answers")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(response.to_string()))
        .unwrap();
    fixture().call(request).await
}

#[tokio::test]
async fn an_answer_with_a_status_code_is_what_the_caller_gets() {
    let (status, headers, body) = answered(&json!({
        "statusCode": 202,
        "headers": { "Content-Type": "application/problem+json", "X-Number": 7, "content-length": "999" },
        "multiValueHeaders": { "x-dropped": ["a"] },
        "cookies": ["a=1; Secure", "b=2"],
        "body": BASE64.encode(&[0, 159, 255]),
        "isBase64Encoded": true,
    }))
    .await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(body, [0, 159, 255]);
    assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(headers["x-number"], "7");
    assert!(!headers.contains_key("x-dropped"));
    let cookies: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["a=1; Secure", "b=2"]);

    let (status, headers, body) = answered(&json!({ "statusCode": 204 })).await;
    assert_eq!(
        (status, body.as_slice()),
        (StatusCode::NO_CONTENT, &b""[..])
    );
    assert_eq!(headers[header::CONTENT_TYPE], "text/plain; charset=utf-8");
}

#[tokio::test]
async fn an_answer_without_a_status_code_is_the_body_of_a_200() {
    for (response, expected) in [
        (json!({ "hello": 1 }), r#"{"hello":1}"#),
        (json!("text"), "text"),
        (json!([1, 2]), "[1,2]"),
    ] {
        let (status, headers, body) = answered(&response).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_an_internal_error() {
    for response in [
        json!({ "statusCode": "many" }),
        json!({ "statusCode": 99 }),
        json!({ "statusCode": 200, "body": { "not": "a string" } }),
        json!({ "statusCode": 200, "body": "%", "isBase64Encoded": true }),
        json!({ "statusCode": 200, "headers": { "x y": "z" } }),
        json!({ "statusCode": 200, "headers": { "x": "a\nb" } }),
    ] {
        let (status, _, body) = answered(&response).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{response}");
        assert_eq!(body, br#"{"message":"Internal Server Error"}"#);
    }
}
