//! Answers a customer's word inside the 24-hour window, once however often Meta delivered it.

use std::time::Duration;

use recado_domain::delivery::PostOutcome;
use recado_domain::ids::UserId;
use recado_domain::message::{Addressee, Outgoing};
use recado_domain::phone::E164;
use recado_ports::drive::DriveError;
use recado_ports::{
    Chance, ChatEntry, ChatRecord, Conversations, Job, Notifications, Queues, Recipients, Registry,
    Reply, StoreError, Switches, WhatsappChannel,
};
use recado_runtime::Handled;

use crate::{Deps, SendError};

/// How often a confirmation known not to have left is tried; it is never repeated once it may have.
const TRIES: u32 = 3;
const WINDOW_MILLIS: i64 = 24 * 60 * 60 * 1_000;

pub(crate) async fn confirm<S, Q, C, W>(
    deps: &Deps<S, Q, C, W>,
    reply: &Reply,
) -> Result<Handled, SendError>
where
    S: Notifications + Recipients + Conversations + Registry + Switches,
    Q: Queues,
    C: Chance,
    W: WhatsappChannel,
{
    let store = &deps.world.store;
    let job = Job::Reply(reply.clone());
    let gates = store
        .switchboard()
        .await?
        .reply_gates(&reply.tenant, job.lane());
    if gates.off_since.is_some() && window_is_open(reply, deps.world.chance.now()) {
        let (now, token) = (deps.world.chance.now(), deps.world.chance.token());
        let hop = gates.hop(job.lane(), now, &token);
        deps.world
            .queues
            .enqueue(&job, hop)
            .await
            .map_err(DriveError::from)?;
        return Ok(Handled::Acknowledge);
    }
    if gates.off_since.is_some() {
        return Ok(Handled::Acknowledge);
    }
    let Some(entry) = store
        .chat_entry(&reply.tenant, &reply.recipient, &reply.entry)
        .await?
    else {
        return Ok(Handled::Acknowledge);
    };
    let Some(config) = store.tenant(&reply.tenant).await? else {
        return Err(StoreError::Unreadable("tenant without configuration".to_owned()).into());
    };
    let associated = ChatEntry::associated(&reply.tenant, &reply.recipient, &reply.entry);
    let Some(to) = deps
        .keys
        .ring
        .open(&associated, &entry.content)
        .ok()
        .as_deref()
        .and_then(addressee)
    else {
        return Err(
            StoreError::Unreadable("conversation entry without an address".to_owned()).into(),
        );
    };
    let recipient = store.recipient(&reply.tenant, &reply.recipient).await?;
    let locale = recipient
        .profile
        .and_then(|profile| profile.locale)
        .unwrap_or(config.locale);
    if store
        .claim_reply(
            &reply.tenant,
            &reply.recipient,
            &reply.entry,
            &deps.world.chance.token(),
        )
        .await?
        == ChatRecord::Repeated
    {
        return Ok(Handled::Acknowledge);
    }
    let message = Outgoing::Text {
        body: reply.keyword.confirmation(locale, &config.name),
    };
    for attempt in 1..=TRIES {
        let outcome = deps
            .whatsapp
            .send(&reply.tenant, &reply.from, &to, &message, None)
            .await;
        tracing::info!(tenant.id = %reply.tenant, keyword = reply.keyword.name(), attempt, outcome = outcome.label(), "confirmation");
        let PostOutcome::NotSent { retry_after, .. } = outcome else {
            break;
        };
        if attempt < TRIES {
            deps.world
                .chance
                .rest(retry_after.min(Duration::from_secs(2)))
                .await;
        }
    }
    Ok(Handled::Acknowledge)
}

/// Whether free text may still be sent: 24 hours from the customer's message (Meta's rule). Its time
/// stands at the beginning of the entry's key.
fn window_is_open(reply: &Reply, now: jiff::Timestamp) -> bool {
    let written = reply.entry.split('#').next();
    let written = written.and_then(|millis| millis.parse::<i64>().ok());
    written.is_some_and(|millis| now.as_millisecond() < millis.saturating_add(WINDOW_MILLIS))
}

/// The sender's address as the conversation holds it: the number if there is one, else the user id.
fn addressee(plain: &[u8]) -> Option<Addressee> {
    let value: serde_json::Value = serde_json::from_slice(plain).ok()?;
    let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
    text("phone")
        .and_then(|phone| E164::parse(phone).ok())
        .map(Addressee::Phone)
        .or_else(|| {
            text("user")
                .and_then(|user| UserId::parse(user).ok())
                .map(Addressee::User)
        })
}
