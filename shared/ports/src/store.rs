//! What is kept: notifications, recipients with their consent, conversations.

use jiff::Timestamp;
use recado_domain::class::Class;
use recado_domain::consent::{
    Changed, ChannelConsents, ConsentEvent, Consents, HistoryEntry, MetaPreference,
};
use recado_domain::delivery::{CapVerdict, Change, Notification};
use recado_domain::ids::{ClaimToken, NotificationId, RecipientToken, TenantId};
use recado_domain::locale::Locale;
use recado_domain::seal::Sealed;
use recado_domain::window::Window;
use thiserror::Error;

/// Why the store did not answer.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Throttled, timed out, unreachable: worth another try. Whether a write took effect is unknown.
    #[error("store unavailable: {0}")]
    Unavailable(
        String,
        #[source] Option<Box<dyn std::error::Error + Send + Sync>>,
    ),
    /// The service does not take the request from us: a permission, a table that is not there. Trying
    /// again is in vain until somebody mends it.
    #[error("store refuses: {0}")]
    Refused(
        String,
        #[source] Option<Box<dyn std::error::Error + Send + Sync>>,
    ),
    /// An item that does not read: an unknown version or a missing attribute. Names no value.
    #[error("store item unreadable: {0}")]
    Unreadable(String),
}

impl StoreError {
    /// Whether it passes by itself: then what was asked for is put back for a moment instead of being
    /// left to a visibility timeout, which is for crashes.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Unavailable(..) => true,
            Self::Refused(..) | Self::Unreadable(_) => false,
        }
    }
}

/// The answer to a Put of a new notification.
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// It is new.
    New,
    /// One with this id was there already.
    Already(Box<Notification>),
}

/// The answer to a conditional write.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// It took effect; the item as it is now. Also when the writer's own earlier try had won (I5).
    Applied(Box<Notification>),
    /// The condition did not hold; the item as it is.
    Refused(Box<Notification>),
    /// There is no such item.
    Missing,
}

/// One item per notification; all updates are single-item and conditional.
pub trait Notifications: Send + Sync {
    /// Stores a new notification unless one with its id exists (I2).
    fn create(
        &self,
        item: &Notification,
    ) -> impl Future<Output = Result<Created, StoreError>> + Send;

    /// Reads, strongly consistent.
    fn read(
        &self,
        id: &NotificationId,
    ) -> impl Future<Output = Result<Option<Notification>, StoreError>> + Send;

    /// Writes conditionally.
    fn write(
        &self,
        id: &NotificationId,
        change: &Change,
    ) -> impl Future<Output = Result<Written, StoreError>> + Send;
}

/// What is kept of a person besides consent. Personal data sealed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The number, sealed for [`Profile::associated`].
    pub phone: Option<Sealed>,
    /// The language the person reads.
    pub locale: Option<Locale>,
    /// Digest of the last known business-scoped user id.
    pub user_digest: Option<String>,
    /// Until when free-form messages may be sent (24 h from the last inbound message).
    pub window_until: Option<Timestamp>,
    /// The latest end of a window that Meta did not honour.
    pub window_refused: Option<Timestamp>,
    /// The aliases that lead here. What came before the number was known lies under each one's own
    /// pseudonym.
    pub aliases: Vec<String>,
    /// When the person was erased.
    pub erased_at: Option<Timestamp>,
}

impl Profile {
    /// The name under which a profile's number is sealed: the item's key.
    #[must_use]
    pub fn associated(tenant: &TenantId, recipient: &RecipientToken) -> String {
        format!("RCP#{tenant}#{recipient}#PROFILE")
    }

    /// Whether the person may be written to freely at `now`.
    #[must_use]
    pub fn window(&self, now: Timestamp) -> Window {
        Window::at(self.window_until, self.window_refused, now)
    }
}

/// What changes in a profile; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileUpdate {
    /// The number, sealed; kept if one is there.
    pub phone: Option<Sealed>,
    /// The language.
    pub locale: Option<Locale>,
    /// Digest of the user id.
    pub user_digest: Option<String>,
    /// The window's end; only ever later.
    pub window_until: Option<Timestamp>,
}

/// A recipient as the sending functions see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipient {
    /// The profile, where there is one.
    pub profile: Option<Profile>,
    /// The current consents.
    pub consents: Consents,
}

/// A consent event on its way in, with the number that it came for.
#[derive(Clone, Debug, PartialEq)]
pub struct Intake {
    /// Whose it is.
    pub recipient: RecipientToken,
    /// The event.
    pub event: ConsentEvent,
    /// The number, sealed for [`Profile::associated`]. It is kept where none is, but not of somebody
    /// erased who agrees to nothing: an old event that comes again brings nobody back.
    pub phone: Option<Sealed>,
}

