//! What Meta tells us, in our types. What holds the customer's words or identity has no `Debug`.

use std::fmt;

use jiff::Timestamp;
use recado_domain::carried::Carried;
use recado_domain::delivery::Failure;
use recado_domain::ids::{PhoneNumberId, UserId};
use recado_domain::phone::E164;

use super::account::{AccountUpdate, TemplateUpdate};

/// One thing that Meta tells.
#[derive(Clone, PartialEq, Eq)]
pub enum Update {
    /// What became of a message of ours.
    Receipt(Receipt),
    /// A message from a customer.
    Inbound(Box<Inbound>),
    /// A customer stopped, or resumed, marketing messages.
    Preference(Preference),
    /// Something happened to a template.
    Template(TemplateUpdate),
    /// Something happened to the account or one of its numbers.
    Account(AccountUpdate),
    /// Meta reports an error that belongs to no message.
    SystemError(SystemError),
}

/// Meta's id of a message. It contains the counterparty's number: no `Debug`, no `Display`, and
/// never a key or a log field. A digest of it may be.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MessageId(String);

impl MessageId {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Takes an id out of where it was stored sealed.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The id as Meta wrote it, for Meta's API, a seal or a digest.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A customer, by what Meta discloses of them: at least one of the two.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// Their number as Meta writes it: a Brazilian mobile may lack its ninth digit.
    pub phone: Option<E164>,
    /// Their id within the business portfolio; changes with the number.
    pub user: Option<UserId>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.phone {
            Some(phone) => write!(f, "Person({phone})"),
            None => f.write_str("Person(without a number)"),
        }
    }
}

/// What became of a message of ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Our number that sent it; its tenant must be the notification's or the recipient's.
    pub number: PhoneNumberId,
    /// The notification and attempt, or the window relied on; none where the message carried none of
    /// ours.
    pub carried: Option<Carried>,
    /// What became of it.
    pub status: ReceiptStatus,
    /// When, by Meta's clock: to compare with what else Meta tells, never with our own times.
    pub at: Option<Timestamp>,
    /// Who got it.
    pub contact: Option<Person>,
}

/// The states of a message, in Meta's words. They come in any order, twice, and not all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptStatus {
    /// On its way to the handset.
    Sent,
    /// On the handset.
    Delivered,
    /// Read (or played).
    Read,
    /// Not delivered, and why.
    Failed(Failure),
    /// A state that says nothing of delivery.
    Other(OtherStatus),
}

/// A state that says nothing of delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherStatus {
    /// Deleted by the customer (older interfaces).
    Deleted,
    /// A warning (older interfaces).
    Warning,
    /// A word that nobody here has seen.
    Unknown,
}

impl ReceiptStatus {
    /// The word in metrics and logs.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed(_) => "failed",
            Self::Other(OtherStatus::Deleted) => "deleted",
            Self::Other(OtherStatus::Warning) => "warning",
            Self::Other(OtherStatus::Unknown) => "unknown",
        }
    }
}

/// A message from a customer, or what Meta tells of them among the messages.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Our number that it went to.
    pub number: PhoneNumberId,
    /// Its id, the same in Meta's repeats.
    pub id: MessageId,
    /// Who wrote.
    pub from: Person,
    /// When, by Meta's clock.
    pub at: Option<Timestamp>,
    /// What it says.
    pub content: InboundContent,
    /// The message that it answers or quotes. May be missing even for a pressed button.
    pub in_reply_to: Option<MessageId>,
}

/// What a customer sent.
#[derive(Clone, PartialEq, Eq)]
pub enum InboundContent {
    /// Words.
    Text {
        /// The words.
        body: String,
    },
    /// A template's quick reply was pressed.
    Button {
        /// What the template put there, `ntf_…:action`; the label where it put nothing.
        payload: String,
        /// The label.
        text: String,
    },
    /// A reply button of free-form text was pressed.
    ButtonReply {
        /// The button's id.
        id: String,
        /// Its label.
        title: String,
    },
    /// A row of a list was chosen.
    ListReply {
        /// The row's id.
        id: String,
        /// Its title.
        title: String,
    },
    /// A file.
    Media {
        /// Which kind.
        kind: MediaKind,
        /// The words with it.
        caption: Option<String>,
    },
    /// A place.
    Location,
    /// Address cards: of anybody, so never a verified number.
    Contacts,
    /// A reaction to a message.
    Reaction {
        /// The emoji; none where it was taken back.
        emoji: Option<String>,
    },
    /// An order from a catalogue.
    Order,
    /// The customer's number or id changed. No trust goes over to the new one.
    System(SystemEvent),
    /// Something that the Cloud API cannot show.
    Unsupported,
    /// A kind of message that Recado does not know.
    Other,
}

impl InboundContent {
    /// The word in metrics and logs.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Button { .. } => "button",
            Self::ButtonReply { .. } => "button_reply",
            Self::ListReply { .. } => "list_reply",
            Self::Media { kind, .. } => kind.label(),
            Self::Location => "location",
            Self::Contacts => "contacts",
            Self::Reaction { .. } => "reaction",
            Self::Order => "order",
            Self::System(_) => "system",
            Self::Unsupported => "unsupported",
            Self::Other => "other",
        }
    }

    /// Whether it is a message of the person's own, which opens the 24-hour window. What Meta tells of the
    /// person is none. Of an unknown kind nobody knows: a window that we hold closed costs an answer, one
    /// that we hold open wrongly costs a refusal.
    #[must_use]
    pub fn opens_window(&self) -> bool {
        match self {
            Self::Text { .. }
            | Self::Button { .. }
            | Self::ButtonReply { .. }
            | Self::ListReply { .. }
            | Self::Media { .. }
            | Self::Location
            | Self::Contacts
            | Self::Order
            // A poll, say: the person sent it, the Cloud API cannot show it.
            | Self::Unsupported => true,
            // Taking one back says nothing.
            Self::Reaction { emoji } => emoji.is_some(),
            Self::System(_) | Self::Other => false,
        }
    }
}

/// The kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A voice note or another sound.
    Audio,
    /// A document.
    Document,
    /// A sticker.
    Sticker,
}

impl MediaKind {
    /// The word in metrics and logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }
}

/// What changed about a customer.
#[derive(Clone, PartialEq, Eq)]
pub enum SystemEvent {
    /// They have another number. Possibly a stolen account.
    ChangedNumber {
        /// What is disclosed of who they are now.
        now: Option<Person>,
    },
    /// They have another id, and no number is disclosed.
    ChangedUserId {
        /// What is disclosed of who they are now.
        now: Option<Person>,
    },
    /// Another change.
    Other,
}

/// A customer's word on marketing messages; others are not concerned.
#[derive(Clone, PartialEq, Eq)]
pub struct Preference {
    /// Our number that it was said to.
    pub number: PhoneNumberId,
    /// Who said it.
    pub from: Person,
    /// What they want.
    pub choice: Choice,
    /// When, by Meta's clock.
    pub at: Option<Timestamp>,
}

/// What a customer wants of marketing messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// None any more.
    Stop,
    /// Them again.
    Resume,
}

/// An error that belongs to no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemError {
    /// Our number that it concerns.
    pub number: PhoneNumberId,
    /// The error.
    pub failure: Failure,
}
