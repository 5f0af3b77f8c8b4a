//! Templates and their life with Meta, on the whole stack: what Meta says of one decides the next send.
//! Every answer of the API is held against `docs/openapi.yaml` besides what its test says.
//!
//! Each test has a template, a language and a bank to itself, since what Meta says holds for all of them.

mod life;
mod own;

use anyhow::{Context, Result, ensure};
use data_encoding::HEXLOWER;
use recado_tests::contract::{Answer, ask};
use recado_tests::{Bank, GLANCE, PATIENCE, fresh_number, shared};
use reqwest::StatusCode;
use ring::hmac;
use serde_json::{Value, json};

/// A bank with its account at Meta, and Meta's webhooks about its templates.
struct World {
    bank: Bank,
    account: &'static str,
}

impl World {
    async fn of(which: usize) -> Result<Self> {
        Ok(Self {
            bank: Bank::of(shared(), which).await?,
            account: ["800000000000001", "800000000000002"][which],
        })
    }

    /// Posts one change of a template as Meta does, told at this second of Meta's clock, and waits for
    /// the `200`.
    async fn told(
        &self,
        second: i64,
        field: &str,
        template: &str,
        locale: &str,
        mut value: Value,
    ) -> Result<()> {
        value["message_template_id"] = json!(1_234_567_890_123_456_u64);
        value["message_template_name"] = json!(template);
        value["message_template_language"] = json!(locale.replace('_', "-"));
        let body = json!({ "object": "whatsapp_business_account", "entry": [ {
            "id": self.account, "time": second, "changes": [ { "field": field, "value": value } ],
        } ] });
        let bytes = body.to_string().into_bytes();
        let webhook = &shared().ready.webhook;
        let key = hmac::Key::new(hmac::HMAC_SHA256, webhook.app_secret.as_bytes());
        let digest = HEXLOWER.encode(hmac::sign(&key, &bytes).as_ref());
        let answer = self
            .bank
            .http
            .post(&webhook.url)
            .header("content-type", "application/json")
            .header("x-hub-signature-256", format!("sha256={digest}"))
            .body(bytes)
            .send()
            .await?;
        ensure!(answer.status() == StatusCode::OK, "{}", answer.status());
        Ok(())
    }

    async fn status(
        &self,
        second: i64,
        template: &str,
        locale: &str,
        event: &str,
        reason: &str,
    ) -> Result<()> {
        let value = json!({ "event": event, "reason": reason });
        let field = "message_template_status_update";
        self.told(second, field, template, locale, value).await
    }

    async fn category(
        &self,
        second: i64,
        template: &str,
        locale: &str,
        from: &str,
        to: &str,
    ) -> Result<()> {
        let value = json!({ "previous_category": from, "new_category": to });
        let field = "template_category_update";
        self.told(second, field, template, locale, value).await
    }

    /// A customer who agreed to these purposes on WhatsApp.
    async fn customer(&self, purposes: &[&str]) -> Result<String> {
        let to = fresh_number();
        self.bank
            .consent(&to, "whatsapp", purposes, "grant")
            .await?;
        Ok(to)
    }

    async fn show(&self, template: &str) -> Result<Answer> {
        ask(
            &self.bank,
            "GET /v1/templates/{name}",
            template,
            |request| request,
        )
        .await
    }

    /// What the API shows of one language of a template's version.
    async fn at_meta(&self, template: &str, version: u32, locale: &str) -> Result<Value> {
        let shown = self.show(template).await?;
        language(&shown.body["versions"], version, locale)
    }

    /// Waits until a language stands like this.
    async fn until(
        &self,
        template: &str,
        version: u32,
        locale: &str,
        status: &str,
    ) -> Result<Value> {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let meta = self.at_meta(template, version, locale).await?;
            if meta["status"] == status {
                return Ok(meta);
            }
            ensure!(tokio::time::Instant::now() < end, "still {meta}");
            tokio::time::sleep(GLANCE).await;
        }
    }
}

fn language(versions: &Value, version: u32, locale: &str) -> Result<Value> {
    let versions = versions.as_array().context("versions")?;
    let found = versions.iter().find(|one| one["version"] == version);
    let locales = found.and_then(|one| one["locales"].as_array());
    let found = locales
        .into_iter()
        .flatten()
        .find(|one| one["locale"] == locale);
    Ok(found.context("the language")?["meta"].clone())
}

/// A second of Meta's clock, some seconds from now.
fn second(from_now: i64) -> Result<i64> {
    Ok(recado_tests::time(&json!(recado_tests::now()))?.as_second() + from_now)
}

/// A leg in a few words: `skipped template_paused`, `sent template_unavailable`.
fn leg(notification: &Value, channel: &str) -> String {
    let leg = recado_tests::leg(notification, channel);
    let word = |name: &str| leg[name].as_str().unwrap_or("-").to_owned();
    let why = if channel == "whatsapp" {
        word("reason")
    } else {
        word("opened_because")
    };
    format!("{} {why}", word("status"))
}
