//! Templates: the catalogue and what a run brings along, as the simulated Meta and the page see them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use recado_domain::catalogue;
use recado_domain::channel::Channel;
use recado_domain::ids::TemplateName;
use recado_domain::template::{Button, Presence, Template, Waits};
use recado_testing::meta::{Meta, MetaTemplate};
use serde_json::{Map, Value, json};

use crate::tenants::BANKS;

/// The catalogue's newest versions.
pub fn catalogue() -> Result<Vec<Arc<Template>>> {
    let find = |name: &TemplateName| {
        catalogue::find(name, None).with_context(|| format!("the catalogue lost {name}"))
    };
    catalogue::names().iter().map(find).collect()
}

/// Templates out of TOML files, or folders of them. Waits under 30 s are allowed here and only here.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Arc<Template>>> {
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut files = std::fs::read_dir(path)?
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<Vec<_>>>()?;
            files.sort();
            for file in files.iter().filter(|file| {
                file.extension()
                    .is_some_and(|extension| extension == "toml")
            }) {
                all.push(read_one(file)?);
            }
        } else {
            all.push(read_one(path)?);
        }
    }
    Ok(all)
}

fn read_one(path: &Path) -> Result<Arc<Template>> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the template {name}"))?;
    let value: toml::Value =
        toml::from_str(&text).with_context(|| format!("{name} is not TOML"))?;
    let template = Template::from_json(&serde_json::to_string(&value)?)
        .with_context(|| format!("in {name}"))?;
    if let Err(faults) = template.validate_with(Waits::Test) {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        bail!("{name}: {}", faults.join("; "));
    }
    Ok(Arc::new(template))
}

/// Gives every bank's account at the simulated Meta the templates, approved.
pub fn submit(meta: &mut Meta, templates: &[Arc<Template>]) -> Result<()> {
    for template in templates
        .iter()
        .filter(|template| template.uses(Channel::Whatsapp))
    {
        for locale in template.locales.keys() {
            let mut payload = template.creation_payload(*locale);
            let ttl = payload
                .as_object_mut()
                .and_then(|fields| fields.remove("message_send_ttl_seconds"));
            let mut created = MetaTemplate::from_creation(&payload).map_err(|error| {
                anyhow::anyhow!("Meta refuses {} in {locale}: {error:?}", template.name)
            })?;
            created.ttl = ttl.and_then(|ttl| ttl.as_i64());
            for bank in &BANKS {
                meta.seed_template(bank.waba_id, created.clone());
            }
        }
    }
    Ok(())
}

/// What the page's form needs of a template.
#[must_use]
pub fn describe(template: &Template) -> Value {
    let first = template.locales.keys().next().copied();
    let examples = first
        .map(|locale| template.example_params(locale))
        .unwrap_or_default();
    let params: Vec<Value> = template
        .params
        .iter()
        .map(|(name, spec)| {
            json!({
                "name": name,
                "type": serde_json::to_value(spec.kind).unwrap_or_default(),
                "required": spec.presence == Presence::Required,
                "example": examples.get(name),
            })
        })
        .collect();
    let labels = |button: &Button| -> Map<String, Value> {
        let locales = template.locales.keys();
        locales
            .filter_map(|locale| Some((locale.code().to_owned(), json!(button.label(*locale)?))))
            .collect()
    };
    json!({
        "name": template.name,
        "version": template.version,
        "class": template.class,
        "category": template.category.name(),
        "channels": template.ladder.iter().map(|rung| rung.channel).collect::<Vec<_>>(),
        "wait_seconds": template.ladder.get(1).map(|rung| rung.after.as_secs()),
        "locales": template.locales.keys().collect::<Vec<_>>(),
        "params": params,
        "buttons": template.buttons.iter().map(|button| json!({ "label": labels(button), "action": action(button) })).collect::<Vec<_>>(),
    })
}

/// What a press means, where the button comes back to us.
fn action(button: &Button) -> Option<&str> {
    match button {
        Button::QuickReply { action, .. } => Some(action),
        Button::Url { .. }
        | Button::CopyCode { .. }
        | Button::OneTimeCode { .. }
        | Button::OrderDetails { .. }
        | Button::PhoneNumber { .. } => None,
    }
}
