//! What a function does with one message, effect by effect, as `recado_ports::drive` carries them out.

use std::rc::Rc;

use recado_domain::delivery::{CapVerdict, Effect, Event};
use recado_domain::switches::Spending;

use crate::action::Action;
use crate::case::seconds;
use crate::seen::Situation;
use crate::state::{Message, NEVER, NONE, Phase, State, Twin, What};
use crate::table::TOKENS;
use crate::world::World;

impl World<'_> {
    /// A function's turn.
    pub(crate) fn work(&mut self, state: &mut State, action: Action) {
        match action {
            Action::Go(number) => self.go(state, number.into()),
            Action::Unanswered(number) => self.unanswered(state, number.into()),
            Action::Fails(number) => self.fails(state, number.into()),
            Action::Post(number, end) => self.post(state, number.into(), end),
            Action::OverCap(number) => self.counted(state, number.into(), CapVerdict::Exceeded),
            Action::OverBudget(number) => {
                state.turns -= 1;
                self.spent(state, number.into(), Spending::Exceeded);
            }
            Action::Dies(number) => {
                let drive = state.drives.remove(number.into());
                let trails = &state.notes[usize::from(drive.note)].trails;
                if let Phase::Plan { plan, .. } = drive.phase
                    && let Some(Effect::Post { leg, .. }) = self.table.plan(plan).first()
                    && !trails[usize::from(*leg)].spent
                {
                    self.seen.note(Situation::DiedHolding);
                }
                back_to_queue(state, drive.note, drive.what, drive.back);
            }
            Action::Hand(_)
            | Action::HandUnanswered(_)
            | Action::ApiDies(_)
            | Action::Repeat(_)
            | Action::Deliver(_)
            | Action::DeliverCopy(_)
            | Action::DeliverTwin(_)
            | Action::ReceivedInVain(_)
            | Action::ReceivedByTheDead(_)
            | Action::Tell(..)
            | Action::Arm(_)
            | Action::HookDies(_)
            | Action::Cancel(_)
            | Action::Revoke
            | Action::Turn(_)
            | Action::Pass
            | Action::PassLate => {}
        }
    }

    /// Decides, or carries out the next effect.
    pub(crate) fn go(&mut self, state: &mut State, number: usize) {
        let drive = state.drives[number];
        match drive.phase {
            Phase::Read => {
                state.drives[number].gates = state.gates;
                let first = self.first_event(state, number);
                state.drives[number].first = first;
                self.think(state, number, first);
            }
            Phase::Answer { event, .. } => self.think(state, number, event),
            Phase::Nap { .. } => {
                state.drives[number].local = state.notes[usize::from(drive.note)].item;
                self.think(state, number, drive.first);
            }
            Phase::Plan {
                plan, at: place, ..
            } => {
                let effects = Rc::clone(self.table.plan(plan));
                self.carry_out(state, number, (plan, place), &effects[usize::from(place)]);
            }
        }
    }

    /// What woke the function; a job's consent is read now, after the item (I8).
    fn first_event(&mut self, state: &mut State, number: usize) -> u32 {
        let drive = &mut state.drives[number];
        if matches!(drive.what, What::Job { .. }) {
            drive.consent = Some(state.consent);
        }
        let key = (drive.note, drive.what, drive.consent);
        if let Some(event) = self.firsts.get(&key) {
            return *event;
        }
        let event = match drive.what {
            What::Job { attempt } => Event::Job {
                attempt: attempt.into(),
                permission: self.table.permission(state.consent, drive.local, 0),
                known_user: None,
            },
            What::Timer { leg, kind } => Event::Timer { leg, kind },
        };
        let event = self.table.number_event(event);
        self.firsts.insert(key, event);
        event
    }

    /// Decides the event on the item as the function knows it.
    pub(crate) fn think(&mut self, state: &mut State, number: usize, event: u32) {
        let mut named = self.table.named_in_event(event);
        for note in &state.notes {
            named |= self.table.gist(note.item).names;
        }
        for (other, drive) in state.drives.iter().enumerate() {
            if drive.local != NONE {
                named |= self.table.gist(drive.local).names;
            }
            named |= match drive.phase {
                Phase::Plan { plan, .. } if other != number => self.table.named_in_plan(plan),
                Phase::Answer { event, .. } => self.table.named_in_event(event),
                Phase::Plan { .. } | Phase::Read | Phase::Nap { .. } => 0,
            };
        }
        let free = (1..=TOKENS)
            .find(|token| named & 1 << token == 0)
            .expect("two functions and three legs hold fewer tokens than there are");
        let drive = &mut state.drives[number];
        let plan = self
            .table
            .step(drive.local, event, state.now, free, drive.gates);
        self.settle(state, number, plan, 0);
    }

    /// The message is gone for the other one too: from the queue, or from the hands of a function that
    /// then must not die.
    fn acknowledge_for_both(&mut self, state: &mut State, note: u8, what: What) {
        let same = |other: (u8, What)| other == (note, what);
        let queued = state.queue.iter().position(|it| same((it.note, it.what)));
        if let Some(place) = queued {
            state.queue.remove(place);
            return;
        }
        let mut others = state.drives.iter_mut();
        if let Some(other) = others.find(|it| same((it.note, it.what))) {
            self.seen.note(Situation::AcknowledgedByTwin);
            other.back = NEVER;
        }
    }

    /// Goes on to a plan's next effect; what costs no further step is done at once.
    pub(crate) fn settle(&mut self, state: &mut State, number: usize, plan: u32, place: u8) {
        let effects = Rc::clone(self.table.plan(plan));
        let drive = &mut state.drives[number];
        let rest = match effects.get(usize::from(place)) {
            None => {
                let drive = state.drives.remove(number);
                if drive.twin == Twin::Yes {
                    self.acknowledge_for_both(state, drive.note, drive.what);
                }
                return;
            }
            Some(Effect::Nap(rest)) => {
                self.seen.note(Situation::Napped);
                drive.local = NONE;
                drive.phase = Phase::Nap {
                    until: state.now + seconds(*rest),
                };
                return;
            }
            // What a budget has left is not counted here.
            Some(Effect::GiveBack { .. }) => return self.settle(state, number, plan, place + 1),
            Some(Effect::Post { pause, .. }) => state.now + seconds(*pause),
            Some(
                Effect::HandOff(_)
                | Effect::Record(_)
                | Effect::Require(_)
                | Effect::Claim { .. }
                | Effect::Pace { .. }
                | Effect::Count { .. }
                | Effect::Spend { .. }
                | Effect::AskConsent { .. },
            ) => 0,
        };
        if !asks_about_local(&effects[usize::from(place)..]) {
            drive.local = NONE;
        }
        if effects[usize::from(place)..].iter().all(is_last) {
            (drive.first, drive.consent, drive.gates) = (NONE, None, 0);
        }
        drive.phase = Phase::Plan {
            plan,
            at: place,
            rest,
        };
    }
}

