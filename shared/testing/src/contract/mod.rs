//! What every implementation of the ports must do: run on the in-memory twins here, and on the
//! adapters over their real protocols in the end-to-end tests.
//!
//! Each case has tenants, people and notifications of its own, so that all of them can run on one
//! table, at once. A broken rule panics and names the case.

mod changes;
mod consents;
mod conversations;
mod coverage;
mod differential;
mod lost_answers;
mod notifications;
mod parallel;
mod people;
mod queues;
mod races;
mod registry;
mod situations;
mod switches;
mod templates;
#[cfg(test)]
mod tests;

pub use differential::same_verdicts;
pub use lost_answers::lost_answers_contract;
pub use parallel::same_lives;
pub use queues::{
    Arrival, Arrivals, Arrived, Place, VISIBILITY, delays_contract, lost_sends_contract,
    queues_contract,
};
pub use races::races_contract;
pub use registry::{BankEntries, bank_entries, registry_contract};
pub use switches::{lost_turns_contract, switches_contract};
pub use templates::templates_contract;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::class::Class;
use recado_domain::delivery::{Facts, Notification, Rung, WhenQueueWaitExceeded, plus};
use recado_domain::ids::{
    IdempotencyKey, NotificationId, RecipientToken, TemplateName, TenantId, UserId,
};
use recado_domain::locale::Locale;
use recado_domain::seal::{Pepper, Sealed};
use recado_domain::template::QuietHours;
use recado_ports::{Conversations, Notifications, Recipients};

/// Exercises a store. `make` gives a handle on an empty table, each time the same or another one.
///
/// # Panics
/// Where the store breaks the contract.
pub async fn store_contract<S>(make: impl Fn() -> S)
where
    S: Notifications + Recipients + Conversations + Clone + 'static,
{
    notifications::check(&make()).await;
    people::check(&make()).await;
    consents::check(&make()).await;
    conversations::check(&make()).await;
}

/// Seconds after the moment at which every case starts.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_269_845_000 + seconds * 1_000).expect("a time in 2026")
}

fn pepper() -> Pepper {
    Pepper::new("1", &[7; 32]).expect("32 bytes are a pepper")
}

fn tenant(case: &str) -> TenantId {
    TenantId::parse(case).expect("cases are named like tenants")
}

fn id(case: &str) -> NotificationId {
    let key = IdempotencyKey::parse(case).expect("cases are named like keys");
    pepper().notification(&tenant("banco-aurora"), &key)
}

/// Somebody of whom no other case knows.
fn person(case: &str) -> RecipientToken {
    let letters: String = case.chars().filter(char::is_ascii_alphanumeric).collect();
    let user = UserId::parse(&format!("BR.{letters}")).expect("letters and digits are a user id");
    let tenant = tenant("banco-aurora");
    pepper().nameless(&tenant, &pepper().alias(&tenant, &user))
}

fn sealed(content: u8) -> Sealed {
    Sealed {
        key: "k1".to_owned(),
        bytes: vec![content, 0, 255, content],
    }
}

/// A notification by WhatsApp, SMS after 30 s, a call after another 60 s, valid for an hour.
fn notification(case: &str, class: Class) -> Notification {
    let rung = |channel, after| Rung {
        channel,
        after: Duration::from_secs(after),
    };
    Notification {
        id: id(case),
        tenant: tenant("banco-aurora"),
        recipient: person(case),
        to_masked: "+55 (11) *****-4321".to_owned(),
        template: TemplateName::parse("pix_received").expect("a template's name"),
        template_version: 1,
        locale: Locale::PtBr,
        class,
        lane: class.lane(),
        reference: Some(format!("reference of {case}")),
        digest: "digest".to_owned(),
        accepted_at: at(0),
        valid_until: plus(at(0), Duration::from_secs(3_600)),
        ladder: vec![
            rung(Channel::Whatsapp, 0),
            rung(Channel::Sms, 30),
            rung(Channel::Voice, 60),
        ],
        max_queue_wait: Duration::from_secs(300),
        when_queue_wait_exceeded: WhenQueueWaitExceeded::NextLeg,
        quiet_hours: QuietHours::Ignored,
        zone: None,
        daily_cap: class.daily_cap(),
        masked: BTreeMap::from([("name".to_owned(), "M****".to_owned())]),
        content: Some(sealed(1)),
        facts: Facts::default(),
    }
}
