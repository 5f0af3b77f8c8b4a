//! From acceptance to `read`: the steps of a message and the statuses that tell of them.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt;
use serde_json::{Value, json};

use super::{
    Meta, agenda::Due, errors::webhook_error, events::EventKind, numbers, webhooks::Update,
};
use crate::phones::{Arrival, Channel, Phone, Screen, Sender, Ticks};

/// A step of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Sent,
    Delivered,
    Read,
    /// With Meta's code.
    Failed(u32),
}

/// How the business addressed the recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addressed {
    ByPhone,
    ByUserId,
}

/// Who decides what happens to an accepted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// The phone and its switches.
    Phone,
    /// All steps are on the agenda from the beginning.
    Fixed,
}

/// A message that Meta accepted.
#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    pub(crate) wamid: String,
    pub(crate) number: String,
    pub(crate) e164: String,
    pub(crate) addressed: Addressed,
    pub(crate) notification: Option<String>,
    pub(crate) callback_data: Option<String>,
    pub(crate) price: &'static str,
    /// End of the time to live.
    pub(crate) expires: Timestamp,
    pub(crate) screen: Screen,
    pub(crate) course: Course,
    /// Place in the phone's inbox, once it is there.
    pub(crate) arrived: Option<usize>,
    /// Steps that were announced.
    pub(crate) told: Vec<Stage>,
}

impl Meta {
    pub(crate) fn draw(&mut self, range: RangeInclusive<u64>) -> Duration {
        Duration::from_millis(self.rng.random_range(range))
    }

    pub(crate) fn plan(&mut self, wamid: &str, stage: Stage, at: Timestamp) {
        let wamid = wamid.to_owned();
        self.agenda.add(at, Due::Step { wamid, stage });
    }

    /// Puts the first step of a message, or with a fixed course all of them, on the agenda.
    pub(crate) fn begin(&mut self, wamid: &str, stages: &[Stage], now: Timestamp) {
        let mut at = now;
        for stage in stages {
            let latency = self.settings.latency.clone();
            let range = match stage {
                Stage::Sent | Stage::Failed(_) => latency.sent,
                Stage::Delivered => latency.delivered,
                Stage::Read => latency.read,
            };
            at += self.draw(range);
            self.plan(wamid, *stage, at);
            if matches!(stage, Stage::Failed(_)) {
                // Another device of the same customer takes longer.
                at += Duration::from_secs(1);
            }
        }
    }

    /// One step is due.
    pub(crate) fn step(&mut self, wamid: &str, stage: Stage, at: Timestamp) {
        let Some(message) = self.outbound.get(wamid) else {
            return;
        };
        if message.told.contains(&stage) {
            return;
        }
        let (course, e164) = (message.course, message.e164.clone());
        if course == Course::Phone && self.must_wait(&e164, stage) {
            let waiting = self.waiting.entry(e164).or_default();
            waiting.push((wamid.to_owned(), stage));
            return;
        }
        match stage {
            Stage::Sent => {
                self.announce(wamid, stage, at);
                if course == Course::Phone {
                    let range = self.settings.latency.delivered.clone();
                    let due = at + self.draw(range);
                    self.plan(wamid, Stage::Delivered, due);
                }
            }
            Stage::Delivered => {
                let switches = self.phones.phone(&e164).switches.clone();
                if course == Course::Phone && !switches.on_whatsapp {
                    self.announce(wamid, Stage::Failed(131_026), at);
                    return;
                }
                self.arrive(wamid, at);
                self.announce(wamid, stage, at);
                if let (Course::Phone, Some(after)) = (course, switches.reads_after_ms) {
                    self.plan(wamid, Stage::Read, at + Duration::from_millis(after));
                }
            }
            Stage::Read => {
                self.arrive(wamid, at);
                if course == Course::Fixed || self.phones.phone(&e164).switches.read_receipts {
                    self.announce(wamid, stage, at);
                }
            }
            Stage::Failed(_) => self.announce(wamid, stage, at),
        }
    }

    /// Neither a message nor the news of its reading gets through to a phone that is off.
    fn must_wait(&mut self, e164: &str, stage: Stage) -> bool {
        matches!(stage, Stage::Delivered | Stage::Read) && !self.phones.phone(e164).switches.online
    }

    /// Takes up what waited for a phone. A message whose time to live ended meanwhile is dropped,
    /// and nobody is told.
    pub(crate) fn came_online(&mut self, e164: &str, now: Timestamp) {
        let mut at = now;
        for (wamid, stage) in self.waiting.remove(e164).unwrap_or_default() {
            let Some(message) = self.outbound.get(&wamid) else {
                continue;
            };
            if stage == Stage::Delivered && now > message.expires {
                let notification = message.notification.clone();
                self.note(now, Some(e164), notification.as_deref(), EventKind::Expired);
                continue;
            }
            let range = self.settings.latency.delivered.clone();
            at = at.max(now + self.draw(range));
            self.plan(&wamid, stage, at);
        }
    }

