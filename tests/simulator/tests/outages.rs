//! What customers get while a part is away: one part at a time, in simulated time, to the second.
//!
//! A bank sends a code and an alert every other second for a minute and a half; customers are at hand. In the
//! end nobody went without, nobody got WhatsApp or SMS twice, and who got both is who had to.

use std::sync::Arc;

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::Action;
use recado_domain::delivery::{Notification, Status};
use recado_domain::hours::Hours;
use recado_domain::switches::{Breaker, Reach, Turn};
use recado_simulator::audit::{Evidence, audit};
use recado_simulator::contents::{Content, Wishes, template};
use recado_simulator::run::{Went, World};
use recado_simulator::sim::{BEGINS, time};
use recado_simulator::story::Climate;
use recado_simulator::town::{Bank, accounts};
use recado_simulator::weather::{Fault, Weather};
use recado_testing::phones::{self, Change};

const SECOND: i64 = 1_000;
/// The bank sends from here …
const FROM: i64 = 5;
/// … to here, in seconds.
const TO: i64 = 95;

/// What became of one notification.
#[derive(Clone, Debug)]
struct Ending {
    item: Notification,
    /// When the bank sent it, in seconds.
    sent: i64,
    /// By which channels it arrived, and when, in seconds.
    arrived: Vec<(phones::Channel, f64)>,
}

impl Ending {
    fn count(&self, channel: phones::Channel) -> usize {
        let by = self.arrived.iter().filter(|(by, _)| *by == channel);
        by.count()
    }

    fn first(&self) -> f64 {
        self.arrived
            .iter()
            .map(|(_, at)| *at)
            .fold(f64::INFINITY, f64::min)
    }

    fn both(&self) -> bool {
        self.count(phones::Channel::Whatsapp) > 0 && self.count(phones::Channel::Sms) > 0
    }

    fn is_code(&self) -> bool {
        self.item.class == Class::Authentication
    }
}

/// Whether the customers can be reached by WhatsApp.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Customers {
    OnWhatsapp,
    WithoutWhatsapp,
}

struct Story {
    name: &'static str,
    customers: Customers,
    weather: Weather,
    /// Between which seconds.
    between: (i64, i64),
    /// Whether an operator opens the breaker ten seconds into it.
    breaker: Breaker,
}

/// Tells a story to its end; answers what became of each notification. Every promise was kept.
fn tell(story: &Story) -> Vec<Ending> {
    let mut world = World::new(4_711, accounts(1));
    let bank = world.system.register(1, 1_000, Hours::around_the_clock());
    let sent = populate(&world, &bank, story.customers);
    let at = |second: i64| BEGINS + second * SECOND;
    let (from, to) = story.between;
    let mut went = world.run_until(at(from));
    world.sim.set_weather(story.weather.clone());
    if story.breaker == Breaker::Open {
        went = world.run_until(at(from + 10));
        let open = Turn::Breaker(Reach::Everywhere, Breaker::Open);
        world.system.turn(open);
    }
    if went == Went::Quiet {
        went = world.run_until(at(to));
    }
    world.sim.set_weather(Weather::kind());
    if went == Went::Quiet && story.breaker == Breaker::Open {
        // Until Meta has repeated what nobody took.
        went = world.run_until(at(to + 600));
        let closed = Turn::Breaker(Reach::Everywhere, Breaker::Closed);
        world.system.turn(closed);
    }
    if went == Went::Quiet {
        went = world.run_until(at(26 * 3_600));
    }
    assert_eq!(went, Went::Quiet, "{}", story.name);
    assert!(world.is_quiet(), "{}: something is left to do", story.name);
    let climate = Climate {
        brutality: 1.0,
        storm: (to - from) * SECOND,
    };
    let evidence = Evidence::at_end(&world, climate, went);
    let findings = audit(&evidence);
    for broken in &findings.violations {
        let story = broken.id.as_ref().map(|id| evidence.history.of(id));
        eprintln!("{broken:?}\n{}", story.unwrap_or_default());
    }
    assert_eq!(findings.violations, [], "{}", story.name);
    assert_eq!(evidence.dead, [], "{}: dead letters", story.name);
    let endings: Vec<Ending> = sent
        .iter()
        .enumerate()
        .map(|(order, second)| ending(&evidence, order, *second))
        .collect();
    summarise(story.name, &endings);
    for ending in &endings {
        let name = story.name;
        assert!(!ending.arrived.is_empty(), "{name}: lost: {ending:?}");
        for channel in [phones::Channel::Whatsapp, phones::Channel::Sms] {
            assert!(ending.count(channel) <= 1, "{name}: twice: {ending:?}");
        }
        let said = ending.item.delivered_twice();
        assert_eq!(ending.both(), said, "{name}: not told so: {ending:?}");
    }
    endings
}

