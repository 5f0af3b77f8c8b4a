//! In real time, with the times that a deployment has: what customers get while a part is away.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use recado_local::aws::{Service, Verdict};
use tokio::time::sleep;

use crate::MACHINE;
use crate::books::Books;
use crate::plan::{Dice, Handset, Kind, Plan};
use crate::storm::Damage;
use crate::world::{Pace, World};

const NOTIFICATIONS: usize = 240;
/// Six or seven a second, for a little over half a minute.
const PACE: Pace = Pace {
    at_once: 32,
    every: Duration::from_millis(150),
};
/// So that the outage falls on messages that come in, on receipts, and on the first SMS.
const BEFORE: Duration = Duration::from_secs(24);
const OUTAGE: Duration = Duration::from_secs(10);
/// Timers that can be at work at one moment: three batches of ten.
const HELD_AT_MOST: u64 = 30;

/// A bank's day in small: alerts and codes to phones of which most are on.
async fn a_bank_at_work(seed: u64) -> Result<(World, Dice)> {
    let mut dice = Dice::new(seed);
    let plan = Plan::draw(
        &mut dice,
        60,
        NOTIFICATIONS,
        &[(75, Handset::On), (25, Handset::Off)],
        &[(60, Kind::RealAlert), (40, Kind::RealCode)],
    );
    Ok((World::open(&[], plan).await?, dice))
}

/// Sends all while `outage` happens, waits for the end and closes the books.
async fn through(
    world: &World,
    dice: &mut Dice,
    outage: impl Future<Output = Result<()>>,
) -> Result<Books> {
    let outage = async {
        sleep(BEFORE).await;
        outage.await
    };
    let (ids, outage) = tokio::join!(world.send_all(PACE, dice), outage);
    let (ids, ()) = (ids?, outage?);
    world.come_to_rest().await?;
    let books = Books::close(world, &ids, &Damage::default()).await?;
    print!("{}{}", world.told(), books.told());
    println!("  time                       {:.0?}", world.begun.elapsed());
    books.check()?;
    Ok(books)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_throttled_for_ten_seconds_loses_nothing() -> Result<()> {
    let _share = MACHINE.read().await;
    let (world, mut dice) = a_bank_at_work(1).await?;
    let throttled = async {
        let store = |service, _: &str| match service {
            Service::DynamoDb => Verdict::Throttle,
            Service::Sqs | Service::Sns | Service::SecretsManager => Verdict::Pass,
        };
        world.stack.aws.interfere(Arc::new(store));
        sleep(OUTAGE).await;
        world.stack.aws.interfere(Arc::new(|_, _| Verdict::Pass));
        anyhow::Ok(())
    };
    println!("every request to the store is throttled for {OUTAGE:?}");
    let books = through(&world, &mut dice, throttled).await?;
    ensure!(world.counter.was_turned_away(), "the bank noticed nothing");
    // Whoever held an SMS when it began could not write down what became of it: such an SMS is uncertain,
    // which the books have checked. There are few of those.
    let held = books.nothing.values().sum::<u64>() + books.doubled.len() as u64;
    ensure!(held <= HELD_AT_MOST, "{held}: {books:?}");
    world.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_receiver_that_was_down_gets_everything_once_it_is_back() -> Result<()> {
    let _share = MACHINE.read().await;
    let (world, mut dice) = a_bank_at_work(2).await?;
    let receiver = world.stack.functions["WebhookReceiver"].clone();
    let down = async {
        receiver.go_down().await;
        sleep(OUTAGE).await;
        receiver.come_back();
        anyhow::Ok(())
    };
    println!("webhook-receiver is down for {OUTAGE:?}");
    let books = through(&world, &mut dice, down).await?;
    let repeated = world
        .ledger()
        .happened
        .keys()
        .any(|it| it.contains("posted again"));
    ensure!(repeated, "Meta was never turned away");
    ensure!(books.nothing.is_empty(), "{:?}", books.nothing);
    ensure!(books.doubled.is_empty(), "{:?}", books.doubled);
    world.close().await;
    Ok(())
}
