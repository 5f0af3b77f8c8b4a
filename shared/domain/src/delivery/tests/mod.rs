//! The protocol's lines, one by one, and then all of them against each other.

mod answers;
mod counted;
mod first;
mod item;
mod later;
mod quiet;
mod shown;
mod silent;
mod status;
mod story;
mod switched;
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::change::{self, Change, Claim};
use super::{
    CapVerdict, CloseReason, Content, Context, Effect, Event, Facts, Failure, FailureKind, Handoff,
    LegStatus, Limits, Notification, OpenedBecause, Permission, PostOutcome, Receipts, Rung,
    Status, SuppressReason, TimerKind, WhenQueueWaitExceeded, accepted, plus, receipt_failed, step,
};
use crate::channel::Channel::{self, Sms, Voice, Whatsapp};
use crate::class::Class;
use crate::ids::{ClaimToken, NotificationId, RecipientToken, TemplateName, TenantId};
use crate::locale::Locale;
use crate::seal::Sealed;
use crate::switches::Gates;
use crate::template::QuietHours;

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
        gates: Gates::default(),
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
        quiet_hours: QuietHours::Ignored,
        zone: None,
        daily_cap: class.daily_cap(),
        masked: BTreeMap::new(),
        content: Some(Sealed {
            key: "k".into(),
            bytes: vec![0; 40],
        }),
        facts: Facts::default(),
    }
}

pub(crate) fn pix() -> Notification {
    notification(Class::Transactional, &[Whatsapp, Sms])
}

pub(super) fn code() -> Notification {
    notification(Class::Authentication, &[Whatsapp, Sms])
}

pub(super) fn after(item: &Notification, change: &Change) -> Notification {
    assert!(change.permits(item), "{change:?}");
    change.apply(item.clone())
}

pub(super) fn claimed(item: &Notification, ms: u64) -> Notification {
    after(item, &change::claim_first(item, &claim(ms, ms + 10_000, 1)))
}

pub(super) fn submitted(item: &Notification, ms: u64) -> Notification {
    let item = claimed(item, ms);
    after(&item, &change::submitted(&item, 0, at(ms), None))
}

pub(super) fn failure() -> Failure {
    Failure {
        kind: FailureKind::Permanent,
        code: Some(131_026),
        title: "undeliverable".into(),
    }
}

pub(super) fn failed(item: &Notification, ms: u64) -> Notification {
    after(
        item,
        &change::failed(0, 1, &failure(), at(ms), Content::Keep),
    )
}

pub(super) fn job(permission: Permission) -> Event {
    Event::Job {
        attempt: 1,
        permission,
        known_user: None,
    }
}

pub(super) fn timer(kind: TimerKind) -> Event {
    Event::Timer { leg: 1, kind }
}

/// The effects in short: what a reader of the protocol would say.
pub(super) fn say(item: &Notification, event: &Event, ms: u64) -> Vec<String> {
    step(item, event, &context(ms)).iter().map(word).collect()
}

pub(super) fn word(effect: &Effect) -> String {
    match effect {
        Effect::HandOff(Handoff::Arm { leg, kind, at: due }) => {
            format!(
                "arm {leg} {kind:?} {}",
                due.duration_since(at(0)).as_millis()
            )
        }
        Effect::HandOff(Handoff::Enqueue { attempt, after }) => {
            format!("enqueue {attempt} {}", after.as_millis())
        }
        Effect::Record(change) => format!("record {}", fact(change)),
        Effect::Require(change) => format!("require {}", fact(change)),
        Effect::Claim { leg, claim, .. } => {
            format!(
                "claim {leg} until {}",
                claim.until.duration_since(at(0)).as_millis()
            )
        }
        Effect::Pace { .. } => "pace".into(),
        Effect::Count { .. } => "count".into(),
        Effect::AskConsent { leg, .. } => format!("ask {leg}"),
        Effect::Post { leg, pause, .. } => format!("post {leg} after {}", pause.as_millis()),
        Effect::Spend { leg, .. } => format!("spend {leg}"),
        Effect::GiveBack { .. } => "give back".into(),
        Effect::Nap(rest) => format!("nap {}", rest.as_millis()),
    }
}

pub(super) fn fact(change: &Change) -> String {
    let mut names: Vec<String> = change
        .set
        .iter()
        .map(|(fact, _)| fact.attribute())
        .collect();
    names.extend(
        change
            .remove
            .iter()
            .take(1)
            .map(|fact| format!("-{}", fact.attribute())),
    );
    if change.content == Content::Drop {
        names.push("drop".into());
    }
    names.join(" ")
}

pub(super) fn sms_claimed(item: &Notification, ms: u64, attempt: u32) -> Notification {
    let lease = claim(ms, ms + 60_000, attempt);
    after(
        item,
        &change::claim_later(item, 1, &lease, OpenedBecause::NotDeliveredInTime),
    )
}
