//! The promises that need the whole state: what was sent, by whom, and what it all comes to.

use recado_domain::class::Class;
use recado_domain::delivery::{Change, Claim, CloseReason, OpenedBecause, Status, SuppressReason};
use recado_domain::switches::Breaker;
use recado_domain::template::QuietHours;

use crate::action::End;
use crate::case::{Bounds, POST_TIMEOUT, Validity, WAIT, at, second_of};
use crate::invariant::{most_sends, obeys_revoke};
use crate::seen::Situation;
use crate::state::{Api, Consent, Note, State};
use crate::table::{Gist, Written};
use crate::world::World;

impl World<'_> {
    /// Writes a claim, and asks whether it should have been refused.
    pub(crate) fn claim(
        &mut self,
        state: &mut State,
        number: usize,
        place: (u32, u8),
        (leg, claim, change): (u8, &Claim, &Change),
    ) -> Written {
        let drive = state.drives[number];
        let before = self
            .table
            .gist(state.notes[usize::from(drive.note)].item)
            .clone();
        let written = self.write(state, number, place, change).written;
        if written != Written::Applied {
            return written;
        }
        let note = state.notes[usize::from(drive.note)];
        let item = self.table.item(note.item).clone();
        if before.is_reached {
            self.break_promise("I6", "a leg was claimed after a receipt was stored");
        }
        if before.is_called_off {
            self.break_promise("I5", "a leg was claimed after a cancel or a suppression");
        }
        if claim.at >= item.valid_until {
            self.break_promise("I5", "a leg was claimed after the validity");
        }
        if !before.has_content {
            self.break_promise("I11", "a leg was claimed when its content was gone");
        }
        if let Some(next) = item.next_leg(leg)
            && !state.has_timer(drive.note, next)
        {
            self.break_promise(
                "I4",
                "a leg was claimed before the next one's timer was durable",
            );
        }
        if leg == 0 {
            if before.tokens[1..].iter().any(|token| *token != 0) || before.closed.contains(&true) {
                self.break_promise(
                    "I3",
                    "WhatsApp was claimed after it or a later leg was done",
                );
            }
            if note.attempt_before > 0 {
                self.seen.note(Situation::Released);
            }
        } else {
            // The consent must be read by this claim's holder.
            state.drives[number].consent = None;
            let at = second_of(claim.at).min(state.now);
            self.check_turn(&note, &before, leg, at);
            let unheard = item.leg(leg).opened_because() == Some(OpenedBecause::NotDeliveredInTime);
            let open = self.table.gates(drive.gates).breaker == Breaker::Open;
            if open && unheard && item.class != Class::Authentication {
                self.break_promise("I7", "a leg was claimed through an open breaker");
            }
        }
        written
    }

    /// I7: the leg before is closed, failed or overdue, counted from what really left.
    fn check_turn(&mut self, note: &Note, before: &Gist, leg: u8, now: u16) {
        let previous = usize::from(leg) - 1;
        if before.closed[previous] || before.failed[previous] {
            return;
        }
        let trail = note.trails[previous];
        let from = if trail.spent {
            trail.at
        } else {
            before.until[previous]
        };
        if before.tokens[previous] == 0 {
            self.break_promise("I7", "a leg was claimed while the one before it was free");
        } else if now < from + WAIT {
            self.break_promise("I7", "a leg was claimed before its time");
        }
    }

    /// A POST starts; how it ends is known to nobody yet.
    pub(crate) fn post(&mut self, state: &mut State, number: usize, end: End) {
        let Some((leg, claim)) = self.posting(state, number) else {
            return;
        };
        self.check_post(state, number, leg, &claim);
        let drive = state.drives[number];
        let now = state.now;
        let note = &mut state.notes[usize::from(drive.note)];
        let attempt = u8::try_from(claim.attempt).unwrap_or(u8::MAX);
        let trail = &mut note.trails[usize::from(leg)];
        match end {
            End::Accepted | End::LeftUnknown | End::LostUnknown => {
                trail.tries += 1;
                trail.left += u8::from(end != End::LostUnknown);
                trail.at = now;
                trail.ends = second_of(claim.until);
                trail.spent = true;
            }
            End::Refused | End::NotSent | End::PutOff => {}
        }
        if leg == 0 {
            match end {
                End::Accepted | End::LeftUnknown => note.attempt = attempt,
                End::NotSent | End::PutOff => note.attempt_before = attempt,
                End::Refused | End::LostUnknown => {}
            }
        }
        if end == End::Accepted || end == End::LeftUnknown {
            self.see_leaving(leg, trail_left(state, drive.note, leg));
        }
        self.answer_post(state, number, end);
    }

    fn see_leaving(&mut self, leg: u8, times: u8) {
        self.seen.note(match leg {
            0 => Situation::WhatsappLeft,
            1 => Situation::SmsLeft,
            _ => Situation::ThirdLegLeft,
        });
        if leg == 1 && times > 1 {
            self.seen.note(Situation::SmsRepeated);
        }
    }

    fn check_post(&mut self, state: &State, number: usize, leg: u8, claim: &Claim) {
        let drive = state.drives[number];
        let note = state.notes[usize::from(drive.note)];
        let item = self.table.item(note.item).clone();
        let place = usize::from(leg);
        match drive.consent {
            None => self.break_promise("I8", "sent without reading the consent"),
            Some(Consent::Revoked) if obeys_revoke(item.class, leg) => {
                self.break_promise("I8", "sent although a revoke had been read");
            }
            Some(Consent::Revoked | Consent::Granted) => {}
        }
        if self.table.gates(drive.gates).off_since.is_some() {
            self.break_promise(
                "I7",
                "sent by a function that knew sending to be turned off",
            );
        }
        if let Some(quiet) = self.table.gates(drive.gates).quiet {
            if quiet.holds(at(state.now)) && item.quiet_hours != QuietHours::Ignored {
                self.break_promise("I8", "sent in the recipient's quiet hours");
            }
            if second_of(quiet.until) <= state.now {
                self.seen.note(Situation::LeftInTheMorning);
            }
        }
        let latest = match leg {
            0 => second_of(claim.until).saturating_sub(POST_TIMEOUT),
            _ => second_of(claim.until),
        };
        if state.now > latest.min(second_of(item.valid_until)) {
            self.break_promise("I4", "a POST started after its deadline");
        }
        if item.leg(leg).token().as_ref() != Some(&claim.token) {
            self.break_promise("I5", "sent by a function that did not hold the claim");
        }
        if note.trails[place + 1..].iter().any(|later| later.tries > 0) {
            self.break_promise("I5", "sent after a later leg");
        }
        let trail = note.trails[place];
        if trail.tries > 0 {
            let repeats = trail.tries < most_sends(item.class) && state.now >= trail.ends;
            if leg == 0 {
                self.break_promise("I3", "WhatsApp was sent twice");
            } else if !repeats {
                self.break_promise("I5", "a later leg was sent once too often, or too early");
            }
        }
        let capped = |note: &&Note| note.trails[0].tries > 0;
        if let Some(cap) = self.case.cap
            && leg == 0
            && state.notes.iter().filter(capped).count() >= cap.into()
        {
            self.break_promise("I8", "more was sent than the day's cap allows");
        }
    }

    /// What holds in every state, and at the end of every story.
    pub(crate) fn check_state(&mut self, state: &State) {
        for (number, note) in (0_u8..).zip(&state.notes) {
            if matches!(note.api, Api::Handing(_) | Api::Died) || state.is_carried(number) {
                continue;
            }
            let gist = self.table.gist(note.item).clone();
            if gist.has_content {
                self.break_promise("I9", "not ended, and neither job nor timer looks after it");
            }
            if !gist.at_last.has_ended() {
                self.break_promise("I9", "nobody looks after it and time does not end it");
            }
            self.check_end(state, note, &gist);
        }
    }

    /// Nobody will do anything more about it: nothing accepted is lost.
    fn check_end(&mut self, state: &State, note: &Note, gist: &Gist) {
        self.see_end(note, gist);
        let left = note.trails.iter().any(|trail| trail.tries > 0);
        let said = gist.is_called_off
            || gist.failed.contains(&true)
            || gist.closed.contains(&true)
            || gist.uncertain.contains(&true);
        if gist.is_untold {
            self.break_promise("I9", "a leg is claimed, and nobody says what became of it");
        }
        let told = gist.at_last == Status::Expired || gist.at_last == Status::Unknown;
        if !left && !said && !told {
            self.break_promise("I9", "nothing left, and no fact says why");
        }
        let Bounds { lates, turns, .. } = self.case.bounds;
        let legs = self.table.item(note.item).legs();
        if self.case.validity == Validity::Roomy
            && state.lates == lates
            && state.turns == turns
            && note.api != Api::TooLate
            && legs > 1
            && !gist.is_reached
            && !gist.is_called_off
        {
            let opened = |leg: usize| {
                note.trails[leg].tries > 0
                    || gist.failed[leg]
                    || gist.closed[leg]
                    || gist.uncertain[leg]
            };
            if !(1..usize::from(legs)).all(opened) {
                self.break_promise("I4", "nothing arrived, and a later leg never opened");
            }
        }
    }

    fn see_end(&mut self, note: &Note, gist: &Gist) {
        let item = self.table.item(note.item).clone();
        self.seen.note_end(gist.at_last);
        let closed = |leg| item.leg(leg).closed_because();
        match closed(0) {
            Some(CloseReason::Guard) => self.seen.note(Situation::GuardClosed),
            Some(CloseReason::QueueWaitExceeded) => self.seen.note(Situation::QueueWaitClosed),
            Some(CloseReason::NoWhatsappConsent) => self.seen.note(Situation::WentAround),
            Some(
                CloseReason::TemplateUnavailable
                | CloseReason::TemplatePending
                | CloseReason::TemplateRejected
                | CloseReason::TemplatePaused
                | CloseReason::TemplateDisabled
                | CloseReason::TemplateRecategorised
                | CloseReason::FrequencyCap
                | CloseReason::OptedOut
                | CloseReason::ChannelUnavailable
                | CloseReason::NotConfigured
                | CloseReason::QuietHours,
            )
            | None => {}
        }
        if (1..item.legs()).any(|leg| closed(leg) == Some(CloseReason::OptedOut)) {
            self.seen.note(Situation::LegClosedByRevoke);
        }
        if (1..item.legs()).any(|leg| closed(leg) == Some(CloseReason::QuietHours)) {
            self.seen.note(Situation::LegClosedByNight);
        }
        match item.suppressed_because() {
            Some(SuppressReason::QuietHours) => self.seen.note(Situation::SuppressedByNight),
            Some(SuppressReason::OptedOut) => self.seen.note(Situation::SuppressedByRevoke),
            Some(
                SuppressReason::NoConsent
                | SuppressReason::FrequencyCap
                | SuppressReason::TemplateUnavailable
                | SuppressReason::TemplatePending
                | SuppressReason::TemplateRejected
                | SuppressReason::TemplatePaused
                | SuppressReason::TemplateDisabled
                | SuppressReason::TemplateRecategorised,
            )
            | None => {}
        }
        if gist.uncertain[0] {
            self.seen.note(Situation::WhatsappUncertain);
        }
        if gist.uncertain[1] {
            self.seen.note(Situation::SmsUncertain);
        }
        if gist.at_last == Status::Expired {
            self.seen.note(Situation::Expired);
        }
    }
}

fn trail_left(state: &State, note: u8, leg: u8) -> u8 {
    state.notes[usize::from(note)].trails[usize::from(leg)].left
}
