//! Text, media, location, contacts and reactions.

use super::Outcome;
use crate::meta::{errors::GraphError, field::Field};

/// Longest text body (characters).
const TEXT_MAX: usize = 4096;
/// Longest caption (characters).
const CAPTION_MAX: usize = 1024;

pub(super) fn check(kind: &str, body: &Field<'_>) -> Outcome<()> {
    match kind {
        "text" => {
            body.only(&["body", "preview_url"])?;
            body.require("body")?.text_within(TEXT_MAX)?;
            if let Some(preview) = body.get("preview_url") {
                preview.boolean()?;
            }
            Ok(())
        }
        "location" => location(body),
        "contacts" => contacts(body),
        "reaction" => {
            body.only(&["message_id", "emoji"])?;
            body.require("message_id")?.text_within(1024)?;
            body.require("emoji")?.text().map(|_| ())
        }
        media => self::media(media, body),
    }
}

/// A media object: exactly one of `id` and `link`, and only the members its kind has.
pub(super) fn media(kind: &str, body: &Field<'_>) -> Outcome<()> {
    let known: &[&str] = match kind {
        "document" => &["id", "link", "caption", "filename"],
        "image" | "video" => &["id", "link", "caption"],
        "audio" => &["id", "link", "voice"],
        _ => &["id", "link"],
    };
    body.only(known)?;
    match (body.get("id"), body.get("link")) {
        (Some(id), None) => {
            id.text_within(64)?;
        }
        (None, Some(link)) => https(&link)?,
        (Some(_), Some(_)) => return Err(body.wrong("must have either id or link, not both")),
        (None, None) => {
            return Err(GraphError::invalid(format!(
                "The parameter {}['id'] or {}['link'] is required.",
                body.path(),
                body.path()
            )));
        }
    }
    if let Some(caption) = body.get("caption") {
        caption.text_within(CAPTION_MAX)?;
    }
    if let Some(filename) = body.get("filename") {
        filename.text_within(240)?;
    }
    Ok(())
}

pub(super) fn https(link: &Field<'_>) -> Outcome<()> {
    let url = link.text_within(2000)?;
    if url.starts_with("https://") || url.starts_with("http://") {
        Ok(())
    } else {
        Err(link.wrong("is not a valid URL"))
    }
}

pub(super) fn location(body: &Field<'_>) -> Outcome<()> {
    body.only(&["latitude", "longitude", "name", "address"])?;
    for (name, limit) in [("latitude", 90.0), ("longitude", 180.0)] {
        let field = body.require(name)?;
        let degrees = field
            .value
            .as_f64()
            .or_else(|| field.value.as_str().and_then(|text| text.parse().ok()))
            .ok_or_else(|| field.wrong("must be a number"))?;
        if degrees.abs() > limit {
            return Err(field.wrong("is out of range"));
        }
    }
    for name in ["name", "address"] {
        if let Some(field) = body.get(name) {
            field.text_within(1000)?;
        }
    }
    Ok(())
}

fn contacts(body: &Field<'_>) -> Outcome<()> {
    let cards = body.items()?;
    if cards.is_empty() {
        return Err(body.wrong("cannot be empty"));
    }
    for card in cards {
        card.require("name")?
            .require("formatted_name")?
            .text_within(1024)?;
    }
    Ok(())
}
