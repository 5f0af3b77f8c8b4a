//! `POST /v1/notifications`: Put, guard, job, `202`, in that order (I1).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use recado_domain::delivery::{Notification, accepted, ends_unsent};
use recado_domain::fault::Fault;
use recado_domain::ids::{NotificationId, TenantId};
use recado_domain::locale::Locale;
use recado_domain::request::{Accepted, Draft, Request};
use recado_domain::switches::{Counter, Spending};
use recado_domain::template::Template;
use recado_ports::{
    Chance, Created, Notifications, Queues, Recipients, Registry, Switches, TenantConfig,
};
use recado_runtime::problem::{Problem, check_body};
use recado_runtime::{Metric, count, tenant};

use crate::{ACCEPTED, Deps, Shared, answer, idempotency_key};

/// Which answer it is: the header `Idempotency-Replayed` tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    First,
    Replayed,
}

/// A request with everything it refers to.
pub(crate) struct Parsed {
    pub(crate) request: Request,
    pub(crate) template: Arc<Template>,
    pub(crate) config: TenantConfig,
}

pub(crate) async fn accept<S, Q, C>(
    State(deps): Shared<S, Q, C>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem>
where
    S: Notifications + Recipients + Registry + Switches,
    Q: Queues,
    C: Chance,
{
    let tenant = tenant(&deps.world.store, &extensions).await?;
    let key = idempotency_key(&headers)?;
    check_body(&headers, &body)?;
    // One moment for all: what is counted in a second is accepted in it.
    let now = deps.world.chance.now();
    deps.check_rate(&tenant, now).await?;
    let draft = Draft::parse(&body).map_err(|_| Problem::NotJson)?;
    let keys = &deps.keys;
    let id = keys.pepper.notification(&tenant, &key);
    let digest = draft.digest(&keys.pepper);
    let Parsed {
        request, template, ..
    } = match deps.complete(&tenant, draft).await {
        Err(Problem::Invalid(faults)) => return deps.known(&tenant, &id, &digest, faults).await,
        parsed => parsed?,
    };
    let associated = format!("NTF#{id}");
    let content = keys
        .ring
        .seal(&associated, &request.content(), deps.world.chance.nonce())
        .map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "sealing");
            Problem::Internal
        })?;
    let recipient = keys.pepper.recipient(&tenant, &request.to);
    let item = request.into_notification(
        &template,
        Accepted {
            id,
            tenant,
            recipient,
            digest,
            content,
            at: now,
        },
    );
    match deps.world.store.create(&item).await? {
        Created::New => {
            deps.hand_on(&item).await?;
            count(Metric::Accepted, 1, now);
            tracing::info!(
                notification.id = %item.id, tenant.id = %item.tenant, template = %item.template, "accepted"
            );
            Ok(respond(&item, Answer::First))
        }
        Created::Already(stored) => deps.replay(*stored, &item.digest).await,
    }
}

impl<S, Q, C> Deps<S, Q, C>
where
    S: Notifications + Recipients + Registry + Switches,
    Q: Queues,
    C: Chance,
{
    /// Refuses what is over the bank's rate, before anything is stored. While the counter does not
    /// answer, the request is let through: whether it is accepted the store decides.
    async fn check_rate(&self, tenant: &TenantId, now: Timestamp) -> Result<(), Problem> {
        let board = self.world.store.switchboard().await;
        let Some(limit) = board.ok().and_then(|board| board.rate(tenant)) else {
            return Ok(());
        };
        let counter = Counter::requests(tenant, now);
        match self.world.store.tally(&counter, limit).await {
            Ok(Spending::Exceeded) => Err(Problem::RateExceeded {
                retry_after: counter.window.seconds_left(now),
            }),
            Ok(Spending::Within) | Err(_) => Ok(()),
        }
    }

    /// Checks a request against its template and its defaults.
    pub(crate) async fn complete(
        &self,
        tenant: &TenantId,
        draft: Draft,
    ) -> Result<Parsed, Problem> {
        let store = &self.world.store;
        let config = store.tenant(tenant).await?.ok_or_else(|| {
            tracing::error!(tenant.id = %tenant, "tenant without configuration");
            Problem::Internal
        })?;
        let template = match draft.template() {
            Some(name) => store.template(tenant, name, None).await?,
            None => None,
        };
        let defaults = self.defaults(tenant, &draft, &config).await?;
        let now = self.world.chance.now();
        let request = draft
            .complete(template.as_deref(), &defaults, now)
            .map_err(Problem::Invalid)?;
        let template = template.ok_or(Problem::Internal)?;
        let astray = template.leads_astray(request.locale, &request.params, &config.hosts);
        if !astray.is_empty() {
            return Err(Problem::Invalid(astray));
        }
        Ok(Parsed {
            request,
            template,
            config,
        })
    }

    /// The recipient's language, then the bank's; read only when the request names none.
    async fn defaults(
        &self,
        tenant: &TenantId,
        draft: &Draft,
        config: &TenantConfig,
    ) -> Result<Vec<Locale>, Problem> {
        let mut defaults = Vec::new();
        if let (None, Some(to)) = (draft.locale(), draft.to()) {
            let token = self.keys.pepper.recipient(tenant, to);
            let recipient = self.world.store.recipient(tenant, &token).await?;
            defaults.extend(recipient.profile.and_then(|profile| profile.locale));
        }
        defaults.push(config.locale);
        Ok(defaults)
    }

    async fn hand_on(&self, item: &Notification) -> Result<(), Problem> {
        for handoff in accepted(item) {
            self.world.hand_off(item, &handoff).await?;
        }
        Ok(())
    }

    /// Same key: the first answer again for the same content, a refusal for any other. Enqueued again
    /// only while nothing was claimed or closed and it is still valid: the first try may have died
    /// between Put and queue. After that no job may be left to end it: it is ended here.
    async fn replay(&self, stored: Notification, digest: &str) -> Result<Response, Problem> {
        if stored.digest != digest {
            return Err(Problem::IdempotencyMismatch);
        }
        let now = self.world.chance.now();
        if let Some(end) = ends_unsent(&stored, now) {
            self.world.store.write(&stored.id, &end).await?;
        } else if stored.untouched() && now < stored.sendable_until() {
            self.hand_on(&stored).await?;
        }
        Ok(respond(&stored, Answer::Replayed))
    }

    /// What breaks a rule now may have kept them all when it was accepted: its validity is over, its
    /// template has a new version. A repetition is answered as the first time.
    async fn known(
        &self,
        tenant: &TenantId,
        id: &NotificationId,
        digest: &str,
        faults: Vec<Fault>,
    ) -> Result<Response, Problem> {
        let stored = self.world.store.read(id).await?;
        match stored.filter(|item| item.tenant == *tenant) {
            Some(stored) => self.replay(stored, digest).await,
            None => Err(Problem::Invalid(faults)),
        }
    }
}

fn respond(item: &Notification, which: Answer) -> Response {
    let (code, status) = ACCEPTED;
    let mut response = (code, Json(answer::accepted(item, status))).into_response();
    if which == Answer::Replayed {
        response
            .headers_mut()
            .insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    response
}
