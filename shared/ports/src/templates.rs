//! The banks' own templates, and what Meta says of every template.

use std::collections::BTreeMap;
use std::sync::Arc;

use recado_domain::consent::Changed;
use recado_domain::ids::{TemplateName, TenantId};
use recado_domain::standing::{Edition, Note, Standing};
use recado_domain::template::Template;

use crate::store::StoreError;

/// What Meta says of the banks' templates.
pub trait Standings: Send + Sync {
    /// What is held of one edition, strongly consistent and never remembered: what a webhook was
    /// answered `200` for holds for the next send.
    fn standing(
        &self,
        tenant: &TenantId,
        edition: &Edition,
    ) -> impl Future<Output = Result<Standing, StoreError>> + Send;

    /// Takes something in by one conditional write: what is older than what is held, or the same again,
    /// changes nothing.
    fn note(
        &self,
        tenant: &TenantId,
        edition: &Edition,
        note: &Note,
    ) -> impl Future<Output = Result<Changed, StoreError>> + Send;
}

/// Whether a version of a bank's own was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is new.
    New,
    /// It was there already, with this content.
    Same,
    /// The version exists with other content, the bank's own or the catalogue's: versions are immutable,
    /// since a notification that was accepted with one must not change under way.
    Other,
}

/// Everything of one name: the bank's own versions, and what Meta says of them and of the catalogue's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shelf {
    /// The bank's own versions.
    pub own: BTreeMap<u32, Arc<Template>>,
    /// What is held of each edition of which something is held.
    pub standings: BTreeMap<Edition, Standing>,
}

/// The banks' own templates.
pub trait OwnTemplates: Send + Sync {
    /// Stores a version.
    fn keep(
        &self,
        tenant: &TenantId,
        template: &Template,
    ) -> impl Future<Output = Result<Kept, StoreError>> + Send;

    /// The names under which the bank has versions of its own, in alphabetical order.
    fn own_names(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Vec<TemplateName>, StoreError>> + Send;

    /// Everything of one name, strongly consistent.
    fn shelf(
        &self,
        tenant: &TenantId,
        name: &TemplateName,
    ) -> impl Future<Output = Result<Shelf, StoreError>> + Send;
}
