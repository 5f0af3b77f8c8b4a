//! A compact day of a bank: everything that any function ever asks of AWS happens in it at least once.

use std::ffi::OsString;

use anyhow::{Context, Result, ensure};
use recado_domain::delivery::TimerKind;
use recado_domain::ids::{NotificationId, TenantId};
use recado_local::aws::{Outgoing, Queues, Use};
use recado_local::stack::Stack;
use recado_ports::TimerMessage;
use recado_runtime::Process;
use recado_sqs::encode_timer;
use recado_tests::contract::ask;
use recado_tests::{Bank, GLANCE, PATIENCE, alert, drained, fresh_key, fresh_number, stack_with};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const AURORA: &str = "banco-aurora";
const ACCOUNT: &str = "800000000000001";

/// A stack whose sender gives a throttled message back to its lane at once.
pub(crate) async fn stack() -> Result<Stack> {
    let parameters = [("RetryWindow", "500ms"), ("PostTimeout", "3s")];
    stack_with(
        parameters
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
    )
    .await
}

/// Plays it all, until every queue is empty.
pub(crate) async fn play(stack: &Stack) -> Result<()> {
    // Before anybody reads the switches, which is seldom: budgets and rates are counted from then on.
    turn(
        stack,
        &["sms-budget", "set", AURORA, "--per-minute", "1000"],
    )
    .await?;
    turn(stack, &["rate", "set", AURORA, "--per-second", "1000"]).await?;
    let day = Day {
        stack,
        bank: Bank::of(stack, 0).await?,
    };
    day.notifications().await.context("notifications")?;
    day.throttled_lanes().await.context("throttled lanes")?;
    day.fallback().await.context("fallback")?;
    day.words_and_erasure().await.context("words and erasure")?;
    day.consents().await.context("consents")?;
    day.templates().await.context("templates")?;
    day.upload().await.context("an upload")?;
    drained(stack).await
}

/// Runs `recado-operator switches …` as its `main` does.
async fn turn(stack: &Stack, line: &[&str]) -> Result<()> {
    let rest = [
        "--why",
        "permissions",
        "--endpoint-url",
        stack.aws.endpoint(),
    ];
    let table = ["--table", "Table"];
    let arguments = ["switches"].iter().chain(line).chain(&rest).chain(&table);
    let environment = |name: &str| (name == "USER").then(|| "ana".to_owned());
    let outcome = recado_operator::run(
        arguments.map(OsString::from),
        &environment,
        &Process::default(),
    )
    .await;
    ensure!(outcome.code == 0, "{line:?}: {}", outcome.err);
    Ok(())
}

struct Day<'a> {
    stack: &'a Stack,
    bank: Bank,
}

