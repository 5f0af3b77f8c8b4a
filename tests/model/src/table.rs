//! Items, events and plans by number, and what the rules said of each: a rule is asked once per
//! question, however often the question comes up.

use std::collections::HashMap;
use std::fmt::Debug;
use std::rc::Rc;

use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::consent::{Action, ChannelConsents, Consents, PurposeConsent, Source};
use recado_domain::delivery::{
    Change, Effect, Event, Fact, LegFact, Notification, Permission, Status, Value,
};

use recado_domain::switches::Gates;

use crate::case::{Times, accepted_at, context, second_of, token};
use crate::fingerprint::Quick;
use crate::invariant::{self, Broken};
use crate::protocol::Protocol;
use crate::state::{Consent, LEGS, NONE};

/// More tokens than are ever in use at once.
pub(crate) const TOKENS: u8 = 12;

/// What matters of an item at every turn.
#[derive(Clone, Debug)]
pub(crate) struct Gist {
    pub(crate) has_content: bool,
    pub(crate) is_reached: bool,
    pub(crate) is_called_off: bool,
    /// Per leg the holder's token, from 1; 0 for none.
    pub(crate) tokens: [u8; LEGS],
    /// The WhatsApp attempt that holds or held the claim; 0 for none.
    pub(crate) attempt: u8,
    /// Per leg when its claim ends.
    pub(crate) until: [u16; LEGS],
    /// Per leg whether that fact is there.
    pub(crate) submitted: [bool; LEGS],
    pub(crate) failed: [bool; LEGS],
    pub(crate) closed: [bool; LEGS],
    pub(crate) uncertain: [bool; LEGS],
    /// Whether a leg is claimed and nothing was told of it.
    pub(crate) is_untold: bool,
    /// When something changes by time alone.
    pub(crate) moments: Vec<u16>,
    /// What it comes to if nothing more happens.
    pub(crate) at_last: Status,
    /// Tokens that it names, a bit each.
    pub(crate) names: u16,
}

struct Pool<T> {
    numbers: HashMap<String, u32>,
    values: Vec<(Rc<T>, u16)>,
}

impl<T: Debug> Pool<T> {
    fn new() -> Self {
        Self {
            numbers: HashMap::new(),
            values: Vec::new(),
        }
    }

    fn number(&mut self, value: T) -> u32 {
        let key = format!("{value:?}");
        if let Some(number) = self.numbers.get(&key) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).expect("fewer than four billion values");
        let names = tokens_named(&key);
        self.values.push((Rc::new(value), names));
        self.numbers.insert(key, number);
        number
    }

    fn get(&self, number: u32) -> &(Rc<T>, u16) {
        &self.values[number as usize]
    }
}

fn tokens_named(text: &str) -> u16 {
    (1..=TOKENS)
        .filter(|number| text.contains(token(*number).as_str()))
        .fold(0, |names, number| names | 1 << number)
}

/// How a store answered a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Applied,
    /// Its own earlier try had won.
    Won,
    Refused,
}

/// What a write comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) written: Written,
    pub(crate) item: u32,
    pub(crate) broken: Option<Broken>,
}

/// Everything that has a number.
pub(crate) struct Table<'p> {
    pub(crate) protocol: &'p dyn Protocol,
    times: Times,
    consents: [Consents; 2],
    item_numbers: HashMap<String, u32>,
    items: Vec<(Rc<Notification>, Rc<Gist>)>,
    events: Pool<Event>,
    plans: Pool<Vec<Effect>>,
    gates: Vec<Gates>,
    steps: Quick<(u32, u32, u16, u8, u16), u32>,
    writes: Quick<(u32, u32, u8), Outcome>,
    replies: Quick<(u32, u8, u8), u32>,
    changes: Quick<(u32, u16, u8, u8), Option<Outcome>>,
}

impl<'p> Table<'p> {
    pub(crate) fn new(protocol: &'p dyn Protocol, times: Times) -> Self {
        Self {
            protocol,
            times,
            consents: [consents(Action::Grant), consents(Action::Revoke)],
            item_numbers: HashMap::new(),
            items: Vec::new(),
            events: Pool::new(),
            plans: Pool::new(),
            gates: Vec::new(),
            steps: Quick::default(),
            writes: Quick::default(),
            replies: Quick::default(),
            changes: Quick::default(),
        }
    }

