//! A stack with its switches, and what a test does and sees there.

use std::ffi::OsString;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use recado_domain::delivery::TimerKind;
use recado_domain::ids::NotificationId;
use recado_local::stack::Stack;
use recado_operator::Outcome;
use recado_ports::{Job, TimerMessage};
use recado_runtime::Process;
use recado_sqs::{decode_job, decode_timer};
use recado_testing::phones::{Arrival, Channel};
use recado_tests::{Bank, alert, fresh_key, fresh_number, leg, stack, time};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep};

pub(crate) const AURORA: &str = "banco-aurora";
pub(crate) const BOREAL: &str = "banco-boreal";

/// How often something is looked at while a test waits for it.
const GLANCE: Duration = Duration::from_millis(200);
/// Longer than anything takes: what a budget holds back waits up to a minute and a half.
const PATIENCE: Duration = Duration::from_secs(240);
/// The first timer of a leg runs at most a second beyond its time; one that runs later was held back.
const IN_TIME: Duration = Duration::from_millis(1_500);
/// How often a bank comes back that its rate refuses.
const MOST_TRIES: u32 = 100;

/// A stack and the runtime that it lives on, until the process ends.
pub(crate) type Cell = OnceLock<(Runtime, Stack)>;

/// The stack of a cell. The first to ask starts it and turns the switches before anybody sends.
pub(crate) fn turned(cell: &'static Cell, turns: &[&[&str]]) -> &'static Stack {
    // On a thread of its own: whoever asks may be inside a runtime, which cannot start another.
    let start = || {
        let runtime = Runtime::new().expect("a runtime for the stack");
        let stack = runtime.block_on(async {
            let stack = stack().await.expect("a stack");
            for line in turns {
                turn(&stack, line).await.expect("a turn");
            }
            stack
        });
        (runtime, stack)
    };
    let started =
        || std::thread::scope(|scope| scope.spawn(start).join()).expect("the stack has started");
    let (_, stack) = cell.get_or_init(started);
    stack
}

/// Runs `recado-operator switches …` against the stack, as its `main` runs it.
pub(crate) async fn operator(stack: &Stack, line: &[&str]) -> Outcome {
    let connection = ["--endpoint-url", stack.aws.endpoint(), "--table", "Table"];
    let arguments = ["switches"].iter().chain(line).chain(&connection);
    let environment = |name: &str| (name == "USER").then(|| "ana".to_owned());
    recado_operator::run(
        arguments.map(OsString::from),
        &environment,
        &Process::default(),
    )
    .await
}

/// Turns a switch, which must succeed.
pub(crate) async fn turn(stack: &Stack, line: &[&str]) -> Result<()> {
    let why = ["--why", "ticket 4711"];
    let outcome = operator(stack, &[line, &why].concat()).await;
    ensure!(outcome.code == 0, "{line:?}: {}", outcome.err);
    Ok(())
}

/// Whether a phone is on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Handset {
    On,
    Off,
}

/// The alert of another template with the same parameters.
pub(crate) fn alert_of(template: &str, to: &str) -> Value {
    let mut alert = alert(to);
    alert["template"] = json!(template);
    alert
}

/// A real alert, whose receipt has half a minute: on a slow machine, too, it comes in time.
pub(crate) fn pix_received(to: &str) -> Value {
    json!({
        "template": "pix_received", "locale": "pt_BR", "to": to,
        "params": {
            "name": "Benedita Fagundes", "amount": { "minor": 20_000, "currency": "BRL" },
            "payer": "Carlos Pereira", "balance": { "minor": 150_000, "currency": "BRL" },
        },
    })
}

/// A one-time code.
pub(crate) fn code_of(template: &str, to: &str) -> Value {
    json!({ "template": template, "locale": "pt_BR", "to": to, "params": { "code": "482913" } })
}

/// An accepted request, and how it came to that.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) id: String,
    /// When the bank asked, the last time.
    pub(crate) asked_at: Timestamp,
    /// When it was accepted.
    pub(crate) accepted_at: Timestamp,
    /// How often it had been refused before.
    pub(crate) refusals: u32,
    /// Whether the answer says that it had been accepted before.
    pub(crate) replayed: bool,
}

/// One bank's view of a stack.
pub(crate) struct View {
    pub(crate) stack: &'static Stack,
    pub(crate) bank: Bank,
}

impl View {
    /// Of the first or second bank.
    pub(crate) async fn of(stack: &'static Stack, which: usize) -> Result<Self> {
        Ok(Self {
            stack,
            bank: Bank::of(stack, which).await?,
        })
    }

    /// A customer who agreed to everything.
    pub(crate) async fn customer(&self, handset: Handset) -> Result<String> {
        let to = fresh_number();
        self.bank.agrees(&to).await?;
        match handset {
            Handset::On => {}
            Handset::Off => self.bank.phone(&to, json!({ "online": false })).await?,
        }
        Ok(to)
    }

    /// Sends until accepted: what the rate refuses is sent again when the answer says, by the same key.
    pub(crate) async fn insist(&self, key: &str, body: &Value) -> Result<Taken> {
        for refusals in 0..MOST_TRIES {
            let asked_at = self.now();
            let answer = self.bank.post("/v1/notifications", Some(key), body).await?;
            if answer.status() == StatusCode::TOO_MANY_REQUESTS {
                sleep(refusal(answer).await?).await;
                continue;
            }
            let replayed = answer.headers().contains_key("idempotency-replayed");
            let (status, body) = (answer.status(), answer.json::<Value>().await?);
            ensure!(status == StatusCode::ACCEPTED, "{status}: {body}");
            return Ok(Taken {
                id: body["id"].as_str().context("no id")?.to_owned(),
                asked_at,
                accepted_at: time(&body["accepted_at"])?,
                refusals,
                replayed,
            });
        }
        bail!("refused {MOST_TRIES} times");
    }

