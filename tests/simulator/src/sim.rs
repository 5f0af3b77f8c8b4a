//! The simulated world's clock, dice, weather and history: what everything in it shares.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::Timestamp;
use recado_domain::ids::ClaimToken;
use recado_domain::seal::NONCE_BYTES;
use recado_ports::Chance;

use crate::dice::Dice;
use crate::history::{Actor, Event, History};
use crate::sabotage::Sabotage;
use crate::weather::{Fault, Weather};

/// Every run begins here: nine in the morning in São Paulo.
pub const BEGINS: i64 = 1_795_262_400_000;

/// One run's world. Clones share it.
#[derive(Clone, Debug)]
pub struct Sim {
    state: Arc<Mutex<State>>,
}

/// What the world consists of besides its parts.
#[derive(Debug)]
pub(crate) struct State {
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) dice: Dice,
    /// Of its own, so that what the handlers draw does not depend on the weather.
    tokens: Dice,
    pub(crate) weather: Weather,
    pub(crate) history: History,
    pub(crate) sabotage: Option<Sabotage>,
    sleepers: BTreeMap<(i64, u64), Waker>,
    slept: u64,
    actors: u64,
    actor: Actor,
}

impl Sim {
    /// A world at its beginning.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let tokens = Dice::new(dice.seed());
        Self {
            state: Arc::new(Mutex::new(State {
                now: BEGINS,
                dice,
                tokens,
                weather: Weather::kind(),
                history: History::default(),
                sabotage: None,
                sleepers: BTreeMap::new(),
                slept: 0,
                actors: 0,
                actor: Actor::WORLD,
            })),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn millis(&self) -> i64 {
        self.lock().now
    }

    /// Milliseconds since the run began.
    #[must_use]
    pub fn elapsed(&self) -> i64 {
        self.millis() - BEGINS
    }

    /// Notes an event, with the time.
    pub fn note(&self, event: Event) {
        let mut state = self.lock();
        let now = state.now;
        state.history.push(now, event);
    }

    /// Whether a fault happens now; if it does, it is noted.
    #[must_use]
    pub fn strikes(&self, fault: Fault) -> bool {
        let mut state = self.lock();
        let probability = state.weather.of(fault);
        let strikes = state.dice.hits(probability);
        if strikes {
            let (now, by) = (state.now, state.actor);
            state.history.push(now, Event::Struck { fault, by });
        }
        strikes
    }

    /// Throws the dice.
    pub fn throw<T>(&self, throw: impl FnOnce(&mut Dice) -> T) -> T {
        throw(&mut self.lock().dice)
    }

    /// Sets the weather.
    pub fn set_weather(&self, weather: Weather) {
        self.lock().weather = weather;
    }

    /// Breaks something on purpose, to see that it is noticed.
    pub fn sabotage(&self, sabotage: Sabotage) {
        self.lock().sabotage = Some(sabotage);
    }

    pub(crate) fn sabotaged(&self, sabotage: Sabotage) -> bool {
        self.lock().sabotage == Some(sabotage)
    }

    /// A number for something that acts: an invocation, a record.
    #[must_use]
    pub fn new_actor(&self) -> Actor {
        let mut state = self.lock();
        state.actors += 1;
        Actor(state.actors)
    }

    /// Who acts just now.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.lock().actor
    }

    /// Says who acts from now on; answers who did.
    pub fn act(&self, actor: Actor) -> Actor {
        std::mem::replace(&mut self.lock().actor, actor)
    }

    /// Rests until a moment.
    pub fn until(&self, millis: i64) -> Rest {
        Rest {
            sim: self.clone(),
            until: millis,
            asleep: false,
        }
    }

    /// Rests for some milliseconds.
    pub fn pause(&self, millis: u64) -> Rest {
        self.until(self.millis() + i64::try_from(millis).unwrap_or(i64::MAX / 2))
    }

    /// Lets others have their turn.
    pub fn yields(&self) -> Yield {
        Yield { yielded: false }
    }

    /// A request's way, or its answer's: others have their turn, time passes, and now and then the
    /// whole invocation stands still.
    pub async fn way(&self, least: u64, most: u64) {
        self.yields().await;
        let millis = self.throw(|dice| dice.between(least, most));
        let stall = if self.strikes(Fault::Stall) {
            self.throw(|dice| dice.between(500, 15_000))
        } else {
            0
        };
        if millis + stall > 0 {
            self.pause(millis + stall).await;
        }
    }

    /// When the next sleeper wakes.
    pub(crate) fn next_waking(&self) -> Option<i64> {
        self.lock().sleepers.keys().next().map(|(at, _)| *at)
    }

    /// Moves the clock and wakes who waited for it.
    pub(crate) fn move_to(&self, millis: i64) {
        let mut woken = Vec::new();
        {
            let mut state = self.lock();
            state.now = state.now.max(millis);
            let now = state.now;
            while let Some(entry) = state.sleepers.first_entry() {
                if entry.key().0 > now {
                    break;
                }
                woken.push(entry.remove());
            }
        }
        for waker in woken {
            waker.wake();
        }
    }
}

impl Chance for Sim {
    fn now(&self) -> Timestamp {
        let ahead = self.sabotaged(Sabotage::ClocksDiffer) && self.actor().0.is_multiple_of(2);
        time(self.millis() + if ahead { 20_000 } else { 0 })
    }

    fn token(&self) -> ClaimToken {
        ClaimToken::from_random(self.lock().tokens.bytes())
    }

    fn nonce(&self) -> [u8; NONCE_BYTES] {
        self.lock().tokens.bytes()
    }

    async fn rest(&self, duration: Duration) {
        self.pause(
            u64::try_from(duration.as_millis())
                .unwrap_or(u64::MAX)
                .max(1),
        )
        .await;
    }
}

/// A time.
#[must_use]
pub fn time(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
}

/// A rest that ends when the simulated clock gets there.
#[derive(Debug)]
pub struct Rest {
    sim: Sim,
    until: i64,
    asleep: bool,
}

impl Future for Rest {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let until = self.until;
        let mut state = self.sim.lock();
        if state.now >= until {
            return Poll::Ready(());
        }
        let register = !self.asleep;
        if register {
            state.slept += 1;
            let order = state.slept;
            state.sleepers.insert((until, order), cx.waker().clone());
        }
        drop(state);
        self.asleep = true;
        Poll::Pending
    }
}

/// One turn for the others.
#[derive(Debug)]
pub struct Yield {
    yielded: bool,
}

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
