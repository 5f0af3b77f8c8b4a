//! The templates of every WhatsApp Business Account, and how they change.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Category, MetaTemplate, Shape, TemplateStatus, create};
use crate::meta::{errors::GraphError, field::Field};

/// A deleted approved name stays locked for so long.
const NAME_LOCK: Duration = Duration::from_secs(30 * 24 * 3600);

/// Words that make a "utility" template marketing in the eyes of the review.
const PROMOTIONAL: [&str; 10] = [
    "promoção",
    "oferta",
    "desconto",
    "cashback",
    "aproveite",
    "conheça",
    "pré-aprovado",
    "discount",
    "special offer",
    "pre-approved",
];

#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) id: u64,
    pub(crate) waba: String,
    pub(crate) template: MetaTemplate,
    pub(crate) shape: Shape,
    pub(crate) status: TemplateStatus,
    pub(crate) rejected_reason: &'static str,
}

/// A change of status, as `message_template_status_update` tells it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StatusNews {
    pub(crate) waba: String,
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) status: TemplateStatus,
    pub(crate) value: Value,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(super) by_id: BTreeMap<u64, Stored>,
    seeds: Vec<(String, MetaTemplate)>,
    locked_names: BTreeMap<(String, String), Timestamp>,
    last_id: u64,
}

impl Store {
    /// Puts a template there as approved, in the place of one of the same name and language.
    pub(crate) fn seed(&mut self, waba: &str, template: MetaTemplate) -> u64 {
        self.seeds.retain(|(owner, known)| {
            owner != waba || known.name != template.name || known.language != template.language
        });
        self.seeds.push((waba.to_owned(), template.clone()));
        if let Some(known) = self.id_of(waba, &template.name, &template.language) {
            self.by_id.remove(&known);
        }
        self.insert(waba, template, TemplateStatus::Approved)
    }

    /// Forgets what was created and changed by requests.
    pub(crate) fn reset(&mut self) {
        let seeds = std::mem::take(self).seeds;
        for (waba, template) in seeds {
            self.seed(&waba, template);
        }
    }

    fn insert(&mut self, waba: &str, template: MetaTemplate, status: TemplateStatus) -> u64 {
        self.last_id += 1;
        let id = 1_234_567_000_000_000 + self.last_id;
        let stored = Stored {
            id,
            waba: waba.to_owned(),
            shape: Shape::of(&template),
            template,
            status,
            rejected_reason: "NONE",
        };
        self.by_id.insert(id, stored);
        id
    }

    fn id_of(&self, waba: &str, name: &str, language: &str) -> Option<u64> {
        self.of(waba)
            .find(|stored| stored.template.name == name && stored.template.language == language)
            .map(|stored| stored.id)
    }

