//! What a run costs: what was counted, times the prices of `infra/prices.toml`.

use std::collections::BTreeMap;
use std::ops::Sub;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::aws::Requests;
use crate::functions::workspace_root;
use crate::stack::Stack;

/// Prices, and what a run cannot tell.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Prices {
    /// For which region.
    pub region: String,
    /// By name.
    pub prices: BTreeMap<String, Price>,
    /// What is assumed until somebody has measured it on AWS.
    pub assumptions: Assumptions,
}

/// One price.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Price {
    /// Of what, with its unit.
    pub what: String,
    /// USD for a million of the unit, or for what `what` says.
    pub usd: f64,
    /// As of when.
    pub date: String,
    /// Whether somebody has seen it in AWS's own list.
    pub status: Status,
    /// Where it is from.
    pub source: String,
}

/// How sure a price is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Seen in AWS's price list.
    Confirmed,
    /// Not yet.
    Estimated,
}

/// What is assumed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Assumptions {
    /// Milliseconds that an invocation is billed, by function.
    pub billed_ms: Assumed<BTreeMap<String, f64>>,
    /// Bytes per notification.
    pub bytes: Assumed<Bytes>,
    /// What empty queues cost.
    pub polling: Assumed<Polling>,
}

/// An assumption with its reason.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Assumed<T> {
    /// Of what.
    pub what: String,
    /// Why so.
    pub source: String,
    /// The values.
    #[serde(flatten)]
    pub values: T,
}

/// Bytes per notification.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Bytes {
    /// That the functions log.
    pub log_lines: f64,
    /// Of the answer to the bank.
    pub bank_answer: f64,
    /// Of a request's head to Meta, with its share of TLS.
    pub http_head: f64,
}

/// What empty queues cost.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Polling {
    /// Requests of a queue's pollers.
    pub requests_per_queue_and_month: f64,
}

impl Prices {
    /// Reads `infra/prices.toml`.
    ///
    /// # Errors
    /// When it is not there or lacks something.
    pub fn read() -> Result<Self> {
        let path = workspace_root().join("infra/prices.toml");
        let text = std::fs::read_to_string(&path)?;
        toml::from_str(&text).with_context(|| format!("in {}", path.display()))
    }

    /// USD for a million of a unit.
    ///
    /// # Errors
    /// When there is no such price.
    pub fn usd(&self, name: &str) -> Result<f64> {
        let price = self.prices.get(name);
        Ok(price.with_context(|| format!("no price {name}"))?.usd)
    }
}

/// What was counted. What functions remember for a while (banks, switches, templates, secrets) is left
/// out: at any load that costs something it is a constant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counted {
    /// Invocations by function.
    pub invocations: BTreeMap<String, u64>,
    /// Requests to the table, by function, operation and kind of partition.
    pub table: BTreeMap<String, u64>,
    /// DynamoDB read units in them.
    pub read_units: f64,
    /// DynamoDB write units in them.
    pub write_units: f64,
    /// Requests that put messages into a queue.
    pub sends: u64,
    /// Requests of the event sources that took messages out of a queue. Those that find none are polling,
    /// which goes on without a single notification.
    pub receives: u64,
    /// Requests that deleted messages that were taken.
    pub deletes: u64,
    /// Messages taken out of queues.
    pub taken: u64,
    /// Messages with a group, which keeps banks fair to each other.
    pub grouped: u64,
    /// Parts of SMS.
    pub sms_parts: u64,
    /// Requests to Meta.
    pub posts: u64,
    /// Bytes of their bodies.
    pub posted_bytes: u64,
    /// Bytes that the functions logged.
    pub logged_bytes: u64,
}

/// Kinds of partitions that functions remember for a while.
const REMEMBERED: [&str; 7] = [
    "TNT#", "CLIENT#", "NUMBER#", "WABA#", "SWITCHES", "TPLS#", "PEPPER",
];

impl Counted {
    /// Everything since the stack's start.
    ///
    /// # Errors
    /// When the stand-ins' report lacks a number.
    pub fn so_far(stack: &Stack) -> Result<Self> {
        let report = stack.aws.report();
        let number = |path: &str| -> Result<u64> {
            let number = report.pointer(path).and_then(Value::as_u64);
            number.with_context(|| format!("no {path} in the report"))
        };
        let deleted = |path: &str| number(path).unwrap_or_default();
        let mut counted = Self {
            receives: number("/sqs/receives_with_messages")?,
            deletes: deleted("/sqs/requests/DeleteMessage")
                + deleted("/sqs/requests/DeleteMessageBatch"),
            taken: number("/sqs/messages_received")?,
            grouped: number("/sqs/messages_grouped")?,
            sms_parts: number("/sns/sms_parts")?,
            ..Self::default()
        };
        for (id, function) in &stack.functions {
            let invocations = function.statistics().invocations;
            counted.invocations.insert(id.clone(), invocations);
        }
        for (requests, tally) in stack.aws.requests() {
            if requests.operation.starts_with("sqs:Send") {
                counted.sends += tally.requests;
            }
            if !requests.operation.starts_with("dynamodb:") || is_remembered(&requests) {
                continue;
            }
            let operation = requests.operation.trim_start_matches("dynamodb:");
            let name = format!("{}: {operation} {}", requests.function, requests.kinds);
            counted.table.insert(name, tally.requests);
            counted.read_units += tally.read_units;
            counted.write_units += tally.write_units;
        }
        (counted.posts, counted.posted_bytes) = stack.sim.posted();
        let lines = stack.logs.lines();
        let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
        counted.logged_bytes = u64::try_from(bytes)?;
        Ok(counted)
    }

