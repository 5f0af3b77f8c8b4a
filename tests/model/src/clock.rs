//! Time: it passes to the next moment that matters and stops nowhere else.

use recado_domain::delivery::Effect;

use crate::case::second_of;
use crate::drive::back_to_queue;
use crate::seen::Situation;
use crate::state::{Drive, Phase, State};
use crate::world::World;

impl World<'_> {
    /// Nothing can happen now: when can something? Once all is quiet, only the end of the validity.
    pub(crate) fn next_event(&self, state: &State) -> Option<u16> {
        let messages = state.queue.iter().map(|message| message.due);
        let rests = state.drives.iter().filter_map(|drive| match drive.phase {
            Phase::Plan { rest, .. } => Some(rest),
            Phase::Answer { until, .. } | Phase::Nap { until } => Some(until),
            Phase::Read => None,
        });
        let next = messages.chain(rests).filter(|at| *at > state.now).min();
        let quiet = (self.ends > state.now).then_some(self.ends);
        next.or(quiet)
    }

    /// The next moment at which anything may be decided otherwise than now.
    pub(crate) fn next_moment(&self, state: &State) -> Option<u16> {
        let mut next = self.next_event(state);
        let mut consider = |at: u16| {
            if at > state.now && next.is_none_or(|next| at < next) {
                next = Some(at);
            }
        };
        if let Some(quiet) = self.table.gates(state.gates).quiet {
            consider(second_of(quiet.from));
            consider(second_of(quiet.until));
        }
        for drive in &state.drives {
            consider(drive.dies);
            if let Phase::Plan { plan, at, .. } = drive.phase
                && let Effect::Post { not_after, .. } = &self.table.plan(plan)[usize::from(at)]
            {
                consider(second_of(*not_after) + 1);
            }
        }
        for (number, note) in (0_u8..).zip(&state.notes) {
            if state.is_carried(number) {
                self.table
                    .gist(note.item)
                    .moments
                    .iter()
                    .for_each(|at| consider(*at));
            }
        }
        next
    }

    /// Lets time pass; functions that take too long are ended, and their messages come back.
    pub(crate) fn pass(&mut self, state: &mut State, to: Option<u16>) {
        let Some(to) = to else { return };
        state.now = to;
        let ended: Vec<Drive> = state
            .drives
            .extract_if(.., |drive| drive.dies <= to)
            .collect();
        for drive in ended {
            self.seen.note(Situation::TimedOut);
            back_to_queue(state, drive.note, drive.what, drive.back);
        }
    }
}