/// A bank that sends one code and one alert every other second, each to a customer of its own.
fn populate(world: &World, bank: &Bank, customers: Customers) -> Vec<i64> {
    let system = &world.system;
    let mut sent = Vec::new();
    for second in (FROM..TO).step_by(2) {
        for name in ["one_time_code", "pix_received"] {
            let phone = format!("+55119{}", 70_000_000 + sent.len());
            system.switch(
                &phone,
                Change {
                    on_whatsapp: Some(customers == Customers::OnWhatsapp),
                    reads_after_ms: Some(None),
                    ..Change::default()
                },
            );
            system.agree(bank, &phone, Channel::Whatsapp, &Class::ALL, Action::Grant);
            let template = Arc::clone(template(name));
            let wishes = Wishes::default();
            let content = world
                .sim
                .throw(|dice| Content::draw(dice, &template, &phone, &bank.name, &wishes));
            let key = system.note_order(bank, &world.ledger, vec![content]);
            let (system, ledger, bank) = (system.clone(), world.ledger.clone(), bank.clone());
            world.start(async move {
                system.sim.until(BEGINS + second * SECOND).await;
                system.insist(&bank, &ledger, key, 0, 60).await;
            });
            sent.push(second);
        }
    }
    sent
}

fn ending(evidence: &Evidence, order: usize, sent: i64) -> Ending {
    let order = &evidence.orders[order];
    let phone = evidence
        .phones
        .iter()
        .find(|phone| phone.number == order.contents[0].phone)
        .expect("the customer has a phone");
    let seconds = |at: jiff::Timestamp| at.duration_since(time(BEGINS)).as_secs_f64();
    let arrivals = phone.inbox.iter();
    Ending {
        item: evidence.items[&order.id].clone(),
        sent,
        arrived: arrivals.map(|it| (it.channel, seconds(it.at))).collect(),
    }
}

fn summarise(name: &str, endings: &[Ending]) {
    let by = |channel| endings.iter().filter(|it| it.count(channel) > 0).count();
    let late = |it: &Ending| it.first() - it.sent as f64;
    let slowest = |codes: bool| {
        let of = endings.iter().filter(|it| it.is_code() == codes);
        of.map(late).fold(0.0, f64::max)
    };
    println!(
        "{name}: {} sent, {} by WhatsApp, {} by SMS, {} by both; codes within {:.1} s, alerts within {:.1} s",
        endings.len(),
        by(phones::Channel::Whatsapp),
        by(phones::Channel::Sms),
        endings.iter().filter(|it| it.both()).count(),
        slowest(true),
        slowest(false),
    );
}

fn story(name: &'static str, fault: Fault, between: (i64, i64)) -> Story {
    Story {
        name,
        customers: Customers::OnWhatsapp,
        weather: Weather::kind().with(fault, 1.0),
        between,
        breaker: Breaker::Closed,
    }
}

fn nobody_got_both(endings: &[Ending]) {
    let both: Vec<&Ending> = endings.iter().filter(|it| it.both()).collect();
    assert!(both.is_empty(), "{both:?}");
}

/// By which the slowest code and the slowest alert arrived, in seconds after it was sent.
fn within(endings: &[Ending], code: f64, alert: f64) {
    for ending in endings {
        let limit = if ending.is_code() { code } else { alert };
        let late = ending.first() - ending.sent as f64;
        assert!(late <= limit, "{late:.1} s: {ending:?}");
    }
}

