//! One state of the world, small and comparable: what lies in the store stands for itself by a number
//! (see `table`), everything else is here. Times are whole seconds after acceptance.

use recado_domain::delivery::{Handoff, TimerKind};

use crate::case::{at, second_of};

/// More legs than any ladder in the model has.
pub(crate) const LEGS: usize = 3;
/// No such event, no such item.
pub(crate) const NONE: u32 = u32::MAX;

/// A job or a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum What {
    Job { attempt: u8 },
    Timer { leg: u8, kind: TimerKind },
}

/// A message in a queue. One that is due says 0, whenever it became so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Message {
    pub(crate) due: u16,
    pub(crate) note: u8,
    pub(crate) what: What,
}

/// How far a function has got with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The item is read; nothing is decided yet.
    Read,
    /// The effects of a step, the next of them not before `rest`.
    Plan { plan: u32, at: u8, rest: u16 },
    /// The carrier's answer, not before `until`.
    Answer { event: u32, until: u16 },
    /// A nap.
    Nap { until: u16 },
}

/// Everything the recipient was ever asked for, or nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Consent {
    Granted,
    Revoked,
}

/// A message that does not come back: it was acknowledged by another one that had it.
pub(crate) const NEVER: u16 = u16::MAX;

/// Whether a function's message is also another one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Twin {
    Yes,
    No,
}

/// A function at work on one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Drive {
    pub(crate) note: u8,
    pub(crate) what: What,
    /// The function's timeout ends it.
    pub(crate) dies: u16,
    /// The message's visibility timeout ends.
    pub(crate) back: u16,
    /// Whether another one has the same message, or may have it.
    pub(crate) twin: Twin,
    /// The item as this function knows it; [`NONE`] where the next answer replaces it unseen.
    pub(crate) local: u32,
    /// The event it began with; [`NONE`] before that was decided.
    pub(crate) first: u32,
    /// What the recipient's consent was when this function last read it for the leg at hand.
    pub(crate) consent: Option<Consent>,
    /// The switches as it read them at its start.
    pub(crate) gates: u16,
    pub(crate) phase: Phase,
}

/// webhook-receiver between storing a failure and arming the next leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Hook {
    pub(crate) note: u8,
    leg: u8,
    kind: TimerKind,
    due: u16,
    /// What Meta told.
    pub(crate) told: u8,
}

impl Hook {
    /// A timer to be armed; webhook-receiver hands on nothing else.
    pub(crate) fn new(note: u8, told: u8, handoff: &Handoff) -> Option<Self> {
        match handoff {
            Handoff::Arm { leg, kind, at } => Some(Self {
                note,
                leg: *leg,
                kind: *kind,
                due: second_of(*at),
                told,
            }),
            Handoff::Enqueue { .. } => None,
        }
    }

    pub(crate) fn handoff(self) -> Handoff {
        Handoff::Arm {
            leg: self.leg,
            kind: self.kind,
            at: at(self.due),
        }
    }
}

/// notification-api's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Api {
    /// Stored; so many of its messages are in a queue.
    Handing(u8),
    /// It died; the bank has no answer and may repeat the request.
    Died,
    /// `202`.
    Accepted,
    /// `202` to a repetition so late that the message had expired by then.
    TooLate,
}

/// What really became of one leg, whatever the facts say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Trail {
    /// Messages that reached the carrier.
    pub(crate) left: u8,
    /// Requests that left, or may have.
    pub(crate) tries: u8,
    /// When the last of them did.
    pub(crate) at: u16,
    /// When the claim behind the last of them ends.
    pub(crate) ends: u16,
    /// Whether the current claim has sent, or may have.
    pub(crate) spent: bool,
}

/// `told` bits: what Meta has said.
pub(crate) const DELIVERED: u8 = 1;
pub(crate) const READ: u8 = 2;
pub(crate) const FAILED: u8 = 4;
pub(crate) const FAILED_BEFORE: u8 = 8;

/// One notification with everything that the model alone knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Note {
    pub(crate) item: u32,
    pub(crate) api: Api,
    pub(crate) trails: [Trail; LEGS],
    /// The WhatsApp attempt that left; 0 for none.
    pub(crate) attempt: u8,
    /// The last WhatsApp attempt that did not leave; 0 for none.
    pub(crate) attempt_before: u8,
    pub(crate) told: u8,
    /// How often the bank may yet cancel.
    pub(crate) cancels: u8,
}

/// The world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) now: u16,
    pub(crate) notes: Vec<Note>,
    pub(crate) queue: Vec<Message>,
    pub(crate) drives: Vec<Drive>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) consent: Consent,
    /// How often the customer may yet revoke.
    pub(crate) revokes: u8,
    /// Which notifications count against the day's cap, a bit each.
    pub(crate) counted: u8,
    /// The switches, by number.
    pub(crate) gates: u16,
    /// How often they may yet be turned, or a budget be used up.
    pub(crate) turns: u8,
    /// Faults left.
    pub(crate) faults: u8,
    /// How often time may yet pass although something could happen.
    pub(crate) lates: u8,
}

impl State {
    /// Whether a message for the notification is in a queue or in a function's hands.
    pub(crate) fn is_carried(&self, note: u8) -> bool {
        self.queue.iter().any(|message| message.note == note)
            || self.drives.iter().any(|drive| drive.note == note)
            || self.hooks.iter().any(|hook| hook.note == note)
            || matches!(self.notes[usize::from(note)].api, Api::Handing(_))
    }

    /// Whether a timer that may open the leg is in a queue or in a function's hands.
    pub(crate) fn has_timer(&self, note: u8, leg: u8) -> bool {
        let opens = |what: What| matches!(what, What::Timer { leg: it, kind: TimerKind::Open } if it == leg);
        self.queue
            .iter()
            .any(|it| it.note == note && opens(it.what))
            || self
                .drives
                .iter()
                .any(|it| it.note == note && opens(it.what))
    }

    /// Whether what a function decides next is the same whenever it does: then it decides at once, and
    /// nothing is missed. Time cannot pass meanwhile; the item is the one that it has read already; a
    /// job's consent and the switches stay as they are.
    pub(crate) fn decides_at_once(&self, what: What) -> bool {
        let reads_consent = matches!(what, What::Job { .. }) && self.revokes > 0;
        self.lates == 0 && self.turns == 0 && !reads_consent
    }

    /// One form for states that mean the same: what is due is due, order says nothing.
    pub(crate) fn tidy(&mut self) {
        for message in &mut self.queue {
            if message.due <= self.now {
                message.due = 0;
            }
        }
        for drive in &mut self.drives {
            if let Phase::Plan { rest: at, .. } | Phase::Answer { until: at, .. } = &mut drive.phase
                && *at <= self.now
            {
                *at = 0;
            }
        }
        for hook in &mut self.hooks {
            if hook.due <= self.now {
                hook.due = 0;
            }
        }
        self.queue.sort_unstable();
        self.drives.sort_unstable();
        self.hooks.sort_unstable();
    }
}
