//! Secrets that change while everything runs: nothing is started anew, nothing is lost.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use data_encoding::{BASE64, HEXLOWER};
use recado_local::stack::Stack;
use recado_tests::{
    Bank, GLANCE, PATIENCE, alert, drained, fresh_number, leg, sealed_notifications, settled, stack,
};
use reqwest::StatusCode;
use ring::hmac;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const KEYS: &str = "KeysSecret";
const WHATSAPP: &str = "WhatsAppSecret";

struct World {
    stack: Stack,
    bank: Bank,
}

impl World {
    async fn open() -> Result<Self> {
        let stack = stack().await?;
        let bank = Bank::of(&stack, 0).await?;
        Ok(Self { stack, bank })
    }

    /// What an operator does with a secret.
    fn change(&self, secret: &str, edit: impl FnOnce(&mut Value)) -> Result<()> {
        let secrets = self.stack.aws.secrets();
        let (name, text) = secrets.find(secret).context("no such secret")?;
        let mut content: Value = serde_json::from_str(&text)?;
        edit(&mut content);
        secrets.put(name, content.to_string());
        Ok(())
    }

    /// What an operator does at Meta.
    async fn at_meta(&self, exchange: Value) -> Result<()> {
        let url = format!("{}/_credentials", self.stack.ready.meta);
        let request = self.bank.http.post(url).json(&exchange).send();
        request.await?.error_for_status()?;
        Ok(())
    }

    /// A webhook that says nothing, signed.
    async fn webhook(&self, secret: &str) -> Result<StatusCode> {
        let body = json!({ "object": "whatsapp_business_account", "entry": [] }).to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = HEXLOWER.encode(hmac::sign(&key, body.as_bytes()).as_ref());
        let request = self.bank.http.post(&self.stack.ready.webhook.url);
        let request = request.header("x-hub-signature-256", format!("sha256={tag}"));
        Ok(request.body(body).send().await?.status())
    }

    async fn webhook_is_answered(&self, secret: &str, with: StatusCode) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.webhook(secret).await? != with {
            ensure!(Instant::now() < end, "never answered with {with}");
            sleep(GLANCE).await;
        }
        Ok(())
    }

    /// The key of a notification's content; none once it has ended.
    fn sealed_with(&self, id: &str) -> Result<Option<String>> {
        let sealed = sealed_notifications(&self.stack)?;
        let item = sealed
            .iter()
            .find(|item| item["pk"]["S"] == format!("NTF#{id}"));
        Ok(item.and_then(|item| item["sc"]["M"]["k"]["S"].as_str().map(str::to_owned)))
    }

    async fn customer(&self) -> Result<String> {
        let to = fresh_number();
        self.bank.agrees(&to).await?;
        Ok(to)
    }

    /// Sends an alert and sees it to its end; answers it.
    async fn sends(&self, template: &str) -> Result<Value> {
        let mut request = alert(&self.customer().await?);
        request["template"] = json!(template);
        let id = self.bank.send(&request).await?;
        settled(&self.stack, &id).await?;
        self.bank.notification(&id).await
    }

    /// A second sandbox in place of the first one, as deployments and load make them at any time.
    async fn replace(&self, function: &str) -> Result<()> {
        let function = &self.stack.functions[function];
        for instance in function.instances() {
            function.kill_instance(&instance.id).await;
        }
        Ok(())
    }

    fn processes(&self) -> BTreeMap<String, Vec<String>> {
        let functions = self.stack.functions.iter();
        let ids = functions.map(|(name, function)| {
            let ids = function.instances().into_iter().map(|it| it.id).collect();
            (name.clone(), ids)
        });
        ids.collect()
    }

    fn lines(&self, message: &str) -> usize {
        let lines = self.stack.logs.lines();
        let named = format!("\"message\":\"{message}\"");
        lines.iter().filter(|line| line.contains(&named)).count()
    }

    fn counted(&self, metric: &str) -> usize {
        let lines = self.stack.logs.lines();
        let named = format!("\"Name\":\"{metric}\"");
        lines.iter().filter(|line| line.contains(&named)).count()
    }

    async fn ends(self) -> Result<()> {
        drained(&self.stack).await?;
        self.stack.shutdown().await;
        Ok(())
    }
}

