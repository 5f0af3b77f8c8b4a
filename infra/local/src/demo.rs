//! The demonstration: three customers, one real Pix alert each, and what became of it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::ids;
use crate::stack::{Ready, Stack};
use crate::tenants::CUSTOMERS;

/// Longer than every wait of the demonstration together.
const LONGEST: Duration = Duration::from_secs(60);
/// How often the API is asked meanwhile.
const GLANCE: Duration = Duration::from_millis(250);
/// After an SMS has arrived, how long nothing else may arrive.
const QUIET: Duration = Duration::from_secs(1);

/// A customer of the demonstration and what must come to pass.
struct Role {
    name: &'static str,
    to: &'static str,
    phone: Value,
    story: &'static str,
    status: &'static str,
    /// Why the SMS opened; none where there must be none.
    sms_because: Option<&'static str>,
    /// The earliest and latest the SMS may leave after WhatsApp took the message over.
    sms_after: (Duration, Duration),
}

fn roles() -> [Role; 3] {
    let second = Duration::from_secs;
    let [(maria, maria_to), (joao, joao_to), (ana, ana_to)] = CUSTOMERS;
    [
        Role {
            name: maria,
            to: maria_to,
            phone: json!({ "online": true, "on_whatsapp": true, "read_receipts": true, "reads_after_ms": 800 }),
            story: "phone on: WhatsApp, read",
            status: "read",
            sms_because: None,
            sms_after: (Duration::ZERO, Duration::ZERO),
        },
        Role {
            name: joao,
            to: joao_to,
            phone: json!({ "online": false, "on_whatsapp": true }),
            story: "phone off: SMS after 30 s",
            status: "fallback_sent",
            sms_because: Some("not_delivered_in_time"),
            sms_after: (second(30), second(40)),
        },
        Role {
            name: ana,
            to: ana_to,
            phone: json!({ "online": true, "on_whatsapp": false }),
            story: "not on WhatsApp: SMS at once",
            status: "fallback_sent",
            sms_because: Some("previous_failed"),
            sms_after: (Duration::ZERO, second(15)),
        },
    ]
}

/// A client of one bank's API.
pub struct Bank {
    http: reqwest::Client,
    ready: Ready,
    token: String,
}

