//! Templates at Meta: created, read, edited, deleted. Unlike a message, each of these may be asked for
//! again: what was created is found by its name, and the rest leaves what it left before.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Builder;
use recado_domain::delivery::{Failure, PostOutcome};
use recado_domain::ids::BusinessAccountId;
use recado_domain::standing::{Edition, Quality, Reason, Review};
use recado_domain::template::Category;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::client::Client;
use crate::errors::{self, MetaError};
use crate::json;
use crate::token::AccessToken;

/// Larger than a page of templates with all their components (100 at a time).
const MAX_PAGE: usize = 4 * 1024 * 1024;
/// Templates per page: what a name's filter lets through besides the name itself is little.
const PAGE: &str = "100";
/// What is read of a template.
const FIELDS: &str = "id,name,language,status,category,quality_score,rejected_reason";
/// A template of this name and language exists.
const EXISTS: u32 = 2_388_024;
/// A deleted name is not free again yet (30 days).
const NAME_LOCKED: u32 = 2_388_023;
/// There is no template to delete.
const NOTHING_DELETED: u32 = 2_593_002;
/// With 100: the node does not exist, or not for this token.
const NO_SUCH_NODE: u32 = 33;

/// Meta's id of one language of a template: decimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaId(String);

impl MetaId {
    fn parse(text: &str) -> Option<Self> {
        let valid = (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        valid.then(|| Self(text.to_owned()))
    }
}

/// One language of a template as Meta knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtMeta {
    /// Its id.
    pub id: MetaId,
    /// Its state; none for a word that nobody here knows.
    pub review: Option<Review>,
    /// Why it was refused.
    pub reason: Reason,
    /// Its category: not always the one that was asked for.
    pub category: Option<Category>,
    /// Its quality, where Meta tells it.
    pub quality: Option<Quality>,
}

/// Why Meta did not do what was asked. Never holds a text of Meta's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ManageError {
    /// A template of this name and language exists already.
    #[error("Meta has a template of this name and language")]
    Exists,
    /// A template of this name was deleted less than 30 days ago.
    #[error("Meta keeps the name of a deleted template for 30 days")]
    NameLocked,
    /// There is no such template.
    #[error("Meta has no such template")]
    Missing,
    /// Meta refuses the request for what it is.
    #[error("Meta refuses: {} ({:?})", .0.title, .0.code)]
    Refused(Failure),
    /// Too many requests (100 new templates an hour; 5,000 requests an hour).
    #[error("Meta takes no more requests for {0:?}")]
    Throttled(Duration),
    /// No answer, or one that says nothing: whether it was done shows when it is read.
    #[error("no answer of Meta's")]
    Unavailable,
}

impl ManageError {
    /// Whether another access token may be taken.
    #[must_use]
    pub fn refuses_token(&self) -> bool {
        match self {
            Self::Refused(failure) => errors::refuses_token(failure),
            Self::Exists
            | Self::NameLocked
            | Self::Missing
            | Self::Throttled(_)
            | Self::Unavailable => false,
        }
    }
}

impl Client {
    /// Hands one language in for review. `payload` is `Template::creation_payload`.
    pub async fn create_template(
        &self,
        account: &BusinessAccountId,
        token: &AccessToken,
        payload: &Value,
    ) -> Result<AtMeta, ManageError> {
        let path = format!("{account}/message_templates");
        let request = self.request(Method::POST, &path, token.header());
        let answer = self.asked_with(request, payload).await?;
        read_one(&answer).ok_or(ManageError::Unavailable)
    }

    /// Every template of the account that Recado may have made, page by page: a few requests where asking for
    /// each language by its name would be hundreds.
    pub async fn list_templates(
        &self,
        account: &BusinessAccountId,
        token: &AccessToken,
    ) -> Result<BTreeMap<Edition, AtMeta>, ManageError> {
        let mut found = BTreeMap::new();
        let mut after: Option<String> = None;
        loop {
            let query = page_query(None, after.as_deref());
            let path = format!("{account}/message_templates?{query}");
            let answer = self.fetched(&path, token.header()).await?;
            let page = Page::read(&answer).ok_or(ManageError::Unavailable)?;
            for (name, language, template) in page.templates {
                if let Some(edition) = Edition::parse(&name, &language) {
                    found.insert(edition, template);
                }
            }
            match page.next {
                Some(next) if after.as_ref() != Some(&next) => after = Some(next),
                Some(_) | None => return Ok(found),
            }
        }
    }