fn by_whatsapp(notification: &Value) -> Result<()> {
    let (whatsapp, sms) = (leg(notification, "whatsapp"), leg(notification, "sms"));
    ensure!(
        matches!(whatsapp["status"].as_str(), Some("delivered" | "read")),
        "not by WhatsApp: {notification}"
    );
    ensure!(sms["submitted_at"].is_null(), "by SMS, too: {notification}");
    Ok(())
}

#[tokio::test]
async fn a_new_app_secret_is_taken_beside_the_old_one_and_the_old_one_goes() -> Result<()> {
    let world = World::open().await?;
    let old = world.stack.ready.webhook.app_secret.clone();
    by_whatsapp(&world.sends("test_patient").await?)?;
    let before = world.processes();

    world.change(WHATSAPP, |secret| {
        secret["app_secrets"] = json!([old, "new"]);
    })?;
    world.webhook_is_answered("new", StatusCode::OK).await?;
    assert_eq!(world.webhook(&old).await?, StatusCode::OK);
    world.at_meta(json!({ "app_secret": "new" })).await?;
    by_whatsapp(&world.sends("test_patient").await?)?;

    world.change(WHATSAPP, |secret| secret["app_secrets"] = json!(["new"]))?;
    // Whoever signs wrongly has the secret read again.
    let end = Instant::now() + PATIENCE;
    while world.webhook(&old).await? != StatusCode::UNAUTHORIZED {
        ensure!(Instant::now() < end, "the old secret is still taken");
        world.webhook("nobody's").await?;
        sleep(GLANCE).await;
    }
    assert_eq!(world.webhook("new").await?, StatusCode::OK);
    let (receiver, after) = ("WebhookReceiver", world.processes());
    assert!(
        before[receiver]
            .iter()
            .all(|id| after[receiver].contains(id))
    );
    world.ends().await
}

#[tokio::test]
async fn a_message_goes_by_whatsapp_with_the_token_that_was_exchanged_meanwhile() -> Result<()> {
    let world = World::open().await?;
    by_whatsapp(&world.sends("test_patient").await?)?;
    let before = world.processes();

    // Meta knows the new one first: the message meets the old one's end.
    world.at_meta(json!({ "token": "EAAGnew" })).await?;
    world.change(WHATSAPP, |secret| {
        secret["access_tokens"]["banco-aurora"] = json!("EAAGnew");
    })?;
    by_whatsapp(&world.sends("test_patient").await?)?;
    assert_eq!(world.lines("access token refused"), 0);
    let (sender, after) = ("OutboundSender", world.processes());
    assert!(before[sender].iter().all(|id| after[sender].contains(id)));

    // And where nobody has put it into the secret, the SMS goes and somebody is told.
    world.at_meta(json!({ "token": "EAAGnewer" })).await?;
    let sent = world.sends("test_alert").await?;
    assert_eq!(leg(&sent, "whatsapp")["status"], "failed", "{sent}");
    ensure!(!leg(&sent, "sms")["submitted_at"].is_null(), "{sent}");
    assert_eq!(world.lines("access token refused"), 1);
    assert_eq!(world.counted("TokenRefused"), 1);
    world.ends().await
}

/// A PDF, as far as anybody looks.
const FILE: &str = "%PDF-1.7\nxref\n\nstartxref\n9\n%%EOF\n";

