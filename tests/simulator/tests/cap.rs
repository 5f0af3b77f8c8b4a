//! The day's cap while everything is sent at once, twice, and by functions that die.

use std::sync::Arc;

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::Action;
use recado_domain::delivery::SuppressReason;
use recado_domain::hours::Hours;
use recado_simulator::audit::{Evidence, audit};
use recado_simulator::contents::{Content, Wishes, template};
use recado_simulator::run::{Went, World};
use recado_simulator::sim::BEGINS;
use recado_simulator::story::Climate;
use recado_simulator::town::accounts;
use recado_simulator::weather::{Fault, Weather};

/// Marketing's cap.
const CAP: usize = 3;
const OFFERS: usize = 50;
const SEEDS: u64 = 20;
const PHONE: &str = "+5511970000001";

/// Messages twice, answers lost, functions that die at any await.
fn storm() -> Weather {
    [
        (Fault::QueueTwice, 0.3),
        (Fault::ReceivedTwice, 0.3),
        (Fault::CameBack, 0.2),
        (Fault::StoreAnswerLost, 0.1),
        (Fault::StoreAskedTwice, 0.1),
        (Fault::Crash, 0.03),
    ]
    .into_iter()
    .fold(Weather::kind(), |weather, (fault, probability)| {
        weather.with(fault, probability)
    })
}

/// Fifty offers to one customer in the same second: how many reached the phone, how many the cap kept back.
fn fifty_offers(seed: u64) -> (usize, usize) {
    let mut world = World::new(seed, accounts(1));
    let bank = world.system.register(1, 1_000, Hours::around_the_clock());
    let system = &world.system;
    system.agree(&bank, PHONE, Channel::Whatsapp, &Class::ALL, Action::Grant);
    let template = Arc::clone(template("test_offer"));
    for _ in 0..OFFERS {
        let wishes = Wishes::default();
        let content = world
            .sim
            .throw(|dice| Content::draw(dice, &template, PHONE, &bank.name, &wishes));
        let key = system.note_order(&bank, &world.ledger, vec![content]);
        let (system, ledger, bank) = (system.clone(), world.ledger.clone(), bank.clone());
        world.start(async move {
            system.sim.until(BEGINS + 1_000).await;
            system.insist(&bank, &ledger, key, 0, 60).await;
        });
    }
    world.sim.set_weather(storm());
    let mut went = world.run_until(BEGINS + 120_000);
    world.sim.set_weather(Weather::kind());
    if went == Went::Quiet {
        went = world.run_until(BEGINS + 26 * 3_600_000);
    }
    assert_eq!(went, Went::Quiet, "seed {seed}");
    let climate = Climate {
        brutality: 1.0,
        storm: 120_000,
    };
    let evidence = Evidence::at_end(&world, climate, went);
    assert_eq!(audit(&evidence).violations, [], "seed {seed}");
    assert_eq!(evidence.items.len(), OFFERS, "seed {seed}: all accepted");
    let capped = evidence
        .items
        .values()
        .filter(|item| item.suppressed_because() == Some(SuppressReason::FrequencyCap));
    let phone = evidence.phones.iter().find(|phone| phone.number == PHONE);
    let arrived = phone.map_or(0, |phone| phone.inbox.len());
    (arrived, capped.count())
}

#[test]
fn exactly_three_of_fifty_are_let_through_whatever_comes_twice_or_dies() {
    let mut arrived = Vec::new();
    for seed in 0..SEEDS {
        let (reached, capped) = fifty_offers(seed);
        assert_eq!(OFFERS - capped, CAP, "seed {seed}: {reached} arrived");
        assert!(reached <= CAP, "seed {seed}: {reached} arrived");
        arrived.push(reached);
    }
    // A function that dies between count and POST may cost one of the three, never add a fourth.
    assert!(arrived.contains(&CAP), "{arrived:?}");
}
