//! What can happen next.

use recado_domain::delivery::Effect;
use recado_domain::switches::{Breaker, Gates};

use crate::case::{Bounds, Receipts, at};
use crate::state::{Api, DELIVERED, Drive, FAILED, FAILED_BEFORE, Note, Phase, READ, State};
use crate::table::Table;

/// How a POST ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Accepted,
    Refused,
    /// Known not to have left; worth another try in process.
    NotSent,
    /// Known not to have left, and not worth another try soon.
    PutOff,
    /// It left and no answer came within the timeout.
    LeftUnknown,
    /// It did not leave, the connection broke, and nobody knows.
    LostUnknown,
}

/// How an operator turns a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Off,
    On,
    BreakerOpen,
    BreakerClosed,
}

/// One thing that happens. Numbers say which notification, message, function or webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// notification-api puts its next message into a queue; after the last it answers `202`.
    Hand(u8),
    /// It does so and dies before it knows.
    HandUnanswered(u8),
    /// It dies before.
    ApiDies(u8),
    /// The bank repeats the request.
    Repeat(u8),
    /// A due message is received: the item is read.
    Deliver(u8),
    /// A second copy of it is received, and the message stays.
    DeliverCopy(u8),
    /// It is received by two at once: whoever acknowledges it does so for both.
    DeliverTwin(u8),
    /// It is received, and reading the item fails.
    ReceivedInVain(u8),
    /// It is received, and the function dies.
    ReceivedByTheDead(u8),
    /// A function decides, or carries out its next effect.
    Go(u8),
    /// The effect is carried out and its answer lost.
    Unanswered(u8),
    /// The effect is not carried out, and the function told so.
    Fails(u8),
    /// The function dies.
    Dies(u8),
    /// The message is sent, with this end.
    Post(u8, End),
    /// Others have used up the day's cap.
    OverCap(u8),
    /// Meta tells something, and it is stored.
    Tell(u8, u8),
    /// webhook-receiver arms the next leg.
    Arm(u8),
    /// It dies before; Meta will repeat itself.
    HookDies(u8),
    /// The bank cancels.
    Cancel(u8),
    /// The customer revokes everything.
    Revoke,
    /// The SMS budget is found used up.
    OverBudget(u8),
    /// An operator turns a switch.
    Turn(Turn),
    /// Nothing can happen: time passes until something can.
    Pass,
    /// Time passes to the next moment that matters, although something could happen.
    PassLate,
}

/// Everything that can happen in a state.
pub(crate) fn possible(
    state: &State,
    table: &Table<'_>,
    bounds: &Bounds,
    cap: Option<u8>,
) -> Vec<Action> {
    let mut all = Vec::with_capacity(16);
    let faults = state.faults > 0;
    for (number, note) in (0_u8..).zip(&state.notes) {
        requests(&mut all, number, note, faults);
    }
    for (place, message) in (0_u8..).zip(&state.queue) {
        let twin_before = place > 0 && state.queue[usize::from(place) - 1] == *message;
        if message.due > state.now || twin_before || state.drives.len() >= bounds.drives.into() {
            continue;
        }
        all.push(Action::Deliver(place));
        if faults {
            all.push(Action::DeliverCopy(place));
            all.push(Action::DeliverTwin(place));
            // Else these come after the reading, see `work`.
            if state.decides_at_once(message.what) {
                all.extend([
                    Action::ReceivedInVain(place),
                    Action::ReceivedByTheDead(place),
                ]);
            }
        }
    }
    for (number, drive) in (0_u8..).zip(&state.drives) {
        work(&mut all, number, drive, state, table, cap);
    }
    for number in (0_u8..).zip(&state.hooks).map(|(number, _)| number) {
        all.push(Action::Arm(number));
        if faults {
            all.push(Action::HookDies(number));
        }
    }
    // Up to here somebody acts; from here on somebody may.
    let busy = all.iter().any(|action| !is_free(*action));
    for (number, note) in (0_u8..).zip(&state.notes) {
        let gist = table.gist(note.item);
        receipts(&mut all, note, number, gist.attempt, bounds.receipts);
        // Once nobody looks after it any more, a cancel only adds its fact.
        if note.cancels > 0 && !gist.is_called_off && state.is_carried(number) {
            all.push(Action::Cancel(number));
        }
    }
    // And a revoke is read by nobody.
    let read = (0_u8..)
        .zip(&state.notes)
        .any(|(number, _)| state.is_carried(number));
    if state.revokes > 0 && read {
        all.push(Action::Revoke);
    }
    if state.turns > 0 {
        turns(&mut all, table.gates(state.gates));
    }
    if !busy {
        all.push(Action::Pass);
    } else if state.lates > 0 {
        all.push(Action::PassLate);
    }
    all
}

fn turns(all: &mut Vec<Action>, gates: &Gates) {
    all.push(Action::Turn(match gates.off_since {
        Some(_) => Turn::On,
        None => Turn::Off,
    }));
    all.push(Action::Turn(match gates.breaker {
        Breaker::Open => Turn::BreakerClosed,
        Breaker::Closed => Turn::BreakerOpen,
    }));
}

fn requests(all: &mut Vec<Action>, number: u8, note: &Note, faults: bool) {
    match note.api {
        Api::Handing(_) => {
            all.push(Action::Hand(number));
            if faults {
                all.extend([Action::HandUnanswered(number), Action::ApiDies(number)]);
            }
        }
        Api::Died => all.push(Action::Repeat(number)),
        Api::Accepted | Api::TooLate => {}
    }
}