#[tokio::test]
async fn a_file_is_uploaded_with_the_token_that_was_exchanged_meanwhile() -> Result<()> {
    let world = World::open().await?;
    let upload = async || {
        let url = format!("{}/v1/media", world.bank.api);
        let request = world.bank.http.post(url).bearer_auth(&world.bank.token);
        let request = request.header("content-type", "application/pdf").body(FILE);
        anyhow::Ok(request.send().await?.status())
    };
    assert_eq!(upload().await?, StatusCode::CREATED);
    world.at_meta(json!({ "token": "EAAGnew" })).await?;
    world.change(WHATSAPP, |secret| {
        secret["access_tokens"]["banco-aurora"] = json!("EAAGnew");
    })?;
    assert_eq!(upload().await?, StatusCode::CREATED);
    world.at_meta(json!({ "token": "EAAGnewer" })).await?;
    assert_eq!(upload().await?, StatusCode::INTERNAL_SERVER_ERROR);
    world.ends().await
}

#[tokio::test]
async fn what_an_old_key_sealed_opens_and_what_a_new_one_seals_opens_at_once() -> Result<()> {
    let world = World::open().await?;
    by_whatsapp(&world.sends("test_patient").await?)?;
    // Sealed with the old key, and opened once more for the SMS.
    let offline = world.customer().await?;
    world
        .bank
        .phone(&offline, json!({ "online": false }))
        .await?;
    let mut request = alert(&offline);
    request["template"] = json!("test_patient");
    let old = world.bank.send(&request).await?;
    world.bank.until_status(&old, "submitted").await?;
    assert_eq!(world.sealed_with(&old)?, Some("k1".to_owned()));

    world.change(KEYS, |secret| {
        secret["sealing"]["keys"]["k2"] = json!(BASE64.encode(&[2; 32]));
        secret["sealing"]["current"] = json!("k2");
    })?;
    // A sandbox that starts now seals with the new key, which the warm sender has never seen.
    world.replace("NotificationApi").await?;
    let before = world.processes()["OutboundSender"].clone();
    let to = world.customer().await?;
    let mut request = alert(&to);
    request["template"] = json!("test_patient");
    let new = world.bank.send(&request).await?;
    let key = world.sealed_with(&new)?;
    ensure!(key.is_none_or(|key| key == "k2"), "sealed with the old key");
    settled(&world.stack, &new).await?;
    by_whatsapp(&world.bank.notification(&new).await?)?;
    let after = world.processes()["OutboundSender"].clone();
    assert!(before.iter().all(|id| after.contains(id)));
    assert!(world.lines("secret changed") > 0);

    let sent = world
        .bank
        .until(&old, |it| !leg(it, "sms")["submitted_at"].is_null());
    sent.await?;
    let inbox = world.bank.inbox(&offline).await?;
    ensure!(inbox.iter().any(|it| it["channel"] == "sms"), "{inbox:?}");
    settled(&world.stack, &old).await?;
    world.ends().await
}

#[tokio::test]
async fn another_pepper_finds_no_way_in() -> Result<()> {
    let world = World::open().await?;
    let customer = world.customer().await?;
    by_whatsapp(&world.sends("test_patient").await?)?;
    let secrets = world.stack.aws.secrets();
    let (name, original) = secrets.find(KEYS).context("no such secret")?;
    world.change(KEYS, |secret| {
        secret["pepper"] = json!({ "version": "2", "secret": BASE64.encode(&[9; 32]) });
    })?;
    let looked_up = async || {
        let url = format!("{}/v1/consents/lookup", world.bank.api);
        let request = world.bank.http.post(url).bearer_auth(&world.bank.token);
        let answer = request.json(&json!({ "to": customer })).send().await?;
        anyhow::Ok((answer.status(), answer.text().await?))
    };
    // A new sandbox does not start with it, instead of finding nobody's consent.
    world.replace("ConsentApi").await?;
    let (status, body) = looked_up().await?;
    ensure!(status.is_server_error(), "{status}: {body}");
    assert!(world.lines("pepper refused") > 0, "nobody was told");
    // A warm one goes on.
    let id = world.bank.send(&alert(&customer)).await?;
    settled(&world.stack, &id).await?;
    by_whatsapp(&world.bank.notification(&id).await?)?;

    secrets.put(name, original);
    let (status, body) = looked_up().await?;
    assert_eq!(status, StatusCode::OK);
    ensure!(body.contains("granted"), "{body}");
    world.ends().await
}
