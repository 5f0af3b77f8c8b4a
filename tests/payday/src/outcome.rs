//! What came of a payday.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use recado_domain::class::Lane;
use recado_domain::delivery::Status;
use serde::{Deserialize, Serialize};

use crate::count::{Counts, Limit, STAGE};
use crate::notes::NEVER;
use crate::scenario::Scenario;
use crate::settings::root;
use crate::wheel::SECOND;
use crate::world::World;

/// 50, 95 and 99 of a hundred, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Median.
    pub p50: f64,
    /// 95 of a hundred.
    pub p95: f64,
    /// 99 of a hundred.
    pub p99: f64,
}

impl Spread {
    fn of(mut waits: Vec<u32>) -> Option<Self> {
        waits.sort_unstable();
        let at = |percent: usize| {
            let place = (waits.len() * percent / 100).min(waits.len().checked_sub(1)?);
            Some(f64::from(*waits.get(place)?) / f64::from(SECOND))
        };
        Some(Self {
            p50: at(50)?,
            p95: at(95)?,
            p99: at(99)?,
        })
    }
}

/// Ten minutes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TenMinutes {
    /// The minute in which they begin.
    pub minute: u32,
    /// Accepted from the bank.
    pub accepted: u64,
    /// Taken over by Meta.
    pub submitted: u64,
    /// Delivered by WhatsApp, as far as we have heard.
    pub delivered: u64,
    /// SMS taken over by SNS.
    pub sms: u64,
}

/// A limit that stood in the way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// Which.
    pub limit: &'static str,
    /// The second of the first time.
    pub first: u32,
    /// The second of the last.
    pub last: u32,
    /// Refusals; of a share or of copies, seconds in which they were the bound.
    pub times: u64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The scenario's name.
    pub name: String,
    /// Notifications that the bank asked for.
    pub asked: u64,
    /// Of these, accepted.
    pub accepted: u64,
    /// How the accepted ones stood at the end, by status.
    pub ended: BTreeMap<&'static str, u64>,
    /// Both by WhatsApp and by SMS.
    pub delivered_twice: u64,
    /// The second in which the last one was taken over by Meta.
    pub last_submitted: u32,
    /// From the bank's first request to acceptance, by lane.
    pub ask_to_accept: BTreeMap<&'static str, Spread>,
    /// From acceptance to Meta's answer, by lane.
    pub accept_to_submit: BTreeMap<&'static str, Spread>,
    /// The most that the copies' pacers let through to one number in one second.
    pub busiest_second: u32,
    /// The same in one minute.
    pub busiest_minute: u32,
    /// SMS.
    pub sms: u64,
    /// SMS by the minute.
    pub sms_by_minute: Vec<u32>,
    /// Looks of timers that held back.
    pub hops: u64,
    /// Jobs that found no token and went back to their queue.
    pub busy: u64,
    /// The bank's requests that were refused, each time.
    pub refused: u64,
    /// USD for AWS, without the SMS.
    pub usd_aws: f64,
    /// USD for the SMS.
    pub usd_sms: f64,
    /// What stood in the way, the first one first.
    pub bounds: Vec<Bound>,
    /// By ten minutes.
    pub by_ten_minutes: Vec<TenMinutes>,
}

impl Outcome {
    pub(crate) fn of(mut world: World<'_>, scenario: &Scenario) -> Result<Self> {
        let end = world.notes.at(scenario.seconds * SECOND);
        let mut ended = BTreeMap::new();
        let [mut entry, mut waits] = [(); 2].map(|()| Waits::new());
        let (mut accepted, mut delivered_twice, mut last_submitted) = (0, 0, 0);
        for n in 0..world.notes.len() {
            let [asked, at, submitted] = world.notes.times(n);
            if at == NEVER {
                continue;
            }
            accepted += 1;
            let lane = lane_name(world.notes.lane(n));
            entry.entry(lane).or_default().push(at - asked);
            if submitted != NEVER {
                waits
                    .entry(lane)
                    .or_default()
                    .push(submitted.saturating_sub(at));
                last_submitted = last_submitted.max(submitted);
            }
            let item = world.notes.take(n).context("an item is lent out")?;
            *ended.entry(status_name(item.status(end))).or_default() += 1;
            delivered_twice += u64::from(item.delivered_twice());
            world.notes.put(n, item);
        }
        let counts = &world.counts;
        let (usd_aws, usd_sms) =
            Prices::read(&root())?.bill(counts, accepted, (world.writes.taken, world.reads.taken));
        let [busiest_second, busiest_minute] = world.busiest();
        Ok(Self {
            name: scenario.name.clone(),
            asked: world.notes.len().into(),
            accepted,
            ended,
            delivered_twice,
            last_submitted: last_submitted / SECOND,
            ask_to_accept: spreads(entry),
            accept_to_submit: spreads(waits),
            busiest_second,
            busiest_minute,
            sms: counts.sms,
            sms_by_minute: counts.sms_by_minute.clone(),
            hops: counts.hops,
            busy: counts.busy,
            refused: counts.refused,
            usd_aws,
            usd_sms,
            bounds: bounds(counts),
            by_ten_minutes: stages(counts),
        })
    }

