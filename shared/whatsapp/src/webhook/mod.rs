//! What Meta posts to us: verified over its bytes ([`verify`]), then read entry by entry
//! ([`parse`]), so that a strange one harms itself alone (I12), then folded ([`fold`]).

mod account;
mod contacts;
mod fold;
mod messages;
mod model;
mod notes;
mod signature;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use thiserror::Error;

pub use account::{AccountChange, AccountUpdate, TemplateChange, TemplateUpdate};
pub use fold::{Folded, fold};
pub use model::{
    Choice, Inbound, InboundContent, MediaKind, MessageId, OtherStatus, Person, Preference,
    Receipt, ReceiptStatus, SystemError, SystemEvent, Update,
};
pub use signature::{
    AppSecret, EmptySecret, SignatureError, VerifyToken, verify, verify_challenge,
};
pub use words::{
    AccountEvent, BanState, Category, Decision, NumberEvent, PinEvent, Quality, Restriction,
    Severity, TemplateEvent, TemplateReason,
};

use crate::json;

/// The largest POST that Meta makes, in bytes (Meta: 3 MB, 1,000 updates).
pub const MAX_BODY: usize = 3 * 1024 * 1024;

/// One POST of Meta's.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Notice {
    /// What it tells, in its order.
    pub updates: Vec<Update>,
    /// What could not be read, and how often. Meta repeats a POST, not an entry, so these are lost:
    /// alarm on them.
    pub strange: BTreeMap<Strange, u32>,
    /// What is read by nobody here, and how often.
    pub ignored: BTreeMap<Ignored, u32>,
}

/// The body is not JSON. Not Meta's doing: refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the body is not JSON")]
pub struct NotJson;

/// Which part of a notice could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strange {
    /// The whole: not a WhatsApp account's, or without entries.
    Envelope,
    /// An entry without a list of changes.
    Entry,
    /// A change without field or value, or a list in it that is none.
    Change,
    /// A change without our number's id.
    Number,
    /// A receipt without a status.
    Receipt,
    /// A message without id or kind, or whose content is not what its kind says.
    Message,
    /// A message or a preference from nobody.
    Sender,
    /// A preference about something else than marketing, or neither stop nor resume.
    Preference,
    /// An error that is none.
    SystemError,
    /// A template's event without name or language.
    Template,
    /// An account's event without an account.
    Account,
}

impl Strange {
    /// The word in metrics and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Envelope => "envelope",
            Self::Entry => "entry",
            Self::Change => "change",
            Self::Number => "number",
            Self::Receipt => "receipt",
            Self::Message => "message",
            Self::Sender => "sender",
            Self::Preference => "preference",
            Self::SystemError => "system_error",
            Self::Template => "template",
            Self::Account => "account",
        }
    }
}

/// The fields of an app's subscription that are read here: without one of them, what it tells never comes.
pub const FIELDS: [&str; 13] = [
    "messages",
    "user_preferences",
    "message_template_status_update",
    "message_template_quality_update",
    "message_template_components_update",
    "template_category_update",
    "account_update",
    "account_review_update",
    "account_alerts",
    "phone_number_quality_update",
    "phone_number_name_update",
    "business_capability_update",
    "security",
];

/// What a notice holds that Recado has no use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// Something about a template that is not of Recado's catalogue.
    ForeignTemplate,
    /// Flows.
    Flows,
    /// Calls.
    Calls,
    /// Groups.
    Groups,
    /// The WhatsApp Business app beside the API.
    BusinessApp,
    /// The business's username.
    Username,
    /// Settings of a number.
    Settings,
    /// Payments' configuration.
    Payments,
    /// A field that nobody here has seen.
    Other,
}

impl Ignored {
    fn of(field: &str) -> Self {
        match field {
            "flows" => Self::Flows,
            "calls" => Self::Calls,
            "smb_message_echoes" | "smb_app_state_sync" | "history" => Self::BusinessApp,
            "business_username_updates" => Self::Username,
            "account_settings_update" => Self::Settings,
            "payment_configuration_update" => Self::Payments,
            _ if field.starts_with("group_") => Self::Groups,
            _ => Self::Other,
        }
    }

    /// The word in metrics and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ForeignTemplate => "foreign_template",
            Self::Flows => "flows",
            Self::Calls => "calls",
            Self::Groups => "groups",
            Self::BusinessApp => "business_app",
            Self::Username => "username",
            Self::Settings => "settings",
            Self::Payments => "payments",
            Self::Other => "other",
        }
    }
}

/// Reads a POST. The signature was verified before.
///
/// Whatever is JSON is read as far as it can be: an entry that cannot is counted and the others are
/// returned.
pub fn parse(body: &[u8]) -> Result<Notice, NotJson> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        object: Option<&'a RawValue>,
        #[serde(borrow)]
        entry: Option<Vec<&'a RawValue>>,
    }
    let text = str::from_utf8(body).map_err(|_| NotJson)?;
    let envelope = json::object_in::<Envelope<'_>>(text);
    if envelope.is_none() {
        // What is no envelope may be JSON all the same.
        serde_json::from_str::<IgnoredAny>(text).map_err(|_| NotJson)?;
    }
    let ours =
        envelope.filter(|it| json::text(it.object).as_deref() == Some("whatsapp_business_account"));
    let mut notice = Notice::default();
    match ours.and_then(|envelope| envelope.entry) {
        Some(entries) => entries.into_iter().for_each(|raw| notice.entry(raw)),
        None => notice.strange(Strange::Envelope),
    }
    Ok(notice)
}

impl Notice {
    fn strange(&mut self, what: Strange) {
        *self.strange.entry(what).or_default() += 1;
    }

    fn ignored(&mut self, what: Ignored) {
        *self.ignored.entry(what).or_default() += 1;
    }

    fn entry(&mut self, raw: &RawValue) {
        #[derive(Deserialize)]
        struct Entry<'a> {
            #[serde(borrow)]
            id: Option<&'a RawValue>,
            #[serde(borrow)]
            time: Option<&'a RawValue>,
            #[serde(borrow)]
            changes: Option<Vec<&'a RawValue>>,
        }
        let Some(Entry {
            id: account,
            time,
            changes: Some(changes),
        }) = json::object(Some(raw))
        else {
            return self.strange(Strange::Entry);
        };
        let frame = account::Frame { account, time };
        for raw in changes {
            self.change(&frame, raw);
        }
    }

    fn change(&mut self, frame: &account::Frame<'_>, raw: &RawValue) {
        #[derive(Deserialize)]
        struct Change<'a> {
            #[serde(borrow)]
            field: Option<&'a RawValue>,
            #[serde(borrow)]
            value: Option<&'a RawValue>,
        }
        let change = json::object::<Change<'_>>(Some(raw));
        let Some((field, value)) = change.and_then(|it| Some((json::text(it.field)?, it.value?)))
        else {
            return self.strange(Strange::Change);
        };
        match field.as_ref() {
            "messages" | "user_preferences" => messages::read(value, self),
            field => match account::read(field, frame, value) {
                Ok(account::Read::Update(update)) => self.updates.push(update),
                Ok(account::Read::Ignored(what)) => self.ignored(what),
                Err(what) => self.strange(what),
            },
        }
    }
}

/// Unix seconds, as a string or a number.
fn timestamp(raw: Option<&RawValue>) -> Option<Timestamp> {
    Timestamp::from_second(json::number(raw)?).ok()
}

#[cfg(test)]
mod tests;
