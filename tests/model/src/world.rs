//! What an action makes of a state: queues, requests, webhooks, the bank, the customer. Time passes in
//! `clock`; what a function does with its message is in `drive`.

use std::rc::Rc;

use recado_domain::delivery::{Failure, FailureKind, Handoff, Receipts, ends_unsent};
use recado_domain::switches::Breaker;

use crate::action::{self, Action, Turn, is_fault};
use crate::case::{
    Case, FUNCTION_TIMEOUT, LONGEST_DELAY, PUT_BACK, VISIBILITY, at, second_of, seconds,
};
use crate::fingerprint::Quick;
use crate::invariant::{self, Broken, broken};
use crate::seen::{Seen, Situation};
use crate::state::{
    Api, Consent, DELIVERED, Drive, FAILED, Hook, LEGS, Message, NONE, Note, Phase, READ, State,
    Trail, Twin, What,
};
use crate::table::{Outcome, Table, Written};

/// How a change from outside is told from the ones that Meta tells (see `Table::write_from_outside`).
const CANCEL: u8 = 16;
const REPEAT: u8 = 32;

/// What becomes of a function that has just put a message into a queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    Lives,
    Dies,
}

/// The rules, asked about one case.
pub(crate) struct World<'p> {
    pub(crate) table: Table<'p>,
    pub(crate) case: &'p Case,
    pub(crate) seen: Seen,
    pub(crate) broken: Option<Broken>,
    pub(crate) firsts: Quick<(u8, What, Option<Consent>), u32>,
    /// When every validity is over.
    pub(crate) ends: u16,
}

impl<'p> World<'p> {
    pub(crate) fn new(table: Table<'p>, case: &'p Case) -> Self {
        let ends = case.notes.iter().map(|note| second_of(note.valid_until));
        Self {
            table,
            case,
            seen: Seen::default(),
            broken: None,
            firsts: Quick::default(),
            ends: ends.max().unwrap_or(0),
        }
    }

    /// Everything stored, nothing handed on yet.
    pub(crate) fn first_state(&mut self) -> State {
        let bounds = self.case.bounds;
        let mut notes = Vec::new();
        for item in &self.case.notes {
            notes.push(Note {
                item: self.table.number_item(item.clone()),
                api: Api::Handing(0),
                trails: [Trail::default(); LEGS],
                attempt: 0,
                attempt_before: 0,
                told: 0,
                cancels: bounds.cancels,
            });
        }
        State {
            now: 0,
            notes,
            queue: Vec::new(),
            drives: Vec::new(),
            hooks: Vec::new(),
            consent: Consent::Granted,
            revokes: bounds.revokes,
            gates: self.table.number_gates(self.case.gates.clone()),
            turns: bounds.turns,
            counted: 0,
            faults: bounds.faults,
            lates: bounds.lates,
        }
    }

    /// Everything that can happen in a state; nothing that must, once it is settled.
    pub(crate) fn possible(&self, state: &State) -> Vec<Action> {
        let mut all = action::possible(state, &self.table, &self.case.bounds, self.case.cap);
        all.retain(|action| {
            (*action != Action::Pass || self.next_event(state).is_some())
                && (*action != Action::PassLate || self.next_moment(state).is_some())
        });
        all
    }

    pub(crate) fn break_promise(&mut self, invariant: &'static str, what: &'static str) {
        self.broken.get_or_insert(broken(invariant, what));
    }