fn receipts(all: &mut Vec<Action>, note: &Note, number: u8, attempt: u8, told: Receipts) {
    if told == Receipts::None {
        return;
    }
    let untold = |bit: u8| note.told & bit == 0;
    if note.trails[0].left > 0 {
        all.extend(
            [DELIVERED, FAILED]
                .into_iter()
                .filter(|bit| untold(*bit))
                .map(|bit| Action::Tell(number, bit)),
        );
        if told == Receipts::All && untold(READ) {
            all.push(Action::Tell(number, READ));
        }
    }
    // Of an attempt that did not leave Meta may tell a failure, but not while it is tried again.
    if note.attempt_before > 0 && note.attempt_before != attempt && untold(FAILED_BEFORE) {
        all.push(Action::Tell(number, FAILED_BEFORE));
    }
}

fn work(
    all: &mut Vec<Action>,
    number: u8,
    drive: &Drive,
    state: &State,
    table: &Table<'_>,
    cap: Option<u8>,
) {
    let faults = state.faults > 0;
    let mut fault = |action| {
        if faults {
            all.push(action);
        }
    };
    let (go, fails, unanswered) = (
        Action::Go(number),
        Action::Fails(number),
        Action::Unanswered(number),
    );
    match drive.phase {
        Phase::Read => {
            fault(fails);
            fault(Action::Dies(number));
            all.push(go);
        }
        Phase::Nap { until } => {
            if until <= state.now {
                fault(fails);
                all.push(go);
            }
        }
        Phase::Answer { until, .. } => {
            fault(Action::Dies(number));
            if until <= state.now {
                all.push(go);
            }
        }
        Phase::Plan { rest, .. } if rest > state.now => {}
        Phase::Plan {
            plan, at: place, ..
        } => {
            fault(Action::Dies(number));
            let effect = &table.plan(plan)[usize::from(place)];
            match effect {
                Effect::HandOff(_)
                | Effect::Record(_)
                | Effect::Require(_)
                | Effect::Claim { .. } => {
                    fault(fails);
                    fault(unanswered);
                    all.push(go);
                }
                Effect::Count { .. } => {
                    fault(fails);
                    fault(unanswered);
                    all.push(go);
                    if cap.is_none() && state.counted & 1 << drive.note == 0 {
                        all.push(Action::OverCap(number));
                    }
                }
                Effect::Spend { .. } => {
                    fault(fails);
                    all.push(go);
                    if state.turns > 0 {
                        all.push(Action::OverBudget(number));
                    }
                }
                Effect::Pace { .. } | Effect::AskConsent { .. } => {
                    fault(fails);
                    all.push(go);
                }
                Effect::Post { not_after, .. } if at(state.now) > *not_after => all.push(go),
                Effect::Post { .. } => {
                    for end in [
                        End::NotSent,
                        End::PutOff,
                        End::LeftUnknown,
                        End::LostUnknown,
                    ] {
                        fault(Action::Post(number, end));
                    }
                    all.extend([End::Accepted, End::Refused].map(|end| Action::Post(number, end)));
                }
                // Never left standing: see `World::settle`.
                Effect::GiveBack { .. } | Effect::Nap(_) => {}
            }
        }
    }
}

/// The fault that an action costs.
pub(crate) fn is_fault(action: Action) -> bool {
    match action {
        Action::HandUnanswered(_)
        | Action::ApiDies(_)
        | Action::DeliverCopy(_)
        | Action::DeliverTwin(_)
        | Action::ReceivedInVain(_)
        | Action::ReceivedByTheDead(_)
        | Action::Unanswered(_)
        | Action::Fails(_)
        | Action::Dies(_)
        | Action::Post(_, End::NotSent | End::PutOff | End::LeftUnknown | End::LostUnknown)
        | Action::HookDies(_) => true,
        Action::Hand(_)
        | Action::Repeat(_)
        | Action::Deliver(_)
        | Action::Go(_)
        | Action::Post(_, End::Accepted | End::Refused)
        | Action::OverCap(_)
        | Action::Tell(..)
        | Action::Arm(_)
        | Action::Cancel(_)
        | Action::Revoke
        | Action::OverBudget(_)
        | Action::Turn(_)
        | Action::Pass
        | Action::PassLate => false,
    }
}

/// What may happen and need not.
pub(crate) fn is_free(action: Action) -> bool {
    match action {
        Action::Tell(..)
        | Action::Cancel(_)
        | Action::Revoke
        | Action::Turn(_)
        | Action::Repeat(_)
        | Action::HandUnanswered(_)
        | Action::ApiDies(_)
        | Action::DeliverCopy(_)
        | Action::DeliverTwin(_)
        | Action::ReceivedInVain(_)
        | Action::ReceivedByTheDead(_)
        | Action::Unanswered(_)
        | Action::Fails(_)
        | Action::Dies(_)
        | Action::HookDies(_) => true,
        Action::Hand(_)
        | Action::Deliver(_)
        | Action::Go(_)
        | Action::Post(..)
        | Action::OverCap(_)
        | Action::OverBudget(_)
        | Action::Arm(_)
        | Action::Pass
        | Action::PassLate => false,
    }
}