    /// Requests to the queues.
    #[must_use]
    pub fn queue_requests(&self) -> u64 {
        self.sends + self.receives + self.deletes
    }

    /// Requests to the table that write, or else those that read.
    #[must_use]
    pub fn table_requests(&self, which: Access) -> u64 {
        let requests = self.table.iter();
        requests
            .filter(|(name, _)| Access::of(name) == which)
            .map(|(_, requests)| requests)
            .sum()
    }
}

/// What a request does to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It may change it.
    Write,
    /// It does not.
    Read,
}

impl Access {
    /// By the name that [`Counted::table`] has for the request.
    fn of(name: &str) -> Self {
        let reads = ["GetItem", "Query", "Scan"];
        if reads.iter().any(|operation| name.contains(operation)) {
            Self::Read
        } else {
            Self::Write
        }
    }
}

/// The standing of a template is read for every message; its text is remembered.
fn is_remembered(requests: &Requests) -> bool {
    let kinds = requests.kinds.as_str();
    let standing = requests.function == "OutboundSender" && requests.operation.ends_with("GetItem");
    REMEMBERED.contains(&kinds) || kinds == "TPL#" && !standing
}

impl Sub for Counted {
    type Output = Self;

    /// What came since `before`.
    fn sub(self, before: Self) -> Self {
        let less = |now: BTreeMap<String, u64>, before: BTreeMap<String, u64>| {
            now.into_iter()
                .map(|(name, count)| {
                    let earlier = before.get(&name).copied().unwrap_or_default();
                    (name, count - earlier)
                })
                .filter(|(_, count)| *count > 0)
                .collect()
        };
        Self {
            invocations: less(self.invocations, before.invocations),
            table: less(self.table, before.table),
            read_units: self.read_units - before.read_units,
            write_units: self.write_units - before.write_units,
            sends: self.sends - before.sends,
            receives: self.receives - before.receives,
            deletes: self.deletes - before.deletes,
            taken: self.taken - before.taken,
            grouped: self.grouped - before.grouped,
            sms_parts: self.sms_parts - before.sms_parts,
            posts: self.posts - before.posts,
            posted_bytes: self.posted_bytes - before.posted_bytes,
            logged_bytes: self.logged_bytes - before.logged_bytes,
        }
    }
}

/// A line of a bill.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The price's name.
    pub price: &'static str,
    /// How much of its unit one notification takes.
    pub amount: f64,
    /// USD for a million notifications.
    pub usd: f64,
}

/// What a million notifications cost that are like the one that was counted.
///
/// # Errors
/// When a price or an assumption is missing.
pub fn bill(
    counted: &Counted,
    prices: &Prices,
    memory_mb: &BTreeMap<String, u32>,
) -> Result<Vec<Line>> {
    let of = |function: &str| count(counted.invocations.get(function).copied());
    let invocations: u64 = counted.invocations.values().sum();
    let mut gb_seconds = 0.0;
    for (function, invocations) in &counted.invocations {
        let billed = prices.assumptions.billed_ms.values.get(function);
        let billed = billed.with_context(|| format!("no billed_ms of {function}"))?;
        let memory = memory_mb.get(function).copied();
        let memory = memory.with_context(|| format!("no memory of {function}"))?;
        gb_seconds += count(Some(*invocations)) * billed / 1_000.0 * f64::from(memory) / 1_024.0;
    }
    let bytes = prices.assumptions.bytes.values;
    let out = count(Some(counted.posted_bytes)) + count(Some(counted.posts)) * bytes.http_head;
    let out = out + bytes.bank_answer;
    let amounts = [
        ("http_api", of("NotificationApi") + of("WebhookReceiver")),
        ("lambda_requests", count(Some(invocations))),
        ("lambda_gb_seconds", gb_seconds),
        ("dynamodb_writes", counted.write_units),
        ("dynamodb_reads", counted.read_units),
        ("sqs_requests", count(Some(counted.queue_requests()))),
        ("sqs_groups", count(Some(counted.grouped))),
        ("logs", bytes.log_lines / 1_000.0),
        ("egress", out / 1_000.0),
        ("sms", count(Some(counted.sms_parts))),
    ];
    amounts
        .into_iter()
        .map(|(price, amount)| {
            let usd = prices.usd(price)? * amount;
            Ok(Line { price, amount, usd })
        })
        .collect()
}

/// A count as a factor.
fn count(count: Option<u64>) -> f64 {
    u32::try_from(count.unwrap_or_default()).map_or(f64::MAX, f64::from)
}
