//! A bank brings its existing consents: many lines through the operator's command, the API and the store,
//! broken off twice and begun again; then all of it once more.
//!
//! `RECADO_IMPORT_LINES=100000 cargo test -p recado-tests --test import` has the size of a bank.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use recado_local::stack::Stack;
use recado_operator::Outcome;
use recado_runtime::Process;
use recado_tests::contract::ask;
use recado_tests::{Bank, stack};
use serde_json::{Value, json};
use tokio::time::Instant;

/// Lines, the header not among them: four pieces of the command's.
const LINES: usize = 8_000;
/// Every so many lines, one breaks a rule.
const BAD: usize = 40;
/// Every so many lines, one is about the customer of the line before.
const AGAIN: usize = 10;
/// The shares of the file after which a run is broken off, in eighths.
const BREAKS: [usize; 2] = [2, 4];

#[allow(
    clippy::disallowed_methods,
    reason = "whoever wants another size names it in the environment"
)]
fn size() -> usize {
    let text = std::env::var("RECADO_IMPORT_LINES").ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(LINES)
}

/// What a line says, and the field and rule of its fault if it has one.
fn line(number: usize) -> (String, Option<(&'static str, &'static str)>) {
    let again = number.is_multiple_of(AGAIN);
    let customer = number - usize::from(again);
    let to = format!("+55119{:08}", 30_000_000 + customer);
    let action = if again { "revoke" } else { "grant" };
    let at = if again { "2025-03-04" } else { "2024-03-04" };
    let good =
        format!("{to},whatsapp,servicing|marketing,{action},{at}T10:11:12Z,2024-01,\"Sim, quero\"");
    if number % BAD != 7 {
        return (good, None);
    }
    match number / BAD % 5 {
        0 => (
            good.replace("+55119", "119"),
            Some(("to", "must start with + and the country code (E.164)")),
        ),
        1 => (
            good.replace("whatsapp", "pigeon"),
            Some(("channel", "must be one of whatsapp, sms, voice")),
        ),
        2 => (
            good.replace("T10:11:12Z", ""),
            Some((
                "captured_at",
                "must be a time in RFC 3339, as 2026-11-21T15:04:05Z",
            )),
        ),
        3 => (
            good.replace(",\"Sim, quero\"", ""),
            Some(("line", "must have 7 columns, as the header has")),
        ),
        _ => (
            good.replace("quero\"", "quero"),
            Some((
                "line",
                "must not have a line break inside quotes, nor a quote that does not end",
            )),
        ),
    }
}

/// The file: two blank lines stand in it, so that a line's number is the file's own.
fn write_file(path: &Path, lines: usize) -> Result<BTreeMap<usize, (String, String)>> {
    let mut text =
        "\nto,channel,purposes,action,captured_at,wording_version,wording\n\n".to_owned();
    let mut bad = BTreeMap::new();
    for number in 1..=lines {
        let (line, fault) = line(number);
        writeln!(text, "{line}")?;
        if let Some((field, rule)) = fault {
            bad.insert(number + 3, (field.to_owned(), rule.to_owned()));
        }
    }
    std::fs::write(path, text)?;
    Ok(bad)
}

struct World {
    stack: Stack,
    bank: Bank,
    folder: PathBuf,
}

impl World {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    async fn import(&self, more: &[(&str, &str)]) -> Outcome {
        let mut arguments: Vec<OsString> = ["import-consents", "--api", &self.bank.api, "--json"]
            .map(OsString::from)
            .into();
        arguments.extend(["--file".into(), self.path("consents.csv").into()]);
        for (option, name) in more {
            arguments.extend([OsString::from(option), self.path(name).into()]);
        }
        let token = self.bank.token.clone();
        let environment = move |name: &str| (name == "RECADO_TOKEN").then(|| token.clone());
        recado_operator::run(arguments, &environment, &Process::default()).await
    }

    /// Where the position file stands; none without one.
    fn position(&self) -> Option<usize> {
        let text = std::fs::read_to_string(self.path("position")).ok()?;
        text.trim().parse().ok()
    }

    /// Imports, and is killed once so many lines are done.
    async fn import_until(&self, line: usize, more: &[(&str, &str)]) -> Result<()> {
        let mut running = std::pin::pin!(self.import(more));
        let end = Instant::now() + Duration::from_secs(600);
        while self.position().is_none_or(|position| position < line) {
            ensure!(Instant::now() < end, "the import stands still");
            let glance = Duration::from_millis(20);
            if let Ok(ended) = tokio::time::timeout(glance, running.as_mut()).await {
                anyhow::bail!("it ended before line {line}: {ended:?}");
            }
        }
        Ok(())
    }