    /// Sends once accepted; answers the id.
    pub(crate) async fn sends(&self, body: &Value) -> Result<String> {
        Ok(self.insist(&fresh_key(), body).await?.id)
    }

    /// The time, by the clock that everything here shares.
    pub(crate) fn now(&self) -> Timestamp {
        self.stack.sim.with(|_, now| now)
    }

    /// What has reached a phone, oldest first.
    pub(crate) fn inbox(&self, to: &str) -> Vec<Arrival> {
        self.stack.sim.with(|meta, _| meta.phone(to).inbox.clone())
    }

    /// By which channels, oldest first.
    pub(crate) fn channels(&self, to: &str) -> Vec<Channel> {
        let inbox = self.inbox(to);
        inbox.iter().map(|arrival| arrival.channel).collect()
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, so: impl Fn() -> Result<bool>) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while !so()? {
            ensure!(Instant::now() < end, "never so: {what}");
            sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Waits until a phone shows exactly this.
    pub(crate) async fn shows(&self, to: &str, channels: &[Channel]) -> Result<()> {
        let what = format!("the phone of {to} shows {channels:?}");
        self.until(&what, || Ok(self.channels(to) == channels))
            .await
    }

    /// Waits until a sender has put the notification's job back so often.
    pub(crate) async fn job_is_held(&self, id: &str, times: usize) -> Result<()> {
        let id = NotificationId::parse(id)?;
        let is_its = |body: &str| matches!(decode_job(body), Ok(Job::Send { notification, .. }) if notification == id);
        let what = format!("the job of {id} was put back {times} times");
        // The first is the one that the API wrote.
        self.until(&what, || Ok(self.messages(&is_its)? > times))
            .await
    }

    /// Waits until the guard of a critical notification has been put back.
    pub(crate) async fn guard_is_held(&self, id: &str) -> Result<()> {
        let is_its = |body: &str| {
            timer(body).is_some_and(|timer| {
                timer.kind == TimerKind::Guard && timer.notification.as_str() == id
            })
        };
        let what = format!("the guard of {id} was put back");
        self.until(&what, || Ok(self.messages(&is_its)? > 1)).await
    }

    /// Waits until the SMS of a notification that Meta took over was due and its timer was put back.
    pub(crate) async fn sms_is_held(&self, id: &str, wait: Duration) -> Result<()> {
        let due = self.sms_due(id, wait).await?;
        let what = format!("the SMS of {id} was held back");
        self.until(&what, || Ok(self.timers_after(id, due)? > 0))
            .await
    }

    /// When the SMS of a notification that Meta took over was due.
    pub(crate) async fn sms_due(&self, id: &str, wait: Duration) -> Result<Timestamp> {
        let submitted = self.bank.notification(id).await?;
        Ok(time(&leg(&submitted, "whatsapp")["submitted_at"])? + wait)
    }

    /// How often a notification's timer was put back past the time at which its SMS was due.
    pub(crate) fn timers_after(&self, id: &str, due: Timestamp) -> Result<usize> {
        let is_later = |body: &str| {
            timer(body)
                .is_some_and(|timer| timer.notification.as_str() == id && timer.at > due + IN_TIME)
        };
        self.messages(&is_later)
    }

    /// How many messages of this kind ever came into a queue.
    pub(crate) fn messages(&self, is_it: &dyn Fn(&str) -> bool) -> Result<usize> {
        let queues = self.stack.aws.queues();
        let mut count = 0;
        for name in queues.names() {
            count += queues
                .history(name)?
                .iter()
                .filter(|body| is_it(body))
                .count();
        }
        Ok(count)
    }

    /// Asserts how a notification stands and that the customer has seen nothing of it.
    pub(crate) async fn is_unseen(&self, id: &str, to: &str, status: &str) -> Result<()> {
        let notification = self.bank.notification(id).await?;
        assert_eq!(notification["status"], status, "{notification}");
        assert_eq!(self.channels(to), []);
        Ok(())
    }

    /// What is not held back goes on: an alert by WhatsApp, to a customer of its own.
    pub(crate) async fn goes_on(&self) -> Result<()> {
        let to = self.customer(Handset::On).await?;
        let id = self.sends(&pix_received(&to)).await?;
        self.arrives_by_whatsapp(&id, &to).await
    }

    /// Waits until the customer has it by WhatsApp, once, and we know it.
    pub(crate) async fn arrives_by_whatsapp(&self, id: &str, to: &str) -> Result<()> {
        self.shows(to, &[Channel::Whatsapp]).await?;
        self.bank
            .until(id, |notification| {
                notification["status"] == "delivered" || notification["status"] == "read"
            })
            .await?;
        assert_eq!(self.channels(to), [Channel::Whatsapp]);
        Ok(())
    }
}

fn timer(body: &str) -> Option<TimerMessage> {
    decode_timer(body).ok()
}

/// What a refusal of the rate says: when to come back.
async fn refusal(answer: Response) -> Result<Duration> {
    let header = |name: &str| {
        let value = answer.headers().get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let content_type = header("content-type");
    assert_eq!(content_type.as_deref(), Some("application/problem+json"));
    let seconds: u64 = header("retry-after").context("no Retry-After")?.parse()?;
    assert_eq!(seconds, 1, "the rate is counted by the second");
    let problem: Value = answer.json().await?;
    assert_eq!(
        (&problem["type"], &problem["status"]),
        (&json!("urn:recado:problem:rate-exceeded"), &json!(429)),
        "{problem}"
    );
    Ok(Duration::from_secs(seconds))
}