#[test]
fn on_a_quiet_day_everything_comes_by_whatsapp_within_two_seconds() {
    let endings = tell(&story("quiet", Fault::Crash, (200, 201)));
    nobody_got_both(&endings);
    within(&endings, 2.0, 2.0);
    let delivered = |it: &Ending| it.item.status(time(BEGINS)) == Status::Delivered;
    assert!(endings.iter().all(delivered));
}

#[test]
fn while_the_store_throttles_for_ten_seconds_nothing_is_lost_and_nothing_comes_twice() {
    let endings = tell(&story(
        "store throttled for 10 s",
        Fault::StoreThrottled,
        (30, 40),
    ));
    nobody_got_both(&endings);
    within(&endings, 30.0, 60.0);
}

#[test]
fn while_meta_throttles_the_number_codes_go_by_sms_and_alerts_wait_or_go_by_sms() {
    let endings = tell(&story(
        "Meta 130429 for 2 min",
        Fault::MetaNumberThrottled,
        (30, 150),
    ));
    nobody_got_both(&endings);
    within(&endings, 20.0, 155.0);
}

#[test]
fn while_meta_throttles_persons_codes_go_by_sms_and_alerts_wait_or_go_by_sms() {
    let endings = tell(&story(
        "Meta 131056 for 2 min",
        Fault::MetaPairThrottled,
        (30, 150),
    ));
    nobody_got_both(&endings);
    within(&endings, 20.0, 155.0);
}

#[test]
fn while_meta_cannot_be_reached_codes_go_by_sms_and_alerts_wait_or_go_by_sms() {
    let endings = tell(&story(
        "Meta unreachable for 2 min",
        Fault::MetaUnreachable,
        (30, 150),
    ));
    nobody_got_both(&endings);
    // What was tried again and again rests up to half a minute by then.
    within(&endings, 20.0, 155.0);
}

#[test]
fn while_meta_answers_5xx_nothing_is_repeated_and_sms_follows_after_the_wait() {
    let endings = tell(&story("Meta 5xx for 2 min", Fault::MetaPage, (30, 150)));
    nobody_got_both(&endings);
    within(&endings, 33.0, 33.0);
}

#[test]
fn while_sns_is_away_its_messages_wait_and_come_once() {
    let endings = tell(&Story {
        customers: Customers::WithoutWhatsapp,
        ..story(
            "SNS unreachable for 2 min",
            Fault::SmsUnreachable,
            (30, 150),
        )
    });
    nobody_got_both(&endings);
    let by_sms = |it: &Ending| it.count(phones::Channel::Sms) == 1;
    assert!(endings.iter().all(by_sms));
    within(&endings, 125.0, 125.0);
}

/// The policy: an SMS goes after thirty seconds without a receipt. While none can come in, everybody
/// whose thirty seconds end before Meta's repetition is taken gets both, and nobody else.
#[test]
fn while_the_receiver_is_away_exactly_those_get_both_whose_receipt_came_too_late() {
    let endings = tell(&story(
        "receiver unreachable for 2 min",
        Fault::ReceiverUnreachable,
        (30, 150),
    ));
    let mut both = 0;
    for ending in &endings {
        let submitted = ending.item.leg(0).submitted_at().expect("all were posted");
        let heard = ending.item.reached_at().expect("all were delivered");
        let waited = heard.duration_since(submitted).as_secs_f64();
        let too_late = ending
            .item
            .leg(1)
            .claimed_at()
            .is_some_and(|at| at <= heard);
        assert_eq!(ending.both(), too_late, "{ending:?}");
        assert_eq!(ending.both(), waited > 30.0, "{waited} s: {ending:?}");
        both += usize::from(ending.both());
    }
    // From a moment before the receiver went away until the bank stopped.
    assert!((55..=70).contains(&both), "{both} got both");
}

#[test]
fn with_the_breaker_open_only_codes_go_out_twice_while_the_receiver_is_away() {
    let endings = tell(&Story {
        breaker: Breaker::Open,
        ..story(
            "receiver unreachable for 2 min, breaker open",
            Fault::ReceiverUnreachable,
            (30, 150),
        )
    });
    assert!(endings.iter().any(|it| it.both()));
    for ending in &endings {
        assert!(!ending.both() || ending.is_code(), "{ending:?}");
    }
}
