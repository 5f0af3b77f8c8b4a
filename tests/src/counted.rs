//! Notifications on the local stack, and what was counted meanwhile.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use recado_domain::delivery::{Fact, LegFact};
use recado_local::cost::Counted;
use recado_local::stack::Stack;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{Bank, GLANCE, PATIENCE, alert, drained, fresh_number};

/// How many are taken together: a batch of the queue functions.
pub const TEN: u32 = 10;

/// Notifications of each kind. What most of them took counts: one that met a cold start took more.
const EACH: usize = 5;
/// Nothing more comes once nothing has come for so long.
const STILL: Duration = Duration::from_millis(400);
/// The lane of the alerts, and the timers.
const LANE: &str = "recado-standard";
const TIMERS: &str = "recado-fallback";
/// How often ten are taken together. The fewest requests count: a machine that is busy may spread the ten
/// records of a batch over more than they wait for each other.
const TRIES: usize = 5;

/// How a notification goes.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// Accepted, delivered, read; its timer finds it so.
    Happy,
    /// No receipt in time: the SMS.
    Fallback,
    /// A one-time code, accepted, delivered and read: its guard finds it claimed.
    Code,
}

impl Way {
    fn last(self) -> Fact {
        match self {
            Self::Happy | Self::Code => Fact::Leg(0, LegFact::Read),
            Self::Fallback => Fact::Leg(1, LegFact::Submitted),
        }
    }

    fn message(self, to: &str) -> Value {
        match self {
            Self::Happy | Self::Fallback => alert(to),
            Self::Code => json!({
                "template": "test_counted_code", "locale": "pt_BR", "to": to,
                "params": { "code": "735201" },
            }),
        }
    }
}

/// A customer who agrees to everything.
async fn customer(bank: &Bank, way: Way) -> Result<String> {
    let to = fresh_number();
    bank.agrees(&to).await?;
    let online = matches!(way, Way::Happy | Way::Code);
    bank.phone(&to, json!({ "online": online })).await?;
    Ok(to)
}

/// What most of a few notifications took.
pub async fn usual(stack: &Stack, bank: &Bank, way: Way) -> Result<Counted> {
    let to = customer(bank, way).await?;
    // Afterwards everybody has started, and knows the bank, its template, the switches and the customer.
    one(stack, bank, way, &to).await?;
    let mut seen: Vec<(Counted, usize)> = Vec::new();
    for _ in 0..EACH {
        let mut counted = one(stack, bank, way, &to).await?;
        // The digits of durations: no two runs log the same number of bytes.
        let logged = std::mem::take(&mut counted.logged_bytes);
        match seen.iter_mut().find(|(known, _)| {
            let mut known = known.clone();
            known.logged_bytes = 0;
            known == counted
        }) {
            Some((known, times)) => {
                known.logged_bytes = known.logged_bytes.max(logged);
                *times += 1;
            }
            None => {
                counted.logged_bytes = logged;
                seen.push((counted, 1));
            }
        }
    }
    let usual = seen.iter().max_by_key(|(_, times)| *times);
    let (usual, times) = usual.context("nothing was counted")?;
    ensure!(
        2 * times > EACH,
        "no two notifications took the same: {seen:?}"
    );
    Ok(usual.clone())
}

/// Sends one and counts until nothing more comes of it.
async fn one(stack: &Stack, bank: &Bank, way: Way, to: &str) -> Result<Counted> {
    let before = at_rest(stack).await?;
    let id = bank.send(&way.message(to)).await?;
    until_fact(stack, &id, &way.last()).await?;
    drained(stack).await?;
    Ok(at_rest(stack).await? - before)
}

/// Ten that were taken together.
pub struct Ten {
    /// All that they took.
    pub counted: Counted,
    /// The item of one of them as it was accepted.
    pub accepted: Value,
    /// The same after it was read.
    pub ended: Value,
}

/// Ten jobs that one batch takes, and ten timers that another does.
pub async fn ten(stack: &Stack, bank: &Bank) -> Result<Ten> {
    let to = customer(bank, Way::Happy).await?;
    one(stack, bank, Way::Happy, &to).await?;
    let mut fewest = ten_once(stack, bank, &to).await?;
    for _ in 1..TRIES {
        if fewest.counted.sends <= u64::from(TEN) + 1 {
            break;
        }
        let other = ten_once(stack, bank, &to).await?;
        if other.counted.queue_requests() < fewest.counted.queue_requests() {
            fewest = other;
        }
    }
    Ok(fewest)
}

/// Holds both queues back until their ten messages are there and due.
async fn ten_once(stack: &Stack, bank: &Bank, to: &str) -> Result<Ten> {
    let queues = stack.aws.queues();
    let before = at_rest(stack).await?;
    queues.pause(LANE)?;
    queues.pause(TIMERS)?;
    let mut ids = Vec::new();
    for _ in 0..TEN {
        ids.push(bank.send(&Way::Happy.message(to)).await?);
    }
    let accepted = stored(stack, &ids[0])?;
    queues.resume(LANE)?;
    for id in &ids {
        until_fact(stack, id, &Way::Happy.last()).await?;
    }
    let end = Instant::now() + PATIENCE;
    while queues.depth(TIMERS)?.visible < ids.len() {
        ensure!(Instant::now() < end, "the timers are never due");
        sleep(GLANCE).await;
    }
    queues.resume(TIMERS)?;
    drained(stack).await?;
    Ok(Ten {
        counted: at_rest(stack).await? - before,
        accepted,
        ended: stored(stack, &ids[0])?,
    })
}

/// A notification's item: from the table itself, since asking the API would count.
fn stored(stack: &Stack, id: &str) -> Result<Value> {
    let key = format!("NTF#{id}");
    let mut items = stack.aws.dump_table()?.into_iter();
    let item = items.find(|item| item["pk"]["S"] == key);
    item.context("a notification is not stored")
}

async fn until_fact(stack: &Stack, id: &str, fact: &Fact) -> Result<()> {
    let (end, attribute) = (Instant::now() + PATIENCE, fact.attribute());
    while stored(stack, id)?[&attribute].is_null() {
        ensure!(Instant::now() < end, "{attribute} of {id} never came");
        sleep(GLANCE).await;
    }
    Ok(())
}

/// The counts once they no longer move.
async fn at_rest(stack: &Stack) -> Result<Counted> {
    let end = Instant::now() + PATIENCE;
    let mut counted = Counted::so_far(stack)?;
    loop {
        sleep(STILL).await;
        let now = Counted::so_far(stack)?;
        if now == counted {
            return Ok(now);
        }
        ensure!(Instant::now() < end, "it never comes to rest");
        counted = now;
    }
}
