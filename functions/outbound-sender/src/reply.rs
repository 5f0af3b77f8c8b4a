//! Answers a customer's word inside the 24-hour window, once however often Meta delivered it.

use std::time::Duration;

use recado_domain::carried::{Carried, WindowMark};
use recado_domain::delivery::PostOutcome;
use recado_domain::ids::UserId;
use recado_domain::message::{Addressee, FreeText, Outgoing};
use recado_domain::phone::E164;
use recado_domain::switches::Gates;
use recado_domain::window::Window;
use recado_ports::drive::DriveError;
use recado_ports::{
    Chance, ChatEntry, ChatRecord, Conversations, Job, Notifications, Queues, Recipients, Registry,
    Reply, StoreError, Switches, WhatsappChannel,
};
use recado_runtime::{Handled, Metric, count};
use recado_whatsapp::errors::{Cause, cause};

use crate::{Deps, SendError};

/// How often a confirmation known not to have left is tried; it is never repeated once it may have.
const TRIES: u32 = 3;
/// The longest free-form text, in characters (Meta).
const LONGEST: usize = 4_096;

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
    let recipient = store.recipient(&reply.tenant, &reply.recipient).await?;
    let profile = recipient.profile.unwrap_or_default();
    let now = deps.world.chance.now();
    let Window::Open { until } = profile.window(now) else {
        count(Metric::OutsideWindow, 1, now);
        tracing::info!(tenant.id = %reply.tenant, recipient = %reply.recipient, keyword = reply.keyword.name(), "not sent outside the 24-hour window");
        return Ok(Handled::Acknowledge);
    };
    if gates.off_since.is_some() {
        let token = deps.world.chance.token();
        let hop = Gates::hop(&token);
        deps.world
            .queues
            .enqueue(&job, hop)
            .await
            .map_err(DriveError::from)?;
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
        .open(&associated, &entry.content)
        .await
        .ok()
        .as_deref()
        .and_then(addressee)
    else {
        return Err(
            StoreError::Unreadable("conversation entry without an address".to_owned()).into(),
        );
    };
    let locale = profile.locale.unwrap_or(config.locale);
    let text = reply.keyword.confirmation(locale, &config.name);
    let body = match FreeText::new("text", text, LONGEST) {
        Ok(body) => body,
        Err(faults) => {
            tracing::error!(tenant.id = %reply.tenant, ?faults, "a confirmation that must not be sent");
            return Ok(Handled::Acknowledge);
        }
    };
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
    let message = Outgoing::Text { body };
    let carried = Carried::Window(WindowMark {
        recipient: reply.recipient.clone(),
        until,
    });
    for attempt in 1..=TRIES {
        let outcome = deps
            .whatsapp
            .send(&reply.tenant, &reply.from, &to, &message, &carried)
            .await;
        tracing::info!(tenant.id = %reply.tenant, keyword = reply.keyword.name(), attempt, outcome = outcome.label(), "confirmation");
        if outcome.code().map(cause) == Some(Cause::Window) {
            let (tenant, recipient) = (&reply.tenant, &reply.recipient);
            count(Metric::WindowRefused, 1, deps.world.chance.now());
            store.refuse_window(tenant, recipient, until).await?;
        }
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
