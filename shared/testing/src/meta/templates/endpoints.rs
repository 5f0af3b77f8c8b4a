//! Templates as `GET` shows them.

use serde_json::{Value, json};

use super::{Category, Store, Stored};
use crate::meta::wire::{Route, select};

/// Templates per page when the request names no limit.
const PAGE: usize = 25;

impl Stored {
    pub(crate) fn node(&self) -> Value {
        let mut node = json!({
            "id": self.id.to_string(),
            "name": self.template.name,
            "language": self.template.language,
            "category": self.template.category.name(),
            "parameter_format": self.template.parameter_format,
            "status": self.status.name(),
            "components": self.shown_components(),
            "rejected_reason": self.rejected_reason,
            "quality_score": { "score": "UNKNOWN" },
        });
        if let Some(ttl) = self.template.ttl {
            node["message_send_ttl_seconds"] = json!(ttl);
        }
        node
    }

    /// Types in upper case, and the button of a one-time code as the URL button that it becomes.
    fn shown_components(&self) -> Vec<Value> {
        let mut components = self.template.components.clone();
        for component in &mut components {
            upper(component, "type");
            upper(component, "format");
            if self.template.category == Category::Authentication && component["type"] == "BODY" {
                component["text"] = json!(self.shape.body.text);
            }
            let Some(buttons) = component.get_mut("buttons").and_then(Value::as_array_mut) else {
                continue;
            };
            for button in buttons {
                upper(button, "type");
                if button["type"] == "OTP" {
                    let kind = button["otp_type"]
                        .as_str()
                        .unwrap_or("COPY_CODE")
                        .to_uppercase();
                    let url = format!(
                        "https://www.whatsapp.com/otp/code/?otp_type={kind}&code=otp{{{{1}}}}"
                    );
                    let label = button
                        .get("text")
                        .cloned()
                        .unwrap_or_else(|| json!("Copy code"));
                    *button = json!({ "type": "URL", "text": label, "url": url });
                }
            }
        }
        components
    }
}

fn upper(value: &mut Value, name: &str) {
    if let Some(text) = value.get(name).and_then(Value::as_str) {
        value[name] = json!(text.to_uppercase());
    }
}

impl Store {
    /// `GET /{waba}/message_templates`: filters, fields and pages.
    pub(crate) fn list(&self, waba: &str, route: &Route) -> Value {
        let matches = |name: &str, value: &str| {
            route
                .query(name)
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
        };
        let found: Vec<&Stored> = self
            .of(waba)
            .filter(|stored| {
                matches("status", stored.status.name())
                    && matches("language", &stored.template.language)
                    && matches("category", stored.template.category.name())
                    && route
                        .query("name")
                        .is_none_or(|name| stored.template.name.contains(name))
            })
            .collect();
        let after = route.query("after").and_then(|cursor| cursor.parse().ok());
        let start = found
            .iter()
            .position(|stored| after.is_none_or(|after: u64| stored.id > after))
            .unwrap_or(found.len());
        let limit = route
            .query("limit")
            .and_then(|limit| limit.parse().ok())
            .unwrap_or(PAGE)
            .max(1);
        let page: Vec<&&Stored> = found[start..].iter().take(limit).collect();
        let fields = route.fields();
        let data: Vec<Value> = page
            .iter()
            .map(|stored| select(stored.node(), fields.as_deref()))
            .collect();
        let mut paging = json!({});
        if let (Some(first), Some(last)) = (page.first(), page.last()) {
            paging["cursors"] =
                json!({ "before": first.id.to_string(), "after": last.id.to_string() });
            if start + page.len() < found.len() {
                paging["next"] = json!(format!("/{waba}/message_templates?after={}", last.id));
            }
        }
        json!({ "data": data, "paging": paging })
    }
}
