//! The protocol's lines, one by one, and then all of them against each other.

mod cases;
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::change::Claim;
use super::{Context, Facts, Limits, Notification, Rung, WhenQueueWaitExceeded, plus};
use crate::channel::Channel;
use crate::class::Class;
use crate::ids::{ClaimToken, NotificationId, RecipientToken, TemplateName, TenantId};
use crate::locale::Locale;
use crate::seal::Sealed;

pub(super) const LIMITS: Limits = Limits {
    post_timeout: Duration::from_secs(8),
    retry_window: Duration::from_secs(2),
    lease: Duration::from_secs(60),
};
pub(super) const WAIT: Duration = Duration::from_secs(30);

/// A moment, in milliseconds after acceptance.
pub(super) fn at(ms: u64) -> Timestamp {
    plus(
        Timestamp::from_second(1_790_000_000).expect("time"),
        Duration::from_millis(ms),
    )
}

pub(super) fn context(ms: u64) -> Context {
    Context {
        now: at(ms),
        token: token(ms),
        limits: LIMITS,
    }
}

pub(super) fn token(seed: u64) -> ClaimToken {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    ClaimToken::from_random(bytes)
}

pub(super) fn claim(ms: u64, until: u64, attempt: u32) -> Claim {
    Claim {
        token: token(ms),
        at: at(ms),
        until: at(until),
        attempt,
        known_user: None,
    }
}

pub(super) fn notification(class: Class, channels: &[Channel]) -> Notification {
    let ladder = channels
        .iter()
        .enumerate()
        .map(|(place, channel)| Rung {
            channel: *channel,
            after: if place == 0 { Duration::ZERO } else { WAIT },
        })
        .collect();
    Notification {
        id: NotificationId::from_bytes([1; 16]),
        tenant: TenantId::parse("banco-aurora").expect("tenant"),
        recipient: RecipientToken::from_bytes("1", [2; 16]),
        to_masked: "+55 (11) *****-4321".into(),
        template: TemplateName::parse("pix_received").expect("name"),
        template_version: 1,
        locale: Locale::PtBr,
        class,
        lane: class.lane(),
        reference: None,
        digest: String::new(),
        accepted_at: at(0),
        valid_until: at(3_600_000),
        ladder,
        max_queue_wait: if class.lane() == crate::class::Lane::Critical {
            Duration::from_secs(10)
        } else {
            Duration::from_secs(300)
        },
        when_queue_wait_exceeded: WhenQueueWaitExceeded::NextLeg,
        masked: BTreeMap::new(),
        content: Some(Sealed {
            key: "k".into(),
            bytes: vec![0; 40],
        }),
        facts: Facts::default(),
    }
}
