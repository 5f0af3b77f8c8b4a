//! The table of a run, for people; the JSON beside it is for programs.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::counts::Counts;
use crate::functions::{Functions, Row};
use crate::load::{Load, Spread};
use crate::pure::Part;

/// Everything of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Processor, cores, memory.
    pub(crate) machine: String,
    /// When it began (UTC).
    pub(crate) date: String,
    /// The compiler.
    pub(crate) rustc: String,
    /// Per function.
    pub(crate) functions: Option<Functions>,
    /// Per notification.
    pub(crate) counts: Option<Vec<Counts>>,
    /// The whole stack.
    pub(crate) load: Option<Load>,
    /// The pure parts.
    pub(crate) pure: Option<Vec<Part>>,
}

/// A million bytes.
const MB: f64 = 1_000_000.0;

fn megabytes(bytes: u64) -> f64 {
    // Nothing here comes near what a f64 cannot count.
    u32::try_from(bytes / 1_000).map_or(f64::MAX, f64::from) * 1_000.0 / MB
}

impl Report {
    /// Writes it in Markdown.
    ///
    /// # Errors
    /// When a row is missing that the others are compared with.
    pub(crate) fn markdown(&self) -> Result<String> {
        let mut page = String::new();
        writeln!(
            page,
            "{}; {}; {}. Stand-ins on the same machine, without latency.\n",
            self.machine, self.date, self.rustc
        )?;
        if let Some(functions) = &self.functions {
            starts(&mut page, functions)?;
            work(&mut page, functions)?;
            peers(&mut page, functions)?;
        }
        if let Some(counts) = &self.counts {
            notifications(&mut page, counts)?;
        }
        if let Some(load) = &self.load {
            stack(&mut page, load)?;
        }
        if let Some(parts) = &self.pure {
            pure(&mut page, parts)?;
        }
        Ok(page)
    }
}

impl Report {
    /// The figures that are asked for first.
    ///
    /// # Errors
    /// When a part was not measured.
    pub(crate) fn summary(&self) -> Result<String> {
        let functions = self.functions.as_ref().context("no functions")?;
        let counts = self.counts.as_ref().context("no counts")?;
        let load = self.load.as_ref().context("no load")?;
        let own = named(functions, "outbound-sender")?;
        let empty = named(functions, "empty")?;
        let mut page = format!(
            "{}; {}; {}.\n\n| | outbound-sender | empty function",
            self.machine, self.date, self.rustc
        );
        let peers: Vec<&Row> = functions
            .rows
            .iter()
            .filter(|row| row.size.is_none())
            .collect();
        for peer in &peers {
            write!(page, " | {}", peer.name)?;
        }
        page.push_str(" |\n|---|---:|---:");
        page.push_str(&"|---:".repeat(peers.len()));
        page.push_str("|\n");
        let mut line = |what: &str, figure: &dyn Fn(&Row) -> String| {
            let all = [own, empty].into_iter().chain(peers.iter().copied());
            let figures: Vec<String> = all.map(figure).collect();
            writeln!(page, "| {what} | {} |", figures.join(" | "))
        };
        line("cold start and first event", &|row| {
            format!("{:.1} ms ± {:.1}", row.cold_ms, row.cold_spread_ms)
        })?;
        line("on a core per warm event", &|row| {
            format!("{:.2} ms ± {:.2}", row.warm.cpu_ms, row.warm.cpu_spread_ms)
        })?;
        line("peak memory, warm", &|row| {
            format!("{:.1} MB", megabytes(row.warm.peak_memory))
        })?;
        let largest = functions.rows.iter().filter_map(|row| row.size);
        let largest = largest.map(|size| size.stripped).max().unwrap_or_default();
        let happy = counts.first().context("nothing was counted")?;
        writeln!(
            page,
            "\nThe largest function weighs {:.2} MB. A notification that is delivered and read takes {:.0} writes, \
             {:.0} reads, {:.0} requests to the queues; a webhook of 1,000 statuses is stored in {:.0} ms. The whole \
             stack, stand-ins included, delivers {:.0} notifications per second on these {} cores.",
            megabytes(largest),
            happy.writes,
            happy.reads,
            happy.queue_requests,
            functions.thousand_statuses_ms.unwrap_or_default(),
            load.per_second,
            std::thread::available_parallelism().map_or(0, usize::from)
        )?;
        Ok(page)
    }
}

