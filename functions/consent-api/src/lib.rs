//! Takes consent in with its evidence, shows it, exports it, erases it.

mod answer;
mod config;
mod event;
mod import;
mod lines;
mod parse;
mod reader;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{Extensions, HeaderMap};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use recado_domain::channel::Channel;
use recado_domain::consent::{ConsentEvent, ConsentPolicy, HistoryEntry, Verdict, verify};
use recado_domain::ids::{RecipientToken, TenantId};
use recado_domain::phone::E164;
use recado_ports::{Chance, Conversations, Intake, Profile, Recipient, Recipients, Registry};
use recado_runtime::problem::{Problem, check_body};
use recado_runtime::{Keys, tenant};
use serde_json::Value;

pub use config::Config;

/// What the handlers need.
pub struct Deps<S, C> {
    /// Recipients and their consent.
    pub store: S,
    /// Sealing and pseudonyms.
    pub keys: Keys,
    /// Time and randomness.
    pub chance: C,
}

/// How often a chain that does not hold is read again: somebody may have written between two reads.
const LOOKS: usize = 3;

type Shared<S, C> = State<Arc<Deps<S, C>>>;

/// The routes of this function.
pub fn router<S, C>(deps: Arc<Deps<S, C>>) -> Router
where
    S: Recipients + Conversations + Registry + 'static,
    C: Chance + 'static,
{
    Router::new()
        .route("/v1/consents", post(record::<S, C>))
        .route("/v1/consents/imports", post(import::import::<S, C>))
        .route("/v1/consents/lookup", post(lookup::<S, C>))
        .route("/v1/consents/{recipient}", get(show::<S, C>))
        .route("/v1/consents/{recipient}/history", get(history::<S, C>))
        .route("/v1/consents/{recipient}/export", get(export::<S, C>))
        .route("/v1/consents/{recipient}/erase", post(erase::<S, C>))
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        // `check_body` has the limit, and a problem document for what is over it.
        .layer(DefaultBodyLimit::disable())
        .with_state(deps)
}

/// The gateway hands a path on decoded: a token with an encoded slash in it is no route here.
async fn nothing_here() -> Problem {
    Problem::NotFound
}

