//! The table of the functions: what each needs to start and to work, beside the empty function and the peers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use recado_tests::{fresh_key, now};
use serde::Serialize;
use serde_json::json;

use crate::binaries::{self, EMPTY, Size};
use crate::events;
use crate::ground::{CUSTOMERS, Ground, customer};
use crate::measure::{Candidate, Cold, Warm, median, millis};
use crate::peers;

/// Functions of the template that every stage has, by logical id, and their binaries.
const FUNCTIONS: [(&str, &str); 7] = [
    ("NotificationApi", "notification-api"),
    ("OutboundSender", "outbound-sender"),
    ("WebhookReceiver", "webhook-receiver"),
    ("FallbackTimer", "fallback-timer"),
    ("ConsentApi", "consent-api"),
    ("MediaApi", "media-api"),
    ("TemplateApi", "template-api"),
];
/// Only in the stages where the sandbox is on: its size is held, its start is nobody's wait.
const SANDBOX: &str = "sandbox";
/// The timers' wait in the tests' alert is two seconds.
const TIMERS_DUE: Duration = Duration::from_secs(4);

/// How much is measured.
#[derive(Clone, Debug)]
pub(crate) struct Effort {
    /// Which functions, by binary; empty: all of them, and the peers.
    pub(crate) functions: Vec<String>,
    /// Cold processes of each.
    pub(crate) cold: usize,
    /// Warm invocations of each that are measured.
    pub(crate) warm: usize,
    /// Warm invocations before those: a just-in-time compiler is to have its time.
    pub(crate) settling: usize,
    /// Invocations under callgrind.
    pub(crate) counted: usize,
}

/// What was measured of one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    /// A function's binary, the empty function, a peer.
    pub(crate) name: String,
    /// Its size; a peer has none.
    pub(crate) size: Option<Size>,
    /// Median of the process' start to its first request for an invocation, milliseconds.
    pub(crate) init_ms: f64,
    /// Median of the first invocation, milliseconds.
    pub(crate) first_ms: f64,
    /// Median of both together, milliseconds.
    pub(crate) cold_ms: f64,
    /// Half of what lies between the tenth and the ninetieth of a hundred of them.
    pub(crate) cold_spread_ms: f64,
    /// Time on a core of a cold start: median, milliseconds.
    pub(crate) cold_cpu_ms: f64,
    /// The most memory resident after a first invocation, in bytes.
    pub(crate) cold_memory: u64,
    /// Warm invocations.
    pub(crate) warm: Warm,
    /// Instructions of a warm invocation; none for what callgrind cannot run in reasonable time.
    pub(crate) instructions: Option<u64>,
}

/// The table, and what a large webhook takes.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Functions {
    /// The empty function first, the peers last.
    pub(crate) rows: Vec<Row>,
    /// Sizes of what is not measured otherwise.
    pub(crate) sizes: BTreeMap<String, Size>,
    /// A webhook of 1,000 statuses for 1,000 notifications, from the event to its answer, by when all is
    /// stored: median of five, milliseconds.
    pub(crate) thousand_statuses_ms: Option<f64>,
}

struct Measured {
    candidate: Candidate,
    size: Option<Size>,
    events: Vec<Bytes>,
    counted: bool,
    cold: Vec<Cold>,
}

/// Measures all of it.
///
/// # Errors
/// When something does not build, start or answer.
pub(crate) async fn measure(effort: &Effort, folder: &Path) -> Result<Functions> {
    let chosen = |name: &str| {
        effort.functions.is_empty() || effort.functions.iter().any(|chosen| chosen == name)
    };
    let binaries = FUNCTIONS.iter().map(|(_, binary)| *binary);
    let packages = binaries.chain([SANDBOX]).filter(|name| chosen(name));
    let packages: Vec<String> = packages.chain([EMPTY]).map(str::to_owned).collect();
    let built = binaries::build(&packages).await?;
    let peers = if effort.functions.is_empty() {
        peers::install().await?
    } else {
        Vec::new()
    };
    let ground = Ground::lay().await?;
    let mut all = candidates(&ground, effort, &built, peers).await?;

    // One of each in turn: what else the machine does at a time meets all of them alike.
    for round in 0..effort.cold {
        for one in &mut all {
            let event = one.events.pop().context("too few events")?;
            one.cold.push(one.candidate.cold(&ground, event).await?);
        }
        eprint!("\rcold starts: {} of {}", round + 1, effort.cold);
    }
    eprintln!();
    let mut rows = Vec::new();
    for one in all {
        eprintln!("warm: {}", one.candidate.name);
        rows.push(row(&ground, effort, one, folder).await?);
    }
    let thousand_statuses_ms = match built.get("webhook-receiver") {
        Some(receiver) => Some(thousand_statuses(&ground, receiver).await?),
        None => None,
    };
    let mut sizes = BTreeMap::new();
    if let Some(sandbox) = built.get(SANDBOX) {
        sizes.insert(SANDBOX.to_owned(), binaries::size(sandbox)?);
    }
    ground.stack.shutdown().await;
    Ok(Functions {
        rows,
        sizes,
        thousand_statuses_ms,
    })
}