fn named<'a>(functions: &'a Functions, name: &str) -> Result<&'a Row> {
    let row = functions.rows.iter().find(|row| row.name == name);
    row.with_context(|| format!("no row {name}"))
}

fn starts(page: &mut String, functions: &Functions) -> Result<()> {
    let empty = named(functions, "empty")?.cold_ms;
    writeln!(
        page,
        "### Cold start\n\n\
         Medians in milliseconds; ± is half of what lies between the tenth and the ninetieth of a hundred.\n\n\
         | | stripped | zipped | init | first | both | ± | times the empty function's | above it | on a core |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )?;
    for row in &functions.rows {
        let size = row.size.map_or("| | ".to_owned(), |size| {
            format!(
                "| {:.2} MB | {:.2} MB ",
                megabytes(size.stripped),
                megabytes(size.zipped)
            )
        });
        writeln!(
            page,
            "| {} {size}| {:.1} | {:.1} | **{:.1}** | {:.1} | {:.1} | {:.1} | {:.1} |",
            row.name,
            row.init_ms,
            row.first_ms,
            row.cold_ms,
            row.cold_spread_ms,
            row.cold_ms / empty,
            row.cold_ms - empty,
            row.cold_cpu_ms
        )?;
    }
    for (name, size) in &functions.sizes {
        writeln!(
            page,
            "| {name} | {:.2} MB | {:.2} MB | | | | | | | |",
            megabytes(size.stripped),
            megabytes(size.zipped)
        )?;
    }
    page.push('\n');
    Ok(())
}

fn work(page: &mut String, functions: &Functions) -> Result<()> {
    writeln!(
        page,
        "### Warm\n\n\
         One event at a time. The time on a core is of the function's process alone: the median of ten rounds, and \
         half of what lies between the second and the ninth. Instructions are callgrind's, which has no processor's \
         own instructions for SHA-256.\n\n\
         | | peak memory, one event | peak memory, warm | on a core per event | ± | from event to answer | instructions per event |\n\
         |---|---:|---:|---:|---:|---:|---:|"
    )?;
    for row in &functions.rows {
        let instructions = row.instructions.map_or(String::new(), |count| {
            format!("{:.2} million", megabytes(count))
        });
        writeln!(
            page,
            "| {} | {:.1} MB | {:.1} MB | {:.2} ms | {:.2} | {:.2} ms | {instructions} |",
            row.name,
            megabytes(row.cold_memory),
            megabytes(row.warm.peak_memory),
            row.warm.cpu_ms,
            row.warm.cpu_spread_ms,
            row.warm.wall_ms
        )?;
    }
    if let Some(took) = functions.thousand_statuses_ms {
        writeln!(
            page,
            "\nA webhook of 1,000 statuses for 1,000 notifications is stored in {took:.0} ms."
        )?;
    }
    page.push('\n');
    Ok(())
}

/// Each peer over outbound-sender, which does the same.
fn peers(page: &mut String, functions: &Functions) -> Result<()> {
    let mut peers = functions
        .rows
        .iter()
        .filter(|row| row.size.is_none())
        .peekable();
    if peers.peek().is_none() {
        return Ok(());
    }
    let own = named(functions, "outbound-sender")?;
    writeln!(
        page,
        "### Peers\n\n\
         The same send path with the same requests ([tests/bench/peers](../tests/bench/peers/README.md)), as multiples of \
         outbound-sender.\n\n\
         | | cold start | on a core, cold | peak memory, one event | peak memory, warm | on a core, warm |\n\
         |---|---:|---:|---:|---:|---:|"
    )?;
    for row in peers {
        writeln!(
            page,
            "| {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
            row.name,
            row.cold_ms / own.cold_ms,
            row.cold_cpu_ms / own.cold_cpu_ms,
            megabytes(row.cold_memory) / megabytes(own.cold_memory),
            megabytes(row.warm.peak_memory) / megabytes(own.warm.peak_memory),
            row.warm.cpu_ms / own.warm.cpu_ms
        )?;
    }
    page.push('\n');
    Ok(())
}

fn notifications(page: &mut String, counts: &[Counts]) -> Result<()> {
    writeln!(
        page,
        "### A notification\n\n\
         | | writes (units) | reads (units) | requests to queues | invocations | bytes to Meta | bytes logged | \
         USD per million |\n|---|---:|---:|---:|---:|---:|---:|---:|"
    )?;
    for one in counts {
        let usd = one.usd_per_million;
        let usd = usd.map_or(String::new(), |usd| format!("{usd:.2}"));
        writeln!(
            page,
            "| {} | {:.0} ({:.0}) | {:.0} ({:.1}) | {:.1} | {:.1} | {:.0} | {:.0} | {usd} |",
            one.way,
            one.writes,
            one.write_units,
            one.reads,
            one.read_units,
            one.queue_requests,
            one.invocations,
            one.meta_bytes,
            one.log_bytes
        )?;
    }
    page.push_str(
        "\nUSD as on [COST.md](COST.md): AWS alone, one at a time, without the SMS and Meta's own price.\n\n",
    );
    Ok(())
}

fn stack(page: &mut String, load: &Load) -> Result<()> {
    let spread = |spread: &Spread| {
        format!(
            "{:.0} / {:.0} / {:.0} ms",
            spread.p50, spread.p95, spread.p99
        )
    };
    writeln!(
        page,
        "### The whole stack\n\n\
         {} notifications accepted, sent, delivered and read: **{:.0} per second** end to end ({:.0} s; every timer \
         done after {:.0} s, of which 20 s are the template's wait). Each status comes in a webhook of its own.\n\n\
         | | 50 / 95 / 99 of a hundred |\n|---|---|\n\
         | a bank's request | {} |\n| accepted to submitted | {} |\n| a webhook to stored ({}) | {} |\n",
        load.notifications,
        load.per_second,
        load.seconds,
        load.seconds_to_rest,
        spread(&load.accept_ms),
        spread(&load.accept_to_submit_ms),
        load.webhooks,
        spread(&load.webhook_ms)
    )?;
    let whole: f64 = load.cpu_seconds.values().sum();
    writeln!(
        page,
        "The cores were busy {:.0} % of the time, with:\n\n| | ms on a core per notification | share |\n|---|---:|---:|",
        load.cores_used * 100.0
    )?;
    let count = u32::try_from(load.notifications).map_or(f64::MAX, f64::from);
    for (name, seconds) in load
        .cpu_seconds
        .iter()
        .filter(|(_, seconds)| **seconds > 0.0)
    {
        let (each, share) = (seconds * 1_000.0 / count, seconds / whole * 100.0);
        writeln!(page, "| {name} | {each:.2} | {share:.0} % |")?;
    }
    page.push('\n');
    Ok(())
}

fn pure(page: &mut String, parts: &[Part]) -> Result<()> {
    writeln!(
        page,
        "### The pure parts\n\n| | median | 95 % between | per second |\n|---|---:|---|---:|"
    )?;
    for part in parts {
        let (low, high) = (part.interval_us[0], part.interval_us[1]);
        let rate = part
            .handles
            .as_ref()
            .map_or(String::new(), |(count, unit)| {
                let count = u32::try_from(*count).map_or(f64::MAX, f64::from);
                let rate = count / part.median_us * 1e6;
                if unit == "bytes" {
                    format!("{:.0} MB", rate / MB)
                } else {
                    format!("{rate:.0}")
                }
            });
        writeln!(
            page,
            "| {} | {:.2} µs | {low:.2}–{high:.2} | {rate} |",
            part.name, part.median_us
        )?;
    }
    page.push('\n');
    Ok(())
}