    /// Finds one language by its name.
    pub async fn find_template(
        &self,
        account: &BusinessAccountId,
        token: &AccessToken,
        edition: &Edition,
    ) -> Result<Option<AtMeta>, ManageError> {
        let (name, language) = (edition.meta_name(), edition.locale.code());
        let mut after: Option<String> = None;
        loop {
            let query = page_query(Some((&name, language)), after.as_deref());
            let path = format!("{account}/message_templates?{query}");
            let answer = self.fetched(&path, token.header()).await?;
            let page = Page::read(&answer).ok_or(ManageError::Unavailable)?;
            // Meta's filter lets longer names through.
            let found = page
                .templates
                .into_iter()
                .find(|(known, spoken, _)| *known == name && spoken.replace('-', "_") == language);
            if let Some((_, _, template)) = found {
                return Ok(Some(template));
            }
            match page.next {
                Some(next) if after.as_ref() != Some(&next) => after = Some(next),
                Some(_) | None => return Ok(None),
            }
        }
    }

    /// Reads one language by its id.
    pub async fn read_template(
        &self,
        token: &AccessToken,
        id: &MetaId,
    ) -> Result<AtMeta, ManageError> {
        let path = format!("{}?fields={FIELDS}", id.0);
        let answer = self.fetched(&path, token.header()).await?;
        read_one(&answer).ok_or(ManageError::Unavailable)
    }

    /// Replaces what `change` names of one language: `components` as a whole, `category` (not of an
    /// approved one), `message_send_ttl_seconds`. An approved one may be edited once a day and ten
    /// times in 30 days.
    pub async fn edit_template(
        &self,
        token: &AccessToken,
        id: &MetaId,
        change: &Value,
    ) -> Result<(), ManageError> {
        let request = self.request(Method::POST, &id.0, token.header());
        done(&self.asked_with(request, change).await?)
    }

    /// Deletes one language. Messages that Meta has accepted are still delivered.
    pub async fn delete_template(
        &self,
        account: &BusinessAccountId,
        token: &AccessToken,
        edition: &Edition,
        id: &MetaId,
    ) -> Result<(), ManageError> {
        let (name, id) = (edition.meta_name(), &id.0);
        let path = format!("{account}/message_templates?hsm_id={id}&name={name}");
        done(
            &self
                .asked(
                    self.request(Method::DELETE, &path, token.header()),
                    Vec::new(),
                )
                .await?,
        )
    }

    /// Asks what may be asked for again; the answer, where it is no refusal.
    pub(crate) async fn asked(
        &self,
        request: Builder,
        body: Vec<u8>,
    ) -> Result<Bytes, ManageError> {
        let answer = self.exchange(request, body, MAX_PAGE).await;
        let (status, body) = answer.map_err(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "Meta did not answer");
            ManageError::Unavailable
        })?;
        said(status, &body).map(|()| body)
    }

    /// What stands at a path.
    pub(crate) async fn fetched(
        &self,
        path: &str,
        authorization: HeaderValue,
    ) -> Result<Bytes, ManageError> {
        let request = self.request(Method::GET, path, authorization);
        self.asked(request, Vec::new()).await
    }

    /// The same with a body of JSON.
    async fn asked_with(&self, request: Builder, body: &Value) -> Result<Bytes, ManageError> {
        let request = request.header(CONTENT_TYPE, "application/json");
        self.asked(request, body.to_string().into_bytes()).await
    }
}

fn page_query(one: Option<(&str, &str)>, after: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some((name, language)) = one {
        query.append_pair("name", name);
        query.append_pair("language", language);
    }
    query.append_pair("fields", FIELDS);
    query.append_pair("limit", PAGE);
    if let Some(after) = after {
        query.append_pair("after", after);
    }
    query.finish()
}