impl Bank {
    /// Gets a token for the first bank.
    pub async fn connect(ready: &Ready) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let client = ready.clients.first().context("no client")?;
        let answer = http
            .post(&ready.token_url)
            .basic_auth(&client.client_id, Some(&client.client_secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await?;
        let body: Value = answer.json().await?;
        let token = body["access_token"]
            .as_str()
            .context("no token")?
            .to_owned();
        Ok(Self {
            http,
            ready: ready.clone(),
            token,
        })
    }

    /// A line that sends one more alert when it is pasted into a shell.
    #[must_use]
    pub fn curl(&self) -> String {
        let (name, to) = CUSTOMERS[0];
        format!(
            "curl -sS {}/v1/notifications -H 'Authorization: Bearer {}' \\\n  -H 'Content-Type: application/json' -H \"Idempotency-Key: try-$(date +%s%N)\" \\\n  -d '{}'",
            self.ready.api,
            self.token,
            alert(name, to)
        )
    }

    async fn send(&self, key: &str, body: &Value) -> Result<Value> {
        let answer = self
            .http
            .post(format!("{}/v1/notifications", self.ready.api))
            .bearer_auth(&self.token)
            .header("idempotency-key", key)
            .json(body)
            .send()
            .await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        if status != reqwest::StatusCode::ACCEPTED {
            bail!("the API answered {status}: {body}");
        }
        Ok(body)
    }

    async fn notification(&self, id: &str) -> Result<Value> {
        let url = format!("{}/v1/notifications/{id}", self.ready.api);
        Ok(self
            .http
            .get(url)
            .bearer_auth(&self.token)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    async fn phone(&self, to: &str, switches: &Value) -> Result<()> {
        let url = format!("{}/{to}", self.ready.phones);
        self.http
            .put(url)
            .json(switches)
            .send()
            .await?
            .error_for_status()?;
        Ok(())
    }

    async fn inbox(&self, to: &str) -> Result<Vec<Value>> {
        let url = format!("{}/{to}/inbox", self.ready.phones);
        Ok(self
            .http
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }
}

fn alert(name: &str, to: &str) -> Value {
    json!({
        "template": "pix_received",
        "locale": "pt_BR",
        "to": to,
        "params": {
            "name": name,
            "amount": { "minor": 20000, "currency": "BRL" },
            "payer": "Carlos Pereira",
            "balance": { "minor": 150000, "currency": "BRL" },
        },
        "reference": "demonstration",
    })
}

/// Plays the demonstration and tells it. An error names the first step that did not happen.
pub async fn play(stack: &Stack) -> Result<()> {
    let bank = Bank::connect(&stack.ready).await?;
    let roles = roles();
    println!("\nThree customers of Banco Aurora each receive R$ 200,00 by Pix:");
    let mut sent = BTreeMap::new();
    let run = ids::random::<6>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    for role in &roles {
        bank.phone(role.to, &role.phone).await?;
        let seen = bank.inbox(role.to).await?.len();
        let accepted = bank
            .send(
                &format!("demo-{run}-{}", role.to),
                &alert(role.name, role.to),
            )
            .await?;
        let id = accepted["id"]
            .as_str()
            .context("an accepted notification has an id")?
            .to_owned();
        println!("  {:<12} {:<28} {id}", role.name, role.story);
        sent.insert(role.name, (id, seen));
    }
    println!();
    let mut summary = Vec::new();
    for role in [&roles[0], &roles[2], &roles[1]] {
        let (id, seen) = &sent[role.name];
        let line = timeout(LONGEST, watch(&bank, role, id, *seen))
            .await
            .with_context(|| {
                format!(
                    "{}: nothing final within {} s",
                    role.name,
                    LONGEST.as_secs()
                )
            })?
            .with_context(|| role.name.to_owned())?;
        summary.push(line);
    }
    println!("\nWhat happened:");
    for line in &summary {
        println!("  {line}");
    }
    let left = stack.aws.queues().names().filter_map(|name| {
        stack
            .aws
            .queues()
            .depth(name)
            .ok()
            .map(|depth| (name.to_owned(), depth))
    });
    let dead: Vec<String> = left
        .filter(|(name, depth)| name.contains("dead") && depth.total() > 0)
        .map(|(name, _)| name)
        .collect();
    if !dead.is_empty() {
        bail!("messages in dead-letter queues: {}", dead.join(", "));
    }
    Ok(())
}

async fn watch(bank: &Bank, role: &Role, id: &str, seen: usize) -> Result<String> {
    let notification = loop {
        let notification = bank.notification(id).await?;
        if notification["status"] == role.status {
            break notification;
        }
        sleep(GLANCE).await;
    };
    let quiet = Instant::now() + QUIET;
    let screen = loop {
        let arrived = bank.inbox(role.to).await?;
        let screen = check_inbox(role, &arrived[seen..])?;
        if Instant::now() >= quiet {
            break screen;
        }
        sleep(GLANCE).await;
    };
    Ok(format!(
        "{}\n{:13}“{screen}”",
        tell(role, &notification)?,
        ""
    ))
}

/// One message on the screen, by the right channel, never two; answers what it says.
fn check_inbox(role: &Role, arrived: &[Value]) -> Result<String> {
    let channels: Vec<&str> = arrived
        .iter()
        .filter_map(|message| message["channel"].as_str())
        .collect();
    let expected = if role.sms_because.is_some() {
        "sms"
    } else {
        "whatsapp"
    };
    if channels != [expected] {
        bail!("the phone shows {channels:?} instead of one {expected}");
    }
    Ok(arrived[0]["text"]
        .as_str()
        .unwrap_or_default()
        .replace('\n', " "))
}

fn tell(role: &Role, notification: &Value) -> Result<String> {
    let leg = |channel: &str| {
        let legs = notification["legs"].as_array();
        legs.and_then(|legs| legs.iter().find(|leg| leg["channel"] == channel))
            .cloned()
            .unwrap_or_default()
    };
    let (whatsapp, sms) = (leg("whatsapp"), leg("sms"));
    let accepted = time(&notification["accepted_at"])?;
    let submitted = time(&whatsapp["submitted_at"])?;
    let taken_over = seconds(submitted.duration_since(accepted));
    let Some(because) = role.sms_because else {
        let delivered = seconds(time(&whatsapp["delivered_at"])?.duration_since(submitted));
        let read = seconds(time(&whatsapp["read_at"])?.duration_since(submitted));
        if !sms.is_null() {
            bail!("there is an SMS although WhatsApp was read");
        }
        return Ok(format!(
            "{:<12} WhatsApp took it over after {taken_over} s, delivered {delivered} s later, read after {read} s. No SMS.",
            role.name
        ));
    };
    if sms["opened_because"] != because {
        bail!(
            "the SMS opened because of {}, not {because}",
            sms["opened_because"]
        );
    }
    let after = time(&sms["submitted_at"])?.duration_since(submitted);
    let waited = Duration::try_from(after).unwrap_or_default();
    let (earliest, latest) = role.sms_after;
    if waited < earliest || waited > latest {
        bail!(
            "the SMS left {} s after WhatsApp took the message over",
            seconds(after)
        );
    }
    Ok(format!(
        "{:<12} WhatsApp took it over after {taken_over} s, SMS {} s later ({because}).",
        role.name,
        seconds(after)
    ))
}

fn time(value: &Value) -> Result<Timestamp> {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .context("a step has no time")
}

fn seconds(duration: SignedDuration) -> String {
    format!("{:.2}", duration.as_secs_f64())
}