    pub(crate) fn item(&self, number: u32) -> &Rc<Notification> {
        &self.items[number as usize].0
    }

    pub(crate) fn gist(&self, number: u32) -> &Rc<Gist> {
        &self.items[number as usize].1
    }

    pub(crate) fn plan(&self, number: u32) -> &Rc<Vec<Effect>> {
        &self.plans.get(number).0
    }

    /// The tokens that a plan names, a bit each.
    pub(crate) fn named_in_plan(&self, number: u32) -> u16 {
        self.plans.get(number).1
    }

    /// The tokens that an event names, a bit each.
    pub(crate) fn named_in_event(&self, number: u32) -> u16 {
        if number == NONE {
            0
        } else {
            self.events.get(number).1
        }
    }

    pub(crate) fn number_item(&mut self, mut item: Notification) -> u32 {
        if self.times == Times::Present {
            forget_times(&mut item);
        }
        let key = format!("{}{:?}{}", item.id, item.facts, item.content.is_some());
        if let Some(number) = self.item_numbers.get(&key) {
            return *number;
        }
        let number = u32::try_from(self.items.len()).expect("fewer than four billion items");
        let gist = gist(&item);
        self.items.push((Rc::new(item), Rc::new(gist)));
        self.item_numbers.insert(key, number);
        number
    }

    pub(crate) fn number_event(&mut self, event: Event) -> u32 {
        self.events.number(event)
    }

    pub(crate) fn gates(&self, number: u16) -> &Gates {
        &self.gates[usize::from(number)]
    }

    pub(crate) fn number_gates(&mut self, gates: Gates) -> u16 {
        let known = self.gates.iter().position(|known| *known == gates);
        let number = known.unwrap_or_else(|| {
            self.gates.push(gates);
            self.gates.len() - 1
        });
        u16::try_from(number).expect("few turns make few positions of the switches")
    }

    /// The effects of an event at this moment.
    pub(crate) fn step(&mut self, item: u32, event: u32, now: u16, token: u8, gates: u16) -> u32 {
        let key = (item, event, now, token, gates);
        if let Some(plan) = self.steps.get(&key) {
            return *plan;
        }
        let effects = self.protocol.step(
            &self.items[item as usize].0,
            &self.events.get(event).0,
            &context(now, token, &self.gates[usize::from(gates)]),
        );
        let plan = self.plans.number(effects);
        self.steps.insert(key, plan);
        plan
    }

    /// The event that an effect's answer makes, made once; `kind` tells the answers of one effect apart.
    pub(crate) fn reply(
        &mut self,
        plan: u32,
        at: u8,
        kind: u8,
        make: impl FnOnce() -> Event,
    ) -> u32 {
        if let Some(event) = self.replies.get(&(plan, at, kind)) {
            return *event;
        }
        let event = self.events.number(make());
        self.replies.insert((plan, at, kind), event);
        event
    }

    /// Writes a plan's change, as the store would.
    pub(crate) fn write(&mut self, item: u32, plan: u32, at: u8, change: &Change) -> Outcome {
        if let Some(outcome) = self.writes.get(&(item, plan, at)) {
            return *outcome;
        }
        let outcome = self.carry_out(item, change);
        self.writes.insert((item, plan, at), outcome);
        outcome
    }

    /// Writes a change that comes from outside, as the store would. `kind` and `attempt` tell one from
    /// another; none: there is nothing to write.
    pub(crate) fn write_from_outside(
        &mut self,
        (item, now, kind, attempt): (u32, u16, u8, u8),
        make: impl FnOnce(&dyn Protocol, &Notification) -> Option<Change>,
    ) -> Option<Outcome> {
        let key = (item, now, kind, attempt);
        if let Some(outcome) = self.changes.get(&key) {
            return *outcome;
        }
        let change = make(self.protocol, &self.items[item as usize].0);
        let outcome = change.map(|change| self.carry_out(item, &change));
        self.changes.insert(key, outcome);
        outcome
    }

