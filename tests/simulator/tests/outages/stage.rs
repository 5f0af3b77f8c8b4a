//! One bank, its customers and one part that is away: told to the end, and what became of each notification.

use std::collections::BTreeMap;
use std::sync::Arc;

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::Action;
use recado_domain::delivery::{Notification, Status};
use recado_domain::hours::Hours;
use recado_domain::ids::NotificationId;
use recado_domain::switches::{Breaker, Reach, Turn};
use recado_simulator::audit::{Evidence, audit};
use recado_simulator::contents::{Content, Wishes, template};
use recado_simulator::history::Event;
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

/// A Publish: when, in seconds, and what its maker knew of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publish {
    pub(crate) at: f64,
    pub(crate) outcome: Option<&'static str>,
}

/// What became of one notification.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) item: Notification,
    /// When everything was over.
    pub(crate) status: Status,
    /// When the bank sent it, in seconds.
    pub(crate) sent: i64,
    /// By which channels it arrived, and when, in seconds.
    pub(crate) arrived: Vec<(phones::Channel, f64)>,
    pub(crate) published: Vec<Publish>,
}

impl Ending {
    pub(crate) fn count(&self, channel: phones::Channel) -> usize {
        let by = self.arrived.iter().filter(|(by, _)| *by == channel);
        by.count()
    }

    pub(crate) fn first(&self) -> f64 {
        self.arrived
            .iter()
            .map(|(_, at)| *at)
            .fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn both(&self) -> bool {
        self.count(phones::Channel::Whatsapp) > 0 && self.count(phones::Channel::Sms) > 0
    }

    pub(crate) fn is_code(&self) -> bool {
        self.item.class == Class::Authentication
    }
}

/// Whether the customers can be reached by WhatsApp.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Customers {
    OnWhatsapp,
    WithoutWhatsapp,
}

pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) customers: Customers,
    /// The templates of which the bank sends one each, every other second.
    pub(crate) sends: &'static [&'static str],
    pub(crate) weather: Weather,
    /// Between which seconds.
    pub(crate) between: (i64, i64),
    /// Whether an operator opens the breaker ten seconds into it.
    pub(crate) breaker: Breaker,
}

impl Story {
    /// A code and an alert every other second, to customers at hand.
    pub(crate) fn of(name: &'static str, fault: Fault, between: (i64, i64)) -> Self {
        Self {
            name,
            customers: Customers::OnWhatsapp,
            sends: &["one_time_code", "pix_received"],
            weather: Weather::kind().with(fault, 1.0),
            between,
            breaker: Breaker::Closed,
        }
    }
}

/// Tells a story to its end; answers what became of each notification. The auditor found nothing, nothing
/// is left in a queue or a dead-letter queue, each has ended, and who got both is told so.
pub(crate) fn tell(story: &Story) -> Vec<Ending> {
    let mut world = World::new(4_711, accounts(1));
    let bank = world.system.register(1, 1_000, Hours::around_the_clock());
    let sent = populate(&world, &bank, story);
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
    assert_eq!(evidence.waiting, [], "{}: still waiting", story.name);
    let published = published(&evidence);
    let endings: Vec<Ending> = sent
        .iter()
        .enumerate()
        .map(|(order, second)| ending(&evidence, &published, order, *second))
        .collect();
    summarise(story.name, &endings);
    for ending in &endings {
        let name = story.name;
        assert!(ending.status.has_ended(), "{name}: no end: {ending:?}");
        let whatsapp = ending.count(phones::Channel::Whatsapp);
        assert!(whatsapp <= 1, "{name}: twice: {ending:?}");
        let said = ending.item.delivered_twice();
        assert_eq!(ending.both(), said, "{name}: not told so: {ending:?}");
    }
    endings
}

/// A bank that sends one of each kind every other second, each to a customer of its own.
fn populate(world: &World, bank: &Bank, story: &Story) -> Vec<i64> {
    let system = &world.system;
    let mut sent = Vec::new();
    for second in (FROM..TO).step_by(2) {
        for name in story.sends {
            let phone = format!("+55119{}", 70_000_000 + sent.len());
            system.switch(
                &phone,
                Change {
                    on_whatsapp: Some(story.customers == Customers::OnWhatsapp),
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

fn seconds(at: jiff::Timestamp) -> f64 {
    at.duration_since(time(BEGINS)).as_secs_f64()
}

/// Every Publish, by notification, in order of time.
fn published(evidence: &Evidence) -> BTreeMap<NotificationId, Vec<Publish>> {
    let mut published: BTreeMap<NotificationId, Vec<Publish>> = BTreeMap::new();
    for (at, event) in evidence.history.iter() {
        if let Event::Publishing { id: Some(id), .. } = event {
            published.entry(id.clone()).or_default().push(Publish {
                at: seconds(time(at)),
                outcome: None,
            });
        }
        if let Event::Published {
            id: Some(id),
            outcome,
            ..
        } = event
            && let Some(last) = published.get_mut(id).and_then(|all| all.last_mut())
        {
            last.outcome = Some(outcome);
        }
    }
    published
}

fn ending(
    evidence: &Evidence,
    published: &BTreeMap<NotificationId, Vec<Publish>>,
    order: usize,
    sent: i64,
) -> Ending {
    let order = &evidence.orders[order];
    let phone = evidence
        .phones
        .iter()
        .find(|phone| phone.number == order.contents[0].phone)
        .expect("the customer has a phone");
    let arrivals = phone.inbox.iter();
    let item = evidence.items[&order.id].clone();
    Ending {
        status: item.status(time(evidence.ended)),
        item,
        sent,
        arrived: arrivals.map(|it| (it.channel, seconds(it.at))).collect(),
        published: published.get(&order.id).cloned().unwrap_or_default(),
    }
}

fn summarise(name: &str, endings: &[Ending]) {
    let late = |it: &Ending| it.first() - it.sent as f64;
    println!("{name}: {} sent", endings.len());
    for class in Class::ALL {
        let of = || endings.iter().filter(move |it| it.item.class == class);
        if of().next().is_none() {
            continue;
        }
        let by = |channel| of().filter(|it| it.count(channel) > 0).count();
        let (none, some): (Vec<_>, Vec<_>) = of().partition(|it| it.arrived.is_empty());
        println!(
            "  {class}: {} by WhatsApp, {} by SMS ({} twice), {} by both, {} by none; within {:.1} s",
            by(phones::Channel::Whatsapp),
            by(phones::Channel::Sms),
            of().filter(|it| it.count(phones::Channel::Sms) > 1).count(),
            of().filter(|it| it.both()).count(),
            none.len(),
            some.into_iter().map(late).fold(0.0, f64::max),
        );
    }
}
