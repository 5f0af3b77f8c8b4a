//! Interactive messages: reply buttons, lists, links, forms, requests and payments.

use std::collections::BTreeSet;

use super::{
    Outcome, content,
    order::{self, OrderReference},
};
use crate::meta::field::Field;

const HEADER_MAX: usize = 60;
const FOOTER_MAX: usize = 60;
const BODY_MAX: usize = 1024;
const LIST_BODY_MAX: usize = 4096;
const BUTTON_LABEL_MAX: usize = 20;

/// Checks the object; an order's `reference_id` is handed back for the caller to compare.
pub(super) fn check(interactive: &Field<'_>) -> Outcome<Option<OrderReference>> {
    interactive.only(&["type", "header", "body", "footer", "action"])?;
    let kind = interactive.require("type")?.one_of(&[
        "button",
        "list",
        "cta_url",
        "flow",
        "location_request_message",
        "request_contact_info",
        "order_details",
        "order_status",
    ])?;
    header(interactive, kind)?;
    let body_max = if kind == "list" {
        LIST_BODY_MAX
    } else {
        BODY_MAX
    };
    let body = interactive.require("body")?;
    body.only(&["text"])?;
    body.require("text")?.text_within(body_max)?;
    if let Some(footer) = interactive.get("footer") {
        footer.only(&["text"])?;
        footer.require("text")?.text_within(FOOTER_MAX)?;
    }
    let action = interactive.require("action")?;
    match kind {
        "button" => reply_buttons(&action).map(|()| None),
        "list" => list(&action).map(|()| None),
        "cta_url" => link(&action).map(|()| None),
        "flow" => flow(&action).map(|()| None),
        "order_details" => {
            named(&action, "review_and_pay")?;
            order::check(&action.require("parameters")?).map(Some)
        }
        "order_status" => {
            named(&action, "review_order")?;
            order::check_status(&action.require("parameters")?).map(|()| None)
        }
        "location_request_message" => named(&action, "send_location").map(|()| None),
        name => named(&action, name).map(|()| None),
    }
}

fn named(action: &Field<'_>, expected: &str) -> Outcome<()> {
    let name = action.require("name")?;
    if name.text()? == expected {
        Ok(())
    } else {
        Err(name.wrong(&format!("must be \"{expected}\"")))
    }
}

fn header(interactive: &Field<'_>, kind: &str) -> Outcome<()> {
    let Some(header) = interactive.get("header") else {
        return Ok(());
    };
    let allowed: &[&'static str] = match kind {
        "list" => &["text"],
        "order_details" => &["text", "image", "document"],
        _ => &["text", "image", "video", "document"],
    };
    let form = header.require("type")?.one_of(allowed)?;
    header.only(&["type", form])?;
    let content = header.require(form)?;
    if form == "text" {
        content.text_within(HEADER_MAX).map(|_| ())
    } else {
        content::media(form, &content)
    }
}

fn reply_buttons(action: &Field<'_>) -> Outcome<()> {
    action.only(&["buttons"])?;
    let field = action.require("buttons")?;
    let buttons = field.items()?;
    if !(1..=3).contains(&buttons.len()) {
        return Err(field.wrong("must have between 1 and 3 buttons"));
    }
    let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
    for button in buttons {
        button.only(&["type", "reply"])?;
        button.require("type")?.one_of(&["reply"])?;
        let reply = button.require("reply")?;
        reply.only(&["id", "title"])?;
        if !titles.insert(reply.require("title")?.text_within(BUTTON_LABEL_MAX)?) {
            return Err(reply
                .require("title")?
                .wrong("must be unique among the buttons"));
        }
        if !ids.insert(reply.require("id")?.text_within(256)?) {
            return Err(reply
                .require("id")?
                .wrong("must be unique among the buttons"));
        }
    }
    Ok(())
}

fn list(action: &Field<'_>) -> Outcome<()> {
    action.only(&["button", "sections"])?;
    action.require("button")?.text_within(BUTTON_LABEL_MAX)?;
    let field = action.require("sections")?;
    let sections = field.items()?;
    if !(1..=10).contains(&sections.len()) {
        return Err(field.wrong("must have between 1 and 10 sections"));
    }
    let mut ids = BTreeSet::new();
    for section in &sections {
        section.only(&["title", "rows"])?;
        match section.get("title") {
            Some(title) => {
                title.text_within(24)?;
            }
            None if sections.len() > 1 => {
                section.require("title")?;
            }
            None => {}
        }
        let rows = section.require("rows")?;
        if rows.items()?.is_empty() {
            return Err(rows.wrong("cannot be empty"));
        }
        for row in rows.items()? {
            row.only(&["id", "title", "description"])?;
            row.require("title")?.text_within(24)?;
            if let Some(description) = row.get("description") {
                description.text_within(72)?;
            }
            if !ids.insert(row.require("id")?.text_within(200)?) {
                return Err(row.require("id")?.wrong("must be unique among the rows"));
            }
        }
    }
    if ids.len() > 10 {
        return Err(field.wrong("must have at most 10 rows in total"));
    }
    Ok(())
}

fn link(action: &Field<'_>) -> Outcome<()> {
    action.only(&["name", "parameters"])?;
    named(action, "cta_url")?;
    let parameters = action.require("parameters")?;
    parameters.only(&["display_text", "url"])?;
    parameters
        .require("display_text")?
        .text_within(BUTTON_LABEL_MAX)?;
    content::https(&parameters.require("url")?)
}

fn flow(action: &Field<'_>) -> Outcome<()> {
    named(action, "flow")?;
    let parameters = action.require("parameters")?;
    let version = parameters.require("flow_message_version")?;
    if version.text()? != "3" {
        return Err(version.wrong("must be \"3\""));
    }
    if parameters.get("flow_id").is_some() == parameters.get("flow_name").is_some() {
        return Err(parameters.wrong("must have exactly one of flow_id and flow_name"));
    }
    parameters.require("flow_cta")?.text_within(30)?;
    if let Some(mode) = parameters.get("mode") {
        mode.one_of(&["draft", "published"])?;
    }
    let exchange = match parameters.get("flow_action") {
        None => "navigate",
        Some(action) => action.one_of(&["navigate", "data_exchange"])?,
    };
    let Some(payload) = parameters.get("flow_action_payload") else {
        return Ok(());
    };
    if exchange == "data_exchange" {
        return Err(payload.wrong("must be absent when flow_action is data_exchange"));
    }
    payload.require("screen")?.text_within(256)?;
    match payload.get("data") {
        Some(data) if data.object()?.is_empty() => Err(data.wrong("cannot be empty")),
        _ => Ok(()),
    }
}
