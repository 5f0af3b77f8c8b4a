//! What becomes of a notification, end to end: from the bank's request to the customer's screen and back.
//! Each story ends with nothing left in a queue and nothing sealed left in its item.

mod catalogue;
mod customers;
mod faults;
mod media;
mod reserved;
mod window;
mod words;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use recado_local::stack::Stack;
use recado_tests::{Bank, find_anywhere, fresh_number, settled, shared};
use serde_json::{Value, json};
use tokio::sync::RwLock;

/// How often something is looked at while a story waits for it.
const GLANCE: Duration = Duration::from_millis(50);

/// What is set to go wrong at Meta hits whoever comes next: such stories are told alone, up to where the
/// fault has struck; the others are told together.
static META: RwLock<()> = RwLock::const_new(());

/// A bank, and the stack that it and its customers live on.
struct World {
    stack: &'static Stack,
    bank: Bank,
}

impl World {
    async fn open() -> Result<Self> {
        let stack = shared();
        Ok(Self {
            stack,
            bank: Bank::of(stack, 0).await?,
        })
    }

    /// A customer who agreed to everything, with these switches on the phone.
    async fn customer(&self, switches: Value) -> Result<String> {
        let to = fresh_number();
        self.bank.agrees(&to).await?;
        self.bank.phone(&to, switches).await?;
        Ok(to)
    }

    /// Waits until a customer's phone shows the notification on WhatsApp; answers the message.
    async fn whatsapp(&self, to: &str, id: &str) -> Result<Value> {
        // The receipt is on its way from the moment at which the phone has the message.
        let shows = |inbox: &[Value]| {
            inbox
                .iter()
                .find(|message| message["notification"] == id)
                .cloned()
        };
        let end = tokio::time::Instant::now() + recado_tests::PATIENCE;
        loop {
            if let Some(message) = shows(&self.bank.inbox(to).await?) {
                return Ok(message);
            }
            ensure!(
                tokio::time::Instant::now() < end,
                "{id} never reached the phone"
            );
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// The end of a story; answers the notification as it is for good.
    async fn ended(&self, id: &str, to: &str) -> Result<Value> {
        settled(self.stack, id).await?;
        let notification = self.bank.notification(id).await?;
        let items = recado_tests::sealed_notifications(self.stack)?;
        let key = json!(format!("NTF#{id}"));
        ensure!(
            items.iter().all(|item| item["pk"]["S"] != key),
            "content is still sealed in {notification}"
        );
        let national = to.trim_start_matches("+55");
        let traces = find_anywhere(self.stack, &[national])?;
        ensure!(traces.is_empty(), "the number is not sealed: {traces:?}");
        Ok(notification)
    }
}

/// The button of a message that means this.
fn button(message: &Value, action: &str) -> Result<String> {
    let buttons = message["buttons"]
        .as_array()
        .context("a message without buttons")?;
    let payloads = buttons
        .iter()
        .filter_map(|button| button["payload"].as_str());
    let ending = format!(":{action}");
    let found = payloads
        .filter(|payload| payload.ends_with(&ending))
        .map(str::to_owned)
        .next();
    found.with_context(|| format!("no button {action} in {message}"))
}

/// What the customer answered, as the API shows it.
fn actions(notification: &Value) -> Vec<&str> {
    let responses = notification["responses"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    responses
        .iter()
        .filter_map(|response| response["action"].as_str())
        .collect()
}
