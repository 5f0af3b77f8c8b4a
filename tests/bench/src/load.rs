//! The whole stack under load: how many notifications a second, how long each step takes, who needs the cores.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use recado_domain::delivery::{Fact, LegFact};
use recado_local::stack::Stack;
use recado_tests::Bank;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::ground::{self, customer, each};
use crate::measure::millis;
use crate::process;

/// Few enough for Meta's limit to one person, ten at once, to play no part.
const EACH_GETS: usize = 10;
/// How often the queues are looked at.
const GLANCE: Duration = Duration::from_millis(200);
/// Webhooks of a notification: sent, delivered, read.
const RECEIPTS: usize = 3;
/// Notifications under way, beyond which the bank does not ask for more: a bank that never waits measures the
/// backlog that it makes, and receipts that are later than the template's wait.
const MOST_UNDER_WAY: usize = 200;
/// How often the bank looks whether it may ask for more.
const LOOK: Duration = Duration::from_millis(5);
/// The longest that a run may take.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// 50, 95 and 99 of a hundred, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Spread {
    /// Median.
    pub(crate) p50: f64,
    /// 95 of a hundred.
    pub(crate) p95: f64,
    /// 99 of a hundred.
    pub(crate) p99: f64,
}

impl Spread {
    fn of(mut waits: Vec<f64>) -> Self {
        waits.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let place = (waits.len() * percent / 100).min(waits.len().saturating_sub(1));
            waits.get(place).copied().unwrap_or_default()
        };
        Self {
            p50: at(50),
            p95: at(95),
            p99: at(99),
        }
    }
}

/// A run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Load {
    /// Notifications, all of them delivered and read.
    pub(crate) notifications: usize,
    /// Per second, from the first request until every receipt is stored.
    pub(crate) per_second: f64,
    /// Seconds until then.
    pub(crate) seconds: f64,
    /// Seconds until the last timer has found its notification read: the template's wait is 20 s of it.
    pub(crate) seconds_to_rest: f64,
    /// Of the bank's requests, milliseconds.
    pub(crate) accept_ms: Spread,
    /// From acceptance to Meta's answer, milliseconds.
    pub(crate) accept_to_submit_ms: Spread,
    /// From Meta's POST of a webhook to its 200, before which all of it is stored, milliseconds.
    pub(crate) webhook_ms: Spread,
    /// Webhooks that Meta posted.
    pub(crate) webhooks: usize,
    /// Seconds on a core until every receipt was stored: by function, `stand-ins` for this process.
    pub(crate) cpu_seconds: BTreeMap<String, f64>,
    /// Share of the cores that was in use, 0 to 1.
    pub(crate) cores_used: f64,
}

