//! Payday: five million notifications in an hour against everybody's limits.
//!
//! What the product decides is decided here by its own code: `delivery::step` on the facts of each
//! notification, `Pacer` in each copy of outbound-sender, switches, breaker and SMS budget. What stands
//! around it is simulated: the bank, API Gateway, Lambda, DynamoDB, the queues, Meta, SNS, phones.

mod chance;
pub mod count;
mod limits;
mod notes;
pub mod outcome;
pub mod page;
pub mod scenario;
pub mod settings;
mod wheel;
mod world;

use anyhow::Result;

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
