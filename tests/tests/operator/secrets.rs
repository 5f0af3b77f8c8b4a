//! `secrets`: first values, exchanges, and nothing printed.

use std::ffi::OsString;
use std::sync::Arc;

use anyhow::{Context, Result};
use recado_local::aws::{Service, Verdict};
use recado_runtime::{Keys, Process, SecretText, WhatsappSecret};
use serde_json::{Value, json};

use crate::Shelf;

const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
const NEW_SECRET: &str = "fedcba9876543210fedcba9876543210";
const TOKEN: &str = "EAAGsecret-token";

/// A shelf with the two secrets as CloudFormation creates them: without a value.
struct Safe {
    shelf: Shelf,
}

impl Safe {
    async fn open() -> Result<Self> {
        let shelf = Shelf::open().await?;
        shelf.aws.secrets().empty("keys");
        shelf.aws.secrets().empty("whatsapp");
        Ok(Self { shelf })
    }

    /// Runs `secrets` with these variables; no variable's value is ever printed.
    async fn secrets(&self, line: &[&str], variables: &[(&str, &str)]) -> (u8, String) {
        let places = ["--keys-secret", "keys", "--whatsapp-secret", "whatsapp"];
        let endpoint = ["--endpoint-url", self.shelf.aws.endpoint()];
        let all = [&["secrets"][..], line, &places, &endpoint].concat();
        let variables: Vec<(String, String)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let values: Vec<String> = variables.iter().map(|(_, value)| value.clone()).collect();
        let environment = move |name: &str| {
            let found = variables.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        };
        let arguments = all.into_iter().map(OsString::from);
        let outcome = recado_operator::run(arguments, &environment, &Process::default()).await;
        let told = outcome.out + &outcome.err;
        for value in values {
            assert!(!told.contains(&value), "a secret is printed: {told}");
        }
        (outcome.code, told)
    }

    /// A secret as a function reads it; null without a value.
    async fn held(&self, id: &str) -> Result<Value> {
        let request = reqwest::Client::builder()
            .no_proxy()
            .build()?
            .post(self.shelf.aws.endpoint())
            .header("x-amz-target", "secretsmanager.GetSecretValue")
            .header("content-type", "application/x-amz-json-1.1")
            .body(json!({ "SecretId": id }).to_string());
        let answer: Value = serde_json::from_slice(&request.send().await?.bytes().await?)?;
        let text = answer["SecretString"].as_str();
        Ok(text
            .map(serde_json::from_str)
            .transpose()?
            .unwrap_or_default())
    }

    async fn whatsapp(&self) -> Result<WhatsappSecret> {
        Ok(serde_json::from_value(self.held("whatsapp").await?)?)
    }
}

#[tokio::test]
async fn the_first_values_are_made_once_and_only_where_there_is_none() -> Result<()> {
    let safe = Safe::open().await?;
    let (code, told) = safe.secrets(&[], &[]).await;
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("no value yet"), "{told}");
    let (code, told) = safe.secrets(&["add-sealing-key", "--apply"], &[]).await;
    assert_eq!(code, 2, "{told}");
    let (code, told) = safe.secrets(&["init"], &[]).await;
    assert_eq!(code, 1, "{told}");
    assert_eq!(
        safe.held("keys").await?,
        Value::Null,
        "a dry run writes nothing"
    );

    let (code, told) = safe.secrets(&["init", "--apply"], &[]).await;
    assert_eq!(code, 1, "what belongs to Meta is missing: {told}");
    let keys = safe.held("keys").await?;
    Keys::parse(&keys.to_string())?;
    let key = keys["sealing"]["keys"]["k1"].as_str().context("a key")?;
    assert!(!told.contains(key), "a key is printed: {told}");

    let app = ["init", "--app-id", "600000000000001", "--apply"];
    let variables = [("RECADO_APP_SECRET", APP_SECRET)];
    let (code, told) = safe.secrets(&app, &variables).await;
    assert_eq!(code, 0, "{told}");
    assert_eq!(safe.held("keys").await?, keys, "the keys stay");
    let whatsapp = safe.held("whatsapp").await?;
    assert_eq!(safe.whatsapp().await?.app_secrets, [APP_SECRET]);
    let (code, told) = safe
        .secrets(&app, &[("RECADO_APP_SECRET", NEW_SECRET)])
        .await;
    assert_eq!(code, 0, "{told}");
    assert_eq!(safe.held("whatsapp").await?, whatsapp, "and so does this");
    Ok(())
}