    /// The message stands on the phone's screen.
    fn arrive(&mut self, wamid: &str, at: Timestamp) {
        let Some(message) = self.outbound.get(wamid) else {
            return;
        };
        if message.arrived.is_some() {
            return;
        }
        let Some((_, business)) = self.number(&message.number) else {
            return;
        };
        let arrival = Arrival {
            id: wamid.to_owned(),
            channel: Channel::Whatsapp,
            at,
            screen: message.screen.clone(),
            notification: message.notification.clone(),
            ticks: Some(Ticks::Delivered),
            from: Sender {
                name: Some(business.name.clone()),
                number: business.number.clone(),
            },
            phone_number_id: Some(business.id.clone()),
        };
        let e164 = message.e164.clone();
        let inbox = &mut self.phones.phone(&e164).inbox;
        let place = inbox.len();
        inbox.push(arrival);
        if let Some(message) = self.outbound.get_mut(wamid) {
            message.arrived = Some(place);
        }
    }

    /// Tells the business, and the timeline, of a step; at most once.
    pub(crate) fn announce(&mut self, wamid: &str, stage: Stage, at: Timestamp) {
        let Some(mut message) = self.outbound.remove(wamid) else {
            return;
        };
        if !message.told.contains(&stage) {
            let update = self.status(&message, stage, at);
            message.told.push(stage);
            if stage == Stage::Read
                && let Some(place) = message.arrived
                && let Some(arrival) = self.phones.phone(&message.e164).inbox.get_mut(place)
            {
                arrival.ticks = Some(Ticks::Read);
            }
            let kind = match stage {
                Stage::Sent => EventKind::Sent,
                Stage::Delivered => EventKind::Delivered,
                Stage::Read => EventKind::Read,
                Stage::Failed(code) => EventKind::Failed { code },
            };
            let notification = message.notification.as_deref();
            self.note(at, Some(&message.e164), notification, kind);
            self.tell(&message.number, update, at);
        }
        self.outbound.insert(wamid.to_owned(), message);
    }

    fn status(&mut self, message: &Outbound, stage: Stage, at: Timestamp) -> Update {
        let waba = self
            .number(&message.number)
            .map(|(waba, _)| waba.to_owned())
            .unwrap_or_default();
        let phone = self.phones.phone(&message.e164);
        let by_phone = message.addressed == Addressed::ByPhone;
        let known = by_phone || !phone.switches.username_only;
        let wa_id = known.then(|| phone.wa_id());
        let user_id = numbers::bsuid(&waba, &message.e164);
        let mut status = json!({
            "id": message.wamid,
            "status": match stage {
                Stage::Sent => "sent",
                Stage::Delivered => "delivered",
                Stage::Read => "read",
                Stage::Failed(_) => "failed",
            },
            "timestamp": at.as_second().to_string(),
        });
        if let Some(wa_id) = &wa_id {
            status["recipient_id"] = json!(wa_id);
        }
        if let Some(data) = &message.callback_data {
            status["biz_opaque_callback_data"] = json!(data);
        }
        if let Stage::Failed(code) = stage {
            status["errors"] = json!([webhook_error(code)]);
            if !by_phone {
                status["recipient_user_id"] = json!(user_id);
            }
            // A failure comes without contacts.
            return Update::Status {
                status,
                contact: None,
            };
        }
        status["recipient_user_id"] = json!(user_id);
        let seen = |stage| message.told.contains(&stage);
        if stage == Stage::Sent || !(seen(Stage::Delivered) || seen(Stage::Read)) {
            status["pricing"] = json!({
                "billable": true, "pricing_model": "PMP", "type": "regular",
                "category": message.price,
            });
        }
        let username = match stage {
            Stage::Delivered | Stage::Read => phone.username(),
            Stage::Sent | Stage::Failed(_) => None,
        };
        let contact = contact(phone, &user_id, username.as_deref(), wa_id.as_deref());
        Update::Status {
            status,
            contact: Some(contact),
        }
    }
}

/// `contacts[0]` of a webhook.
pub(crate) fn contact(
    phone: &Phone,
    user_id: &str,
    username: Option<&str>,
    wa_id: Option<&str>,
) -> Value {
    let mut contact = json!({ "profile": { "name": phone.name() }, "user_id": user_id });
    if let Some(username) = username {
        contact["profile"]["username"] = json!(username);
    }
    if let Some(wa_id) = wa_id {
        contact["wa_id"] = json!(wa_id);
    }
    contact
}