/// Runs it.
///
/// # Errors
/// When one notification is not read, or something answers with an error.
pub(crate) async fn run(notifications: usize) -> Result<Load> {
    // Each sandbox has its share of a number's rate by the most that there may be; this machine runs few.
    let parameters = [
        "CriticalConcurrency",
        "StandardConcurrency",
        "BulkConcurrency",
    ];
    let parameters = parameters.map(|name| (name.to_owned(), "2".to_owned()));
    let stack = ground::start(BTreeMap::from(parameters)).await?;
    let bank = Bank::of(&stack, 0).await?;
    let customers = notifications.div_ceil(EACH_GETS);
    ensure!(customers <= 10_000, "at most 100,000 notifications");
    each(customers, |n| {
        let bank = bank.clone();
        async move { bank.agrees(&customer(n)).await }
    })
    .await?;
    stack.sim.take_webhook_waits();
    let before = cores(&stack)?;
    let begun = Instant::now();
    let asked = Arc::new(AtomicUsize::new(0));
    let (under_way, seen) = watch::channel(0);
    let asking = each(notifications, |n| {
        let (bank, mut seen, asked) = (bank.clone(), seen.clone(), Arc::clone(&asked));
        async move {
            seen.wait_for(|under_way| *under_way < MOST_UNDER_WAY)
                .await?;
            asked.fetch_add(1, Ordering::Relaxed);
            let begun = Instant::now();
            bank.send(&alert(n % customers, n)).await?;
            Ok(millis(begun.elapsed()))
        }
    });
    let accepts = tokio::select! {
        accepts = asking => accepts?,
        () = look(&stack, &asked, &under_way) => bail!("it looks for ever"),
    };
    let read = Fact::Leg(0, LegFact::Read).attribute();
    let items = loop {
        // The jobs first: the table is large.
        tokio::time::sleep(GLANCE).await;
        ensure!(begun.elapsed() < PATIENCE, "not all were read");
        if depth(&stack, "StandardQueue")? > 0 || stack.sim.webhooks_under_way() > 0 {
            continue;
        }
        let items = stack.aws.dump_table()?;
        let done = items.iter().filter(|item| !item[&read].is_null()).count();
        if done >= notifications {
            break items;
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    let after = cores(&stack)?;
    let waits = stack.sim.take_webhook_waits();
    while depth(&stack, "FallbackQueue")? > 0 {
        ensure!(begun.elapsed() < PATIENCE, "timers are left");
        tokio::time::sleep(GLANCE).await;
    }
    let seconds_to_rest = begun.elapsed().as_secs_f64();
    let report = stack.aws.report();
    ensure!(report["sns"]["published"] == 0, "an SMS left: {report}");
    stack.shutdown().await;

    let cpu_seconds: BTreeMap<String, f64> = after
        .iter()
        .map(|(name, cpu)| {
            let earlier = before.get(name).copied().unwrap_or_default();
            (name.clone(), (*cpu - earlier).max(0.0))
        })
        .collect();
    let machine = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Load {
        notifications,
        per_second: as_f64(notifications) / seconds,
        seconds,
        seconds_to_rest,
        accept_ms: Spread::of(accepts),
        accept_to_submit_ms: Spread::of(submitted(&items)),
        webhooks: waits.len(),
        webhook_ms: Spread::of(waits.into_iter().map(millis).collect()),
        cores_used: cpu_seconds.values().sum::<f64>() / seconds / as_f64(machine),
        cpu_seconds,
    })
}

/// Tells how many notifications are under way, for ever.
async fn look(stack: &Stack, asked: &AtomicUsize, under_way: &watch::Sender<usize>) {
    loop {
        let done = stack.sim.webhooks_answered() / RECEIPTS;
        under_way.send_replace(asked.load(Ordering::Relaxed).saturating_sub(done));
        tokio::time::sleep(LOOK).await;
    }
}

fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

fn alert(to: usize, n: usize) -> Value {
    json!({
        "template": "test_load", "locale": "pt_BR", "to": customer(to),
        "params": {
            "name": "Benedita Quaresmeira",
            "amount": { "minor": 1_234_500 + n, "currency": "BRL" },
        },
    })
}

fn depth(stack: &Stack, id: &str) -> Result<usize> {
    let queue = stack.template.queues.get(id);
    let name = &queue.with_context(|| format!("no queue {id}"))?.name;
    Ok(stack.aws.queues().depth(name)?.total())
}

/// From acceptance to submission of every notification, in milliseconds.
fn submitted(items: &[Value]) -> Vec<f64> {
    let submitted = Fact::Leg(0, LegFact::Submitted).attribute();
    let time = |item: &Value, name: &str| -> Option<f64> {
        item[name]["N"].as_str().and_then(|text| text.parse().ok())
    };
    items
        .iter()
        .filter_map(|item| Some(time(item, &submitted)? - time(item, "at")?))
        .collect()
}

/// Seconds that each function's processes, and this one, have had on a core.
fn cores(stack: &Stack) -> Result<BTreeMap<String, f64>> {
    let mut all = BTreeMap::new();
    for (id, function) in &stack.functions {
        let mut sum = Duration::ZERO;
        for process in function
            .instances()
            .into_iter()
            .filter_map(|one| one.process)
        {
            sum += process::cpu(process)?;
        }
        all.insert(id.clone(), sum.as_secs_f64());
    }
    let own = process::cpu(std::process::id())?;
    all.insert("stand-ins".to_owned(), own.as_secs_f64());
    Ok(all)
}
