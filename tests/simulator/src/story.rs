//! A random story: banks, customers and weather drawn from one seed; a storm, then a kind world until
//! nothing is left to happen and every validity is over.

use std::sync::Arc;

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::Action;
use recado_testing::meta::FaultsChange;
use recado_testing::meta::faults::{Batch, WebhookFaults};
use recado_testing::phones::Change;

use crate::functions::System;
use crate::history::{About, Actor, Event, Place};
use crate::life::{business, live};
use crate::logs::Logs;
use crate::run::{Went, World};
use crate::sim::{BEGINS, Sim};
use crate::town::{Bank, Ledger, accounts, sending_hours};
use crate::weather::{Fault, Weather};
use crate::webhooks::Lie;

/// Longer than any template's validity, in milliseconds.
const EVERY_VALIDITY: i64 = 73 * 3_600_000;

/// What kind of run it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Climate {
    /// 0: nothing goes wrong but what customers do. 1: the worst.
    pub brutality: f64,
    /// How long the storm lasts, in milliseconds.
    pub storm: i64,
}

impl Climate {
    /// Whether nothing went wrong.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.brutality == 0.0
    }
}

/// A story that has been told.
pub struct Told {
    /// The world as it is at the end.
    pub world: World,
    /// What kind of run it was.
    pub climate: Climate,
    /// Whether it came to an end.
    pub went: Went,
    /// What was logged, where it was kept.
    pub logs: Vec<String>,
}

/// Tells the story of a seed.
#[must_use]
pub fn tell(seed: u64) -> Told {
    tell_with(seed, |_| {})
}

/// How often a story is told with its logs kept.
const KEEPS_LOGS: u64 = 20;

/// Tells the story of a seed in a world that is changed first.
#[must_use]
pub fn tell_with(seed: u64, change: impl FnOnce(&Sim)) -> Told {
    let logs = Logs::default();
    let mut told = match seed % KEEPS_LOGS {
        0 => logs.during(|| run(seed, change)),
        _ => run(seed, change),
    };
    told.logs = logs.lines();
    told
}

fn run(seed: u64, change: impl FnOnce(&Sim)) -> Told {
    let mut world = World::new(seed, accounts(3));
    change(&world.sim);
    let climate = world.sim.throw(|dice| Climate {
        brutality: match dice.between(0, 9) {
            0 => 0.0,
            1..=4 => 0.1 + 0.2 * dice.part(),
            5..=7 => 0.3 + 0.4 * dice.part(),
            _ => 0.7 + 0.3 * dice.part(),
        },
        storm: i64::try_from(dice.between(20_000, 400_000)).unwrap_or(0),
    });
    let banks = populate(&world, climate);
    let end = BEGINS + climate.storm;
    let mut went = world.run_until(end);
    clear_up(&world, &banks);
    for later in [3_600_000, 2 * 3_600_000, EVERY_VALIDITY] {
        world.system.queues.redrive();
        if went == Went::Quiet {
            went = world.run_until(end + later);
        }
    }
    if !world.is_quiet() {
        went = Went::Endless;
    }
    Told {
        world,
        climate,
        went,
        logs: Vec::new(),
    }
}

/// The storm is over: everything works, every phone that has a line is on, and an operator has put the
/// dead letters back.
fn clear_up(world: &World, banks: &[Bank]) {
    world.sim.note(Event::Chapter("kind".to_owned()));
    world.system.release(banks);
    world.sim.set_weather(Weather::kind());
    let phones: Vec<String> = {
        let mut meta = world.system.cloud.meta();
        meta.set_faults(FaultsChange {
            next: Some(Default::default()),
            webhooks: Some(WebhookFaults::default()),
        });
        let phones = meta.phones().iter();
        phones.map(|phone| phone.number.clone()).collect()
    };
    for phone in phones {
        world.system.switch(
            &phone,
            Change {
                online: Some(true),
                ..Change::default()
            },
        );
    }
}