fn said(status: u16, body: &[u8]) -> Result<(), ManageError> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        error: Option<&'a RawValue>,
    }
    let wire: Wire<'_> = serde_json::from_slice(body).map_err(|_| ManageError::Unavailable)?;
    match wire.error {
        Some(error) => Err(refusal(MetaError::read(error), status)),
        None if (200..300).contains(&status) => Ok(()),
        None => Err(ManageError::Unavailable),
    }
}

fn refusal(error: MetaError, status: u16) -> ManageError {
    match error.subcode {
        Some(EXISTS) => return ManageError::Exists,
        Some(NAME_LOCKED) => return ManageError::NameLocked,
        Some(NOTHING_DELETED | NO_SUCH_NODE) => return ManageError::Missing,
        Some(_) | None => {}
    }
    match errors::synchronous(error, status) {
        PostOutcome::Rejected(failure) => ManageError::Refused(failure),
        PostOutcome::NotSent { retry_after, .. } => ManageError::Throttled(retry_after),
        PostOutcome::Accepted { .. } | PostOutcome::Held | PostOutcome::Unknown => {
            ManageError::Unavailable
        }
    }
}

pub(crate) fn done(answer: &[u8]) -> Result<(), ManageError> {
    #[derive(Deserialize)]
    struct Wire<'a> {
        #[serde(borrow)]
        success: Option<&'a RawValue>,
    }
    let wire: Option<Wire<'_>> = serde_json::from_slice(answer).ok();
    let success = wire.and_then(|wire| json::truth(wire.success));
    if success == Some(true) {
        Ok(())
    } else {
        Err(ManageError::Unavailable)
    }
}

#[derive(Deserialize)]
struct Node<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    language: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    category: Option<&'a RawValue>,
    #[serde(borrow)]
    quality_score: Option<&'a RawValue>,
    #[serde(borrow)]
    rejected_reason: Option<&'a RawValue>,
}

impl Node<'_> {
    fn template(&self) -> Option<AtMeta> {
        #[derive(Deserialize)]
        struct Score<'a> {
            #[serde(borrow)]
            score: Option<&'a RawValue>,
        }
        let word = |raw| json::text(raw);
        let score = json::object::<Score<'_>>(self.quality_score).and_then(|it| word(it.score));
        let reason = word(self.rejected_reason);
        Some(AtMeta {
            id: MetaId::parse(&word(self.id)?)?,
            review: word(self.status).and_then(|it| Review::parse(&it)),
            reason: reason.map_or(Reason::None, |it| {
                Reason::parse(&it).unwrap_or(Reason::Other)
            }),
            category: word(self.category).and_then(|it| Category::parse(&it)),
            quality: score.and_then(|it| Quality::parse(&it)),
        })
    }
}

fn read_one(answer: &[u8]) -> Option<AtMeta> {
    let node: Node<'_> = serde_json::from_slice(answer).ok()?;
    node.template()
}

/// A page of templates: name, language, and the rest of each.
struct Page {
    templates: Vec<(String, String, AtMeta)>,
    next: Option<String>,
}

impl Page {
    fn read(answer: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Wire<'a> {
            #[serde(borrow)]
            data: Option<&'a RawValue>,
            #[serde(borrow)]
            paging: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Paging<'a> {
            #[serde(borrow)]
            cursors: Option<&'a RawValue>,
            #[serde(borrow)]
            next: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct Cursors<'a> {
            #[serde(borrow)]
            after: Option<&'a RawValue>,
        }
        let wire: Wire<'_> = serde_json::from_slice(answer).ok()?;
        wire.data?;
        let nodes = json::list(wire.data)?;
        let read = |raw| {
            let node = json::object::<Node<'_>>(Some(raw))?;
            let (name, language) = (json::owned(node.name)?, json::owned(node.language)?);
            Some((name, language, node.template()?))
        };
        let paging = json::object::<Paging<'_>>(wire.paging);
        let cursor = |paging: Paging<'_>| {
            paging.next?;
            json::owned(json::object::<Cursors<'_>>(paging.cursors)?.after)
        };
        Some(Self {
            templates: nodes.into_iter().filter_map(read).collect(),
            next: paging.and_then(cursor),
        })
    }
}