/// A page of history, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPage {
    /// The entries.
    pub entries: Vec<HistoryEntry>,
    /// Where the next page starts; none at the end.
    pub next: Option<String>,
}

/// What an erasure removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasureReport {
    /// Items deleted or emptied.
    pub items: usize,
}

/// Recipients and their consent.
pub trait Recipients: Send + Sync {
    /// Profile and consents in one strongly consistent read (I8).
    fn recipient(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> impl Future<Output = Result<Recipient, StoreError>> + Send;

    /// Counts a notification against the day's cap of its purpose; the same one counts once.
    fn count(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        day: &str,
        purpose: Class,
        notification: &NotificationId,
        cap: u32,
    ) -> impl Future<Output = Result<CapVerdict, StoreError>> + Send;

    /// Takes a consent event in: current state and history, with its chain, in one transaction; idempotent.
    /// Answers what changed and the channel's consents as they are now.
    fn consent(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        event: &ConsentEvent,
    ) -> impl Future<Output = Result<(Changed, ChannelConsents), StoreError>> + Send;

    /// Takes many in, each as [`Recipients::consent`] would and in their order, with few requests. Answers
    /// for each what changed. After an error any of them may have been taken; all of them may be asked for
    /// again.
    fn take_in(
        &self,
        tenant: &TenantId,
        intakes: &[Intake],
    ) -> impl Future<Output = Result<Vec<Changed>, StoreError>> + Send;

    /// Stores Meta's own marketing preference; an older one never replaces a newer one.
    fn meta_preference(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        preference: MetaPreference,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A page of the consent history.
    fn history(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        after: Option<&str>,
        limit: u32,
    ) -> impl Future<Output = Result<HistoryPage, StoreError>> + Send;

    /// Changes the profile, creating it where there is none.
    fn update_profile(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        update: &ProfileUpdate,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Notes that Meta did not honour the window that was to end at `until`: it and every earlier one is
    /// closed for good, whatever is repeated; one that ends later stays open. Nobody's profile is created
    /// by it. Answers whether that was new; after a lost answer it may not be.
    fn refuse_window(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        until: Timestamp,
    ) -> impl Future<Output = Result<Changed, StoreError>> + Send;

    /// Notes whose WhatsApp id it is, by digest.
    fn put_alias(
        &self,
        tenant: &TenantId,
        digest: &str,
        recipient: &RecipientToken,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whose WhatsApp id it is.
    fn alias(
        &self,
        tenant: &TenantId,
        digest: &str,
    ) -> impl Future<Output = Result<Option<RecipientToken>, StoreError>> + Send;

    /// Erases the person: number, window, evidence, conversation, aliases. Every consent ends revoked,
    /// and the fact of the erasure stays, so that nobody writes by mistake.
    fn erase(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        at: Timestamp,
    ) -> impl Future<Output = Result<ErasureReport, StoreError>> + Send;
}

/// One entry of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatEntry {
    /// `milliseconds#digest of the inbound id`: Meta's repeats fall on the same key.
    pub sort_key: String,
    /// What kind of message, a bounded word (`text`, `image`, `opt_out` …).
    pub kind: String,
    /// Sender's address and the text with everything sensitive masked, sealed for
    /// [`ChatEntry::associated`]. What was masked is kept nowhere.
    pub content: Sealed,
}

impl ChatEntry {
    /// The name under which an entry's content is sealed: the item's key.
    #[must_use]
    pub fn associated(tenant: &TenantId, recipient: &RecipientToken, sort_key: &str) -> String {
        format!("CHAT#{tenant}#{recipient}#{sort_key}")
    }
}

/// Whether an entry was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatRecord {
    /// It is new.
    New,
    /// Meta had sent it before.
    Repeated,
}

/// Conversations.
pub trait Conversations: Send + Sync {
    /// Stores an inbound message once.
    fn put_chat(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        entry: &ChatEntry,
    ) -> impl Future<Output = Result<ChatRecord, StoreError>> + Send;

    /// Takes an entry away; one that is not there is gone already.
    fn drop_chat(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Reads one entry.
    fn chat_entry(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
    ) -> impl Future<Output = Result<Option<ChatEntry>, StoreError>> + Send;

    /// Claims the one answer to an entry: `New` for the one token that wins, however often it asks.
    fn claim_reply(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
        sort_key: &str,
        token: &ClaimToken,
    ) -> impl Future<Output = Result<ChatRecord, StoreError>> + Send;

    /// Every entry, oldest first (for the person's own export).
    fn conversation(
        &self,
        tenant: &TenantId,
        recipient: &RecipientToken,
    ) -> impl Future<Output = Result<Vec<ChatEntry>, StoreError>> + Send;
}
