//! A bank in front of the local stack: what the end-to-end tests speak with.

pub mod bench;
pub mod contract;
pub mod counted;
pub mod deployed;
pub mod documents;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use recado_local::stack::{Options, Stack};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep};

/// How often something is looked at while a test waits for it.
pub const GLANCE: Duration = Duration::from_millis(50);
/// Longer than anything here takes; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A stack with the tests' own templates (`tests/catalogue`), whose waits are short.
pub async fn stack() -> Result<Stack> {
    stack_with(BTreeMap::new()).await
}

/// The same with parameters of `infra/template.yaml` that differ from their defaults.
pub async fn stack_with(parameters: BTreeMap<String, String>) -> Result<Stack> {
    Stack::start(Options {
        parameters,
        templates: vec![PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/catalogue"
        ))],
        seed: 7,
        ..Options::default()
    })
    .await
}

/// A telephone number that no other test uses: a mobile of São Paulo.
#[must_use]
pub fn fresh_number() -> String {
    format!(
        "+55119{:08}",
        70_000_000 + NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

/// An idempotency key that no other test uses.
#[must_use]
pub fn fresh_key() -> String {
    format!("key-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A bank's backend.
#[derive(Clone)]
pub struct Bank {
    /// For requests that this type has no word for.
    pub http: Client,
    /// The API's address.
    pub api: String,
    /// A bearer token with every scope.
    pub token: String,
    /// The bank's number at Meta.
    pub phone_number_id: String,
    meta: String,
    phones: String,
}

impl Bank {
    /// The first or second bank of a stack.
    pub async fn of(stack: &Stack, which: usize) -> Result<Self> {
        let http = Client::builder().no_proxy().build()?;
        let client = &stack.ready.clients[which];
        let answer: Value = http
            .post(&stack.ready.token_url)
            .basic_auth(&client.client_id, Some(&client.client_secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await?
            .json()
            .await?;
        Ok(Self {
            http,
            api: stack.ready.api.clone(),
            token: answer["access_token"]
                .as_str()
                .context("no token")?
                .to_owned(),
            phone_number_id: client.phone_number_id.clone(),
            meta: stack.ready.meta.clone(),
            phones: stack.ready.phones.clone(),
        })
    }

    /// `POST` with a JSON body; `key` becomes the `Idempotency-Key`.
    pub async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Result<Response> {
        let mut request = self
            .http
            .post(format!("{}{path}", self.api))
            .bearer_auth(&self.token)
            .json(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        Ok(request.send().await?)
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Result<Response> {
        Ok(self
            .http
            .get(format!("{}{path}", self.api))
            .bearer_auth(&self.token)
            .send()
            .await?)
    }

    /// Sends a notification that must be accepted; answers its id.
    pub async fn send(&self, body: &Value) -> Result<String> {
        let answer = self
            .post("/v1/notifications", Some(&fresh_key()), body)
            .await?;
        let (status, body) = (answer.status(), answer.json::<Value>().await?);
        if status != StatusCode::ACCEPTED {
            bail!("{status}: {body}");
        }
        Ok(body["id"].as_str().context("no id")?.to_owned())
    }

    /// The notification as the API shows it.
    pub async fn notification(&self, id: &str) -> Result<Value> {
        Ok(self
            .get(&format!("/v1/notifications/{id}"))
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    /// Waits until the notification meets the condition; answers it as it is then.
    pub async fn until(&self, id: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let notification = self.notification(id).await?;
            if holds(&notification) {
                return Ok(notification);
            }
            if Instant::now() > end {
                bail!("still {notification}");
            }
            sleep(GLANCE).await;
        }
    }

    /// Waits for a status.
    pub async fn until_status(&self, id: &str, status: &str) -> Result<Value> {
        self.until(id, |notification| notification["status"] == status)
            .await
    }

    /// Records that the customer agrees (or no longer does), now.
    pub async fn consent(
        &self,
        to: &str,
        channel: &str,
        purposes: &[&str],
        action: &str,
    ) -> Result<Value> {
        let body = json!({
            "to": to, "channel": channel, "purposes": purposes, "action": action,
            "evidence": { "source": "app", "captured_at": now() },
        });
        Ok(self
            .post("/v1/consents", None, &body)
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    /// The customer agrees to everything on WhatsApp.
    pub async fn agrees(&self, to: &str) -> Result<()> {
        let all = [
            "authentication",
            "security",
            "transactional",
            "servicing",
            "marketing",
        ];
        self.consent(to, "whatsapp", &all, "grant").await?;
        Ok(())
    }

    /// Switches of a customer's phone.
    pub async fn phone(&self, to: &str, switches: Value) -> Result<()> {
        self.http
            .put(format!("{}/{to}", self.phones))
            .json(&switches)
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    /// What a phone has received, oldest first.
    pub async fn inbox(&self, to: &str) -> Result<Vec<Value>> {
        Ok(self
            .http
            .get(format!("{}/{to}/inbox", self.phones))
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    /// The channels of what a phone has received, oldest first.
    pub async fn channels(&self, to: &str) -> Result<Vec<String>> {
        let inbox = self.inbox(to).await?;
        Ok(inbox
            .iter()
            .filter_map(|message| message["channel"].as_str().map(str::to_owned))
            .collect())
    }

    /// The customer answers.
    pub async fn reply(&self, to: &str, mut body: Value) -> Result<()> {
        body["phone_number_id"] = json!(self.phone_number_id);
        self.http
            .post(format!("{}/{to}/reply", self.phones))
            .json(&body)
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    /// What goes wrong next at Meta.
    pub async fn faults(&self, faults: Value) -> Result<()> {
        self.http
            .post(format!("{}/_faults", self.meta))
            .json(&faults)
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }
}

/// Now, as the API writes times.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "a bank has a clock of its own")]
pub fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// The tests' transactional alert (WhatsApp, SMS after two seconds).
#[must_use]
pub fn alert(to: &str) -> Value {
    json!({
        "template": "test_alert", "locale": "pt_BR", "to": to,
        "params": { "name": "Benedita Fagundes", "amount": { "minor": 7_654_321, "currency": "BRL" } },
    })
}

/// Waits until no queue holds anything, and checks that no dead-letter queue does.
pub async fn drained(stack: &Stack) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let mut held = Vec::new();
        for name in stack.aws.queues().names() {
            let depth = stack.aws.queues().depth(name)?;
            if depth.total() > 0 {
                held.push(format!("{name}: {}", depth.total()));
            }
        }
        if held.is_empty() {
            return Ok(());
        }
        if Instant::now() > end {
            bail!("queues still hold messages: {}", held.join(", "));
        }
        sleep(GLANCE).await;
    }
}

/// Searches everything that must not know a customer: every key and value of the table, every message
/// that ever was in a queue, every log line. Answers where a needle was found.
pub fn find_anywhere(stack: &Stack, needles: &[&str]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut look = |place: &str, text: &str| {
        for needle in needles {
            if text.contains(needle) {
                found.push(format!("{needle:?} in {place}: {text}"));
            }
        }
    };
    for item in stack.aws.dump_table()? {
        look("the table", &item.to_string());
    }
    for name in stack.aws.queues().names() {
        for body in stack
            .aws
            .queues()
            .history(name)?
            .iter()
            .chain(&stack.aws.queues().all_bodies(name)?)
        {
            look(name, body);
        }
    }
    for line in stack.logs.lines() {
        look("the logs", &line);
    }
    Ok(found)
}

/// The items of the table that hold sealed content of a notification.
pub fn sealed_notifications(stack: &Stack) -> Result<Vec<Value>> {
    let items = stack.aws.dump_table()?;
    let is_sealed = |item: &Value| {
        item["pk"]["S"]
            .as_str()
            .is_some_and(|pk| pk.starts_with("NTF#"))
            && !item["sc"].is_null()
    };
    Ok(items.into_iter().filter(is_sealed).collect())
}

static SHARED: OnceLock<(Runtime, Stack)> = OnceLock::new();

/// The one stack of this test program, for tests that mind only customers of their own: the first to ask
/// starts it, and it ends with the process.
///
/// # Panics
/// When it does not start.
pub fn shared() -> &'static Stack {
    // On a thread of its own: whoever asks may be inside a runtime, which cannot start another.
    let start = || {
        let runtime = Runtime::new().expect("a runtime for the stack");
        let stack = runtime.block_on(stack()).expect("a stack");
        (runtime, stack)
    };
    let (_, stack) = SHARED.get_or_init(|| {
        std::thread::spawn(start)
            .join()
            .expect("the stack has started")
    });
    stack
}

/// Every message that ever was in a queue and mentions this: a notification's id, a recipient's token.
pub fn queued(stack: &Stack, what: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in stack.aws.queues().names() {
        let bodies = stack.aws.queues().history(name)?;
        found.extend(
            bodies
                .iter()
                .filter(|body| body.contains(what))
                .map(|body| body.to_string()),
        );
    }
    Ok(found)
}

/// Waits until no queue holds a message that mentions this: whatever was to happen has happened.
pub async fn settled(stack: &Stack, what: &str) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let mut held = Vec::new();
        for name in stack.aws.queues().names() {
            let bodies = stack.aws.queues().all_bodies(name)?;
            held.extend(
                bodies
                    .iter()
                    .filter(|body| body.contains(what))
                    .map(|body| format!("{name}: {body}")),
            );
        }
        if held.is_empty() {
            return Ok(());
        }
        if Instant::now() > end {
            bail!("queues still hold {}", held.join(", "));
        }
        sleep(GLANCE).await;
    }
}

/// A time a while ago, as the API writes times.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "a bank has a clock of its own")]
pub fn ago(while_ago: Duration) -> String {
    format!("{:.3}", jiff::Timestamp::now() - while_ago)
}

/// A leg of a notification as the API shows it; null where it shows none by that channel.
#[must_use]
pub fn leg<'a>(notification: &'a Value, channel: &str) -> &'a Value {
    let legs = notification["legs"].as_array();
    legs.and_then(|legs| legs.iter().find(|leg| leg["channel"] == channel))
        .unwrap_or(&Value::Null)
}

/// A time as the API writes it.
pub fn time(value: &Value) -> Result<jiff::Timestamp> {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .with_context(|| format!("no time: {value}"))
}
