//! A way through the states, told line by line.

use recado_domain::delivery::{Effect, Fact, Handoff, Notification, Value};

use crate::action::{Action, End};
use crate::case::{Case, accepted_at};
use crate::protocol::Protocol;
use crate::state::{DELIVERED, FAILED, Phase, READ, State, What};
use crate::table::Table;
use crate::world::World;

/// Tells the way, each action with the facts that it changed.
pub(crate) fn tell(protocol: &dyn Protocol, case: &Case, way: &[Action]) -> Vec<String> {
    let mut world = World::new(Table::new(protocol, case.bounds.times), case);
    let mut state = world.first_state();
    let mut lines = Vec::new();
    for action in way {
        let what = say(&world, &state, *action);
        let after = world.apply(&state, *action);
        let time = state.now;
        let mut line = format!("{time:>5} s  {what}");
        for (old, new) in state.notes.iter().zip(&after.notes) {
            let changed = changes(world.table.item(old.item), world.table.item(new.item));
            if !changed.is_empty() {
                line += &format!("  [{}]", changed.join(", "));
            }
        }
        if after.now != time {
            line += &format!(" to {} s", after.now);
        }
        lines.push(line);
        state = after;
    }
    for note in &state.notes {
        let item = world.table.item(note.item);
        let facts: Vec<String> = item
            .facts
            .iter()
            .map(|(fact, value)| word(fact, value))
            .collect();
        let content = if item.content.is_some() {
            "kept"
        } else {
            "gone"
        };
        lines.push(format!(
            "at the end: content {content}, facts {{{}}}, in the queues {:?}",
            facts.join(", "),
            state.queue
        ));
    }
    lines
}

fn say(world: &World<'_>, state: &State, action: Action) -> String {
    let message = |what: What| match what {
        What::Job { attempt } => format!("job {attempt}"),
        What::Timer { leg, kind } => format!("timer {kind:?} of leg {leg}"),
    };
    let queued = |place: u8| {
        let it = state.queue[usize::from(place)];
        format!("{} of {}", message(it.what), it.note)
    };
    let next = |number: u8| {
        let drive = state.drives[usize::from(number)];
        let what = match drive.phase {
            Phase::Read => "decides".to_owned(),
            Phase::Answer { .. } => "hears the carrier's answer".to_owned(),
            Phase::Nap { .. } => "wakes up".to_owned(),
            Phase::Plan { plan, at, .. } => effect(&world.table.plan(plan)[usize::from(at)]),
        };
        format!("{} of {}: {what}", message(drive.what), drive.note)
    };
    match action {
        Action::Hand(note) => format!("the request {note} puts its next message into a queue"),
        Action::HandUnanswered(note) => format!("the request {note} does so and dies"),
        Action::ApiDies(note) => format!("the request {note} dies"),
        Action::Repeat(note) => format!("the bank repeats the request {note}"),
        Action::Deliver(place) => format!("received: {}", queued(place)),
        Action::DeliverCopy(place) => format!("received, and it stays: {}", queued(place)),
        Action::DeliverTwin(place) => format!("received by two at once: {}", queued(place)),
        Action::ReceivedInVain(place) => {
            format!("received, and reading the item fails: {}", queued(place))
        }
        Action::ReceivedByTheDead(place) => {
            format!("received, and the function dies: {}", queued(place))
        }
        Action::Go(number) => next(number),
        Action::Unanswered(number) => format!("{}, and hears no answer", next(number)),
        Action::Fails(number) => format!("{}, which fails", next(number)),
        Action::Dies(number) => format!("{}: dies before", next(number)),
        Action::Post(number, end) => {
            let end = match end {
                End::Accepted => "accepted",
                End::Refused => "refused",
                End::NotSent => "known not to have left",
                End::PutOff => "known not to have left, not again soon",
                End::LeftUnknown => "it leaves, and no answer comes",
                End::LostUnknown => "it does not leave, and nobody knows",
            };
            format!("{}: {end}", next(number))
        }
        Action::OverCap(number) => format!("{}: used up by others", next(number)),
        Action::Tell(note, bit) => {
            let told = match bit {
                DELIVERED => "delivered",
                READ => "read",
                FAILED => "failed",
                _ => "that an older attempt failed",
            };
            format!("Meta tells of {note}: {told}")
        }
        Action::Arm(_) => "webhook-receiver arms the next leg".to_owned(),
        Action::HookDies(_) => "webhook-receiver dies before it arms the next leg".to_owned(),
        Action::Cancel(note) => format!("the bank cancels {note}"),
        Action::OverBudget(number) => format!("{}: used up", next(number)),
        Action::Turn(turn) => format!("an operator turns a switch: {turn:?}"),
        Action::Revoke => "the customer revokes everything".to_owned(),
        Action::Pass => "time passes".to_owned(),
        Action::PassLate => "time passes although something could happen,".to_owned(),
    }
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::HandOff(Handoff::Arm { leg, kind, at }) => {
            let at = at.duration_since(accepted_at()).as_secs();
            format!("arms timer {kind:?} of leg {leg} for {at} s")
        }
        Effect::HandOff(Handoff::Enqueue { attempt, after }) => {
            format!("enqueues job {attempt} in {} s", after.as_secs())
        }
        Effect::Record(_) | Effect::Require(_) => "writes".to_owned(),
        Effect::Claim { leg, .. } => format!("claims leg {leg}"),
        Effect::Pace { .. } => "takes a pacing token".to_owned(),
        Effect::Count { .. } => "counts against the cap".to_owned(),
        Effect::Spend { leg, .. } => format!("counts leg {leg} against the SMS budget"),
        Effect::GiveBack { .. } => "gives back to the SMS budget".to_owned(),
        Effect::AskConsent { leg, .. } => format!("reads the consent for leg {leg}"),
        Effect::Post { leg, .. } => format!("sends by leg {leg}"),
        Effect::Nap(_) => "naps".to_owned(),
    }
}

/// The facts that came, changed and went.
fn changes(before: &Notification, after: &Notification) -> Vec<String> {
    let came = after
        .facts
        .iter()
        .filter(|(fact, value)| before.facts.get(fact) != Some(value))
        .map(|(fact, value)| word(fact, value));
    let went = before
        .facts
        .iter()
        .filter(|(fact, _)| !after.facts.has(fact))
        .map(|(fact, value)| format!("no longer {}", word(fact, value)));
    let dropped =
        (before.content.is_some() && after.content.is_none()).then(|| "content dropped".to_owned());
    came.chain(went).chain(dropped).collect()
}

fn word(fact: &Fact, value: &Value) -> String {
    let value = match value {
        // A time, unless it is a small count.
        Value::Number(number) if *number > 1_000_000 => {
            let ms = number - accepted_at().as_millisecond();
            format!(" {} s", ms / 1000)
        }
        Value::Number(number) => format!(" {number}"),
        Value::Text(text) => format!(" {}", text.get(..12).unwrap_or(text)),
    };
    let name = match fact {
        Fact::Leg(leg, fact) => format!("leg {leg} {fact:?}").to_lowercase(),
        Fact::Cancelled
        | Fact::Suppressed
        | Fact::SuppressedBecause
        | Fact::Answered
        | Fact::Response(_) => format!("{fact:?}").to_lowercase(),
    };
    format!("{name}{value}")
}