#[tokio::test]
async fn secrets_are_exchanged_without_losing_what_opens_or_signs_meanwhile() -> Result<()> {
    let safe = Safe::open().await?;
    let app = ["init", "--app-id", "600000000000001", "--apply"];
    safe.secrets(&app, &[("RECADO_APP_SECRET", APP_SECRET)])
        .await;
    let ran = async |line: &[&str], variables: &[(&str, &str)]| {
        let (code, told) = safe.secrets(line, variables).await;
        assert_eq!(code, 0, "{line:?}: {told}");
        told
    };
    let first = safe.held("keys").await?;
    ran(&["add-sealing-key"], &[]).await;
    assert_eq!(safe.held("keys").await?, first, "a dry run");
    ran(&["add-sealing-key", "--apply"], &[]).await;
    let second = safe.held("keys").await?;
    assert_eq!(
        second["sealing"]["current"], "k1",
        "it opens before it seals"
    );
    assert_eq!(
        second["sealing"]["keys"]["k1"],
        first["sealing"]["keys"]["k1"]
    );
    ran(&["use-sealing-key", "k2", "--apply"], &[]).await;
    let third = safe.held("keys").await?;
    assert_eq!(third["sealing"]["current"], "k2");
    assert_eq!(third["sealing"]["keys"], second["sealing"]["keys"]);
    assert_eq!(third["pepper"], first["pepper"]);
    assert_eq!(
        safe.secrets(&["use-sealing-key", "k9", "--apply"], &[])
            .await
            .0,
        2
    );

    let token = [("RECADO_ACCESS_TOKEN", TOKEN)];
    ran(&["set-token", "banco-aurora", "--apply"], &token).await;
    let told = ran(&["set-token", "banco-aurora", "--apply"], &token).await;
    assert!(told.contains("is so already"), "{told}");
    ran(
        &["add-app-secret", "--apply"],
        &[("RECADO_APP_SECRET", NEW_SECRET)],
    )
    .await;
    assert_eq!(safe.whatsapp().await?.app_secrets, [NEW_SECRET, APP_SECRET]);
    let shown = ran(&[], &[]).await;
    let old = shown
        .lines()
        .filter(|line| line.contains("app secret"))
        .nth(1);
    let old = old
        .and_then(|line| line.split_whitespace().last())
        .context("its fingerprint")?;
    ran(&["drop-app-secret", old, "--apply"], &[]).await;
    let left = safe.whatsapp().await?;
    assert_eq!(left.app_secrets, [NEW_SECRET]);
    assert_eq!(left.access_tokens.len(), 1, "the token stays");
    assert_eq!(
        safe.secrets(&["drop-app-secret", old, "--apply"], &[])
            .await
            .0,
        2
    );
    Ok(())
}

#[tokio::test]
async fn what_somebody_wrote_meanwhile_is_not_overwritten() -> Result<()> {
    let safe = Safe::open().await?;
    safe.secrets(&["init", "--apply"], &[]).await;
    let other = safe.held("keys").await?;
    let mut theirs = other.clone();
    theirs["note"] = json!("theirs");
    // Between the operator's reading and its version's turn somebody else writes.
    let aws = Arc::new(safe);
    let text = theirs.to_string();
    let writer = Arc::downgrade(&aws);
    aws.shelf.aws.interfere(Arc::new(move |service, operation| {
        if service == Service::SecretsManager
            && operation == "PutSecretValue"
            && let Some(safe) = writer.upgrade()
        {
            safe.shelf.aws.secrets().put("keys", text.clone());
        }
        Verdict::Pass
    }));
    let (code, told) = aws.secrets(&["add-sealing-key", "--apply"], &[]).await;
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("somebody changed it meanwhile"), "{told}");
    assert_eq!(aws.held("keys").await?, theirs);
    Ok(())
}
