//! What a customer writes is masked before it is kept, and kept sealed.

use anyhow::{Context, Result};
use recado_domain::masking;
use recado_tests::{find_anywhere, now, time};
use serde_json::{Value, json};

use crate::{GLANCE, META, World};

const WORDS: &str = "Quero falar da conta. Meu CPF é 111.444.777-35, meu telefone 11 98765-4300, obrigada, Benedita";

#[tokio::test]
async fn what_a_customer_writes_is_masked_then_sealed_and_opens_the_window() -> Result<()> {
    let world = World::open().await?;
    let _together = META.read().await;
    let to = recado_tests::fresh_number();
    let wrote = time(&json!(now()))?;
    world
        .bank
        .reply(&to, json!({ "text": WORDS, "times": 2 }))
        .await?;
    let lookup = world
        .bank
        .post("/v1/consents/lookup", None, &json!({ "to": to }))
        .await?;
    let recipient: Value = lookup.error_for_status()?.json().await?;
    let token = recipient["recipient"]
        .as_str()
        .context("no recipient")?
        .to_owned();
    let (profile, chat) = stored(&world, &token).await?;

    let window = profile["wu"]["N"]
        .as_str()
        .context("no window")?
        .parse::<i64>()?;
    let day = 24 * 60 * 60 * 1_000;
    // Meta tells times in whole seconds.
    let opened = window - day - wrote.as_millisecond();
    assert!(
        (-1_000..60_000).contains(&opened),
        "the window opened {opened} ms after the message"
    );

    assert_eq!(chat.len(), 1, "told twice, kept once: {chat:?}");
    let secrets = [
        "111.444.777",
        "111444777",
        "98765-4300",
        "987654300",
        to.trim_start_matches("+55"),
    ];
    assert_eq!(find_anywhere(world.stack, &secrets)?, [""; 0]);
    let open = find_anywhere(world.stack, &["Quero falar da conta"])?;
    assert_eq!(open, [""; 0], "words lie sealed only");

    let export = world
        .bank
        .get(&format!("/v1/consents/{token}/export"))
        .await?;
    let export: Value = export.error_for_status()?.json().await?;
    let lines = export["conversation"]
        .as_array()
        .context("no conversation")?;
    assert_eq!(lines.len(), 1, "{export}");
    assert_eq!(
        (&lines[0]["kind"], &lines[0]["text"]),
        (&json!("text"), &json!(masking::for_transcript(WORDS))),
        "{export}"
    );
    let said = lines[0]["text"].as_str().context("no text")?;
    assert!(said.starts_with("Quero falar da conta") && said.ends_with("Benedita"));
    for secret in secrets {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
    Ok(())
}

/// Waits for the recipient's profile and conversation in the table.
async fn stored(world: &World, token: &str) -> Result<(Value, Vec<Value>)> {
    let end = tokio::time::Instant::now() + recado_tests::PATIENCE;
    loop {
        let items = world.stack.aws.dump_table()?;
        let of = |kind: &str| {
            let key = format!("{kind}#banco-aurora#{token}");
            items
                .iter()
                .filter(|item| item["pk"]["S"] == key)
                .cloned()
                .collect::<Vec<_>>()
        };
        let chat = of("CHAT");
        let profile = of("RCP")
            .into_iter()
            .find(|item| item["sk"]["S"] == "PROFILE");
        // The window is the last that is written.
        let profile = profile.filter(|profile| !profile["wu"].is_null());
        if let (Some(profile), false) = (profile, chat.is_empty()) {
            return Ok((profile, chat));
        }
        anyhow::ensure!(tokio::time::Instant::now() < end, "nothing was stored");
        tokio::time::sleep(GLANCE).await;
    }
}
