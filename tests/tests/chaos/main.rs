//! The protocol on the real wire while everything breaks: the functions' own processes, DynamoDB, SQS and SNS
//! over their protocols, a Meta that misbehaves. Thousands of notifications; none lost, none sent twice.
//!
//! What is drawn (who gets what, what breaks how often) comes from a seed; in which order the processes come
//! to it does not. `RECADO_CHAOS_SEED` and `RECADO_CHAOS_NOTIFICATIONS` choose another run:
//! `RECADO_CHAOS_SEED=8 cargo test -p recado-tests --test chaos -- --nocapture`.

mod balance;
mod books;
mod case;
mod doubts;
mod items;
mod outages;
mod plan;
mod storm;
mod teeth;
mod times;
mod world;

use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::sync::RwLock;

use books::{Books, summed};
use plan::{Dice, Handset, Kind, Plan};
use storm::Storm;
use world::{Pace, World};

/// The storm takes the whole machine; the outages, which mostly wait, share it.
static MACHINE: RwLock<()> = RwLock::const_new(());

const NOTIFICATIONS: usize = 5_000;
const SEED: u64 = 20_260_118;

/// POST and its retries < function < lease < visibility, which is six times the function's. A message may be
/// given out often, since here a process dies every half second: what is proved is that no message is needed
/// to survive, not that five tries are enough for a machine on fire.
const TIMES: [(&str, &str); 11] = [
    ("PostTimeout", "1500ms"),
    ("RetryWindow", "500ms"),
    ("SmsTimeout", "1500ms"),
    ("SenderFunctionTimeout", "4"),
    ("TimerFunctionTimeout", "4"),
    ("Lease", "10s"),
    ("LaneVisibility", "24"),
    ("FallbackVisibility", "24"),
    ("LaneReceives", "40"),
    ("FallbackReceives", "40"),
    ("LogLevel", "INFO"),
];

/// The longest wait before a webhook is posted again.
const META_REPEATS_WITHIN: Duration = Duration::from_secs(8);

#[allow(
    clippy::disallowed_methods,
    reason = "whoever repeats a run names its seed in the environment"
)]
fn setting(name: &str, usual: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_sent_twice_while_everything_breaks() -> Result<()> {
    let _alone = MACHINE.write().await;
    let seed = setting("RECADO_CHAOS_SEED", SEED);
    let count = setting("RECADO_CHAOS_NOTIFICATIONS", NOTIFICATIONS as u64);
    println!("RECADO_CHAOS_SEED={seed} RECADO_CHAOS_NOTIFICATIONS={count}");
    let mut dice = Dice::new(seed);
    let plan = Plan::draw(
        &mut dice,
        usize::try_from(count.div_ceil(12))?,
        usize::try_from(count)?,
        &[
            (72, Handset::On),
            (16, Handset::Off),
            (4, Handset::WithoutWhatsapp),
            (8, Handset::Flapping),
        ],
        &[
            (55, Kind::Alert),
            (25, Kind::Code),
            (12, Kind::Fraud),
            (8, Kind::Offer),
        ],
    );
    let world = World::open(&TIMES, plan).await?;
    println!(
        "{} customers agreed, {:.0?}",
        world.plan.customers.len(),
        world.begun.elapsed()
    );

    // Meta repeats a webhook later and later; its waits are shortened with all the others.
    world.stack.sim.with(|meta, _| {
        meta.settings_mut().retries.longest = META_REPEATS_WITHIN;
    });
    let storm = Storm::begin(&world, &mut dice);
    let pace = Pace {
        at_once: 12,
        every: Duration::ZERO,
    };
    let ids = world.send_all(pace, &mut dice).await?;
    println!("{} accepted, {:.0?}", ids.len(), world.begun.elapsed());
    // The storm goes on while the lanes still hold what was accepted.
    world.lanes_are_served().await?;
    let damage = storm.end(&world).await?;
    println!(
        "the storm is over, {:.0?}: {}",
        world.begun.elapsed(),
        world.left_to_do()?
    );
    world.come_to_rest().await?;
    println!("everything has ended, {:.0?}", world.begun.elapsed());

    let books = Books::close(&world, &ids, &damage).await?;
    print!("{}", world.told());
    println!("  kills                      {}", summed(&damage.kills));
    println!("  AWS                        {}", summed(&damage.aws));
    print!("{}", books.told());
    println!("  time                       {:.0?}", world.begun.elapsed());
    books.check()?;
    // That it was a storm.
    let kills = damage.kills.values().sum::<u64>();
    ensure!(kills * 200 >= count, "only {kills} processes were killed");
    ensure!(
        !damage.aws.is_empty() && !world.ledger().happened.is_empty(),
        "nothing went wrong"
    );
    world.close().await;
    Ok(())
}