impl<S, C> Deps<S, C>
where
    S: Recipients + Conversations + Registry,
    C: Chance,
{
    /// The tenant's own recipient. Tokens are made per tenant, so another's reads as unknown.
    async fn known(
        &self,
        tenant: &TenantId,
        token: &str,
    ) -> Result<(RecipientToken, Recipient), Problem> {
        let token = RecipientToken::parse(token).map_err(|_| Problem::NotFound)?;
        let recipient = self.store.recipient(tenant, &token).await?;
        if recipient.profile.is_none() && recipient.consents.0.is_empty() {
            return Err(Problem::NotFound);
        }
        Ok((token, recipient))
    }

    /// The pseudonyms under which lies what the person wrote before the number was known.
    fn nameless(&self, tenant: &TenantId, recipient: &Recipient) -> Vec<RecipientToken> {
        let aliases = recipient
            .profile
            .iter()
            .flat_map(|profile| &profile.aliases);
        aliases
            .map(|alias| self.keys.pepper.nameless(tenant, alias))
            .collect()
    }

    /// Entries of a history with their evidence.
    async fn shown(
        &self,
        tenant: &TenantId,
        token: &RecipientToken,
        entries: &[HistoryEntry],
    ) -> Vec<Value> {
        let mut events = Vec::with_capacity(entries.len());
        for entry in entries {
            events.push(answer::event(tenant, token, entry, &self.keys).await);
        }
        events
    }

    /// What the bank asks of a grant.
    async fn policy(&self, tenant: &TenantId) -> Result<ConsentPolicy, Problem> {
        let config = self.store.tenant(tenant).await?;
        Ok(config.map(|config| config.consent).unwrap_or_default())
    }

    /// What is stored of an event: one for all purposes that the bank's policy treats alike.
    fn intakes(
        &self,
        tenant: &TenantId,
        policy: &ConsentPolicy,
        request: &event::EventRequest,
        now: Timestamp,
    ) -> Result<Vec<Intake>, Problem> {
        let recipient = self.keys.pepper.recipient(tenant, &request.to);
        let mut intakes = Vec::new();
        for (purposes, consent) in policy.apply(&request.purposes, request.consent) {
            let names: Vec<&str> = purposes.iter().map(|purpose| purpose.name()).collect();
            let parts = [
                tenant.as_str(),
                recipient.as_str(),
                &request.canonical,
                &names.join(","),
            ];
            let mut event = ConsentEvent {
                channel: request.channel,
                purposes,
                consent,
                digest: self.keys.pepper.digest_of("consent", &parts),
                received_at: now,
                evidence: None,
            };
            let entry = ConsentEvent::associated(tenant, &recipient, &event.sort_key());
            let seal = |name: &str, plain: &str| {
                let nonce = self.chance.nonce();
                let sealed = self.keys.ring.seal(name, plain.as_bytes(), nonce);
                sealed.map_err(our_fault)
            };
            event.evidence = Some(seal(&entry, &request.evidence)?);
            let profile = Profile::associated(tenant, &recipient);
            intakes.push(Intake {
                recipient: recipient.clone(),
                event,
                phone: Some(seal(&profile, exposed(&request.to))?),
            });
        }
        Ok(intakes)
    }

    async fn whole_history(
        &self,
        tenant: &TenantId,
        token: &RecipientToken,
    ) -> Result<Vec<HistoryEntry>, Problem> {
        let mut entries = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self
                .store
                .history(tenant, token, after.as_deref(), parse::LARGEST_PAGE)
                .await?;
            entries.extend(page.entries);
            after = page.next;
            if after.is_none() {
                return Ok(entries);
            }
        }
    }

    /// The history and whether its chains hold.
    async fn verified(
        &self,
        tenant: &TenantId,
        token: &RecipientToken,
    ) -> Result<(Vec<HistoryEntry>, BTreeMap<Channel, Verdict>), Problem> {
        let mut look = 1;
        loop {
            let recipient = self.store.recipient(tenant, token).await?;
            let entries = self.whole_history(tenant, token).await?;
            let verdicts = verify(tenant, token, &recipient.consents, &entries);
            if look == LOOKS || verdicts.values().all(|verdict| verdict.holds.is_ok()) {
                return Ok((entries, verdicts));
            }
            look += 1;
        }
    }

    /// The recipient's number, if one is kept.
    async fn phone(
        &self,
        tenant: &TenantId,
        token: &RecipientToken,
        recipient: &Recipient,
    ) -> Result<Option<E164>, Problem> {
        let Some(sealed) = recipient
            .profile
            .as_ref()
            .and_then(|profile| profile.phone.as_ref())
        else {
            return Ok(None);
        };
        let plain = self
            .keys
            .open(&Profile::associated(tenant, token), sealed)
            .await
            .map_err(our_fault)?;
        Ok(std::str::from_utf8(&plain)
            .ok()
            .and_then(|text| E164::parse(text).ok()))
    }
}

fn our_fault(error: recado_domain::seal::SealError) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "sealing");
    Problem::Internal
}

#[allow(
    clippy::disallowed_methods,
    reason = "the number is sealed right away, or is the person's own export"
)]
fn exposed(phone: &E164) -> &str {
    phone.expose()
}

/// A grant, its confirmation or refresh, or a revoke. The same event again changes nothing.
async fn record<S, C>(
    State(deps): Shared<S, C>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem>
where
    S: Recipients + Conversations + Registry,
    C: Chance,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    check_body(&headers, &body)?;
    let now = deps.chance.now();
    let request = event::event(parse::object(&body)?, now).map_err(Problem::Invalid)?;
    let policy = deps.policy(&tenant).await?;
    let intakes = deps.intakes(&tenant, &policy, &request, now)?;
    deps.store.take_in(&tenant, &intakes).await?;
    let token = deps.keys.pepper.recipient(&tenant, &request.to);
    let recipient = deps.store.recipient(&tenant, &token).await?;
    tracing::info!(tenant.id = %tenant, recipient = %token, action = request.consent.action.name(), channel = %request.channel, "consent");
    let consents = answer::consents(&token, Some(&request.to), &recipient, deps.chance.now());
    Ok(axum::Json(consents).into_response())
}

