//! Meta's webhook from outside: who may post, what is applied, and what is borne without harm.

mod large;

use anyhow::{Context, Result};
use data_encoding::HEXLOWER;
use recado_local::stack::Stack;
use recado_tests::{Bank, leg, queued, shared};
use reqwest::{Response, StatusCode};
use ring::hmac;
use serde_json::{Value, json};
use tokio::sync::RwLock;

/// Accepted by Meta, and nothing more: every receipt here is the test's own.
const SILENT: &str = "+5511900000003";
/// Who sets what goes wrong next at Meta sends alone.
static META: RwLock<()> = RwLock::const_new(());

fn sign(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!(
        "sha256={}",
        HEXLOWER.encode(hmac::sign(&key, body).as_ref())
    )
}

/// Meta, as far as it posts webhooks.
struct Poster {
    stack: &'static Stack,
    bank: Bank,
}

impl Poster {
    async fn open() -> Result<Self> {
        let stack = shared();
        Ok(Self {
            stack,
            bank: Bank::of(stack, 0).await?,
        })
    }

    async fn raw(&self, kind: &str, signature: Option<&str>, body: Vec<u8>) -> Result<Response> {
        let request = self.bank.http.post(&self.stack.ready.webhook.url);
        let mut request = request.header("content-type", kind).body(body);
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        Ok(request.send().await?)
    }

    /// A signed POST, which must be answered with 200.
    async fn post(&self, body: &Value) -> Result<()> {
        let bytes = body.to_string().into_bytes();
        let signature = sign(&self.stack.ready.webhook.app_secret, &bytes);
        let answer = self
            .raw("application/json", Some(&signature), bytes)
            .await?;
        assert_eq!(answer.status(), StatusCode::OK, "{body}");
        Ok(())
    }

    /// A notification that Meta has taken over and tells nothing of.
    async fn silent(&self, request: &Value) -> Result<String> {
        let id = self.bank.send(request).await?;
        self.bank.until_status(&id, "submitted").await?;
        Ok(id)
    }

    /// A POST of statuses from the bank's own number.
    fn of(&self, statuses: Vec<Value>) -> Value {
        from(&self.bank.phone_number_id, statuses)
    }
}

fn from(number: &str, statuses: Vec<Value>) -> Value {
    change(
        "messages",
        json!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "551140000001", "phone_number_id": number },
            "statuses": statuses,
        }),
    )
}

fn change(field: &str, value: Value) -> Value {
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "800000000000001", "changes": [{ "field": field, "value": value }] }],
    })
}

fn status(id: &str, attempt: u32, word: &str) -> Value {
    let mut status = json!({
        "id": "wamid.SIM", "status": word, "timestamp": "1795252237", "recipient_id": &SILENT[1..],
        "biz_opaque_callback_data": format!("{id}.{attempt}"),
    });
    if word == "failed" {
        status["errors"] = json!([{ "code": 131_049, "title": "not delivered" }]);
    }
    status
}

/// An alert to the silent recipient, with the catalogue's thirty seconds.
fn pix(payer: &str) -> Value {
    json!({
        "template": "pix_received", "locale": "pt_BR", "to": SILENT,
        "params": {
            "name": "Benedita Fagundes", "amount": { "minor": 20_000, "currency": "BRL" },
            "payer": payer, "balance": { "minor": 150_000, "currency": "BRL" },
        },
    })
}

