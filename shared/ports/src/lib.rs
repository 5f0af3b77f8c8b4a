//! What handlers need of the world, in domain terms: the wire and the simulator both implement it.

mod channels;
pub mod drive;
mod queues;
mod registry;
mod spending;
mod store;
mod switches;
mod templates;

pub use channels::{SmsChannel, WhatsappChannel};
pub use queues::{Job, QueueError, Queues, Reply, TimerMessage};
pub use registry::{ConfigError, ConfigFault, OwnerError, Registry, TenantConfig};
pub use store::{
    ChatEntry, ChatRecord, Conversations, Created, ErasureReport, HistoryPage, Intake,
    Notifications, Profile, ProfileUpdate, Recipient, Recipients, StoreError, Written,
};

pub use switches::{Switches, Switchgear};
pub use templates::{Kept, OwnTemplates, Shelf, Standings};

use recado_domain::ids::ClaimToken;
use recado_domain::seal::NONCE_BYTES;

/// Time and randomness: the process has one, the simulator another.
pub trait Chance: Send + Sync {
    /// Now.
    fn now(&self) -> jiff::Timestamp;
    /// A fresh claim token.
    fn token(&self) -> ClaimToken;
    /// A fresh nonce for one sealing.
    fn nonce(&self) -> [u8; NONCE_BYTES];
    /// Rests. The simulator moves its clock instead.
    fn rest(&self, duration: std::time::Duration) -> impl Future<Output = ()> + Send;
}