async fn lookup<S, C>(
    State(deps): Shared<S, C>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem>
where
    S: Recipients + Conversations + Registry,
    C: Chance,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    check_body(&headers, &body)?;
    let to = parse::lookup(&body)?;
    let token = deps.keys.pepper.recipient(&tenant, &to);
    let recipient = deps.store.recipient(&tenant, &token).await?;
    let consents = answer::consents(&token, Some(&to), &recipient, deps.chance.now());
    Ok(axum::Json(consents).into_response())
}

async fn show<S, C>(
    State(deps): Shared<S, C>,
    extensions: Extensions,
    Path(token): Path<String>,
) -> Result<Response, Problem>
where
    S: Recipients + Conversations + Registry,
    C: Chance,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    let (token, recipient) = deps.known(&tenant, &token).await?;
    let phone = deps.phone(&tenant, &token, &recipient).await?;
    let consents = answer::consents(&token, phone.as_ref(), &recipient, deps.chance.now());
    Ok(axum::Json(consents).into_response())
}

/// Oldest first, page by page.
async fn history<S, C>(
    State(deps): Shared<S, C>,
    extensions: Extensions,
    Path(token): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Problem>
where
    S: Recipients + Conversations + Registry,
    C: Chance,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    let (token, _) = deps.known(&tenant, &token).await?;
    let page = parse::page(&query)?;
    let found = deps
        .store
        .history(&tenant, &token, page.after.as_deref(), page.limit)
        .await?;
    let (_, verdicts) = deps.verified(&tenant, &token).await?;
    let events = deps.shown(&tenant, &token, &found.entries).await;
    Ok(axum::Json(answer::History {
        recipient: token.as_str(),
        events,
        chains: answer::chains(&tenant, &token, &verdicts),
        next: found.next.as_deref().map(parse::cursor),
    })
    .into_response())
}

/// Everything held about the person, for the person.
async fn export<S, C>(
    State(deps): Shared<S, C>,
    extensions: Extensions,
    Path(token): Path<String>,
) -> Result<Response, Problem>
where
    S: Recipients + Conversations + Registry,
    C: Chance,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    let (token, recipient) = deps.known(&tenant, &token).await?;
    let phone = deps.phone(&tenant, &token, &recipient).await?;
    let (entries, verdicts) = deps.verified(&tenant, &token).await?;
    let events = deps.shown(&tenant, &token, &entries).await;
    let mut lines = Vec::new();
    for token in deps.nameless(&tenant, &recipient).iter().chain([&token]) {
        let conversation = deps.store.conversation(&tenant, token).await?;
        for entry in &conversation {
            lines.push(answer::line(&tenant, token, entry, &deps.keys).await);
        }
    }
    let export = answer::export(
        &token,
        phone.as_ref().map(exposed),
        &recipient,
        deps.chance.now(),
        events,
        answer::chains(&tenant, &token, &verdicts),
        lines,
    );
    tracing::info!(tenant.id = %tenant, recipient = %token, "export");
    Ok(axum::Json(export).into_response())
}

/// The person's right: personal data gone, the fact of the erasure and the suppression stay.
async fn erase<S, C>(
    State(deps): Shared<S, C>,
    extensions: Extensions,
    Path(token): Path<String>,
) -> Result<Response, Problem>
where
    S: Recipients + Conversations + Registry,
    C: Chance,
{
    let tenant = tenant(&deps.store, &extensions).await?;
    let (token, recipient) = deps.known(&tenant, &token).await?;
    // A repetition finishes what broke off, and tells the same time.
    let at = answer::erased_at(&recipient).unwrap_or_else(|| deps.chance.now());
    let mut items = 0;
    // The recipient last: its aliases lead to the others.
    for token in deps.nameless(&tenant, &recipient).iter().chain([&token]) {
        items += deps.store.erase(&tenant, token, at).await?.items;
    }
    tracing::info!(tenant.id = %tenant, recipient = %token, items, "erased");
    Ok(axum::Json(answer::Erasure {
        recipient: token.as_str(),
        erased_at: answer::time(at),
    })
    .into_response())
}
