//! What customers do: they write, press buttons, and receive SMS and calls.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Meta,
    agenda::Due,
    delivery::{Stage, contact},
    events::EventKind,
    numbers,
    scripts::Script,
    webhooks::Update,
};
use crate::phones::{ButtonKind, Channel, Ticks};

/// A customer's reply: a text, or the payload of a button on the phone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// What the customer writes.
    pub text: Option<String>,
    /// Payload (template) or id (interactive message, list) of the button that is pressed.
    pub button: Option<String>,
    /// How often Meta delivers the same webhook; default 1.
    pub times: Option<u32>,
    /// The business number written to; default: the one that wrote last, else the first.
    pub phone_number_id: Option<String>,
}

/// Why a customer cannot reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyRefused {
    /// Neither or both of text and button, or a text that is empty.
    #[error("a reply has either a text or a button")]
    NotOneThing,
    /// No message on the phone has such a button.
    #[error("no message on this phone has a button with that payload")]
    NoSuchButton,
    /// The business number is unknown.
    #[error("no business number has that id")]
    NoSuchNumber,
    /// The phone is switched off, or has no WhatsApp.
    #[error("this phone is offline or not on WhatsApp")]
    NotReachable,
}

/// The carrier does not take messages for this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the carrier refuses messages to this number")]
pub struct SmsRefused;

impl Meta {
    /// The customer replies; answers the id of the inbound message. What the chat showed counts as
    /// read, and the customer service window opens.
    pub fn reply(
        &mut self,
        e164: &str,
        reply: &Reply,
        now: Timestamp,
    ) -> Result<String, ReplyRefused> {
        let phone = self.phones.phone(e164);
        let reachable = phone.switches.online && phone.switches.on_whatsapp;
        if !reachable && Script::of(e164).is_none() {
            return Err(ReplyRefused::NotReachable);
        }
        let last = phone.inbox.iter().rev();
        let last = last
            .clone()
            .find_map(|arrival| arrival.phone_number_id.clone());
        let (number, mut message, text) = match (&reply.text, &reply.button) {
            (Some(text), None) if !text.is_empty() => {
                let content = json!({ "type": "text", "text": { "body": text } });
                (
                    reply.phone_number_id.clone().or(last),
                    content,
                    text.clone(),
                )
            }
            (None, Some(payload)) => {
                let (arrival, button) = phone
                    .find_button(payload)
                    .ok_or(ReplyRefused::NoSuchButton)?;
                let mut content = match button.kind {
                    ButtonKind::Reply => json!({ "type": "interactive", "interactive": {
                        "type": "button_reply",
                        "button_reply": { "id": payload, "title": button.label } } }),
                    ButtonKind::ListRow => json!({ "type": "interactive", "interactive": {
                        "type": "list_reply",
                        "list_reply": { "id": payload, "title": button.label,
                                        "description": button.description } } }),
                    ButtonKind::QuickReply
                    | ButtonKind::Url
                    | ButtonKind::PhoneNumber
                    | ButtonKind::CopyCode
                    | ButtonKind::Flow
                    | ButtonKind::OrderDetails
                    | ButtonKind::Other => json!({ "type": "button",
                        "button": { "payload": payload, "text": button.label } }),
                };
                content["context"] = json!({
                    "from": arrival.from.number.trim_start_matches('+'), "id": arrival.id });
                let number = arrival.phone_number_id.clone();
                (number, content, button.label.clone())
            }
            _ => return Err(ReplyRefused::NotOneThing),
        };
        let number = number
            .or_else(|| Some(self.settings.accounts.first()?.numbers.first()?.id.clone()))
            .ok_or(ReplyRefused::NoSuchNumber)?;
        let waba = match self.number(&number) {
            Some((waba, _)) => waba.to_owned(),
            None => return Err(ReplyRefused::NoSuchNumber),
        };
        let wamid = self.inbound_envelope(&waba, e164, &mut message, now);
        let kind = EventKind::Reply { text };
        self.note(now, Some(e164), None, kind);
        self.windows.insert((number.clone(), e164.to_owned()), now);
        self.read_chat(e164, &number, now);
        let phone = self.phones.phone(e164);
        let wa_id = (!phone.switches.username_only).then(|| phone.wa_id());
        let user_id = numbers::bsuid(&waba, e164);
        let username = phone.username();
        let contact = contact(phone, &user_id, username.as_deref(), wa_id.as_deref());
        for _ in 0..reply.times.unwrap_or(1).max(1) {
            let range = self.settings.latency.inbound.clone();
            let at = now + self.draw(range);
            let update = Update::Message {
                message: message.clone(),
                contact: contact.clone(),
            };
            // The agenda, not `tell`: a reply takes its time even without faults.
            let number = number.clone();
            self.agenda.add(at, Due::Tell { number, update });
        }
        Ok(wamid)
    }

