//! What the auditor goes by.

use std::collections::BTreeMap;

use recado_domain::delivery::Notification;
use recado_domain::hours::Hours;
use recado_domain::ids::{NotificationId, TenantId};
use recado_testing::phones::Phone;
use recado_testing::twin::Person;

use crate::history::{About, History, Place};
use crate::run::{Went, World};
use crate::story::{Climate, Told};
use crate::town::Order;

/// A run that is over, as it is handed to the auditor.
pub struct Evidence {
    /// What kind of run it was.
    pub climate: Climate,
    /// Everything that happened.
    pub history: History,
    /// Whether it came to an end.
    pub went: Went,
    /// When it ended, in milliseconds since 1970.
    pub ended: i64,
    /// The table's notifications.
    pub items: BTreeMap<NotificationId, Notification>,
    /// What banks ordered, by number.
    pub orders: Vec<Order>,
    /// What still waits in the queues.
    pub waiting: Vec<(Place, About)>,
    /// What lies in the dead-letter queues.
    pub dead: Vec<(Place, About)>,
    /// The phones.
    pub phones: Vec<Phone>,
    /// What was logged, where it was kept.
    pub logs: Vec<String>,
    /// What is kept of persons.
    pub people: Vec<Person>,
    /// When banks send what can wait.
    pub hours: BTreeMap<TenantId, Hours>,
}

impl Evidence {
    /// Takes it down at the end of a story.
    #[must_use]
    pub fn of(told: &Told) -> Self {
        Self {
            logs: told.logs.clone(),
            ..Self::at_end(&told.world, told.climate, told.went)
        }
    }

    /// Takes it down at the end of any run.
    #[must_use]
    pub fn at_end(world: &World, climate: Climate, went: Went) -> Self {
        let items = world.system.store.twin.notifications();
        let phones = world.system.cloud.meta().phones().iter().cloned().collect();
        let people = world.system.store.twin.people();
        let orders = world.ledger.orders().clone();
        let history = world.sim.lock().history.clone();
        Self {
            climate,
            history,
            went,
            ended: world.sim.millis(),
            items: items
                .into_iter()
                .map(|item| (item.id.clone(), item))
                .collect(),
            orders,
            waiting: world.system.queues.waiting(),
            dead: world.system.queues.dead(),
            phones,
            logs: Vec::new(),
            hours: world
                .system
                .store
                .twin
                .banks()
                .into_iter()
                .map(|(tenant, config)| (tenant, config.hours))
                .collect(),
            people: people.into_iter().map(|(_, _, person)| person).collect(),
        }
    }
}