fn populate(world: &World, climate: Climate) -> Arc<Vec<Bank>> {
    let (sim, system) = (&world.sim, &world.system);
    let count = sim.throw(|dice| dice.place(3)) + 1;
    let banks: Arc<Vec<Bank>> = Arc::new(
        (1..=count)
            .map(|place| {
                let rate = sim.throw(|dice| *dice.pick(&[1_000, 80, 80, 20]));
                system.register(place, rate, sim.throw(sending_hours))
            })
            .collect(),
    );
    let people = sim.throw(|dice| dice.between(1, 5));
    let phones: Arc<Vec<String>> = Arc::new((0..people).map(|_| number(sim)).collect());
    for phone in phones.iter() {
        let digits = phone.trim_start_matches('+');
        system.queues.forbid(digits);
        system.queues.forbid(&digits[4..]);
        settle(system, &banks, phone);
        let life = live(
            system.clone(),
            Arc::clone(&banks),
            phone.clone(),
            BEGINS + climate.storm,
        );
        world.start(life);
    }
    world.start(weather(system.clone(), climate));
    if !climate.is_calm() {
        let mischief = mischief(
            system.clone(),
            Arc::clone(&banks),
            world.ledger.clone(),
            BEGINS + climate.storm,
        );
        world.start(mischief);
        if sim.throw(|dice| dice.hits(0.3)) {
            let until = BEGINS + climate.storm;
            world.start(system.clone().operate(Arc::clone(&banks), until));
        }
    }
    let orders = sim.throw(|dice| dice.between(2, 16));
    // Some banks send everything at once.
    let spread = sim.throw(|dice| *dice.pick(&[1_000_u64, 20_000, 300_000]));
    let spread = spread.min(u64::try_from(climate.storm).unwrap_or(0));
    for _ in 0..orders {
        let at = sim.throw(|dice| dice.between(0, spread));
        let bank = sim.throw(|dice| dice.pick(&banks).clone());
        let phone = sim.throw(|dice| dice.pick(&phones).clone());
        let ledger = world.ledger.clone();
        world.start(business(system.clone(), ledger, bank, phone, at));
    }
    banks
}

/// A number: mostly of São Paulo, some of elsewhere in Brazil and abroad, some of those whose outcome
/// Meta's stand-in fixes.
fn number(sim: &Sim) -> String {
    sim.throw(|dice| match dice.between(0, 9) {
        0..=6 => format!("+55119{:08}", dice.between(70_000_000, 79_999_999)),
        7 => format!("+55319{:08}", dice.between(70_000_000, 79_999_999)),
        8 => format!("+3519{:08}", dice.between(10_000_000, 39_999_999)),
        _ => format!("+55119000000{:02}", dice.between(1, 12)),
    })
}

/// What a customer's phone does, and what the customer agreed to before.
fn settle(system: &System, banks: &[Bank], phone: &str) {
    let change = system.sim.throw(|dice| Change {
        online: Some(dice.hits(0.8)),
        on_whatsapp: Some(dice.hits(0.9)),
        read_receipts: Some(dice.hits(0.8)),
        reads_after_ms: Some(match dice.between(0, 2) {
            0 => None,
            1 => Some(dice.between(100, 1_000)),
            _ => Some(dice.between(5_000, 60_000)),
        }),
        username_only: Some(dice.hits(0.1)),
        ..Change::default()
    });
    system.switch(phone, change);
    for bank in banks {
        let purposes: Vec<Class> = system.sim.throw(|dice| match dice.between(0, 5) {
            0 => Vec::new(),
            1 => vec![*dice.pick(&Class::ALL)],
            _ => Class::ALL.to_vec(),
        });
        if !purposes.is_empty() {
            system.agree(bank, phone, Channel::Whatsapp, &purposes, Action::Grant);
        }
    }
}