async fn row(ground: &Ground, effort: &Effort, one: Measured, folder: &Path) -> Result<Row> {
    let Measured {
        candidate,
        size,
        mut events,
        counted,
        cold,
    } = one;
    let rest = events.split_off(effort.warm + effort.settling);
    let warm = candidate
        .warm(ground, events.into_iter(), effort.settling)
        .await?;
    let instructions = if counted {
        Some(candidate.instructions(ground, &rest, folder).await?)
    } else {
        None
    };
    let middle = |of: fn(&Cold) -> Duration| {
        let mut durations: Vec<Duration> = cold.iter().map(of).collect();
        millis(median(&mut durations))
    };
    let mut whole: Vec<Duration> = cold.iter().map(|cold| cold.init + cold.first).collect();
    whole.sort();
    let tenth = whole.len() / 10;
    let spread = whole[whole.len() - 1 - tenth].saturating_sub(whole[tenth]) / 2;
    Ok(Row {
        name: candidate.name,
        size,
        init_ms: middle(|cold| cold.init),
        first_ms: middle(|cold| cold.first),
        cold_ms: middle(|cold| cold.init + cold.first),
        cold_spread_ms: millis(spread),
        cold_cpu_ms: middle(|cold| cold.cpu),
        cold_memory: cold
            .iter()
            .map(|cold| cold.memory)
            .max()
            .unwrap_or_default(),
        warm,
        instructions,
    })
}

/// Everything to be measured, each with events enough.
async fn candidates(
    ground: &Ground,
    effort: &Effort,
    built: &BTreeMap<String, PathBuf>,
    peers: Vec<peers::Peer>,
) -> Result<Vec<Measured>> {
    let each = effort.cold + effort.warm + effort.settling + effort.counted;
    let senders = 1 + peers.len();
    eprintln!("accepting {} notifications", each * senders);
    ground.accept(each * senders).await?;
    let (lane, jobs) = ground.queue("StandardQueue")?;
    ensure!(jobs.len() >= each * senders, "{} jobs only", jobs.len());
    let mut jobs = jobs.chunks(each);

    let mut all = vec![Measured {
        candidate: Candidate {
            name: "empty".to_owned(),
            id: "OutboundSender",
            program: built[EMPTY].clone(),
            arguments: Vec::new(),
        },
        size: Some(binaries::size(&built[EMPTY])?),
        events: vec![Bytes::from_static(b"{}"); each],
        counted: true,
        cold: Vec::new(),
    }];
    for (id, binary) in FUNCTIONS {
        let Some(program) = built.get(binary) else {
            continue;
        };
        let events = match id {
            "OutboundSender" => one_each(&lane, jobs.next().context("no jobs")?),
            _ => requests(ground, id, each).await?,
        };
        all.push(Measured {
            candidate: Candidate {
                name: binary.to_owned(),
                id,
                program: program.clone(),
                arguments: Vec::new(),
            },
            size: Some(binaries::size(program)?),
            events,
            counted: true,
            cold: Vec::new(),
        });
    }
    for peer in peers {
        all.push(Measured {
            candidate: Candidate {
                name: peer.name.to_owned(),
                id: "OutboundSender",
                program: peer.program,
                arguments: peer.arguments,
            },
            size: None,
            events: one_each(&lane, jobs.next().context("no jobs")?),
            counted: false,
            cold: Vec::new(),
        });
    }
    Ok(all)
}

