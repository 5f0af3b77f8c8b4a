//! The world's loop: whoever can go on goes on, one after the other as the dice say; when nobody can, the
//! clock moves to the next thing that is due.

use std::cell::RefCell;
use std::sync::Once;

use recado_testing::meta::settings::Settings;
use recado_testing::meta::{Account, Meta};

use crate::executor::{Executor, Kind};
use crate::functions::{APP_SECRET, System};
use crate::history::Event;
use crate::sim::{Sim, time};
use crate::town::Ledger;
use crate::whatsapp::Cloud;

/// More turns than any run takes.
const MOST_TURNS: u64 = 3_000_000;

/// A run that has not ended.
pub struct World {
    /// Clock, dice, weather, history.
    pub sim: Sim,
    /// Everything else.
    pub system: System,
    /// What was ordered.
    pub ledger: Ledger,
    executor: Executor,
    turns: u64,
}

/// How far a run went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// Nothing is left to happen before the moment.
    Quiet,
    /// There was no end of it.
    Endless,
}

thread_local! {
    static PANICS: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// What panics inside a run is noted; outside of one it is printed as ever.
fn catch_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let noted = PANICS.with_borrow_mut(|panics| {
                panics
                    .as_mut()
                    .map(|panics| panics.push(panic.to_string()))
                    .is_some()
            });
            if !noted {
                before(panic);
            }
        }));
    });
}

impl World {
    /// An empty world with banks' accounts at Meta.
    #[must_use]
    pub fn new(seed: u64, accounts: Vec<Account>) -> Self {
        catch_panics();
        let sim = Sim::new(seed);
        let meta = Meta::new(Settings::new(
            sim.throw(|dice| dice.seed()),
            APP_SECRET,
            accounts,
        ));
        let executor = Executor::new(&sim);
        let cloud = Cloud::new(&sim, meta);
        Self {
            system: System::new(&sim, cloud, executor.spawner()),
            ledger: Ledger::default(),
            executor,
            sim,
            turns: 0,
        }
    }

    /// Starts something of the world's.
    pub fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.system.spawner.spawn(Kind::World, work);
    }

    /// Lets everything happen that happens before a moment.
    pub fn run_until(&mut self, millis: i64) -> Went {
        loop {
            if self.turns > MOST_TURNS {
                return Went::Endless;
            }
            self.post_webhooks();
            self.system.consume();
            PANICS.set(Some(Vec::new()));
            let turned = self.executor.turn();
            let panics = PANICS.take().unwrap_or_default();
            for panic in panics {
                self.sim.note(Event::Panicked(panic));
            }
            if turned {
                self.turns += 1;
                continue;
            }
            let meta = self.system.cloud.meta().next_due();
            let next = [
                self.sim.next_waking(),
                self.system.queues.next_visible(),
                // What is due between two milliseconds is due at the next one.
                meta.map(|due| due.as_millisecond() + 1),
                self.executor.next_deadline(),
            ];
            match next.into_iter().flatten().min() {
                Some(next) if next <= millis => {
                    self.sim.move_to(next);
                    self.executor.time_out();
                }
                Some(_) | None => {
                    self.sim.move_to(millis);
                    return Went::Quiet;
                }
            }
        }
    }

    /// Whether nothing runs, nothing waits in a queue and nothing is on its way from Meta.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.executor.is_idle()
            && self.system.queues.waiting().is_empty()
            && self.system.cloud.meta().next_due().is_none()
    }

    fn post_webhooks(&self) {
        let now = time(self.sim.millis());
        let posts = {
            let mut meta = self.system.cloud.meta();
            match meta.next_due() {
                Some(due) if due <= now => meta.take_due(now),
                Some(_) | None => return,
            }
        };
        self.system.cloud.listen();
        for post in posts {
            self.start(self.system.clone().carry(post));
        }
    }
}
