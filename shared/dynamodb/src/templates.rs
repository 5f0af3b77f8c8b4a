//! The banks' own templates, and what Meta says of every template.

use std::sync::Arc;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use recado_domain::catalogue;
use recado_domain::consent::Changed;
use recado_domain::ids::{TemplateName, TenantId};
use recado_domain::standing::{Edition, Note, Standing};
use recado_domain::template::Template;
use recado_ports::{Kept, OwnTemplates, Shelf, Standings, StoreError};

use crate::attributes::{CURRENT, Item, VERSION, number, put, text};
use crate::errors::unavailable;
use crate::expression::{Clauses, Placeholders};
use crate::keys::{self, Key, SK, own_names_partition, template_partition};
use crate::registry_item::{template, template_item};
use crate::standing_item::{attributes, edition, standing};
use crate::store::Store;

impl Standings for Store {
    async fn standing(&self, tenant: &TenantId, edition: &Edition) -> Result<Standing, StoreError> {
        let found = self
            .get("read a standing", &Key::standing(tenant, edition))
            .await?;
        Ok(found
            .as_ref()
            .map(standing)
            .transpose()?
            .unwrap_or_default())
    }

    async fn note(
        &self,
        tenant: &TenantId,
        edition: &Edition,
        note: &Note,
    ) -> Result<Changed, StoreError> {
        let (order, values) = attributes(note.aspect);
        let mut placeholders = Placeholders::default();
        let order = placeholders.name(order);
        let below = placeholders.value(number(note.replaces_below()));
        let mut set = vec![
            format!("{order} = {}", placeholders.value(number(note.order()))),
            format!(
                "{} = {}",
                placeholders.name(VERSION),
                placeholders.value(number(CURRENT))
            ),
        ];
        for (name, value) in values {
            let (name, value) = (placeholders.name(name), placeholders.value(text(value)));
            set.push(format!("{name} = {value}"));
        }
        let update = Clauses {
            set,
            ..Clauses::default()
        };
        let answer = self
            .client()
            .update_item()
            .table_name(self.table())
            .set_key(Some(Key::standing(tenant, edition).item()))
            .condition_expression(format!(
                "attribute_not_exists({order}) OR {order} < {below}"
            ))
            .set_update_expression(update.expression())
            .set_expression_attribute_names(Some(placeholders.names()))
            .set_expression_attribute_values(placeholders.values())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Changed::Yes),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(Changed::No),
                Some(_) | None => Err(unavailable("note a standing", error)),
            },
        }
    }
}

impl OwnTemplates for Store {
    async fn keep(&self, tenant: &TenantId, template: &Template) -> Result<Kept, StoreError> {
        let (name, version) = (&template.name, template.version);
        if catalogue::find(name, Some(version)).is_some_and(|known| *known != *template) {
            return Ok(Kept::Other);
        }
        // The name first: a version whose name were missing would never be listed.
        let mut entry = Key::own_name(tenant, name).item();
        put(&mut entry, VERSION, Some(number(CURRENT)));
        self.replace(entry).await?;
        let key = Key::template(tenant, name, version);
        let answer = self
            .client()
            .put_item()
            .table_name(self.table())
            .set_item(Some(template_item(&key, template)))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        let kept = match answer {
            Ok(_) => Kept::New,
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => {
                    self.kept_before(&key, template).await?
                }
                Some(_) | None => return Err(unavailable("store a template", error)),
            },
        };
        self.known()
            .templates
            .forget(|(known, of, _)| known == tenant && of == name);
        Ok(kept)
    }

    async fn own_names(&self, tenant: &TenantId) -> Result<Vec<TemplateName>, StoreError> {
        let partition = own_names_partition(tenant);
        let items = self.partition("list templates", partition, None).await?;
        let name = |item: &Item| {
            let name = TemplateName::parse(sort_key(item));
            name.map_err(|_| StoreError::Unreadable("a template's name".to_owned()))
        };
        items.iter().map(name).collect()
    }

    async fn shelf(&self, tenant: &TenantId, name: &TemplateName) -> Result<Shelf, StoreError> {
        let partition = template_partition(tenant, name);
        let items = self.partition("read a template", partition, None).await?;
        let mut shelf = Shelf::default();
        for item in &items {
            if sort_key(item).starts_with(keys::VERSION) {
                let template = template(item)?;
                shelf.own.insert(template.version, Arc::new(template));
            } else if let Some(edition) = edition(name, sort_key(item)) {
                shelf.standings.insert(edition, standing(item)?);
            }
        }
        Ok(shelf)
    }
}

impl Store {
    async fn kept_before(&self, key: &Key, expected: &Template) -> Result<Kept, StoreError> {
        let stored = self.get("read a template", key).await?;
        let stored = stored.as_ref().map(template).transpose()?;
        Ok(if stored.as_ref() == Some(expected) {
            Kept::Same
        } else {
            Kept::Other
        })
    }
}

fn sort_key(item: &Item) -> &str {
    item.get(SK)
        .and_then(|key| key.as_s().ok())
        .map_or("", String::as_str)
}