    fn inbound_envelope(
        &mut self,
        waba: &str,
        e164: &str,
        message: &mut Value,
        now: Timestamp,
    ) -> String {
        let phone = self.phones.phone(e164);
        let (wa_id, known) = (phone.wa_id(), !phone.switches.username_only);
        let wamid = self.wamid(&wa_id);
        self.inbound.insert(wamid.clone());
        message["id"] = json!(wamid);
        message["timestamp"] = json!(now.as_second().to_string());
        message["from_user_id"] = json!(numbers::bsuid(waba, e164));
        if known {
            message["from"] = json!(wa_id);
        }
        wamid
    }

    /// Who answers has seen what stood above.
    fn read_chat(&mut self, e164: &str, number: &str, now: Timestamp) {
        if !self.phones.phone(e164).switches.read_receipts {
            return;
        }
        let unread: Vec<String> = self
            .phones
            .phone(e164)
            .inbox
            .iter()
            .filter(|arrival| arrival.phone_number_id.as_deref() == Some(number))
            .filter(|arrival| arrival.ticks == Some(Ticks::Delivered))
            .map(|arrival| arrival.id.clone())
            .collect();
        for wamid in unread {
            self.announce(&wamid, Stage::Read, now);
        }
    }

    /// An SMS reaches the phone, whatever WhatsApp does; answers the carrier's message id.
    pub fn receive_sms(
        &mut self,
        e164: &str,
        text: &str,
        from: &str,
        now: Timestamp,
    ) -> Result<String, SmsRefused> {
        let e164 = &same_phone(e164);
        let script = Script::of(e164);
        if script == Some(Script::EverythingFails) {
            self.note(now, Some(e164), None, EventKind::SmsRefused);
            return Err(SmsRefused);
        }
        let id = self.phones.receive(Channel::Sms, e164, text, from, now);
        let kind = EventKind::SmsReceived {
            text: text.to_owned(),
        };
        self.note(now, Some(e164), None, kind);
        if script == Some(Script::DeliveredAfterSms) {
            self.deliver_after_sms(e164, now);
        }
        Ok(id)
    }

    /// The recipient whose WhatsApp is always a little later than the SMS.
    fn deliver_after_sms(&mut self, e164: &str, now: Timestamp) {
        let late: Vec<String> = self
            .outbound
            .values()
            .filter(|message| message.e164 == e164 && message.arrived.is_none())
            .filter(|message| !message.told.iter().any(|it| matches!(it, Stage::Failed(_))))
            .map(|message| message.wamid.clone())
            .collect();
        for wamid in late {
            let range = self.settings.latency.delivered.clone();
            let at = now + self.draw(range);
            self.plan(&wamid, Stage::Delivered, at);
        }
    }

    /// A call is answered; `text` is what is spoken. Answers the carrier's message id.
    pub fn receive_call(
        &mut self,
        e164: &str,
        text: &str,
        from: &str,
        now: Timestamp,
    ) -> Result<String, SmsRefused> {
        let e164 = &same_phone(e164);
        if Script::of(e164) == Some(Script::EverythingFails) {
            self.note(now, Some(e164), None, EventKind::SmsRefused);
            return Err(SmsRefused);
        }
        let id = self.phones.receive(Channel::Voice, e164, text, from, now);
        let kind = EventKind::CallReceived {
            text: text.to_owned(),
        };
        self.note(now, Some(e164), None, kind);
        Ok(id)
    }
}

/// Carriers, too, reach a Brazilian mobile without its ninth digit.
fn same_phone(e164: &str) -> String {
    numbers::parse_e164(e164).unwrap_or_else(|| e164.to_owned())
}
