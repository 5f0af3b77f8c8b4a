//! The envelope of a send: who it is for, what kind it is, what travels with it.

use serde_json::Value;

use super::{Outcome, content, interactive, order::OrderReference};
use crate::meta::{errors::GraphError, field::Field, numbers};

/// Longest `biz_opaque_callback_data` (characters, Meta since 26 January 2024).
const CALLBACK_DATA_MAX: usize = 512;

const KINDS: [&str; 11] = [
    "text",
    "image",
    "audio",
    "video",
    "document",
    "sticker",
    "location",
    "contacts",
    "interactive",
    "template",
    "reaction",
];

const ENVELOPE_KEYS: [&str; 8] = [
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "context",
    "biz_opaque_callback_data",
    "recipient_identity_key_hash",
];

/// A request to `/messages`, valid in everything that needs no state.
#[derive(Debug)]
pub(crate) enum Sent<'a> {
    /// A message to a customer.
    Message(Envelope<'a>),
    /// "Mark as read", with or without the typing indicator.
    Read(ReadReceipt<'a>),
}

#[derive(Debug)]
pub(crate) struct ReadReceipt<'a> {
    pub(crate) message_id: &'a str,
}

#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) to: Addressee<'a>,
    pub(crate) callback_data: Option<&'a str>,
    pub(crate) content: Content<'a>,
}

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Addressee<'a> {
    /// A phone number: as written, and in E.164.
    Phone { input: &'a str, e164: String },
    /// A business-scoped user id.
    Bsuid(&'a str),
}

#[derive(Debug)]
pub(crate) enum Content<'a> {
    /// Checked against the template by the caller, who has it.
    Template(Field<'a>),
    /// Anything that needs an open customer service window.
    FreeForm {
        kind: &'static str,
        body: Field<'a>,
        order: Option<OrderReference>,
    },
}

pub(crate) fn parse(request: &Value) -> Outcome<Sent<'_>> {
    let root = Field::root(request);
    root.object()?;
    if root.require("messaging_product")?.text()? != "whatsapp" {
        return Err(root
            .require("messaging_product")?
            .wrong("must be one of {WHATSAPP}"));
    }
    if root.get("status").is_some() {
        return read_receipt(&root).map(Sent::Read);
    }
    no_direct_send(&root)?;
    let known: Vec<&str> = ENVELOPE_KEYS.iter().chain(&KINDS).copied().collect();
    root.only(&known)?;
    let kind = match root.get("type") {
        None => "text",
        Some(kind) => kind.one_of(&KINDS)?,
    };
    if let Some(other) = KINDS
        .iter()
        .find(|other| **other != kind && root.get(other).is_some())
    {
        return Err(GraphError::invalid(format!(
            "Unexpected key \"{other}\" for type \"{kind}\"."
        )));
    }
    if let Some(recipient_type) = root.get("recipient_type") {
        // Groups need a group id that only Meta can give; none exists here.
        recipient_type.one_of(&["individual"])?;
    }
    if let Some(context) = root.get("context") {
        context.only(&["message_id"])?;
        context.require("message_id")?.text_within(1024)?;
    }
    if let Some(hash) = root.get("recipient_identity_key_hash") {
        hash.text_within(256)?;
    }
    Ok(Sent::Message(Envelope {
        to: addressee(&root)?,
        callback_data: root
            .get("biz_opaque_callback_data")
            .map(|data| data.text_within(CALLBACK_DATA_MAX))
            .transpose()?,
        content: body(&root, kind)?,
    }))
}

fn body<'a>(root: &Field<'a>, kind: &'static str) -> Outcome<Content<'a>> {
    let body = root.require(kind)?;
    if kind == "template" {
        return Ok(Content::Template(body));
    }
    let order = match kind {
        "interactive" => interactive::check(&body)?,
        _ => {
            content::check(kind, &body)?;
            None
        }
    };
    Ok(Content::FreeForm { kind, body, order })
}

/// `category` and `ttl_seconds` belong to Direct Send, which an account must be admitted to.
fn no_direct_send(root: &Field<'_>) -> Outcome<()> {
    match ["category", "ttl_seconds"]
        .into_iter()
        .find(|name| root.get(name).is_some())
    {
        None => Ok(()),
        Some(name) => Err(GraphError::invalid(format!(
            "Unexpected key \"{name}\": Direct Send is not enabled for this WhatsApp Business Account."
        ))),
    }
}

fn read_receipt<'a>(root: &Field<'a>) -> Outcome<ReadReceipt<'a>> {
    root.only(&[
        "messaging_product",
        "status",
        "message_id",
        "typing_indicator",
    ])?;
    root.require("status")?.one_of(&["read"])?;
    if let Some(typing) = root.get("typing_indicator") {
        typing.only(&["type"])?;
        typing.require("type")?.one_of(&["text"])?;
    }
    Ok(ReadReceipt {
        message_id: root.require("message_id")?.text_within(1024)?,
    })
}

fn addressee<'a>(root: &Field<'a>) -> Outcome<Addressee<'a>> {
    // If both are present, `to` wins.
    if let Some(to) = root.get("to") {
        let input = to.text()?;
        if !input.starts_with('+') {
            // Meta may put the business number's own country code in front of it, so the message
            // reaches a stranger; here the mistake shows at once.
            return Err(to.wrong_as(
                131_009,
                "a phone number must begin with + and its country code",
            ));
        }
        let e164 = numbers::parse_e164(input)
            .ok_or_else(|| to.wrong_as(131_009, "not a valid phone number"))?;
        return Ok(Addressee::Phone { input, e164 });
    }
    let Some(recipient) = root.get("recipient") else {
        return Err(GraphError::invalid("The parameter to is required."));
    };
    let bsuid = recipient.text()?;
    if !numbers::is_bsuid(bsuid) {
        return Err(recipient.wrong_as(131_009, "not a business-scoped user id"));
    }
    Ok(Addressee::Bsuid(bsuid))
}