/// Whether a step will be asked about the item as the function knows it now, before a write's answer
/// replaces that.
fn asks_about_local(effects: &[Effect]) -> bool {
    for effect in effects {
        match effect {
            Effect::HandOff(_) | Effect::GiveBack { .. } => {}
            Effect::Pace { .. }
            | Effect::Count { .. }
            | Effect::AskConsent { .. }
            | Effect::Spend { .. }
            | Effect::Post { .. } => return true,
            Effect::Record(_) | Effect::Require(_) | Effect::Claim { .. } | Effect::Nap(_) => {
                return false;
            }
        }
    }
    false
}

/// Whether the function decides nothing more after it.
fn is_last(effect: &Effect) -> bool {
    match effect {
        Effect::HandOff(_) | Effect::Record(_) | Effect::GiveBack { .. } => true,
        Effect::Require(_)
        | Effect::Claim { .. }
        | Effect::Pace { .. }
        | Effect::Count { .. }
        | Effect::Spend { .. }
        | Effect::AskConsent { .. }
        | Effect::Post { .. }
        | Effect::Nap(_) => false,
    }
}

pub(crate) fn planned(state: &State, number: usize) -> (u32, u8) {
    match state.drives[number].phase {
        Phase::Plan { plan, at, .. } => (plan, at),
        Phase::Read | Phase::Answer { .. } | Phase::Nap { .. } => (NONE, 0),
    }
}

pub(crate) fn back_to_queue(state: &mut State, note: u8, what: What, due: u16) {
    if due != NEVER {
        state.queue.push(Message { due, note, what });
    }
}
