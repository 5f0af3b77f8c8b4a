//! The simulated world: one clock, and everything between the bank's request and the customer's phone.

mod drive;
mod intake;
mod meta;
mod queue;
mod sms;

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::Timestamp;
use recado_domain::class::Lane;
use recado_domain::pacing::{Concurrency, Pacer};
use recado_domain::switches::{Counter, Gates, KNOWN_FOR, Switchboard};

use crate::chance::{About, Chance};
use crate::count::{Counts, Limit};
use crate::limits::{Occupied, Rate, Units};
use crate::notes::Notes;
use crate::scenario::Scenario;
use crate::wheel::{SECOND, Wheel};
use drive::Doing;
use meta::Pair;
use queue::{Batch, Queue};

/// The morning of the fifth working day, at nine in São Paulo: nobody sleeps.
const START: &str = "2026-12-07T12:00:00Z";
/// The queues: a lane's, by [`Lane`]'s own order, and the timers'.
const QUEUES: [Option<Lane>; 4] = [
    Some(Lane::Critical),
    Some(Lane::Standard),
    Some(Lane::Bulk),
    None,
];
/// The timers' queue.
const TIMERS: usize = 3;

/// What happens at a moment.
#[derive(Clone, Copy, Debug)]
enum Happens {
    /// The bank asks, or asks again.
    Ask { n: u32, again: u8 },
    /// A message of a queue shows itself.
    Visible { queue: u8, word: u16, n: u32 },
    /// Somebody who waits for a token looks again.
    Pace(u32),
    /// A POST begins.
    Post(u32),
    /// A POST is answered.
    Posted(u32),
    /// A rest is over.
    Rested(u32),
    /// A batch is done.
    Done(u32),
    /// Meta tells something.
    Receipt { n: u32, told: Told, again: u8 },
}

/// What a receipt tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Sent,
    Delivered,
    Read,
    Failed,
}

/// A number at Meta.
struct Number {
    rate: Rate,
    /// What the copies' pacers let through to it: in a second, in a minute.
    paced: [Busiest; 2],
}

/// How often in the present stretch of time, and in the busiest one.
#[derive(Clone, Copy, Debug, Default)]
struct Busiest {
    stretch: u32,
    in_it: u32,
    most: u32,
}

impl Busiest {
    fn count(&mut self, stretch: u32) {
        if self.stretch != stretch {
            (self.stretch, self.in_it) = (stretch, 0);
        }
        self.in_it += 1;
        self.most = self.most.max(self.in_it);
    }
}

/// Everything.
pub(crate) struct World<'a> {
    scenario: &'a Scenario,
    chance: Chance,
    now: u32,
    wheel: Wheel<Happens>,
    pub(crate) notes: Notes,
    pub(crate) counts: Counts,
    queues: [Queue; 4],
    batches: Vec<Batch>,
    free_batches: Vec<u32>,
    doings: Vec<Doing>,
    free_doings: Vec<u32>,
    copies: Vec<Vec<Pacer>>,
    idle: Vec<u32>,
    numbers: Vec<Number>,
    pairs: Vec<Pair>,
    bank_api: Rate,
    webhook_api: Rate,
    gateway: Rate,
    lambda: Rate,
    short: Occupied,
    pub(crate) writes: Units,
    pub(crate) reads: Units,
    standings: BTreeMap<usize, Units>,
    sns: Rate,
    board: Switchboard,
    gates: Vec<Gates>,
    tally: BTreeMap<Counter, u32>,
    waits: [u32; 4],
    starts: [u32; 4],
}

impl<'a> World<'a> {
    pub(crate) fn new(scenario: &'a Scenario) -> Result<Self> {
        let (settings, account) = (&scenario.settings, &scenario.account);
        let start: Timestamp = START.parse()?;
        let chance = Chance(scenario.seed);
        let notes = Notes::new(
            &scenario.mix,
            scenario.numbers,
            chance,
            start,
            settings.limits,
        )?;
        let [critical, standard, bulk] = settings.lanes;
        let queues = [critical, standard, bulk, settings.timers]
            .map(|most| Queue::new(most, account.copies, scenario.scale));
        let number = || Number {
            rate: Rate::new(scenario.rate),
            paced: [Busiest::default(); 2],
        };
        let templates = 0..scenario.mix.len() * scenario.numbers as usize;
        let mut world = Self {
            scenario,
            chance,
            now: 0,
            wheel: Wheel::new(scenario.seconds),
            notes,
            counts: Counts::default(),
            queues,
            batches: Vec::new(),
            free_batches: Vec::new(),
            doings: Vec::new(),
            free_doings: Vec::new(),
            copies: Vec::new(),
            idle: Vec::new(),
            numbers: (0..scenario.numbers).map(|_| number()).collect(),
            pairs: vec![Pair::default(); scenario.customers.count as usize],
            bank_api: Rate::new(settings.bank_rate),
            webhook_api: Rate::new(settings.webhook_rate),
            gateway: Rate::new(account.gateway),
            lambda: Rate::new(account.concurrency * 10),
            short: Occupied::new(),
            writes: Units::new(settings.warm_writes),
            reads: Units::new(settings.warm_reads),
            standings: templates
                .map(|place| (place, Units::new(account.partition_reads)))
                .collect(),
            sns: Rate::new(account.sms),
            board: Switchboard::default(),
            gates: Vec::new(),
            tally: BTreeMap::new(),
            waits: [0; 4],
            starts: [0; 4],
        };
        world.read_switches();
        Ok(world)
    }

