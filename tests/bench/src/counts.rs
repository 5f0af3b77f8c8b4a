//! What one notification takes: the same counts, by the same means, as on `docs/COST.md`.

use std::collections::BTreeMap;

use anyhow::Result;
use recado_local::cost::{Access, Counted, Prices, bill};
use recado_local::stack::Stack;
use recado_tests::Bank;
use recado_tests::counted::{TEN, Way, ten, usual};
use serde::Serialize;

use crate::ground;

/// One notification of a kind.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Counts {
    /// Which kind.
    pub(crate) way: &'static str,
    /// Requests that write to the table.
    pub(crate) writes: f64,
    /// Write units in them.
    pub(crate) write_units: f64,
    /// Requests that read from it.
    pub(crate) reads: f64,
    /// Read units in them.
    pub(crate) read_units: f64,
    /// Requests to the queues.
    pub(crate) queue_requests: f64,
    /// Bytes of the message to Meta, without its head.
    pub(crate) meta_bytes: f64,
    /// Invocations of all functions.
    pub(crate) invocations: f64,
    /// Bytes that they logged.
    pub(crate) log_bytes: f64,
    /// For a million of them, SMS and Meta's own price apart; none where invocations were not taken apart.
    pub(crate) usd_per_million: Option<f64>,
}

/// Counts them.
///
/// # Errors
/// When one does not go its way.
pub(crate) async fn measure() -> Result<Vec<Counts>> {
    let stack = ground::start(BTreeMap::new()).await?;
    let bank = Bank::of(&stack, 0).await?;
    let prices = Prices::read()?;
    let mut all = Vec::new();
    for (name, way) in [
        ("happy", Way::Happy),
        ("fallback", Way::Fallback),
        ("one-time code, happy", Way::Code),
    ] {
        let counted = usual(&stack, &bank, way).await?;
        let usd = usd(&stack, &counted, &prices)?;
        all.push(counts(name, &counted, 1, Some(usd)));
    }
    let ten = ten(&stack, &bank).await?;
    all.push(counts("happy, ten at a time", &ten.counted, TEN, None));
    stack.shutdown().await;
    Ok(all)
}

fn usd(stack: &Stack, counted: &Counted, prices: &Prices) -> Result<f64> {
    let functions = stack.template.functions.iter();
    let memory = functions.map(|(id, function)| (id.clone(), function.memory_mb));
    let lines = bill(counted, prices, &memory.collect())?;
    let ours = lines.iter().filter(|line| line.price != "sms");
    Ok(ours.map(|line| line.usd).sum())
}

fn counts(way: &'static str, counted: &Counted, of: u32, usd_per_million: Option<f64>) -> Counts {
    let each = |count: u64| u32::try_from(count).map_or(f64::MAX, f64::from) / f64::from(of);
    Counts {
        way,
        writes: each(counted.table_requests(Access::Write)),
        write_units: counted.write_units / f64::from(of),
        reads: each(counted.table_requests(Access::Read)),
        read_units: counted.read_units / f64::from(of),
        queue_requests: each(counted.queue_requests()),
        meta_bytes: each(counted.posted_bytes),
        invocations: each(counted.invocations.values().sum()),
        log_bytes: each(counted.logged_bytes),
        usd_per_million,
    }
}
