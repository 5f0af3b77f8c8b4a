//! Everything that happened in a run, in order: what the auditor reads and what a failure prints.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use recado_domain::ids::NotificationId;

pub use crate::event::{About, Actor, End, Event, Function, Place, Told};
use crate::sim::BEGINS;

/// A run's events with their times.
#[derive(Clone, Debug, Default)]
pub struct History {
    events: Vec<(i64, Event)>,
}

impl History {
    pub(crate) fn push(&mut self, at: i64, event: Event) {
        self.events.push((at, event));
    }

    /// All of it.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Event)> {
        self.events.iter().map(|(at, event)| (*at, event))
    }

    /// How many events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Two runs with the same fingerprint were the same.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (at, event) in &self.events {
            at.hash(&mut hasher);
            format!("{event:?}").hash(&mut hasher);
        }
        hasher.finish()
    }

    /// What happened to one notification, a line each: its own events and those of whoever worked on it.
    #[must_use]
    pub fn of(&self, id: &NotificationId) -> String {
        let mut messages = std::collections::BTreeSet::new();
        let mut actors = std::collections::BTreeSet::new();
        for (_, event) in &self.events {
            if let Event::Sent { message, about, .. } = event
                && about.notification() == Some(id)
            {
                messages.insert(*message);
            }
        }
        for (_, event) in &self.events {
            if let Event::Began { actor, records, .. } = event {
                let mine = records.iter().filter(|(_, m)| messages.contains(m));
                let mine: Vec<Actor> = mine.map(|(record, _)| *record).collect();
                if !mine.is_empty() {
                    actors.insert(*actor);
                    actors.extend(mine);
                }
            }
        }
        let about = |event: &Event| {
            if let Event::Acknowledged { message }
            | Event::Died { message }
            | Event::Redriven { message } = event
            {
                return messages.contains(message);
            }
            if let Event::Ended { actor: by, .. }
            | Event::Began { actor: by, .. }
            | Event::Struck { by, .. }
            | Event::Asked { by, .. } = event
            {
                return actors.contains(by);
            }
            if let Event::Answered { body, .. } = event {
                return body.contains(id.as_str());
            }
            matches!(event, Event::Chapter(_) | Event::Turned(_))
                || event.notification() == Some(id)
        };
        let lines = self.events.iter().filter(|(_, event)| about(event));
        lines.map(|(at, event)| line(*at, event)).collect()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, event) in &self.events {
            f.write_str(&line(*at, event))?;
        }
        Ok(())
    }
}

fn line(at: i64, event: &Event) -> String {
    let elapsed = at - BEGINS;
    let said = said(event)
        .replace("NotificationId(\"", "")
        .replace("\")", "");
    format!("{:>7}.{:03} s  {said}\n", elapsed / 1000, elapsed % 1000)
}

/// An event in one line, the long ones shortened.
fn said(event: &Event) -> String {
    if let Event::Asked {
        by,
        tenant,
        recipient,
        consents,
    } = event
    {
        let channels = consents.0.iter().flat_map(|(channel, held)| {
            let each = held.purposes.iter();
            each.map(move |(class, it)| format!("{channel} {class} {}", it.action.name()))
        });
        let channels = channels.collect::<Vec<_>>().join(", ");
        return format!("Asked {{ by: {by:?}, {tenant} {recipient}: {channels} }}");
    }
    if let Event::Answered {
        key,
        variant,
        status,
        word,
        replayed,
        by,
        ..
    } = event
    {
        return format!(
            "Answered {{ order {key}.{variant}: {status} {word}, replayed: {replayed}, by: {by:?} }}"
        );
    }
    format!("{event:?}")
}
