//! One effect of a plan: carried out, carried out without an answer, or failed.

use std::rc::Rc;
use std::time::Duration;

use recado_domain::delivery::{
    CapVerdict, Change, Claim, Effect, Event, Failure, FailureKind, PostOutcome,
};
use recado_domain::switches::Spending;

use crate::action::End;
use crate::case::{POST_TIMEOUT, PUT_BACK};
use crate::drive::{back_to_queue, planned};
use crate::seen::Situation;
use crate::state::{Consent, Phase, State};
use crate::table::{Outcome, Written};
use crate::world::World;

/// The answers of one effect, told apart (see `Table::reply`).
mod answer {
    pub(super) const WON: u8 = 0;
    pub(super) const PACED: u8 = 1;
    pub(super) const BUSY: u8 = 2;
    pub(super) const WITHIN: u8 = 3;
    pub(super) const EXCEEDED: u8 = 4;
    pub(super) const STALLED: u8 = 5;
    pub(super) const PERMITTED: u8 = 6;
    pub(super) const REVOKED: u8 = 7;
    pub(super) const SPENT: u8 = 8;
    pub(super) const OVERSPENT: u8 = 9;
    pub(super) const POSTED: u8 = 10;
}

impl World<'_> {
    pub(crate) fn carry_out(
        &mut self,
        state: &mut State,
        number: usize,
        (plan, place): (u32, u8),
        effect: &Effect,
    ) {
        let note = state.drives[number].note;
        match effect {
            Effect::HandOff(handoff) => {
                Self::hand_off(state, note, handoff);
                self.settle(state, number, plan, place + 1);
            }
            Effect::Record(change) => {
                self.write(state, number, (plan, place), change);
                self.settle(state, number, plan, place + 1);
            }
            Effect::Require(change) => {
                match self.write(state, number, (plan, place), change).written {
                    Written::Applied | Written::Won => self.settle(state, number, plan, place + 1),
                    Written::Refused => {
                        let first = state.drives[number].first;
                        self.think(state, number, first);
                    }
                }
            }
            Effect::Claim { leg, claim, change } => {
                let written = self.claim(state, number, (plan, place), (*leg, claim, change));
                let event = match written {
                    Written::Applied | Written::Won => {
                        self.table
                            .reply(plan, place, answer::WON, || Event::Claimed {
                                leg: *leg,
                                claim: claim.clone(),
                            })
                    }
                    Written::Refused => {
                        self.seen.note(Situation::LostClaim);
                        state.drives[number].first
                    }
                };
                if written == Written::Won {
                    self.seen.note(Situation::MetOwnToken);
                }
                self.think(state, number, event);
            }
            Effect::Pace {
                attempt,
                known_user,
            } => {
                let event = self
                    .table
                    .reply(plan, place, answer::PACED, || Event::Paced {
                        attempt: *attempt,
                        known_user: known_user.clone(),
                    });
                self.think(state, number, event);
            }
            Effect::Count { .. } => {
                let verdict = self.verdict(state, note);
                self.counted(state, number, verdict);
            }
            Effect::Spend { .. } => self.spent(state, number, Spending::Within),
            Effect::AskConsent { leg, claim } => {
                let consent = state.consent;
                state.drives[number].consent = Some(consent);
                let item = state.notes[usize::from(note)].item;
                let permission = self.table.permission(consent, item, *leg);
                let kind = match consent {
                    Consent::Granted => answer::PERMITTED,
                    Consent::Revoked => answer::REVOKED,
                };
                let event = self.table.reply(plan, place, kind, || Event::Permitted {
                    leg: *leg,
                    claim: claim.clone(),
                    permission,
                });
                self.think(state, number, event);
            }
            Effect::Post { .. } => {
                // Offered only where it is too late.
                self.seen.note(Situation::TooLateToPost);
                self.answer_post(state, number, End::NotSent);
            }
            // See `World::settle`.
            Effect::GiveBack { .. } | Effect::Nap(_) => {}
        }
    }

    /// What the day's cap says; the same notification counts once.
    fn verdict(&self, state: &State, note: u8) -> CapVerdict {
        let is_full = |cap: u8| state.counted.count_ones() >= cap.into();
        if state.counted & 1 << note == 0 && self.case.cap.is_some_and(is_full) {
            CapVerdict::Exceeded
        } else {
            CapVerdict::Within
        }
    }

    pub(crate) fn counted(&mut self, state: &mut State, number: usize, verdict: CapVerdict) {
        let (plan, place) = planned(state, number);
        let effects = Rc::clone(self.table.plan(plan));
        let Effect::Count { leg, claim } = &effects[usize::from(place)] else {
            return;
        };
        let kind = match verdict {
            CapVerdict::Within => {
                state.counted |= 1 << state.drives[number].note;
                answer::WITHIN
            }
            CapVerdict::Exceeded => {
                self.seen.note(Situation::OverCap);
                answer::EXCEEDED
            }
        };
        let event = self.table.reply(plan, place, kind, || Event::Counted {
            leg: *leg,
            claim: claim.clone(),
            verdict,
        });
        self.think(state, number, event);
    }

    pub(crate) fn spent(&mut self, state: &mut State, number: usize, spending: Spending) {
        let (plan, place) = planned(state, number);
        let effects = Rc::clone(self.table.plan(plan));
        let Effect::Spend {
            leg,
            attempt,
            because,
        } = effects[usize::from(place)]
        else {
            return;
        };
        let kind = match spending {
            Spending::Within => answer::SPENT,
            Spending::Exceeded => {
                self.seen.note(Situation::OverBudget);
                answer::OVERSPENT
            }
        };
        let event = self.table.reply(plan, place, kind, || Event::Spent {
            leg,
            attempt,
            because,
            spending,
        });
        self.think(state, number, event);
    }

    /// Writes; what the function knows of the item is what the store answered.
    pub(crate) fn write(
        &mut self,
        state: &mut State,
        number: usize,
        (plan, place): (u32, u8),
        change: &Change,
    ) -> Outcome {
        let note = state.drives[number].note;
        let item = state.notes[usize::from(note)].item;
        let outcome = self.table.write(item, plan, place, change);
        self.written(state, note, outcome);
        state.drives[number].local = outcome.item;
        outcome
    }

    /// The effect is carried out and its answer lost.
    pub(crate) fn unanswered(&mut self, state: &mut State, number: usize) {
        let (plan, place) = planned(state, number);
        let effects = Rc::clone(self.table.plan(plan));
        let (drive, at) = (state.drives[number], (plan, place));
        match &effects[usize::from(place)] {
            Effect::HandOff(handoff) => {
                Self::hand_off(state, drive.note, handoff);
                self.fails(state, number);
            }
            // The write's patience tries it again: see `recado_ports::drive::World::write`.
            Effect::Record(change) | Effect::Require(change) => {
                self.write(state, number, at, change);
                state.drives[number].local = drive.local;
            }
            Effect::Claim { leg, claim, change } => {
                self.claim(state, number, at, (*leg, claim, change));
                state.drives[number].local = drive.local;
            }
            Effect::Count { .. } => {
                if self.verdict(state, drive.note) == CapVerdict::Within {
                    state.counted |= 1 << drive.note;
                }
                self.fails(state, number);
            }
            Effect::Pace { .. }
            | Effect::AskConsent { .. }
            | Effect::Spend { .. }
            | Effect::GiveBack { .. }
            | Effect::Post { .. }
            | Effect::Nap(_) => {}
        }
    }

    /// The effect is not carried out, and the function told so.
    pub(crate) fn fails(&mut self, state: &mut State, number: usize) {
        let drive = state.drives[number];
        if let Phase::Plan {
            plan, at: place, ..
        } = drive.phase
        {
            let effects = Rc::clone(self.table.plan(plan));
            let stalled = |leg: u8, claim: &Claim| {
                let claim = claim.clone();
                (answer::STALLED, Event::Stalled { leg, claim })
            };
            let told = match &effects[usize::from(place)] {
                Effect::Count { leg, claim } | Effect::AskConsent { leg, claim } => {
                    Some(stalled(*leg, claim))
                }
                Effect::Pace { attempt, .. } => Some((
                    answer::BUSY,
                    Event::Busy {
                        attempt: *attempt,
                        after: Duration::from_secs(1),
                    },
                )),
                // A counter that does not answer counts as used up.
                Effect::Spend { .. } => return self.spent(state, number, Spending::Exceeded),
                Effect::HandOff(_)
                | Effect::Record(_)
                | Effect::Require(_)
                | Effect::Claim { .. }
                | Effect::GiveBack { .. }
                | Effect::Post { .. }
                | Effect::Nap(_) => None,
            };
            if let Some((kind, event)) = told {
                let event = self.table.reply(plan, place, kind, || event);
                return self.think(state, number, event);
            }
        }
        state.drives.remove(number);
        let soon = state.now + PUT_BACK;
        back_to_queue(state, drive.note, drive.what, soon);
    }

    /// The POST that a function is about to make.
    pub(crate) fn posting(&self, state: &State, number: usize) -> Option<(u8, Claim)> {
        let (plan, place) = planned(state, number);
        match &self.table.plan(plan)[usize::from(place)] {
            Effect::Post { leg, claim, .. } => Some((*leg, claim.clone())),
            Effect::HandOff(_)
            | Effect::Record(_)
            | Effect::Require(_)
            | Effect::Claim { .. }
            | Effect::Pace { .. }
            | Effect::Count { .. }
            | Effect::AskConsent { .. }
            | Effect::Spend { .. }
            | Effect::GiveBack { .. }
            | Effect::Nap(_) => None,
        }
    }

    /// What became of the POST is told, at once or when its timeout is over.
    pub(crate) fn answer_post(&mut self, state: &mut State, number: usize, end: End) {
        let (plan, place) = planned(state, number);
        let effects = Rc::clone(self.table.plan(plan));
        let Effect::Post { leg, claim, .. } = &effects[usize::from(place)] else {
            return;
        };
        let failure = Failure {
            kind: FailureKind::Technical,
            code: None,
            title: "answered".to_owned(),
        };
        let outcome = match end {
            End::Accepted => PostOutcome::Accepted { provider_id: None },
            End::Refused => PostOutcome::Rejected(failure),
            End::NotSent | End::PutOff => PostOutcome::NotSent {
                failure,
                retry_after: Duration::from_secs(if end == End::PutOff { 5 } else { 1 }),
            },
            End::LeftUnknown | End::LostUnknown => PostOutcome::Unknown,
        };
        let kind = answer::POSTED + end as u8;
        let event = self.table.reply(plan, place, kind, || Event::Posted {
            leg: *leg,
            claim: claim.clone(),
            outcome,
        });
        let takes = if end == End::LeftUnknown {
            POST_TIMEOUT
        } else {
            0
        };
        if takes == 0 && state.lates == 0 {
            // Nothing can come between that changes what is decided.
            return self.think(state, number, event);
        }
        state.drives[number].phase = Phase::Answer {
            event,
            until: state.now + takes,
        };
    }
}
