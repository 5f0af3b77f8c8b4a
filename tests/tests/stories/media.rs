//! A statement that never had an address: uploaded, sent by its id, shown on the phone.

use anyhow::{Context, Result};
use data_encoding::HEXLOWER;
use recado_tests::contract::{Answer, ask};
use recado_tests::{Bank, find_anywhere, leg, time};
use reqwest::StatusCode;
use ring::digest;
use serde_json::{Value, json};

use crate::{META, World};

/// What a request holds at most, in bytes.
const LARGEST: usize = 4_500_000;
const SECRET: &str = "Saldo em conta de Benedita Fagundes";

/// A PDF of this size, with bytes that are no text in it, as every PDF has.
fn pdf(size: usize) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    file.extend_from_slice(SECRET.as_bytes());
    file.push(b'\n');
    let table = file.len();
    let end = format!("\nstartxref\n{table}\n%%EOF\n");
    file.extend_from_slice(b"xref\n");
    file.resize(size - end.len(), b'\xa7');
    file.extend_from_slice(end.as_bytes());
    file
}

async fn upload(bank: &Bank, media_type: &str, file: Vec<u8>) -> Result<Answer> {
    ask(bank, "POST /v1/media", "", |request| {
        request.header("content-type", media_type).body(file)
    })
    .await
}

fn statement(to: &str, media_id: &Value) -> Value {
    json!({
        "template": "statement_ready", "locale": "pt_BR", "to": to,
        "params": {
            "name": "Benedita Fagundes", "period": "outubro de 2026",
            "statement": { "media_id": media_id, "filename": "extrato-2026-10.pdf" },
        },
    })
}

#[tokio::test]
async fn an_uploaded_statement_is_shown_as_a_document_and_leaves_no_trace() -> Result<()> {
    let world = World::open().await?;
    let file = pdf(3_000);
    let before = time(&json!(recado_tests::now()))?;
    let uploaded = upload(&world.bank, "application/pdf", file.clone()).await?;
    assert_eq!(uploaded.status, StatusCode::CREATED, "{uploaded:?}");
    let sha256 = HEXLOWER.encode(digest::digest(&digest::SHA256, &file).as_ref());
    let body = &uploaded.body;
    assert_eq!(body["sha256"], sha256, "the file arrived as it was sent");
    assert_eq!(
        (&body["kind"], &body["bytes"]),
        (&json!("document"), &json!(3_000))
    );
    let kept = time(&body["expires_at"])?.duration_since(before);
    let thirty_days = jiff::SignedDuration::from_hours(30 * 24);
    let a_minute = jiff::SignedDuration::from_mins(1);
    assert!(
        kept >= thirty_days && kept < thirty_days + a_minute,
        "{body}"
    );

    let together = META.read().await;
    let to = world.customer(json!({})).await?;
    let id = world.bank.send(&statement(&to, &body["media_id"])).await?;
    let message = world.whatsapp(&to, &id).await?;
    assert_eq!(
        message["header"], "[document extrato-2026-10.pdf]",
        "{message}"
    );
    world.bank.until_status(&id, "read").await?;
    drop(together);
    world.ended(&id, &to).await?;
    assert_eq!(find_anywhere(world.stack, &[SECRET])?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn what_another_bank_uploaded_cannot_be_sent() -> Result<()> {
    let world = World::open().await?;
    let boreal = Bank::of(world.stack, 1).await?;
    let ours = upload(&boreal, "application/pdf", pdf(2_000)).await?;
    let media_id = &ours.body["media_id"];
    media_id.as_str().context("no id")?;

    let together = META.read().await;
    let to = world.customer(json!({})).await?;
    let id = world.bank.send(&statement(&to, media_id)).await?;
    world.bank.until_status(&id, "fallback_sent").await?;
    drop(together);
    let end = world.ended(&id, &to).await?;
    assert_eq!(leg(&end, "whatsapp")["failure"]["code"], 131_009, "{end}");
    assert_eq!(world.bank.channels(&to).await?, ["sms"]);
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_not_what_it_says_or_is_cut_short_is_refused_with_the_rule() -> Result<()> {
    let world = World::open().await?;
    let cases = [
        ("image/png", pdf(1_000)),
        ("image/jpeg", b"\x89PNG\r\n\x1a\n".to_vec()),
        ("application/pdf", pdf(1_000)[..900].to_vec()),
        ("application/pdf", SECRET.as_bytes().to_vec()),
    ];
    for (media_type, file) in cases {
        let refused = upload(&world.bank, media_type, file).await?;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.faulty_fields(), ["body"], "{media_type}");
        assert!(!refused.body.to_string().contains("Fagundes"));
    }
    let word = upload(&world.bank, "application/msword", pdf(1_000)).await?;
    assert_eq!(word.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(word.problem(), "unsupported-media-type");
    Ok(())
}

#[tokio::test]
async fn the_largest_file_fits_through_the_gateway_and_a_larger_one_is_refused() -> Result<()> {
    let world = World::open().await?;
    let largest = upload(&world.bank, "application/pdf", pdf(LARGEST)).await?;
    assert_eq!(largest.status, StatusCode::CREATED);
    let larger = upload(&world.bank, "application/pdf", pdf(LARGEST + 1)).await?;
    assert_eq!(larger.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(larger.problem(), "body-too-large");
    // Lambda takes no more, so the gateway itself says no.
    let huge = upload(&world.bank, "application/pdf", pdf(6_000_000)).await?;
    assert_eq!(huge.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(huge.problem(), "");
    Ok(())
}