    /// How many ended so.
    #[must_use]
    pub fn ended_as(&self, status: Status) -> u64 {
        self.ended
            .get(status_name(status))
            .copied()
            .unwrap_or_default()
    }

    /// Whether a limit stood in the way.
    #[must_use]
    pub fn met(&self, limit: Limit) -> bool {
        self.bounds.iter().any(|bound| bound.limit == limit.name())
    }
}

/// Milliseconds, by lane.
type Waits = BTreeMap<&'static str, Vec<u32>>;

fn spreads(waits: Waits) -> BTreeMap<&'static str, Spread> {
    let spreads = waits.into_iter();
    spreads
        .filter_map(|(lane, waits)| Some((lane, Spread::of(waits)?)))
        .collect()
}

fn bounds(counts: &Counts) -> Vec<Bound> {
    let met = counts.in_order().into_iter();
    met.map(|(limit, met)| Bound {
        limit: limit.name(),
        first: met.first,
        last: met.last,
        times: met.times,
    })
    .collect()
}

fn stages(counts: &Counts) -> Vec<TenMinutes> {
    let stages = (0..).zip(&counts.stages);
    stages
        .map(|(place, stage)| TenMinutes {
            minute: place * STAGE / 60,
            accepted: stage.accepted,
            submitted: stage.submitted,
            delivered: stage.delivered,
            sms: stage.sms,
        })
        .collect()
}

fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Critical => "critical",
        Lane::Standard => "standard",
        Lane::Bulk => "bulk",
    }
}

/// As the API names it.
fn status_name(status: Status) -> &'static str {
    match status {
        Status::Accepted => "accepted",
        Status::Submitted => "submitted",
        Status::Delivered => "delivered",
        Status::Read => "read",
        Status::FallbackSent => "fallback_sent",
        Status::Suppressed => "suppressed",
        Status::Expired => "expired",
        Status::Cancelled => "cancelled",
        Status::Failed => "failed",
        Status::Unknown => "unknown",
    }
}

/// `infra/prices.toml`, as far as it is needed here.
#[derive(Deserialize)]
struct Prices {
    prices: BTreeMap<String, Price>,
    assumptions: Assumptions,
}

#[derive(Deserialize)]
struct Price {
    usd: f64,
}

#[derive(Deserialize)]
struct Assumptions {
    billed_ms: BTreeMap<String, toml::Value>,
    bytes: Bytes,
}

#[derive(Deserialize)]
struct Bytes {
    log_lines: f64,
    bank_answer: f64,
    http_head: f64,
}

/// Bytes of a message to Meta without its head: `docs/COST.md`.
const META_BODY: f64 = 543.0;
/// GB of memory: of outbound-sender, of the others.
const MEMORY: [f64; 2] = [0.5, 0.25];

impl Prices {
    fn read(root: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(root.join("infra/prices.toml"))?;
        Ok(toml::from_str(&text)?)
    }

    fn usd(&self, name: &str) -> f64 {
        self.prices.get(name).map_or(0.0, |price| price.usd)
    }

    /// USD for AWS without the SMS, and for the SMS.
    fn bill(&self, counts: &Counts, accepted: u64, (writes, reads): (f64, f64)) -> (f64, f64) {
        let billed = |name: &str| {
            let ms = self.assumptions.billed_ms.get(name);
            ms.and_then(toml::Value::as_integer)
                .map_or(0.0, |ms| number(ms.unsigned_abs()))
        };
        let [api, sender, webhook, timer] = counts.invocations.map(number);
        let [sent_ms, timed_ms] = counts.ran.map(number);
        let ms = api * billed("NotificationApi") + webhook * billed("WebhookReceiver") + timed_ms;
        let gb_seconds = (sent_ms * MEMORY[0] + ms * MEMORY[1]) / 1_000.0;
        let bytes = &self.assumptions.bytes;
        let out = number(counts.posts) * (META_BODY + bytes.http_head)
            + number(accepted) * bytes.bank_answer;
        let lines = [
            ("http_api", number(counts.requests)),
            ("lambda_requests", api + sender + webhook + timer),
            ("lambda_gb_seconds", gb_seconds),
            ("dynamodb_writes", writes),
            ("dynamodb_reads", reads),
            ("sqs_requests", number(counts.sends + counts.polls)),
            ("sqs_groups", number(counts.sends)),
            ("logs", number(accepted) * bytes.log_lines / 1_000.0),
            ("egress", out / 1_000.0),
        ];
        let aws: f64 = lines
            .iter()
            .map(|(name, amount)| self.usd(name) * amount / 1e6)
            .sum();
        (aws, self.usd("sms") * number(counts.sms) / 1e6)
    }
}

fn number(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
