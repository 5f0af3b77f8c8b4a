//! The day's cap while everything is sent at once, twice, and by functions that die.

use std::sync::Arc;

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::Action;
use recado_domain::hours::Hours;
use recado_simulator::audit::{Evidence, audit};
use recado_simulator::contents::{Content, Wishes, template};
use recado_simulator::run::{Went, World};
use recado_simulator::sim::BEGINS;
use recado_simulator::story::Climate;
use recado_simulator::town::accounts;
use recado_simulator::weather::{Fault, Weather};

/// The cap of servicing and marketing.
const CAP: usize = 3;
const MESSAGES: usize = 50;
const SEEDS: u64 = 20;
const PHONE: &str = "+5511970000001";

/// Messages and requests that come twice.
fn twice() -> Weather {
    [
        (Fault::QueueTwice, 0.3),
        (Fault::ReceivedTwice, 0.3),
        (Fault::CameBack, 0.2),
        (Fault::StoreAskedTwice, 0.1),
    ]
    .into_iter()
    .fold(Weather::kind(), |weather, (fault, probability)| {
        weather.with(fault, probability)
    })
}

/// What became of fifty messages.
struct Told {
    /// How many of them reached the phone, by whichever channel.
    arrived: usize,
    /// How many were counted against the cap.
    counted: usize,
}

/// Fifty messages of one template to one customer in the same second.
fn fifty(seed: u64, name: &str, weather: Weather) -> Told {
    let mut world = World::new(seed, accounts(1));
    let bank = world.system.register(1, 1_000, Hours::around_the_clock());
    let system = &world.system;
    system.agree(&bank, PHONE, Channel::Whatsapp, &Class::ALL, Action::Grant);
    let template = Arc::clone(template(name));
    for _ in 0..MESSAGES {
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
    world.sim.set_weather(weather);
    let mut went = world.run_until(BEGINS + 120_000);
    world.sim.set_weather(Weather::kind());
    for hours in [1, 2, 26] {
        // What died with five functions is a dead letter, and an operator puts it back.
        world.system.queues.redrive();
        if went == Went::Quiet {
            went = world.run_until(BEGINS + hours * 3_600_000);
        }
    }
    assert_eq!(went, Went::Quiet, "seed {seed}");
    let climate = Climate {
        brutality: 1.0,
        storm: 120_000,
    };
    let evidence = Evidence::at_end(&world, climate, went);
    assert_eq!(audit(&evidence).violations, [], "seed {seed}");
    assert_eq!(evidence.items.len(), MESSAGES, "seed {seed}: all accepted");
    let counted = evidence.people.iter().flat_map(|person| &person.caps);
    let texts = |place: usize| {
        let contents = &evidence.orders[place].contents;
        contents.iter().filter_map(|content| content.sms.as_deref())
    };
    let phone = evidence.phones.iter().find(|phone| phone.number == PHONE);
    let inbox = || phone.into_iter().flat_map(|phone| &phone.inbox);
    let reached = |place: &usize| {
        let id = evidence.orders[*place].id.as_str();
        inbox().any(|arrival| {
            arrival.notification.as_deref() == Some(id)
                || texts(*place).any(|text| text == arrival.screen.text)
        })
    };
    Told {
        arrived: (0..evidence.orders.len()).filter(reached).count(),
        counted: counted.map(|(_, ids)| ids.len()).sum(),
    }
}

#[test]
fn exactly_three_of_fifty_are_let_through_whatever_comes_twice() {
    for seed in 0..SEEDS {
        for name in ["test_offer", "test_notice"] {
            let told = fifty(seed, name, twice());
            assert_eq!(
                (told.counted, told.arrived),
                (CAP, CAP),
                "{name}, seed {seed}"
            );
        }
    }
}

#[test]
fn a_function_that_dies_may_cost_one_of_the_three_and_never_adds_a_fourth() {
    let mut arrived = 0;
    for seed in 0..SEEDS {
        for name in ["test_offer", "test_notice"] {
            let weather = twice().with(Fault::StoreAnswerLost, 0.1);
            let told = fifty(seed, name, weather.with(Fault::Crash, 0.02));
            assert_eq!(told.counted, CAP, "{name}, seed {seed}");
            assert!(told.arrived <= CAP, "{name}, seed {seed}: {}", told.arrived);
            arrived += told.arrived;
        }
    }
    let seeds = usize::try_from(SEEDS).unwrap_or(usize::MAX);
    assert!(
        arrived > seeds * CAP,
        "{arrived} of {} arrived",
        2 * seeds * CAP
    );
}