    /// The state after the action. A broken promise is left in `broken`.
    pub(crate) fn apply(&mut self, before: &State, action: Action) -> State {
        let mut state = before.clone();
        state.faults -= u8::from(is_fault(action));
        match action {
            Action::Hand(note) => self.hand(&mut state, note, Afterwards::Lives),
            Action::HandUnanswered(note) => self.hand(&mut state, note, Afterwards::Dies),
            Action::ApiDies(note) => state.notes[usize::from(note)].api = Api::Died,
            Action::Repeat(note) => self.repeat(&mut state, note),
            Action::Deliver(place) => {
                let message = state.queue.remove(place.into());
                self.receive(&mut state, message);
            }
            Action::DeliverCopy(place) => {
                let message = state.queue[usize::from(place)];
                self.receive(&mut state, message);
            }
            Action::DeliverTwin(place) => {
                let message = state.queue[usize::from(place)];
                self.receive_as(&mut state, message, Twin::Yes);
            }
            Action::ReceivedInVain(place) => {
                state.queue[usize::from(place)].due = state.now + PUT_BACK;
            }
            Action::ReceivedByTheDead(place) => {
                state.queue[usize::from(place)].due = state.now + VISIBILITY;
            }
            Action::Tell(note, bit) => self.tell(&mut state, note, bit),
            Action::Arm(number) => {
                let hook = state.hooks.remove(number.into());
                Self::hand_off(&mut state, hook.note, &hook.handoff());
            }
            Action::HookDies(number) => {
                self.seen.note(Situation::WebhookDied);
                let hook = state.hooks.remove(number.into());
                state.notes[usize::from(hook.note)].told &= !hook.told;
            }
            Action::Cancel(note) => self.cancel(&mut state, note),
            Action::Revoke => {
                state.revokes -= 1;
                state.consent = Consent::Revoked;
            }
            Action::Turn(turn) => self.turn(&mut state, turn),
            Action::Pass => {
                let to = self.next_event(&state);
                self.pass(&mut state, to);
            }
            Action::PassLate => {
                state.lates -= 1;
                let to = self.next_moment(&state);
                self.pass(&mut state, to);
            }
            Action::Go(_)
            | Action::Unanswered(_)
            | Action::Fails(_)
            | Action::Dies(_)
            | Action::Post(..)
            | Action::OverCap(_)
            | Action::OverBudget(_) => self.work(&mut state, action),
        }
        state.tidy();
        self.check_state(&state);
        state
    }

    /// Puts a message into a queue, at its own delay.
    pub(crate) fn hand_off(state: &mut State, note: u8, handoff: &Handoff) {
        let (delay, what) = match handoff {
            Handoff::Arm { leg, kind, at } => (
                second_of(*at).saturating_sub(state.now),
                What::Timer {
                    leg: *leg,
                    kind: *kind,
                },
            ),
            Handoff::Enqueue { attempt, after } => (
                seconds(*after),
                What::Job {
                    attempt: u8::try_from(*attempt).unwrap_or(u8::MAX),
                },
            ),
        };
        state.queue.push(Message {
            due: state.now + delay.min(LONGEST_DELAY),
            note,
            what,
        });
    }

    fn hand(&mut self, state: &mut State, number: u8, afterwards: Afterwards) {
        let note = &mut state.notes[usize::from(number)];
        let Api::Handing(handed) = note.api else {
            return;
        };
        let handoffs = self.table.protocol.accepted(self.table.item(note.item));
        note.api = match afterwards {
            Afterwards::Dies => Api::Died,
            Afterwards::Lives if usize::from(handed) + 1 < handoffs.len() => {
                Api::Handing(handed + 1)
            }
            Afterwards::Lives => Api::Accepted,
        };
        Self::hand_off(state, number, &handoffs[usize::from(handed)]);
    }

    /// The bank repeats a request without an answer, as `notification-api`'s replay has it.
    fn repeat(&mut self, state: &mut State, number: u8) {
        let note = &mut state.notes[usize::from(number)];
        let key = (note.item, state.now, REPEAT, 0);
        let outcome = self
            .table
            .write_from_outside(key, |_, item| ends_unsent(item, at(key.1)));
        if let Some(outcome) = outcome {
            note.api = Api::TooLate;
            self.written(state, number, outcome);
            return;
        }
        let item = self.table.item(note.item);
        if item.untouched() && at(state.now) < item.sendable_until() {
            self.seen.note(Situation::RequestRepeated);
            note.api = Api::Handing(0);
        } else {
            note.api = Api::Accepted;
        }
    }

    fn receive(&mut self, state: &mut State, message: Message) {
        self.receive_as(state, message, Twin::No);
    }

    fn receive_as(&mut self, state: &mut State, message: Message, twin: Twin) {
        if state.drives.iter().any(|drive| drive.note == message.note) {
            self.seen.note(Situation::TwoAtWork);
        }
        state.drives.push(Drive {
            note: message.note,
            what: message.what,
            dies: state.now + FUNCTION_TIMEOUT,
            back: state.now + VISIBILITY,
            twin,
            local: state.notes[usize::from(message.note)].item,
            first: NONE,
            consent: None,
            gates: state.gates,
            phase: Phase::Read,
        });
        if state.decides_at_once(message.what) {
            let last = state.drives.len() - 1;
            self.go(state, last);
        }
    }

