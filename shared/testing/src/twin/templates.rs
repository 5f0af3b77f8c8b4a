//! The banks' own templates, and what Meta says of every template.

use std::collections::btree_map::Entry;
use std::sync::Arc;

use recado_domain::catalogue;
use recado_domain::consent::Changed;
use recado_domain::ids::{TemplateName, TenantId};
use recado_domain::standing::{Edition, Note, Standing};
use recado_domain::template::Template;
use recado_ports::{Kept, OwnTemplates, Shelf, Standings, StoreError};

use super::store::{State, Store, StoreCall};

impl Standings for Store {
    async fn standing(&self, tenant: &TenantId, edition: &Edition) -> Result<Standing, StoreError> {
        let key = (tenant.clone(), edition.clone());
        self.call(StoreCall::Standing, |state| {
            state.standings.get(&key).cloned().unwrap_or_default()
        })
        .await
    }

    async fn note(
        &self,
        tenant: &TenantId,
        edition: &Edition,
        note: &Note,
    ) -> Result<Changed, StoreError> {
        let key = (tenant.clone(), edition.clone());
        self.call(StoreCall::Note, |state| {
            state.standings.entry(key).or_default().take(note)
        })
        .await
    }
}

impl OwnTemplates for Store {
    async fn keep(&self, tenant: &TenantId, template: &Template) -> Result<Kept, StoreError> {
        self.call(StoreCall::Keep, |state| state.keep(tenant, template))
            .await
    }

    async fn own_names(&self, tenant: &TenantId) -> Result<Vec<TemplateName>, StoreError> {
        self.call(StoreCall::OwnNames, |state| {
            let of_tenant = state.templates.keys().filter(|(of, ..)| of == tenant);
            let mut names: Vec<TemplateName> = of_tenant.map(|(_, name, _)| name.clone()).collect();
            names.dedup();
            names
        })
        .await
    }

    async fn shelf(&self, tenant: &TenantId, name: &TemplateName) -> Result<Shelf, StoreError> {
        self.call(StoreCall::Shelf, |state| {
            let own = state
                .templates
                .iter()
                .filter(|((of, known, _), _)| of == tenant && known == name)
                .map(|((_, _, version), template)| (*version, Arc::clone(template)));
            let standings = state
                .standings
                .iter()
                .filter(|((of, edition), _)| of == tenant && edition.name == *name)
                .map(|((_, edition), standing)| (edition.clone(), standing.clone()));
            Shelf {
                own: own.collect(),
                standings: standings.collect(),
            }
        })
        .await
    }
}

impl State {
    pub(super) fn keep(&mut self, tenant: &TenantId, template: &Template) -> Kept {
        let (name, version) = (template.name.clone(), template.version);
        if catalogue::find(&name, Some(version)).is_some_and(|known| *known != *template) {
            return Kept::Other;
        }
        match self.templates.entry((tenant.clone(), name, version)) {
            Entry::Occupied(held) if **held.get() != *template => Kept::Other,
            Entry::Occupied(_) => Kept::Same,
            Entry::Vacant(free) => {
                free.insert(Arc::new(template.clone()));
                Kept::New
            }
        }
    }
}
