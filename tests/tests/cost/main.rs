//! What a notification costs: counted on the local stack, one at a time, and multiplied with the prices of
//! `infra/prices.toml` into `docs/COST.md`. The gate holds the counts; it never looks at a clock.

mod page;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use recado_domain::delivery::{Fact, LegFact};
use recado_local::cost::{Counted, Prices, bill};
use recado_local::stack::Stack;
use recado_tests::deployed::template;
use recado_tests::documents::hold;
use recado_tests::{Bank, PATIENCE, alert, drained, fresh_number, stack};
use serde_json::json;
use tokio::time::{Instant, sleep};

const PAGE: &str = "docs/COST.md";
const COMMAND: &str = "UPDATE_DOCS=1 cargo test -p recado-tests --test cost -- --nocapture";

/// Notifications of each kind. What most of them took counts: one that met a cold start took more.
const EACH: usize = 5;
/// Nothing more comes once nothing has come for so long.
const STILL: Duration = Duration::from_millis(400);

/// How a notification goes.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Accepted, delivered, read; its timer finds it so.
    Happy,
    /// No receipt in time: the SMS.
    Fallback,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_notification_takes_is_what_the_page_of_costs_says() -> Result<()> {
    let stack = stack().await?;
    let bank = Bank::of(&stack, 0).await?;
    let happy = usual(&stack, &bank, Way::Happy).await?;
    let fallback = usual(&stack, &bank, Way::Fallback).await?;
    stack.shutdown().await;

    let prices = Prices::read()?;
    let template = template()?;
    let memory: BTreeMap<String, u32> = template
        .functions
        .iter()
        .map(|(id, function)| (id.clone(), function.memory_mb))
        .collect();
    let stated = prices.assumptions.bytes.values.log_lines;
    for counted in [&happy, &fallback] {
        let logged = u32::try_from(counted.logged_bytes).map_or(f64::MAX, f64::from);
        println!("logged per notification: {logged} bytes");
        ensure!(
            logged <= stated && logged > stated / 4.0,
            "a notification logs {logged} bytes, and infra/prices.toml says {stated}"
        );
    }
    let bills = [
        bill(&happy, &prices, &memory)?,
        bill(&fallback, &prices, &memory)?,
    ];
    let page = page::write(&prices, &template, [&happy, &fallback], &bills)?;
    println!("{page}");
    hold(PAGE, &page, COMMAND)
}

/// What most of a few notifications took.
async fn usual(stack: &Stack, bank: &Bank, way: Way) -> Result<Counted> {
    let to = fresh_number();
    bank.agrees(&to).await?;
    let online = matches!(way, Way::Happy);
    bank.phone(&to, json!({ "online": online })).await?;
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
    let last = match way {
        Way::Happy => Fact::Leg(0, LegFact::Read),
        Way::Fallback => Fact::Leg(1, LegFact::Submitted),
    };
    let before = at_rest(stack).await?;
    let id = bank.send(&alert(to)).await?;
    until_fact(stack, &id, &last.attribute()).await?;
    drained(stack).await?;
    Ok(at_rest(stack).await? - before)
}

/// Looks at the table itself, since asking the API would count.
async fn until_fact(stack: &Stack, id: &str, attribute: &str) -> Result<()> {
    let (end, key) = (Instant::now() + PATIENCE, format!("NTF#{id}"));
    loop {
        let items = stack.aws.dump_table()?;
        let item = items.iter().find(|item| item["pk"]["S"] == key);
        if item.is_some_and(|item| !item[attribute].is_null()) {
            return Ok(());
        }
        ensure!(Instant::now() < end, "{attribute} of {id} never came");
        sleep(STILL / 8).await;
    }
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