    /// Takes a write's outcome into the state.
    pub(crate) fn written(&mut self, state: &mut State, number: u8, outcome: Outcome) {
        if let Some(broken) = outcome.broken {
            self.broken.get_or_insert(broken);
        }
        let note = &mut state.notes[usize::from(number)];
        if outcome.written != Written::Applied {
            return;
        }
        let before = Rc::clone(self.table.gist(note.item));
        let after = Rc::clone(self.table.gist(outcome.item));
        note.item = outcome.item;
        let class = self.table.item(outcome.item).class;
        for leg in 0..LEGS {
            let (old, new) = (before.tokens[leg], after.tokens[leg]);
            let trail = &mut note.trails[leg];
            if old == new || old == 0 {
                continue;
            }
            let repetition = leg > 0
                && new != 0
                && invariant::most_sends(class) > 1
                && state.now >= before.until[leg];
            if trail.spent && !repetition {
                self.broken.get_or_insert(broken(
                    if leg == 0 { "I3" } else { "I5" },
                    "a claim was taken back although its message may have left",
                ));
            }
            trail.spent = false;
        }
    }

    fn cancel(&mut self, state: &mut State, number: u8) {
        let note = &mut state.notes[usize::from(number)];
        note.cancels -= 1;
        let key = (note.item, state.now, CANCEL, 0);
        let outcome = self
            .table
            .write_from_outside(key, |rules, item| Some(rules.cancel(item, at(key.1))));
        let Some(outcome) = outcome else { return };
        if outcome.written == Written::Refused {
            self.seen.note(Situation::CancelRefused);
        } else if self.table.gist(outcome.item).names != 0 {
            self.seen.note(Situation::CancelledWhileClaimed);
        }
        self.written(state, number, outcome);
    }

    fn turn(&mut self, state: &mut State, turn: Turn) {
        let mut gates = self.table.gates(state.gates).clone();
        match turn {
            Turn::Off => gates.off_since = Some(at(state.now)),
            Turn::On => {
                gates.off_since = None;
                gates.on_since = Some(at(state.now));
            }
            Turn::BreakerOpen => gates.breaker = Breaker::Open,
            Turn::BreakerClosed => gates.breaker = Breaker::Closed,
        }
        state.turns -= 1;
        state.gates = self.table.number_gates(gates);
    }

    /// webhook-receiver's first write; the timer after a failure is a step of its own.
    fn tell(&mut self, state: &mut State, number: u8, bit: u8) {
        let now = state.now;
        let note = &mut state.notes[usize::from(number)];
        note.told |= bit;
        let attempt = if bit == DELIVERED || bit == READ || bit == FAILED {
            note.attempt
        } else {
            note.attempt_before
        };
        let before = Rc::clone(self.table.gist(note.item));
        let key = (note.item, now, bit, attempt);
        let failure = Failure {
            kind: FailureKind::Permanent,
            code: None,
            title: "told".to_owned(),
        };
        if bit == DELIVERED || bit == READ {
            let told = Receipts {
                delivered: bit == DELIVERED,
                read: bit == READ,
                failed: None,
            };
            let outcome = self.table.write_from_outside(key, |rules, item| {
                rules.receipts(&item.tenant, &told, at(now))
            });
            self.see_receipt(&note.trails, bit, before.failed[0], note.told);
            if let Some(outcome) = outcome {
                self.written(state, number, outcome);
            }
            return;
        }
        let outcome = self.table.write_from_outside(key, |rules, item| {
            Some(rules.failed(item, attempt.into(), &failure, at(now)))
        });
        if bit != FAILED {
            self.seen.note(Situation::OldAttemptFailed);
        }
        let Some(outcome) = outcome else { return };
        self.written(state, number, outcome);
        let item = self.table.item(outcome.item);
        let handoffs = self
            .table
            .protocol
            .receipt_failed(item, attempt.into(), at(now));
        for handoff in handoffs {
            state.hooks.extend(Hook::new(number, bit, &handoff));
        }
    }

    fn see_receipt(&mut self, trails: &[Trail; LEGS], bit: u8, had_failed: bool, told: u8) {
        if trails[1].left > 0 {
            self.seen.note(Situation::DeliveredTwice);
        }
        if bit == DELIVERED && had_failed {
            self.seen.note(Situation::FailedThenDelivered);
        }
        if bit == READ && told & DELIVERED == 0 {
            self.seen.note(Situation::ReadAlone);
        }
    }
}
