//! Accepts a bank's notifications, tells what became of them, cancels them, previews them.

mod accept;
mod answer;
mod config;
mod preview;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Extensions, HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use recado_domain::delivery::{Notification, Status, change};
use recado_domain::ids::{IdempotencyKey, NotificationId, TenantId};
use recado_ports::drive::World;
use recado_ports::{
    Chance, Notifications, Queues, Recipients, Registry, Standings, Switches, Written,
};
use recado_runtime::problem::Problem;
use recado_runtime::{Keys, quiet_hours, tenant};

pub use config::Config;

/// What the handlers need.
pub struct Deps<S, Q, C> {
    /// Store, queues, time.
    pub world: World<S, Q, C>,
    /// Sealing and pseudonyms.
    pub keys: Keys,
}

type Shared<S, Q, C> = State<Arc<Deps<S, Q, C>>>;

/// The routes of this function.
pub fn router<S, Q, C>(deps: Arc<Deps<S, Q, C>>) -> Router
where
    S: Notifications + Recipients + Registry + Standings + Switches + 'static,
    Q: Queues + 'static,
    C: Chance + 'static,
{
    Router::new()
        .route(
            "/v1/notifications",
            post(accept::accept::<S, Q, C>).get(by_key::<S, Q, C>),
        )
        .route(
            "/v1/notifications/preview",
            post(preview::preview::<S, Q, C>),
        )
        .route("/v1/notifications/{id}", get(by_id::<S, Q, C>))
        .route("/v1/notifications/{id}/cancel", post(cancel::<S, Q, C>))
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        // `check_body` has the limit, and a problem document for what is over it.
        .layer(DefaultBodyLimit::disable())
        .with_state(deps)
}

/// The gateway hands a path on decoded: an id with an encoded slash in it is no route here.
async fn nothing_here() -> Problem {
    Problem::NotFound
}

impl<S, Q, C> Deps<S, Q, C>
where
    S: Notifications + Recipients + Registry + Switches,
    Q: Queues,
    C: Chance,
{
    /// The tenant's own notification; another's answers as if there were none.
    async fn own(&self, tenant: &TenantId, id: &NotificationId) -> Result<Notification, Problem> {
        let found = self.world.store.read(id).await?;
        found
            .filter(|item| item.tenant == *tenant)
            .ok_or(Problem::NotFound)
    }

    async fn shown(&self, item: &Notification) -> Result<Response, Problem> {
        let template = self
            .world
            .store
            .template(&item.tenant, &item.template, Some(item.template_version))
            .await?;
        let now = self.world.chance.now();
        let quiet = quiet_hours(&self.world.store, item, now).await?;
        Ok(axum::Json(answer::notification(item, template.as_deref(), quiet, now)).into_response())
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<IdempotencyKey, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Problem::IdempotencyKey);
    };
    let text = value.to_str().map_err(|_| Problem::IdempotencyKey)?;
    IdempotencyKey::parse(text).map_err(|_| Problem::IdempotencyKey)
}

async fn by_key<S, Q, C>(
    State(deps): Shared<S, Q, C>,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, Problem>
where
    S: Notifications + Recipients + Registry + Switches,
    Q: Queues,
    C: Chance,
{
    let tenant = tenant(&deps.world.store, &extensions).await?;
    let key = idempotency_key(&headers)?;
    let item = deps
        .own(&tenant, &deps.keys.pepper.notification(&tenant, &key))
        .await?;
    deps.shown(&item).await
}

async fn by_id<S, Q, C>(
    State(deps): Shared<S, Q, C>,
    extensions: Extensions,
    Path(id): Path<String>,
) -> Result<Response, Problem>
where
    S: Notifications + Recipients + Registry + Switches,
    Q: Queues,
    C: Chance,
{
    let tenant = tenant(&deps.world.store, &extensions).await?;
    let id = NotificationId::parse(&id).map_err(|_| Problem::NotFound)?;
    let item = deps.own(&tenant, &id).await?;
    deps.shown(&item).await
}

/// No leg is claimed after it. A repetition is answered alike; what has ended otherwise is a conflict.
async fn cancel<S, Q, C>(
    State(deps): Shared<S, Q, C>,
    extensions: Extensions,
    Path(id): Path<String>,
    _body: Bytes,
) -> Result<Response, Problem>
where
    S: Notifications + Recipients + Registry + Switches,
    Q: Queues,
    C: Chance,
{
    let tenant = tenant(&deps.world.store, &extensions).await?;
    let id = NotificationId::parse(&id).map_err(|_| Problem::NotFound)?;
    let item = deps.own(&tenant, &id).await?;
    if item.cancelled_at().is_some() {
        return deps.shown(&item).await;
    }
    let now = deps.world.chance.now();
    if item.status(now).has_ended() {
        return Err(Problem::NotCancellable);
    }
    match deps
        .world
        .store
        .write(&id, &change::cancel(&item, now))
        .await?
    {
        Written::Applied(item) => deps.shown(&item).await,
        Written::Refused(item) if item.cancelled_at().is_some() => deps.shown(&item).await,
        Written::Refused(_) => Err(Problem::NotCancellable),
        Written::Missing => Err(Problem::NotFound),
    }
}

/// A status that a repetition of an accepted request still shows as `accepted`.
const ACCEPTED: (StatusCode, Status) = (StatusCode::ACCEPTED, Status::Accepted);