    fn carry_out(&mut self, number: u32, change: &Change) -> Outcome {
        let before = Rc::clone(self.item(number));
        if change.permits(&before) {
            let after = change.apply((*before).clone());
            let broken = invariant::of_change(&before, &after);
            return Outcome {
                written: Written::Applied,
                item: self.number_item(after),
                broken,
            };
        }
        Outcome {
            written: if change.already_won(&before) {
                Written::Won
            } else {
                Written::Refused
            },
            item: number,
            broken: None,
        }
    }

    /// What the recipient permits.
    pub(crate) fn permission(&self, consent: Consent, item: u32, leg: u8) -> Permission {
        let item = self.item(item);
        let channel = item.ladder[usize::from(leg)].channel;
        let consents = match consent {
            Consent::Granted => &self.consents[0],
            Consent::Revoked => &self.consents[1],
        };
        consents.permission(item.class, channel, accepted_at())
    }
}

/// The same word for every purpose on every channel.
fn consents(action: Action) -> Consents {
    let mut all = Consents::default();
    for channel in [Channel::Whatsapp, Channel::Sms, Channel::Voice] {
        let event = PurposeConsent::new(action, accepted_at(), Source::App);
        let mut consents = ChannelConsents::default();
        for class in Class::ALL {
            consents.purposes.insert(class, event);
        }
        all.0.insert(channel, consents);
    }
    all
}

/// Sets the times of facts whose presence alone decides to one and the same.
fn forget_times(item: &mut Notification) {
    let forgettable = |fact: &Fact| match fact {
        Fact::Cancelled | Fact::Suppressed | Fact::Answered => true,
        Fact::Leg(_, fact) => matches!(
            fact,
            LegFact::Claimed
                | LegFact::Failed
                | LegFact::Closed
                | LegFact::Delivered
                | LegFact::Read
        ),
        Fact::SuppressedBecause | Fact::Response(_) => false,
    };
    let found: Vec<Fact> = item
        .facts
        .iter()
        .map(|(fact, _)| fact.clone())
        .filter(forgettable)
        .collect();
    for fact in found {
        item.facts.insert(fact, Value::from(accepted_at()));
    }
}

fn gist(item: &Notification) -> Gist {
    let legs = item.legs();
    let mut moments = vec![
        second_of(item.queue_wait_ends()),
        second_of(item.sendable_until()),
        second_of(item.valid_until),
    ];
    let mut gist = Gist {
        has_content: item.content.is_some(),
        is_reached: item.reached(),
        is_called_off: item.cancelled_at().is_some() || item.suppressed_because().is_some(),
        tokens: [0; LEGS],
        attempt: item
            .leg(0)
            .attempt()
            .map_or(0, |attempt| u8::try_from(attempt).unwrap_or(u8::MAX)),
        until: [0; LEGS],
        submitted: [false; LEGS],
        failed: [false; LEGS],
        closed: [false; LEGS],
        uncertain: [false; LEGS],
        is_untold: false,
        moments: Vec::new(),
        at_last: item.status(item.valid_until),
        names: 0,
    };
    for number in 0..legs {
        let (place, leg) = (usize::from(number), item.leg(number));
        gist.tokens[place] = leg.token().map_or(0, |held| {
            (1..=TOKENS)
                .find(|number| token(*number) == held)
                .unwrap_or(0)
        });
        if gist.tokens[place] != 0 {
            gist.names |= 1 << gist.tokens[place];
        }
        gist.until[place] = leg.until().map_or(0, second_of);
        gist.submitted[place] = leg.submitted_at().is_some();
        gist.failed[place] = leg.failed_at().is_some();
        gist.closed[place] = leg.closed_because().is_some();
        gist.uncertain[place] = leg.uncertain_at().is_some();
        let told = leg.is_done() || leg.uncertain_at().is_some();
        let arrived = number == 0 && item.reached();
        gist.is_untold |= leg.until().is_some() && !told && !arrived;
        moments.extend(leg.until().map(second_of));
        moments.extend(item.due(number).map(second_of));
    }
    moments.sort_unstable();
    moments.dedup();
    gist.moments = moments;
    gist
}
