//! A third bank comes to a fresh local stack by the operator's one command, and its first Pix alert arrives.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};
use recado_local::stack::Stack;
use recado_runtime::Process;
use recado_tests::{PATIENCE, fresh_number, stack_with};
use reqwest::Client;
use serde_json::{Value, json};

const TENANT: &str = "banco-exemplo";
const WABA: &str = "800000000000003";
const CLIENT: &str = "exemplo-core";
const TOKEN: &str = "EAAGthe-third-banks-token";

/// A file of this test alone.
fn scratch(name: &str) -> Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("recado-onboarding-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join(name))
}

/// The example, changed.
fn bank_file(name: &str, from: &str, to: &str) -> Result<PathBuf> {
    let example = include_str!("../../../infra/operator/bank.example.toml");
    let path = scratch(name)?;
    std::fs::write(&path, example.replace(from, to))?;
    Ok(path)
}

struct Scene {
    stack: Stack,
    http: Client,
    bank: PathBuf,
}

impl Scene {
    /// A stack that takes the third bank's client, and whose Meta has its account: what a bank's people have
    /// done before anybody onboards it.
    async fn new() -> Result<Self> {
        let audience = format!("aurora-core,boreal-core,{CLIENT}");
        let parameters = BTreeMap::from([("JwtAudience".to_owned(), audience)]);
        let stack = stack_with(parameters).await?;
        let http = Client::builder().no_proxy().build()?;
        let account = json!({
            "waba_id": WABA, "token": TOKEN, "phone_number_id": "700000000000003",
            "number": "+551140000003", "name": "Banco Exemplo",
        });
        let opened = http
            .post(format!("{}/_accounts", stack.ready.meta))
            .json(&account);
        opened.send().await?.error_for_status()?;
        Ok(Self {
            stack,
            http,
            bank: bank_file("bank.toml", "", "")?,
        })
    }

    /// Runs a command line with an access token in the environment; answers exit code and what was printed.
    async fn operator(&self, line: &[&str], token: Option<&str>) -> (u8, String) {
        let ready = &self.stack.ready;
        let meta = format!("{}/v25.0", ready.meta);
        let mut all: Vec<&str> = line.to_vec();
        all.extend(["--endpoint-url", &ready.aws_endpoint, "--table", "Table"]);
        all.extend([
            "--keys-secret",
            "KeysSecret",
            "--whatsapp-secret",
            "WhatsAppSecret",
        ]);
        if line.first() != Some(&"secrets") {
            all.extend(["--whatsapp-url", &meta]);
        }
        let token = token.map(str::to_owned);
        let environment = move |name: &str| match name {
            "USER" => Some("ana".to_owned()),
            "RECADO_ACCESS_TOKEN" => token.clone(),
            _ => None,
        };
        let arguments = all.into_iter().map(OsString::from);
        let outcome = recado_operator::run(arguments, &environment, &Process::default()).await;
        let told = outcome.out + &outcome.err;
        assert!(!told.contains("EAAG"), "a token is printed: {told}");
        (outcome.code, told)
    }

    async fn onboard(&self, more: &[&str], token: Option<&str>) -> (u8, String) {
        let bank = self.bank.to_string_lossy();
        let line = [&["onboard", "--bank", &bank][..], more].concat();
        self.operator(&line, token).await
    }

    /// What onboarding writes here, but for what Meta's webhooks write as well.
    async fn state(&self) -> Result<(Vec<Value>, Value)> {
        let (status, secret) = self.secret().await?;
        assert_eq!(status, 200, "{secret}");
        let written = ["TNT#", "CLIENT#", "NUMBER#", "WABA#", "SWITCH"];
        let mut items = self.stack.aws.dump_table()?;
        items.retain(|item| {
            let key = item["pk"]["S"].as_str().unwrap_or_default();
            written.iter().any(|prefix| key.starts_with(prefix))
        });
        Ok((items, secret))
    }

