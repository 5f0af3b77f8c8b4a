//! What happens on the stack, in one stream: the front door's answers and the simulated world's events.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use recado_testing::meta::{EventKind, SimEvent};
use serde::Serialize;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::front_door::{Exchange, Observer};
use crate::sim::Sim;

/// Entries that a slow reader may lag behind.
const KEPT: usize = 8192;
/// Entries that are told to whoever comes late: more than the page shows.
const REMEMBERED: usize = 500;

/// One thing that happened, as a line for a person.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Counted from 1 in each run; given when it enters the stream.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// A bounded word.
    pub kind: &'static str,
    /// Which notification, where one is concerned.
    pub notification: Option<String>,
    /// Whose phone, where one is concerned.
    pub phone: Option<String>,
    /// What happened, without anybody's words.
    pub what: String,
    /// The words, where somebody wrote or received some: for the page, never for a log.
    pub text: String,
}

/// The stream; clones are the same one.
#[derive(Clone)]
pub struct Timeline(Arc<Stream>);

struct Stream {
    live: broadcast::Sender<Entry>,
    past: Mutex<Past>,
    /// Tells this run's numbers from another's.
    run: i64,
}

#[derive(Default)]
struct Past {
    entries: VecDeque<Entry>,
    last: u64,
}

impl Timeline {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Stream {
            live: broadcast::Sender::new(KEPT),
            past: Mutex::default(),
            run: crate::clock::now().as_millisecond(),
        }))
    }

    /// Everything from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Entry> {
        self.0.live.subscribe()
    }

    /// What is remembered and follows on the entry with this name (all of it if the name is another
    /// run's), and everything from now on: nothing in between is lost or told twice.
    pub(crate) fn resume(&self, seen: Option<&str>) -> (Vec<Entry>, broadcast::Receiver<Entry>) {
        let seen = seen.and_then(|name| {
            let (run, number) = name.split_once('-')?;
            (run.parse() == Ok(self.0.run)).then(|| number.parse::<u64>().ok())?
        });
        let past = self.0.past.lock().unwrap_or_else(PoisonError::into_inner);
        let unseen = past
            .entries
            .iter()
            .filter(|entry| Some(entry.number) > seen);
        (unseen.cloned().collect(), self.0.live.subscribe())
    }

    /// An entry's name, unlike that of any other run's entry.
    pub(crate) fn name(&self, entry: &Entry) -> String {
        format!("{}-{}", self.0.run, entry.number)
    }

    fn push(&self, mut entry: Entry) {
        let mut past = self.0.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.last += 1;
        entry.number = past.last;
        if past.entries.len() == REMEMBERED {
            past.entries.pop_front();
        }
        past.entries.push_back(entry.clone());
        // Sent under the lock, so that whoever resumes misses none. An error only says that nobody
        // listens.
        self.0.live.send(entry).ok();
    }

    /// Takes down what the front door accepted, cancelled or refused.
    pub(crate) fn observer(&self) -> Observer {
        let timeline = self.clone();
        Arc::new(move |exchange: &Exchange<'_>| {
            if let Some(entry) = of_exchange(exchange) {
                timeline.push(entry);
            }
        })
    }

    /// Takes down what happens in the simulated world.
    pub(crate) fn follow(&self, sim: &Sim) -> JoinHandle<()> {
        let (timeline, mut events) = (self.clone(), sim.events());
        tokio::spawn(async move {
            loop {
                match events.recv().await {
                    Ok(event) => {
                        if let Some(entry) = of_event(event) {
                            timeline.push(entry);
                        }
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        })
    }
}

fn of_exchange(exchange: &Exchange<'_>) -> Option<Entry> {
    let route = exchange.route?;
    let body: serde_json::Value = serde_json::from_slice(exchange.body).unwrap_or_default();
    let notification = body["id"].as_str().map(str::to_owned);
    let (kind, text) = match (route, exchange.status) {
        ("POST /v1/notifications", 202) => {
            let template = body["template"].as_str().unwrap_or_default();
            (
                "accepted",
                format!(
                    "{template} to {} accepted",
                    body["to"].as_str().unwrap_or_default()
                ),
            )
        }
        ("POST /v1/notifications/{id}/cancel", 200) => {
            ("cancelled", "cancelled by the bank".to_owned())
        }
        ("POST /v1/media", 201) => ("uploaded", "file uploaded".to_owned()),
        ("POST /v1/consents", 200) => ("consent", "consent recorded".to_owned()),
        (route, status) if status >= 400 => ("refused", format!("{route} answered {status}")),
        _ => return None,
    };
    Some(Entry {
        number: 0,
        at: crate::clock::now(),
        kind,
        notification,
        phone: None,
        what: text.clone(),
        text,
    })
}

fn of_event(event: SimEvent) -> Option<Entry> {
    let (kind, text) = match event.kind {
        EventKind::Accepted { .. } => ("submitted", "WhatsApp took it over".to_owned()),
        EventKind::Rejected {
            code: Some(code), ..
        } => ("rejected", format!("WhatsApp refused it: {code}")),
        EventKind::Rejected { code: None, status } => {
            ("rejected", format!("WhatsApp answered {status}"))
        }
        EventKind::AnswerLost => ("answer_lost", "WhatsApp's answer was lost".to_owned()),
        EventKind::Sent => ("sent", "on its way to the phone".to_owned()),
        EventKind::Delivered => ("delivered", "on the phone".to_owned()),
        EventKind::Read => ("read", "read by the customer".to_owned()),
        EventKind::Failed { code } => ("failed", format!("WhatsApp could not deliver it: {code}")),
        EventKind::Expired => (
            "expired",
            "WhatsApp stopped trying: its time to live is over".to_owned(),
        ),
        EventKind::SmsReceived { text } => {
            return Some(said(event.at, event.phone, "sms", "SMS received", &text));
        }
        EventKind::SmsRefused => ("sms_refused", "the carrier refused the SMS".to_owned()),
        EventKind::CallReceived { text } => {
            return Some(said(event.at, event.phone, "voice", "call answered", &text));
        }
        EventKind::Reply { text } => {
            return Some(said(
                event.at,
                event.phone,
                "reply",
                "the customer answered",
                &text,
            ));
        }
        EventKind::Switched {
            online,
            on_whatsapp,
        } => {
            let power = if online { "on" } else { "off" };
            let account = if on_whatsapp { "" } else { ", not on WhatsApp" };
            ("switched", format!("phone {power}{account}"))
        }
        EventKind::WebhookLost { updates } => ("webhook_lost", format!("{updates} updates lost")),
        EventKind::TemplateStatus { name, status, .. } => {
            ("template", format!("{name} is {status}"))
        }
        EventKind::WebhookPosted {
            status: Some(200), ..
        } => return None,
        EventKind::WebhookPosted {
            status, attempt, ..
        } => {
            let answer = status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
            (
                "webhook",
                format!("webhook answered with {answer}, try {attempt}"),
            )
        }
    };
    let (notification, phone) = (event.notification, event.phone);
    Some(Entry {
        number: 0,
        at: event.at,
        kind,
        notification,
        phone,
        what: text.clone(),
        text,
    })
}

fn said(at: Timestamp, phone: Option<String>, kind: &'static str, what: &str, text: &str) -> Entry {
    Entry {
        number: 0,
        at,
        kind,
        notification: None,
        phone,
        what: what.to_owned(),
        text: format!("{what}: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(what: &str) -> Entry {
        said(Timestamp::UNIX_EPOCH, None, "sms", what, "")
    }

    fn told(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.what.as_str()).collect()
    }

    #[tokio::test]
    async fn whoever_comes_late_or_again_is_told_what_was_missed_and_nothing_twice() {
        let timeline = Timeline::new();
        for what in ["first", "second"] {
            timeline.push(entry(what));
        }
        let (past, mut live) = timeline.resume(None);
        assert_eq!(told(&past), ["first", "second"]);
        timeline.push(entry("third"));
        assert_eq!(live.recv().await.unwrap().what, "third");

        let (past, _) = timeline.resume(Some(&timeline.name(&past[0])));
        assert_eq!(told(&past), ["second", "third"]);
        for unknown in ["0-2", "2", "", "-"] {
            let (past, _) = timeline.resume(Some(unknown));
            assert_eq!(told(&past), ["first", "second", "third"], "{unknown:?}");
        }
    }

    #[test]
    fn what_is_remembered_has_an_end() {
        let timeline = Timeline::new();
        for number in 0..=REMEMBERED {
            timeline.push(entry(&number.to_string()));
        }
        let (past, _) = timeline.resume(None);
        assert_eq!((past.len(), past[0].what.as_str()), (REMEMBERED, "1"));
    }
}