impl Day<'_> {
    async fn post(&self, path: &str, body: &Value) -> Result<()> {
        self.bank.post(path, None, body).await?.error_for_status()?;
        Ok(())
    }

    async fn get(&self, path: &str) -> Result<()> {
        self.bank.get(path).await?.error_for_status()?;
        Ok(())
    }

    async fn customer(&self, switches: Value) -> Result<String> {
        let to = fresh_number();
        self.bank.agrees(&to).await?;
        self.bank.phone(&to, switches).await?;
        Ok(to)
    }

    /// Each lane, read; shown, found, previewed, cancelled, and a key with another body.
    async fn notifications(&self) -> Result<()> {
        let to = self.customer(json!({})).await?;
        for request in [code(&to), alert(&to), offer(&to)] {
            let id = self.bank.send(&request).await?;
            self.until_over(&id).await?;
        }
        self.post("/v1/notifications/preview", &alert(&to)).await?;
        let key = fresh_key();
        let path = "/v1/notifications";
        let first = self.bank.post(path, Some(&key), &alert(&to)).await?;
        let first: Value = first.error_for_status()?.json().await?;
        let other = self.bank.post(path, Some(&key), &code(&to)).await?;
        ensure!(!other.status().is_success(), "{}", other.status());
        let address = format!("{}{path}", self.bank.api);
        let found = self.bank.http.get(address).bearer_auth(&self.bank.token);
        let found = found.header("idempotency-key", &key).send().await?;
        found.error_for_status()?;
        let id = first["id"].as_str().context("no id")?;
        // Whether it comes in time or not, it is tried.
        let cancel = format!("{path}/{id}/cancel");
        self.bank.post(&cancel, None, &json!({})).await?;
        Ok(())
    }

    /// Throttled by Meta for longer than it is tried again at once, a message goes back to its lane.
    async fn throttled_lanes(&self) -> Result<()> {
        for (lane, request) in [
            ("critical", code as fn(&str) -> Value),
            ("standard", |to| alert(to)),
            ("bulk", offer),
        ] {
            let to = self.customer(json!({})).await?;
            let throttled = vec![json!({ "error_code": 130_429 }); 20];
            self.bank.faults(json!({ "next": throttled })).await?;
            let id = self.bank.send(&request(&to)).await?;
            let queue = Queues::arn(&format!("recado-{lane}"));
            self.until_used("OutboundSender", "sqs:SendMessage", &queue)
                .await?;
            self.bank.faults(json!({ "next": [] })).await?;
            self.until_over(&id).await?;
        }
        Ok(())
    }

    /// Waits until a notification has left by one way or the other.
    async fn until_over(&self, id: &str) -> Result<()> {
        let over = |item: &Value| item["status"] == "read" || item["status"] == "fallback_sent";
        self.bank.until(id, over).await.map(drop)
    }

    /// No receipt in time, a definite failure, and a timer that comes too early.
    async fn fallback(&self) -> Result<()> {
        let off = self.customer(json!({ "online": false })).await?;
        let id = self.bank.send(&alert(&off)).await?;
        self.bank.until_status(&id, "submitted").await?;
        let early = TimerMessage {
            tenant: TenantId::parse(AURORA)?,
            notification: NotificationId::parse(&id)?,
            leg: 1,
            kind: TimerKind::Open,
            at: recado_tests::time(&json!(recado_tests::now()))?,
        };
        let queues = self.stack.aws.queues();
        queues.send("recado-fallback", Outgoing::new(encode_timer(&early)))?;
        self.bank.until_status(&id, "fallback_sent").await?;

        let nowhere = self.customer(json!({ "on_whatsapp": false })).await?;
        let id = self.bank.send(&alert(&nowhere)).await?;
        self.bank.until_status(&id, "fallback_sent").await?;

        let failing = self.customer(json!({ "online": false })).await?;
        self.bank
            .faults(json!({ "next": [{ "then_failed": 131_026 }] }))
            .await?;
        let id = self.bank.send(&alert(&failing)).await?;
        self.bank.until_status(&id, "fallback_sent").await?;
        Ok(())
    }

    /// A word that revokes, one that brings back, a talk, Meta's own stop; then all of it is erased, and an
    /// old message comes after that.
    async fn words_and_erasure(&self) -> Result<()> {
        let to = self.customer(json!({})).await?;
        let id = self.bank.send(&alert(&to)).await?;
        self.bank.until_status(&id, "read").await?;
        let token = self.lookup(&to).await?;
        let mut said = 0;
        for word in ["SAIR", "VOLTAR", "Quero falar da conta"] {
            self.bank.reply(&to, json!({ "text": word })).await?;
            said += 1;
            self.until_stored(|item| is_chat_of(item, &token), said)
                .await?;
            drained(self.stack).await?;
        }
        let wa_id = to.trim_start_matches('+');
        let preference = json!({
            "wa_id": wa_id, "category": "marketing_messages", "value": "stop",
            "timestamp": self.second()?,
        });
        self.emit(
            "user_preferences",
            json!({ "user_preferences": [preference] }),
        )
        .await?;
        self.until_stored(
            |item| is_profile_of(item, &token) && !item["al"].is_null(),
            1,
        )
        .await?;
        self.until_stored(|item| item["mt"]["S"] == "stop", 1)
            .await?;
        drained(self.stack).await?;
        let path = format!("/v1/consents/{token}");
        for rest in ["", "/history", "/export"] {
            self.get(&format!("{path}{rest}")).await?;
        }
        self.post(&format!("{path}/erase"), &json!({})).await?;
        let old = json!({
            "from": wa_id, "id": "wamid.before-the-erasure", "type": "text",
            "timestamp": (self.second()? - 3_600).to_string(), "text": { "body": "Oi" },
        });
        self.emit("messages", json!({ "messages": [old] })).await?;
        let table = "arn:aws:dynamodb:sa-east-1:000000000000:table/Table";
        self.until_used("WebhookReceiver", "dynamodb:DeleteItem", table)
            .await
    }

    async fn consents(&self) -> Result<()> {
        let to = fresh_number();
        let lines = format!(
            "to,channel,purposes,action,captured_at\n{to},whatsapp,servicing,grant,2026-01-02T03:04:05Z\n"
        );
        let import = self
            .bank
            .http
            .post(format!("{}/v1/consents/imports", self.bank.api));
        let import = import.bearer_auth(&self.bank.token);
        let import = import.header("content-type", "text/csv").body(lines);
        import.send().await?.error_for_status()?;
        Ok(())
    }

    /// A template of the bank's own: stored twice, handed in, listed, shown, sent, paused by Meta.
    async fn templates(&self) -> Result<()> {
        let show = |name: &'static str| async move {
            let operation = "GET /v1/templates/{name}";
            ask(&self.bank, operation, name, |request| request).await
        };
        let shown = show("pix_received").await?;
        let mut model = shown.body["versions"][0]["template"].clone();
        model["name"] = json!("own_pix");
        for _ in 0..2 {
            self.post("/v1/templates", &model).await?;
        }
        let path = "/v1/templates/own_pix/versions/1/submit";
        self.post(path, &json!({})).await?;
        self.get("/v1/templates").await?;
        let to = self.customer(json!({})).await?;
        let request = json!({
            "template": "own_pix", "locale": "pt_BR", "to": to,
            "params": {
                "name": "Maria Souza", "payer": "João Lima",
                "amount": { "minor": 20_000, "currency": "BRL" },
                "balance": { "minor": 150_000, "currency": "BRL" },
            },
        });
        self.bank.send(&request).await?;
        let update = json!({
            "event": "PAUSED", "message_template_id": 1, "message_template_name": "own_pix",
            "message_template_language": "pt_BR", "reason": "LOW_QUALITY",
        });
        self.emit("message_template_status_update", update).await?;
        self.until_stored(|item| item["rv"]["S"] == "paused", 1)
            .await
    }

    async fn upload(&self) -> Result<()> {
        let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let table = file.len();
        file.extend_from_slice(format!("xref\n\nstartxref\n{table}\n%%EOF\n").as_bytes());
        let upload = ask(&self.bank, "POST /v1/media", "", |request| {
            request.header("content-type", "application/pdf").body(file)
        });
        let uploaded = upload.await?;
        ensure!(uploaded.status == StatusCode::CREATED, "{uploaded:?}");
        Ok(())
    }

    async fn lookup(&self, to: &str) -> Result<String> {
        let answer = self
            .bank
            .post("/v1/consents/lookup", None, &json!({ "to": to }))
            .await?;
        let recipient: Value = answer.error_for_status()?.json().await?;
        let token = recipient["recipient"].as_str();
        Ok(token.context("no recipient")?.to_owned())
    }

    /// A webhook as Meta posts it, signed.
    async fn emit(&self, field: &str, mut value: Value) -> Result<()> {
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = json!({
            "display_phone_number": "551130000000", "phone_number_id": self.bank.phone_number_id,
        });
        let body = json!({ "field": field, "value": value, "waba_id": ACCOUNT });
        let emission = self
            .bank
            .http
            .post(format!("{}/_emit", self.stack.ready.meta));
        emission.json(&body).send().await?.error_for_status()?;
        Ok(())
    }

    fn second(&self) -> Result<i64> {
        Ok(recado_tests::time(&json!(recado_tests::now()))?.as_second())
    }

    async fn until_stored(&self, wanted: impl Fn(&Value) -> bool, count: usize) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let items = self.stack.aws.dump_table()?;
            if items.iter().filter(|item| wanted(item)).count() >= count {
                return Ok(());
            }
            ensure!(Instant::now() < end, "it was never stored");
            sleep(GLANCE).await;
        }
    }

    async fn until_used(&self, function: &str, action: &str, resource: &str) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        let is_it = |used: &Use| {
            (used.function.as_str(), used.action.as_str()) == (function, action)
                && used.resource == resource
        };
        while !self.stack.aws.used().keys().any(is_it) {
            ensure!(
                Instant::now() < end,
                "{function} never used {action} on {resource}"
            );
            sleep(GLANCE).await;
        }
        Ok(())
    }
}

fn is_chat_of(item: &Value, token: &str) -> bool {
    item["pk"]["S"] == format!("CHAT#{AURORA}#{token}")
}

fn is_profile_of(item: &Value, token: &str) -> bool {
    item["pk"]["S"] == format!("RCP#{AURORA}#{token}") && item["sk"]["S"] == "PROFILE"
}

/// A one-time code: the critical lane.
fn code(to: &str) -> Value {
    json!({ "template": "test_code", "locale": "pt_BR", "to": to, "params": { "code": "482913" } })
}

/// An offer: the bulk lane.
fn offer(to: &str) -> Value {
    json!({
        "template": "test_offer", "locale": "pt_BR", "to": to, "params": { "name": "Maria Souza" },
    })
}