    pub(super) fn of<'a>(&'a self, waba: &'a str) -> impl Iterator<Item = &'a Stored> {
        self.by_id
            .values()
            .filter(move |stored| stored.waba == waba)
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Stored> {
        self.by_id.get(&id)
    }

    /// The template that a send names, if it may be sent now.
    pub(crate) fn sendable(
        &self,
        waba: &str,
        name: &str,
        language: &str,
    ) -> Result<&Stored, GraphError> {
        let unknown = || {
            GraphError::new(
                132_001,
                format!("template name ({name}) does not exist in {language}"),
            )
        };
        let id = self.id_of(waba, name, language).ok_or_else(unknown)?;
        let stored = self.by_id.get(&id).ok_or_else(unknown)?;
        match stored.status {
            TemplateStatus::Approved => Ok(stored),
            TemplateStatus::Paused => Err(GraphError::new(
                132_015,
                format!("template ({name}) is paused due to low quality"),
            )),
            TemplateStatus::Disabled => Err(GraphError::new(
                132_016,
                format!("template ({name}) is disabled"),
            )),
            TemplateStatus::Pending | TemplateStatus::Rejected => Err(unknown()),
        }
    }

    /// Creates a template under review; answers its id.
    pub(crate) fn create(
        &mut self,
        waba: &str,
        request: &Value,
        now: Timestamp,
    ) -> Result<u64, GraphError> {
        let mut template = create::parse(request)?;
        if self
            .id_of(waba, &template.name, &template.language)
            .is_some()
        {
            return Err(GraphError::template(
                2_388_024,
                format!(
                    "There is already {} content for this template.",
                    template.language
                ),
            ));
        }
        let key = (waba.to_owned(), template.name.clone());
        if self
            .locked_names
            .get(&key)
            .is_some_and(|until| now < *until)
        {
            return Err(GraphError::template(
                2_388_023,
                "The name of a deleted template cannot be used again for 30 days.",
            ));
        }
        if template.category == Category::Utility && promotes(&template) {
            // Not refused: approved as what it is, and charged as that.
            template.category = Category::Marketing;
        }
        Ok(self.insert(waba, template, TemplateStatus::Pending))
    }

    /// Replaces what the request names of a template.
    pub(crate) fn edit(&mut self, id: u64, request: &Value) -> Result<(), GraphError> {
        let root = Field::root(request);
        root.only(&["category", "components", "message_send_ttl_seconds"])?;
        let Some(stored) = self.by_id.get_mut(&id) else {
            return Err(GraphError::no_such_node(&id.to_string()));
        };
        let mut template = stored.template.clone();
        if let Some(field) = root.get("category") {
            let category = create::category(&field)?;
            if category != template.category && stored.status == TemplateStatus::Approved {
                return Err(GraphError::template(
                    2_388_025,
                    "The category of an approved template cannot be changed.",
                ));
            }
            template.category = category;
        }
        if let Some(field) = root.get("message_send_ttl_seconds") {
            template.ttl = Some(create::ttl(&field, template.category)?);
        }
        if let Some(field) = root.get("components") {
            create::check_components(&field, template.category, template.parameter_format)?;
            template.components = field.value.as_array().cloned().unwrap_or_default();
        }
        stored.shape = Shape::of(&template);
        stored.template = template;
        Ok(())
    }

    /// Deletes all languages of a name, or the one whose id is given.
    pub(crate) fn delete(
        &mut self,
        waba: &str,
        name: Option<&str>,
        ids: &[u64],
        now: Timestamp,
    ) -> Result<(), GraphError> {
        let doomed: Vec<u64> = self
            .of(waba)
            .filter(|stored| name.is_none_or(|name| stored.template.name == name))
            .filter(|stored| ids.is_empty() || ids.contains(&stored.id))
            .map(|stored| stored.id)
            .collect();
        if doomed.is_empty() {
            return Err(GraphError::template(
                2_593_002,
                "No message template was found to delete.",
            ));
        }
        for id in doomed {
            if let Some(gone) = self.by_id.remove(&id)
                && gone.status == TemplateStatus::Approved
                && ids.is_empty()
            {
                self.locked_names
                    .insert((gone.waba, gone.template.name), now + NAME_LOCK);
            }
        }
        Ok(())
    }

    /// Sets the status of every language of a name, or of one; tells what changed.
    pub(crate) fn set_status(
        &mut self,
        waba: &str,
        name: &str,
        language: Option<&str>,
        status: TemplateStatus,
    ) -> Vec<StatusNews> {
        let ids: Vec<u64> = self
            .of(waba)
            .filter(|stored| stored.template.name == name)
            .filter(|stored| language.is_none_or(|language| stored.template.language == language))
            .map(|stored| stored.id)
            .collect();
        ids.into_iter()
            .filter_map(|id| self.decide(id, status))
            .collect()
    }

    /// The outcome of a review, or any other change of one template's status.
    pub(crate) fn decide(&mut self, id: u64, status: TemplateStatus) -> Option<StatusNews> {
        let stored = self.by_id.get_mut(&id)?;
        stored.status = status;
        stored.rejected_reason = match status {
            TemplateStatus::Rejected => "INVALID_FORMAT",
            TemplateStatus::Pending
            | TemplateStatus::Approved
            | TemplateStatus::Paused
            | TemplateStatus::Disabled => "NONE",
        };
        let mut value = json!({
            "event": status.name(),
            "message_template_id": id,
            "message_template_name": stored.template.name,
            // A hyphen here, an underscore everywhere else.
            "message_template_language": stored.template.language.replace('_', "-"),
            "message_template_category": stored.template.category.name(),
            "reason": stored.rejected_reason,
        });
        if status == TemplateStatus::Paused {
            value["other_info"] = json!({ "title": "FIRST_PAUSE", "description": "Your WhatsApp message template has been paused for 3 hours because it had low quality." });
        }
        Some(StatusNews {
            waba: stored.waba.clone(),
            name: stored.template.name.clone(),
            language: stored.template.language.clone(),
            status,
            value,
        })
    }
}

fn promotes(template: &MetaTemplate) -> bool {
    let words = Value::Array(template.components.clone())
        .to_string()
        .to_lowercase();
    PROMOTIONAL.iter().any(|word| words.contains(word))
}