#[tokio::test]
async fn only_who_knows_the_verify_token_can_register_the_webhook() -> Result<()> {
    let poster = Poster::open().await?;
    let webhook = &poster.stack.ready.webhook;
    let ask = async |token: &str| -> Result<(StatusCode, String)> {
        let url = format!(
            "{}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}",
            webhook.url
        );
        let answer = poster.bank.http.get(url).send().await?;
        Ok((answer.status(), answer.text().await?))
    };
    assert_eq!(
        ask(&webhook.verify_token).await?,
        (StatusCode::OK, "1158201444".to_owned())
    );
    for wrong in [
        "",
        "guess",
        &webhook.verify_token[1..],
        &format!("{}0", webhook.verify_token),
    ] {
        let (status, text) = ask(wrong).await?;
        assert_eq!(status, StatusCode::FORBIDDEN, "{wrong}");
        assert!(!text.contains("1158201444"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_not_signed_by_meta_is_refused_and_changes_nothing() -> Result<()> {
    let poster = Poster::open().await?;
    let together = META.read().await;
    let id = poster.silent(&pix("Carlos Pereira")).await?;
    drop(together);
    let secret = &poster.stack.ready.webhook.app_secret;
    let bytes = poster
        .of(vec![status(&id, 1, "delivered")])
        .to_string()
        .into_bytes();
    let right = sign(secret, &bytes);
    let mut changed = bytes.clone();
    let place = bytes
        .windows(9)
        .position(|word| word == b"delivered")
        .context("no status")?;
    changed[place] = b'D';
    let refused = [
        ("missing", None, bytes.clone()),
        ("empty", Some(String::new()), bytes.clone()),
        (
            "without its prefix",
            Some(right.trim_start_matches("sha256=").to_owned()),
            bytes.clone(),
        ),
        (
            "another digest's prefix",
            Some(right.replace("sha256", "sha1")),
            bytes.clone(),
        ),
        (
            "not hexadecimal",
            Some(format!("sha256={}", "x".repeat(64))),
            bytes.clone(),
        ),
        (
            "too short",
            Some(right[..right.len() - 2].to_owned()),
            bytes.clone(),
        ),
        (
            "of another secret",
            Some(sign(&secret[1..], &bytes)),
            bytes.clone(),
        ),
        ("of another body", Some(right.clone()), changed),
    ];
    for (what, signature, body) in refused {
        let answer = poster
            .raw("application/json", signature.as_deref(), body)
            .await?;
        assert_eq!(
            answer.status(),
            StatusCode::UNAUTHORIZED,
            "a signature that is {what}"
        );
    }
    assert_eq!(poster.bank.notification(&id).await?["status"], "submitted");
    let answer = poster.raw("application/json", Some(&right), bytes).await?;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(poster.bank.notification(&id).await?["status"], "delivered");
    Ok(())
}

#[tokio::test]
async fn a_body_that_the_gateway_hands_on_in_base64_is_verified_over_its_own_bytes() -> Result<()> {
    let poster = Poster::open().await?;
    let together = META.read().await;
    let id = poster.silent(&pix("Carlos Pereira")).await?;
    drop(together);
    let bytes = poster
        .of(vec![status(&id, 1, "delivered")])
        .to_string()
        .into_bytes();
    let signature = sign(&poster.stack.ready.webhook.app_secret, &bytes);
    let answer = poster
        .raw("application/octet-stream", Some(&signature), bytes)
        .await?;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(poster.bank.notification(&id).await?["status"], "delivered");
    Ok(())
}

#[tokio::test]
async fn another_banks_number_cannot_tell_of_this_banks_notification() -> Result<()> {
    let poster = Poster::open().await?;
    let together = META.read().await;
    let id = poster.silent(&pix("Carlos Pereira")).await?;
    drop(together);
    let before = poster.bank.notification(&id).await?;
    let messages = queued(poster.stack, &id)?;
    let other = Bank::of(poster.stack, 1).await?;
    let told = ["delivered", "read", "failed"].map(|word| status(&id, 1, word));
    poster
        .post(&from(&other.phone_number_id, told.to_vec()))
        .await?;
    let press = json!({
        "messaging_product": "whatsapp", "metadata": { "phone_number_id": other.phone_number_id },
        "messages": [{
            "id": "wamid.PRESS", "from": &SILENT[1..], "timestamp": "1795252237", "type": "button",
            "button": { "payload": format!("{id}:dispute"), "text": "Não fui eu" },
        }],
    });
    poster.post(&change("messages", press)).await?;
    assert_eq!(poster.bank.notification(&id).await?, before);
    assert_eq!(queued(poster.stack, &id)?, messages, "a leg was opened");
    Ok(())
}

#[tokio::test]
async fn what_meta_has_not_invented_yet_is_answered_with_200_and_harms_nobody() -> Result<()> {
    let poster = Poster::open().await?;
    let together = META.read().await;
    let id = poster.silent(&pix("Carlos Pereira")).await?;
    drop(together);
    let nobody = "ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa";
    let mut strange = status(&id, 1, "delivered");
    strange["future"] = json!({ "deep": [[[{ "deeper": null }]]] });
    let number = &poster.bank.phone_number_id;
    let message = |kind: &str| {
        json!({
            "messaging_product": "whatsapp", "metadata": { "phone_number_id": number },
            "messages": [{ "id": format!("wamid.{kind}"), "from": "5511970000999", "timestamp": "1795252237", "type": kind, kind: { "x": 1 } }],
        })
    };
    let harmless = [
        json!({}),
        json!([]),
        json!(null),
        json!({ "object": "instagram", "entry": [] }),
        json!({ "object": "whatsapp_business_account", "entry": "many" }),
        json!({ "object": "whatsapp_business_account", "entry": [null, 1, { "changes": [null, { "field": 7 }] }] }),
        change("holograms", json!({ "anything": true })),
        change(
            "messages",
            json!({ "metadata": { "phone_number_id": number }, "statuses": { "not": "a list" } }),
        ),
        change("messages", message("hologram")),
        change("messages", message("text")),
        from("700000000000009", vec![status(&id, 1, "delivered")]),
        poster.of(vec![
            status(nobody, 1, "delivered"),
            status(nobody, 1, "failed"),
        ]),
        poster.of(vec![
            json!({ "status": "read" }),
            json!({ "status": "read", "biz_opaque_callback_data": "otp:01" }),
        ]),
        poster.of(vec![
            status(&id, 1, "teleported"),
            json!("delivered"),
            json!(null),
        ]),
    ];
    for body in &harmless {
        poster.post(body).await?;
    }
    assert_eq!(poster.bank.notification(&id).await?["status"], "submitted");
    poster.post(&poster.of(vec![strange])).await?;
    assert_eq!(poster.bank.notification(&id).await?["status"], "delivered");
    Ok(())
}

#[tokio::test]
async fn a_failure_of_an_older_attempt_opens_nothing() -> Result<()> {
    let poster = Poster::open().await?;
    let alone = META.write().await;
    poster
        .bank
        .faults(json!({ "next": [{ "error_code": 131_056 }] }))
        .await?;
    let id = poster.silent(&pix("Carlos Pereira")).await?;
    drop(alone);
    let messages = queued(poster.stack, &id)?;
    assert!(
        messages.iter().any(|body| body.contains(r#""a":2"#)),
        "not a second attempt: {messages:?}"
    );

    poster
        .post(&poster.of(vec![status(&id, 1, "failed")]))
        .await?;
    let shown = poster.bank.notification(&id).await?;
    assert_eq!(shown["status"], "submitted", "{shown}");
    assert!(leg(&shown, "whatsapp")["failure"].is_null(), "{shown}");
    assert_eq!(queued(poster.stack, &id)?, messages, "a leg was opened");

    poster
        .post(&poster.of(vec![status(&id, 2, "failed")]))
        .await?;
    let end = poster.bank.until_status(&id, "fallback_sent").await?;
    assert_eq!(leg(&end, "whatsapp")["failure"]["code"], 131_049, "{end}");
    assert_eq!(
        leg(&end, "sms")["opened_because"],
        "previous_failed",
        "{end}"
    );
    Ok(())
}

/// The number of nobody, told of last: once its line is logged, so are the lines before it.
const NOBODYS: &str = "700000000000023";

#[tokio::test]
async fn delivered_twice_is_told_once_however_often_meta_says_so() -> Result<()> {
    let poster = Poster::open().await?;
    let together = META.read().await;
    let id = poster.silent(&pix("Carlos Pereira")).await?;
    drop(together);
    let tell = async |word| poster.post(&poster.of(vec![status(&id, 1, word)])).await;
    tell("failed").await?;
    poster.bank.until_status(&id, "fallback_sent").await?;
    for word in ["delivered", "delivered", "read", "read", "delivered"] {
        tell(word).await?;
    }
    poster
        .post(&from(NOBODYS, vec![status(&id, 1, "read")]))
        .await?;
    let end = poster.bank.notification(&id).await?;
    assert_eq!(end["delivered_twice"], true, "{end}");
    let deadline = tokio::time::Instant::now() + recado_tests::PATIENCE;
    let lines = loop {
        let lines = poster.stack.logs.lines();
        if lines.iter().any(|line| line.contains(NOBODYS)) {
            break lines;
        }
        anyhow::ensure!(
            tokio::time::Instant::now() < deadline,
            "nothing was logged of {NOBODYS}"
        );
        tokio::time::sleep(recado_tests::GLANCE).await;
    };
    let told = lines
        .iter()
        .filter(|line| line.contains("delivered twice") && line.contains(&id));
    assert_eq!(told.count(), 1, "{end}");
    Ok(())
}
