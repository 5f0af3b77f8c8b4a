//! What a notification costs: counted on the local stack, one at a time and ten at a time, held to its
//! budgets, and multiplied with the prices of `infra/prices.toml` into `docs/COST.md`. The gate holds the
//! counts; it never looks at a clock.

mod budget;
mod page;
mod tables;
mod units;

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use budget::{Measured, budgets};
use page::Found;
use recado_local::cost::{Prices, bill};
use recado_tests::counted::{Way, ten, usual};
use recado_tests::deployed::template;
use recado_tests::documents::hold;
use recado_tests::{Bank, stack};

const PAGE: &str = "docs/COST.md";
const COMMAND: &str = "UPDATE_DOCS=1 cargo test -p recado-tests --test cost -- --nocapture";

#[tokio::test(flavor = "multi_thread")]
async fn what_a_notification_takes_is_within_its_budgets_and_what_the_page_says() -> Result<()> {
    let stack = stack().await?;
    let bank = Bank::of(&stack, 0).await?;
    let happy = usual(&stack, &bank, Way::Happy).await?;
    let ten = ten(&stack, &bank).await?;
    let measured = Measured {
        happy,
        fallback: usual(&stack, &bank, Way::Fallback).await?,
        code: usual(&stack, &bank, Way::Code).await?,
        ten: ten.counted,
    };
    stack.shutdown().await;
    let Measured {
        happy, fallback, ..
    } = &measured;

    let prices = Prices::read()?;
    let template = template()?;
    let memory: BTreeMap<String, u32> = template
        .functions
        .iter()
        .map(|(id, function)| (id.clone(), function.memory_mb))
        .collect();
    let stated = prices.assumptions.bytes.values.log_lines;
    for counted in [happy, fallback] {
        let logged = u32::try_from(counted.logged_bytes).map_or(f64::MAX, f64::from);
        println!("logged per notification: {logged} bytes");
        ensure!(
            logged <= stated && logged > stated / 4.0,
            "a notification logs {logged} bytes, and infra/prices.toml says {stated}"
        );
    }
    let bills = [
        bill(happy, &prices, &memory)?,
        bill(fallback, &prices, &memory)?,
    ];
    let budgets = budgets(&measured);
    budget::hold(&budgets)?;
    units::hold(happy, &ten.accepted, &ten.ended).await?;
    let weighed = units::catalogue().await?;
    budget::hold_units(&weighed)?;
    let page = page::write(
        &Found {
            measured: &measured,
            budgets: &budgets,
            weighed: &weighed,
            bills: &bills,
        },
        &prices,
        &template,
    )?;
    println!("{page}");
    hold(PAGE, &page, COMMAND)
}