fn one_each(queue: &str, bodies: &[Arc<str>]) -> Vec<Bytes> {
    let bodies = bodies.iter();
    bodies
        .map(|body| events::messages(queue, &[body]))
        .collect()
}

/// Events that one function takes as they come in its life.
async fn requests(ground: &Ground, id: &str, count: usize) -> Result<Vec<Bytes>> {
    let client = &ground.stack.ready.clients[0];
    let app_secret = &ground.stack.ready.webhook.app_secret;
    let request = |route: &str, body: &str| {
        events::request(&client.client_id, route, Some(&fresh_key()), body)
    };
    Ok(match id {
        "NotificationApi" => (0..count)
            .map(|n| {
                let body = recado_tests::alert(&customer(n % CUSTOMERS)).to_string();
                request("POST /v1/notifications", &body)
            })
            .collect(),
        "WebhookReceiver" => ground
            .accept(count)
            .await?
            .into_iter()
            .enumerate()
            .map(|(n, id)| {
                let whose = (n % CUSTOMERS, id);
                let body = events::receipts(&client.phone_number_id, "delivered", &[whose]);
                events::webhook(app_secret, &body)
            })
            .collect(),
        "FallbackTimer" => timers(ground, count).await?,
        "ConsentApi" => (0..count)
            .map(|n| {
                let body = json!({
                    "to": customer(n % CUSTOMERS), "channel": "sms", "purposes": ["servicing"], "action": "grant",
                    "evidence": { "source": "app", "captured_at": now() },
                });
                request("POST /v1/consents", &body.to_string())
            })
            .collect(),
        // The cheapest file that there is: what is measured is the function, not its reading of a page.
        "MediaApi" => (0..count)
            .map(|_| {
                events::file(&client.client_id, "POST /v1/media", "application/pdf", PDF)
            })
            .collect(),
        _ => (0..count)
            .map(|_| request("GET /v1/templates/test_alert", ""))
            .collect(),
    })
}

const PDF: &[u8] =
    b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n";

/// Timers that are due, of notifications that our own sender has sent and whose receipts never came: each
/// opens the SMS.
async fn timers(ground: &Ground, count: usize) -> Result<Vec<Bytes>> {
    let before = ground.queue("StandardQueue")?.1.len();
    ground.accept(count).await?;
    let (lane, jobs) = ground.queue("StandardQueue")?;
    let sender = &ground.stack.functions["OutboundSender"];
    for some in jobs[before..].chunks(10) {
        let bodies: Vec<&str> = some.iter().map(AsRef::as_ref).collect();
        sender.invoke(events::messages(&lane, &bodies)).await?;
    }
    // The timers' own wait, by the clock that the functions go by.
    tokio::time::sleep(TIMERS_DUE).await;
    let (queue, timers) = ground.queue("FallbackQueue")?;
    ensure!(timers.len() >= count, "{} timers only", timers.len());
    Ok(one_each(&queue, &timers[timers.len() - count..]))
}

/// A thousand receipts in one webhook, into one warm process.
async fn thousand_statuses(ground: &Ground, receiver: &Path) -> Result<f64> {
    let receiver = ground.function("WebhookReceiver", receiver.to_owned(), Vec::new())?;
    let client = &ground.stack.ready.clients[0];
    let mut walls = Vec::new();
    for _ in 0..5 {
        let ids = ground.accept(1_000).await?;
        let whose: Vec<_> = (0..).map(|n| n % CUSTOMERS).zip(ids).collect();
        let body = events::receipts(&client.phone_number_id, "delivered", &whose);
        let event = events::webhook(&ground.stack.ready.webhook.app_secret, &body);
        let begun = tokio::time::Instant::now();
        let answer = receiver.invoke(event).await?;
        walls.push(begun.elapsed());
        let text = String::from_utf8_lossy(&answer);
        ensure!(text.contains("\"statusCode\":200"), "{text}");
    }
    let stored = ground.stack.aws.dump_table()?;
    let delivered = stored.iter().filter(|item| !item["l0d"].is_null()).count();
    ensure!(delivered >= 5_000, "{delivered} of the receipts are stored");
    Ok(millis(median(&mut walls)))
}
