//! What lies sealed in the table, open: written by one function and read by another, which need not be of
//! the same release.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use data_encoding::BASE64;
use recado_domain::ids::{RecipientToken, TenantId};
use recado_domain::seal::{Keyring, Sealed};
use recado_local::stack::Stack;
use recado_ports::{ChatEntry, Profile};
use recado_tests::{Bank, GLANCE, PATIENCE, alert, fresh_number, stack};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{Fixtures, fixtures, hold, releases};

const FILE: &str = "sealed.json";
const BANK: &str = "banco-aurora";

/// The names and types of a value, its texts and numbers left out: `{"to": "text"}`.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("nothing"),
        Value::Bool(_) => json!("truth"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("text"),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(fields) => {
            let shapes = fields
                .iter()
                .map(|(name, value)| (name.clone(), shape(value)));
            Value::Object(shapes.collect())
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_functions_seal_today_has_the_shape_of_the_current_release() -> Result<()> {
    let stack = stack().await?;
    let bank = Bank::of(&stack, 0).await?;
    let to = fresh_number();
    let grant = json!({
        "to": to, "channel": "whatsapp", "purposes": ["transactional"], "action": "grant",
        "evidence": {
            "source": "app", "captured_at": recado_tests::now(), "wording": "Sim",
            "wording_version": "2026-03", "actor": "customer", "ip": "203.0.113.7",
        },
    });
    bank.post("/v1/consents", None, &grant)
        .await?
        .error_for_status()?;
    bank.phone(&to, json!({ "online": false })).await?;
    bank.send(&alert(&to)).await?;
    let keys = keyring(&stack).await?;
    let mut shapes = Fixtures::new();
    // The notification's content is gone once the message is read.
    until_seen(&stack, &keys, &mut shapes, 3).await?;
    bank.phone(&to, json!({ "online": true })).await?;
    bank.reply(&to, json!({ "text": "Oi" })).await?;
    until_seen(&stack, &keys, &mut shapes, 4).await?;
    stack.shutdown().await;
    hold(FILE, &shapes)
}

/// Waits until so many kinds of sealed things have been seen in the table.
async fn until_seen(
    stack: &Stack,
    keys: &Keyring,
    shapes: &mut Fixtures,
    kinds: usize,
) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        for item in stack.aws.dump_table()? {
            if let Some((name, shape)) = sealed_shape(keys, &item)? {
                shapes.insert(name, shape);
            }
        }
        if shapes.len() >= kinds {
            return Ok(());
        }
        ensure!(Instant::now() < end, "only {:?}", shapes.keys());
        sleep(GLANCE).await;
    }
}

/// What a release sealed, today's code finds where it looks for it.
#[test]
fn today_finds_what_it_looks_for_in_what_every_release_sealed() -> Result<()> {
    for release in releases()? {
        let sealed = fixtures(&release, FILE)?;
        for (name, fields) in [
            ("a notification's content", &["to", "params"][..]),
            ("a conversation's entry", &["phone", "user", "id", "masked"]),
            ("a consent's evidence", &["wording"]),
        ] {
            for field in fields {
                let found = sealed
                    .get(name)
                    .is_some_and(|shape| !shape[field].is_null());
                ensure!(found, "{name} of {release} has no {field}");
            }
        }
    }
    Ok(())
}

async fn keyring(stack: &Stack) -> Result<Keyring> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let answer: Value = http
        .post(stack.aws.endpoint())
        .header("x-amz-target", "secretsmanager.GetSecretValue")
        .body(json!({ "SecretId": "KeysSecret" }).to_string())
        .send()
        .await?
        .json()
        .await?;
    let secret: Value = serde_json::from_str(answer["SecretString"].as_str().context("no keys")?)?;
    let sealing = &secret["sealing"];
    let mut keys = BTreeMap::new();
    for (id, key) in sealing["keys"].as_object().context("no keys")? {
        let key = BASE64.decode(key.as_str().unwrap_or_default().as_bytes())?;
        keys.insert(id.clone(), key);
    }
    let current = sealing["current"].as_str().context("no current key")?;
    Ok(Keyring::new(current, keys)?)
}

/// The shape of what an item holds sealed, if it holds something.
fn sealed_shape(keys: &Keyring, item: &Value) -> Result<Option<(String, Value)>> {
    let (pk, sk) = (text(&item["pk"]["S"]), text(&item["sk"]["S"]));
    let parts: Vec<&str> = pk.split('#').collect();
    let (name, attribute, associated) = match parts.as_slice() {
        ["NTF", _] => ("a notification's content", "sc", pk.to_owned()),
        ["CHAT", BANK, token] => {
            let (bank, token) = (TenantId::parse(BANK)?, RecipientToken::parse(token)?);
            let associated = ChatEntry::associated(&bank, &token, sk);
            ("a conversation's entry", "sc", associated)
        }
        ["RCP", BANK, token] if sk == "PROFILE" => {
            let (bank, token) = (TenantId::parse(BANK)?, RecipientToken::parse(token)?);
            (
                "a profile's number",
                "ph",
                Profile::associated(&bank, &token),
            )
        }
        ["RCPH", BANK, _] => ("a consent's evidence", "ev", format!("{pk}#{sk}")),
        _ => return Ok(None),
    };
    let held = &item[attribute]["M"];
    if held.is_null() {
        return Ok(None);
    }
    let sealed = Sealed {
        key: text(&held["k"]["S"]).to_owned(),
        bytes: BASE64.decode(text(&held["b"]["B"]).as_bytes())?,
    };
    let plain = keys.open(&associated, &sealed)?;
    // A number stands alone; everything else is JSON.
    let value = serde_json::from_slice(&plain).unwrap_or(Value::String(String::new()));
    let value = if value.is_number() { json!("") } else { value };
    Ok(Some((name.to_owned(), shape(&value))))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
