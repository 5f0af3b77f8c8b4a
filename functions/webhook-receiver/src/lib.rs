//! Takes Meta's webhooks in: receipts, presses, the customer's words, what becomes of templates. `200`
//! only once all is stored.

mod config;
mod inbound;
mod presses;
mod receipts;
mod templates;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::stream::{self, StreamExt};
use recado_domain::ids::{PhoneNumberId, TenantId};
use recado_ports::drive::World;
use recado_ports::{
    Chance, Conversations, Notifications, QueueError, Queues, Recipients, Registry, Standings,
    StoreError,
};
use recado_runtime::problem::Problem;
use recado_runtime::{Keys, Metric, count};
use recado_whatsapp::webhook::{self, AppSecret, Person, Update, VerifyToken};
use thiserror::Error;

pub use config::Config;

/// How many items are written at once.
const AT_ONCE: usize = 32;

/// What the handlers need.
pub struct Deps<S, Q, C> {
    /// Store, queues, time.
    pub world: World<S, Q, C>,
    /// Sealing and pseudonyms.
    pub keys: Keys,
    /// The app's secrets: during a change both the old and the new one.
    pub app_secrets: Vec<AppSecret>,
    /// What Meta repeats when it verifies the webhook.
    pub verify_token: VerifyToken,
}

/// Why a webhook must be sent again.
#[derive(Debug, Error)]
pub enum ReceiveError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue did not answer.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// Something could not be sealed.
    #[error(transparent)]
    Seal(#[from] recado_domain::seal::SealError),
}

type Shared<S, Q, C> = State<Arc<Deps<S, Q, C>>>;

/// The routes of this function.
pub fn router<S, Q, C>(deps: Arc<Deps<S, Q, C>>) -> Router
where
    S: Notifications + Recipients + Conversations + Registry + Standings + 'static,
    Q: Queues + 'static,
    C: Chance + 'static,
{
    Router::new()
        .route(
            "/v1/webhooks/whatsapp",
            get(verify::<S, Q, C>).post(receive::<S, Q, C>),
        )
        .layer(DefaultBodyLimit::max(webhook::MAX_BODY))
        .with_state(deps)
}

/// Meta's verification: the challenge back, for the right token.
async fn verify<S, Q, C>(State(deps): Shared<S, Q, C>, RawQuery(query): RawQuery) -> Response
where
    S: Send + Sync,
    Q: Send + Sync,
    C: Send + Sync,
{
    match webhook::verify_challenge(query.as_deref().unwrap_or_default(), &deps.verify_token) {
        Some(challenge) => challenge.into_response(),
        None => Problem::VerifyToken.into_response(),
    }
}

/// The signature is checked over the raw bytes before anything is parsed.
async fn receive<S, Q, C>(
    State(deps): Shared<S, Q, C>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem>
where
    S: Notifications + Recipients + Conversations + Registry + Standings,
    Q: Queues,
    C: Chance,
{
    let now = deps.world.chance.now();
    let header = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok());
    if webhook::verify(&deps.app_secrets, header, &body).is_err() {
        count(Metric::SignatureRefused, 1, now);
        return Err(Problem::Signature);
    }
    let notice = webhook::parse(&body).map_err(|_| Problem::NotJson)?;
    for (what, times) in &notice.strange {
        tracing::warn!(
            what = what.label(),
            times,
            "webhook entries that do not read"
        );
    }
    for (what, times) in &notice.ignored {
        tracing::debug!(
            what = what.label(),
            times,
            "webhook entries that nobody reads"
        );
    }
    count(Metric::WebhookStrange, total(&notice.strange), now);
    deps.store_all(notice.updates).await.map_err(|error| {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "webhook not stored"
        );
        Problem::Unavailable
    })?;
    Ok("".into_response())
}

impl<S, Q, C> Deps<S, Q, C>
where
    S: Notifications + Recipients + Conversations + Registry + Standings,
    Q: Queues,
    C: Chance,
{
    /// Receipts first, folded per notification: an SMS waits for them. Then what people said, each one's
    /// in the order in which it came and everybody's side by side. One that fails harms itself alone (I12):
    /// the others are stored, and the answer makes Meta send the POST again.
    async fn store_all(&self, updates: Vec<Update>) -> Result<(), ReceiveError> {
        let now = self.world.chance.now();
        let folded = webhook::fold(&updates);
        count(Metric::ReceiptSent, small(folded.sent), now);
        count(Metric::ReceiptUnknown, small(folded.foreign), now);
        let people = receipts::people(&updates);
        let receipts = stream::iter(folded.receipts).map(|((id, number), receipts)| {
            let person = people.get(&id);
            async move { self.store_receipts(&id, &number, &receipts, person).await }
        });
        let mut outcomes: Vec<_> = receipts.buffer_unordered(AT_ONCE).collect().await;
        let said = stream::iter(by_person(updates)).map(|said| async move {
            let mut outcomes = Vec::with_capacity(said.len());
            for update in said {
                outcomes.push(self.store_word(update).await);
            }
            outcomes
        });
        let said: Vec<_> = said.buffer_unordered(AT_ONCE).collect().await;
        outcomes.extend(said.into_iter().flatten());
        for (mark, number) in &folded.closed {
            outcomes.push(self.close_window(mark, number).await);
        }
        for ((id, number), at) in &folded.stopped {
            outcomes.push(self.stop_marketing(id, number, *at).await);
        }
        outcomes.into_iter().collect()
    }

    /// Everything but receipts.
    async fn store_word(&self, update: Update) -> Result<(), ReceiveError> {
        match update {
            Update::Receipt(_) => {}
            Update::Inbound(inbound) => self.store_inbound(*inbound).await?,
            Update::Preference(preference) => self.store_preference(preference).await?,
            Update::Template(update) => self.store_template(&update).await?,
            Update::Account(_) => {
                tracing::warn!("Meta reports a change of an account");
            }
            Update::SystemError(error) => {
                let (code, title) = (error.failure.code, error.failure.title);
                tracing::error!(code, title, "Meta reports an error");
            }
        }
        Ok(())
    }
}

impl<S, Q, C> Deps<S, Q, C>
where
    S: Registry,
{
    /// Whose number it is; an unknown one is counted and ignored.
    async fn tenant_of(&self, number: &PhoneNumberId) -> Result<Option<TenantId>, StoreError> {
        let tenant = self.world.store.number(number).await?;
        if tenant.is_none() {
            tracing::warn!(phone_number.id = %number, "webhook for a number that is nobody's");
        }
        Ok(tenant)
    }
}

/// What each person said, in order; what nobody said comes in one row too.
fn by_person(updates: Vec<Update>) -> Vec<Vec<Update>> {
    let mut rows: BTreeMap<Option<Person>, Vec<Update>> = BTreeMap::new();
    for update in updates {
        let person = match &update {
            Update::Receipt(_) => continue,
            Update::Inbound(inbound) => Some(inbound.from.clone()),
            Update::Preference(preference) => Some(preference.from.clone()),
            Update::Template(_) | Update::Account(_) | Update::SystemError(_) => None,
        };
        rows.entry(person).or_default().push(update);
    }
    rows.into_values().collect()
}

fn total<K>(counts: &BTreeMap<K, u32>) -> usize {
    counts.values().map(|times| small(*times)).sum()
}

fn small(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
