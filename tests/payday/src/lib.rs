//! Payday: five million notifications in an hour against everybody's limits.
//!
//! What the product decides is decided here by its own code: `delivery::step` on the facts of each
//! notification, `Pacer` in each copy of outbound-sender, switches, breaker and SMS budget. What stands
//! around it is simulated: the bank, API Gateway, Lambda, DynamoDB, the queues, Meta, SNS, phones.

mod chance;
pub mod count;
pub mod document;
mod limits;
mod notes;
pub mod outcome;
pub mod page;
pub mod parameters;
pub mod scenario;
pub mod scenarios;
pub mod settings;
mod wheel;
mod world;

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Result, anyhow};

use outcome::Outcome;
use scenario::Scenario;
use world::World;

/// Runs a scenario to its end. The same scenario has the same outcome.
///
/// # Errors
/// When a template of its mix is not one that the simulation knows how to send.
pub fn run(scenario: &Scenario) -> Result<Outcome> {
    let mut world = World::new(scenario)?;
    world.run();
    Outcome::of(world, scenario)
}

/// Runs scenarios, as many at once as there are cores, the ones that take long first. Each has its outcome
/// in its place.
///
/// # Errors
/// As [`run`].
pub fn run_all(scenarios: &[Scenario]) -> Result<Vec<Outcome>> {
    let mut order: Vec<usize> = (0..scenarios.len()).collect();
    order.sort_by_key(|place| Reverse(scenarios[*place].notifications));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(place) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((*place, run(&scenarios[*place])?));
        }
        Ok(done)
    };
    let cores = thread::available_parallelism()?.get();
    let mut all = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let done = threads.into_iter().map(|thread| {
            let done: Result<Vec<(usize, Outcome)>> = thread
                .join()
                .map_err(|_| anyhow!("a simulation panicked"))?;
            done
        });
        done.collect::<Result<Vec<_>>>()
    })?
    .concat();
    all.sort_by_key(|(place, _)| *place);
    Ok(all.into_iter().map(|(_, outcome)| outcome).collect())
}