    /// Meta's secret with its version.
    async fn secret(&self) -> Result<(u16, Value)> {
        let request = self
            .http
            .post(&self.stack.ready.aws_endpoint)
            .header("x-amz-target", "secretsmanager.GetSecretValue")
            .header("content-type", "application/x-amz-json-1.1")
            .body(json!({ "SecretId": "WhatsAppSecret" }).to_string());
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    /// The bank as its own system calls the API.
    async fn calls(&self) -> Result<recado_tests::Bank> {
        let ready = &self.stack.ready;
        let client = ready.other_clients.iter().find(|it| it.client_id == CLIENT);
        let client = client.context("the stack has no such client")?;
        let answer: Value = self
            .http
            .post(&ready.token_url)
            .basic_auth(&client.client_id, Some(&client.client_secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await?
            .json()
            .await?;
        let token = answer["access_token"].as_str().context("no token")?;
        let mut bank = recado_tests::Bank::of(&self.stack, 0).await?;
        bank.token = token.to_owned();
        bank.phone_number_id = "700000000000003".to_owned();
        Ok(bank)
    }
}

fn lines<'a>(told: &'a str, part: &str) -> Vec<&'a str> {
    told.lines().filter(|line| line.contains(part)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_third_bank_comes_by_one_command_and_its_first_alert_arrives() -> Result<()> {
    let scene = Scene::new().await?;
    let before = scene.state().await?;
    let arguments = ["--client-id", CLIENT];

    // A dry run tells what it would do and does none of it.
    let (code, told) = scene.onboard(&arguments, Some(TOKEN)).await;
    assert_eq!(code, 1, "{told}");
    assert!(!lines(&told, "would be done").is_empty(), "{told}");
    assert!(lines(&told, "  done  ").is_empty(), "{told}");
    assert_eq!(scene.state().await?, before, "a dry run changes nothing");

    // Meta refuses the token: what does not need it is done, and the secret is left alone.
    let apply = ["--client-id", CLIENT, "--apply"];
    let (code, told) = scene
        .onboard(&apply, Some("EAAGnot-a-token-of-metas"))
        .await;
    assert_eq!(code, 1, "{told}");
    let failed = lines(&told, "FAILED");
    assert!(failed.len() == 1 && failed[0].contains("(190)"), "{told}");
    let half_way = scene.state().await?;
    assert_ne!(half_way.0, before.0, "the registry has it");
    assert_eq!(half_way.1, before.1, "the secret has not");
    let (code, told) = scene.operator(&["check", "--tenant", TENANT], None).await;
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("holds no access token"), "{told}");

    // The second run completes it.
    let webhook = scene.stack.ready.webhook.url.clone();
    let with_webhook = [&apply[..], &["--webhook-url", &webhook]].concat();
    let (code, told) = scene.onboard(&with_webhook, Some(TOKEN)).await;
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("nothing is missing"), "{told}");
    assert!(told.contains("left out"), "{told}");
    for left_out in ["kyc_pending", "one_time_code_autofill"] {
        let handed_in = lines(&told, "handed in");
        assert!(
            handed_in.iter().all(|line| !line.contains(left_out)),
            "{told}"
        );
    }

    // It is a bank like the others: its customers agree, are written to, and the receipt comes back.
    let bank = scene.calls().await?;
    let to = fresh_number();
    bank.agrees(&to).await?;
    let alert = json!({
        "template": "pix_received", "locale": "pt_BR", "to": to,
        "params": {
            "name": "Maria Souza", "payer": "João Lima",
            "amount": { "minor": 20_000, "currency": "BRL" },
            "balance": { "minor": 150_000, "currency": "BRL" },
        },
    });
    let id = bank.send(&alert).await?;
    let arrived = |item: &Value| matches!(item["status"].as_str(), Some("delivered" | "read"));
    tokio::time::timeout(PATIENCE, bank.until(&id, arrived)).await??;
    assert_eq!(bank.channels(&to).await?, ["whatsapp"]);
    let inbox = bank.inbox(&to).await?;
    assert!(inbox[0].to_string().contains("João Lima"), "{inbox:?}");

    // Once more: nothing changes, and it says so.
    let before = scene.state().await?;
    let (code, told) = scene.onboard(&with_webhook, Some(TOKEN)).await;
    assert_eq!(code, 0, "{told}");
    assert!(lines(&told, "done").is_empty(), "{told}");
    assert_eq!(scene.state().await?, before);
    let (code, told) = scene.onboard(&with_webhook, None).await;
    assert_eq!(code, 0, "the secret's own token does: {told}");

    // What goes away later is missing.
    let (code, told) = scene.operator(&["check", "--tenant", TENANT], None).await;
    assert_eq!(code, 0, "{told}");
    let paused =
        json!({ "name": "pix_received", "language": "pt_BR", "status": "PAUSED", "waba_id": WABA });
    let pause = scene
        .http
        .post(format!("{}/_templates", scene.stack.ready.meta));
    pause.json(&paused).send().await?.error_for_status()?;
    let away = scene
        .http
        .delete(format!(
            "{}/v25.0/{WABA}/subscribed_apps",
            scene.stack.ready.meta
        ))
        .bearer_auth(TOKEN);
    away.send().await?.error_for_status()?;
    let (code, told) = scene.operator(&["check", "--tenant", TENANT], None).await;
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("pix_received (pt_BR): paused"), "{told}");
    assert!(
        told.contains("does not get the account's webhooks"),
        "{told}"
    );
    assert!(told.contains("2 missing"), "{told}");
    scene.stack.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_another_bank_is_taken_over_and_a_client_of_the_pool_is_made_once() -> Result<()>
{
    let mut scene = Scene::new().await?;
    let before = scene.state().await?;
    for (from, to, field) in [
        (
            "\"700000000000003\"",
            "\"700000000000001\"",
            "phone_number_id",
        ),
        ("\"800000000000003\"", "\"800000000000002\"", "waba_id"),
    ] {
        scene.bank = bank_file("taken.toml", from, to)?;
        let (code, told) = scene.onboard(&["--apply"], Some(TOKEN)).await;
        assert_eq!(code, 2, "{told}");
        assert!(
            told.contains(&format!("{field} belongs to banco-")),
            "{told}"
        );
    }
    scene.bank = bank_file("bank.toml", "", "")?;
    let (code, told) = scene
        .onboard(&["--apply", "--client-id", "aurora-core"], Some(TOKEN))
        .await;
    assert_eq!(code, 2, "{told}");
    assert!(
        told.contains("--client-id belongs to banco-aurora"),
        "{told}"
    );
    scene.bank = bank_file("wrong.toml", "\"pt_BR\"", "\"pt\"")?;
    let (code, told) = scene.onboard(&["--apply"], Some(TOKEN)).await;
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("locale: must be"), "{told}");
    scene.bank = bank_file("bank.toml", "", "")?;
    let (code, told) = scene.onboard(&["--apply"], Some("two words")).await;
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("one word"), "{told}");
    assert_eq!(scene.state().await?, before, "nothing was begun");

    // The number that the file names is not the one that Meta has.
    scene.bank = bank_file("number.toml", "4000-0003", "4000-0004")?;
    let (code, told) = scene.onboard(&["--apply"], Some(TOKEN)).await;
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("another number"), "{told}");
    assert_eq!(scene.state().await?.1, before.1);

    scene.bank = bank_file("bank.toml", "", "")?;
    let secret = scratch("client-secret")?;
    if secret.exists() {
        std::fs::remove_file(&secret)?;
    }
    let path = secret.to_string_lossy().into_owned();
    let pool = [
        "--user-pool-id",
        "sa-east-1_Local",
        "--secret-file",
        &path,
        "--apply",
    ];
    let (code, told) = scene.onboard(&pool[..4], Some(TOKEN)).await;
    assert_eq!(code, 1, "{told}");
    assert!(!secret.exists(), "a dry run makes no client");
    let (code, told) = scene.onboard(&pool, Some(TOKEN)).await;
    assert_eq!(code, 0, "{told}");
    let kept = std::fs::read_to_string(&secret)?;
    let value = |name: &str| {
        let line = kept.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::to_owned).unwrap_or_default()
    };
    let (id, word) = (value("client_id="), value("client_secret="));
    assert!(!id.is_empty() && !word.is_empty(), "the file holds both");
    assert!(told.contains(&format!("JwtAudience={id}")), "{told}");
    assert!(!told.contains(&word), "the secret is printed: {told}");
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&secret)?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A run that lost the file gets the same client's secret again.
    std::fs::remove_file(&secret)?;
    let (code, told) = scene.onboard(&pool, Some(TOKEN)).await;
    assert_eq!(code, 0, "{told}");
    assert_eq!(std::fs::read_to_string(&secret)?, kept);
    let (code, told) = scene.onboard(&pool, Some(TOKEN)).await;
    assert_eq!(code, 0, "{told}");
    assert!(lines(&told, "done").is_empty(), "{told}");
    scene.stack.shutdown().await;
    Ok(())
}