    /// The most that pacers let through to one number in a second, and in a minute.
    pub(crate) fn busiest(&self) -> [u32; 2] {
        let most = |which: usize| {
            let numbers = self.numbers.iter().map(|number| number.paced[which].most);
            numbers.max().unwrap_or_default()
        };
        [most(0), most(1)]
    }

    /// Runs to the scenario's end.
    pub(crate) fn run(&mut self) {
        for second in 0..self.scenario.seconds {
            self.now = second * SECOND;
            self.wheel.enter(second);
            self.tick(second);
            for ms in 0..SECOND {
                self.now = second * SECOND + ms;
                self.wheel.turn(self.now);
                let mut place = 0;
                while let Some(what) = self.wheel.next(place) {
                    place += 1;
                    self.happen(what);
                }
            }
        }
        self.now = self.scenario.seconds * SECOND;
    }

    fn happen(&mut self, what: Happens) {
        match what {
            Happens::Ask { n, again } => self.ask(n, again),
            Happens::Visible { queue, word, n } => {
                let queue = usize::from(queue);
                self.queues[queue].waiting.push_back((n, word));
                self.dispatch(queue);
            }
            Happens::Pace(doing) => self.pace_again(doing),
            Happens::Post(doing) => self.post(doing),
            Happens::Posted(doing) => self.posted(doing),
            Happens::Rested(doing) => self.first_again(doing),
            Happens::Done(batch) => self.done(batch),
            Happens::Receipt { n, told, again } => self.receipt(n, told, again),
        }
    }

    fn tick(&mut self, second: u32) {
        self.writes.tick(second);
        self.reads.tick(second);
        for units in self.standings.values_mut() {
            units.tick(second);
        }
        self.turn_switches(second);
        self.what_binds();
        for queue in 0..QUEUES.len() {
            self.queues[queue].grow();
            self.dispatch(queue);
        }
        if second < self.scenario.asked_in {
            let more = self.scenario.asked_by(second + 1) - self.scenario.asked_by(second);
            for _ in 0..more {
                self.comes(second);
            }
        }
    }

    /// A turn of the operator's is known everywhere when the last copy has read it.
    fn turn_switches(&mut self, second: u32) {
        let scenario = self.scenario;
        let known_for = u32::try_from(KNOWN_FOR.as_secs()).unwrap_or_default();
        let due = |at: u32| {
            if at == 0 {
                second == 0
            } else {
                at + known_for == second
            }
        };
        let now = self.notes.at(self.now);
        let mut turned = 0;
        for (_, turn) in scenario.turns.iter().filter(|(at, _)| due(*at)) {
            self.board.take(turn, now);
            turned += 1;
        }
        if turned > 0 {
            self.read_switches();
        }
    }

    fn read_switches(&mut self) {
        let board = &self.board;
        self.gates = self.notes.blanks().map(|item| board.gates(item)).collect();
    }

    /// Where a backlog is: whether it waits for tokens or for copies.
    fn what_binds(&mut self) {
        for (queue, lane) in QUEUES.into_iter().enumerate() {
            let (waits, starts) = (self.waits[queue], self.starts[queue]);
            (self.waits[queue], self.starts[queue]) = (0, 0);
            let there = &self.queues[queue];
            let most = there.most as usize;
            if there.waiting.len() <= 10 * most || there.busy < there.most {
                continue;
            }
            let paced = waits * 2 >= starts.max(1);
            let limit = match (lane, paced) {
                (Some(Lane::Critical), true) => Limit::CriticalShare,
                (Some(Lane::Standard | Lane::Bulk), true) => Limit::Share,
                (Some(Lane::Critical), false) => Limit::CriticalCopies,
                (Some(Lane::Standard), false) => Limit::StandardCopies,
                (Some(Lane::Bulk), false) => Limit::BulkCopies,
                (None, _) => Limit::TimerCopies,
            };
            self.counts.meet(limit, self.now);
        }
    }

    /// A copy of outbound-sender for a batch: one that is idle, or a new one, with a pacer for each number as
    /// the function makes them.
    fn copy(&mut self) -> u32 {
        let idle = match self.scenario.routing {
            crate::scenario::Routing::Latest => self.idle.pop(),
            crate::scenario::Routing::Any if self.idle.is_empty() => None,
            crate::scenario::Routing::Any => {
                let many = u32::try_from(self.idle.len()).unwrap_or(u32::MAX);
                let whom = self.counts.invocations[1];
                let place = self.chance.below(About::Sandbox, whom, many);
                Some(self.idle.swap_remove(place as usize))
            }
        };
        idle.unwrap_or_else(|| {
            let [critical, standard, bulk] = self.scenario.settings.lanes;
            let concurrency = Concurrency {
                critical,
                rest: standard + bulk,
            };
            let pacer = Pacer::new(self.scenario.rate, concurrency);
            self.copies
                .push(vec![pacer; self.scenario.numbers as usize]);
            u32::try_from(self.copies.len() - 1).unwrap_or_default()
        })
    }

    /// Whether Lambda has a place for one more invocation now.
    fn has_place(&mut self) -> bool {
        let long: u32 = self.queues.iter().map(|queue| queue.busy).sum();
        let short = self.short.at(self.now);
        let placed = long + short < self.scenario.account.concurrency;
        if !placed {
            self.counts.meet(Limit::LambdaConcurrency, self.now);
        }
        placed
    }
}
