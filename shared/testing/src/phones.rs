//! The customers' phones: their switches, and what has reached them.

mod screen;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

pub(crate) use screen::media_line;
pub use screen::{Button, ButtonKind, Screen};

use crate::meta::numbers;

/// What can be switched on a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Switches {
    /// Whether WhatsApp can reach it now. SMS and calls arrive regardless.
    pub online: bool,
    /// Whether the number has a WhatsApp account.
    pub on_whatsapp: bool,
    /// Whether the business gets to know that a message was read.
    pub read_receipts: bool,
    /// Milliseconds between the arrival of a message and its reading; `None`: nobody looks.
    pub reads_after_ms: Option<u64>,
    /// The user goes by a username: inbound messages carry no number.
    pub username_only: bool,
    /// Meta knows this Brazilian number without its ninth digit; `None`: as the number has it.
    pub drops_ninth_digit: Option<bool>,
    /// Name of the WhatsApp profile; `None`: a name that always belongs to the number.
    pub name: Option<String>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            online: true,
            on_whatsapp: true,
            read_receipts: true,
            reads_after_ms: Some(300),
            username_only: false,
            drops_ninth_digit: None,
            name: None,
        }
    }
}

/// A partial change of [`Switches`]: what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Change {
    /// See [`Switches::online`].
    pub online: Option<bool>,
    /// See [`Switches::on_whatsapp`].
    pub on_whatsapp: Option<bool>,
    /// See [`Switches::read_receipts`].
    pub read_receipts: Option<bool>,
    /// See [`Switches::reads_after_ms`]; JSON `null`, here `Some(None)`: nobody looks.
    #[serde(deserialize_with = "given")]
    pub reads_after_ms: Option<Option<u64>>,
    /// See [`Switches::username_only`].
    pub username_only: Option<bool>,
    /// See [`Switches::drops_ninth_digit`]; JSON `null`: as the number has it.
    #[serde(deserialize_with = "given")]
    pub drops_ninth_digit: Option<Option<bool>>,
    /// See [`Switches::name`]; JSON `null`: the number's own name.
    #[serde(deserialize_with = "given")]
    pub name: Option<Option<String>>,
}

/// Tells an absent member from one that is `null`.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(input).map(Some)
}

/// By which way something arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A WhatsApp message.
    Whatsapp,
    /// A text message.
    Sms,
    /// A call; its text is what was spoken.
    Voice,
}

/// Who a message comes from, as the phone shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sender {
    /// The business's verified name; `None` where the channel has none.
    pub name: Option<String>,
    /// Number in E.164, or an SMS sender id.
    pub number: String,
}

/// What the sender of a WhatsApp message sees beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ticks {
    /// Two grey ticks.
    Delivered,
    /// Two blue ones.
    Read,
}

/// Something that has reached a phone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Arrival {
    /// wamid, or the carrier's message id.
    pub id: String,
    /// Way of arrival.
    pub channel: Channel,
    /// When it arrived.
    pub at: Timestamp,
    /// Header, text, footer and buttons.
    #[serde(flatten)]
    pub screen: Screen,
    /// `ntf_…`, from the callback data; `None` when the sender did not say (an SMS never does).
    pub notification: Option<String>,
    /// WhatsApp only.
    pub ticks: Option<Ticks>,
    /// Sender.
    pub from: Sender,
    /// The business number's id at Meta; WhatsApp only.
    pub phone_number_id: Option<String>,
}

/// A phone.
#[derive(Debug, Clone)]
pub struct Phone {
    /// E.164, with the ninth digit in Brazil.
    pub number: String,
    /// Its switches.
    pub switches: Switches,
    /// Everything that arrived, in order of arrival.
    pub inbox: Vec<Arrival>,
}

impl Phone {
    /// The id under which WhatsApp knows the number: digits, without `+`.
    pub fn wa_id(&self) -> String {
        let drops = self
            .switches
            .drops_ninth_digit
            .unwrap_or_else(|| numbers::usually_drops_ninth(&self.number));
        let ninth = match drops {
            true => numbers::NinthDigit::Dropped,
            false => numbers::NinthDigit::Kept,
        };
        numbers::wa_id(&self.number, ninth)
    }

    /// Name of the WhatsApp profile.
    pub fn name(&self) -> &str {
        match &self.switches.name {
            Some(name) => name,
            None => numbers::profile_name(&self.number),
        }
    }

    /// The username, where the user goes by one.
    pub fn username(&self) -> Option<String> {
        self.switches.username_only.then(|| {
            let tail = &self.number[self.number.len().saturating_sub(4)..];
            format!("cliente.{tail}")
        })
    }

    /// The newest arrival with a button of that payload, and the button.
    pub(crate) fn find_button(&self, payload: &str) -> Option<(&Arrival, &Button)> {
        self.inbox.iter().rev().find_map(|arrival| {
            let buttons = arrival.screen.buttons.iter();
            let mut pressed = buttons.filter(|it| it.payload.as_deref() == Some(payload));
            pressed.next().map(|button| (arrival, button))
        })
    }
}

/// Every phone that was switched, looked at or written to.
#[derive(Debug, Clone, Default)]
pub struct Phones {
    default: Switches,
    by_number: BTreeMap<String, Phone>,
    received: u64,
}

impl Phones {
    pub(crate) fn new(default: Switches) -> Self {
        Self {
            default,
            by_number: BTreeMap::new(),
            received: 0,
        }
    }

    /// The phone of a number in E.164; it exists from the first time it is asked for.
    pub fn phone(&mut self, e164: &str) -> &mut Phone {
        self.by_number
            .entry(e164.to_owned())
            .or_insert_with(|| Phone {
                number: e164.to_owned(),
                switches: self.default.clone(),
                inbox: Vec::new(),
            })
    }

    /// A phone that is known already.
    pub fn get(&self, e164: &str) -> Option<&Phone> {
        self.by_number.get(e164)
    }

    /// All known phones, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Phone> {
        self.by_number.values()
    }

    pub(crate) fn change(&mut self, e164: &str, change: Change) {
        let switches = &mut self.phone(e164).switches;
        let set = |switch: &mut bool, to: Option<bool>| *switch = to.unwrap_or(*switch);
        set(&mut switches.online, change.online);
        set(&mut switches.on_whatsapp, change.on_whatsapp);
        set(&mut switches.read_receipts, change.read_receipts);
        set(&mut switches.username_only, change.username_only);
        if let Some(after) = change.reads_after_ms {
            switches.reads_after_ms = after;
        }
        if let Some(drops) = change.drops_ninth_digit {
            switches.drops_ninth_digit = drops;
        }
        if let Some(name) = change.name {
            switches.name = name;
        }
    }

    /// An SMS or a call arrives; answers the carrier's message id.
    pub(crate) fn receive(
        &mut self,
        channel: Channel,
        e164: &str,
        text: &str,
        from: &str,
        at: Timestamp,
    ) -> String {
        self.received += 1;
        let id = format!(
            "{:08x}-0000-4000-8000-{:012x}",
            self.received, self.received
        );
        self.phone(e164).inbox.push(Arrival {
            id: id.clone(),
            channel,
            at,
            screen: Screen::plain(text),
            notification: None,
            ticks: None,
            from: Sender {
                name: None,
                number: from.to_owned(),
            },
            phone_number_id: None,
        });
        id
    }
}