async fn weather(system: System, climate: Climate) {
    let until = BEGINS + climate.storm;
    while system.sim.millis() < until {
        if !climate.is_calm() {
            change_weather(&system, climate);
        }
        let phase = system.sim.throw(|dice| dice.between(3_000, 90_000));
        system.sim.pause(phase).await;
    }
}

fn change_weather(system: &System, climate: Climate) {
    let weather = system.sim.throw(|dice| {
        if dice.hits(0.15) {
            Weather::kind()
        } else {
            Weather::draw(dice, climate.brutality)
        }
    });
    let on = |fault: Fault| {
        let on = weather.of(fault) > 0.0;
        if on {
            let by = Actor::WORLD;
            system.sim.note(Event::Struck { fault, by });
        }
        on
    };
    let delay_ms = match on(Fault::WebhookLate) {
        true => system
            .sim
            .throw(|dice| [0, *dice.pick(&[500_u64, 5_000, 45_000])]),
        false => [0, 0],
    };
    let batch = on(Fault::WebhookBatched).then(|| Batch {
        size: system.sim.throw(|dice| *dice.pick(&[2_usize, 5, 50])),
        ms: system.sim.throw(|dice| dice.between(100, 5_000)),
    });
    on(Fault::WebhookTwice);
    let webhooks = WebhookFaults {
        duplicate: weather.of(Fault::WebhookTwice),
        shuffle: delay_ms[1] > 0,
        delay_ms,
        drop: weather.of(Fault::WebhookLost),
        batch,
    };
    system.cloud.meta().set_faults(FaultsChange {
        next: None,
        webhooks: Some(webhooks),
    });
    let likely = Fault::ALL.iter().filter(|fault| weather.of(**fault) > 0.0);
    let likely: Vec<String> = likely
        .map(|fault| format!("{} {:.3}", fault.name(), weather.of(*fault)))
        .collect();
    system.sim.note(Event::Chapter(likely.join(", ")));
    system.sim.set_weather(weather);
}

/// Poison in the queues, lies at the receiver's door.
async fn mischief(system: System, banks: Arc<Vec<Bank>>, ledger: Ledger, until: i64) {
    let bodies = [
        "",
        "null",
        "{\"SendV1\":",
        "{\"SendV9\":{\"n\":\"ntf_aaaaaaaaaaaaaaaaaaaaaaaaaa\"}}",
        "{\"OpenV1\":{\"t\":\"banco-1\",\"n\":\"x\",\"leg\":1,\"at\":1}}",
    ];
    while system.sim.millis() < until {
        let rest = system.sim.throw(|dice| dice.between(1_000, 10_000));
        system.sim.pause(rest).await;
        if system.sim.strikes(Fault::Poison) {
            let (place, body) = system
                .sim
                .throw(|dice| (*dice.pick(&Place::ALL), *dice.pick(&bodies)));
            system.queues.put(place, About::Poison, body.to_owned(), 0);
        }
        let target = {
            let orders = ledger.orders();
            let chosen =
                (!orders.is_empty()).then(|| system.sim.throw(|dice| dice.place(orders.len())));
            chosen.map(|place| (orders[place].id.clone(), orders[place].tenant.clone()))
        };
        let Some((id, tenant)) = target else {
            continue;
        };
        let own = banks.iter().find(|bank| bank.tenant == tenant);
        let other = banks.iter().find(|bank| bank.tenant != tenant);
        let attempt = u32::try_from(system.sim.throw(|dice| dice.between(1, 2))).unwrap_or(1);
        if let Some(own) = own
            && system.sim.strikes(Fault::ForgedWebhook)
        {
            let number = own.number.to_string();
            let lie = system.clone().lie(id.clone(), number, attempt, Lie::Forged);
            lie.await;
        }
        if let Some(other) = other
            && system.sim.strikes(Fault::ForeignReceipt)
        {
            let number = other.number.to_string();
            system.clone().lie(id, number, attempt, Lie::Foreign).await;
        }
    }
}