    /// How many items of a kind the table holds.
    async fn count(&self, prefix: &str) -> Result<u64> {
        let tables = self.dynamodb("ListTables", &json!({})).await?;
        let table = &tables["TableNames"][0];
        let (mut found, mut from) = (0, Value::Null);
        loop {
            let mut body = json!({
                "TableName": table, "Select": "COUNT",
                "FilterExpression": "begins_with(pk, :prefix)",
                "ExpressionAttributeValues": { ":prefix": { "S": prefix } },
            });
            if !from.is_null() {
                body["ExclusiveStartKey"] = from;
            }
            let answer = self.dynamodb("Scan", &body).await?;
            found += answer["Count"].as_u64().context("a count")?;
            from = answer["LastEvaluatedKey"].clone();
            if from.is_null() {
                return Ok(found);
            }
        }
    }

    async fn dynamodb(&self, operation: &str, body: &Value) -> Result<Value> {
        let answer = self
            .bank
            .http
            .post(&self.stack.ready.aws_endpoint)
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .body(body.to_string())
            .send()
            .await?;
        Ok(serde_json::from_str(&answer.text().await?)?)
    }

    /// What the API says of the customer of a line, and of the history.
    async fn holds(&self, number: usize) -> Result<()> {
        let to = format!("+55119{:08}", 30_000_000 + number);
        let found = ask(&self.bank, "POST /v1/consents/lookup", "", |request| {
            request.json(&json!({ "to": to }))
        })
        .await?;
        let revoked = line(number + 1).1.is_none() && (number + 1).is_multiple_of(AGAIN);
        let state = if revoked { "revoked" } else { "granted" };
        let consents = found.body["consents"].as_array().context("consents")?;
        assert_eq!(consents.len(), 2, "line {number}");
        for consent in consents {
            assert_eq!(consent["state"], state, "line {number}");
            assert_eq!(consent["source"], "import", "line {number}");
        }
        let recipient = found.body["recipient"].as_str().context("a token")?;
        let operation = "GET /v1/consents/{recipient}/history";
        let history = ask(&self.bank, operation, recipient, |request| request).await?;
        assert_eq!(history.body["chains"][0]["holds"], true, "line {number}");
        let events = history.body["events"].as_array().context("events")?;
        assert_eq!(events.len(), 1 + usize::from(revoked), "line {number}");
        assert_eq!(events[0]["evidence"]["wording"], "Sim, quero");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_is_taken_once_however_often_it_comes_and_each_bad_one_is_named() -> Result<()> {
    let size = size();
    let folder = std::env::temp_dir().join(format!("recado-import-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let stack = stack().await?;
    let bank = Bank::of(&stack, 0).await?;
    let world = World {
        stack,
        bank,
        folder,
    };
    let bad = write_file(&world.path("consents.csv"), size)?;
    let good = size - bad.len();
    let before = world.count("RCPH#").await?;
    let kept = [("--position", "position"), ("--bad-lines", "bad.csv")];

    for eighths in BREAKS {
        world.import_until(size * eighths / 8, &kept).await?;
    }
    let last = world.import(&kept).await;
    let told: Value = serde_json::from_str(&last.out).context(last.err)?;
    assert_eq!(last.code, 1, "there are bad lines");
    assert_eq!(world.position(), None, "it came to its end");
    let lines = |name: &str| told[name].as_u64().context("a count");
    let in_the_last_run = lines("taken")? + lines("unchanged")? + lines("refused")?;
    let rest = u64::try_from(size * 5 / 8)?;
    assert!(in_the_last_run <= rest, "it went on where it stood: {told}");

    // Every bad line by its number in the file, with its rule; none else. One that two runs saw is the same.
    let text = std::fs::read_to_string(world.path("bad.csv"))?;
    let named: BTreeSet<&str> = text.lines().collect();
    let expected: Vec<String> = bad
        .iter()
        .map(|(line, (field, rule))| format!("{line},{field},\"{rule}\""))
        .collect();
    assert_eq!(named, expected.iter().map(String::as_str).collect());
    let entries = u64::try_from(good)?;
    assert_eq!(world.count("RCPH#").await? - before, entries);

    let again = world.import(&[]).await;
    let told: Value = serde_json::from_str(&again.out).context(again.err)?;
    assert_eq!(told["taken"], 0);
    assert_eq!(told["unchanged"], json!(good));
    assert_eq!(told["refused"], json!(bad.len()));
    let errors = told["errors"].as_array().context("errors")?;
    let named = errors.iter().map(|bad| {
        let text = |name: &str| bad[name].as_str().unwrap_or_default().to_owned();
        let line = bad["line"].as_u64().unwrap_or_default();
        (
            usize::try_from(line).unwrap_or_default(),
            (text("field"), text("rule")),
        )
    });
    assert_eq!(named.collect::<BTreeMap<_, _>>(), bad);
    assert_eq!(errors.len(), bad.len());
    assert_eq!(
        world.count("RCPH#").await? - before,
        entries,
        "nothing twice"
    );
    for number in [1, 9, 49, 1_999, 2_001, 3_999, size - 1] {
        world.holds(number).await?;
    }
    std::fs::remove_dir_all(&world.folder)?;
    Ok(())
}
